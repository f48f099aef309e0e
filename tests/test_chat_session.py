"""A chat's window and journal, on a stand-in model. Run: pytest tests/test_chat_session.py"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.chat_session import NOTE, ChatSession
from sleeping_plugin.errors import DiskFull, RuntimeFailed, UsageError
from sleeping_plugin.records import Conversation, Message

SUMMARY = "they said things"


@dataclass
class FakeModel:
    """Counts a token per word and two per message; answers with the number of messages."""

    context: int = 100
    answer: str = ""
    summary: str = SUMMARY
    takes_system: bool = True
    fails_at: int = -1  # piece of an answer
    asked: list[list[Message]] = field(default_factory=list)
    summarised: list[str] = field(default_factory=list)
    seeds: list[int] = field(default_factory=list)
    closed: int = 0

    def chat_tokens(self, chats: Sequence[Sequence[Message]]) -> list[list[int]]:
        for chat in chats:
            self.check(chat)
        return [[0] * sum(2 + len(m.content.split()) for m in chat) for chat in chats]

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Iterator[str]:
        assert len(self.chat_tokens([messages])[0]) + max_tokens <= self.context
        if messages[0].content.startswith("Summarise the following"):
            self.summarised.append(messages[0].content)
            yield from self.pieces(self.summary)
            return
        self.asked.append(list(messages))
        self.seeds.append(seed)
        yield from self.pieces(self.answer or f" answer {len(self.asked)}")

    def pieces(self, text: str) -> Iterator[str]:
        try:
            for place, word in enumerate(text.split(" ")):
                if place == self.fails_at:
                    raise RuntimeFailed("llama.cpp was killed by signal 9")
                yield word + " "
        except GeneratorExit:
            self.closed += 1
            raise

    def check(self, chat: Sequence[Message]) -> None:
        """Refuse what strict templates refuse."""
        roles = [m.role for m in chat]
        if roles[0] == "system":
            if not self.takes_system:
                raise RuntimeFailed("System role not supported")
            del roles[0]
        if any(role != ("user", "assistant")[place % 2] for place, role in enumerate(roles)):
            raise RuntimeFailed("Conversation roles must alternate")


@dataclass
class FakeJournal:
    """Keeps what was added; refuses while ``full``."""

    full: bool = False
    added: list[Conversation] = field(default_factory=list)

    def add(self, conversation: Conversation) -> None:
        if self.full:
            raise DiskFull("The disk is full.")
        self.added.append(conversation)

    def texts(self) -> list[str]:
        return [m.content for m in self.added[-1].messages]


def make(
    model: FakeModel | None = None, max_tokens: int = 20
) -> tuple[ChatSession, FakeModel, FakeJournal, list[str]]:
    model, journal = model or FakeModel(), FakeJournal()
    warnings: list[str] = []
    session = ChatSession(
        model,
        journal,
        context=model.context,
        max_tokens=max_tokens,
        temperature=0.7,
        seed=5,
        warn=warnings.append,
    )
    return session, model, journal, warnings


def say(session: ChatSession, text: str, stopped: Callable[[], bool] | None = None) -> str:
    return "".join(session.reply(text, stopped) if stopped else session.reply(text))


def test_a_turn_is_journalled_before_it_is_answered_and_again_with_the_answer() -> None:
    session, _, journal, _ = make()
    pieces = session.reply("I am Mara")
    assert next(pieces) == "answer "
    assert journal.texts() == ["I am Mara"]
    assert list(pieces) == ["1 "]
    assert journal.texts() == ["I am Mara", "answer 1"]
    assert {(c.id, c.source) for c in journal.added} == {(session.id, "chat")}


def test_the_model_sees_what_was_said_before() -> None:
    session, model, _, _ = make()
    say(session, "one")
    say(session, "two")
    assert [m.content for m in model.asked[-1]] == ["one", "answer 1", "two"]
    assert len(set(model.seeds)) == 2


def test_a_stopped_answer_is_kept_as_far_as_it_came_and_the_chat_goes_on() -> None:
    session, model, journal, _ = make(FakeModel(answer="a b c d"))
    heard: list[str] = []
    for piece in session.reply("one", lambda: len(heard) >= 1):
        heard.append(piece)
    assert heard == ["a "] and model.closed == 1
    assert journal.texts() == ["one", "a"]
    assert say(session, "two") == "a b c d "


def test_leaving_an_answer_in_the_middle_records_it() -> None:
    session, model, journal, _ = make(FakeModel(answer="a b c d"))
    pieces = session.reply("one")
    next(pieces)
    del pieces
    assert journal.texts() == ["one", "a"] and model.closed == 1


def test_after_an_answer_without_words_the_next_message_joins_the_last() -> None:
    session, model, journal, _ = make(FakeModel(answer=" "))
    say(session, "one")
    model.answer = "yes"
    say(session, "two")
    assert [m.content for m in model.asked[-1]] == ["one\n\ntwo"]
    assert journal.texts() == ["one", "two", "yes"]


def test_a_model_that_dies_in_an_answer_is_reported_and_the_turns_are_kept() -> None:
    session, model, journal, _ = make(FakeModel(answer="a b c", fails_at=2))
    with pytest.raises(RuntimeFailed, match="signal 9"):
        say(session, "one")
    assert journal.texts() == ["one", "a b"]
    model.fails_at = -1
    assert say(session, "two") == "a b c "


def test_a_full_window_is_summarised_and_the_journal_keeps_every_word() -> None:
    session, model, journal, _ = make()
    for number in range(12):
        say(session, f"message {number} " + "word " * 8)
    assert model.summarised and "message 0" in model.summarised[0]
    assert model.asked[-1][0] == Message("system", NOTE + SUMMARY)
    assert model.asked[-1][-1].content.startswith("message 11")
    assert len(journal.texts()) == 24
    assert SUMMARY not in " ".join(journal.texts())
    # a later summary is told the earlier one
    assert any(f"Note: {NOTE}{SUMMARY}" in text for text in model.summarised[1:])


@pytest.mark.parametrize(
    "model",
    [FakeModel(summary=" "), FakeModel(takes_system=False), FakeModel(summary="a b", fails_at=1)],
    ids=["says nothing", "template refuses", "dies"],
)
def test_without_a_summary_the_oldest_messages_are_dropped(model: FakeModel) -> None:
    session, _, journal, _ = make(model)
    model.answer = "yes"
    for number in range(12):
        say(session, f"message {number} " + "word " * 8)
    assert model.summarised or not model.takes_system
    assert model.asked[-1][0].role == "user"
    assert model.asked[-1][-1].content.startswith("message 11")
    assert len(journal.texts()) == 24


def test_a_message_longer_than_the_context_is_refused_and_nothing_is_said() -> None:
    session, _, journal, _ = make()
    say(session, "one")
    with pytest.raises(UsageError, match="Send it in parts"):
        say(session, "word " * 90)
    assert journal.texts() == ["one", "answer 1"]
    assert say(session, "two") == "answer 2 "


def test_compacting_keeps_the_last_exchange() -> None:
    session, model, _, _ = make()
    assert session.compact() == ""
    say(session, "one")
    assert session.compact() == ""
    say(session, "two")
    assert session.compact() == SUMMARY
    say(session, "three")
    contents = [m.content for m in model.asked[-1]]
    assert contents == [NOTE + SUMMARY, "two", "answer 2", "three"]


def test_a_stopped_summary_changes_nothing() -> None:
    session, _, _, _ = make()
    say(session, "one")
    say(session, "two")
    window = list(session.window)
    assert session.compact(lambda: True) == "" and session.window == window


def test_a_chat_that_cannot_be_recorded_goes_on_and_says_so_once() -> None:
    session, _, journal, warnings = make()
    journal.full = True
    say(session, "one")
    say(session, "two")
    assert warnings == ["This chat is not being recorded. The disk is full."]
    assert not session.recorded
    journal.full = False
    say(session, "three")
    assert session.recorded and len(journal.texts()) == 6


def test_a_restart_is_a_new_conversation_with_an_empty_context() -> None:
    session, model, journal, _ = make()
    say(session, "one")
    first = session.id
    session.restart()
    assert session.tokens() == 0
    say(session, "two")
    assert [m.content for m in model.asked[-1]] == ["two"]
    assert journal.added[-1].id != first and journal.texts() == ["two", "answer 2"]


@given(
    lengths=st.lists(st.integers(1, 85), min_size=1, max_size=25),
    answer=st.integers(0, 20),
    summary=st.integers(0, 12),
    takes_system=st.booleans(),
    compact_at=st.sets(st.integers(0, 24)),
)
def test_whatever_is_said_fits_the_context_and_is_journalled_in_order(
    lengths: list[int], answer: int, summary: int, takes_system: bool, compact_at: set[int]
) -> None:
    # FakeModel.stream asserts the fit, FakeModel.check the order of turns
    model = FakeModel(
        answer="a " * answer or " ", summary="s " * summary or " ", takes_system=takes_system
    )
    session, _, journal, _ = make(model)
    said = []
    for turn, length in enumerate(lengths):
        text = f"turn-{turn} " + "w " * (length - 1)
        try:
            say(session, text)
        except UsageError:
            assert length + 2 > 80
            continue
        said.append(text)
        assert text in model.asked[-1][-1].content
        if turn in compact_at:
            session.compact()
    users = [m.content for m in journal.added[-1].messages if m.role == "user"] if said else []
    assert users == said
