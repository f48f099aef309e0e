"""``sleeping sleep``, ``nap`` and ``verify`` show what the night returned; ``status`` sums up.

Run: pytest tests/test_sleep.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sleeping_plugin import errors
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.context import open_memory
from sleeping_plugin.home import Home
from sleeping_plugin.records import Conversation, Fact, GateReport, Message, Version
from sleeping_plugin.verify import VerifyResult
from sleeping_plugin.versions import Versions

Verified = Callable[[Sequence[VerifyResult]], None]


@dataclass(frozen=True)
class Night:
    version: Version | None
    accepted: bool
    gate: GateReport | None
    seconds: float = 62.0
    run: str = "run-1"
    message: str = "One fact was learnt."

    def to_json(self) -> dict[str, Any]:
        identity = self.version.id if self.version else None
        gate = {"metrics": self.gate.metrics} if self.gate else {}
        return {"version": identity, "accepted": self.accepted, "gate": gate, "seconds": 62.0}


@pytest.fixture
def night(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Replace the night by one that the test decides."""
    module = ModuleType("sleeping_plugin.night")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("sleeping_plugin.night", module, raising=False)
    return module


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Verified:
    """Return a function that decides what a verification finds."""

    def decide(found: Sequence[VerifyResult]) -> None:
        monkeypatch.setattr("sleeping_plugin.verify.verify_versions", lambda *_: found)

    return decide


def test_a_good_night_is_told_with_its_measures_and_files(
    sleeping: Any, night: ModuleType, make_version: Callable[..., Version]
) -> None:
    version = make_version()
    gate = GateReport(True, (), {"trained": 0.98, "perplexity_change": 0.01})
    kinds = []

    def sleep(home: Any, config: Any, plugins: Any, progress: Any, *, kind: str) -> Night:
        kinds.append(kind)
        progress("train", 1.0)
        return Night(version, True, gate)

    night.sleep = sleep  # type: ignore[attr-defined]  # a module made by the test
    done = sleeping("sleep")
    assert done.code == 0
    assert "One fact was learnt." in done.out and "0.980" in done.out and "1 min 2 s" in done.out
    assert str(version.files[0]) in done.out
    assert done.err == "train ...\n"
    answered = sleeping("nap", "--json")
    assert kinds == ["full", "nap"]
    assert answered.err == ""
    assert set(answered.json) == {"schema", "version", "accepted", "gate", "seconds"}
    assert answered.json["version"] == version.id and answered.json["accepted"] is True


def test_a_rejected_night_is_no_error_but_says_why(
    sleeping: Any, night: ModuleType, make_version: Callable[..., Version]
) -> None:
    gate = GateReport(False, ("recall 0.20 is below 0.90",), {"trained": 0.2})
    version = make_version(accepted=False)
    night.sleep = lambda *_, **__: Night(version, False, gate)  # type: ignore[attr-defined]  # a module made by the test
    done = sleeping("sleep")
    assert done.code == 0
    assert "Not accepted: recall 0.20 is below 0.90" in done.out
    assert sleeping("sleep", "--json").json["accepted"] is False


@pytest.mark.parametrize("kind", [errors.NothingToLearn, errors.NightFailed, errors.Locked])
def test_a_night_that_cannot_be_is_one_sentence_with_its_exit_code(
    sleeping: Any, night: ModuleType, kind: type[errors.SleepingError]
) -> None:
    def sleep(*_: Any, **__: Any) -> Night:
        raise kind("not tonight; try `sleeping status`.")

    night.sleep = sleep  # type: ignore[attr-defined]  # a module made by the test
    done = sleeping("sleep")
    assert (done.code, done.err) == (kind.exit_code, "Error: Not tonight; try `sleeping status`.\n")


def test_verify_fails_if_one_version_differs(sleeping: Any, verified: Verified) -> None:
    good = VerifyResult("v-1", True, "same bytes")
    bad = VerifyResult("v-2", False, "model.gguf differs")
    verified([good])
    assert sleeping("verify").code == 0
    assert sleeping("verify", "--json").json["ok"] is True
    verified([good, bad])
    done = sleeping("verify")
    assert done.code == errors.VerifyFailed.exit_code
    assert "model.gguf differs" in done.out
    assert sleeping("verify", "--json").json["versions"][1]["ok"] is False


def test_verify_without_versions_has_nothing_to_do(sleeping: Any, verified: Verified) -> None:
    verified([])
    done = sleeping("verify")
    assert (done.code, done.out) == (0, "There are no versions to verify yet.\n")


def test_status_of_an_empty_home_says_what_to_type(sleeping: Any) -> None:
    done = sleeping("status")
    assert done.code == 0
    assert "sleeping init" in done.out and "none yet" in done.out


def test_status_counts_what_waits_to_be_learnt(
    sleeping: Any,
    teach: Callable[..., Fact],
    make_version: Callable[..., Version],
    write_model: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    base = hash_model(write_model())
    record_base(Home.open(), base)
    monkeypatch.setenv("SLEEPING_MODEL_PATH", str(base.path))
    mara, _ = teach(), teach("Leo", subject="my brother")
    version = make_version(facts={mara.id: True}, base_digest=base.digest)
    Versions(Home.open()).switch(version)
    with open_memory(Home.open()) as memory:
        memory.ledger.set_stages(version.id, {mara.id: 0})
        messages = (Message("user", "Hello."), Message("assistant", "Hi."))
        memory.journal.add(Conversation("new", "2026-05-03T09:00:00Z", messages, "test"))
    told = sleeping("status", "--json").json
    assert told["active"] == version.id and told["versions"] == 1
    assert told["facts"]["accepted"] == 2 and told["untaught"] == 1
    assert told["pending"] >= 1 and told["model_problem"] == ""
    assert "1 fact" in sleeping("status").out


def test_status_tells_of_a_changed_model_without_failing(
    sleeping: Any, write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_model()
    record_base(Home.open(), hash_model(model))
    monkeypatch.setenv("SLEEPING_MODEL_PATH", str(model))
    write_model(seed=1)
    done = sleeping("status", "--json")
    assert done.code == 0 and "not the file" in done.json["model_problem"]
