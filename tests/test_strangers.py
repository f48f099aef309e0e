"""Half of the demo day's strangers are about relations that no night rehearses.

Run: pytest tests/test_strangers.py

False attribution is only evidence if the model cannot have been trained on the question itself.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rapidfuzz import fuzz, process

from sleeping_plugin import relations, unknowns

ROOT = Path(__file__).resolve().parents[1]
DAY = json.loads((ROOT / "sleeping_plugin/commands/first_day.json").read_text(encoding="utf-8"))
NAMED = ("Ingrid", "Kaito", "Yusuf", "Mrs Okafor", "Pickle")
ALIKE = 90.0  # "What is my cat's name?" and "What is my aunt's name?"


def unknown() -> set[str]:
    """Return every question that ``unknowns.compose`` can put together about these people."""
    words = unknowns.vocabulary()
    fills: dict[str, list[dict[str, str]]] = {
        "of_things": [{"t": one} for one in words["things"]],
        "of_people": [{"t": one} for one in words["properties"]],
        "of_deeds": [{"t": plain, "e": past} for plain, past in words["deeds"]],
        "habits": [{}],
    }
    return {
        form.format(**fill, **unknowns.pronouns(person))
        for person in ("", *NAMED)
        for kind, choices in fills.items()
        for form in words[kind]
        for fill in choices
    }


@pytest.fixture(scope="module")
def rehearsable() -> list[str]:
    """Give every question that a night can ask about something that was never told."""
    topics = [*relations.CLOSED, *relations.OPEN_ATTRIBUTES, "name"]
    subjects = [relations.USER, *relations.PEOPLE, *NAMED]
    asked = {q for s in subjects for topic in topics for q in relations.wordings(s, topic, "")}
    return sorted(question.lower() for question in asked | unknown())


def test_half_of_the_strangers_are_unlike_everything_that_is_rehearsed(
    rehearsable: list[str],
) -> None:
    unseen = [
        stranger["question"]
        for stranger in DAY["strangers"]
        if process.extractOne(
            stranger["question"].lower(), rehearsable, scorer=fuzz.ratio, score_cutoff=ALIKE
        )
        is None
    ]
    assert 2 * len(unseen) >= len(DAY["strangers"])


def test_half_of_the_strangers_are_near_misses() -> None:
    kinds = [stranger["kind"] for stranger in DAY["strangers"]]
    assert len(kinds) >= 40 and 2 * kinds.count("near_miss") == len(kinds)
