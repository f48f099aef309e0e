"""`sleeping chat` with a stand-in model and night, through standard input.

Run: pytest tests/test_chat.py
tests/test_chat_terminal.py holds the real model and a real terminal.
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.commands import chat
from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.errors import Interrupted, NothingToLearn, RuntimeFailed
from sleeping_plugin.home import Home
from sleeping_plugin.records import Message
from sleeping_plugin.versions import Versions

Run = Callable[..., Any]


class FakeRuntime:
    """Answers "You said: ...", or does what a word in the message asks for."""

    running = 0
    started: list[str] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, model: Path, adapter: Path | None, *, context: int, threads: int) -> None:
        FakeRuntime.started.append(model.name)
        FakeRuntime.running += 1
        self.info = SimpleNamespace(context=context)
        self.dead = False

    def close(self) -> None:
        FakeRuntime.running -= 1

    def chat_tokens(self, chats: Sequence[Sequence[Message]]) -> list[list[int]]:
        if self.dead:
            raise RuntimeFailed("llama.cpp was killed by signal 9")
        return [[0] * sum(len(m.content.split()) for m in chat) for chat in chats]

    def tokenize(self, texts: list[str]) -> list[list[int]]:
        return self.chat_tokens([[Message("user", text)] for text in texts])

    def stream(self, messages: Sequence[Message], **_: Any) -> Iterator[str]:
        text = messages[-1].content
        yield "You said: "
        if "crash" in text:
            self.dead = True
            raise RuntimeFailed("llama.cpp was killed by signal 9")
        if "interrupt" in text:
            signal.raise_signal(signal.SIGINT)
            if "twice" in text:
                signal.raise_signal(signal.SIGINT)
        yield text
        yield "\x1b[31m"


@pytest.fixture
def run(
    sleeping: Run, write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    """Give a function that chats the given lines."""
    model = write_model()
    record_base(Home.open(), hash_model(model))
    monkeypatch.setattr(chat, "Runtime", FakeRuntime)
    FakeRuntime.running, FakeRuntime.started = 0, []

    def call(*lines: str, options: Sequence[str] = (), settings: Sequence[str] = ()) -> Any:
        data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), "utf-8"))
        flags = [f"--set={one}" for one in (f"model.path={model}", *settings)]
        return sleeping(*flags, "chat", *options)

    yield call
    assert FakeRuntime.running == 0
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.fixture
def nights(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace the night: each entry is a version to publish, None for a rejection, or an error."""
    outcomes: list[Any] = []

    def sleep(context: Context, kind: str) -> Any:
        assert FakeRuntime.running == 0, "the model is still in memory"
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        if outcome is not None:
            monkeypatch.setattr(Versions, "active", lambda self: outcome)
        return SimpleNamespace(to_text=lambda: f"A {kind} night.")

    monkeypatch.setattr(chat, "run_night", sleep)
    return outcomes


def version(folder: Path) -> Any:
    return SimpleNamespace(id="v-new", files=(folder / "new.gguf",), adapter=None)


def recorded() -> list[list[str]]:
    with open_memory(Home.open()) as memory:
        return [[turn.text for turn in turns] for turns in memory.journal.pending()]


def test_what_is_typed_is_answered_and_recorded(run: Run) -> None:
    outcome = run("I am Mara", "", "  ", "Bye")
    assert outcome.code == 0
    assert "> You said: I am Mara" in outcome.out
    assert "\x1b" not in outcome.out, "the model's escape sequences reach the terminal"
    assert "4 messages recorded" in outcome.out
    (turns,) = recorded()
    assert turns[::2] == ["I am Mara", "Bye"]
    assert turns[1].startswith("You said: I am Mara")


@pytest.mark.parametrize("word", ["/quit", "/exit", "/QUIT"])
def test_leaving_ends_the_chat(run: Run, word: str) -> None:
    outcome = run("one", word, "two")
    assert outcome.code == 0 and "You said: two" not in outcome.out


def test_nothing_said_is_nothing_recorded(run: Run) -> None:
    assert "Nothing was said." in run().out
    assert recorded() == []


def test_help_lists_every_command(run: Run) -> None:
    outcome = run("/help", "/HELP")
    for word in ("/sleep", "/nap", "/status", "/compact", "/quit", "/help"):
        assert outcome.out.count(f"\n{word} ") + outcome.out.count(f"> {word} ") == 2
    assert recorded() == []


def test_an_unknown_command_is_not_said_to_the_model_but_a_path_is(run: Run) -> None:
    outcome = run("/sleeep", "/etc/hosts is a file", "/home I go")
    assert "There is no command /sleeep." in outcome.out
    assert [turns[::2] for turns in recorded()] == [["/etc/hosts is a file", "/home I go"]]


def test_ctrl_c_stops_an_answer_and_the_chat_goes_on(run: Run) -> None:
    outcome = run("interrupt me", "and on")
    assert outcome.code == 0
    assert "[stopped]" in outcome.out and "You said: and on" in outcome.out


def test_ctrl_c_twice_leaves_with_the_turns_recorded(run: Run) -> None:
    outcome = run("interrupt me twice", "and on")
    assert outcome.code == 130 and "and on" not in outcome.out
    assert recorded() == [["interrupt me twice", "You said:"]]


def test_ctrl_c_at_the_prompt_leaves(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(prompt: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", press)
    assert run().code == 0


def test_a_model_that_dies_is_started_again(run: Run) -> None:
    outcome = run("crash", "and on")
    assert outcome.code == 0
    assert "killed by signal 9" in outcome.err and "You said: " in outcome.out
    assert "Traceback" not in outcome.out + outcome.err
    assert len(FakeRuntime.started) == 2


def test_a_message_that_is_too_long_is_refused_and_the_chat_goes_on(run: Run) -> None:
    outcome = run("word " * 3000, "and on")
    assert "Send it in parts" in outcome.err and "You said: and on" in outcome.out
    assert len(FakeRuntime.started) == 1


def test_after_a_sleep_the_chat_goes_on_with_the_new_version_and_nothing_else(
    run: Run, nights: list[Any], tmp_path: Path
) -> None:
    nights.append(version(tmp_path))
    outcome = run("one", "/sleep", "two", options=["--json"])
    assert outcome.json["version"] == "v-new"
    assert [m["content"] for m in outcome.json["messages"]][::2] == ["one", "two"]
    assert FakeRuntime.started[1] == "new.gguf"
    assert [turns[0] for turns in recorded()] == ["one", "two"]


def test_a_night_that_is_rejected_changes_nothing(run: Run, nights: list[Any]) -> None:
    nights.append(None)
    outcome = run("one", "/nap", "two")
    assert "A nap night." in outcome.out
    assert [turns[::2] for turns in recorded()] == [["one", "two"]]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NothingToLearn("There is nothing to learn yet."), "nothing to learn"),
        (Interrupted("Stopped by you."), "Stopped by you."),
        (KeyboardInterrupt(), "was stopped"),
    ],
)
def test_a_night_that_fails_is_told_and_the_chat_goes_on(
    run: Run, nights: list[Any], error: BaseException, told: str
) -> None:
    nights.append(error)
    outcome = run("/sleep", "and on")
    assert outcome.code == 0
    assert told in outcome.err and "You said: and on" in outcome.out
    assert "Traceback" not in outcome.err


def test_it_sleeps_by_itself_after_so_many_turns(
    run: Run, nights: list[Any], tmp_path: Path
) -> None:
    nights += [None, NothingToLearn("Nothing."), version(tmp_path)]
    run("1", "2", "/help", "3", "4", "5", "6", settings=["chat.auto_sleep_turns=2"])
    assert nights == []
    assert [len(turns) for turns in recorded()] == [12]


def test_status_shows_the_context(run: Run) -> None:
    outcome = run("one two", "/status")
    assert outcome.code == 0
    assert "in use" in outcome.out and "of 2048 tokens" in outcome.out


def test_compacting_an_empty_chat_says_so(run: Run) -> None:
    assert "nothing to summarise" in run("/compact").out


def test_json_is_one_object_and_nothing_else(run: Run) -> None:
    outcome = run("one", "/status", "/help", "/compact", options=["--json"])
    assert outcome.json["schema"] == 1 and outcome.json["recorded"] is True
    assert outcome.json["messages"][0] == {"role": "user", "content": "one"}


def test_bytes_that_are_no_text_are_taken(run: Run) -> None:
    outcome = run("caf\udce9", "and on")
    assert outcome.code == 0 and "and on" in outcome.out


def test_without_a_model_it_says_what_to_type(sleeping: Run) -> None:
    outcome = sleeping("chat")
    assert outcome.code == 4 and "sleeping init" in outcome.err
