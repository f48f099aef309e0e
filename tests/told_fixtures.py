"""What is read out of a conversation that a test writes down in lines."""

from __future__ import annotations

from collections.abc import Iterable

from sleeping_plugin.extract.patterns import PatternExtractor
from sleeping_plugin.firewall import FILTERS
from sleeping_plugin.records import Candidate, Ruling, Turn


def turns_of(*texts: str) -> list[Turn]:
    """Return a conversation; a text that starts with "A:" is the assistant's."""
    return [
        Turn(
            number + 1,
            "chat",
            number,
            "assistant" if text.startswith("A:") else "user",
            text.removeprefix("A:").strip(),
            "2025-05-12T07:40:00Z",
        )
        for number, text in enumerate(texts)
    ]


def read(*texts: str) -> list[Candidate]:
    """Return what is extracted and let through by the firewall."""
    turns = {turn.id: turn for turn in turns_of(*texts)}
    return [
        candidate
        for candidate in PatternExtractor().extract(list(turns.values()), None)
        if all(
            one.judge(candidate, turns[candidate.turn]).ruling is Ruling.ACCEPT for one in FILTERS
        )
    ]


def stated(candidates: Iterable[Candidate]) -> set[str]:
    """Return facts as "subject | relation | value"; ended ones start with "not "."""
    return {
        ("not " if one.negated else "") + f"{one.subject} | {one.relation} | {one.value}"
        for one in candidates
    }


def told(*texts: str) -> set[str]:
    """Return what a conversation tells."""
    return stated(read(*texts))
