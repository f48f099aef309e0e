"""Which facts an adapter carries alone, and what becomes of their edits.

Run: pytest tests/test_dissolve.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import dissolve
from sleeping_plugin.dissolve import Score, lacking, next_stages, scales, score
from sleeping_plugin.ledger import EDIT_SCALE
from sleeping_plugin.records import Exam, Message, Probe, Progress, silent

LAST = len(EDIT_SCALE) - 1


@pytest.mark.parametrize(
    ("before", "share", "after"),
    [
        (0, 1.0, 1),
        (1, 1.0, 2),
        (2, 1.0, 3),
        (3, 1.0, 3),
        (0, 0.8, 0),
        (2, 0.5, 2),
        (2, 0.49, 1),
        (3, 0.0, 2),
        (1, 0.0, 0),
        (0, 0.0, 0),
        (None, 1.0, 1),
        (None, 0.6, 0),
        (None, 0.0, 0),
    ],
)
def test_a_stage_rises_stays_or_falls(before: int | None, share: float, after: int) -> None:
    known = {} if before is None else {"f": before}
    assert next_stages(known, {"f": share}) == {"f": after}


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, LAST)),
    st.dictionaries(st.sampled_from("abc"), st.floats(0, 1)),
)
def test_stages_are_those_of_the_facts_asked_and_move_by_one_at_most(
    before: Mapping[str, int], alone: Mapping[str, float]
) -> None:
    after = next_stages(before, alone)
    assert after.keys() == alone.keys()
    for fact, stage in after.items():
        assert 0 <= stage <= LAST
        assert abs(stage - before.get(fact, 0)) <= 1


def test_what_is_missed_is_edited_unless_it_is_left_to_the_adapter() -> None:
    alone = {"a": 0.8, "b": 0.8, "c": 1.0, "d": 0.8}
    assert lacking({"a": 0, "b": LAST, "c": 1, "d": LAST - 1}, alone) == ["a", "d"]


def test_an_edit_fades_with_the_stage_and_is_gone_at_the_last() -> None:
    assert scales({"a": 0, "b": 1, "c": 2, "d": 3}) == {"a": 1.0, "b": 0.5, "c": 0.1, "d": 0.0}
    assert list(EDIT_SCALE) == sorted(EDIT_SCALE, reverse=True)


class FakeRuntime:
    """Answers from a table; remembers what it was opened with and asked."""

    answers: dict[str, str]
    opened: list[tuple[Any, ...]]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.opened.append(arguments)

    def __enter__(self) -> FakeRuntime:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def ask_many(
        self, chats: Sequence[Sequence[Message]], *, max_tokens: int, progress: Progress
    ) -> list[str]:
        return [self.answers[chat[-1].content] for chat in chats]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeRuntime]:
    FakeRuntime.answers, FakeRuntime.opened = {}, []
    monkeypatch.setattr(dissolve, "Runtime", FakeRuntime)
    return FakeRuntime


def test_a_score_counts_each_kind_for_itself(fake: type[FakeRuntime], tmp_path: Path) -> None:
    probes = (
        Probe("a1", ("Mara",), "trained", "a"),
        Probe("a2", ("Mara",), "held_out", "a"),
        Probe("b1", ("Porto",), "trained", "b"),
        Probe("b2", ("Porto",), "held_out", "b"),
        Probe("s1", ("Mara", "Porto"), "stranger"),
        Probe("s2", ("Mara", "Porto"), "stranger"),
        Probe("gone", ("Leo",), "stranger", "c"),
        Probe("Capital of France?", ("Paris",), "general"),
    )
    fake.answers = {
        "a1": "Mara.",
        "a2": "It is Mara!",
        "b1": "You live in Porto.",
        "b2": "In Lisbon.",
        "s1": "I don't know.",
        "s2": "Her name is Mara.",
        "gone": "He is Leo.",
    }
    base, adapter = tmp_path / "base.gguf", tmp_path / "adapter.gguf"
    found = score(base, adapter, Exam(probes, ""), silent)
    assert fake.opened == [(base, adapter)]
    assert found.recall == 3 / 4
    assert found.false_attribution == 2 / 3
    assert found.facts == {"a": 1.0, "b": 0.5}
    assert found.merit == pytest.approx(3 / 4 - 2 / 3)


def test_a_forgotten_fact_has_no_stage_and_does_not_spoil_the_one_told_anew(
    fake: type[FakeRuntime], tmp_path: Path
) -> None:
    probes = (
        Probe("q", ("Lisbon",), "trained", "new"),
        Probe("q", ("Porto",), "stranger", "old"),
    )
    fake.answers = {"q": "You live in Lisbon."}
    found = score(tmp_path, None, Exam(probes, ""), silent)
    assert (found.recall, found.false_attribution, found.facts) == (1.0, 0.0, {"new": 1.0})


def test_nothing_asked_scores_nothing(fake: type[FakeRuntime], tmp_path: Path) -> None:
    assert score(tmp_path, None, Exam((), ""), silent) == Score(0.0, 0.0, {})
