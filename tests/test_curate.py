"""From turns to the ledger: merging, filtering, corrections, tombstones, several values at once.

Run: pytest tests/test_curate.py
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from sleeping_plugin import relations
from sleeping_plugin.config import Config, ExtractionConfig
from sleeping_plugin.curate import CurateResult, curate, merged, same_value
from sleeping_plugin.database import connect
from sleeping_plugin.errors import RuntimeFailed
from sleeping_plugin.extract.patterns import PatternExtractor
from sleeping_plugin.firewall import FILTERS
from sleeping_plugin.hookspecs import Extractor, FactFilter
from sleeping_plugin.journal import Journal
from sleeping_plugin.ledger import Ledger
from sleeping_plugin.records import (
    Candidate,
    Conversation,
    Fact,
    FactStatus,
    Message,
    Turn,
    Verdict,
)
from sleeping_plugin.runtime import Runtime


class Scripted:
    """An extractor that returns what it is told to, from the last user turn."""

    def __init__(self, name: str, *facts: tuple[str, str, str], error: Exception | None = None):
        self.name = name
        self.facts = facts
        self.error = error

    def extract(self, turns: Sequence[Turn], model: Runtime | None) -> list[Candidate]:
        """Return the scripted facts."""
        if self.error is not None:
            raise self.error
        turn = [turn for turn in turns if turn.role == "user"][-1]
        return [candidate(*fact, turn=turn.id, extractor=self.name) for fact in self.facts]


class Broken:
    """A fact filter of a careless stranger."""

    name = "broken"

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Fail."""
        raise KeyError(candidate.value)


@dataclass
class Readers:
    """Plugins with the built-in filters and any extractors."""

    extractors: dict[str, Extractor] = field(default_factory=dict)
    fact_filters: dict[str, FactFilter] = field(
        default_factory=lambda: {one.name: one for one in FILTERS}
    )


@dataclass
class Memory:
    """Journal and ledger of one test, and how to talk into them."""

    connection: sqlite3.Connection
    journal: Journal
    ledger: Ledger
    chats: int = 0

    def say(
        self,
        *texts: str,
        day: int | None = None,
        chat: str = "",
        extractors: Sequence[Extractor] = (),
        model_facts: Literal["accept", "quarantine", "off"] = "quarantine",
        readers: Readers | None = None,
    ) -> CurateResult:
        """Add user messages as a conversation of their own, and curate."""
        self.chats += 1
        time = f"2025-01-{day if day is not None else self.chats:02d}T10:00:00Z"
        messages = [
            m for text in texts for m in (Message("user", text), Message("assistant", "ok"))
        ]
        self.journal.add(Conversation(chat or f"chat {self.chats}", time, tuple(messages), "test"))
        used = extractors or [PatternExtractor()]
        names = tuple(one.name for one in used)
        config = Config(extraction=ExtractionConfig(extractors=names, model_facts=model_facts))
        readers = readers or Readers()
        readers.extractors = {one.name: one for one in used}
        return curate(self.journal, self.ledger, readers, config, None)

    def known(self, *statuses: FactStatus) -> dict[str, str]:
        """Return the facts of these statuses (accepted, if none is given)."""
        facts = self.ledger.facts(*(statuses or (FactStatus.ACCEPTED,)))
        return {f"{fact.subject} {fact.relation}": fact.value for fact in facts}

    def fact(self, value: str) -> Fact:
        """Return the fact with this value."""
        return next(fact for fact in self.ledger.facts() if fact.value == value)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """Return an empty memory."""
    connection = connect(tmp_path / "memory.db")
    yield Memory(connection, Journal(connection), Ledger(connection))
    connection.close()


def candidate(
    subject: str,
    relation: str,
    value: str,
    *,
    turn: int = 1,
    extractor: str = "patterns",
    confidence: float = 0.5,
) -> Candidate:
    """Return a candidate."""
    return Candidate(
        subject,
        relation,
        value,
        relations.question(subject, relation, value),
        relations.answer(subject, relation, value),
        turn,
        value,
        extractor,
        confidence,
        single=not relations.holds_many(subject, relation),
    )


def test_facts_are_accepted_with_their_questions_and_turns_are_read_once(memory: Memory) -> None:
    result = memory.say("I'm Tom.", "I live in Porto.")
    assert (result.accepted, result.turns, result.conversations) == (2, 2, 1)
    assert memory.known() == {"user name": "Tom", "user home city": "Porto"}
    fact = memory.fact("Porto")
    assert fact.question == fact.wordings[0] == "Where do I live?"
    assert len(fact.wordings) >= 12
    assert memory.journal.pending() == []
    again = curate(memory.journal, memory.ledger, Readers(), Config(), None)
    assert again.candidates == 0


def test_a_correction_supersedes_within_a_conversation(memory: Memory) -> None:
    memory.say("I drive a Skoda.", "No wait, I drive a Volvo now.")
    assert memory.known() == {"user car": "Volvo"}
    old = memory.fact("Skoda")
    assert old.status is FactStatus.SUPERSEDED
    assert old.superseded_by == memory.fact("Volvo").id


def test_a_correction_supersedes_across_conversations(memory: Memory) -> None:
    memory.say("I live in Porto.")
    memory.say("We moved to Lisbon.")
    assert memory.known() == {"user home city": "Lisbon"}
    memory.say("I live in Porto again.")
    assert memory.known() == {"user home city": "Porto"}


def test_an_old_chat_imported_late_does_not_turn_back_time(memory: Memory) -> None:
    memory.say("We moved to Lisbon.", day=20)
    memory.say("I live in Porto.", day=3)
    assert memory.known() == {"user home city": "Lisbon"}
    assert memory.fact("Porto").status is FactStatus.SUPERSEDED


def test_the_same_fact_again_adds_provenance_only(memory: Memory) -> None:
    memory.say("I drive a Volvo.")
    result = memory.say("I drive an old Volvo.")
    assert (result.accepted, result.repeated) == (0, 1)
    (fact,) = memory.ledger.facts()
    assert fact.value == "Volvo"
    assert len(fact.turns) == 2


def test_what_is_over_ends_without_a_successor(memory: Memory) -> None:
    memory.say("I work at Siemens.")
    result = memory.say("I quit Siemens yesterday. I no longer work at Siemens.")
    assert memory.known() == {}
    assert result.superseded == 1
    fact = memory.fact("Siemens")
    assert (fact.status, fact.reason) == (FactStatus.SUPERSEDED, "you said that it is over")


def test_several_values_hold_at_once_and_share_their_answer(memory: Memory) -> None:
    memory.say("I speak French.")
    memory.say("I also speak German. We have two sons, Leo and Max.")
    values = {fact.value: fact.answer for fact in memory.ledger.facts(FactStatus.ACCEPTED)}
    assert values["French"] == values["German"] == "You speak French and German."
    assert values["Leo"] == values["Max"] == "Your sons are called Leo and Max."


def test_what_is_over_is_no_part_of_the_answer_any_more(memory: Memory) -> None:
    memory.say("I speak French.")
    memory.say("I also speak German.")
    memory.say("I don't speak French any more.")
    assert memory.fact("German").answer == "You speak German."


@pytest.mark.parametrize(
    ("said", "forgotten", "again"),
    [
        ("I live in Porto.", "Porto", "I live in Porto."),
        ("I drive a Volvo.", "Volvo", "I drive an old Volvo."),
        ("My sister Mara lives in Porto.", "Porto", "My sister lives in Porto."),
    ],
    ids=["the same words", "another spelling of the value", "another name of the person"],
)
def test_a_forgotten_fact_is_not_taught_again(
    memory: Memory, said: str, forgotten: str, again: str
) -> None:
    memory.say(said)
    memory.ledger.forget(memory.fact(forgotten).id)
    result = memory.say(again)
    assert result.forgotten == 1
    assert forgotten not in memory.known().values()


def test_a_person_is_one_under_name_and_role(memory: Memory) -> None:
    memory.say("My sister Mara lives in Porto.")
    memory.say("My sister lives in Faro now.")
    assert [v for k, v in memory.known().items() if "home city" in k] == ["Faro"]


def test_a_corrected_name_takes_its_facts_along(memory: Memory) -> None:
    memory.say("My wife Maria lives in Porto.")
    memory.say("Sorry, my wife's name is Mara.")
    assert memory.known() == {"my wife name": "Mara", "Mara home city": "Porto"}
    assert memory.fact("Porto").question in ("Where does Maria live?", "Where does Mara live?")
    (home,) = memory.ledger.about("Mara", "home city", FactStatus.ACCEPTED)
    assert home.question == "Where does Mara live?"


def test_no_wording_asks_for_two_facts(memory: Memory) -> None:
    memory.say("My wife is called Ana. My sister is called Eva. My brother is called Jon.")
    facts = memory.ledger.facts(FactStatus.ACCEPTED)
    asked = [wording for fact in facts for wording in fact.wordings]
    assert len(facts) == 3
    assert len(asked) == len(set(asked))


def test_rejected_candidates_leave_a_reason_in_the_counts_alone(memory: Memory) -> None:
    stranger = Scripted("stranger", ("user", "home city", "Atlantis"))
    result = memory.say("I live by the sea.", extractors=[stranger])
    assert result.rejected == 1
    assert dict(result.reasons) == {"'Atlantis' is not in your own words": 1}
    assert memory.ledger.facts() == []


@pytest.mark.parametrize(
    ("model_facts", "status"),
    [("accept", FactStatus.ACCEPTED), ("quarantine", FactStatus.QUARANTINED), ("off", None)],
)
def test_what_only_the_model_found_follows_the_configuration(
    memory: Memory, model_facts: Literal["accept", "quarantine", "off"], status: FactStatus | None
) -> None:
    model = Scripted("model", ("user", "home city", "Porto"))
    memory.say("Porto is my home.", extractors=[model], model_facts=model_facts)
    assert [fact.status for fact in memory.ledger.facts()] == ([status] if status else [])


def test_a_quarantined_fact_is_accepted_once_the_user_says_it_plainly(memory: Memory) -> None:
    memory.say("Porto is my home.", extractors=[Scripted("model", ("user", "home city", "Porto"))])
    assert memory.fact("Porto").reason == "only the model found it"
    memory.say("I live in Porto.")
    assert memory.known() == {"user home city": "Porto"}


def test_agreement_of_two_extractors_raises_the_confidence() -> None:
    (one,) = merged(
        [
            candidate("user", "home city", "Porto", confidence=0.8),
            candidate("user", "city of residence", "Porto", extractor="model", confidence=0.5),
        ]
    )
    assert (one.relation, one.extractor) == ("home city", "patterns")
    assert one.confidence == pytest.approx(0.9)


def test_merging_keeps_what_differs_and_the_order_of_the_turns() -> None:
    found = merged(
        [
            candidate("user", "home city", "Porto", turn=3),
            candidate("user", "name", "Tom", turn=1),
            candidate("user", "home city", "Lisbon", turn=3),
            candidate("my sister", "home city", "Porto", turn=3),
        ]
    )
    assert [(c.subject, c.value) for c in found] == [
        ("user", "Tom"),
        ("user", "Porto"),
        ("user", "Lisbon"),
        ("my sister", "Porto"),
    ]


def test_a_failing_extractor_is_skipped_and_the_others_read_on(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Scripted("broken", error=ZeroDivisionError("oops"))
    memory.say("I live in Porto.", extractors=[broken, PatternExtractor()])
    assert memory.known() == {"user home city": "Porto"}
    assert "broken" in caplog.text


def test_a_dead_model_stops_the_run_and_no_turn_is_lost(memory: Memory) -> None:
    dead = Scripted("model", error=RuntimeFailed("llama.cpp died"))
    with pytest.raises(RuntimeFailed):
        memory.say("I live in Porto.", extractors=[PatternExtractor(), dead])
    assert memory.ledger.facts() == []
    assert len(memory.journal.pending()) == 1


def test_a_failing_filter_quarantines(memory: Memory) -> None:
    readers = Readers()
    readers.fact_filters["broken"] = Broken()
    memory.say("I live in Porto.", readers=readers)
    assert memory.fact("Porto").status is FactStatus.QUARANTINED


def test_an_unknown_extractor_is_named_in_the_log(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    config = Config(extraction=ExtractionConfig(extractors=("oracle",)))
    memory.journal.add(Conversation("c", "", (Message("user", "I'm Tom."),), "test"))
    curate(memory.journal, memory.ledger, Readers(), config, None)
    assert "oracle" in caplog.text


def test_a_failure_while_writing_leaves_the_conversation_pending(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []
    add = memory.ledger.add

    def fail_the_second(*arguments: object, **named: object) -> Fact:
        calls.append(arguments)
        if len(calls) == 2:
            raise OSError("disk on fire")
        return add(*arguments, **named)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(memory.ledger, "add", fail_the_second)
    with pytest.raises(OSError, match="fire"):
        memory.say("I'm Tom. I live in Porto.")
    monkeypatch.undo()
    assert memory.ledger.facts() == []
    assert len(memory.journal.pending()) == 1


def test_new_turns_of_a_known_conversation_are_read_with_the_old_as_context(memory: Memory) -> None:
    first = (Message("user", "My brother Olle rang."), Message("assistant", "Nice!"))
    memory.journal.add(Conversation("c", "2025-01-01T00:00:00Z", first, "test"))
    readers = Readers({"patterns": PatternExtractor()})
    config = Config(extraction=ExtractionConfig(extractors=("patterns",)))
    curate(memory.journal, memory.ledger, readers, config, None)
    more = (*first, Message("user", "He lives in Malmö."))
    memory.journal.add(Conversation("c", "2025-01-01T00:00:00Z", more, "test"))
    result = curate(memory.journal, memory.ledger, readers, config, None)
    assert (result.turns, result.accepted, result.repeated) == (1, 1, 0)
    assert memory.known() == {"my brother name": "Olle", "Olle home city": "Malmö"}


def test_progress_is_told_for_each_conversation(memory: Memory) -> None:
    for number in range(3):
        chat = (Message("user", "I'm Tom."),)
        memory.journal.add(Conversation(f"c{number}", "", chat, "test"))
    seen: list[float] = []
    config = Config(extraction=ExtractionConfig(extractors=("patterns",)))
    readers = Readers({"patterns": PatternExtractor()})
    curate(memory.journal, memory.ledger, readers, config, None, lambda _, done: seen.append(done))
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Volvo", "volvo", True),
        ("Volvo", "an old Volvo", True),
        ("Porto", "Portugal", False),
        ("software engineer", "software-engineer", True),
        ("Mara", "Maria", False),
        ("3 May 1990", "3 May 1991", False),
        ("34", "35", False),
        ("Leo", "Theo", False),
        ("nurse", "night nurse", True),
        ("Castle Street 12", "Castle Street 13", False),
    ],
)
def test_spellings_of_one_value_are_told_from_other_values(
    one: str, other: str, same: bool
) -> None:
    assert same_value(one, other) is same
    assert same_value(other, one) is same
