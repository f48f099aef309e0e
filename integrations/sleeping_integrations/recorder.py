"""Writes what a host heard into the journal."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import closing

from sleeping_plugin.database import connect, now
from sleeping_plugin.home import Home
from sleeping_plugin.journal import Journal
from sleeping_plugin.records import Conversation, Message

_MOST_UNSAVED = 1000  # chats held in memory while the database cannot be written


class Recorder:
    """Records chats of a host that sends the whole conversation with every request.

    Call it from any thread; it opens a connection of its own each time. Chats are written in the
    order of the calls. One that cannot be written is kept and tried again at the next call.
    """

    def __init__(self, home: Home, source: str) -> None:
        self._home = home
        self._source = source
        self._order = threading.Lock()
        self._unsaved: deque[Sequence[Message]] = deque(maxlen=_MOST_UNSAVED)

    def __call__(self, messages: Sequence[Message]) -> None:
        """Write ``messages``, a conversation so far, secrets redacted. Raises SleepingError."""
        with self._order:
            self._unsaved.append(tuple(messages))
            with closing(connect(self._home.database)) as connection:
                journal = Journal(connection)
                while self._unsaved:
                    self._write(journal, self._unsaved[0])
                    self._unsaved.popleft()

    def _write(self, journal: Journal, messages: Sequence[Message]) -> None:
        conversation = journal.match(messages, self._source)
        journal.add(Conversation(conversation, now(), tuple(messages), self._source))
