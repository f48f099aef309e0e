"""Phrases that give a name to somebody spoken of before or beside: "that's the wife", "Ann and I".

A name is said first and its owner later, or the owner first and the name as an object; a couple is
named as one; a message is signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract.lexicon import FEMALE, MALE, SINGULAR_PETS
from sleeping_plugin.extract.people import (
    CAP,
    NAME,
    is_name,
    may_be_lower_name,
    read_role,
)
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.phrases.kin import role_of
from sleeping_plugin.extract.phrases.late import give, may_name, waiting_for
from sleeping_plugin.extract.rules.base import Found

_CLOSE = MALE | FEMALE | SINGULAR_PETS | {"eldest", "youngest", "oldest", "twin", "grandchild"}


@phrase(
    r"\b(?P<who>[Tt]hat|[Ss]he|[Hh]e) (?:is|was) (?P<whose>my|our|the) (?P<what>[a-z][a-z -]*?)",
    r"(?=$|,(?! [A-Z])| (?:and|but|who|so|over|in|at)\b)",
)
def _that_is_the_wife(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "That's what Colm says. That's the son.": the name was said before."""
    read = read_role(match.group("what"))
    if not read or read[1] < len(match.group("what")) or read[0].plural:
        return
    role = read[0]
    if role.kind == "thing" or (match.group("whose") == "the" and role.head not in _CLOSE):
        return
    here = (*spoken.user.here[:2], match.start())
    other = {"she": "m", "he": "f"}.get(match.group("who").lower(), "-")
    name = spoken.user.cast.last_heard(here)
    if name and role.gender != other and may_name(name, spoken.user.cast, casual=False):
        yield from role_of(spoken, name, match.group("what"), None, match.start())


@phrase(
    rf"\b(?P<v>{CAP}) and (?:I|me) (?:(?:have|had|will|am|are|were|got|get|just|also|both) )*",
    r"(?:(?:be|been|getting|celebrating|celebrate) )*",
    r"(?P<how>married|wed|engaged|together|tied the knot|eloped|our (?:\w+ )?anniversary)\b",
)
@phrase(
    rf"\b(?:[Mm]e and|[Mm]yself and) (?P<v>{CAP}) (?:(?:have|are|were|got|will|been|be|getting) )*",
    r"(?P<how>married|wed|engaged|together)\b",
)
def _ann_and_i(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Ann and I have been married twenty years"."""
    cast, name = spoken.user.cast, match.group("v")
    if not may_name(name, cast, casual=False):
        return
    wed = re.match(r"married|wed|tied|eloped|our", match.group("how"))
    label = "my spouse" if wed else "my partner"
    for one in ("my wife", "my husband", "my partner", "my fiancé", "my girlfriend"):
        known = cast.of_label(one)
        if known and known.name:
            return
        label = one if known else label
    cast.meet(label, "person", name, "", spoken.user.here)
    yield Found(label, "name", name, 0.8)


@phrase(
    rf"\b(?:get|ask|let|tell|text|ring|phone|call|send|take|bring|show) (?P<v>{CAP}) (?:to|about|",
    r"what|if|for|know|do|a|the|over|round|and)\b",
)
def _get_tahlia_to(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "my cousin's a plumber so I'll get Darren to look at it"."""
    who = waiting_for(spoken, match.start("v"), reach=0)
    if who is not None and who.kind == "person" and who.sure:
        yield from give(spoken, who, match.group("v"))


@phrase(
    rf"\b(?:feed|walk|brush|groom|bathe) (?P<v>{CAP})(?=$|,| (?:before|after|and|now|his|her|"
    rf"at)\b)",
)
@phrase(rf"(?:^|, |\b(?:and|but|so) )(?P<v>{CAP}|[a-z]{{3,}}) needs (?:his|her) (?:walk|walkies)\b")
def _feeds(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm off to feed Biscuit", "Rollo needs his walk": an animal, if nobody else."""
    name, cast = match.group("v"), spoken.user.cast
    lower = name.islower()
    if lower and not (spoken.user.casual and may_be_lower_name(name)):
        return
    if not may_name(name, cast, casual=lower) or read_role(name.lower()):
        return
    who = waiting_for(spoken, match.start("v"), reach=2)
    if who is not None and who.kind == "pet":
        yield from give(spoken, who, name, casual=lower)
        return
    label = "my dog" if "walk" in match.group() else "my pet"
    cast.meet(label, "pet", name, "", spoken.user.here)
    yield Found(label, "name", name, 0.8)


@phrase(rf"\b(?P<v>{NAME})(?: here)?,? signing off\b", in_questions=True)
@phrase(rf"\bsign (?:it|this|off|that)(?: off)?(?: as| with)? (?P<v>{NAME})(?=$|[,.;])")
@phrase(
    r"(?:^|\b)(?:[Bb]ye(?: now)?|[Gg]reetings|[Rr]egards|[Bb]est wishes|[Yy]ours(?: truly)?|"
    r"[Ss]ee ",
    rf"you|[Tt]ake care|[Gg]ood ?bye|[Ss]incerely|[Ll]ots of love), (?P<v>{CAP})$",
)
def _signs_off(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Thank you and bye, Franziska"."""
    known = spoken.user.cast.named(match.group("v"))
    if is_name(match.group("v").split()[0]) and (known is None or not known.label):
        yield mine("name", match.group("v"), 0.8)
