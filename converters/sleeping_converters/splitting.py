r"""How a byte-level BPE tokenizer cuts a text into words, by the name in ``tokenizer.ggml.pre``.

The expressions are those of llama.cpp (src/llama-vocab.cpp), written for the Oniguruma of
``tokenizers`` so that they match what llama.cpp matches. They are applied one after the other,
each to the pieces that those before it left; what an expression does not match is a piece too.

Where llama.cpp differs from the model's own tokenizer, llama.cpp is followed, for it runs in the
host: ``\p{Lu}``, ``\p{Ll}`` and their kin all mean ``\p{L}`` there, its tables are of Unicode 15,
and where an expression names no category, no range holds white space beyond ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sleeping_plugin.errors import UnsupportedModel


def _ranges(hexadecimal: str) -> str:
    """Return code points and ranges of them ("41-5A B5") as the inside of a class."""
    return re.sub(r"[0-9A-F]+", r"\\x{\g<0>}", hexadecimal).replace(" ", "")


# Assigned in Unicode 16, which Oniguruma knows and llama.cpp does not. Ranges reach over what is
# not of the category in either.
_NEWER: Final = {
    "N": "10D40-10D49 116D0-116E3 11BF0-11BF9 16130-16139 16D70-16D79 1CCF0-1CCF9 1E5F1-1E5FA",
    "L": "1C89-1C8A A7CB-A7CD A7DA-A7DC 105C0-105F3 10D4A-10D85 10EC2-10EC4 11380-113D3"
    " 11BC0-11BE0 13460-143FA 16100-1611D 16D40-16D6C 18CFF 1E5D0-1E5F0",
    "M": "897 10D69-10D6D 10EFC 113B8-113E2 11F5A 1611E-1612F 1E5EE-1E5EF",
    "P": "1B4E-1B4F 1B7F 10D6E 113D4-113D8 11BE1 16D6D-16D6F 1E5FF",
    "S": "2427-2429 31E4-31E5 10D8E-10D8F 1CC00-1CEB3 1F8B2-1F8C1 1FA89-1FA8F 1FABE 1FAC6"
    " 1FADC-1FADF 1FAE9 1FBCB-1FBEF",
}
_CATEGORIES: Final = {
    rf"\p{{{name}}}": rf"[\p{{{name}}}&&[^{_ranges(newer)}]]" for name, newer in _NEWER.items()
}

LINES: Final = r"[^\n]+|\n+"  # also of models whose BPE works on characters

_SHORT: Final = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])"
_WORD: Final = r"[^\r\n\p{L}\p{N}]?\p{L}+"
_SIGNS: Final = r" ?[^\s\p{L}\p{N}]+[\r\n]*"
_END: Final = r"\s*[\r\n]+|\s+(?!\S)|\s+"
_GPT2: Final = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LLAMA3: Final = rf"{_SHORT}|{_WORD}|\p{{N}}{{1,3}}|{_SIGNS}|{_END}"
_QWEN2: Final = rf"{_SHORT}|{_WORD}|\p{{N}}|{_SIGNS}|{_END}"
_HAN_KANA: Final = f"[{_ranges('4E00-9FA5 3040-309F 30A0-30FF')}]+"
_HAN_WIDE: Final = rf"[{_ranges('4E00-9FA5 800-4E00 AC00-D7FF')}&&[^\s]]+"

# A letter in upper or title case, and one in lower case, as far as ASCII goes.
_HIGH: Final = r"(?:(?=\p{L})[^a-z])"
_LOW: Final = r"(?:(?=\p{L})[^A-Z])"
_CASED: Final = rf"[^\r\n\p{{L}}\p{{N}}]?(?:{_HIGH}*{_LOW}+|{_HIGH}+{_LOW}*)"
_CASED_END: Final = rf" ?[^\s\p{{L}}\p{{N}}]+[\r\n/]*|{_END}"
# With \p{Lu} and \p{Ll} alike, both of the alternatives for words are this one.
_MARKED: Final = rf"[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+{_SHORT}?"

_PUNCTUATED: Final = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
)
_DEEPSEEK3: Final = rf"{_PUNCTUATED}| ?[\p{{P}}\p{{S}}]+[\r\n]*|{_END}"
# Threes from the right, the first of them together with all that stands before it.
_THREES: Final = r"[^\p{N}]*\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"
_LATIN: Final = _ranges(
    "41-5A 61-7A B5 C0-D6 D8-F6 F8-1BA 1BC-1BF 1C4-293 295-2AF 370-373 376 377 37B-37D 37F 386"
    " 388-38A 38C 38E-3A1 3A3-3F5 3F7-481 48A-52F 531-556 10A0-10C5 13A0-13F5 13F8-13FD 1C90-1CBA"
    " 1CBD-1CBF 1D00-1D2B 1D6B-1D77 1D79-1D9A 1E00-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57"
    " 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4 1FB6-1FBC 1FBE 1FC2-1FC4 1FC6-1FCC 1FD0-1FD3 1FD6-1FDB"
    " 1FE0-1FEC 1FF2-1FF4 1FF6-1FFC 2102 2107 210A-2113 2115 2119-211D 2124 2126 2128 212A-212D"
    " 212F-2134 2139 213C-213F 2145-2149 214E 2183 2184 2C00-2C7B 2C7E-2CE4 2CEB-2CEE 2CF2 2CF3"
    " A640-A66D A680-A69B A722-A76F A771-A787 A78B-A78E AB70-ABBF FB00-FB06 FB13-FB17 FF21-FF3A"
    " FF41-FF5A 10400-1044F 104B0-104D3 104D8-104FB 10C80-10CB2 10CC0-10CF2 118A0-118DF"
    " 1E900-1E943"
)
_LATIN_SIGNS: Final = _ranges("21-2F 3A-7E FF01-FF0F FF1A-FF5E 2018-201F 3001-3002")
# 8C48 is what llama.cpp's source has, where the model's own expression has F900.
_ASIAN: Final = _ranges(
    "4E00-9FFF 3400-4DBF 8C48-FAFF 3040-309F 30A0-30FF FF65-FF9F 2F00-2FDF E40-E7F E80-EFF"
    " 1780-17FF 1000-109F AA60-AA7F A9E0-A9FF AC00-D7AF 1100-11FF"
)
_YOUTU: Final = "|".join(
    f"[{_ranges(points)}]+"
    for points in (
        "AC00-D7A3 3131-318E",
        "FF01 2026 201C 201D 2018 2019 2014 FF1A FF1B FF0C 3001-303F FE30-FE4F",
        "3105-312F",
        "4E00-9FA5 3040-309F 30A0-30FF",
    )
)
_NOT_SIGNS: Final = rf" ?[^(\s|.,!?){_ranges('2026 3002 FF0C 3001 964 6D4 60C')}]+"
_HALVES: Final = "|".join(rf"\s{{{2**n}}}(?!\S)" for n in range(9, 1, -1))

# Names that cut alike -> the expressions.
RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "gpt-2 phi-2 gigachat a.x-4.0 mellum exaone4 mpt olmo jais trillion granite-docling": (_GPT2,),
    "starcoder refact command-r smollm codeshell exaone minerva-7b mellum2": (r"\p{N}", _GPT2),
    "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 dbrx smaug-bpe chatglm-bpe"
    " glm4 glm5": (_LLAMA3,),
    "qwen2 deepseek-r1-qwen kormo stablelm2 megrez hunyuan solar-open grok-2": (_QWEN2,),
    "qwen35": (
        rf"{_SHORT}|[^\r\n\p{{L}}\p{{N}}]?[\p{{L}}\p{{M}}]+|\p{{N}}"
        rf"| ?[^\s\p{{L}}\p{{M}}\p{{N}}]+[\r\n]*|{_END}",
    ),
    "deepseek-llm": (
        r"[\r\n]",
        rf"\s?[{_LATIN}]+",
        rf"\s?[{_LATIN_SIGNS}]+",
        r"\s+\z",
        _HAN_WIDE,
        r"\p{N}+",
    ),
    "deepseek-coder": (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", _HAN_WIDE, r"\p{N}"),
    "deepseek-v3 hunyuan-dense joyai-llm hy_v4": (r"\p{N}{1,3}", _HAN_KANA, _DEEPSEEK3),
    "spark2_5": (
        r"\p{N}{1,3}",
        _HAN_KANA,
        rf"{_PUNCTUATED}| ?[\p{{P}}\p{{S}}]+|[\r\n]|\s+(?!\S)|\s+",
        r"\p{N}",
    ),
    "youtu": (_YOUTU, rf"{_MARKED}|\p{{N}}|{_CASED_END}"),
    "falcon": (r"[\p{P}$+<=>\^~|`]+", _GPT2, "[0-9][0-9][0-9]"),
    "tekken": (rf"{_CASED}|\p{{N}}|{_CASED_END}",),
    "gpt-4o llama4 kanana2 talkie minimax-m2": (rf"{_CASED}{_SHORT}?|\p{{N}}{{1,3}}|{_CASED_END}",),
    "tiny_aya cohere2moe": (_THREES, rf"{_MARKED}|\p{{N}}{{1,3}}|{_CASED_END}"),
    "afmoe": (_THREES, f"[{_ASIAN}]+", _DEEPSEEK3),
    "superbpe": (r"\p{N}+", r"(?=([0-9]{3})+(?![0-9]))"),
    "bailingmoe bailingmoe2 llada-moe": (
        rf"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|{_WORD}|\p{{N}}|{_SIGNS}"
        r"|\s*[\r\n]|\s+(?!\S)|\s+",
    ),
    "seed-coder": (rf"{_SHORT}|{_WORD}|\p{{N}}| ?[^\s\p{{L}}\p{{N}}\r\n]+|{_END}",),
    "ufakzeka": (rf"{_WORD}|\p{{N}}|{_SIGNS}|{_END}",),
    "laguna": (LINES, _QWEN2),
    "exaone-moe": (
        rf"{_SHORT}|[^\r\n\p{{L}}\p{{N}}]?(?:\p{{L}}\p{{M}}*(?: \p{{L}}\p{{M}}*)*)+|\p{{N}}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+",
    ),
    "minicpm5": (r"\p{N}{1,3}", rf"{_SHORT}|{_WORD}|\p{{N}}+|{_SIGNS}|{_END}"),
    "jais-2": (
        rf"{_SHORT}|{_WORD}|\p{{N}}{{1,3}}|{_SIGNS}|\s*[\r\n]+|{_HALVES}|\s{{1,2}}(?!\S)|\s",
    ),
    "bloom gpt3-finnish poro-chat": (_NOT_SIGNS,),
    "viking": (_NOT_SIGNS, r"\p{N}"),
    "default": (r"[\p{P}$+<=>\^~|]+", _GPT2, r"\p{N}+", "[0-9][0-9][0-9]"),
}
_BY_NAME: Final = {name: forms for names, forms in RULES.items() for name in names.split()}
_LLAMA3_NAMES: Final = (
    *("llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"),
)

# A word that is a token as it stands is not cut by merges.
IGNORE_MERGES: Final = frozenset((*_LLAMA3_NAMES, "glm4", "glm5", "minicpm5", "tekken", "youtu"))
# A text begins with BOS, unless the file says that it does not.
ADD_BOS: Final = frozenset((*_LLAMA3_NAMES, "tekken"))


def expressions(pre: str) -> list[str]:
    """Return the expressions for one name of ``tokenizer.ggml.pre``; "" is llama.cpp's default.

    Raises UnsupportedModel for a name that is unknown here.
    """
    forms = _BY_NAME.get(pre or "default")
    if forms is None:
        raise UnsupportedModel(
            f"The model's tokenizer cuts words by the rule {pre!r} (tokenizer.ggml.pre), which this"
            " release does not know. Upgrade sleeping-plugin, or choose another model with"
            " `sleeping init --model FILE.gguf`."
        )
    return [_translated(form) for form in forms]


def _translated(form: str) -> str:
    """Return an expression whose categories are those of Unicode 15."""
    for category, older in _CATEGORIES.items():
        form = form.replace(category, older)
    return form
