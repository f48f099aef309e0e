"""Versions, the pointer and its history, also when they break: pytest tests/test_versions.py"""

from __future__ import annotations

import dataclasses
import errno
import itertools
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import atomic
from sleeping_plugin.errors import DiskFull, NotFound, StateError, UsageError
from sleeping_plugin.home import Home
from sleeping_plugin.records import Version
from sleeping_plugin.versions import Versions, version_id


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.open(tmp_path / "home")


@pytest.fixture
def versions(home: Home) -> Versions:
    return Versions(home)


def describe(name: str, **changes: Any) -> dict[str, Any]:
    manifest = {
        "id": version_id("base", name, {"type": "Q8_0"}),
        "accepted": True,
        "files": ["model.gguf"],
        "adapter": None,
        "gate": {"metrics": {"trained": 1.0}, "reasons": []},
        "created": "2025-01-01T00:00:00Z",
        "parent": None,
        "base_digest": "base",
        "factors_digest": name,
        "recipe": {"type": "Q8_0"},
        "facts": {"f-1": True},
    }
    return manifest | changes


def add(home: Home, name: str, **changes: Any) -> Version:
    with atomic.staging_folder(home.versions) as staging:
        (staging / "model.gguf").write_bytes(name.encode())
        (staging / "adapter.gguf").write_bytes(b"adapter")
        return Versions(home).add(staging, describe(name, **changes))


def test_the_id_depends_on_content_alone() -> None:
    assert version_id("b", "f", {"x": 1, "y": 2}) == version_id("b", "f", {"y": 2, "x": 1})
    assert version_id("b", "f", {"x": 1}) == "v-986b385dbb71"
    assert version_id("bf", "", {"x": 1}) != version_id("b", "f", {"x": 1})


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none()))
def test_every_recipe_has_one_id(recipe: dict[str, Any]) -> None:
    shuffled = dict(reversed(recipe.items()))
    assert version_id("b", "f", recipe) == version_id("b", "f", shuffled)
    assert version_id("b", "f", recipe) != version_id("b", "f", {**recipe, "more": 0.5})


def test_a_version_is_listed_with_files_that_exist(home: Home, versions: Versions) -> None:
    added = add(home, "a", adapter="adapter.gguf")
    assert versions.list() == [added]
    assert added.files[0].read_bytes() == b"a"
    assert added.files[0].is_absolute()
    assert added.adapter is not None
    assert added.adapter.read_bytes() == b"adapter"
    assert versions.manifest(added.id)["recipe"] == {"type": "Q8_0"}
    assert versions.broken() == []


def test_versions_are_listed_oldest_first(home: Home, versions: Versions) -> None:
    times = {"a": "2025-03-01", "b": "2025-01-01", "c": "2025-02-01"}
    for name, time in times.items():
        add(home, name, created=time)
    assert [version.created for version in versions.list()] == sorted(times.values())


def test_a_version_is_found_by_the_beginning_of_its_id(home: Home, versions: Versions) -> None:
    a, b = add(home, "a"), add(home, "b")
    assert versions.get(a.id) == a
    assert versions.get(b.id[:6]) == b
    assert versions.get(b.id[2:6]) == b
    with pytest.raises(NotFound, match="several"):
        versions.get("v-")
    for name in ("v-zzz", "", "base"):
        with pytest.raises(NotFound, match="sleeping versions"):
            versions.get(name)


def test_the_same_version_twice_is_one(home: Home, versions: Versions) -> None:
    first = add(home, "a")
    again = add(home, "a", created="2026-01-01T00:00:00Z", accepted=False)
    assert again == first
    assert versions.list() == [first]
    assert [path.name for path in home.versions.iterdir()] == [first.id]


def test_a_rejected_version_can_be_accepted_by_a_later_gate(home: Home, versions: Versions) -> None:
    add(home, "a", accepted=False, gate={"reasons": ["drift"]}, facts={})
    later = add(home, "a", gate={"metrics": {}, "reasons": []})
    assert later.accepted
    assert versions.list() == [later]
    assert versions.knowing("f-1") == [later]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"files": ["other.gguf"]}, "missing"),
        ({"files": ["../../memory.db"]}, "outside"),
        ({"files": ["/etc/passwd"]}, "outside"),
        ({"files": []}, "no file"),
        ({"id": "../v-1"}, "'id'"),
        ({"id": ".."}, "'id'"),
        ({"accepted": "yes"}, "'accepted'"),
        ({"facts": ["f-1"]}, "'facts'"),
    ],
)
def test_a_manifest_that_does_not_describe_its_folder_is_not_published(
    home: Home, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(StateError, match=complaint):
        add(home, "a", **change)
    assert list(home.versions.iterdir()) == []


def test_folders_that_are_no_versions_are_ignored_and_reported(
    home: Home, versions: Versions, caplog: pytest.LogCaptureFixture
) -> None:
    good, robbed, renamed = add(home, "a"), add(home, "b"), add(home, "c")
    robbed.files[0].unlink()
    (home.versions / renamed.id).rename(home.versions / "v-renamed")
    (home.versions / "v-empty").mkdir()
    (home.versions / "v-half").mkdir()
    (home.versions / "v-half" / "manifest.json").write_text('{"schema": 1, "id": "v-ha')
    (home.versions / ".half.staging").mkdir()
    assert versions.list() == [good]
    names = {folder.name for folder, _ in versions.broken()}
    assert names == {robbed.id, "v-renamed", "v-empty", "v-half"}
    assert all(name in caplog.text for name in names)
    assert add(home, "b").files[0].read_bytes() == b"b"  # a damaged one can be made again


def test_switches_are_taken_back_one_by_one(home: Home, versions: Versions) -> None:
    assert versions.active() is None
    a, b = add(home, "a"), add(home, "b")
    versions.switch(a)
    versions.switch(b)
    versions.switch(b)  # changes nothing, so there is nothing to take back
    assert Versions(home).active() == b
    assert versions.rollback() == a
    assert versions.active() == a
    assert versions.rollback() is None
    assert versions.active() is None
    with pytest.raises(NotFound, match="nothing to go back to"):
        versions.rollback()
    assert versions.active() is None


def test_a_switch_to_the_base_can_be_taken_back(home: Home, versions: Versions) -> None:
    a = add(home, "a")
    versions.switch(a)
    versions.switch(None)
    assert versions.active() is None
    assert versions.rollback() == a


def test_a_rejected_version_is_never_put_in_use(home: Home, versions: Versions) -> None:
    bad = add(home, "bad", accepted=False, gate={"reasons": ["perplexity +12 %"]})
    for claimed in (bad, dataclasses.replace(bad, accepted=True)):
        with pytest.raises(UsageError, match=r"perplexity \+12 %"):
            versions.switch(claimed)
    assert versions.active() is None


def test_a_rollback_passes_over_a_version_that_vanished(home: Home, versions: Versions) -> None:
    a, b, c = add(home, "a"), add(home, "b"), add(home, "c")
    for version in (a, b, c):
        versions.switch(version)
    b.files[0].unlink()
    c.files[0].unlink()
    with pytest.raises(StateError, match="sleeping rollback"):
        versions.active()
    with pytest.raises(NotFound):
        versions.switch(b)
    assert versions.rollback() == a


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": 1}', '"v-1"'])
def test_a_damaged_pointer_is_told_and_a_switch_repairs_it(
    home: Home, versions: Versions, content: str
) -> None:
    home.active_file.write_text(content)
    with pytest.raises(StateError, match="sleeping switch base"):
        versions.active()
    versions.switch(None)
    assert versions.active() is None
    with pytest.raises(NotFound):
        versions.rollback()


def test_a_pointer_of_a_newer_release_is_refused(home: Home, versions: Versions) -> None:
    atomic.write_json(home.active_file, {"schema": 2, "active": None, "history": []})
    with pytest.raises(StateError, match="newer release"):
        versions.active()


def test_a_full_disk_leaves_the_pointer_and_the_versions_as_they_were(
    home: Home, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = add(home, "a"), add(home, "b")
    versions.switch(a)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull):
        versions.switch(b)
    with pytest.raises(DiskFull):
        versions.rollback()
    with pytest.raises(DiskFull):
        add(home, "c")
    monkeypatch.undo()
    assert versions.active() == a
    assert len(versions.list()) == 2
    assert len(list(home.versions.iterdir())) == 2


def test_the_versions_that_know_a_fact_are_listed(home: Home, versions: Versions) -> None:
    a = add(home, "a", facts={"f-1": True, "f-2": False})
    b = add(home, "b", facts={"f-2": True})
    assert versions.knowing("f-1") == [a]
    assert {version.id for version in versions.knowing("f-2")} == {a.id, b.id}
    assert versions.knowing("f-3") == []


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.parametrize("call", ["os.fsync", "os.rename", "os.replace"])
def test_a_killed_night_never_leaves_a_half_written_version(
    home: Home, versions: Versions, call: str
) -> None:
    kept = add(home, "kept")
    versions.switch(kept)
    code = f"""if True:
        import os, pathlib, signal
        from sleeping_plugin import atomic
        from sleeping_plugin.home import Home
        from sleeping_plugin.versions import Versions
        home = Home.open(pathlib.Path({str(home.root)!r}))
        with home.lock("sleep"), atomic.staging_folder(home.versions) as staging:
            (staging / "model.gguf").write_bytes(b"new")
            {call} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            version = Versions(home).add(staging, {describe("new")!r})
            Versions(home).switch(version)
    """
    child = subprocess.run([sys.executable, "-c", code], check=False)
    assert child.returncode == -signal.SIGKILL
    assert versions.list() == [kept]
    assert versions.active() == kept
    assert versions.broken() == []
    with home.lock("sleep"):
        assert [path.name for path in home.versions.iterdir()] == [kept.id]


def test_two_processes_that_switch_at_once_lose_no_history(home: Home) -> None:
    a, b = add(home, "a"), add(home, "b")
    code = f"""if True:
        import pathlib, sys
        from sleeping_plugin.home import Home
        from sleeping_plugin.versions import Versions
        versions = Versions(Home.open(pathlib.Path({str(home.root)!r})))
        version = versions.get(sys.argv[1])
        sys.stdin.read(1)
        for _ in range(10):
            versions.switch(version)
            versions.switch(None)
    """
    children = [
        subprocess.Popen([sys.executable, "-c", code, version.id], stdin=subprocess.PIPE)
        for version in (a, b)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()
    for child in children:
        child.communicate()
        assert child.returncode == 0
    content = atomic.read_json(home.active_file)
    states = [*content["history"], content["active"]]
    assert states[0] is None
    assert all(before != after for before, after in itertools.pairwise(states))
    assert {a.id, b.id} <= set(states)
