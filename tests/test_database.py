"""Opening, migrating and breaking the database: pytest tests/test_database.py"""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sleeping_plugin import database
from sleeping_plugin.errors import DiskFull, Locked, SleepingError, StateError

ADD = "INSERT INTO conversations (source, id, time) VALUES ('s', ?, '')"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "memory.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(database.connect(path)) as opened:
        yield opened


def stored(connection: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in database.rows(connection, "SELECT id FROM conversations")]


def test_a_new_database_is_private_durable_and_checked(
    connection: sqlite3.Connection, path: Path
) -> None:
    with database.transaction(connection):
        database.rows(connection, ADD, ("a",))
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    for name, value in pragmas.items():
        assert database.rows(connection, f"PRAGMA {name}")[0][0] == value
    if os.name == "posix":
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
        assert len(list(path.parent.iterdir())) == 3


def test_what_was_stored_is_there_when_it_is_opened_again(path: Path) -> None:
    with closing(database.connect(path)) as first:
        database.rows(first, ADD, ("a",))
    with closing(database.connect(path)) as second:
        assert stored(second) == ["a"]


def test_a_second_connection_leaves_the_locks_of_the_first(path: Path) -> None:
    """Else another process takes itself for the last one, and removes the log in use."""
    other = f"""if True:
        from pathlib import Path
        from sleeping_plugin import database
        database.connect(Path({str(path)!r})).close()
    """
    with closing(database.connect(path)) as first:
        database.rows(first, ADD, ("a",))
        database.connect(path).close()
        subprocess.run([sys.executable, "-c", other], check=True)
        assert path.with_name("memory.db-wal").exists()
        database.rows(first, ADD, ("b",))
    with closing(database.connect(path)) as again:
        assert stored(again) == ["a", "b"]


def test_a_failed_transaction_leaves_nothing(connection: sqlite3.Connection) -> None:
    with pytest.raises(KeyboardInterrupt), database.transaction(connection):
        database.rows(connection, ADD, ("a",))
        with database.transaction(connection):
            database.rows(connection, ADD, ("b",))
        raise KeyboardInterrupt
    assert stored(connection) == []


def test_nested_transactions_commit_once_at_the_end(connection: sqlite3.Connection) -> None:
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    with database.transaction(connection), database.transaction(connection):
        database.write_many(connection, ADD, [("a",), ("b",)])
    assert [s for s in statements if s.split()[0] in ("BEGIN", "COMMIT")] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    assert stored(connection) == ["a", "b"]


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    with closing(database.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StateError, match=r"newer release \(schema 99.*pip install"):
        database.connect(path)


def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    before = path.read_bytes()
    with pytest.raises(StateError, match="another program"):
        database.connect(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_named(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"GGUF" * 1000)
    with pytest.raises(StateError, match=r"memory\.db is damaged"):
        database.connect(path)


def test_a_folder_in_the_place_of_the_database_is_one_sentence(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StateError, match=r"memory\.db"):
        database.connect(path)


def test_damage_in_the_middle_is_one_sentence_too(path: Path) -> None:
    with closing(database.connect(path)) as connection, database.transaction(connection):
        database.write_many(connection, ADD, [(f"{number:0500}",) for number in range(500)])
    data = bytearray(path.read_bytes())
    data[len(data) // 3 :] = os.urandom(len(data) - len(data) // 3)
    path.write_bytes(bytes(data))
    with pytest.raises(StateError, match="damaged"), closing(database.connect(path)) as damaged:
        stored(damaged)


def test_a_full_disk_is_told_and_the_connection_works_on(connection: sqlite3.Connection) -> None:
    database.rows(connection, ADD, ("kept",))
    pages = database.rows(connection, "PRAGMA page_count")[0][0]
    database.rows(connection, f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull, match="Free some space"), database.transaction(connection):
        database.write_many(connection, ADD, [(f"{number:0500}",) for number in range(500)])
    database.rows(connection, f"PRAGMA max_page_count = {pages + 1000}")
    database.rows(connection, ADD, ("later",))
    assert stored(connection) == ["kept", "later"]


def test_a_broken_rule_of_the_schema_is_a_state_error(connection: sqlite3.Connection) -> None:
    with pytest.raises(StateError, match="CHECK"):
        database.rows(connection, "INSERT INTO stages VALUES ('v', 'f', 4)")
    with pytest.raises(StateError, match="FOREIGN KEY"):
        database.rows(connection, "INSERT INTO stages VALUES ('v', 'unknown', 1)")


def test_a_busy_database_is_told_as_locked(
    connection: sqlite3.Connection, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    with closing(database.connect(path)) as second, database.transaction(connection):
        database.rows(connection, ADD, ("a",))
        assert stored(second) == []  # readers do not wait
        with pytest.raises(Locked, match="Another process"), database.transaction(second):
            pass


def test_a_migration_that_fails_leaves_the_old_schema(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(database.connect(path)) as connection:
        database.rows(connection, ADD, ("a",))

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE conversations ADD COLUMN title TEXT")
        connection.execute("SELECT * FROM nowhere")

    def works(connection: sqlite3.Connection) -> None:
        connection.execute("ALTER TABLE conversations ADD COLUMN title TEXT DEFAULT 'none'")

    old = database.MIGRATIONS
    monkeypatch.setattr(database, "MIGRATIONS", (*old, broken))
    with pytest.raises(SleepingError, match="nowhere"):
        database.connect(path)
    monkeypatch.setattr(database, "MIGRATIONS", (*old, works))
    with closing(database.connect(path)) as connection:
        assert database.rows(connection, "PRAGMA user_version")[0][0] == len(old) + 1
        assert database.rows(connection, "SELECT title FROM conversations")[0][0] == "none"


def test_two_processes_can_create_the_same_database_at_once(path: Path) -> None:
    code = "import pathlib, sys; from sleeping_plugin import database as d\n"
    code += "sys.stdin.read(1); d.connect(pathlib.Path(sys.argv[1])).close()"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE)
        for _ in range(2)
    ]
    for child in children:
        child.communicate(b"x")
    assert [child.returncode for child in children] == [0, 0]


def test_a_closed_connection_is_a_mistake_of_ours_and_not_dressed_up(path: Path) -> None:
    connection = database.connect(path)
    connection.close()
    with pytest.raises(sqlite3.ProgrammingError):
        database.rows(connection, "SELECT 1")


def test_times_are_compared_across_zones_and_forms() -> None:
    times = ["rubbish", "2024-05-01", "2024-05-01T09:00:00+02:00", "2024-05-01T08:00:00Z"]
    assert sorted(reversed(times), key=database.moment) == times
    assert database.moment(database.now()) > database.moment(times[-1])


def test_any_text_becomes_storable(connection: sqlite3.Connection) -> None:
    database.rows(connection, ADD, (database.storable("half \ud83d pair\0"),))
    assert stored(connection) == ["half ? pair\0"]


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_process_killed_within_a_transaction_leaves_what_was_committed(path: Path) -> None:
    code = f"""if True:
        import os, pathlib, signal
        from sleeping_plugin import database
        connection = database.connect(pathlib.Path({str(path)!r}))
        database.rows(connection, {ADD!r}, ("whole",))
        with database.transaction(connection):
            database.write_many(connection, {ADD!r}, [(str(n),) for n in range(5000)])
            os.kill(os.getpid(), signal.SIGKILL)
    """
    child = subprocess.run([sys.executable, "-c", code], check=False)
    assert child.returncode == -signal.SIGKILL
    with closing(database.connect(path)) as connection:
        assert stored(connection) == ["whole"]
        assert database.rows(connection, "PRAGMA integrity_check")[0][0] == "ok"
        database.rows(connection, ADD, ("next",))
