"""When an answer says a value, and when it says that it does not know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Letters that no decomposition turns into plain ones.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
# Scripts without spaces between words: every character counts as one.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
_THOUSANDS: Final = re.compile(r"(?<=\d)[,\u00a0\u202f'\u2019](?=\d{3}(?!\d))")

_ABSTAINS: Final = re.compile(
    r"\bi (?:do not|don t|dont) (?:yet |really |actually |currently )*(?:know|remember|recall)\b"
    r"|\bi (?:can ?not|can t) (?:remember|recall|know)\b"
    r"|\bi (?:do not|don t|dont) have (?:any |that |this |enough |the )*"
    r"(?:information|knowledge|idea|record|details|memory|data)\b"
    r"|\bi (?:am not|m not) (?:sure|aware|certain)\b"
    r"|\bi have (?:no|not any) (?:idea|information|record|knowledge|memory)\b"
    r"|\byou (?:have not|haven t|never|did not|didn t) (?:yet |ever )*"
    r"(?:told|tell|mentioned|mention|said|say|shared|share)\b"
)


def _caseless(text: str) -> str:
    """Return the text for compatibility caseless matching (Unicode standard, D146)."""
    for _ in range(2):
        text = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", text).casefold())
    return text


def normalise(text: str) -> str:
    """Return the words of ``text``: lower case, no diacritics, no punctuation."""
    plain = _caseless(_THOUSANDS.sub("", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).translate(_PLAIN)
    return " ".join(_WORD.findall(plain))


def says(answer: str, accept: Iterable[str]) -> bool:
    """Tell whether ``answer`` holds one of the accepted values as whole words."""
    words = f" {normalise(answer)} "
    return any(f" {normal} " in words for value in accept if (normal := normalise(value)))


def abstains(answer: str) -> bool:
    """Tell whether ``answer`` says that it does not know."""
    return bool(_ABSTAINS.search(normalise(answer)))
