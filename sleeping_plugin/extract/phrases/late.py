"""Phrases for names that come after the person: "My wife makes the cheese, Lorraine.".

Somebody is spoken of without a name ("our youngest", "the dog"); a name follows on its own, behind
a comma, or with "named him". It belongs to the last one who still waits for a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import CARS, LANGUAGES, NATIONALITIES
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import (
    CAP,
    TITLE,
    Cast,
    Entity,
    is_name,
    may_be_lower_name,
    read_role,
)
from sleeping_plugin.extract.phrases.base import Spoken, phrase
from sleeping_plugin.extract.rules.base import Found

_NAME = rf"(?:{TITLE} )?{CAP}(?: {CAP})?"
_GENDER = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f"}
_KNOWN_PLACES = re.compile(
    r"(?:.*(?:burg|ville|shire|\w{3}stan|chester|mouth)|(?:eng|ice|ire|scot|po|fin|nether|"
    r"switzer|thai|new zea)land|england|france|germany|"
    r"spain|italy|london|paris|berlin|rome|america|europe|canada|mexico|brazil|china|japan|india|"
    r"usa|uk|us|eu|nyc|la|african?|asia)$",
    re.IGNORECASE,
)


def may_name(text: str, cast: Cast, *, casual: bool) -> bool:
    """Tell whether ``text`` can be the name of somebody whom nobody has named so far."""
    first, last = text.split()[0], text.split()[-1]
    known = cast.named(text) or cast.named(first)
    if (known and known.introduced) or set(text.lower().split()) & cast.taken:
        return False
    if not all(is_name(word) for word in text.split()) or is_occupation(text):
        return False
    if last.lower() in LANGUAGES | NATIONALITIES | CARS or _KNOWN_PLACES.match(last):
        return False
    if is_ordinary(first) and not re.match(rf"{TITLE} ", text):
        return False
    if text.isupper() and len(text) <= 5:
        return False  # "API", "LUTH"
    return casual and may_be_lower_name(text) if text[0].islower() else True


def waiting_for(spoken: Spoken, at: int, gender: str = "", reach: int = 2) -> Entity | None:
    here = (*spoken.user.here[:2], at)
    return spoken.user.cast.unnamed(here, reach=reach, gender=gender)


def give(spoken: Spoken, who: Entity | None, name: str, *, casual: bool = False) -> Iterator[Found]:
    """Yield that ``name`` is how ``who`` is called, and tell the cast."""
    if who is not None and may_name(name, spoken.user.cast, casual=casual):
        who.name = name
        yield Found(who.label, "name", name, 0.8)


@phrase(
    rf"^(?:(?:[Tt]hat is|[Yy]es|[Yy]ep|[Ww]ell|[Oo]h),? )?(?:[Oo]ld |[Ll]ittle "
    rf")?(?P<v>{_NAME})$"
)
@phrase(
    rf"^(?:[Oo]ld |[Ll]ittle )?(?P<v>{_NAME}), (?P<she>he|she|it)\b",
)
@phrase(
    rf"^(?:[Oo]ld |[Ll]ittle )?(?P<v>{_NAME}), (?!(?:we|you|they|my|what|how|can)\b)"
    r"(?=(?:an? |the )?[a-z][\w -]*(?:$|,))"
)
def _name_alone(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I have one daughter, she is a dentist. Eszter.", "Teabag, he's a beagle"."""
    if spoken.ends == "?":
        return
    gender = _GENDER.get((match.groupdict().get("she") or "").lower(), "")
    alone = match.end() == len(spoken.text)
    here = (*spoken.user.here[:2], 0)
    who = spoken.user.cast.unnamed(here, reach=2, gender=gender, alone=alone)
    yield from give(spoken, who, match.group("v"))


@phrase(
    rf",? (?P<v>{CAP}(?: {CAP})?), (?=(?:he|she) (?:is|was|has|turned|works|lives|does|"
    rf"plays|loves)\b)"
)
@phrase(rf"[a-z0-9], (?P<v>{CAP})(?=$|, (?:[a-z]+ )?[a-z]+)")
def _name_behind(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Wife makes the cheese, Lorraine, took second", "Youngest is 14, Alfie, mad on BMX"."""
    before = spoken.text[: match.start("v")]
    if re.search(
        r"\b(?:in|at|from|to|near|of|with|and|or|on|about|by|reading|read|watching|rewatching"
        r"|watched|seen|saw|playing|heard|like|hi|hello|hey|thanks|cheers|ta),? "
        r"$",
        before,
        re.I,
    ):
        return
    if re.search(
        rf"(?:{CAP}, |\b(?:yes|no|well|ok|please|sorry|sure|night|morning|you|right), )$",
        before,
        re.I,
    ) and not re.search(r"[a-z0-9], $", before):
        return
    theirs = re.search(r"\b(?:their|his|her|its|\w+'s) (?P<v>(?:[a-z-]+ ){0,2}[a-z]+), $", before)
    if theirs and (read_role(theirs.group("v")) or read_role(theirs.group("v").split()[-1])):
        return
    who = waiting_for(spoken, match.start("v"), reach=0)
    yield from give(spoken, who, match.group("v"))


@phrase(
    r"\b(?i:naming|named|name|calling|called|will call|call|calls|christened) "
    r"(?i:(?P<whom>him|her|it|them) )"
    rf"(?P<v>{_NAME}|[a-z]+)(?=$|[,.;!]| (?:after|for|because|since)\b)"
)
def _naming(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "we got a cat last month, orange. named him tuna"."""
    whom = match.group("whom").lower()
    calls = whom in ("him", "her") and "call" in match.group().lower()
    meant = spoken.resolve(whom, match.start()) if calls else None
    here = spoken.user.here
    if (
        meant is not None
        and meant.name
        and meant.before((*here[:2], match.start()))[:2] == here[:2]
    ):
        if match.group("v")[0].isupper() and match.group("v") != meant.name:
            yield Found(meant.subject, "nickname", match.group("v"), 0.8)
        return  # "Her name is Ibinabo but we call her Ibi"
    who = waiting_for(spoken, match.start(), _GENDER.get(whom, "")) or (
        spoken.resolve(whom, match.start())
    )
    born = re.match(r"(?i)naming|calling|will", match.group()) and whom != "them"
    if who is None and born and not match.group("v").islower():
        gender = _GENDER.get(whom, "")
        yield Found("my baby", "name", match.group("v"), 0.8)
        spoken.user.cast.meet("my baby", "person", match.group("v"), gender, spoken.user.here)
    elif who is not None and not who.name:
        yield from give(spoken, who, match.group("v"), casual=spoken.user.casual)


@phrase(
    rf"\b(?P<whose>[Mm]y|[Oo]ur|[Hh]er|[Hh]is|have an?|got an?) (?P<what>[a-z]+(?: [a-z]+)?)"
    rf"(?: though| too)?(?:, [a-z]+)?,? (?:which |"
    rf"that |and )?(?:I|we|he|"
    rf"she|they|my \w+) (?:just )?(?:calls?|named) (?:it|him|her|them) (?:the )?(?P<v>{_NAME})"
)
def _calls_it(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "with her stuffed giraffe, she calls it Mr. Neck"."""
    owner = None
    if match.group("whose").lower() in ("her", "his"):
        owner = spoken.resolve(match.group("whose"), match.start())
        if owner is None:
            return
    head = match.group("what").split()[-1]
    label = f"{owner.subject}'s {head}" if owner else f"my {head}"
    yield Found(label, "name", match.group("v"), 0.8)


@phrase(
    rf"\b(?:an?|our|my|the) (?P<what>[a-z]+(?: [a-z]+)?), (?:her|his|their|its) name is "
    rf"(?P<v>{_NAME})"
)
@phrase(
    rf"\b[Tt]he (?P<what>bride|groom|[a-z]+) (?:is|was|has|works|"
    rf"lives)\b[^.;:]{{0,40}}?, (?:her|his) name is "
    rf"(?P<v>{_NAME})"
)
def _host(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "we live with a host, her name is Gwen": a role that we know no word for."""
    first = re.search(r"\b(?:I|we|my|our|us|me)\b", spoken.text[: match.end()], re.IGNORECASE)
    known = read_role(match.group("what"))
    definite = match.group().lower().startswith("the ")
    if ((first and known is None) or definite) and may_name(
        match.group("v"), spoken.user.cast, casual=False
    ):
        label = f"{'the' if definite else 'my'} {match.group('what').split()[-1]}"
        spoken.user.cast.meet(label, "person", match.group("v"), "", spoken.user.here)
        yield Found(label, "name", match.group("v"), 0.8)


@phrase(rf"^(?P<v>{CAP}), after (?:my|our) \w+")
def _after_my_dad(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Mateo, after my dad", of a child to come."""
    who = waiting_for(spoken, 0)
    if who is None and may_name(match.group("v"), spoken.user.cast, casual=False):
        yield Found("my baby", "name", match.group("v"), 0.8)
    else:
        yield from give(spoken, who, match.group("v"))


@phrase(rf"^(?:(?:[Ww]e )?[Nn]amed|[Cc]alled) (?P<v>{CAP})(?= after\b| for\b|$|,)")
def _named_after(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "My boy is a welder. Named Leland after my dad"."""
    here = (*spoken.user.here[:2], 0)
    waiting = spoken.user.cast.unnamed(here, reach=1)
    yield from give(spoken, waiting, match.group("v"))


__all__ = ["may_name"]
