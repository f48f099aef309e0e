"""The record of one night: each step writes what it decided before the next begins.

A killed night is found by its key (base, configuration, parent version, journal) and goes on after
its last finished step; a night of another key starts anew and the old record is removed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sleeping_plugin.atomic import disk_errors, read_json, sweep, write_json
from sleeping_plugin.errors import StateError
from sleeping_plugin.home import Home

SCHEMA: Final = 1
KEPT: Final = 20  # records of finished nights


class Run:
    """One night on disk: ``record.json`` and the artifacts of its steps."""

    def __init__(self, folder: Path, record: dict[str, Any]) -> None:
        self.folder = folder
        self._record = record

    @property
    def id(self) -> str:
        """Return the name of the night."""
        return self.folder.name

    @property
    def resumed(self) -> bool:
        """Tell whether an earlier process had begun this night."""
        return bool(self._record.get("resumed"))

    def done(self, step: str) -> Mapping[str, Any] | None:
        """Return what a finished step wrote, or None."""
        found: Mapping[str, Any] | None = self._record["steps"].get(step)
        return found

    def step(self, name: str, work: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Return what the step decided: from the record, or by doing it now."""
        known = self.done(name)
        if known is not None:
            return known
        started = time.monotonic()
        decided = dict(work())
        decided["seconds"] = round(time.monotonic() - started, 2)
        self._record["steps"][name] = decided
        self._write()
        return decided

    def rekey(self, key: Mapping[str, Any]) -> None:
        """Let the night be found by another key; written with the step that is being done."""
        self._record |= {"key": _digest(key), "made_of": dict(key)}

    def close(self, outcome: Mapping[str, Any]) -> None:
        """Write the outcome; the night cannot be resumed any more and its artifacts go."""
        self._record["outcome"] = dict(outcome)
        self._write()
        for path in self.folder.iterdir():
            if path.name != "record.json":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _write(self) -> None:
        write_json(self.folder / "record.json", self._record)


def open_run(home: Home, key: Mapping[str, Any], kind: str) -> Run:
    """Return the unfinished night of that key, or a new one; others that are unfinished go."""
    digest = _digest(key)
    with disk_errors(home.runs):
        home.runs.mkdir(parents=True, exist_ok=True)
        sweep(home.runs)
    found = None
    finished = []
    for folder in sorted(home.runs.iterdir()):
        record = _read(folder)
        if record is None or ("outcome" not in record and record["key"] != digest):
            shutil.rmtree(folder, ignore_errors=True)
        elif "outcome" in record:
            finished.append(folder)
        else:
            record["resumed"] = True
            found = Run(folder, record)
    for folder in finished[:-KEPT]:
        shutil.rmtree(folder, ignore_errors=True)
    if found is not None:
        return found
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    folder = _fresh(home.runs, f"{stamp}-{kind}")
    run = Run(folder, {"schema": SCHEMA, "key": digest, "made_of": dict(key), "steps": {}})
    run._write()
    return run


def unfinished(home: Home) -> dict[str, Any] | None:
    """Return the record of the latest night that has no outcome, if there is one."""
    folders = sorted(home.runs.iterdir(), reverse=True) if home.runs.is_dir() else []
    records = (_read(folder) for folder in folders)
    return next((record for record in records if record and "outcome" not in record), None)


def _digest(key: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()


def _fresh(parent: Path, name: str) -> Path:
    """Make a folder of that name, or of the next free one."""
    with disk_errors(parent):
        for number in range(1, 1000):
            folder = parent / (name if number == 1 else f"{name}-{number}")
            if not folder.exists():
                folder.mkdir(mode=0o700)
                return folder
    raise StateError(f"{parent} is full of runs named {name}. Remove some and try again.")


def _read(folder: Path) -> dict[str, Any] | None:
    """Return the record of a run, or None where there is none that could be used."""
    try:
        record: dict[str, Any] = read_json(folder / "record.json")
        whole = isinstance(record["steps"], dict) and isinstance(record["made_of"], dict)
        if record["schema"] == SCHEMA and whole and record["key"]:
            return record
    except (StateError, KeyError, TypeError):
        pass
    return None
