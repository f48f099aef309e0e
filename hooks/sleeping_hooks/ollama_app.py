"""The chats of Ollama's desktop app (macOS, Windows): a SQLite database, read beside the app.

    sleeping import --source ollama-app "~/Library/Application Support/Ollama/db.sqlite"

The app deletes and inserts all messages of a chat several times in a turn, so their numbers mean
nothing but an order. An answer that is being written has ``stream`` set, and is left for later.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sleeping_hooks.documents import file_time, iso_time, place_of
from sleeping_hooks.messages import clean
from sleeping_plugin.errors import ImportFailed
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

NAME: Final = "db.sqlite"


class OllamaAppSource:
    """The chat source ``ollama-app``."""

    name = "ollama-app"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield every chat of the database, oldest first; nothing in it is changed.

        Raises NotFound where there is none, ImportFailed for what is no database of the app.
        """
        place = place_of(location)
        file = place_of(str(place / NAME)) if place.is_dir() else place
        try:
            with closing(sqlite3.connect(_address(file), uri=True)) as opened:
                opened.text_factory = lambda data: data.decode("utf-8", "replace")
                return iter(_chats(opened, file))
        except sqlite3.Error as error:
            raise ImportFailed(
                f"{file} cannot be read as the database of Ollama's app: {error}. Name its {NAME}."
            ) from error


def _address(file: Path) -> str:
    """Return how to open the database so that no file appears beside it.

    Without a log the app is not running, and the file alone is all there is.
    """
    running = file.with_name(f"{file.name}-wal").exists()
    return f"{file.absolute().as_uri()}?{'mode=ro' if running else 'immutable=1'}"


def _chats(opened: sqlite3.Connection, file: Path) -> list[Conversation]:
    """Return all chats as they were at one moment."""
    opened.execute("BEGIN")
    found = []
    for chat, created in opened.execute("SELECT id, created_at FROM chats ORDER BY created_at, id"):
        rows = opened.execute(
            "SELECT role, content, stream, created_at FROM messages WHERE chat_id = ? ORDER BY id",
            (chat,),
        )
        messages = tuple(
            Message(str(role), clean(str(content)), iso_time(time))
            for role, content, streaming, time in rows
            if role in ("user", "assistant") and str(content or "").strip() and not streaming
        )
        if messages:
            time = iso_time(created) or file_time(file)
            found.append(Conversation(clean(str(chat)), time, messages, OllamaAppSource.name))
    return found


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``ollama-app``."""
    register(OllamaAppSource())
