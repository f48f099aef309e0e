"""Vocabularies to tokenise with, llama.cpp's own tokens, and texts that are hard to cut."""

from __future__ import annotations

import ctypes
import random
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

Value = str | bool | int | Sequence[str] | np.ndarray[Any, Any]


@cache
def _quiet() -> Any:
    """Start llama.cpp without its log; the callback lives as long as the process."""
    silent = llama_cpp.llama_log_callback(lambda level, text, data: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return silent


class LlamaTokens:
    """What llama.cpp makes of texts with the vocabulary of one file."""

    def __init__(self, model: Any) -> None:
        self._vocab = llama_cpp.llama_model_get_vocab(model)

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Return the tokens, with the BOS and EOS that the model asks for."""
        data = text.encode()
        room = 2 * len(data) + 16
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self._vocab, data, len(data), tokens, room, True, special)
        assert count >= 0
        return list(tokens[:count])


@contextmanager
def llama_tokens(path: Path) -> Iterator[LlamaTokens]:
    """Load the vocabulary of ``path`` alone, weights or not."""
    _quiet()
    params = llama_cpp.llama_model_default_params()
    params.vocab_only = True
    params.use_extra_bufts = False
    model = llama_cpp.llama_model_load_from_file(str(path).encode(), params)
    assert model, f"llama.cpp refuses {path}"
    try:
        yield LlamaTokens(model)
    finally:
        llama_cpp.llama_model_free(model)


def write_gguf(path: Path, values: Mapping[str, Value]) -> Path:
    """Write a GGUF of metadata alone."""
    items = {"general.architecture": "llama", **values}
    body = b"".join(_text(name) + _item(value) for name, value in items.items())
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(items)) + body + bytes(64))
    return path


def _text(value: str) -> bytes:
    # A lone surrogate stands for a byte that is no UTF-8.
    data = value.encode(errors="surrogateescape")
    return struct.pack("<Q", len(data)) + data


def _item(value: Value) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", 8) + _text(value)
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int):
        return struct.pack("<II", 4, value)
    if isinstance(value, np.ndarray):
        kind = {"<i4": 5, "<f4": 6}[value.dtype.str]
        return struct.pack("<IIQ", 9, kind, len(value)) + value.tobytes()
    return struct.pack("<IIQ", 9, 8, len(value)) + b"".join(map(_text, value))


def tokenizer_keys(**values: Value) -> dict[str, Value]:
    """Return metadata with the names that tokenizers have."""
    return {f"tokenizer.ggml.{name}": value for name, value in values.items()}


def kinds(number: int, others: Mapping[int, int]) -> np.ndarray[Any, Any]:
    """Return the kinds of tokens: normal, but for ``others``."""
    result = np.ones(number, dtype="<i4")
    for token, kind in others.items():
        result[token] = kind
    return result


def byte_letters() -> list[str]:
    """Return the letter that byte-level BPE writes for each byte, printable ones first."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(c) for c in plain] + [chr(256 + i) for i in range(256 - len(plain))]


@cache
def pairs_vocabulary() -> dict[str, Value]:
    """Return a byte-level vocabulary whose tokens betray where a text was cut.

    A quarter of all pairs of bytes are tokens, whatever they mean: merges reach over every border
    of words, and are prevented only by the cut.
    """
    letters = byte_letters()
    rng = random.Random(0)
    pairs = [(a, b) for a in letters for b in letters if rng.random() < 0.25]
    rng.shuffle(pairs)
    tokens = [*letters, *(a + b for a, b in pairs), "<|im_start|>", "<|im_end|>", "<user>"]
    last = len(tokens) - 1
    return tokenizer_keys(
        model="gpt2",
        tokens=tokens,
        merges=[f"{a} {b}" for a, b in pairs],
        token_type=kinds(len(tokens), {last - 2: 3, last - 1: 3, last: 4}),
        bos_token_id=last - 2,
        eos_token_id=last - 1,
    )


_WORDS = (
    "the of don't I'm we'll they'd you've HE'S X'Ll return self.config['a_b'] naïve Straße ŒUVRE"
    " İstanbul 日本語 中文字符 テスト 한국어 مرحبا שלום नमस्ते สวัสดี ελληνικά русский Ǆ ﬁ ½ ² ⅷ ١٢٣ 𐐀𐐨"
    " e\u0301 n\u0303o \u0301x ㅎㅎ … — “q” «a» #!/usr/bin/env def\tf(x): \\n {{}} <|x|> </p>"
    " <0x0A> ▁ ▁a http://a.b/c?d=e&f=%20 3.14 1,000,000 0x1F -- --- ===> !!! ??! camelCase"
    " HTTPServer \U0001d518\U0001d52b \U0001f469\u200d\U0001f469\u200d\U0001f467"
    " \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f926\U0001f3fd\u200d\u2642\ufe0f"
)
WORDS = _WORDS.split(" ")
SPACES = ("", "    ", "   ", "\t", "\n", "\n\n", "\r\n", " \n ", " ", "  ", "\u00a0", "\u3000")
RUNS = (
    *("1" * n for n in range(1, 12)),
    *(" " * n for n in range(1, 66)),
    *("\n" * n for n in range(1, 40)),
    *("\t" * 3, "\t" * 17, "-" * 50, "=" * 33, "a" * 300, "ab" * 400, "ÿ" * 50),
)
# Control characters, spaces of all kinds, private use, unassigned, and new in Unicode 16.
RARE = [
    *map(chr, (*range(1, 0x250), *range(0x2000, 0x2070), 0x1680, 0xFEFF, 0xFFFD, 0xFFFF, 0xE000)),
    *map(chr, (0x378, 0x897, 0x1B4E, 0xA7CB, 0x10D41, 0x10D4A, 0x1CCF5, 0x1FAE9, 0x10FFFF)),
]


def texts(special: Sequence[str], number: int = 1000, seed: int = 1) -> list[str]:
    """Return texts that are hard to cut, some of them with ``special`` tokens written out."""
    rng = random.Random(seed)
    result = ["", "a", " a", "a ", "\t\n ", *rng.sample(RUNS, min(len(RUNS), number // 4))]
    while len(result) < number:
        result.append(_MAKERS[rng.randrange(len(_MAKERS))](rng, special))
    return result


def _prose(rng: random.Random, special: Sequence[str]) -> str:
    return "".join(rng.choice(WORDS) + rng.choice(SPACES) for _ in range(rng.randint(1, 12)))


def _rare(rng: random.Random, special: Sequence[str]) -> str:
    return "".join(rng.choice(RARE) for _ in range(rng.randint(1, 25)))


def _any(rng: random.Random, special: Sequence[str]) -> str:
    ranges = ((0x20, 0x7E), (0xA0, 0xD7FF), (0xE000, 0x1FFFF))
    return rng.choice(WORDS) + "".join(
        chr(rng.randint(*rng.choice(ranges))) for _ in range(rng.randint(1, 12))
    )


def _control(rng: random.Random, special: Sequence[str]) -> str:
    parts = [*WORDS, *SPACES]
    return "".join(
        rng.choice(special) if special and rng.random() < 0.3 else rng.choice(parts)
        for _ in range(rng.randint(2, 12))
    )


def _digits(rng: random.Random, special: Sequence[str]) -> str:
    return "".join(
        str(rng.randint(0, 10 ** rng.randint(1, 15))) + rng.choice((*SPACES, *".,:/"))
        for _ in range(rng.randint(1, 8))
    )


def _word(rng: random.Random, special: Sequence[str]) -> str:
    letters = "abcdefghijklmnopqrstuvwxyz" + rng.choice("ABC_é")
    return "".join(rng.choice(letters) for _ in range(rng.randint(50, 600)))


_MAKERS = (_prose, _prose, _prose, _rare, _any, _control, _control, _digits, _word)
