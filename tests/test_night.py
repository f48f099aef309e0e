"""Whole nights on a real model of two layers: what they publish, keep, restore and refuse.

Run: pytest tests/test_night.py
"""

from __future__ import annotations

import errno
import os
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from night_fixtures import LATER, STRICT, Sleep, facts_of, last_record, settings, tell

from sleeping_plugin import atomic, dissolve, dream, factors
from sleeping_plugin.base import current_base
from sleeping_plugin.commands.forget import forget_fact
from sleeping_plugin.context import open_memory
from sleeping_plugin.dissolve import Score
from sleeping_plugin.errors import BaseChanged, CannotUnlearn, DiskFull, Locked, NothingToLearn
from sleeping_plugin.exam import make_exam
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.ledger import Recall
from sleeping_plugin.plugins import Plugins, load
from sleeping_plugin.records import Exam, FactStatus, SleepEvent, silent
from sleeping_plugin.verify import verify_versions
from sleeping_plugin.versions import Versions

STEPS = [
    *("curate", "audit", "dream", "consolidate", "dissolve", "edit"),
    *("choose", "settle", "export", "validate", "publish", "report"),
]


def stages(home: Home, version: str) -> dict[str, int]:
    with open_memory(home) as memory:
        return memory.ledger.stages(version)


def recalls(home: Home, fact: str) -> list[Recall]:
    with open_memory(home) as memory:
        return memory.ledger.recalls(fact)


def state(home: Home) -> tuple[Any, ...]:
    """Return what a night that failed may not change."""
    active = Versions(home).active()
    names = sorted(path.name for path in home.versions.iterdir())
    return (active.id if active else None, names, facts_of(home))


class Notes:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[SleepEvent] = []

    @hookimpl
    def sleep_event(self, event: SleepEvent) -> None:
        self.heard.append(event)


class Deaf:
    """A listener that fails at everything it hears."""

    @hookimpl
    def sleep_event(self, event: SleepEvent) -> None:
        raise OSError("no ears")


class Point:
    """An entry point of a plugin that is there already."""

    def __init__(self, name: str, plugin: Any) -> None:
        self.name, self.dist, self._plugin = name, None, plugin

    def load(self) -> Any:
        return self._plugin


def with_listeners(*listeners: Any) -> Plugins:
    points: Any = [Point(f"p{i}", one) for i, one in enumerate(listeners)]
    return load(strangers=points)


def made_exam(home: Home) -> Exam:
    with open_memory(home) as memory:
        return make_exam(memory.ledger.facts(FactStatus.ACCEPTED), (), settings(home).night.seed)


# Accepted and rejected


def test_an_accepted_night_is_published_and_in_use(home: Home, sleep: Sleep) -> None:
    tell(home, LATER, "second")
    done = sleep()
    assert done.accepted and done.version is not None
    active = Versions(home).active()
    assert active is not None and active.id == done.version.id
    assert [file.name for file in active.files] == ["model.gguf"] and active.files[0].is_file()
    known = facts_of(home)
    assert set(known) == {"Mara", "teal", "Rex"}
    assert set(done.facts) == {fact.id for fact in known.values()}
    found = stages(home, active.id)
    assert found == last_record(home)["steps"]["dissolve"]["stages"]
    assert found.keys() == set(done.facts) and set(found.values()) <= {0, 1}
    for fact in known.values():
        asked = recalls(home, fact.id)  # before the night, and every question of the gate
        assert [recall.version for recall in asked] == ["base"] + [active.id] * (len(asked) - 1)
        assert {one.question for one in asked} == {
            probe.question for probe in made_exam(home).probes if probe.fact == fact.id
        }


def test_a_finished_night_leaves_its_record_and_no_arrays(home: Home, sleep: Sleep) -> None:
    done = sleep()
    (folder,) = home.runs.iterdir()
    assert folder.name == done.run
    assert [path.name for path in folder.iterdir()] == ["record.json"]
    record = last_record(home)
    assert list(record["steps"]) == STEPS
    assert record["outcome"]["accepted"] is True
    assert sorted(path.name for path in home.versions.iterdir()) == [record["outcome"]["version"]]


def test_a_rejected_night_is_kept_with_its_reason_and_changes_nothing(
    home: Home, sleep: Sleep
) -> None:
    first = sleep()
    assert first.version is not None
    before = stages(home, first.version.id), home.active_file.read_bytes()
    tell(home, LATER, "second")
    done = sleep(*STRICT)
    assert not done.accepted and done.version is not None and done.gate is not None
    assert done.version.id != first.version.id
    kept = Versions(home).get(done.version.id)
    assert not kept.accepted and kept.files[0].is_file()
    assert list(kept.gate["reasons"]) == list(done.gate.reasons)
    assert "recall of trained wording" in done.gate.reasons[0]
    assert done.gate.reasons[0] in done.message
    assert (stages(home, first.version.id), home.active_file.read_bytes()) == before
    assert stages(home, done.version.id) == {}


def test_the_same_facts_that_are_rejected_and_then_accepted_are_one_version(
    home: Home, sleep: Sleep
) -> None:
    no, yes = sleep(*STRICT), sleep()
    assert no.version is not None and yes.version is not None
    assert no.version.id == yes.version.id and yes.accepted
    active = Versions(home).active()
    assert active is not None and active.accepted and len(Versions(home).list()) == 1


def test_a_night_without_facts_says_what_to_do(home: Home, sleep: Sleep) -> None:
    with open_memory(home) as memory:
        for fact in memory.ledger.facts():
            memory.ledger.set_status(fact.id, FactStatus.QUARANTINED)
    with pytest.raises(NothingToLearn, match="sleeping import"):
        sleep()
    assert Versions(home).active() is None
    tell(home, LATER, "second")
    assert sleep().accepted


# One at a time, and only where it can be done


def test_a_second_night_at_the_same_time_is_refused(home: Home, sleep: Sleep) -> None:
    refused = []

    class Second:
        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            if event.step == "audit":
                with pytest.raises(Locked, match=rf"`sleep` \(process {os.getpid()}\)") as caught:
                    sleep()
                refused.append(caught.value)

    assert sleep(plugins=with_listeners(Second())).accepted
    assert len(refused) == 1 and len(Versions(home).list()) == 1


def test_too_little_disk_is_said_before_anything_changes(home: Home, sleep: Sleep) -> None:
    before = state(home)
    with pytest.raises(DiskFull, match="Not enough space for the night"):
        sleep("night.min_free_gb=1e6")
    assert state(home) == before and list(home.runs.iterdir()) == []


def test_a_model_that_has_changed_is_refused(
    home: Home, sleep: Sleep, tiny_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    shutil.copyfile(tiny_model, other)
    with other.open("r+b") as file:
        file.seek(-1000, os.SEEK_END)
        file.write(b"changed")
    before = state(home)
    with pytest.raises(BaseChanged, match="is not the file that this home learnt from"):
        sleep(f"model.path={other}")
    assert state(home) == before and list(home.runs.iterdir()) == []


# A disk that fills up in the night


class FullDisk:
    """Lets an atomic write fail when the disk has no space left, once."""

    def __init__(self, file: str, nth: int) -> None:
        self.left, self.file, self.real = nth, file, atomic._write_synced

    def __call__(self, path: Path, data: bytes) -> None:
        if path.name.startswith(f".{self.file}."):
            self.left -= 1
            if self.left == 0:
                self.real(path, data[: len(data) // 2])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        self.real(path, data)


RECORDS = ["", "begin", *STEPS, "close"]  # what the nth write of the record is about
WRITES = [
    *[("record.json", RECORDS.index(name)) for name in ("begin", "dream", "export")],
    *[("record.json", RECORDS.index(name)) for name in ("publish", "report", "close")],
    *[("adapter.npz", 1), ("edits.npz", 1), ("factors.npz", 1), ("factors.npz", 2)],
    *[("manifest.json", 1), ("active.json", 1)],
]


@pytest.mark.parametrize(("file", "nth"), WRITES)
def test_a_disk_that_fills_up_is_one_sentence_and_the_next_night_completes(
    home: Home, sleep: Sleep, monkeypatch: pytest.MonkeyPatch, file: str, nth: int
) -> None:
    facts = facts_of(home)
    with monkeypatch.context() as patch:
        disk = FullDisk(file, nth)
        patch.setattr(atomic, "_write_synced", disk)
        with pytest.raises(DiskFull, match=r"The disk is full: .*Free some space"):
            sleep()
        assert disk.left == 0
    active = Versions(home).active()
    assert (active is not None) == (file == "record.json" and nth >= RECORDS.index("publish"))
    assert facts_of(home) == facts and Versions(home).broken() == []
    done = sleep()
    assert done.accepted and done.version is not None
    active = Versions(home).active()
    assert active is not None and active.id == done.version.id
    assert not [path for path in home.root.rglob(".*.tmp")]


def test_a_disk_that_fills_up_in_the_middle_of_the_export_publishes_nothing(
    home: Home, sleep: Sleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sleeping_converters import gguf_file

    real, left = gguf_file._same, [5]

    def full(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    before = state(home)
    with monkeypatch.context() as patch:
        patch.setattr(gguf_file, "_same", full)
        with pytest.raises(DiskFull, match=r"model\.gguf could not be written"):
            sleep()
    assert left == [0] and state(home) == before
    killed = last_record(home)["steps"]
    done = sleep()
    assert done.accepted
    assert list(killed) == STEPS[: STEPS.index("export")]
    assert {name: last_record(home)["steps"][name] for name in killed} == killed


# Verify


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_verify_names_a_version_whose_file_is_gone(
    home: Home, sleep: Sleep, loaded: Plugins
) -> None:
    version = sleep().version
    assert version is not None
    version.files[0].unlink()
    (found,) = verify_versions(home, settings(home), loaded, silent)
    assert (found.id, found.ok) == (version.id, False) and "model.gguf" in found.detail


@pytest.mark.parametrize("file", ["model.gguf", "adapter.gguf", "factors.npz"])
def test_verify_finds_one_changed_byte(
    home: Home, sleep: Sleep, loaded: Plugins, file: str
) -> None:
    version = sleep().version
    assert version is not None

    def verify() -> list[tuple[str, bool, str]]:
        found = verify_versions(home, settings(home), loaded, silent)
        return [(one.id, one.ok, one.detail) for one in found]

    assert verify() == [(version.id, True, "every byte is as derived")]
    flip(Versions(home).folder(version.id) / file)
    ((identity, ok, detail),) = verify()
    assert (identity, ok) == (version.id, False) and file.split(".")[0] in detail
    assert sorted(path.name for path in home.versions.iterdir()) == [version.id]


def test_verify_uses_the_recipe_of_the_version_and_not_of_today(
    home: Home, sleep: Sleep, loaded: Plugins
) -> None:
    sleep("export.type=F16")
    (found,) = verify_versions(home, settings(home, "export.type=own"), loaded, silent)
    assert found.ok


# Forgetting, naps, going back


def test_what_was_forgotten_must_be_proven_gone_by_the_next_night(home: Home, sleep: Sleep) -> None:
    sleep()
    gone = facts_of(home)["teal"]
    forget_fact(home, gone.id)
    done = sleep()
    assert done.gate is not None and gone.id not in done.facts
    asked = [one for one in done.gate.answers if one["fact"] == gone.id]
    assert [(one["kind"], one["question"]) for one in asked] == [("stranger", gone.question)]
    assert done.version is not None and gone.id not in stages(home, done.version.id)


def test_a_nap_does_not_pretend_to_unlearn(home: Home, sleep: Sleep) -> None:
    first = sleep().version
    gone = facts_of(home)["teal"]
    forget_fact(home, gone.id)
    with pytest.raises(CannotUnlearn, match="Type `sleeping sleep`"):
        sleep(kind="nap")
    active = Versions(home).active()
    assert first is not None and active is not None and active.id == first.id
    assert sleep().accepted
    tell(home, LATER, "second")
    assert sleep(kind="nap").accepted  # the version in use does not know it any more


def test_a_nap_knows_what_its_parent_knows_even_what_was_superseded(
    home: Home, sleep: Sleep
) -> None:
    sleep()
    old = facts_of(home)["teal"]
    tell(home, ("My favourite colour is green now.",), "second")
    done = sleep(kind="nap")
    assert done.version is not None
    versions = Versions(home)
    assert [version.id for version in versions.knowing(old.id)] == [
        version.id for version in versions.list()
    ]


def test_what_is_forgotten_while_the_night_runs_is_not_published(
    home: Home, sleep: Sleep, loaded: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = facts_of(home)["teal"]
    gate = type(loaded.pick("gate", "llama-cpp"))
    judge = gate.judge

    def forget_meanwhile(self: Any, *arguments: Any) -> Any:
        forget_fact(home, gone.id)
        return judge(self, *arguments)

    monkeypatch.setattr(gate, "judge", forget_meanwhile)
    done = sleep()
    assert not done.accepted and gone.question in done.message
    assert Versions(home).active() is None


def test_a_first_nap_publishes_edits_of_the_base(home: Home, sleep: Sleep) -> None:
    done = sleep(kind="nap")
    assert done.accepted and done.version is not None
    record = last_record(home)
    assert "consolidate" not in record["steps"] and record["steps"]["choose"]["ships"] == "sum"
    assert set(stages(home, done.version.id).values()) == {0}
    changed = factors.load(Versions(home).folder(done.version.id) / "factors.npz")
    assert changed and all("ffn_down" in name for name in changed)


def test_a_nap_after_a_night_adds_to_what_the_version_learnt(home: Home, sleep: Sleep) -> None:
    first = sleep().version
    assert first is not None
    tell(home, LATER, "second")
    done = sleep(kind="nap")
    assert done.accepted and done.version is not None and done.version.parent == first.id
    assert stages(home, done.version.id).keys() == {f.id for f in facts_of(home).values()}
    versions = Versions(home)
    old = factors.load(versions.folder(first.id) / "factors.npz")
    new = factors.load(versions.folder(done.version.id) / "factors.npz")
    for name, pair in old.items():
        rank = len(pair.a)
        assert (new[name].a[:rank] == pair.a).all() and (new[name].b[:, :rank] == pair.b).all()
    assert any(len(new[name].a) > len(old[name].a) for name in old if "ffn_down" in name)


def test_rollback_and_switch_bring_the_stages_back(home: Home, sleep: Sleep) -> None:
    first = sleep().version
    assert first is not None
    tell(home, LATER, "second")
    second = sleep().version
    assert second is not None
    with open_memory(home) as memory:  # as a longer training would have left them
        memory.ledger.set_stages(second.id, {f.id: 1 for f in memory.ledger.facts()})
    versions = Versions(home)
    assert versions.rollback() == versions.get(first.id)
    tell(home, ("My brother is called Leo.",), "third")
    third = sleep().version
    assert third is not None and third.parent == first.id
    versions.switch(versions.get(second.id))
    assert set(stages(home, second.id).values()) == {1}
    assert facts_of(home)["Leo"].id not in stages(home, second.id)


# Listeners


def test_listeners_hear_the_whole_night(home: Home, sleep: Sleep) -> None:
    notes = Notes()
    done = sleep(plugins=with_listeners(Deaf(), notes))
    assert done.accepted and done.version is not None
    begin, *steps, end = notes.heard
    assert (begin.kind, begin.data) == ("begin", {"kind": "full"})
    assert [(event.kind, event.step) for event in steps] == [("step", name) for name in STEPS]
    assert end.kind == "accepted" and end.data["version"] == done.version.id
    assert {event.run for event in (*steps, end)} == {done.run}


def test_the_working_copy_is_let_go_before_the_file_is_judged(
    sleep: Sleep, loaded: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies: list[weakref.ref[Any]] = []
    alive: dict[str, bool] = {}
    backend = loaded.pick("backend", "torch")
    opened = backend.open

    def remember(_backend: Any, *arguments: Any, **named: Any) -> Any:
        copy = opened(*arguments, **named)
        copies.append(weakref.ref(copy))
        return copy

    class Watcher:
        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            if event.kind == "step":
                alive[event.step] = any(copy() is not None for copy in copies)

    plugins = with_listeners(Watcher())
    monkeypatch.setattr(type(backend), "open", remember)
    assert sleep(plugins=plugins).accepted
    assert copies and alive["edit"]
    assert not alive["dissolve"] and not alive["choose"] and not alive["export"]


Scored = Callable[[float, float], list[Score]]


@pytest.fixture
def scored(home: Home, monkeypatch: pytest.MonkeyPatch) -> Scored:
    """Give a function that decides what the adapter alone and then the sum are found to know."""
    ids = {fact.value: fact.id for fact in facts_of(home).values()}

    def decide(teal: float, gain: float) -> list[Score]:
        asked: list[Score] = []

        def score(*_: Any, **__: Any) -> Score:
            share = {ids["Mara"]: 1.0, ids["teal"]: teal}
            asked.append(Score(0.5 + gain * len(asked), 0.0, share))
            return asked[-1]

        monkeypatch.setattr(dissolve, "score", score)
        return asked

    return decide


@pytest.mark.parametrize(
    ("teal", "gain", "edited", "ships"),
    [
        (1.0, 0.1, [], "adapter alone"),  # and no sum is asked
        (0.8, 0.1, ["teal"], "sum"),
        (0.8, 0.0, ["teal"], "adapter alone"),
        (0.2, -0.1, ["teal"], "adapter alone"),
    ],
)
def test_only_what_the_adapter_lacks_is_edited_and_ships_if_that_is_better(
    home: Home,
    sleep: Sleep,
    scored: Scored,
    teal: float,
    gain: float,
    edited: list[str],
    ships: str,
) -> None:
    ids = {fact.value: fact.id for fact in facts_of(home).values()}
    asked = scored(teal, gain)
    assert sleep().accepted
    steps = last_record(home)["steps"]
    assert steps["edit"]["facts"] == [ids[value] for value in edited]
    assert steps["choose"]["ships"] == ships
    assert len(asked) == 1 + len(edited)


def test_edits_are_solved_over_what_the_adapter_has_learnt(
    home: Home, sleep: Sleep, scored: Scored, loaded: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    editor = type(loaded.pick("editor", "memit"))
    solve = editor.edit

    def watch(self: Any, copy: Any, *arguments: Any) -> Any:
        seen.append(copy.linear("blk.1.attn_q.weight").weight.clone())
        return solve(self, copy, *arguments)

    monkeypatch.setattr(editor, "edit", watch)
    scored(0.8, -0.1)
    version = sleep().version
    assert version is not None
    adapter = factors.load(Versions(home).folder(version.id) / "factors.npz")
    base = current_base(home, settings(home), silent)
    copy = loaded.pick("backend", "torch").open(base.path, base.digest, home.cache, silent)
    bare = copy.linear("blk.1.attn_q.weight").weight.clone()
    with copy.applied(adapter):
        (found,) = seen
        assert torch.equal(found, copy.linear("blk.1.attn_q.weight").weight)
        assert not torch.equal(found, bare)


def test_what_replaced_another_fact_is_rehearsed_as_such(
    home: Home, sleep: Sleep, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(home, ("My favourite colour is green now.",), "second")
    told: list[set[str]] = []
    real = dream.dream

    def watch(*arguments: Any) -> Any:
        told.append(arguments[5])
        return real(*arguments)

    monkeypatch.setattr(dream, "dream", watch)
    assert sleep().accepted
    assert told == [{facts_of(home)["green"].id}]


def test_listeners_hear_of_rejection_and_failure(home: Home, sleep: Sleep) -> None:
    notes = Notes()
    heard = with_listeners(notes)
    sleep(*STRICT, plugins=heard)
    assert notes.heard[-1].kind == "rejected"
    notes.heard.clear()
    with pytest.raises(DiskFull):
        sleep("night.min_free_gb=1e6", plugins=heard)
    assert [event.kind for event in notes.heard] == ["begin", "failed"]
    assert "Not enough space" in notes.heard[-1].data["error"]
