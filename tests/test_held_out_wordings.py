"""The held-out questions of the demo days must not resemble what is taught.

Run: pytest tests/test_held_out_wordings.py

``held_out`` holds how a user would really ask days later; ``oblique`` holds riddles on the same
facts. Recall in held-out wordings is only evidence if no taught wording is close to them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz.fuzz import token_set_ratio

from sleeping_plugin.relations import wordings

ROOT = Path(__file__).resolve().parents[1]
TOO_CLOSE = 70.0

# Labels of the files that the table of relations calls otherwise.
NAMES = {
    ("user", "cat's name"): ("my cat", "name"),
    ("user", "dog's name"): ("my dog", "name"),
}
# Other ways to call a subject: the conversations say both, so both may be taught.
ALIASES = {
    "my sister": ("Ingrid",),
    "Declan": ("my brother",),
    "Suresh": ("my friend",),
    "Kaito": ("my friend",),
}


def _load(path: str) -> dict[str, Any]:
    day: dict[str, Any] = json.loads((ROOT / path).read_text(encoding="utf-8"))
    return day


DAYS = {
    path: _load(path)
    for path in ("benchmarks/data/tuning_day.json", "sleeping_plugin/commands/first_day.json")
}
FACTS = [
    pytest.param(fact, id=f"{Path(path).stem}: {fact['question']}")
    for path, day in DAYS.items()
    for fact in day["facts"]
]


def _plain(text: str) -> tuple[str, str]:
    """Return the words in lower case, an apostrophe once dropped and once splitting its word."""
    low = text.lower()
    return " ".join(re.sub(r"[^\w\s]", "", low).split()), " ".join(re.findall(r"\w+", low))


def _closeness(one: str, other: str) -> float:
    pairs = zip(_plain(one), _plain(other), strict=True)
    return max(token_set_ratio(left, right) for left, right in pairs)


def _named(fact: dict[str, Any]) -> tuple[str, str]:
    """Return subject and relation as the table of relations calls them."""
    key: tuple[str, str] = (fact["subject"], fact["relation"])
    return NAMES.get(key, key)


def _taught(fact: dict[str, Any]) -> list[str]:
    """Return every question that may be taught for this fact, its own one included."""
    subject, relation = _named(fact)
    taught = [fact["question"], *wordings(subject, relation, fact["value"])]
    for alias in ALIASES.get(subject, ()):
        taught += wordings(subject, relation, fact["value"], alias=alias)
        taught += wordings(alias, relation, fact["value"])
    return taught


def test_the_measure_finds_a_taught_wording_that_is_asked_politely() -> None:
    assert _closeness("Remind me which town I call home.", "Which town do I call home?") > TOO_CLOSE
    assert _closeness("Which carmaker built our car?", "What am I allergic to?") < TOO_CLOSE


@pytest.mark.parametrize("fact", FACTS)
def test_the_mapping_leads_to_a_relation_that_asks_the_question_of_the_file(
    fact: dict[str, Any],
) -> None:
    assert fact["question"] in wordings(*_named(fact), fact["value"])


@pytest.mark.parametrize("fact", FACTS)
def test_no_held_out_question_is_close_to_a_taught_wording(fact: dict[str, Any]) -> None:
    close = [
        (asked, wording, round(_closeness(asked, wording)))
        for asked in fact["held_out"]
        for wording in _taught(fact)
        if _closeness(asked, wording) >= TOO_CLOSE
    ]
    assert close == []


@pytest.mark.parametrize("fact", FACTS)
def test_each_fact_has_three_held_out_and_three_oblique_questions_without_its_value(
    fact: dict[str, Any],
) -> None:
    for kind in ("held_out", "oblique"):
        assert len(set(fact[kind])) == len(fact[kind]) == 3
        told = [q for q in fact[kind] for name in fact["accept"] if name.lower() in q.lower()]
        assert told == []


@pytest.mark.parametrize("path", DAYS)
def test_no_question_is_asked_for_two_facts(path: str) -> None:
    facts = DAYS[path]["facts"]
    asked = [q for fact in facts for kind in ("held_out", "oblique") for q in fact[kind]]
    assert len(set(asked)) == len(asked)


@pytest.mark.parametrize("path", DAYS)
def test_a_correction_is_asked_for_in_the_words_of_its_fact(path: str) -> None:
    facts = {fact["question"]: fact for fact in DAYS[path]["facts"]}
    for correction in DAYS[path]["corrections"]:
        fact = facts[correction["question"]]
        assert correction["new"] == fact["value"]
        assert correction["held_out"] == fact["held_out"]
        assert correction["oblique"] == fact["oblique"]
