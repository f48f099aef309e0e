"""The conversations of LM Studio: one ``*.conversation.json`` for each chat, in folders.

    sleeping import --source lm-studio ~/.lmstudio/conversations

Read are the texts as they stand in the chat: the selected version of each message, without the
model's thinking, and of the user's messages what was typed (``preprocessed`` holds what LM Studio
made of it, documents included). LM Studio does not document the file; every field may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sleeping_hooks.documents import NotReadable, file_time, parse, place_of, since_1970
from sleeping_hooks.messages import ROLES, NotAMessage, clean, content_text, describe
from sleeping_plugin.errors import NotFound
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

ENDING: Final = ".conversation.json"
MAX_FILE: Final = 64 * 2**20  # bytes; a chat with pictures stays far below


class LMStudioSource:
    """The chat source ``lm-studio``."""

    name = "lm-studio"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield the conversation of one file, or of every file in a folder and those below it.

        Raises NotFound before the first item where there is nothing of that name.
        """
        place = place_of(location)
        files = sorted(place.rglob(f"*{ENDING}")) if place.is_dir() else [place]
        if not files:
            raise NotFound(
                f"There are no *{ENDING} files in {place}. LM Studio keeps them in "
                "~/.lmstudio/conversations."
            )
        return self._read(files)

    def _read(self, files: list[Path]) -> Iterator[Conversation | BadRecord]:
        for file in files:
            try:
                if conversation := read_file(file):
                    yield conversation
            except (NotReadable, NotAMessage) as reason:
                yield BadRecord(file.name, str(reason))
            except OSError as error:  # deleted since it was listed, or not ours
                yield BadRecord(file.name, f"cannot be read: {error.strerror or error}")


def read_file(file: Path) -> Conversation | None:
    """Return the conversation in a file, None if nothing was said in it.

    Raises NotReadable or NotAMessage, also for a file that is being written.
    """
    if file.stat().st_size > MAX_FILE:
        raise NotReadable(f"longer than {MAX_FILE // 2**20} MB")
    raw = parse(file.read_bytes())
    if not isinstance(raw, dict) or not isinstance(raw.get("messages"), list):
        raise NotReadable(f"is {describe(raw)}, not a conversation of LM Studio")
    chosen = [_selected(message) for message in raw["messages"]]
    if chosen and _unfinished(chosen[-1]):
        chosen.pop()  # it is whole when the file is read the next time
    messages = [_message(version) for version in chosen]
    said = tuple(message for message in messages if message and message.content.strip())
    if not said:
        return None
    created = raw.get("createdAt")
    time = since_1970(created / 1000) if isinstance(created, int | float) else ""
    identity = clean(file.name.removesuffix(ENDING))
    return Conversation(identity, time or file_time(file), said, LMStudioSource.name)


def _selected(message: object) -> Mapping[str, Any]:
    """Return the version of a message that the chat shows."""
    if not isinstance(message, Mapping):
        raise NotAMessage(f"a message is {describe(message)}")
    versions = message.get("versions")
    if not isinstance(versions, list) or not versions:
        return {}
    number = message.get("currentlySelected")
    if not isinstance(number, int) or not 0 <= number < len(versions):
        number = 0
    version = versions[number]
    return version if isinstance(version, Mapping) else {}


def _message(version: Mapping[str, Any]) -> Message | None:
    role = ROLES.get(str(version.get("role")).lower())
    if role is None:
        return None
    if "steps" not in version:
        return Message(role, content_text(version.get("content")))
    shown = [content_text(block.get("content")) for block in _blocks(version) if not _thinks(block)]
    return Message(role, "\n".join(text for text in shown if text))


def _blocks(version: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the steps of an answer that hold text."""
    steps = version.get("steps")
    found = [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []
    return [step for step in found if step.get("type") == "contentBlock"]


def _thinks(block: Mapping[str, Any]) -> bool:
    style = block.get("style")
    return isinstance(style, Mapping) and style.get("type") == "thinking"


def _unfinished(version: Mapping[str, Any]) -> bool:
    """Tell whether an answer is still being written: the figures come with its end."""
    return "steps" in version and not any("genInfo" in block for block in _blocks(version))


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``lm-studio``."""
    register(LMStudioSource())
