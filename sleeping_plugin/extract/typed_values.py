"""Values that say of themselves what they are: dates, days of the week, clock times, numbers.

A correction replaces a value by one of its kind, wherever the first was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import NUMBERS
from sleeping_plugin.extract.ordinary import is_order
from sleeping_plugin.extract.people import read_role
from sleeping_plugin.relations.grammar import words

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
        rf"|(?<=the )(?:\d{{1,2}}(?:st|nd|rd|th)|{_TH})(?= ?(?:$|[,.;:!?)\u2013-]|(?:instead|now"
        r"|because|and|but|not|at|in|for|from|to|until|till|so|it|I|we|he|she|they|this|next|if"
        r"|when|is|was|of (?:January|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|the month"
        r"|this|next))\b))|\d{1,2}(?:st|nd|rd|th)(?= ?(?:$|[,.;!?)]|instead|now"
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


_IN_TALK = words(
    """
    one ones option options version versions line lines list answer part bit thing things way word
    words sentence paragraph title email message recipe step steps half bottom top left right
    capital rest other others same idea point question example shorter longer bigger smaller
    cheaper simpler better worse easier quicker faster nicer warmer colder louder softer
    """
)
_NAMED_ALIKE = words("instrument learning play plays sport employer hobby team street club group")
_PLACES = words("hometown birthplace employer school name")
_ADJECTIVES = words("blue red green yellow black white pink purple orange grey gray brown")


def suits(relation: str, old: str, new: str) -> bool:
    """Tell whether ``new``, as said with its article, can stand where ``old`` was told.

    "Sorry, I meant the second option" corrects no date and no breed, though both were just told.
    """
    inner = new.lower().split()
    if not inner or inner[-1] in _IN_TALK or is_order(inner[0]):
        return False
    kind = kind_of(old)
    if kind:
        return bool(kind_of(new) or kind_of(f"the {new}")) or bool(re.search(r"\d", new))
    head = relation.split()[-1].split(":")[0]
    definite = re.match(r"the [a-z]", new)
    if definite and (head not in _NAMED_ALIKE or " of " in new):
        return False
    bare = re.sub(r"^(?:an?|the) ", "", new)
    if head == "job":
        return is_occupation(bare) or not is_occupation(old)
    if head == "breed":
        read = read_role(bare.lower())
        return bare[:1].isupper() or bool(read and read[0].kind == "pet") or " " in bare
    if (head in _PLACES or head == "city") and old[:1].isupper():
        return bare[:1].isupper()
    colours = head in ("colour", "color") or old.lower().split()[-1] in _ADJECTIVES
    return colours or inner[-1] not in _ADJECTIVES


def kind_of(value: str) -> str:
    """Return the kind of the first typed value in ``value``, "" if there is none."""
    return next((one.kind for one in typed(value)), "")
