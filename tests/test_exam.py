"""The questions of the gate. Run: pytest tests/test_exam.py"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from sleeping_plugin.config import AdapterConfig
from sleeping_plugin.dream import dream, split_wordings
from sleeping_plugin.exam import STRANGERS, TAUGHT, general_probes, make_exam
from sleeping_plugin.records import Fact, Probe
from sleeping_plugin.scoring import says


@pytest.fixture(scope="module")
def facts(make_fact: Callable[..., Fact]) -> list[Fact]:
    return [
        make_fact("my sister", "name", "Mara"),
        make_fact("my best friend", "name", "Kaito"),
        make_fact("Kaito", "home city", "Marrakech"),
        make_fact("user", "shoe size", "43"),
    ]


def of_kind(probes: tuple[Probe, ...], kind: str) -> list[Probe]:
    return [probe for probe in probes if probe.kind == kind]


def test_every_fact_is_asked_in_taught_and_in_kept_back_wordings(facts: list[Fact]) -> None:
    probes = make_exam(facts, [], 0).probes
    for fact in facts:
        taught, back = split_wordings(fact)
        mine = [probe for probe in probes if probe.fact == fact.id]
        assert [p.question for p in of_kind(tuple(mine), "trained")] == list(taught[:TAUGHT])
        assert [p.question for p in of_kind(tuple(mine), "held_out")] == list(back)
        assert {probe.accept for probe in mine} == {(fact.value,)}
        assert mine[0].question == fact.question
    assert len(of_kind(probes, "stranger")) == STRANGERS


def test_a_stranger_may_be_answered_with_no_learnt_value(facts: list[Fact]) -> None:
    values = {fact.value for fact in facts}
    for probe in of_kind(make_exam(facts, [], 0).probes, "stranger"):
        held = {value for value in values if says(probe.question, (value,))}
        assert set(probe.accept) == values - held
        assert not says(probe.question, probe.accept)


def test_a_name_in_the_question_is_not_held_against_the_answer(facts: list[Fact]) -> None:
    asked = [p for seed in range(8) for p in make_exam(facts, [], seed).probes]
    about = [p for p in asked if p.kind == "stranger" and "Kaito" in p.question]
    assert about
    assert not any("Kaito" in probe.accept for probe in about)
    assert all("Marrakech" in probe.accept for probe in about)


def test_a_forgotten_fact_is_asked_and_must_not_be_known(
    facts: list[Fact], make_fact: Callable[..., Fact]
) -> None:
    gone = make_fact("user", "home city", "Porto")
    probes = make_exam(facts, [gone], 0).probes
    assert Probe(gone.question, ("Porto",), "stranger", gone.id) in probes
    kinds = Counter(probe.kind for probe in probes)
    assert kinds["stranger"] == STRANGERS + 1
    assert not [p for p in probes if p.fact == gone.id and p.kind in ("trained", "held_out")]


def test_a_value_of_two_facts_counts_once(make_fact: Callable[..., Fact]) -> None:
    both = [make_fact("user", "home city", "Porto"), make_fact("Kaito", "home city", "Porto")]
    for probe in of_kind(make_exam(both, [], 0).probes, "stranger"):
        assert probe.accept == ("Porto",)


def test_the_same_seed_asks_the_same_and_another_does_not(facts: list[Fact]) -> None:
    assert make_exam(facts, [], 1) == make_exam(facts, [], 1)
    assert make_exam(facts, [], 1) != make_exam(facts, [], 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_night_rehearses_no_held_out_and_no_stranger_question(
    facts: list[Fact], seed: int
) -> None:
    exam = make_exam(facts, [], seed)
    asked = {probe.question for probe in exam.probes if probe.kind in ("held_out", "stranger")}
    for example in (e for epoch in dream(facts, [], [], AdapterConfig(), seed) for e in epoch):
        if len(example.messages) == 1:
            assert example.messages[0].content not in asked


def test_general_questions_have_answers_and_come_once() -> None:
    probes = general_probes()
    assert len(probes) >= 50
    assert len({probe.question for probe in probes}) == len(probes)
    assert all(probe.accept and all(probe.accept) and not probe.fact for probe in probes)
    assert {probe.kind for probe in probes} == {"general"}


def test_the_text_is_long_enough_to_measure_drift_on(facts: list[Fact]) -> None:
    assert len(make_exam(facts, [], 0).drift_text.split()) > 1000
