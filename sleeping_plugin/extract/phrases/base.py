"""A phrase is a regular expression anywhere in a sentence and a function that reads a fact there.

Rules (:mod:`sleeping_plugin.extract.rules`) are for clauses; phrases are for the rest: "Tom here",
"that's where I live", "Rafael is my husband", "here in Prague", "in my free time I ...".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sleeping_plugin.extract import values
from sleeping_plugin.extract.people import Entity
from sleeping_plugin.extract.rules.base import Found, Said, said_of
from sleeping_plugin.relations.grammar import USER


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence and what is needed to understand it."""

    text: str
    previous: str  # the sentence before, in the same message
    user: Said  # the user as the one who is spoken of
    index: int  # of the sentence in its message
    ends: str  # the mark it ends with

    def place(self, text: str, *, strict: bool = False) -> str:
        """Return the place at the start of ``text``, or ""."""
        return values.place(text, casual=self.user.casual and not strict)[0]

    def resolve(self, pronoun: str, at: int) -> Entity | None:
        """Return whom a pronoun at ``at`` means."""
        return self.user.cast.resolve(pronoun, (*self.user.here[:2], at))

    def about(self, who: Entity | None, text: str) -> Said:
        """Return ``text`` as a predicate about somebody."""
        return Said(who, text, self.user.casual, self.user.cast, self.user.here)

    def says(self, text: str) -> Iterator[Found]:
        """Yield what the user would say of themselves with this predicate."""
        return said_of(self.about(None, text))


Phrase = Callable[[Spoken, "re.Match[str]"], Iterator[Found]]
PHRASES: list[tuple[re.Pattern[str], Phrase, bool]] = []
_UNREAL = re.compile(
    r"\b(?:if|unless|wish|imagine|suppose|pretend|would|might|could|should|maybe|what if|said|says|"
    r"told me|thinks|dream|dreamt|hope|want|wants)\b[^,;:.]*$",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"\b(?:I (?:should|must|might) (?:say|add|mention)|if (?:it|that) helps)\b", re.I
)


def phrase(
    *pattern: str, ignore_case: bool = False, in_questions: bool = False
) -> Callable[[Phrase], Phrase]:
    """Register a phrase; the parts of ``pattern`` are joined."""

    def register(function: Phrase) -> Phrase:
        flags = re.IGNORECASE if ignore_case else re.RegexFlag(0)
        PHRASES.append((re.compile("".join(pattern), flags), function, in_questions))
        return function

    return register


def mine(relation: str, value: str, confidence: float = 0.85) -> Found:
    """Return a triple about the user."""
    return Found(USER, relation, value, confidence)


def spoken_facts(spoken: Spoken) -> Iterator[Found]:
    """Yield what the phrases find in a sentence, but for what is supposed, wished or hearsay."""
    for pattern, function, in_questions in PHRASES:
        if spoken.ends == "?" and not in_questions:
            continue
        for match in pattern.finditer(spoken.text):
            before = spoken.text[: match.start()]
            if _UNREAL.search(before) and not _MEANT.search(before):
                continue
            for fact in function(spoken, match):
                if fact.value:
                    yield fact
