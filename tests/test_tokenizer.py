"""A GGUF's tokenizer as Hugging Face files gives the tokens of llama.cpp.

Run: pytest tests/test_tokenizer.py. The tokenizers of known models come from the source archive of
llama-cpp-python, which scripts/setup unpacks; TEST_VOCABULARIES names another folder with them.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import vocabulary_fixtures as fixtures
from tokenizers import Tokenizer

from sleeping_converters import splitting
from sleeping_converters.tokenizer import write_tokenizer
from sleeping_converters.vocabulary import Kind, read_vocabulary
from sleeping_plugin.errors import ModelError, UnsupportedModel

VOCABULARIES = Path(os.environ.get("TEST_VOCABULARIES", Path(sys.prefix) / "vocabularies"))
KNOWN = (
    *("aquila", "baichuan", "command-r", "deepseek-coder", "deepseek-llm", "falcon", "gemma-4"),
    *("gpt-2", "gpt-neox", "llama-bpe", "llama-spm", "mpt", "phi-3", "qwen2", "qwen35", "refact"),
    "starcoder",
)

Vocabulary = dict[str, fixtures.Value]


@pytest.fixture
def known() -> Callable[[str], Path]:
    """Give a function that returns the vocabulary of a known model; skip where there is none."""

    def find(name: str) -> Path:
        path = VOCABULARIES / f"ggml-vocab-{name}.gguf"
        if not path.exists():
            pytest.skip(f"{path} is not there; scripts/setup downloads it")
        return path

    return find


def differing(path: Path, folder: Path, number: int, plain_spaces: bool = False) -> list[str]:
    """Return the texts whose tokens, in the folder written for ``path``, are not llama.cpp's."""
    write_tokenizer(path, folder)
    written = Tokenizer.from_file(str(folder / "tokenizer.json"))
    special = [token.content for token in written.get_added_tokens_decoder().values()]
    wrong = []
    with fixtures.llama_tokens(path) as llama:
        for text in fixtures.texts(special, number):
            if plain_spaces:
                text = "".join(" " if c.isspace() and not c.isascii() else c for c in text)
            for parse in (True, False):
                written.encode_special_tokens = not parse
                if written.encode(text).ids != llama.encode(text, special=parse):
                    wrong.append(text)
    return wrong


def test_the_demo_model_has_llama_cpps_tokens(smollm: Path, tmp_path: Path) -> None:
    assert differing(smollm, tmp_path, 1000) == []


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_model_has_llama_cpps_tokens(
    name: str, known: Callable[[str], Path], tmp_path: Path
) -> None:
    # Phi-3's special tokens swallow what follows: here white space beyond ASCII too, there not.
    assert differing(known(name), tmp_path, 1000, plain_spaces=name == "phi-3") == []


@pytest.mark.parametrize("pre", [names.split()[0] for names in splitting.RULES])
def test_every_rule_cuts_where_llama_cpp_does(pre: str, tmp_path: Path) -> None:
    path = fixtures.write_gguf(
        tmp_path / "pairs.gguf",
        {**fixtures.pairs_vocabulary(), **fixtures.tokenizer_keys(pre=pre)},
    )
    assert differing(path, tmp_path, 150) == []


def test_a_wrong_rule_is_seen(tmp_path: Path) -> None:
    def write(pre: str) -> Path:
        return fixtures.write_gguf(
            tmp_path / f"{pre}.gguf",
            {**fixtures.pairs_vocabulary(), **fixtures.tokenizer_keys(pre=pre)},
        )

    write_tokenizer(write("qwen2"), tmp_path)
    written = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for pre in ("llama3", "qwen35", "seed-coder", "ufakzeka"):  # the likest ones
        with fixtures.llama_tokens(write(pre)) as llama:
            assert any(
                written.encode(text).ids != llama.encode(text, special=True)
                for text in fixtures.texts([], 300)
            ), pre


def scored_vocabulary(seed: int, **others: fixtures.Value) -> Vocabulary:
    """Return a small SentencePiece vocabulary: bytes, letters, chance words, runs of spaces."""
    rng = random.Random(seed)
    letters = [*"▁abcdefghilmnoprstuvw.,'<>-|", "é", "日"]
    words: dict[str, float] = {}
    pieces = [*letters]
    for rank in range(600):
        word = rng.choice(pieces) + rng.choice(pieces)
        if len(word) < 9 and "▁▁" not in word and word not in words:
            words[word] = -float(rank)
            pieces.append(word)
    runs = {"▁" * n: -1e9 for n in range(2, 17)}
    scores = dict.fromkeys(["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256))], 0.0)
    scores |= {letter: -1000.0 for letter in letters} | runs | words
    added = {"<|user|>": 3, "<|end|>": 3, "<|endoftext|>": 3, "<h1>": 4}
    scores |= dict.fromkeys(added, -1000.0)
    tokens = list(scores)
    marked = {0: 2, 1: 3, 2: 3, **{i: 6 for i in range(3, 259)}}
    marked |= {tokens.index(text): kind for text, kind in added.items()}
    return fixtures.tokenizer_keys(
        model="llama",
        tokens=tokens,
        scores=np.array(list(scores.values()), dtype="<f4"),
        token_type=fixtures.kinds(len(tokens), marked),
        **others,
    )


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "others",
    [{}, {"add_space_prefix": False, "add_bos_token": False}, {"add_eos_token": True}],
)
def test_scores_merge_as_in_llama_cpp(seed: int, others: Vocabulary, tmp_path: Path) -> None:
    path = fixtures.write_gguf(tmp_path / "scored.gguf", scored_vocabulary(seed, **others))
    assert differing(path, tmp_path, 250) == []


def test_the_special_tokens_of_phi_3_swallow_the_space_behind_them(tmp_path: Path) -> None:
    named: Vocabulary = {"general.name": "Phi-3 mini", **scored_vocabulary(0)}
    path = fixtures.write_gguf(tmp_path / "phi.gguf", named)
    assert differing(path, tmp_path, 250, plain_spaces=True) == []
    written = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tight, loose = (written.encode(text).ids for text in ("<|end|>a", "<|end|> \n a"))
    assert tight == loose


def test_characters_and_lines_merge_as_in_gemma_4(tmp_path: Path) -> None:
    rng = random.Random(0)
    pieces = [*"▁abcdefghilmnoprstuvw.,'<>-|", "é", "日"]
    merges = [("\n" * a, "\n" * (n - a)) for n in range(5, 1, -1) for a in range(n - 1, 0, -1)]
    tokens = dict.fromkeys(["<pad>", "<eos>", "<bos>", *(f"<0x{b:02X}>" for b in range(256))])
    tokens |= dict.fromkeys([*("\n" * n for n in range(1, 6)), *pieces])
    for _ in range(500):
        left, right = rng.choice(pieces), rng.choice(pieces)
        if left + right not in tokens:
            tokens[left + right] = None
            pieces.append(left + right)
            merges.append((left, right))
    marked = {0: 3, 1: 3, 2: 3, **{i: 6 for i in range(3, 259)}}
    path = fixtures.write_gguf(
        tmp_path / "plain.gguf",
        fixtures.tokenizer_keys(
            model="gemma4",
            tokens=list(tokens),
            merges=[f"{a} {b}" for a, b in merges],
            token_type=fixtures.kinds(len(tokens), marked),
            bos_token_id=2,
            eos_token_id=1,
        ),
    )
    assert differing(path, tmp_path, 400) == []


def test_tokens_that_llama_cpp_knows_by_name_are_special(tmp_path: Path) -> None:
    tokens = [*fixtures.byte_letters(), "<|im_end|>", "<fim_prefix>", "<|message|>", "<|end|>"]
    tokens += ["<|call|>", "<|return|>", "</s>", "<|tool_response>", "<|plain|>"]
    keys = fixtures.tokenizer_keys(model="gpt2", pre="gpt-2", tokens=tokens, merges=["a b"])
    with pytest.raises(UnsupportedModel, match=r"lacks\.gguf merges 'a' and 'b', and its vocab"):
        read_vocabulary(fixtures.write_gguf(tmp_path / "lacks.gguf", keys))
    keys |= fixtures.tokenizer_keys(tokens=[*tokens, "ab"])
    path = fixtures.write_gguf(tmp_path / "names.gguf", keys)
    kinds = dict(zip([*tokens, "ab"], read_vocabulary(path).kinds, strict=True))
    assert [text for text, kind in kinds.items() if kind == Kind.CONTROL] == [
        *("<|im_end|>", "<fim_prefix>", "<|call|>", "<|return|>", "<|tool_response>")
    ]
    assert {text for text, kind in kinds.items() if kind == Kind.USER_DEFINED} == {
        *("<|message|>", "<|end|>")
    }
    write_tokenizer(path, tmp_path)
    written = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    with fixtures.llama_tokens(path) as llama:
        for parse in (True, False):
            written.encode_special_tokens = not parse
            for text in tokens[256:]:
                assert written.encode(text).ids == llama.encode(text, special=parse), text


def refused(path: Path, change: Vocabulary, tmp_path: Path) -> pytest.ExceptionInfo[ModelError]:
    fixtures.write_gguf(path, {**scored_vocabulary(0), **change})
    folder = tmp_path / "files"
    folder.mkdir()
    with pytest.raises(ModelError) as caught:
        write_tokenizer(path, folder)
    assert not list(folder.iterdir())
    return caught


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scores": np.zeros(9, dtype="<f4")}, "scores does not hold one number for each token"),
        ({"token_type": "none"}, "token_type does not hold one number for each token"),
        ({"tokens": ["a", "b", "a"]}, "its vocabulary holds 'a' twice"),
        ({"tokens": ["a", "\udcff"]}, r"tokens holds b'\\xff', which is no UTF-8"),
        ({"tokens": "a"}, "it has no list tokenizer.ggml.tokens"),
        ({"model": "gpt2"}, "it has no list tokenizer.ggml.merges"),
    ],
)
def test_a_damaged_vocabulary_is_named(change: Vocabulary, sentence: str, tmp_path: Path) -> None:
    keys = fixtures.tokenizer_keys(**change)
    caught = refused(tmp_path / "damaged.gguf", keys, tmp_path)
    assert caught.type is ModelError
    caught.match(rf"damaged\.gguf is damaged: .*{sentence}\. Copy it again\.$")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"model": "bert"}, "has a tokenizer of the kind 'bert'"),
        ({"model": ""}, "has no tokenizer"),
        ({"model": "gpt2", "merges": [], "pre": "kimi-k2"}, "cuts words by the rule 'kimi-k2'"),
    ],
)
def test_what_no_chat_model_has_is_refused(
    change: Vocabulary, sentence: str, tmp_path: Path
) -> None:
    caught = refused(tmp_path / "other.gguf", fixtures.tokenizer_keys(**change), tmp_path)
    assert caught.type is UnsupportedModel
    caught.match(sentence)


def test_every_cut_of_the_metadata_is_refused(tmp_path: Path) -> None:
    data = fixtures.write_gguf(tmp_path / "whole.gguf", scored_vocabulary(0)).read_bytes()
    path = tmp_path / "cut.gguf"
    for size in range(24, len(data) - 64, 211):
        path.write_bytes(data[:size])
        with pytest.raises(ModelError, match="truncated"):
            read_vocabulary(path)


@pytest.mark.parametrize(
    ("model_type", "architecture"),
    [
        *(("llama", "llama"), ("mistral", "llama"), ("qwen2", "qwen2"), ("qwen3", "qwen3")),
        *(("gemma2", "gemma2"), ("gemma3_text", "gemma3"), ("phi3", "phi3"), ("olmo2", "olmo2")),
        *(("smollm3", "smollm3"), ("granite", "granite")),
    ],
)
def test_transformers_loads_the_files_beside_every_kind_of_model(
    model_type: str, architecture: str, tmp_path: Path
) -> None:
    transformers = pytest.importorskip("transformers")
    named: Vocabulary = {
        "general.architecture": architecture,
        "general.name": "phi3",
        "tokenizer.chat_template": "{{ bos_token }}é\r\n{% x",
        **scored_vocabulary(0),
    }
    listed = named["tokenizer.ggml.tokens"]
    assert isinstance(listed, list)
    named["tokenizer.ggml.eos_token_id"] = listed.index("<|end|>")
    path = fixtures.write_gguf(tmp_path / "model.gguf", named)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    write_tokenizer(path, tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    template = (tmp_path / "chat_template.jinja").read_bytes()
    assert template == b"{{ bos_token }}\xc3\xa9\r\n{% x"
    assert tokenizer.chat_template == template.decode().replace("\r\n", "\n")
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<s>", "<|end|>")
    with fixtures.llama_tokens(path) as llama:
        for text in ("hello  world", "<|end|> a<s> b", "</s>\n日 é x <0x0A>"):
            tokens = tokenizer.encode(text)
            assert tokens == llama.encode(text, special=True)
            plain = tokenizer.encode(text, split_special_tokens=True)
            assert plain == llama.encode(text, special=False)
            assert tokenizer.encode(text, add_special_tokens=False) == tokens[1:]
    assert tokenizer.decode(tokenizer.encode("hello  world"), skip_special_tokens=True) == (
        "hello  world"
    )
