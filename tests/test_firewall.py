"""Each fact filter refuses what it is there for, and lets plain facts through.

Run: pytest tests/test_firewall.py
"""

from __future__ import annotations

import pytest

from sleeping_plugin import relations
from sleeping_plugin.firewall import FILTERS, holds, register_fact_filters
from sleeping_plugin.hookspecs import FactFilter
from sleeping_plugin.records import Candidate, Ruling, Turn


def turn(text: str, role: str = "user") -> Turn:
    """Return turn 1."""
    return Turn(1, "chat", 0, role, text, "2025-01-01T00:00:00Z")


def candidate(value: str, relation: str = "home city", subject: str = "user") -> Candidate:
    """Return a candidate from turn 1, as a careless extractor might make it."""
    return Candidate(
        subject,
        relation,
        value,
        relations.question(subject, relation, value),
        relations.answer(subject, relation, value),
        1,
        value,
        "stranger",
        0.9,
    )


def refused_by(one: Candidate, said: Turn) -> set[str]:
    """Return the names of the filters that do not accept."""
    return {f.name for f in FILTERS if f.judge(one, said).ruling is not Ruling.ACCEPT}


@pytest.mark.parametrize(
    ("said", "value", "relation", "name"),
    [
        ("I live in Porto.", "Lisbon", "home city", "grounded"),
        ("I live in Portofino.", "Porto", "home city", "grounded"),
        ('She said "I moved to Porto last year".', "Porto", "home city", "pasted"),
        ("Summarise this: I live in Porto.", "Porto", "home city", "pasted"),
        ("```\ncity = 'Porto'\n```", "Porto", "home city", "pasted"),
        ("The shop tablet has [redacted] on it", "[redacted]", "note", "secret"),
        ("My PIN is four digits", "four digits", "pin", "secret"),
        ("Imagine I live in Porto.", "Porto", "home city", "made-up"),
        ("Pretend to be a guide from Porto.", "Porto", "home city", "made-up"),
        ("If I lived in Porto I'd swim.", "Porto", "home city", "made-up"),
        ("Do I live in Porto?", "Porto", "home city", "asked"),
        ("What is the way to Porto?", "Porto", "home city", "asked"),
        ("I am tired.", "tired", "job", "junk"),
        ("It is what it is.", "it", "job", "junk"),
        ("I live here and there and everywhere and in between and beyond it all.",
         "here and there and everywhere and in between and beyond it all", "home city", "junk"),
    ],
)  # fmt: skip
def test_each_filter_refuses_its_kind(said: str, value: str, relation: str, name: str) -> None:
    assert name in refused_by(candidate(value, relation), turn(said))


def test_only_the_users_own_turn_counts() -> None:
    one = candidate("Porto")
    assert refused_by(one, turn("You live in Porto.", "assistant")) == {"speaker"}
    other = Turn(2, "chat", 1, "user", "I live in Porto.", "")
    assert refused_by(one, other) == {"speaker"}


@pytest.mark.parametrize(
    ("said", "one"),
    [
        ("I live in Porto.", candidate("Porto")),
        ("i live in porto btw", candidate("porto")),
        ("I'm Tom, where can I buy skis?", candidate("Tom", "name")),
        ("What could I give my sister Mara?", candidate("Mara", "name", "my sister")),
        ("If it helps, I'm a nurse.", candidate("nurse", "job")),
        (
            "I have a cat called O\N{RIGHT SINGLE QUOTATION MARK}Malley.",
            candidate("O'Malley", "name", "my cat"),
        ),
    ],
)  # fmt: skip
def test_plain_facts_pass_every_filter(said: str, one: Candidate) -> None:
    assert refused_by(one, turn(said)) == set()


def test_every_reason_is_a_phrase_for_the_user() -> None:
    verdicts = [f.judge(candidate("tired"), turn("You are tired?", "assistant")) for f in FILTERS]
    reasons = [v.reason for v in verdicts if v.ruling is not Ruling.ACCEPT]
    assert reasons and all(reason and not reason.endswith(".") for reason in reasons)


def test_all_filters_are_registered_by_the_hook() -> None:
    found: list[FactFilter] = []
    register_fact_filters(found.append)
    assert [one.name for one in found] == [one.name for one in FILTERS]
    assert len({one.name for one in found}) == len(found)


def test_words_are_compared_whole_and_without_case() -> None:
    assert holds("I LIVE in  new york!", "New York")
    assert not holds("I live in Newark", "New")
    assert not holds("anything", " ")
