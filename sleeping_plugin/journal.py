"""What was said: every chat turn once, however often its source repeats it.

Turns are appended and never deleted, because facts refer to them. A turn that its source has
replaced (an edited message, a regenerated reply) is dropped: it is kept, but no longer part of its
conversation; if the source shows it again, it comes back as it was. Secrets are redacted before a
turn is compared or written.
"""

from __future__ import annotations

import hashlib
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager

from sleeping_plugin.database import moment, rows, storable, transaction, write_many
from sleeping_plugin.errors import NotFound
from sleeping_plugin.records import Conversation, Message, Turn
from sleeping_plugin.redact import redact_chat

_TURN = """SELECT turns.id, conversations.id AS conversation, position, role, text, turns.time
    FROM turns JOIN conversations ON turns.conversation = conversations.key"""


class Journal:
    """The journal in an open database (:func:`sleeping_plugin.database.connect`)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def transaction(self) -> AbstractContextManager[None]:
        """Make the writes within, to the ledger too, appear together or not at all."""
        return transaction(self._connection)

    def add(self, conversation: Conversation) -> list[Turn]:
        """Store the turns of ``conversation`` that are new, and return them.

        A changed text at a position replaces that turn and drops the later ones; a changed system
        message, which hosts rewrite at will, replaces itself alone. A shorter repetition drops
        nothing.
        """
        messages = _clean(conversation.messages)
        with self.transaction():
            key = self._key(conversation)
            live = rows(
                self._connection,
                "SELECT id, role, text FROM turns WHERE conversation = ? AND live"
                " ORDER BY position",
                (key,),
            )
            dropped, missing = _compare(live, messages)
            self._drop(dropped)
            added = self._put(key, conversation, missing)
            if dropped or missing:
                self._set_tip(key)
        return added

    def match(self, messages: Sequence[Message], source: str) -> str:
        """Return the id of the conversation that ``messages`` continue, else a fresh one.

        For hosts that resend the whole chat with every request and name no conversation. It
        continues a conversation if it holds all that the user said there so far: a regenerated
        reply stays in its conversation; an edited message starts a new one, so that nothing the
        user said elsewhere is dropped. System messages do not count.
        """
        for tip in reversed(_tips(_clean(messages))):
            found = rows(
                self._connection,
                "SELECT id FROM conversations WHERE source = ? AND tip = ?"
                " ORDER BY key DESC LIMIT 1",
                (storable(source), tip),
            )
            if found:
                return str(found[0]["id"])
        return f"c-{uuid.uuid4().hex[:12]}"

    def pending(self) -> list[list[Turn]]:
        """Return each conversation that has unextracted turns: all its turns, in order.

        The conversation whose unextracted turns are oldest comes first, so that what was said
        later is read later. :meth:`pending_ids` tells which turns are new.
        """
        keys = rows(
            self._connection,
            "SELECT DISTINCT conversation FROM turns WHERE live AND NOT extracted",
        )
        new = self.pending_ids()
        found = [self._of(int(key[0])) for key in keys]
        return sorted(
            found,
            key=lambda turns: min((moment(t.time), t.id) for t in turns if t.id in new),
        )

    def pending_ids(self) -> frozenset[int]:
        """Return the ids of all turns that no fact was read from yet."""
        found = rows(self._connection, "SELECT id FROM turns WHERE live AND NOT extracted")
        return frozenset(int(row["id"]) for row in found)

    def mark_extracted(self, turn_ids: Iterable[int]) -> None:
        """Note that the facts of these turns are in the ledger."""
        with self.transaction():
            values = [(identity,) for identity in turn_ids]
            write_many(self._connection, "UPDATE turns SET extracted = 1 WHERE id = ?", values)

    def turn(self, identity: int) -> Turn:
        """Return one turn, also one that was dropped."""
        found = rows(self._connection, f"{_TURN} WHERE turns.id = ?", (identity,))
        if not found:
            raise NotFound(f"There is no turn {identity} in the journal.")
        return _turn(found[0])

    def turns(self, conversation: str, source: str | None = None) -> list[Turn]:
        """Return the turns of a conversation in order, [] if there is none.

        Ids are unique within a source. Without ``source``, the turns of every source that has a
        conversation of that id follow one another.
        """
        keys = rows(
            self._connection,
            "SELECT key FROM conversations WHERE id = ? AND source = coalesce(?, source)"
            " ORDER BY key",
            (storable(conversation), source),
        )
        return [turn for key in keys for turn in self._of(int(key[0]))]

    def _of(self, key: int) -> list[Turn]:
        where = "WHERE turns.conversation = ? AND live ORDER BY position"
        return [_turn(row) for row in rows(self._connection, f"{_TURN} {where}", (key,))]

    def _key(self, conversation: Conversation) -> int:
        name = (storable(conversation.source), storable(conversation.id))
        rows(
            self._connection,
            "INSERT INTO conversations (source, id, time) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (*name, storable(conversation.time)),
        )
        found = rows(
            self._connection, "SELECT key FROM conversations WHERE source = ? AND id = ?", name
        )
        return int(found[0]["key"])

    def _drop(self, turn_ids: Sequence[int]) -> None:
        values = [(identity,) for identity in turn_ids]
        write_many(self._connection, "UPDATE turns SET live = 0 WHERE id = ?", values)

    def _put(
        self, key: int, conversation: Conversation, missing: Sequence[tuple[int, Message]]
    ) -> list[Turn]:
        """Store ``missing`` (position, message), or bring back what was dropped; return the new."""
        dropped: defaultdict[Message, list[int]] = defaultdict(list)
        for row in rows(
            self._connection,
            "SELECT id, role, text FROM turns WHERE conversation = ? AND NOT live ORDER BY id DESC",
            (key,),
        ):
            dropped[Message(row["role"], row["text"])].append(int(row["id"]))
        added = []
        for position, message in missing:
            if dropped[message]:
                back = (position, dropped[message].pop())
                rows(self._connection, "UPDATE turns SET live = 1, position = ? WHERE id = ?", back)
                continue
            role, text = message.role, message.content
            time = message.time or storable(conversation.time)
            new = rows(
                self._connection,
                "INSERT INTO turns (conversation, position, role, text, time)"
                " VALUES (?, ?, ?, ?, ?) RETURNING id",
                (key, position, role, text, time),
            )
            name = storable(conversation.id)
            added.append(Turn(int(new[0]["id"]), name, position, role, text, time))
        return added

    def _set_tip(self, key: int) -> None:
        tips = _tips([Message(turn.role, turn.text) for turn in self._of(key)])
        values = (tips[-1] if tips else "", key)
        rows(self._connection, "UPDATE conversations SET tip = ? WHERE key = ?", values)


def _clean(messages: Sequence[Message]) -> list[Message]:
    texts = redact_chat([storable(message.content) for message in messages])
    return [
        Message(storable(message.role), text, storable(message.time))
        for message, text in zip(messages, texts, strict=True)
    ]


def _compare(
    live: Sequence[sqlite3.Row], messages: Sequence[Message]
) -> tuple[list[int], list[tuple[int, Message]]]:
    """Return the ids of the turns to drop, and the messages to put with their positions."""
    dropped: list[int] = []
    missing: list[tuple[int, Message]] = []
    for position, message in enumerate(messages):
        if position < len(live):
            old = Message(live[position]["role"], live[position]["text"])
            if old == message:
                continue
            if old.role != "system" or message.role != "system":
                dropped += [int(row["id"]) for row in live[position:]]
                return dropped, missing + list(enumerate(messages))[position:]
            dropped.append(int(live[position]["id"]))
        missing.append((position, message))
    return dropped, missing


def _tips(messages: Sequence[Message]) -> list[str]:
    """Return, for each user message, the digest of the chat up to and with it."""
    digest = hashlib.sha256()
    tips = []
    for message in messages:
        if message.role != "system":
            for part in (message.role, message.content):
                data = part.encode()
                digest.update(b"%d:%b" % (len(data), data))
        if message.role == "user":
            tips.append(digest.hexdigest())
    return tips


def _turn(row: sqlite3.Row) -> Turn:
    return Turn(**{name: row[name] for name in row.keys()})  # noqa: SIM118  a Row is no dict
