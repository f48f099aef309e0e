"""A GGUF's tokenizer as the files of a Hugging Face folder, token for token that of llama.cpp."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing

from sleeping_converters.splitting import LINES, expressions
from sleeping_converters.vocabulary import (
    BYTE_BPE,
    PLAIN_BPE,
    SCORED,
    Kind,
    Vocabulary,
    read_vocabulary,
)
from sleeping_plugin.atomic import write_bytes, write_text

_SPACE: Final = "▁"  # what SentencePiece writes for a space
# transformers 5 puts a class of its own, with another rule and normal form, in the place of what is
# named in the folder of these, unless the folder seems to bring code. That code is never run.
_REPLACED: Final = ("qwen2",)
_NO_CODE: Final = {"AutoTokenizer": ["PreTrainedTokenizerFast", None]}
_PARSED: Final = (Kind.UNKNOWN, Kind.CONTROL)  # a prompt's, never a user's words


def write_tokenizer(gguf: Path, folder: Path) -> None:
    """Write the tokenizer of the model ``gguf`` into the existing ``folder``.

    tokenizer.json and tokenizer_config.json, which ``AutoTokenizer.from_pretrained`` and
    ``mlx_lm.load`` read, and chat_template.jinja, byte for byte the model's, if it has one.
    Raises ModelError for a damaged file, UnsupportedModel for a kind of tokenizer, or a rule for
    cutting words, that this release does not know, and DiskFull.
    """
    vocabulary = read_vocabulary(gguf)
    tokenizer = build_tokenizer(vocabulary)
    write_text(folder / "tokenizer.json", tokenizer.to_str())
    config = json.dumps(_config(vocabulary), ensure_ascii=False, indent=2)
    write_text(folder / "tokenizer_config.json", config + "\n")
    if vocabulary.chat_template is not None:
        write_bytes(folder / "chat_template.jinja", vocabulary.chat_template)


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Return the tokenizer; ``encode_special_tokens`` takes special tokens as plain words."""
    tokenizer = Tokenizer(
        models.BPE(
            vocab=dict(vocabulary.tokens),
            merges=_scored_merges(vocabulary)
            if vocabulary.model == SCORED
            else list(vocabulary.merges),
            byte_fallback=vocabulary.model != BYTE_BPE,
            ignore_merges=vocabulary.ignore_merges,
        )
    )
    if vocabulary.model == BYTE_BPE:
        _cut_bytes(tokenizer, vocabulary)
    else:
        _cut_characters(tokenizer, vocabulary)
    tokenizer.add_tokens(_added(vocabulary))
    tokenizer.post_processor = _ends(vocabulary)
    return tokenizer


def _cut_bytes(tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
    words = [pre_tokenizers.Split(Regex(form), "isolated") for form in expressions(vocabulary.pre)]
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*words, to_bytes])
    tokenizer.decoder = decoders.ByteLevel()


def _cut_characters(tokenizer: Tokenizer, vocabulary: Vocabulary) -> None:
    spaces: list[normalizers.Normalizer] = [normalizers.Replace(" ", _SPACE)]
    whole: list[decoders.Decoder] = [
        decoders.Replace(_SPACE, " "),
        decoders.ByteFallback(),
        decoders.Fuse(),
    ]
    if vocabulary.add_space_prefix:
        # A normalizer works on what lies between special tokens: each such piece gets its space.
        spaces.insert(0, normalizers.Prepend(_SPACE))
        whole.append(decoders.Strip(" ", 1, 0))
    tokenizer.normalizer = normalizers.Sequence(spaces)
    if vocabulary.model == PLAIN_BPE:
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(LINES), "isolated")
    tokenizer.decoder = decoders.Sequence(whole)


def _scored_merges(vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Return merges that do what llama.cpp does with scores.

    llama.cpp merges the neighbours that form the token of the best score, the leftmost of equals.
    So every way to form a token from two is a merge, the better scores first. Runs of spaces share
    one score: their halves come first, so that a long run falls into the longest tokens.
    """
    tokens = vocabulary.tokens
    scores = [] if vocabulary.scores is None else vocabulary.scores.tolist()
    merges: list[tuple[float, int, int, int, int]] = []
    for text, token in tokens.items():
        size = len(text)
        for cut in range(1, size):
            if text[:cut] in tokens and text[cut:] in tokens:
                merges.append((-scores[token], abs(size - 2 * cut), size, token, size - cut))
    merges.sort()
    texts = list(tokens)
    return [
        (texts[token][: size - right], texts[token][size - right :])
        for _, _, size, token, right in merges
    ]


def _added(vocabulary: Vocabulary) -> list[AddedToken]:
    """Return the tokens that are found in a text before it is cut into words."""
    return [
        AddedToken(
            text,
            special=kind in _PARSED,
            normalized=False,
            rstrip=text in vocabulary.strips_after,
        )
        for text, kind in zip(vocabulary.tokens, vocabulary.kinds, strict=True)
        if kind in (*_PARSED, Kind.USER_DEFINED)
    ]


def _ends(vocabulary: Vocabulary) -> TemplateProcessing:
    """Return what puts BOS and EOS around a text that is encoded with special tokens."""
    bos, eos = _begin(vocabulary), _end(vocabulary)
    return TemplateProcessing(
        single=[*bos, "$A", *eos],
        special_tokens=[(text, vocabulary.tokens[text]) for text in {*bos, *eos}],
    )


def _begin(vocabulary: Vocabulary) -> list[str]:
    return [vocabulary.special["bos"]] if vocabulary.add_bos and "bos" in vocabulary.special else []


def _end(vocabulary: Vocabulary) -> list[str]:
    return [vocabulary.special["eos"]] if vocabulary.add_eos and "eos" in vocabulary.special else []


def _config(vocabulary: Vocabulary) -> dict[str, Any]:
    config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_bos_token": bool(_begin(vocabulary)),
        "add_eos_token": bool(_end(vocabulary)),
        "clean_up_tokenization_spaces": False,
    }
    if vocabulary.architecture in _REPLACED:
        config["auto_map"] = _NO_CODE
    for name, text in vocabulary.special.items():
        kind = vocabulary.kinds[vocabulary.tokens[text]]
        # transformers would find a token that is named here in any text; llama.cpp would not.
        if kind not in (*_PARSED, Kind.USER_DEFINED):
            continue
        config[f"{name}_token"] = {
            "__type": "AddedToken",
            "content": text,
            "lstrip": False,
            "normalized": False,
            "rstrip": text in vocabulary.strips_after,
            "single_word": False,
            "special": True,
        }
    return config
