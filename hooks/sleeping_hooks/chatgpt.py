"""The export of ChatGPT: the archive that is sent on request, or ``conversations.json`` out of it.

    sleeping import --source chatgpt export.zip

A chat is a tree, because messages can be edited and answers made again. Read is the branch that
the chat shows: from ``current_node`` up to the root.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from sleeping_hooks.documents import (
    NotReadable,
    file_time,
    parse,
    place_of,
    require_within,
    since_1970,
)
from sleeping_hooks.messages import clean, describe
from sleeping_plugin.errors import ImportFailed, NotFound
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

NAME: Final = "conversations.json"
WANTED: Final = f"Name the archive of an export, or {NAME} out of it."
MAX_BYTES: Final = 2**29  # of one file, which is read as a whole
_CHATS: Final = re.compile(r"conversations(-\d+)?\.json")
_DAMAGED: Final = (EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error)


class ChatGPTSource:
    """The chat source ``chatgpt``."""

    name = "chatgpt"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield every chat of an export, in its order; memory holds one of its files at a time.

        Raises NotFound where there is none, ImportFailed for what cannot be read.
        """
        place = place_of(location)
        try:
            parts = _parts(place)
        except (*_DAMAGED, OSError) as error:
            raise ImportFailed(f"{place} cannot be read: {error}. {WANTED}") from error
        if not parts:
            raise NotFound(f"There is no {NAME} in {place}. {WANTED}")
        return self._read(parts, file_time(place))

    def _read(
        self, parts: Sequence[tuple[str, Callable[[], bytes]]], default: str
    ) -> Iterator[Conversation | BadRecord]:
        for name, content in parts:
            try:
                chats = parse(content())
                if not isinstance(chats, list):
                    raise NotReadable(f"{describe(chats)}, not a list of chats")
            except (*_DAMAGED, OSError) as error:  # NotReadable is a ValueError
                yield BadRecord(name, f"{error}. {WANTED}")
                continue
            for number, chat in enumerate(chats, start=1):
                try:
                    if conversation := read_chat(chat, default):
                        yield conversation
                except NotReadable as reason:
                    yield BadRecord(f"{name}, chat {number}", str(reason))


def _parts(place: Path) -> list[tuple[str, Callable[[], bytes]]]:
    """Return the name of every file of chats, and how to read it; newer exports have several."""
    if place.is_dir():
        files = sorted(file for file in place.iterdir() if _CHATS.fullmatch(file.name))
        return [(file.name, partial(_content, file)) for file in files]
    if not zipfile.is_zipfile(place):
        return [(place.name, partial(_content, place))]
    with zipfile.ZipFile(place) as archive:
        names = [name for name in archive.namelist() if _CHATS.fullmatch(Path(name).name)]
        return [(Path(name).name, partial(_unpacked, place, name)) for name in sorted(names)]


def _content(file: Path) -> bytes:
    require_within(file.stat().st_size, MAX_BYTES)
    return file.read_bytes()


def _unpacked(file: Path, name: str) -> bytes:
    with zipfile.ZipFile(file) as archive:
        require_within(archive.getinfo(name).file_size, MAX_BYTES)
        return archive.read(name)


def read_chat(chat: object, default: str) -> Conversation | None:
    """Return one chat of an export, None if nothing was said in it. Raises NotReadable."""
    if not isinstance(chat, Mapping) or not isinstance(chat.get("mapping"), Mapping):
        raise NotReadable(f"is {describe(chat)}, not a chat with a mapping")
    said = [message for node in _branch(chat) if (message := _message(node.get("message")))]
    if not said:
        return None
    identity = chat.get("conversation_id") or chat.get("id")
    if not isinstance(identity, str):
        raise NotReadable(f"has {describe(identity)} as id, not a string")
    time = since_1970(chat.get("create_time")) or default
    return Conversation(clean(identity), time, tuple(said), ChatGPTSource.name)


def _branch(chat: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes from the root to the one that is shown last.

    Raises NotReadable where a node on the way is missing: half a chat is none.
    """
    nodes, name = chat["mapping"], chat.get("current_node")
    branch: list[Mapping[str, Any]] = []
    while nodes and (name is not None or not branch):
        node = nodes.get(name) if isinstance(name, str) else None
        if not isinstance(node, Mapping):
            raise NotReadable(f"has no message {clean(str(name))[:40]!r}, which it continues")
        if len(branch) > len(nodes):
            raise NotReadable("goes in circles")
        branch.append(node)
        name = node.get("parent")
    return branch[::-1]


def _message(raw: object) -> Message | None:
    """Return what was said in a node, None for what the chat does not show."""
    if not isinstance(raw, Mapping):
        return None
    author, content, about = (raw.get(key) or {} for key in ("author", "content", "metadata"))
    if not all(isinstance(part, Mapping) for part in (author, content, about)):
        return None
    role, parts = author.get("role"), content.get("parts")
    hidden = about.get("is_visually_hidden_from_conversation")
    to_a_tool = raw.get("recipient") not in (None, "all")
    if role not in ("user", "assistant") or not isinstance(parts, list) or hidden or to_a_tool:
        return None
    said = clean("\n".join(text for part in parts if (text := _text(part)).strip()))
    return Message(str(role), said, since_1970(raw.get("create_time"))) if said else None


def _text(part: object) -> str:
    """Return what was typed, or spoken; pictures and files say nothing."""
    if isinstance(part, Mapping) and part.get("content_type") == "audio_transcription":
        part = part.get("text")
    return part if isinstance(part, str) else ""


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``chatgpt``."""
    register(ChatGPTSource())
