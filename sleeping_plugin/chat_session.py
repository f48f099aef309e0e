"""One chat with a model: what was said, what the model still sees of it, and the journal.

Every turn is journalled as it happens. What the model sees is a window on the chat that fits into
its context: when it fills, the model summarises the older messages and the summary stands before
the newer ones as a system message. Where that does not help, the oldest messages are dropped.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sleeping_plugin.database import now
from sleeping_plugin.errors import RuntimeFailed, SleepingError, UsageError
from sleeping_plugin.records import Conversation, Message

SOURCE = "chat"
NOTE = "Summary of the conversation so far: "
_SUMMARISE = (
    "Summarise the following conversation in a few sentences. Keep names, numbers and decisions.\n"
)
_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "Note"}


class Model(Protocol):
    """What a chat needs of :class:`sleeping_plugin.runtime.Runtime`."""

    def chat_tokens(self, chats: Sequence[Sequence[Message]]) -> list[list[int]]:
        """Return the tokens of each chat, with the prompt for the reply."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Iterator[str]:
        """Yield the reply piece by piece."""


class Journalling(Protocol):
    """What a chat needs of :class:`sleeping_plugin.journal.Journal`."""

    def add(self, conversation: Conversation) -> object:
        """Store the turns that are new."""


def never() -> bool:
    """Return False: nobody asks to stop."""
    return False


@dataclass
class ChatSession:
    """A conversation and its window. ``model`` may be replaced between turns."""

    model: Model
    journal: Journalling
    context: int  # tokens that the model takes
    max_tokens: int  # of one reply
    temperature: float
    seed: int
    warn: Callable[[str], None]  # told once why the chat cannot be recorded
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    said: list[Message] = field(default_factory=list)  # all of it, as journalled
    window: list[Message] = field(default_factory=list)  # what the model sees
    recorded: bool = True

    def restart(self) -> None:
        """Begin a new conversation with an empty context."""
        self.id = uuid.uuid4().hex
        self.said, self.window = [], []

    def reply(self, text: str, stopped: Callable[[], bool] = never) -> Iterator[str]:
        """Say ``text`` and yield the answer; ``stopped`` is asked between its pieces.

        Both turns are journalled, the answer as far as it came. Raises UsageError, with nothing
        said, if the message alone does not fit into the context; RuntimeFailed from the model.
        """
        message = Message("user", text)
        self._require_fit(message)
        self._hear(message)
        self._make_room(stopped)
        self.said.append(message)
        self._record()
        if stopped():  # while older messages were summarised
            return
        answer = ""
        pieces = self.model.stream(
            self.window,
            max_tokens=self._reserve,
            temperature=self.temperature,
            seed=self.seed + len(self.said),
        )
        try:
            for piece in pieces:
                shown = piece if answer else piece.lstrip()
                answer += shown
                if shown:
                    yield shown
                if stopped():
                    break
        finally:
            _close(pieces)
            if answer := answer.strip():
                self.window.append(Message("assistant", answer))
                self.said.append(Message("assistant", answer))
                self._record()

    def compact(self, stopped: Callable[[], bool] = never) -> str:
        """Replace everything but the last exchange by a summary; return it, "" if none came."""
        asked = [place for place, message in enumerate(self.window) if message.role == "user"]
        last = asked[-1] if asked else len(self.window)
        return self._summarise_before(last, stopped)

    def tokens(self) -> int:
        """Return how many tokens of the context are in use."""
        return self._count(self.window) if self.window else 0

    @property
    def _reserve(self) -> int:
        """Tokens kept free for a reply: at most half of the context."""
        return min(self.max_tokens, self.context // 2)

    @property
    def _room(self) -> int:
        """Tokens that the window may take."""
        return self.context - self._reserve

    def _require_fit(self, message: Message) -> None:
        if (tokens := self._count([message])) > self._room:
            raise UsageError(
                f"This message takes {tokens} tokens, and the model's context has room for "
                f"{self._room}. Send it in parts, or raise model.context in the configuration."
            )

    def _hear(self, message: Message) -> None:
        """Add to the window; two user messages in a row, after a stopped reply, become one.

        Many chat templates take turns strictly. If both are too long for one, the older goes.
        """
        if self.window and self.window[-1].role == message.role:
            joined = Message(message.role, f"{self.window.pop().content}\n\n{message.content}")
            message = joined if self._count([joined]) <= self._room else message
        self.window.append(message)

    def _make_room(self, stopped: Callable[[], bool]) -> None:
        """Bring the window below the context, less the room for a reply."""
        if self._count(self.window) <= self._room:
            return
        self._summarise_before(self._first_of_newer(self._room // 2), stopped)
        while len(self.window) > 1 and self._count(self.window) > self._room:
            self._drop_oldest()

    def _first_of_newer(self, room: int) -> int:
        """Return where the newest exchanges begin that take ``room`` tokens, or the last one."""
        begins = [place for place, message in enumerate(self.window) if message.role == "user"]
        for place in begins:
            if self._count(self.window[place:]) <= room:
                return place
        return begins[-1]

    def _summarise_before(self, place: int, stopped: Callable[[], bool]) -> str:
        older, newer = self.window[:place], self.window[place:]
        summary = self._summarise(older, stopped) if older else ""
        noted = [Message("system", NOTE + summary), *newer]
        try:
            self._count(noted)
        except RuntimeFailed:  # some templates take no system message
            return ""
        if summary:
            self.window = noted
        return summary

    def _summarise(self, messages: Sequence[Message], stopped: Callable[[], bool]) -> str:
        """Let the model summarise, leaving out the oldest messages that do not fit."""
        length = max(16, self.context // 8)
        lines = [f"{_SPEAKERS.get(m.role, m.role)}: {m.content}" for m in messages]
        while lines and self._count(_asking(lines)) > self.context - length:
            del lines[0]
        if not lines:
            return ""
        try:
            pieces = self.model.stream(
                _asking(lines), max_tokens=length, temperature=0.0, seed=self.seed
            )
            text = ""
            for piece in pieces:
                text += piece
                if stopped():
                    _close(pieces)
                    return ""
        except RuntimeFailed:
            return ""  # the oldest messages are dropped instead
        return text.strip()

    def _drop_oldest(self) -> None:
        """Drop the note, or else the first exchange, so that a user message comes first."""
        del self.window[0]
        while len(self.window) > 1 and self.window[0].role not in ("user", "system"):
            del self.window[0]

    def _count(self, messages: Sequence[Message]) -> int:
        return len(self.model.chat_tokens([messages])[0])

    def _record(self) -> None:
        conversation = Conversation(self.id, now(), tuple(self.said), SOURCE)
        try:
            self.journal.add(conversation)
        except SleepingError as error:
            if self.recorded:
                self.warn(f"This chat is not being recorded. {error}")
            self.recorded = False
        else:
            self.recorded = True


def _asking(lines: Sequence[str]) -> list[Message]:
    return [Message("user", _SUMMARISE + "\n".join(lines))]


def _close(pieces: Iterator[str]) -> None:
    """Stop a stream that may be a generator."""
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
