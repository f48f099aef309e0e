"""One way in which a subject has a value, and every way we know to ask for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Relation:
    """Templates of one relation, in the markup of :mod:`sleeping_plugin.relations.grammar`."""

    name: str
    asks: tuple[str, ...]  # direct questions; the first one is the question of the fact
    tells: str  # the answer, a short full sentence
    clauses: tuple[str, ...]  # embedded questions: "where {S} {live}"
    nouns: tuple[str, ...]  # what {P} can own: "home town"
    stems: tuple[str, ...]  # a statement without its end: "{S} {live} in"
    many: bool = False  # several values may hold at once: pets, languages
