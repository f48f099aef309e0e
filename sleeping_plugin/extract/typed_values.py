"""Values that say of themselves what they are: dates, days of the week, clock times, numbers.

A correction replaces a value by one of its kind, wherever the first was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sleeping_plugin.extract.lexicon import NUMBERS

_MONTH_NAMES = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)
_MONTH = rf"(?:{_MONTH_NAMES}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_TH = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|(?:thir|four|fif|six|seven|eigh|nine)teenth|twentieth|thirtieth"
    r"|(?:twenty|thirty)-(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))"
)
_YEAR = r"(?:19|20)\d\d"
_WORD_NUMBER = (
    r"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|"
    + "|".join(sorted(NUMBERS, key=len, reverse=True))
    + r"|hundred|a hundred|a dozen)"
)
_KINDS = (
    (
        "date",
        rf"(?i:{_DAY}(?: to | until | till | ?[-\u2013] ?){_DAY}(?: of)? {_MONTH}"
        rf"|(?:{_DAY}|{_TH})(?: of)? {_MONTH}(?:,? {_YEAR})?|{_MONTH} (?:the )?(?:{_DAY}"
        rf"|{_TH})"
        rf"(?:,? {_YEAR})?|{_YEAR}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}(?:/(?:{_YEAR}"
        rf"|\d\d))?(?![\d%])|\d{{1,2}}\.\d{{1,2}}\.(?:{_YEAR}|\d\d)?"
        rf"|(?<=the )(?:\d{{1,2}}(?:st|nd|rd|th)|{_TH})(?! (?:time|one|year|floor|grade|day"
        rf"|century"
        r"|birthday|place|child|baby|book|record|attempt|try|round|of (?!January|Feb|Mar|Apr"
        r"|May|Jun"
        r"|Jul|Aug|Sep|Oct|Nov|Dec)))|\d{1,2}(?:st|nd|rd|th)(?= ?(?:$|[,.;!?)]|instead|now"
        r"|because)))",
    ),
    (
        "clock",
        r"(?i:\d{1,2}[:.]\d\d(?: ?[ap]\.?m\b\.?)?|\d{1,2} ?[ap]m\b|(?:half(?: past)?|quarter "
        r"(?:to|past))"
        rf" (?:{_WORD_NUMBER}|\d{{1,2}})|(?:{_WORD_NUMBER}|\d{{1,2}}) o'clock|noon|midnight)",
    ),
    ("weekday", r"(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)days?)(?: (?:mornings?|afternoons?"
                r"|evenings?|nights?))?"),
    ("month", rf"(?:{_MONTH_NAMES})(?: {_YEAR})?"),
    ("year", rf"(?<![\d.,€$£]){_YEAR}(?![\d.,]\d)"),
    (
        "number",
        r"(?:(?:[Nn]early|[Aa]lmost) )?"
        rf"(?:(?:[€$£] ?)?\d[\d,]*(?:\.\d+)?(?:(?:k|K|€)\b)?|\b(?i:{_WORD_NUMBER})(?![\w-]))",
    ),
)  # fmt: skip
_TYPED = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS)
    + r")(?!\w|-\d)"
)
SAME = ({"date"}, {"weekday"}, {"clock"}, {"month"}, {"year"}, {"number"}, {"date", "month"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A value with its kind and place."""

    kind: str
    text: str
    start: int
    end: int


def typed(text: str) -> Iterator[Typed]:
    """Yield the typed values of a text, in order."""
    for match in _TYPED.finditer(text):
        kind = str(match.lastgroup)
        value = match.group().strip(" ,.")
        if kind == "number" and value.lower() in ("one", "a hundred", "hundred", "zero"):
            continue
        yield Typed(kind, value, match.start() + match.group().index(value), match.end())


def kind_of(value: str) -> str:
    """Return the kind of the first typed value in ``value``, "" if there is none."""
    return next((one.kind for one in typed(value)), "")
