"""The conversations of LM Studio: one ``*.conversation.json`` for each chat, in folders.

    sleeping import --source lm-studio ~/.lmstudio/conversations

Read are the texts as they stand in the chat: the selected version of each message, without the
model's thinking, and of the user's messages what was typed (``preprocessed`` holds what LM Studio
made of it, documents included). LM Studio does not document the file; every field may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
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
    require_within(file.stat().st_size, MAX_FILE)
    raw = parse(file.read_bytes())
    if not isinstance(raw, dict) or not isinstance(raw.get("messages"), list):
        raise NotReadable(f"is {describe(raw)}, not a conversation of LM Studio")
    chosen = [_selected(message) for message in raw["messages"]]
    if raw["messages"] and not any(chosen):
        raise NotReadable("has messages without versions: no conversation of LM Studio")
    if chosen and _unfinished(chosen[-1]):
        chosen.pop()  # it is whole when the file is read the next time
    messages = _timed([message for version in chosen if (message := _message(version))])
    said = tuple(message for message in messages if message.content.strip())
    if not said:
        return None
    time = since_1970(raw.get("createdAt"), per_second=1000) or file_time(file)
    identity = clean(file.name.removesuffix(ENDING))
    return Conversation(identity, time, said, LMStudioSource.name)


def _timed(messages: list[Message]) -> list[Message]:
    """Give every message that has no time, as the user's, that of the answer after it."""
    timed: list[Message] = []
    later = ""
    for message in reversed(messages):
        later = message.time or later
        timed.append(replace(message, time=later))
    return timed[::-1]


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
    blocks = [block for block in _steps(version) if _is_text(block)]
    texts = [_text(block) for block in blocks]
    times = [_time(block) for block in blocks]
    time = next((time for time in times if time), "")
    return Message(role, "\n".join(text for text in texts if text), time)


def _steps(version: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the steps of an answer."""
    steps = version.get("steps")
    return [step for step in steps if isinstance(step, Mapping)] if isinstance(steps, list) else []


def _is_text(step: Mapping[str, Any]) -> bool:
    """Tell whether a step is a part of the answer, and no thinking, tool or note."""
    style = step.get("style")
    thinks = isinstance(style, Mapping) and style.get("type") == "thinking"
    return step.get("type") == "contentBlock" and not thinks


def _text(block: Mapping[str, Any]) -> str:
    """Return the text of one step; its parts are pieces, of words even."""
    parts = block.get("content")
    if not isinstance(parts, list):
        return content_text(parts)
    said = [part for part in parts if not (isinstance(part, Mapping) and part.get("isStructural"))]
    return "".join(content_text([part]) for part in said)


def _time(block: Mapping[str, Any]) -> str:
    """Return when a step began: its name begins with the milliseconds since 1970."""
    began = str(block.get("stepIdentifier")).split("-")[0]
    return since_1970(int(began), per_second=1000) if re.fullmatch("[0-9]{11,14}", began) else ""


def _unfinished(version: Mapping[str, Any]) -> bool:
    """Tell whether an answer is still being written: its figures come with the end of its text.

    Tools may be called between two texts.
    """
    if "steps" not in version:
        return False
    told = [s for s in _steps(version) if _is_text(s) or "tool" in str(s.get("type")).lower()]
    return not told or not _is_text(told[-1]) or "genInfo" not in told[-1]


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``lm-studio``."""
    register(LMStudioSource())
