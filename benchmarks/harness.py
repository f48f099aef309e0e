"""What all benchmarks share: the report, its limits, the results folder."""

from __future__ import annotations

import contextlib
import json
import operator
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SAMPLE_SECONDS = 0.5
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}


def row(
    name: str, value: float, must: str = "", aim: str = "", *, seeds: Sequence[float] = ()
) -> dict[str, Any]:
    """Return one row of a report; it is ok if every seed holds the must."""
    found = [round(one, 4) for one in (seeds or [value])]
    return {
        "name": name,
        "value": round(value, 4),
        "must": must,
        "aim": aim,
        "ok": all(holds(one, must) for one in found),
        "seeds": found,
    }


def holds(value: float, limit: str) -> bool:
    """Tell whether ``value`` is within a limit such as ">= 0.90"; no limit always holds."""
    if not limit:
        return True
    sign, _, number = limit.partition(" ")
    return _COMPARE[sign](value, float(number))


def finish(name: str, rows: Sequence[dict[str, Any]], *, as_json: bool, write: bool) -> int:
    """Print the report, write it to the results if asked, and return the exit code."""
    report = {"schema": 1, "commit": commit(), "machine": machine(), "rows": list(rows)}
    if write:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1) + "\n")
    if as_json:
        print(json.dumps(report))
    else:
        for one in rows:
            mark = "ok  " if one["ok"] else "MISS"
            limits = f"must {one['must'] or '-':9} aim {one['aim'] or '-':8}"
            print(f"{mark} {one['name']:46} {one['value']:>9}  {limits} {one['seeds']}")
    return 0 if all(one["ok"] for one in rows) else 1


def machine() -> str:
    """Return what the figures were measured on."""
    return f"{platform.machine()} {platform.system()}, Python {platform.python_version()}"


def commit() -> str:
    """Return the commit that was measured, with + if the tree has changes."""
    command = ["git", "describe", "--always", "--dirty=+"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


class PeakMemory:
    """Context manager: the most memory that this process and its children held at one time.

    Sums resident sizes, so that pages of a model that two of them map are counted twice.
    """

    def __init__(self) -> None:
        self.gb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        own = psutil.Process()
        while not self._done.wait(SAMPLE_SECONDS):
            held = 0
            for process in (own, *own.children(recursive=True)):
                with contextlib.suppress(psutil.Error):  # it ended meanwhile
                    held += process.memory_info().rss
            self.gb = max(self.gb, held / 1e9)


def keep(name: str, content: Any) -> None:
    """Write single answers beside the results, for reading; git ignores them."""
    folder = RESULTS / "answers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False))


def stderr_progress() -> Callable[[str, float], None]:
    """Return a Progress that names each step once, with the seconds so far."""
    started = time.monotonic()
    last = [""]

    def report(what: str, fraction: float) -> None:
        if what != last[0]:
            last[0] = what
            print(f"{time.monotonic() - started:7.1f} s  {what}", file=sys.stderr, flush=True)

    return report
