"""Every turn once, whatever the source repeats: pytest tests/test_journal.py"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import database
from sleeping_plugin.errors import NotFound
from sleeping_plugin.journal import Journal
from sleeping_plugin.records import Conversation, Message, Turn


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database.connect(tmp_path / "memory.db")) as opened:
        yield opened


@pytest.fixture
def journal(connection: sqlite3.Connection) -> Journal:
    return Journal(connection)


def messages(*texts: str) -> tuple[Message, ...]:
    """Return a chat: "s:" marks a system message, the others alternate, the user first."""
    roles = iter(["user", "assistant"] * len(texts))
    return tuple(
        Message("system", text[2:]) if text.startswith("s:") else Message(next(roles), text)
        for text in texts
    )


def chat(*texts: str, name: str = "c1", source: str = "test", time: str = "") -> Conversation:
    return Conversation(name, time or "2025-01-01T10:00:00Z", messages(*texts), source)


def texts(turns: list[Turn]) -> list[str]:
    return [turn.text for turn in turns]


def test_new_turns_are_returned_once(journal: Journal) -> None:
    first = journal.add(chat("Hi", "Hello!", "I live in Porto"))
    assert texts(first) == ["Hi", "Hello!", "I live in Porto"]
    assert [turn.position for turn in first] == [0, 1, 2]
    assert [turn.role for turn in first] == ["user", "assistant", "user"]
    assert {turn.conversation for turn in first} == {"c1"}
    assert journal.add(chat("Hi", "Hello!", "I live in Porto")) == []
    longer = journal.add(chat("Hi", "Hello!", "I live in Porto", "Nice", "Bye"))
    assert texts(longer) == ["Nice", "Bye"]
    assert journal.turns("c1") == [*first, *longer]
    assert journal.turn(longer[0].id) == longer[0]


def test_a_shorter_repetition_drops_nothing(journal: Journal) -> None:
    journal.add(chat("Hi", "Hello!", "I live in Porto"))
    assert journal.add(chat("Hi")) == []
    assert journal.add(chat()) == []
    assert len(journal.turns("c1")) == 3


def test_the_same_id_in_two_sources_is_two_conversations(journal: Journal) -> None:
    journal.add(chat("one", source="a"))
    journal.add(chat("two", source="b"))
    assert texts(journal.turns("c1", "a")) == ["one"]
    assert texts(journal.turns("c1", "b")) == ["two"]
    assert texts(journal.turns("c1")) == ["one", "two"]
    assert [texts(turns) for turns in journal.pending()] == [["one"], ["two"]]


def test_an_edited_message_replaces_itself_and_what_followed(journal: Journal) -> None:
    old = journal.add(chat("I live in Porto", "Nice", "Yes", "Good"))
    journal.mark_extracted([turn.id for turn in old])
    assert texts(journal.add(chat("I live in Porto", "Nice", "No"))) == ["No"]
    assert texts(journal.turns("c1")) == ["I live in Porto", "Nice", "No"]
    assert journal.turn(old[2].id).text == "Yes"  # facts may still refer to it


def test_a_dropped_turn_that_comes_back_is_not_new(journal: Journal) -> None:
    old = journal.add(chat("I live in Porto", "Nice", "And I am Mara"))
    journal.mark_extracted([turn.id for turn in old])
    assert texts(journal.add(chat("I live in Porto", "Great", "And I am Mara"))) == ["Great"]
    assert journal.add(chat("I live in Porto", "Nice", "And I am Mara")) == []
    assert [turn.id for turn in journal.turns("c1")] == [turn.id for turn in old]
    assert journal.pending_ids() == frozenset()


def test_a_dropped_turn_teaches_nothing(journal: Journal) -> None:
    journal.add(chat("I live in Prto"))
    journal.add(chat("I live in Porto"))
    assert [texts(turns) for turns in journal.pending()] == [["I live in Porto"]]


def test_a_system_message_that_changes_replaces_itself_alone(journal: Journal) -> None:
    first = journal.add(chat("s:It is Monday", "Hi", "Hello!"))
    assert texts(journal.add(chat("s:It is Tuesday", "Hi", "Hello!"))) == ["It is Tuesday"]
    assert journal.turns("c1")[1:] == first[1:]


def test_a_system_message_that_appears_later_makes_nothing_new(journal: Journal) -> None:
    first = journal.add(chat("Hi", "Hello!"))
    assert texts(journal.add(chat("s:Be kind", "Hi", "Hello!", "Bye"))) == ["Be kind", "Bye"]
    assert [turn.id for turn in journal.turns("c1")][1:3] == [turn.id for turn in first]
    assert [turn.position for turn in journal.turns("c1")] == [0, 1, 2, 3]


def test_secrets_never_reach_the_file(journal: Journal, tmp_path: Path) -> None:
    for _ in range(2):
        journal.add(chat("s:The api key is sk-abcdefghijklmnopqrst", "my password is hunter2"))
    assert texts(journal.turns("c1")) == ["The api key is [redacted]", "my password is [redacted]"]
    for path in tmp_path.iterdir():
        assert b"hunter2" not in path.read_bytes()
        assert b"sk-abcdef" not in path.read_bytes()


def test_text_that_utf8_cannot_hold_is_stored_and_still_found_again(journal: Journal) -> None:
    broken = chat("half \ud83d pair", "nul \0 byte", name="\udfff")
    assert len(journal.add(broken)) == 2
    assert journal.add(broken) == []
    assert journal.match(broken.messages, "test") == "?"


def test_pending_conversations_come_whole_and_oldest_first(journal: Journal) -> None:
    journal.add(chat("late", name="late", time="2025-03-01T10:00:00+02:00"))
    journal.add(chat("unknown time", name="unknown", time="yesterday"))
    early = journal.add(chat("a", "b", name="early", time="2025-03-01T08:30:00+01:00"))
    assert [turns[0].text for turns in journal.pending()] == ["unknown time", "a", "late"]
    journal.mark_extracted(turn.id for turns in journal.pending() for turn in turns)
    assert journal.pending() == []
    later = chat("a", "b", "c", name="early", time="2025-03-02")
    new = journal.add(later)
    assert journal.pending() == [[*early, *new]]
    assert journal.pending_ids() == {new[0].id}
    assert new[0].time == "2025-03-02"


def test_an_unknown_turn_is_not_found(journal: Journal) -> None:
    with pytest.raises(NotFound, match="turn 7"):
        journal.turn(7)
    assert journal.turns("nothing") == []


class TestMatch:
    """Hosts that resend the whole chat and name no conversation."""

    def test_a_fresh_chat_gets_a_fresh_id(self, journal: Journal) -> None:
        ids = {journal.match(messages("Hi"), "test") for _ in range(3)}
        assert len(ids) == 3

    def test_a_chat_goes_on_in_its_conversation(self, journal: Journal) -> None:
        said = ["s:Be kind", "Hi", "Hello!", "I am Mara", "Nice", "I live in Porto", "Good"]
        name = journal.match(messages(*said[:2]), "test")
        seen = 0
        for end in (3, 5, 7):
            assert end == 3 or journal.match(messages(*said[: end - 1]), "test") == name
            seen += len(journal.add(chat(*said[:end], name=name)))
            assert journal.match(messages(*said[:end]), "test") == name
        assert seen == len(said)

    def test_another_system_message_does_not_count(self, journal: Journal) -> None:
        journal.add(chat("s:It is Monday", "Hi", "Hello!"))
        assert journal.match(messages("s:It is Tuesday", "Hi", "Hello!", "Bye"), "test") == "c1"
        assert journal.match(messages("Hi", "Hello!", "Bye"), "test") == "c1"

    def test_a_regenerated_reply_stays_in_its_conversation(self, journal: Journal) -> None:
        journal.add(chat("Hi", "Hello!", "I am Mara", "Nice"))
        again = messages("Hi", "Hello!", "I am Mara", "Great")
        assert journal.match(again[:3], "test") == "c1"
        assert journal.match(again, "test") == "c1"
        assert texts(journal.add(Conversation("c1", "", again, "test"))) == ["Great"]

    def test_a_chat_that_begins_the_same_drops_nothing_of_the_other(self, journal: Journal) -> None:
        journal.add(chat("Hi", "Hello!", "My sister is Mara", "Nice"))
        other = journal.match(messages("Hi", "Hello!", "I live in Porto"), "test")
        assert other != "c1"
        journal.add(chat("Hi", "Hello!", "I live in Porto", name=other))
        assert texts(journal.turns("c1"))[2] == "My sister is Mara"
        longer = messages("Hi", "Hello!", "My sister is Mara", "Nice", "Bye")
        assert journal.match(longer, "test") == "c1"

    def test_sources_are_apart(self, journal: Journal) -> None:
        journal.add(chat("Hi", "Hello!"))
        assert journal.match(messages("Hi", "Hello!", "Bye"), "other") != "c1"

    def test_a_chat_with_a_secret_is_recognised(self, journal: Journal) -> None:
        journal.add(chat("my password is hunter2", "I did not hear that"))
        more = messages("my password is hunter2", "I did not hear that", "Good")
        assert journal.match(more, "test") == "c1"

    def test_the_parts_of_messages_are_not_mixed_up(self, journal: Journal) -> None:
        journal.add(chat("ab", "c"))
        assert journal.match(messages("a", "bc", "d"), "test") != "c1"

    def test_what_the_user_never_spoke_in_is_never_matched(self, journal: Journal) -> None:
        journal.add(chat("s:Be kind"))
        assert journal.match(messages("s:Be kind"), "test") != "c1"
        assert journal.match((), "test") != "c1"


@given(
    said=st.lists(st.sampled_from(["a", "b", "yes", "my password is hunter2"]), max_size=8),
    ends=st.lists(st.integers(0, 8), max_size=8),
)
def test_any_repetition_gives_every_turn_once(said: list[str], ends: list[int]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        database.MIGRATIONS[0](connection)
        journal = Journal(connection)
        seen: list[int] = []
        for end in [*ends, len(said)]:
            seen += [turn.id for turn in journal.add(chat(*said[:end]))]
        stored = journal.turns("c1")
        assert seen == [turn.id for turn in stored]
        assert [turn.position for turn in stored] == list(range(len(said)))


@given(st.lists(st.lists(st.sampled_from("ab"), max_size=5), max_size=6))
def test_any_edits_leave_the_last_text_and_no_turn_twice(edits: list[list[str]]) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        database.MIGRATIONS[0](connection)
        journal = Journal(connection)
        seen: list[int] = []
        for edit in edits:
            seen += [turn.id for turn in journal.add(chat(*edit))]
            stored = journal.turns("c1")
            assert texts(stored)[: len(edit)] == edit
            assert [turn.position for turn in stored] == list(range(len(stored)))
        assert len(seen) == len(set(seen))
        assert journal.pending_ids() == {turn.id for turn in stored} if edits else True


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_an_import_that_is_killed_and_repeated_gives_every_turn_once(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    code = f"""if True:
        import os, pathlib, signal
        from sleeping_plugin import database
        from sleeping_plugin.journal import Journal
        from sleeping_plugin.records import Conversation, Message
        journal = Journal(database.connect(pathlib.Path({str(path)!r})))
        for number in range(3):
            said = tuple(Message("user", f"{{number}}.{{turn}}") for turn in range(4))
            with journal.transaction():
                journal.add(Conversation(str(number), "", said, "test"))
                if number == 2:
                    os.kill(os.getpid(), signal.SIGKILL)
    """
    child = subprocess.run([sys.executable, "-c", code], check=False)
    assert child.returncode == -signal.SIGKILL
    with closing(database.connect(path)) as connection:
        journal = Journal(connection)
        assert len(journal.pending_ids()) == 8
        new = 0
        for number in range(3):
            said = tuple(Message("user", f"{number}.{turn}") for turn in range(4))
            new += len(journal.add(Conversation(str(number), "", said, "test")))
        assert new == 4
        assert len(journal.pending_ids()) == 12


def test_two_processes_that_import_the_same_file_store_it_once(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    code = f"""if True:
        import pathlib, sys
        from sleeping_plugin import database
        from sleeping_plugin.journal import Journal
        from sleeping_plugin.records import Conversation, Message
        journal = Journal(database.connect(pathlib.Path({str(path)!r})))
        sys.stdin.read(1)
        new = 0
        for number in range(20):
            said = tuple(Message("user", f"{{number}}.{{turn}}") for turn in range(5))
            new += len(journal.add(Conversation(str(number), "", said, "test")))
        print(new)
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("x")
        child.stdin.flush()
    counts = [int(child.communicate()[0]) for child in children]
    assert sum(counts) == 100
    with closing(database.connect(path)) as connection:
        assert len(Journal(connection).pending_ids()) == 100
