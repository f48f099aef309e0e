"""What a clause says of its subject: one small rule for each way of saying a lasting thing.

A rule is a regular expression at the verb and a function that yields what was found. Rules are
written for any subject: "I live in", "my sister Mara lives in" and "who lives in" are one rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sleeping_plugin.extract.people import Cast, Entity
from sleeping_plugin.relations.grammar import USER


@dataclass(frozen=True, slots=True)
class Found:
    """A triple as a pattern read it; the subject may still be a pronoun's entity."""

    subject: str
    relation: str
    value: str
    confidence: float = 0.9
    negated: bool = False
    replaces: bool = False  # said as a correction
    place: int = 0  # within the sentence


@dataclass(frozen=True, slots=True)
class Said:
    """The predicate of one clause, and whom it is about."""

    who: Entity | None  # None: the user
    text: str  # from the verb on
    casual: bool
    cast: Cast
    here: tuple[int, int, int]
    known: bool = True  # the subject was introduced, not just a capitalised word
    plural: bool = False
    pronoun: str = ""
    opens: bool = False  # the first words of a message, but for a greeting

    @property
    def subject(self) -> str:
        """Return the subject as facts call it."""
        return self.who.subject if self.who else USER

    @property
    def is_person(self) -> bool:
        """Tell whether the subject is a human being."""
        return self.who is None or self.who.kind == "person"


Rule = Callable[[Said, "re.Match[str]"], Iterator[Found]]
RULES: list[tuple[re.Pattern[str], Rule]] = []
BE = r"(?:am|is|are|be|was|were)"
NOW = r"(?:am|is|are)"
_ADV = (
    r"(?:(?:also|actually|currently|now|still|just|really|always|both|originally|only|mostly|"
    r"already|basically|officially|technically|all|then|very|quite|pretty|rather|fairly|severely|"
    r"highly|deathly|terribly|badly|slightly|mildly|extremely|seriously|a bit|a little|kind of|"
    r"sort of|proud to be|happily|newly|recently|about|around|almost|nearly|exactly|today|so|"
    r"well|presently|partly|half|of course|too|born and raised|by the way|btw|super|mega|"
    r"incredibly|(?:since|for) (?:\w+ ){1,2}(?:years?|months?)|absolutely|totally|completely|"
    r"quite a|such a|what you call|what they call) )*"
)


def rule(pattern: str) -> Callable[[Rule], Rule]:
    """Register a rule for clauses whose verb phrase matches ``pattern`` from its start."""

    def register(function: Rule) -> Rule:
        RULES.append((re.compile(pattern.replace("<adv>", _ADV), re.IGNORECASE), function))
        return function

    return register


def said_of(said: Said) -> Iterator[Found]:
    """Yield what the clause says, by every rule that fits; the first of a relation wins."""
    seen: set[tuple[str, str]] = set()
    for pattern, function in RULES:
        match = pattern.match(said.text)
        if match is None:
            continue
        for found in function(said, match):
            if found.value and (found.relation, found.value.lower()) not in seen:
                seen.add((found.relation, found.value.lower()))
                yield found


def found(said: Said, relation: str, value: str, confidence: float = 0.9) -> Found:
    """Return a triple about the subject of the clause."""
    return Found(said.subject, relation, value, confidence)
