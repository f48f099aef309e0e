"""Chats from a JSON Lines file: one conversation per line.

    {"id": "c-1", "time": "2025-03-01T20:15:00Z", "messages": [{"role": "user", "content": "Hi"}]}

``id`` and ``time`` may be missing: the id is then a hash of the content, the time that of the
file. A line that is no conversation becomes a :class:`BadRecord` with its number and the reason,
and the lines after it are still read. The file is streamed: memory holds one line at a time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sleeping_hooks.documents import (
    NotReadable,
    file_time,
    iso_time,
    parse,
    place_of,
    require_within,
)
from sleeping_hooks.messages import NotAMessage, clean, describe, read_message
from sleeping_plugin.errors import ImportFailed, NotFound
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

MAX_LINE = 64 * 2**20  # bytes; far above any chat, far below what would exhaust memory
_BOM = b"\xef\xbb\xbf"


class JsonlSource:
    """The chat source ``jsonl``."""

    name = "jsonl"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield a Conversation or a BadRecord for every line of the file that is not blank.

        Raises NotFound before the first item where there is no such file, and ImportFailed where
        the file cannot be read (to the end).
        """
        path = place_of(location)
        if path.is_dir():
            raise NotFound(f"{path} is a folder. Name the JSON Lines file in it.")
        try:
            file = path.open("rb")
        except OSError as error:
            raise ImportFailed(f"{path} cannot be read: {error}.") from error
        return self._read_lines(file, path)

    def _read_lines(self, file: BinaryIO, path: Path) -> Iterator[Conversation | BadRecord]:
        with file:
            default_time = file_time(path)
            lines = _numbered_lines(file)
            while True:
                try:
                    number, line = next(lines)
                except StopIteration:
                    return
                except OSError as error:
                    raise ImportFailed(f"{path} cannot be read to its end: {error}.") from error
                try:
                    if conversation := _read_line(line, default_time):
                        yield conversation
                except NotReadable as reason:
                    yield BadRecord(f"line {number}", str(reason))


def _numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield (1-based number, line); of an over-long line only its first bytes."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE + 1)
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _read_line(line: bytes, default_time: str) -> Conversation | None:
    """Return the conversation of one line, None for a blank one. Raises NotReadable."""
    require_within(len(line), MAX_LINE)
    if not line.strip():
        return None
    raw = parse(line)
    if not isinstance(raw, dict):
        raise NotReadable(f"is {describe(raw)}, not an object with messages")
    messages = _read_messages(raw.get("messages"))
    time = _read_time(raw.get("time"))
    return Conversation(
        id=_read_id(raw.get("id")) or _content_id(time, messages),
        time=time or default_time,
        messages=messages,
        source=JsonlSource.name,
    )


def _read_messages(raw: object) -> tuple[Message, ...]:
    if raw is None:
        raise NotReadable('has no "messages"')
    if not isinstance(raw, list):
        raise NotReadable(f'has {describe(raw)} as "messages", not a list')
    messages = []
    for place, item in enumerate(raw, start=1):
        try:
            message = read_message(item)
        except NotAMessage as reason:
            raise NotReadable(f"message {place} {reason}") from None
        if message.content.strip():
            messages.append(message)
    if not messages:
        raise NotReadable("has no message with text")
    return tuple(messages)


def _read_id(raw: object) -> str:
    """Return the id, "" where there is none."""
    if raw is None:
        return ""
    if isinstance(raw, bool) or not isinstance(raw, str | int):
        raise NotReadable(f'has {describe(raw)} as "id", not a string')
    return clean(str(raw)).strip()


def _content_id(time: str, messages: tuple[Message, ...]) -> str:
    """Hash everything said: two chats that begin alike must not share an id."""
    content = json.dumps([time, [[m.role, m.content] for m in messages]])
    return "sha256-" + hashlib.sha256(content.encode()).hexdigest()[:20]


def _read_time(raw: object) -> str:
    """Return an ISO 8601 time in UTC, "" where there is none; a time without zone is UTC."""
    if raw is None or raw == "":
        return ""
    if not isinstance(raw, str):
        raise NotReadable(f'has {describe(raw)} as "time", not an ISO 8601 string')
    if not (time := iso_time(raw)):
        shown = clean(raw)[:40]
        raise NotReadable(f'has "{shown}" as "time", not ISO 8601 as 2025-03-01T20:15:00Z')
    return time


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``jsonl``."""
    register(JsonlSource())
