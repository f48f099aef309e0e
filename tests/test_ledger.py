"""Facts, their provenance, history and stages: pytest tests/test_ledger.py"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import database
from sleeping_plugin.errors import NotFound, StateError
from sleeping_plugin.journal import Journal
from sleeping_plugin.ledger import EDIT_SCALE, Ledger, Provenance, fact_id
from sleeping_plugin.records import Candidate, Conversation, Fact, FactStatus, Message

ACCEPTED, QUARANTINED = FactStatus.ACCEPTED, FactStatus.QUARANTINED
SUPERSEDED, FORGOTTEN = FactStatus.SUPERSEDED, FactStatus.FORGOTTEN


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database.connect(tmp_path / "memory.db")) as opened:
        yield opened


@pytest.fixture
def ledger(connection: sqlite3.Connection) -> Ledger:
    return Ledger(connection)


@pytest.fixture
def journal(connection: sqlite3.Connection) -> Journal:
    return Journal(connection)


def home_is(value: str, turn: int = 1) -> Candidate:
    return Candidate(
        subject="user",
        relation="home",
        value=value,
        question="Where do I live?",
        answer=f"You live in {value}.",
        turn=turn,
        evidence=f"I live in {value}",
        extractor="patterns",
        confidence=0.9,
    )


def add(ledger: Ledger, value: str, turn: int = 1, status: FactStatus = ACCEPTED) -> Fact:
    return ledger.add(home_is(value, turn), status, ["Where do I live?", "Which city is my home?"])


def say(journal: Journal, text: str, time: str, name: str) -> int:
    """Journal one message and return its turn."""
    said = (Message("user", text),)
    return journal.add(Conversation(name, time, said, "test"))[0].id


def test_a_fact_is_stored_with_all_that_is_known_of_it(ledger: Ledger) -> None:
    fact = ledger.add(home_is("Porto", 7), ACCEPTED, ["Where do I live?", "Where do I live?", "?"])
    assert fact == ledger.get(fact.id)
    assert fact.id == fact_id("user", "home", "Porto")
    assert (fact.subject, fact.relation, fact.value) == ("user", "home", "Porto")
    assert (fact.question, fact.answer) == ("Where do I live?", "You live in Porto.")
    assert fact.wordings == ("Where do I live?", "?")
    assert (fact.status, fact.turns, fact.single) == (ACCEPTED, (7,), True)
    assert (fact.extractor, fact.reason, fact.superseded_by) == ("patterns", "", None)
    assert fact.created == fact.updated
    assert ledger.provenance(fact.id) == [Provenance(7, "I live in Porto", "patterns", 0.9)]


def test_the_id_is_fixed_and_knows_no_spelling() -> None:
    assert fact_id("user", "home", "Porto") == "f-162ef67897"
    assert fact_id(" User", "HOME", "porto.") == fact_id("user", "home", "Porto")
    assert fact_id("user", "job", "a  teacher") == fact_id("user", "job", "teacher")
    assert fact_id("user", "home", "Porto") != fact_id("user", "home", "Lisbon")
    assert fact_id("a b", "c", "d") != fact_id("a", "b c", "d")
    assert fact_id("user", "x", "A") != fact_id("user", "x", "")


@given(st.text(), st.text(), st.text())
def test_every_triple_has_an_id(subject: str, relation: str, value: str) -> None:
    assert len(fact_id(subject, relation, value)) == 12
    assert fact_id(subject, relation, value) == fact_id(f" {subject} ", relation, f"{value} ")


def test_the_same_fact_from_two_conversations_has_two_provenances(ledger: Ledger) -> None:
    first = add(ledger, "Porto", 1)
    again = ledger.add(replace(home_is("porto", 9), evidence="we live in porto"), ACCEPTED, ["?"])
    assert again == replace(first, turns=(1, 9))
    assert ledger.facts() == [again]
    assert [p.evidence for p in ledger.provenance(first.id)] == [
        "I live in Porto",
        "we live in porto",
    ]
    assert add(ledger, "Porto", 9).turns == (1, 9)


def test_a_quarantined_fact_keeps_its_reason_until_it_is_accepted(ledger: Ledger) -> None:
    doubtful = ledger.add(home_is("Porto"), QUARANTINED, [], "only the model read it")
    assert (doubtful.status, doubtful.reason) == (QUARANTINED, "only the model read it")
    sure = add(ledger, "Porto", 2)
    assert (sure.status, sure.reason, sure.turns) == (ACCEPTED, "", (1, 2))
    assert sure.wordings[0] == "Where do I live?"
    assert add(ledger, "Porto", 3, QUARANTINED).status is ACCEPTED


def test_facts_are_listed_by_status_oldest_first(ledger: Ledger) -> None:
    porto, lisbon = add(ledger, "Porto"), add(ledger, "Lisbon")
    rome = add(ledger, "Rome", status=QUARANTINED)
    assert ledger.facts() == [porto, lisbon, rome]
    assert ledger.facts(ACCEPTED) == [porto, lisbon]
    assert ledger.facts(QUARANTINED, FORGOTTEN) == [rome]
    assert ledger.about("User", "home") == [porto, lisbon, rome]
    assert ledger.about("user", "home", QUARANTINED) == [rome]
    assert ledger.about("user", "job") == []


class TestSupersede:
    def test_a_correction_replaces_the_old_value(self, ledger: Ledger) -> None:
        old, new = add(ledger, "Porto", 1), add(ledger, "Lisbon", 2)
        ledger.supersede(old.id, new.id)
        assert ledger.facts(ACCEPTED) == [new]
        assert ledger.get(old.id).status is SUPERSEDED
        assert ledger.get(old.id).superseded_by == new.id
        ledger.supersede(new.id, new.id)
        assert ledger.get(new.id).status is ACCEPTED

    def test_reading_the_old_turn_again_does_not_turn_back_time(self, ledger: Ledger) -> None:
        old, new = add(ledger, "Porto", 1), add(ledger, "Lisbon", 2)
        ledger.supersede(old.id, new.id)
        assert add(ledger, "Porto", 1).status is SUPERSEDED

    def test_an_old_chat_imported_late_does_not_turn_back_time(
        self, ledger: Ledger, journal: Journal
    ) -> None:
        first = say(journal, "I live in Porto", "2023-01-01", "a")
        second = say(journal, "I live in Lisbon", "2025-01-01T00:30:00+01:00", "b")
        late_import = say(journal, "I live in Porto now", "2024-12-31T23:00:00Z", "c")
        old, new = add(ledger, "Porto", first), add(ledger, "Lisbon", second)
        ledger.supersede(old.id, new.id)
        again = add(ledger, "Porto", late_import)
        assert (again.status, again.turns) == (SUPERSEDED, (first, late_import))

    def test_moving_back_later_brings_the_fact_back(self, ledger: Ledger, journal: Journal) -> None:
        turns = [say(journal, text, f"2025-0{text}-01", text) for text in "123"]
        old, new = add(ledger, "Porto", turns[0]), add(ledger, "Lisbon", turns[1])
        ledger.supersede(old.id, new.id)
        assert add(ledger, "Porto", turns[2], QUARANTINED).status is SUPERSEDED
        back = ledger.add(home_is("Porto", 999), ACCEPTED, ["?"])
        assert back.status is SUPERSEDED  # not in the journal: of unknown time
        fourth = say(journal, "back in Porto", "2025-04-01", "4")
        back = add(ledger, "Porto", fourth)
        assert (back.status, back.superseded_by) == (ACCEPTED, None)

    def test_only_what_is_later_than_the_last_correction_counts(
        self, ledger: Ledger, journal: Journal
    ) -> None:
        first, second, fourth = (say(journal, t, f"2025-0{t}-01", t) for t in "124")
        third = say(journal, "Porto", "2025-03-01", "3")
        porto, lisbon = add(ledger, "Porto", first), add(ledger, "Lisbon", second)
        rome = add(ledger, "Rome", fourth)
        ledger.supersede(porto.id, lisbon.id)
        ledger.supersede(lisbon.id, rome.id)
        assert add(ledger, "Porto", third).status is SUPERSEDED

    def test_a_fact_that_ended_comes_back_when_it_is_said_again(self, ledger: Ledger) -> None:
        fact = add(ledger, "Porto", 1)
        ended = ledger.set_status(fact.id, SUPERSEDED, "you said it is no longer so")
        assert ended.reason == "you said it is no longer so"
        assert add(ledger, "Porto", 1).status is SUPERSEDED
        assert add(ledger, "Porto", 2).status is ACCEPTED

    def test_unknown_facts_are_refused(self, ledger: Ledger) -> None:
        fact = add(ledger, "Porto")
        for pair in ((fact.id, "f-0000000000"), ("f-0000000000", fact.id)):
            with pytest.raises(NotFound, match="f-0000000000"):
                ledger.supersede(*pair)
        assert ledger.facts() == [fact]


class TestForget:
    def test_a_forgotten_fact_stays_forgotten_when_old_turns_are_read_again(
        self, ledger: Ledger
    ) -> None:
        fact = add(ledger, "Porto", 1)
        assert ledger.forget(fact.id).status is FORGOTTEN
        for turn, value in ((1, "Porto"), (2, "porto"), (3, "Porto.")):
            assert add(ledger, value, turn).status is FORGOTTEN
        assert ledger.facts(ACCEPTED, QUARANTINED, SUPERSEDED) == []

    def test_a_correction_does_not_raise_it(self, ledger: Ledger) -> None:
        fact, new = add(ledger, "Porto"), add(ledger, "Lisbon", 2)
        ledger.forget(fact.id)
        ledger.supersede(fact.id, new.id)
        assert ledger.get(fact.id).status is FORGOTTEN

    def test_other_values_are_not_forgotten_with_it(self, ledger: Ledger) -> None:
        ledger.forget(add(ledger, "Porto").id)
        assert add(ledger, "Lisbon", 2).status is ACCEPTED

    def test_the_user_can_change_their_mind(self, ledger: Ledger) -> None:
        fact = add(ledger, "Porto")
        ledger.forget(fact.id)
        assert ledger.set_status(fact.id, ACCEPTED).status is ACCEPTED


class TestGet:
    def test_by_id_and_by_its_beginning(self, ledger: Ledger) -> None:
        fact = add(ledger, "Porto")
        for name in (fact.id, fact.id[:6], fact.id[2:8], fact.id[2:8].upper()):
            assert ledger.get(name) == fact

    def test_by_its_question_or_a_wording_however_it_is_typed(self, ledger: Ledger) -> None:
        fact = add(ledger, "Porto")
        for name in ("Where do I live?", "where do i live", "which city is my home?"):
            assert ledger.get(name) == fact

    def test_a_question_finds_the_value_that_holds(self, ledger: Ledger) -> None:
        old, new = add(ledger, "Porto", 1), add(ledger, "Lisbon", 2)
        ledger.supersede(old.id, new.id)
        assert ledger.get("Where do I live?") == new
        ledger.forget(new.id)
        assert ledger.get("Where do I live?").id == old.id

    def test_a_question_with_several_answers_asks_for_the_id(self, ledger: Ledger) -> None:
        porto, lisbon = add(ledger, "Porto"), add(ledger, "Lisbon")
        with pytest.raises(NotFound, match=rf"{porto.id} \(Porto\), {lisbon.id} \(Lisbon\)"):
            ledger.get("Where do I live?")

    def test_what_is_unknown_is_answered_with_the_nearest(self, ledger: Ledger) -> None:
        with pytest.raises(NotFound, match="sleeping facts"):
            ledger.get("Where do I live?")
        fact = add(ledger, "Porto")
        with pytest.raises(NotFound, match=f"nearest is {fact.id}"):
            ledger.get("Where did I live?")
        with pytest.raises(NotFound):
            ledger.get("")


def test_wordings_can_be_replaced(ledger: Ledger) -> None:
    fact = add(ledger, "Porto")
    ledger.set_wordings(fact.id, ["Où ?", "Where?", "Où ?"])
    assert ledger.get(fact.id).wordings == ("Où ?", "Where?")
    with pytest.raises(NotFound):
        ledger.set_wordings("f-0000000000", [])


def test_the_history_of_every_recall_test_is_kept(ledger: Ledger) -> None:
    fact, other = add(ledger, "Porto"), add(ledger, "Lisbon")
    with ledger.transaction():
        ledger.record_recall(fact.id, "base", "Where do I live?", "I don't know.", False)
        ledger.record_recall(fact.id, "v-1", "Where do I live?", "In Porto.", True)
        ledger.record_recall(fact.id, "v-1", "Where do I live?", "In Porto.", True)
    history = ledger.recalls(fact.id)
    assert [(r.version, r.answer, r.recalled) for r in history] == [
        ("base", "I don't know.", False),
        ("v-1", "In Porto.", True),
        ("v-1", "In Porto.", True),
    ]
    assert ledger.recalls(other.id) == []
    with pytest.raises(StateError):
        ledger.record_recall("f-0000000000", "v-1", "?", "?", True)


def test_stages_belong_to_a_version(ledger: Ledger) -> None:
    porto, lisbon = add(ledger, "Porto"), add(ledger, "Lisbon")
    ledger.set_stages("v-1", {porto.id: 0, lisbon.id: 3})
    ledger.set_stages("v-2", {porto.id: 1})
    assert ledger.stages("v-1") == {porto.id: 0, lisbon.id: 3}
    assert ledger.stages("v-2") == {porto.id: 1}
    assert ledger.stages("base") == {}
    ledger.set_stages("v-1", {lisbon.id: 2})
    assert ledger.stages("v-1") == {lisbon.id: 2}


def test_stages_that_cannot_be_stored_leave_the_old_ones(ledger: Ledger) -> None:
    fact = add(ledger, "Porto")
    ledger.set_stages("v-1", {fact.id: 1})
    for wrong in ({fact.id: len(EDIT_SCALE)}, {"f-0000000000": 0}):
        with pytest.raises(StateError):
            ledger.set_stages("v-1", wrong)
    assert ledger.stages("v-1") == {fact.id: 1}


def test_no_secret_reaches_the_file(ledger: Ledger, tmp_path: Path) -> None:
    leaky = replace(
        home_is("hunter2"),
        question="What is my password?",
        answer="Your password is hunter2.",
        evidence="my password is hunter2",
        value="my password is hunter2",
    )
    fact = ledger.add(leaky, QUARANTINED, ["Is my password hunter2?"], "my password is hunter2")
    ledger.set_wordings(fact.id, ["Is hunter2 my password?"])
    ledger.record_recall(fact.id, "v-1", "password?", "your password is hunter2", True)
    assert "hunter2" not in ledger.get(fact.id).answer
    evidence = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"password is [redacted]" in evidence
    assert b"password is hunter2" not in evidence


def test_several_writes_are_one(ledger: Ledger, journal: Journal) -> None:
    turn = say(journal, "I live in Porto", "2025-01-01", "a")
    with pytest.raises(KeyboardInterrupt), ledger.transaction():
        add(ledger, "Porto", turn)
        journal.mark_extracted([turn])
        raise KeyboardInterrupt
    assert ledger.facts() == []
    assert journal.pending_ids() == {turn}


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_kill_loses_no_accepted_fact_and_leaves_no_half_one(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    code = f"""if True:
        import os, pathlib, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_ledger import add
        from sleeping_plugin import database
        from sleeping_plugin.ledger import Ledger
        ledger = Ledger(database.connect(pathlib.Path({str(path)!r})))
        add(ledger, "Porto", 1)
        with ledger.transaction():
            new = add(ledger, "Lisbon", 2)
            ledger.supersede(ledger.facts()[0].id, new.id)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    child = subprocess.run([sys.executable, "-c", code], check=False)
    assert child.returncode == -signal.SIGKILL
    with closing(database.connect(path)) as connection:
        facts = Ledger(connection).facts()
        assert [(fact.value, fact.status, fact.turns) for fact in facts] == [
            ("Porto", ACCEPTED, (1,))
        ]


@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "doubt", "forget", "replace"]), st.integers(0, 2)),
        max_size=12,
    )
)
def test_whatever_happens_a_tombstone_stays_and_no_row_is_lost(
    steps: list[tuple[str, int]],
) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        database.MIGRATIONS[0](connection)
        ledger = Ledger(connection)
        ids = [add(ledger, value, number).id for number, value in enumerate("xyz")]
        gone: set[str] = set()
        for turn, (step, number) in enumerate(steps, start=10):
            if step in ("add", "doubt"):
                add(ledger, "xyz"[number], turn, ACCEPTED if step == "add" else QUARANTINED)
            elif step == "forget":
                ledger.forget(ids[number])
                gone.add(ids[number])
            else:
                ledger.supersede(ids[number], ids[(number + 1) % 3])
            facts = ledger.facts()
            assert [fact.id for fact in facts] == ids
            assert {fact.id for fact in facts if fact.status is FORGOTTEN} == gone
