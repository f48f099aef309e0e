"""Messages as the OpenAI API and its many imitators write them, read into ours.

The content may be a string, a list of parts or nothing; only text counts. A message without text
(a bare tool call, a picture) carries no words, so readers leave it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sleeping_plugin.records import Message

ROLES = {
    "system": "system",
    "developer": "system",  # OpenAI's newer name
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "ai": "assistant",
    "bot": "assistant",
    "model": "assistant",  # Gemini's and Gemma's name
    "tool": "tool",
    "function": "tool",  # OpenAI's older name
}

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class NotAMessage(ValueError):
    """What was given is no chat message; the text says why."""


def read_message(raw: object) -> Message:
    """Return the message in ``raw``; its content is "" where it holds no text.

    Raises :class:`NotAMessage` for a wrong type, a missing role or an unknown one.
    """
    if not isinstance(raw, Mapping):
        raise NotAMessage(f"is {describe(raw)}, not an object with role and content")
    role = raw.get("role")
    if not isinstance(role, str):
        raise NotAMessage(f"has {describe(role)} as role, not a string")
    known = ROLES.get(role.strip().lower())
    if known is None:
        shown = clean(role)[:40]
        raise NotAMessage(f'has the unknown role "{shown}" (known: {", ".join(ROLES)})')
    return Message(known, content_text(raw.get("content")))


def content_text(content: object) -> str:
    """Return the text of a message content: a string, nothing, or parts joined by newlines.

    Raises :class:`NotAMessage` where the content is anything else.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return clean(content)
    if isinstance(content, Sequence) and not isinstance(content, bytes | bytearray):
        texts = [_part_text(part) for part in content]
        return clean("\n".join(text for text in texts if text))
    raise NotAMessage(f"has {describe(content)} as content, not text or a list of parts")


def _part_text(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise NotAMessage(f"has {describe(part)} among its content parts")
    text = part.get("text")
    return text if isinstance(text, str) else ""


def clean(text: str) -> str:
    """Replace what no database and no file takes: NUL and halves of surrogate pairs."""
    return _UNSTORABLE.sub("\ufffd", text)


def describe(value: object) -> str:
    """Name a JSON value's type as a user knows it: "a number", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    for kind, name in ((str, "a string"), ((int, float), "a number"), (Mapping, "an object")):
        if isinstance(value, kind):
            return name
    return "a list" if isinstance(value, Sequence) else type(value).__name__
