"""The SQLite file under the journal and the ledger: opening it, migrating it, writing to it.

Write-ahead log, one sync per transaction: a killed process loses what it had not committed, and
nothing else. Readers never wait. Every SQLite failure leaves here as a SleepingError.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sleeping_plugin.atomic import disk_errors
from sleeping_plugin.errors import DiskFull, Locked, StateError

BUSY_SECONDS = 10.0
_APPLICATION = 0x51EE9  # PRAGMA application_id: tells our files from other programs'


def connect(path: Path) -> sqlite3.Connection:
    """Open, and create or migrate, the database at ``path``, mode 0600.

    A connection belongs to the thread that opened it. Raises StateError if the file is damaged,
    another program's, or written by a newer release; Locked if another process keeps it busy.
    """
    with disk_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the main one. A file that is there is not
        # opened: closing it again would drop the locks of this process's other connections
        # (sqlite.org/howtocorrupt.html, section 2.2).
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        if os.name == "posix":
            path.chmod(0o600)
    with sqlite_errors(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        with sqlite_errors(path):
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            _migrate(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def sqlite_errors(where: Path | sqlite3.Connection) -> Iterator[None]:
    """Turn what SQLite raises about a database into one sentence."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a closed connection, or another thread's: a mistake of ours, no state of the file
    except sqlite3.Error as error:
        path = where if isinstance(where, Path) else _path(where)
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            raise DiskFull(
                f"The disk is full: {path} could not be written. Free some space and run the "
                "command again; what was stored before is safe."
            ) from error
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise Locked(
                f"Another process has been writing to {path} for {BUSY_SECONDS:.0f} seconds. "
                "Wait until it is done, then run the command again."
            ) from error
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise StateError(
                f"{path} is damaged ({error}). Restore it from a backup, or move it away to start "
                "with an empty memory; the versions in the same folder still work."
            ) from error
        raise StateError(
            f"{path} could not be read or written ({error}). Check that it is yours to write, "
            "or choose another folder with --home."
        ) from error


def rows(
    connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()
) -> list[sqlite3.Row]:
    """Run one statement and return all its rows."""
    with sqlite_errors(connection):
        return connection.execute(statement, values).fetchall()


def write_many(
    connection: sqlite3.Connection, statement: str, values: Sequence[Sequence[Any]]
) -> None:
    """Run one statement for each of ``values``. Call it within :func:`transaction`."""
    with sqlite_errors(connection):
        connection.executemany(statement, values)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make the writes within appear together or not at all. It nests: the outermost commits."""
    if connection.in_transaction:
        yield
        return
    with sqlite_errors(connection):
        connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        with sqlite_errors(connection):
            connection.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already; then there is nothing to undo.
        if connection.in_transaction:
            with sqlite_errors(connection):
                connection.execute("ROLLBACK")
        raise


def now() -> str:
    """Return the time as stored: ISO 8601, UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def moment(time: str) -> datetime.datetime:
    """Return a stored time for comparison; UTC where it names no zone, the first where it is none.

    Sources write times in any zone and form, so their texts do not sort.
    """
    try:
        parsed = datetime.datetime.fromisoformat(time)
    except ValueError:
        return datetime.datetime.min.replace(tzinfo=datetime.UTC)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=datetime.UTC)


def storable(text: str) -> str:
    """Return ``text`` with every half surrogate pair, which UTF-8 cannot hold, replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _path(connection: sqlite3.Connection) -> str:
    return str(connection.execute("PRAGMA database_list").fetchone()[2]) or "the database"


def _first_schema(connection: sqlite3.Connection) -> None:
    for statement in (
        """CREATE TABLE conversations (
            key INTEGER PRIMARY KEY,
            source TEXT NOT NULL,
            id TEXT NOT NULL,
            time TEXT NOT NULL,
            tip TEXT NOT NULL DEFAULT '',  -- digest of all messages up to the last user turn
            UNIQUE (source, id)
        )""",
        "CREATE INDEX conversations_tip ON conversations (source, tip)",
        """CREATE TABLE turns (
            id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: facts refer to it
            conversation INTEGER NOT NULL REFERENCES conversations (key),
            position INTEGER NOT NULL,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            time TEXT NOT NULL,
            live INTEGER NOT NULL DEFAULT 1,  -- 0: the source has replaced or dropped it
            extracted INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE UNIQUE INDEX turns_live ON turns (conversation, position) WHERE live",
        "CREATE INDEX turns_dropped ON turns (conversation) WHERE NOT live",
        "CREATE INDEX turns_pending ON turns (conversation) WHERE live AND NOT extracted",
        """CREATE TABLE facts (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            slot TEXT NOT NULL,  -- subject and relation, normalised
            subject TEXT NOT NULL,
            relation TEXT NOT NULL,
            value TEXT NOT NULL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            status TEXT NOT NULL
                CHECK (status IN ('accepted', 'quarantined', 'superseded', 'forgotten')),
            created TEXT NOT NULL,
            updated TEXT NOT NULL,
            wordings TEXT NOT NULL,  -- a JSON list
            reason TEXT NOT NULL,
            single INTEGER NOT NULL,
            extractor TEXT NOT NULL,
            superseded_by TEXT REFERENCES facts (id)
        )""",
        "CREATE INDEX facts_status ON facts (status)",
        "CREATE INDEX facts_slot ON facts (slot)",
        """CREATE TABLE provenance (
            fact TEXT NOT NULL REFERENCES facts (id),
            turn INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            extractor TEXT NOT NULL,
            confidence REAL NOT NULL,
            PRIMARY KEY (fact, turn)
        ) WITHOUT ROWID""",
        "CREATE INDEX provenance_turn ON provenance (turn)",
        """CREATE TABLE recalls (
            key INTEGER PRIMARY KEY,
            fact TEXT NOT NULL REFERENCES facts (id),
            version TEXT NOT NULL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            recalled INTEGER NOT NULL,
            time TEXT NOT NULL
        )""",
        "CREATE INDEX recalls_fact ON recalls (fact)",
        """CREATE TABLE stages (
            version TEXT NOT NULL,
            fact TEXT NOT NULL REFERENCES facts (id),
            stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 3),
            PRIMARY KEY (version, fact)
        ) WITHOUT ROWID""",
    ):
        connection.execute(statement)


# Number n takes a database from schema n to schema n + 1. Append only: released ones never change.
MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_schema,)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    if _schema(connection, path) == len(MIGRATIONS):
        return
    with transaction(connection):
        # Read again: another process may have migrated while this one waited for the lock.
        version = _schema(connection, path)
        for number in range(version, len(MIGRATIONS)):
            MIGRATIONS[number](connection)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute(f"PRAGMA application_id = {_APPLICATION}")


def _schema(connection: sqlite3.Connection, path: Path) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    used = connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None
    if used and application != _APPLICATION:
        raise StateError(
            f"{path} is a database of another program. Choose another folder with --home."
        )
    if version > len(MIGRATIONS):
        raise StateError(
            f"{path} was written by a newer release (schema {version}; this one knows "
            f"{len(MIGRATIONS)}). Type `pip install --upgrade sleeping-plugin`."
        )
    return version
