"""An outside plugin: reads a diary as chats, adds `sleeping diary`, and keeps a log of nights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message, SleepEvent
from sleeping_plugin.render import Result


class Diary:
    """Every line of a text file is something the user said."""

    name = "diary"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield the whole file as one conversation."""
        lines = Path(location).read_text(encoding="utf-8").splitlines()
        messages = tuple(Message("user", line) for line in lines)
        yield Conversation("diary", "2026-01-01T00:00:00Z", messages, self.name)


@dataclass(frozen=True, slots=True)
class Entries(Result):
    """How many lines a diary has."""

    entries: int

    def to_text(self) -> str:
        """Return the sentence."""
        return f"{self.entries} entries."


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the diary."""
    register(Diary())


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add `sleeping diary`."""

    @app.command()
    def diary(file: Path) -> Entries:
        """Count the entries of a diary."""
        (conversation,) = Diary().read(str(file))
        assert isinstance(conversation, Conversation)
        return Entries(len(conversation.messages))


@hookimpl
def sleep_event(event: SleepEvent) -> None:
    """Note the event."""
    note: Any = os.environ.get("DIARY_LOG")
    if note:
        with Path(note).open("a", encoding="utf-8") as log:
            log.write(f"{event.run} {event.kind}\n")
