"""``sleeping versions``, ``switch``, ``rollback`` and ``ask``: which model is in use.

Run: pytest tests/test_switch.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sleeping_plugin import atomic, errors, plugins
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.home import Home
from sleeping_plugin.records import Version
from sleeping_plugin.versions import Versions

MakeVersion = Callable[..., Version]
Published = list[str]


@pytest.fixture(autouse=True)
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """Replace the host by one that notes what it is told to serve."""
    served: Published = []
    loaded = plugins.load(strangers=())
    host: Any = SimpleNamespace(
        name="llama-cpp",
        check=lambda base: None,
        publish=lambda version, base, home: served.append(version.id if version else base.name),
    )
    loaded.hosts["llama-cpp"] = host
    monkeypatch.setattr(plugins, "load", lambda: loaded)
    return served


@pytest.fixture
def digest(write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> str:
    """Choose a model, and return its digest."""
    base = hash_model(write_model())
    record_base(Home.open(), base)
    monkeypatch.setenv("SLEEPING_MODEL_PATH", str(base.path))
    return base.digest


def active(sleeping: Any) -> str:
    listed = sleeping("versions", "--json").json
    assert [v["id"] for v in listed["versions"] if v["active"]] == (
        [] if listed["active"] == "base" else [listed["active"]]
    )
    return str(listed["active"])


def test_versions_are_listed_with_the_files_to_load(
    sleeping: Any, digest: str, make_version: MakeVersion
) -> None:
    version = make_version(base_digest=digest)
    (row,) = sleeping("versions", "--json").json["versions"]
    assert {"id", "active", "accepted", "files", "adapter", "gate"} <= set(row)
    assert (row["id"], row["active"], row["accepted"]) == (version.id, False, True)
    assert Path(row["files"][0]).read_bytes().startswith(b"GGUF")
    assert row["adapter"] is None and row["gate"]["trained"] == 0.95
    printed = sleeping("versions").out
    assert version.id in printed and "base" in printed and "0.95" in printed


def test_switching_moves_the_pointer_and_tells_the_host(
    sleeping: Any, digest: str, make_version: MakeVersion, published: Published
) -> None:
    version = make_version(base_digest=digest)
    done = sleeping("switch", version.id[:5], "--json")
    assert (done.code, done.json["active"]) == (0, version.id)
    assert active(sleeping) == version.id
    assert sleeping("switch", "base", "--json").json["active"] == "base"
    assert active(sleeping) == "base"
    assert published == [version.id, "tiny.gguf"]


def test_rolling_back_undoes_one_switch_after_the_other(
    sleeping: Any, digest: str, make_version: MakeVersion, published: Published
) -> None:
    first, second = (make_version(name, base_digest=digest) for name in ("1", "2"))
    sleeping("switch", first.id)
    sleeping("switch", second.id)
    assert sleeping("rollback", "--json").json["active"] == first.id
    assert sleeping("rollback", "--json").json["active"] == "base"
    assert published[-2:] == [first.id, "tiny.gguf"]
    assert sleeping("rollback").code == errors.NotFound.exit_code


def test_what_the_host_refuses_is_not_in_use_and_passed_over(
    sleeping: Any, digest: str, make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (make_version(name, base_digest=digest) for name in ("1", "2", "3"))
    sleeping("switch", first.id)
    sleeping("switch", second.id)

    def refuse(version: Version | None, base: Path, home: Home) -> None:
        if version is None or version.id == third.id:
            raise errors.ModelError("The host cannot load it.")

    monkeypatch.setattr(plugins.load().hosts["llama-cpp"], "publish", refuse)
    for name in (third.id, "base"):
        done = sleeping("switch", name)
        assert done.code == errors.ModelError.exit_code and "cannot load" in done.err
        assert active(sleeping) == second.id
    Versions(Home.open()).switch(third)  # and then damaged
    sleeping("switch", first.id)
    for one in (second, first):
        assert sleeping("rollback", "--json").json["active"] == one.id
    assert sleeping("rollback").code == errors.ModelError.exit_code
    assert active(sleeping) == first.id


def test_a_full_disk_takes_the_host_back_to_what_was_in_use(
    digest: str, make_version: MakeVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (make_version(name, base_digest=digest) for name in ("1", "2"))
    versions, served = Versions(Home.open()), list[Version | None]()
    versions.switch(first, served.append)

    def full(*_: object) -> None:
        raise errors.DiskFull("No space is left.")

    moves: list[Callable[[], object]] = [
        lambda: versions.switch(second, served.append),
        lambda: versions.rollback(served.append),
    ]
    for move in moves:
        with monkeypatch.context() as patch, pytest.raises(errors.DiskFull):
            patch.setattr(atomic, "write_json", full)
            move()
        assert versions.active() == first and served[-1] == first


def test_a_rejected_version_is_refused_with_its_reason(
    sleeping: Any, digest: str, make_version: MakeVersion, published: Published
) -> None:
    version = make_version(accepted=False, base_digest=digest)
    done = sleeping("switch", version.id)
    assert done.code == errors.UsageError.exit_code
    assert "recall 0.20 is below 0.90" in done.err
    assert active(sleeping) == "base" and published == []


def test_a_version_of_another_model_is_refused(
    sleeping: Any, digest: str, make_version: MakeVersion
) -> None:
    version = make_version(base_digest="sha256:another")
    done = sleeping("switch", version.id)
    assert done.code == errors.BaseChanged.exit_code
    assert active(sleeping) == "base"
    ours = make_version("2", base_digest=digest)
    Versions(Home.open()).switch(version)  # in use until another model was chosen
    sleeping("switch", ours.id)
    assert sleeping("rollback", "--json").json["active"] == "base"


def test_a_version_is_in_use_without_the_file_that_it_was_made_from(
    sleeping: Any, digest: str, make_version: MakeVersion, published: Published
) -> None:
    version = make_version(base_digest=digest)
    Path(os.environ["SLEEPING_MODEL_PATH"]).unlink()
    assert sleeping("switch", version.id).code == 0
    assert published == [version.id]
    done = sleeping("switch", "base")
    assert done.code == errors.ModelError.exit_code and "is gone" in done.err
    assert active(sleeping) == version.id


def test_an_unknown_version_is_not_found(sleeping: Any, digest: str) -> None:
    assert sleeping("switch", "v-nothing").code == errors.NotFound.exit_code
    assert sleeping("ask", "x?", "--version", "v-nothing").code == errors.NotFound.exit_code


@pytest.mark.parametrize("command", [["switch", "base"], ["rollback"], ["ask", "x?"]])
def test_without_a_model_the_command_says_what_to_type(sleeping: Any, command: list[str]) -> None:
    done = sleeping(*command)
    assert done.code == errors.NotInitialised.exit_code
    assert "sleeping init" in done.err


def test_ask_asks_the_version_in_use_or_the_one_named(
    sleeping: Any, digest: str, make_version: MakeVersion, parrot: None
) -> None:
    version = make_version(base_digest=digest)
    assert sleeping("ask", "Who?", "--json").json["version"] == "base"
    sleeping("switch", version.id)
    answered = sleeping("ask", "Who?", "--json").json
    assert answered["schema"] == 1 and answered["version"] == version.id
    assert answered["answer"] == f"{version.id}: Who?"
    assert sleeping("ask", "Who?", "--version", "base", "--json").json["version"] == "base"
    assert sleeping("ask", "Who?").out == f"{version.id}: Who?\n"


def test_a_version_whose_file_is_gone_is_not_asked(
    sleeping: Any, digest: str, make_version: MakeVersion
) -> None:
    version = make_version(base_digest=digest)
    Versions(Home.open()).switch(version)
    version.files[0].unlink()
    done = sleeping("ask", "Who?")
    assert done.code != 0 and "Traceback" not in done.err
