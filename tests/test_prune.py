"""What `sleeping prune` removes, and what it must not: pytest tests/test_prune.py"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import atomic, errors
from sleeping_plugin.errors import NotFound
from sleeping_plugin.home import Home
from sleeping_plugin.records import Version
from sleeping_plugin.runs import open_run
from sleeping_plugin.versions import Versions

Make = Callable[..., Version]


@pytest.fixture
def four(make_version: Make) -> list[Version]:
    """Give four accepted versions in the order in which they are listed; none is in use."""
    for name in "abcd":
        make_version(name)
    return Versions(Home.open()).list()


def left() -> list[str]:
    return [version.id for version in Versions(Home.open()).list()]


def test_old_and_rejected_versions_go_and_their_space_is_told(
    sleeping: Any, four: list[Version], make_version: Make
) -> None:
    rejected = make_version("e", accepted=False)
    Versions(Home.open()).switch(four[3])
    done = sleeping("prune", "--keep", "2", "--json").json
    assert set(done["removed"]) == {four[0].id, four[1].id, rejected.id}
    assert done["freed"] > 0 and done["kept"] == 2
    assert left() == [four[2].id, four[3].id]
    assert sorted(path.name for path in Home.open().versions.iterdir()) == sorted(left())
    assert "Nothing to remove: 2 versions kept." in sleeping("prune", "--keep", "2").out


def test_a_dry_run_removes_nothing(sleeping: Any, four: list[Version]) -> None:
    done = sleeping("prune", "--keep", "0", "--dry-run")
    assert all(f"Would remove {version.id}" in done.out for version in four)
    assert "0 versions kept" in done.out
    assert left() == [version.id for version in four]


@given(st.lists(st.integers(-1, 3), max_size=6), st.integers(0, 5))
def test_neither_the_version_in_use_nor_the_way_back_is_ever_removed(
    switches: list[int], keep: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, atomic.staging_folder(Home.open().cache) as folder:
        patch.setenv("SLEEPING_HOME", str(folder))
        home = Home.open()
        versions = Versions(home)
        four = [published(home, name) for name in "abcd"]
        for number in switches:
            versions.switch(four[number] if number >= 0 else None)
        active = versions.active()
        versions.prune(keep)
        kept = versions.list()
        assert len(kept) >= min(keep, 4)
        assert versions.active() == active
        assert active is None or active in kept
        states = [None if n < 0 else four[n] for n in [-1, *switches]]
        before = [one for one, after in pairwise(states) if one != after]
        if before:
            assert versions.rollback() == before[-1]
            assert versions.active() != active


def published(home: Home, name: str) -> Version:
    manifest = {
        "id": f"v-{name}",
        "accepted": True,
        "files": ["model.gguf"],
        "adapter": None,
        "gate": {},
        "created": f"2026-05-0{ord(name) - 96}T03:00:00Z",
        "parent": None,
        "base_digest": "base",
        "factors_digest": name,
        "recipe": {},
        "facts": {},
    }
    with atomic.staging_folder(home.versions) as staging:
        (staging / "model.gguf").write_bytes(b"GGUF")
        return Versions(home).add(staging, manifest)


def test_a_rollback_goes_past_what_was_pruned_to_another_state(four: list[Version]) -> None:
    versions = Versions(Home.open())
    for number in (1, 0, 1, 2):
        versions.switch(four[number])
    versions.prune(0)
    assert [versions.rollback(), versions.rollback()] == [four[1], None]
    with pytest.raises(NotFound):
        versions.rollback()


def test_what_a_stopped_night_has_stored_stays(
    sleeping: Any, four: list[Version], make_version: Make
) -> None:
    rejected = make_version("e", accepted=False)
    run = open_run(Home.open(), {"kind": "full"}, "full")
    run.step("export", lambda: {"id": rejected.id})
    assert rejected.id not in sleeping("prune", "--keep", "0", "--json").json["removed"]
    run.close({"accepted": False})
    assert sleeping("prune", "--keep", "0", "--json").json["removed"] == [rejected.id]


def test_a_removal_that_is_killed_leaves_no_half_version(
    four: list[Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Versions(Home.open())

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(shutil, "rmtree", killed)
        versions.prune(3)
    assert left() == [version.id for version in four[1:]]
    assert versions.broken() == []
    monkeypatch.setattr(atomic, "_still_written", lambda path, pid: False)
    assert len(atomic.sweep(Home.open().versions)) == 1


def test_nothing_is_removed_while_a_night_runs(sleeping: Any, four: list[Version]) -> None:
    with Home.open().lock("sleep"):
        done = sleeping("prune", "--keep", "0")
    assert done.code == errors.Locked.exit_code
    assert len(left()) == 4
