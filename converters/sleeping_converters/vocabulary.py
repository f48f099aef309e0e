"""The vocabulary of a GGUF as llama.cpp takes it: tokens, kinds, merges, switches.

llama.cpp (src/llama-vocab.cpp) overrides some of what the file says, by the names of tokens and of
the pre-tokenizer. The host does what llama.cpp does, so the same is done here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np

from sleeping_converters.metadata_arrays import Numbers, Value, read_values
from sleeping_converters.splitting import ADD_BOS, IGNORE_MERGES
from sleeping_plugin.errors import ModelError, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, Scalar, read_info

BYTE_BPE: Final = "gpt2"  # BPE over bytes that are written as letters
SCORED: Final = "llama"  # SentencePiece: the pair whose token has the best score is merged first
PLAIN_BPE: Final = "gemma4"  # BPE over characters, with SentencePiece's spaces and byte tokens

_KEY: Final = "tokenizer.ggml."
_TEMPLATE: Final = "tokenizer.chat_template"
_ARRAYS: Final = tuple(f"{_KEY}{name}" for name in ("tokens", "token_type", "scores", "merges"))
# SentencePiece models may leave out the ids that all of them have.
_SCORED_DEFAULTS: Final = {"bos": 1, "eos": 2, "unk": 0}
_ID_KEYS: Final = {
    "bos": "bos_token_id",
    "eos": "eos_token_id",
    "unk": "unknown_token_id",
    "pad": "padding_token_id",
}

_BAR: Final = "\uff5c"  # the wide bar of DeepSeek's tokens
# Tokens of these names are control tokens, whatever the file says: they end a generation, or
# (where the file does not name its own) mark what is filled in the middle.
_ENDS: Final = (
    *("<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>"),
    *("<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]"),
    *("<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "[e~["),
    f"<{_BAR}end▁of▁sentence{_BAR}>",
)
_FILLS: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("fim_pre_token_id", "prefix_token_id"): (
        *("<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", f"<{_BAR}fim▁begin{_BAR}>"),
        *("<PRE>", "▁<PRE>", "<|code_prefix|>", "<|prefix|>"),
    ),
    ("fim_suf_token_id", "suffix_token_id"): (
        *("<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", f"<{_BAR}fim▁hole{_BAR}>"),
        *("<SUF>", "▁<SUF>", "<|code_suffix|>", "<|suffix|>"),
    ),
    ("fim_mid_token_id", "middle_token_id"): (
        *("<|fim_middle|>", "<fim-middle>", "<fim_middle>", f"<{_BAR}fim▁end{_BAR}>"),
        *("<MID>", "▁<MID>", "<|code_middle|>", "<|middle|>"),
    ),
    ("fim_pad_token_id",): ("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
    ("fim_rep_token_id",): ("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
    ("fim_sep_token_id",): ("<|file_sep|>",),
}
# gpt-oss writes these in its replies: llama.cpp shows them, so they are no control tokens.
_SHOWN: Final = ("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>")


class Kind(IntEnum):
    """The values of ``tokenizer.ggml.token_type``."""

    UNDEFINED = 0
    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a tokenizer is made of."""

    architecture: str
    model: str  # BYTE_BPE, SCORED or PLAIN_BPE
    pre: str  # names the pre-tokenizer of a BYTE_BPE model
    tokens: Mapping[str, int]  # text -> id, in the order of the ids
    kinds: Sequence[int]  # of each id, after llama.cpp's overrides
    scores: Numbers | None  # (tokens,), of SCORED models
    merges: Sequence[tuple[str, str]]  # of the others, the first is done first
    special: Mapping[str, str]  # "bos", "eos", "unk", "pad" -> text, those that there are
    add_bos: bool
    add_eos: bool
    add_space_prefix: bool  # a text begins with a space
    ignore_merges: bool  # a word that is a token is never cut
    strips_after: frozenset[str]  # special tokens that swallow the white space behind them
    chat_template: bytes | None


def read_vocabulary(path: Path) -> Vocabulary:
    """Read the tokenizer of the model ``path``.

    Raises ModelError if the file is damaged or its arrays contradict each other, UnsupportedModel
    if it has no tokenizer, or one that is not of the three kinds above or cannot be written down.
    """
    info = read_info(path)
    values = read_values(info, (*_ARRAYS, _TEMPLATE))
    model = _model(info)
    tokens = _tokens(info, values)
    texts = list(tokens)
    kinds = _kinds(info, tokens, _numbers(info, values, "token_type", len(texts)))
    pre = str(_scalar(info, "pre", ""))
    template = values.get(_TEMPLATE)
    return Vocabulary(
        architecture=info.architecture,
        model=model,
        pre=pre,
        tokens=tokens,
        kinds=kinds,
        scores=_scores(info, values, len(texts)) if model == SCORED else None,
        merges=() if model == SCORED else _merges(info, values, tokens),
        special=_special(info, model, texts),
        add_bos=model == PLAIN_BPE
        or bool(_scalar(info, "add_bos_token", model == SCORED or pre in ADD_BOS)),
        add_eos=bool(_scalar(info, "add_eos_token", False)),
        add_space_prefix=model == SCORED and bool(_scalar(info, "add_space_prefix", True)),
        ignore_merges=model == BYTE_BPE and pre in IGNORE_MERGES,
        strips_after=_strips_after(info, texts, kinds),
        chat_template=template if isinstance(template, bytes) else None,
    )


def _scalar(info: GGUFInfo, name: str, default: Scalar) -> Scalar:
    return info.metadata.get(_KEY + name, default)


def _model(info: GGUFInfo) -> str:
    model = _scalar(info, "model", "")
    if model not in (BYTE_BPE, SCORED, PLAIN_BPE):
        what = f"a tokenizer of the kind {model!r}" if model else "no tokenizer"
        raise UnsupportedModel(
            f"{info.path.name} has {what}; working copies can be made of models with"
            f" {BYTE_BPE}, {SCORED} and {PLAIN_BPE}. Choose another with"
            " `sleeping init --model FILE.gguf`."
        )
    return str(model)


def _damaged(info: GGUFInfo, what: str) -> ModelError:
    return ModelError(f"{info.path} is damaged: {what}. Copy it again.")


def _texts(info: GGUFInfo, values: Mapping[str, Value], name: str) -> list[str]:
    raw = values.get(_KEY + name)
    if not isinstance(raw, list):
        raise _damaged(info, f"it has no list {_KEY}{name}")
    try:
        return [text.decode() for text in raw]
    except UnicodeDecodeError as error:
        raise _damaged(info, f"{_KEY}{name} holds {error.object!r}, which is no UTF-8") from error


def _numbers(info: GGUFInfo, values: Mapping[str, Value], name: str, number: int) -> Numbers | None:
    """Return one number per token, None where the file has none."""
    raw = values.get(_KEY + name)
    if raw is None:
        return None
    if not isinstance(raw, np.ndarray) or len(raw) < number:
        raise _damaged(info, f"{_KEY}{name} does not hold one number for each token")
    return raw[:number]


def _tokens(info: GGUFInfo, values: Mapping[str, Value]) -> dict[str, int]:
    texts = [text or f"[EMPTY_{i}]" for i, text in enumerate(_texts(info, values, "tokens"))]
    tokens = {text: i for i, text in enumerate(texts)}
    if len(tokens) < len(texts):
        twice = next(text for i, text in enumerate(texts) if tokens[text] != i)
        raise _damaged(info, f"its vocabulary holds {twice!r} twice")
    return tokens


def _scores(info: GGUFInfo, values: Mapping[str, Value], number: int) -> Numbers:
    scores = _numbers(info, values, "scores", number)
    return np.zeros(number, dtype=np.float32) if scores is None else scores


def _merges(
    info: GGUFInfo, values: Mapping[str, Value], tokens: Mapping[str, int]
) -> list[tuple[str, str]]:
    pairs: dict[tuple[str, str], None] = {}  # of two that are alike, the first counts
    for text in _texts(info, values, "merges"):
        left, _, right = text[1:].partition(" ")  # the first character may itself be a space
        pairs[text[:1] + left, right] = None
    for left, right in pairs:
        if not (left in tokens and right in tokens and left + right in tokens):
            raise UnsupportedModel(
                f"{info.path.name} merges {left!r} and {right!r}, and its vocabulary lacks one of"
                " them or both together: such a tokenizer has no form in other libraries. Choose"
                " another model with `sleeping init --model FILE.gguf`."
            )
    return list(pairs)


def _kinds(info: GGUFInfo, tokens: Mapping[str, int], given: Numbers | None) -> list[int]:
    kinds = [int(Kind.NORMAL)] * len(tokens) if given is None else given.tolist()
    named = set(_ENDS)
    for keys, names in _FILLS.items():
        if not any(_KEY + key in info.metadata for key in keys):
            named.update(names)
    for text in named & tokens.keys():
        kinds[tokens[text]] = Kind.CONTROL
    shown = [text for text in _SHOWN if text in tokens]
    calls = {"<|call|>", "<|calls|>"} & tokens.keys()
    if "<|end|>" in tokens and calls and {"<|return|>", "<|flush|>"} & tokens.keys():
        shown.append("<|end|>")
    for text in shown:
        kinds[tokens[text]] = Kind.USER_DEFINED
    if {"</s>", "<|tool_response>"} <= tokens.keys():
        kinds[tokens["</s>"]] = Kind.NORMAL
    return kinds


def _special(info: GGUFInfo, model: str, texts: Sequence[str]) -> dict[str, str]:
    ids = dict(_SCORED_DEFAULTS) if model == SCORED else {}
    for name, key in _ID_KEYS.items():
        number = _scalar(info, key, -1)
        if isinstance(number, int) and 0 <= number < len(texts):
            ids[name] = number
    return {name: texts[number] for name, number in ids.items() if number < len(texts)}


def _strips_after(info: GGUFInfo, texts: Sequence[str], kinds: Sequence[int]) -> frozenset[str]:
    """Return what llama.cpp decides by the model's name: only Phi-3 has such tokens."""
    name = str(info.metadata.get("general.name", "")).lower()
    if "phi-3" not in name and "phi3" not in name:
        return frozenset()
    marked = (Kind.UNKNOWN, Kind.CONTROL, Kind.USER_DEFINED)
    special = {text for text, kind in zip(texts, kinds, strict=True) if kind in marked}
    return frozenset(special - {"<unk>", "<s>", "<|endoftext|>"})
