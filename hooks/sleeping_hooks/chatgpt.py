"""The export of ChatGPT: the archive that is sent on request, or ``conversations.json`` out of it.

    sleeping import --source chatgpt export.zip

A chat is a tree, because messages can be edited and answers made again. Read is the branch that
the chat shows: from ``current_node`` up to the root.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sleeping_hooks.documents import NotReadable, file_time, parse, place_of, since_1970
from sleeping_hooks.messages import ROLES, clean, describe
from sleeping_plugin.errors import ImportFailed, NotFound
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

NAME: Final = "conversations.json"
WANTED: Final = f"Name the archive of an export, or {NAME} out of it."
MAX_BYTES: Final = 2**31  # of the JSON; it is read as a whole


class ChatGPTSource:
    """The chat source ``chatgpt``."""

    name = "chatgpt"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield every chat of an export, in its order.

        Raises NotFound where there is none, ImportFailed for what is no export.
        """
        place = place_of(location)
        file = place_of(str(place / NAME)) if place.is_dir() else place
        try:
            chats = parse(_content(file))
        except NotReadable as reason:
            raise ImportFailed(f"{file} is {reason}. {WANTED}") from None
        except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
            raise ImportFailed(f"{file} cannot be read: {error}. {WANTED}") from error
        if not isinstance(chats, list):
            raise ImportFailed(f"{file} holds {describe(chats)}, not chats. {WANTED}")
        return self._read(chats, file_time(file))

    def _read(self, chats: list[object], default: str) -> Iterator[Conversation | BadRecord]:
        for number, chat in enumerate(chats, start=1):
            try:
                if conversation := read_chat(chat, default):
                    yield conversation
            except NotReadable as reason:
                yield BadRecord(f"chat {number}", str(reason))


def _content(file: Path) -> bytes:
    """Return the bytes of the JSON, out of the archive if it is in one."""
    if not zipfile.is_zipfile(file):
        if file.stat().st_size > MAX_BYTES:
            raise NotReadable(f"longer than {MAX_BYTES // 2**30} GB")
        return file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        inside = [entry for entry in archive.infolist() if Path(entry.filename).name == NAME]
        if not inside:
            raise NotFound(f"There is no {NAME} in {file}. {WANTED}")
        if inside[0].file_size > MAX_BYTES:
            raise NotReadable(f"longer than {MAX_BYTES // 2**30} GB")
        return archive.read(inside[0])


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
    """Return the nodes from the root to the one that is shown last."""
    nodes = chat["mapping"]
    branch: list[Mapping[str, Any]] = []
    name, seen = chat.get("current_node"), set()
    while isinstance(name, str) and name not in seen and isinstance(nodes.get(name), Mapping):
        seen.add(name)  # a damaged export may go in circles
        branch.append(nodes[name])
        name = nodes[name].get("parent")
    return branch[::-1]


def _message(raw: object) -> Message | None:
    """Return what was said in a node, None for what the chat does not show."""
    if not isinstance(raw, Mapping):
        return None
    author, content, about = (raw.get(key) or {} for key in ("author", "content", "metadata"))
    if not all(isinstance(part, Mapping) for part in (author, content, about)):
        return None
    role = ROLES.get(str(author.get("role")).lower())
    parts = content.get("parts")
    if role not in ("user", "assistant") or not isinstance(parts, list):
        return None
    if about.get("is_visually_hidden_from_conversation"):
        return None
    text = clean("\n".join(part for part in parts if isinstance(part, str) and part.strip()))
    return Message(role, text) if text else None


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``chatgpt``."""
    register(ChatGPTSource())
