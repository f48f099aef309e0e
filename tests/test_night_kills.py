"""kill -9 at every boundary of a night, and in the middle of every step: nothing is lost.

Each case runs `sleeping sleep` in a process of its own, with a plugin that ends it by SIGKILL
(tests/night_plugin), looks at what is left, and sleeps again.

Run: pytest tests/test_night_kills.py
"""

from __future__ import annotations

import json
import multiprocessing
import runpy
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from night_fixtures import LATER, LENIENT, SAID, SMALL, facts_of, last_record, tell

from sleeping_plugin.context import open_memory
from sleeping_plugin.database import connect
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.versions import Versions

HERE = Path(__file__).parent
STEPS = [
    *("curate", "audit", "dream", "consolidate", "dissolve", "edit"),
    *("choose", "settle", "export", "validate", "publish", "report"),
]
RECORDS = ["", "begin", *STEPS, "close"]  # what the nth write of the record is about
BOUNDARIES = [f"event:{name}" for name in ("begin", *STEPS, "accepted")]
CONVERTERS = "sleeping_converters"
MIDDLES = {
    "curate": [
        "call:sleeping_plugin.ledger:Ledger.add:1",
        "call:sleeping_plugin.runs:Run._write:2",
    ],
    "audit": ["call:sleeping_plugin.ledger:Ledger.record_recall:2"],
    "dream": ["write:replies.json:1"],
    "consolidate": [f"call:{CONVERTERS}.working_copy:publish_folder:1", "write:adapter.npz:1"],
    "edit": ["write:edits.npz:1"],
    "dissolve": [f"call:{CONVERTERS}.adapter:balanced:5"],
    "choose": [f"call:{CONVERTERS}.adapter:balanced:20", "write:factors.npz:1"],
    "export": [f"call:{CONVERTERS}.gguf_file:_same:5", "write:factors.npz:2"],
    "publish": [
        "write:manifest.json:1",
        "call:sleeping_plugin.versions:Versions.switch:1",
        "write:active.json:1",
    ],
    "report": ["call:sleeping_plugin.ledger:Ledger.record_recall:5"],
}
for name in ("begin", "curate", "export", "validate", "publish", "close"):
    MIDDLES.setdefault(name, []).append(f"write:record.json:{RECORDS.index(name)}")
CASES = [
    *[pytest.param(order, id=order.replace(":", "-")) for order in BOUNDARIES],
    *[
        pytest.param(order, id=f"{step}-{order.rsplit('.', 1)[-1].replace(':', '-')}-{nth}")
        for step, orders in MIDDLES.items()
        for nth, order in enumerate(orders)
    ],
]


Call = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the folders that hold the killing plugin as pip would have installed it."""
    site = tmp_path_factory.mktemp("site")
    info = site / "sleeping_small-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sleeping-small\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sleeping_plugin]\nsmall = sleeping_small\n")
    return [str(site), str(HERE / "night_plugin")]


@pytest.fixture(scope="module")
def server() -> Any:
    """Give a context that forks processes in which the big libraries are imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["torch", "transformers.models.llama.modeling_llama", "sleeping_plugin.night"]
    )
    return context


@pytest.fixture
def call(
    server: Any, installed: list[str], home_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Call:  # fmt: skip
    """Give a function that runs `sleeping` in a process; it returns exit code and output.

    The code of a process that was killed is minus the number of the signal.
    """
    # The first call starts the server, and torch reads its threads when it is imported.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("GOMP_SPINCOUNT", "20000")

    def run(*arguments: str, kill: str = "") -> tuple[int, str]:
        output = tmp_path / "output"
        settings = [f"--set={one}" for one in (*SMALL, *LENIENT)]
        given = {
            "PATHS": installed,
            "VARIABLES": {"SMALL_NIGHT": "1", "SMALL_KILL": kill, "HF_HUB_OFFLINE": "1"},
            "ARGUMENTS": [f"--home={home_folder}", *settings, *arguments],
            "OUTPUT": str(output),
        }
        script = str(HERE / "night_plugin" / "run_cli.py")
        process = server.Process(target=runpy.run_path, args=(script, given))
        process.start()
        process.join()
        code = process.exitcode
        process.close()
        return code, output.read_text(encoding="utf-8")

    return run


def steps_done(home: Home) -> Mapping[str, Any]:
    """Return the steps of the night that was stopped; {} where it had begun none."""
    records = [json.loads(p.read_text(encoding="utf-8")) for p in home.runs.glob("2*/record.json")]
    return next((r["steps"] for r in records if "outcome" not in r), {})


def check_whole(home: Home) -> None:
    """Check that everything a user or a host could reach is whole."""
    with closing(connect(home.database)) as connection:
        assert [row[0] for row in connection.execute("PRAGMA integrity_check")] == ["ok"]
    with open_memory(home) as memory:
        said = {turn.text for key in ("first", "second") for turn in memory.journal.turns(key)}
        assert said == {*SAID, *LATER}
    assert {"Mara", "teal"} <= facts_of(home).keys()
    versions = Versions(home)
    assert versions.broken() == []
    active = versions.active()
    assert active is None or active.accepted
    for version in versions.list():
        info = read_info(version.files[0])
        assert max(t.offset + (t.nbytes or 0) for t in info.tensors) <= info.size


@pytest.mark.parametrize("order", CASES)
def test_a_night_that_is_killed_loses_nothing_and_goes_on(
    home: Home, call: Call, order: str
) -> None:
    tell(home, LATER, "second")
    if "replies.json" in order:
        for file in home.cache.rglob("replies.json"):
            file.unlink()
    if "working_copy" in order:
        shutil.rmtree(home.cache / "working-copy")
    code, output = call("sleep", "--json", kill=order)
    assert code == -signal.SIGKILL, output
    check_whole(home)
    done = steps_done(home)
    if (step := order.removeprefix("event:")) in STEPS:
        assert list(done) == STEPS[: STEPS.index(step) + 1]
    code, output = call("sleep", "--json")
    assert code == 0, output
    slept = json.loads(output)
    assert slept["accepted"] is True
    check_whole(home)
    active = Versions(home).active()
    assert active is not None and active.id == slept["version"]
    assert facts_of(home).keys() == {"Mara", "teal", "Rex"}
    record = last_record(home)
    assert {name: record["steps"][name] for name in done} == done  # taken over, not repeated
    (made,) = Versions(home).list() if order != "event:accepted" else [active]
    assert made.id == active.id
    leftovers = [path for path in home.root.rglob(".*") if path.suffix in (".tmp", ".staging")]
    assert leftovers == []
