"""The record of a night: what is done is done once, whatever stops it.

Run: pytest tests/test_runs.py
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sleeping_plugin import atomic
from sleeping_plugin.errors import DiskFull, StateError
from sleeping_plugin.home import Home
from sleeping_plugin.runs import KEPT, Run, open_run

ROOT = Path(__file__).resolve().parents[1]
KEY = {"base": "sha256:1", "config": {"rank": 8}, "facts": [["f-1", "accepted", "t"]]}


@pytest.fixture
def home() -> Home:
    return Home.open()


def finish(home: Home, key: Mapping[str, Any] = KEY) -> Run:
    run = open_run(home, key, "full")
    run.close({"accepted": True})
    return run


def folders(home: Home) -> list[str]:
    return sorted(path.name for path in home.runs.iterdir())


def record(run: Run) -> Any:
    return json.loads((run.folder / "record.json").read_text(encoding="utf-8"))


# Steps


def test_a_step_is_done_once_and_remembered(home: Home) -> None:
    calls = []

    def work() -> Mapping[str, Any]:
        calls.append(1)
        return {"facts": ["f-1"], "count": 3}

    run = open_run(home, KEY, "full")
    assert run.done("curate") is None
    first, second = run.step("curate", work), run.step("curate", work)
    assert calls == [1]
    assert first == second == run.done("curate")
    assert (first["facts"], first["count"]) == (["f-1"], 3)
    assert first["seconds"] >= 0
    assert record(run)["steps"]["curate"] == first


def test_a_step_that_fails_is_not_remembered(home: Home) -> None:
    run = open_run(home, KEY, "full")
    for error in (ValueError, KeyboardInterrupt):

        def fail(error: type[BaseException] = error) -> Mapping[str, Any]:
            raise error

        with pytest.raises(error):
            run.step("train", fail)
        assert run.done("train") is None
        assert record(run)["steps"] == {}
    assert run.step("train", lambda: {"ok": 1})["ok"] == 1


def test_a_step_whose_record_cannot_be_written_is_done_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(home, KEY, "full")

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(DiskFull):
        broken.setattr(atomic, "_write_synced", full)
        run.step("train", lambda: {"try": 1})
    again = open_run(home, KEY, "full")
    assert again.step("train", lambda: {"try": 2})["try"] == 2


# Resumed or begun anew


def test_a_new_night_is_not_resumed(home: Home) -> None:
    run = open_run(home, KEY, "nap")
    assert not run.resumed
    assert run.id.endswith("-nap")
    assert run.folder.parent == home.runs
    assert record(run)["made_of"] == KEY
    if os.name == "posix":
        assert run.folder.stat().st_mode & 0o777 == 0o700


def test_an_unfinished_night_of_the_same_key_goes_on(home: Home) -> None:
    first = open_run(home, KEY, "full")
    done = first.step("audit", lambda: {"recalled": {"f-1": False}})
    (first.folder / "adapter.npz").write_bytes(b"trained")
    again = open_run(home, dict(reversed(KEY.items())), "full")  # the order of keys says nothing
    assert (again.id, again.resumed) == (first.id, True)
    assert again.done("audit") == done
    assert (again.folder / "adapter.npz").read_bytes() == b"trained"
    assert folders(home) == [first.id]


@pytest.mark.parametrize(
    "key", [{**KEY, "base": "sha256:2"}, {**KEY, "config": {"rank": 4}}, {**KEY, "new": 1}, {}]
)
def test_a_night_of_another_key_begins_anew_and_the_old_one_goes(
    home: Home, key: dict[str, Any]
) -> None:
    old = open_run(home, KEY, "full")
    old.step("audit", dict)
    new = open_run(home, key, "full")
    assert not new.resumed
    assert new.done("audit") is None
    assert folders(home) == [new.id]


def test_a_finished_night_is_not_resumed_and_stays(home: Home) -> None:
    old = open_run(home, KEY, "full")
    old.step("audit", dict)
    old.close({"accepted": False, "reason": "recall"})
    new = open_run(home, KEY, "full")
    assert not new.resumed
    assert new.id != old.id
    assert folders(home) == sorted([old.id, new.id])
    assert record(old)["outcome"] == {"accepted": False, "reason": "recall"}


def test_closing_removes_the_artifacts_and_keeps_the_record(home: Home) -> None:
    run = open_run(home, KEY, "full")
    (run.folder / "adapter.npz").write_bytes(b"big")
    (run.folder / "version").mkdir()
    (run.folder / "version" / "model.gguf").write_bytes(b"bigger")
    run.close({"accepted": True})
    assert [path.name for path in run.folder.iterdir()] == ["record.json"]


def test_nights_within_one_second_have_folders_of_their_own(home: Home) -> None:
    runs = [finish(home) for _ in range(5)]
    assert len({run.id for run in runs}) == 5


def test_the_newest_records_are_kept(home: Home) -> None:
    runs = [finish(home) for _ in range(KEPT + 4)]
    open_run(home, KEY, "full")
    assert len(folders(home)) == KEPT + 1
    assert all(run.folder.exists() for run in runs[-KEPT // 2 :])


# Damage


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        '{"schema": 2, "key": "x", "steps": {}}',
        '{"schema": 1, "key": "x", "steps": []}',
        '{"schema": 1, "steps": {}}',
    ],
)
def test_a_damaged_record_is_removed_and_the_night_begins_anew(home: Home, content: str) -> None:
    old = open_run(home, KEY, "full")
    old.step("audit", lambda: {"a": 1})
    (old.folder / "record.json").write_text(content)
    new = open_run(home, KEY, "full")
    assert not new.resumed
    assert new.done("audit") is None
    assert folders(home) == [new.id]


def test_a_folder_without_a_record_and_what_a_killed_write_left_go(home: Home) -> None:
    (home.runs / "20260101-000000-full").mkdir(parents=True)
    dead = home.runs / ".x.999999999-0123abcd.staging"
    dead.mkdir()
    run = open_run(home, KEY, "full")
    assert folders(home) == [run.id]


def test_a_file_between_the_runs_does_not_disturb(home: Home) -> None:
    (home.runs / "note.txt").write_text("mine")
    open_run(home, KEY, "full")
    assert (home.runs / "note.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_one_sentence(home: Home) -> None:
    home.runs.rmdir()
    home.runs.write_text("in the way")
    with pytest.raises(StateError, match="runs"):
        open_run(home, KEY, "full")


# Killed

NIGHT = """
import os, signal, sys
from pathlib import Path
from sleeping_plugin.home import Home
from sleeping_plugin.runs import open_run

home, kill = Home.open(Path(sys.argv[1])), sys.argv[2]
run = open_run(home, {"night": 1}, "full")
log = home.root / "log.txt"

def work(name, when):
    def do():
        if kill == f"{name} begin":
            os.kill(os.getpid(), signal.SIGKILL)
        with log.open("a") as file:
            file.write(name + "\\n")
        if kill == f"{name} end":
            os.kill(os.getpid(), signal.SIGKILL)
        return {"made": name}
    return do

for name in ("audit", "train", "export"):
    assert run.step(name, work(name, ""))["made"] == name
    if kill == f"{name} after":
        os.kill(os.getpid(), signal.SIGKILL)
print(run.id, run.resumed)
"""


def night(home: Home, kill: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", NIGHT, str(home.root), kill],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
@pytest.mark.parametrize("step", ["audit", "train", "export"])
def test_a_killed_night_goes_on_after_its_last_finished_step(home: Home, step: str) -> None:
    for moment in ("begin", "end", "after"):
        assert night(home, f"{step} {moment}").returncode == -signal.SIGKILL
    finished = night(home, "never")
    assert finished.returncode == 0, finished.stderr
    (run,) = folders(home)
    assert finished.stdout.split() == [run, "True"]
    # Killed before the work: nothing. Killed at its end, before the record: once in vain.
    expected = [name for name in ("audit", "train", "export") for _ in range(1 + (name == step))]
    assert (home.root / "log.txt").read_text().split() == expected
