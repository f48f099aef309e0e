"""People whom somebody mentions and who are nobody of the user's: stars, characters, "some guy".

A pronoun after one of them means them, and not the last of the user's people spoken of before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import CAP, TITLE, Cast, is_name, read_role

_FULL_NAME = re.compile(rf"(?<![\w'])(?P<v>{CAP} {CAP})(?![\w'])")
_PLACED = re.compile(
    r"\b(?:in|at|to|from|near|of|for|on|by|via|around|between|and|the|visit|outside|called|named)\s$",
    re.IGNORECASE,
)
_PEOPLE = (
    r"man|woman|guy|bloke|chap|gentleman|lady|fella|fellow|stranger|customer|client|patient|person"
    r"|kid|girl|boy|lad|lass|youngster|player|singer|actor|actress|author|writer|composer|painter"
    r"|artist|director|president|king|queen|prince|princess|character|hero|heroine|protagonist"
    r"|villain|detective|driver|plumber|waiter|waitress|cashier|clerk|footballer|striker|comedian"
    r"|presenter|host|celebrity|politician|philosopher|poet|scientist|inventor|saint"
)
# "Some guy on the bus", "the woman at the till", "the hero is called"
_SOMEBODY = re.compile(
    rf"(?<!\bam )(?<!\bis )(?<!\bas )(?<!\bare )(?<!\bwas )(?<!\bhave )(?<!\bgot )(?<!\bme )"
    rf"\b(?:an?|some|another|this|that|the|one) (?:[a-z-]+ ){{0,2}}?(?:{_PEOPLE})\b"
    r"(?! of (?:mine|ours)\b)",
    re.IGNORECASE,
)
_GENDERS = {
    "f": re.compile(r"\b(?:woman|lady|girl|lass|actress|queen|princess|heroine|waitress)$", re.I),
    "m": re.compile(r"\b(?:man|guy|bloke|chap|gentleman|fella|boy|lad|king|prince|hero|waiter)$",
                    re.I),
}  # fmt: skip


_CALLED = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|[Ss]omebody|[Ss]omeone) (?:[a-z-]+ ){0,3}(?:is |was )?"
    rf"(?:called|named) {CAP}"
)
_TRADE = re.compile(
    r"\b[Tt]he (?P<v>[a-z]+(?: [a-z]+)?) (?:is|was|said|says|told|who|had|has|came)\b"
)


def strangers_in(text: str, cast: Cast) -> Iterator[tuple[int, str]]:
    """Yield (where, gender or "") of everybody in the user's sentence who is not of the cast."""
    for match in _CALLED.finditer(text):
        own = re.search(r"\b(?:I|we|have|has|got|my|our)\b[^,.]*$", text[: match.start()])
        if not own and read_role(re.sub(r"^\w+ ", "", match.group())) is None:
            yield match.start(), ""
    for match in _TRADE.finditer(text):
        if is_occupation(match.group("v")) and read_role(match.group("v")) is None:
            yield match.start(), ""
    for match in _SOMEBODY.finditer(text):
        fits = [gender for gender, pattern in _GENDERS.items() if pattern.search(match.group())]
        yield match.start(), fits[0] if len(fits) == 1 else ""
    for start, _ in _full_names(text, cast):
        yield start, ""


# Films, books and games: whoever is named beside them is in them.
_MADE_UP = re.compile(
    r"\b(?:(?:re)?watch(?:ing|ed)?|binge\w*|reading|episodes?|seasons? \d|series|films?|movies?"
    r"|sitcom|novels?|manga|anime|comics?|trilogy|sequel|marvel|netflix|box ?set|plot|remake)\b",
    re.IGNORECASE,
)


def is_fiction(text: str) -> bool:
    """Tell whether a sentence is about a film, a book or a game."""
    return bool(_MADE_UP.search(text))


def names_stranger(asked: str, cast: Cast) -> bool:
    """Tell whether the assistant's turn names somebody by full name whom nobody introduced."""
    return any(True for _ in _full_names(asked, cast))


def _full_names(text: str, cast: Cast) -> Iterator[tuple[int, str]]:
    for match in _FULL_NAME.finditer(text):
        first, last = match.group("v").split()[0], match.group("v").split()[-1]
        if not (is_name(first) and is_name(last)) or is_ordinary(first) or is_ordinary(last):
            continue
        if text[: match.start()].endswith(", ") or re.match(rf"{TITLE} ", match.group("v")):
            continue  # "My captain is Filipino, Mister Reyes"
        if _PLACED.search(text[: match.start()]) or cast.named(first) or cast.named(last):
            continue
        yield match.start(), match.group("v")


def speaks_of(asked: str, label: str, name: str) -> bool:
    """Tell whether the assistant's turn mentions somebody of the cast."""
    role = label.split()[-1] if label else ""
    return any(
        word and re.search(rf"\b{re.escape(word)}\b", asked, re.IGNORECASE) for word in (role, name)
    )
