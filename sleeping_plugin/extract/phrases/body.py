"""Phrases for health and food: what makes the user ill, "I'm allergic" with the thing elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import CONDITIONS
from sleeping_plugin.extract.people import is_name
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.rules.base import Found
from sleeping_plugin.relations.grammar import words

_ILLS = (
    r"(?:sick|ill|swell|itch|sneeze|wheeze|migraines?|hives|a rash|rashes|heartburn|headaches|"
    r"palpitations|cramps|stomach ?\w*|terrible \w+|awful \w+|bad \w+)"
)
_TOPICS = (
    re.compile(
        r"\b(?:nothing with|no|without|not with|hold the|leave out the|skip the|avoid|any|"
        r"contains?|allergic to) (?P<v>[a-z]+(?: [a-z]+)?)"
        r"(?= please|,|;|$| in\b| because| since| as\b| and\b)",
        re.IGNORECASE,
    ),
    re.compile(
        r"(?:^|[.;,] ?|\b(?:but|and|because) )(?P<v>[A-Za-z]+(?: [a-z]+)?) (?:makes?|gives?|"
        r"closes?|kills?|swell|sends?) (?:my|me)\b",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:can not (?:eat|have|touch|stand)|eat|have|with|for|about) (?P<v>[a-z]+)"
        r"(?=,|;|$| because| since| as\b)",
        re.IGNORECASE,
    ),
)
_NO_CONDITION = words("pollen thyroid multiple reflux fever hay bipolar ms add insomnia vertigo")
_AILMENTS = "|".join(sorted(CONDITIONS - _NO_CONDITION, key=len, reverse=True))


@phrase(
    r"\bI am (?:\w+ )?allergic(?: to (?:them|it|those|that|this|these))?",
    r"(?=$|[,;.!]| so\b| and\b| but\b)",
    ignore_case=True,
)
@phrase(r"(?:^|, )allergic(?=,|$)", ignore_case=True)
def _allergic(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "nothing with strawberries please, I'm allergic to them"."""
    for source in (spoken.text[: match.start()], spoken.previous):
        for pattern in _TOPICS:
            topics = [values.cut(m.group("v")) for m in pattern.finditer(source.rstrip(" ,"))]
            topics = [topic for topic in topics if topic and not values.is_vague(topic)]
            if topics:
                yield mine("allergy", topics[-1])
                return


@phrase(
    r"(?:^|[:;.,] ?|\b(?:and|but|because|since|though) )(?P<v>[A-Za-z][a-z]+(?: [a-z]+)?) ",
    rf"(?:(?:would|could|can|will) )?(?:(?:makes?|gives?) me {_ILLS}|sends? me to (?:the "
    r")?hospital|"
    r"kills? me\b)",
    ignore_case=True,
)
@phrase(
    r"\b(?:I|me|my)\b.{0,40}\b(?:hives|rash|swell(?: up)?|itch\w*|sneez\w+|allergic reaction|"
    r"anaphyla\w+)\b.{0,20}?\b(?:from|after eating|after|when I eat|when I touch|because of) ",
    r"(?P<v>[a-z]+(?: [a-z]+)?)",
    ignore_case=True,
)
def _makes_ill(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    value = values.cut(match.group("v"))
    if not values.is_vague(value):
        yield mine("intolerance", value)
    del spoken


@phrase(rf"\b[Mm]y (?:(?:bad|chronic|old|terrible) )?(?P<v>{_AILMENTS})\b")
def _my_ailment(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I don't drive at night, my cataracts"."""
    yield mine("medical condition", match.group("v"), 0.8)
    del spoken


@phrase(
    r"\b(?:I|me)\b[^.;]*(?:, |\bput me on )(?:on )?(?P<v>(?:type (?:1|2) )?(?:diabetic|"
    r"coeliac|celiac|asthmatic|"
    r"vegan|vegetarian|statins|insulin|metformin|warfarin|beta blockers|"
    r"antidepressants|blood thinners))\b"
)
def _on_the_side(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I can't do gluten, coeliac since I was nine", "Dr Achebe put me on statins"."""
    value = match.group("v")
    drug = re.search(r"(?:ins?|s|in)$", value) and not value.endswith("tics")
    yield mine("take" if drug else "diet" if value.startswith("veg") else "health", value, 0.8)
    del spoken


@phrase(rf"^(?P<v>{_AILMENTS})(?=,|$| so I\b)", ignore_case=True)
@phrase(rf"\bI (?:am|get|suffer|struggle|live|deal) [^.;?,]*\b(?P<v>{_AILMENTS})$")
@phrase(rf"\b(?:I|my|me)\b[^.;]*, (?:my )?(?P<v>{_AILMENTS})$")
def _because_of(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I can't have it anymore, gallstones"."""
    yield mine("medical condition", match.group("v"), 0.8)
    del spoken


@phrase(r"\bI (?:have|had|suffer from|got|live with) (?:had )?(?:it|this|that)\b")
def _have_it(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Is there a cure for tinnitus? I've had it since 2018"."""
    known = re.search(rf"\b(?P<v>{_AILMENTS})\b", spoken.previous, re.IGNORECASE)
    if known:
        yield mine("medical condition", known.group("v"), 0.8)
    del match


@phrase(
    r"^(?P<v>[A-Z][a-z]+(?: [a-z]+)?),? I (?:must avoid|have to avoid|can not (?:eat|have|touch|"
    r"stand)|"
    r"do not eat|never eat|must not eat|am not allowed)(?=$|[,;.]| and\b| but\b|: )"
)
def _must_avoid(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Shellfish I must avoid"."""
    if is_name(match.group("v").split()[0]):
        yield mine("avoids eating", match.group("v"))
    del spoken
