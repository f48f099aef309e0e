"""The host folder: one link that always leads to a whole, checked file.

Run: pytest tests/test_folder_host.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sleeping_integrations.folder import LINK, FolderHost
from sleeping_plugin.atomic import staging_folder
from sleeping_plugin.errors import ModelError, UsageError
from sleeping_plugin.home import Home
from sleeping_plugin.records import Version
from sleeping_plugin.versions import Versions, version_id

Write = Callable[..., Path]


def add_version(home: Home, name: str, digest: str, files: dict[str, bytes]) -> Version:
    manifest = {
        "id": version_id(digest, name, {}),
        "accepted": True,
        "files": list(files),
        "adapter": None,
        "gate": {},
        "created": "2026-05-01T00:00:00Z",
        "parent": None,
        "base_digest": digest,
        "factors_digest": name,
        "recipe": {},
        "facts": {},
    }
    with staging_folder(home.versions) as staging:
        for file, data in files.items():
            (staging / file).write_bytes(data)
        return Versions(home).add(staging, manifest)


def leads_to() -> Path:
    return (Home.open().root / LINK).resolve()


def test_from_init_to_rollback_the_link_leads_to_what_is_in_use(
    sleeping: Any, write_model: Write
) -> None:
    model = write_model()
    done = sleeping("init", "--model", str(model), "--host", "folder", "--json")
    assert (done.code, leads_to()) == (0, model)
    assert str(Home.open().root / LINK) in done.json["advice"]
    home, data = Home.open(), model.read_bytes()
    one, two = (add_version(home, name, done.json["digest"], {"model.gguf": data}) for name in "ab")
    for version in (one, two):
        assert sleeping("switch", version.id).code == 0
        assert leads_to() == version.files[0]
    assert sleeping("rollback").code == 0
    assert leads_to() == one.files[0]
    assert sleeping("switch", "base").code == 0
    assert leads_to() == model
    assert model.read_bytes() == data


@pytest.mark.parametrize("cut", [0, 7, -100])
def test_a_damaged_version_leaves_link_and_pointer(
    sleeping: Any, write_model: Write, cut: int
) -> None:
    model = write_model()
    digest = sleeping("init", "--model", str(model), "--host", "folder", "--json").json["digest"]
    files = {"model.gguf": model.read_bytes()[: cut or None] if cut else b""}
    version = add_version(Home.open(), "a", digest, files)
    assert sleeping("switch", version.id).code == ModelError.exit_code
    assert leads_to() == model
    assert Versions(Home.open()).active() is None


def test_a_version_in_several_files_is_refused(write_model: Write) -> None:
    home, model = Home.open(), write_model()
    data = model.read_bytes()
    version = add_version(home, "a", "sha256:base", {"1.gguf": data, "2.gguf": data})
    with pytest.raises(UsageError, match="2 files"):
        FolderHost().publish(version, model, home)
    assert not (home.root / LINK).exists()


def test_without_symbolic_links_a_hard_link_is_made(
    write_model: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError("A required privilege is not held by the client")

    home, model = Home.open(), write_model()
    monkeypatch.setattr(os, "symlink", refused)
    FolderHost().publish(None, model, home)
    link = home.root / LINK
    assert link.samefile(model) and not link.is_symlink()


def test_the_link_is_never_absent_while_it_moves(
    write_model: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, one, two = Home.open(), write_model(), write_model("other.gguf")
    host = FolderHost()
    host.publish(None, one, home)

    def stopped(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stopped)
        with pytest.raises(Exception, match="space"):
            host.publish(None, two, home)
    assert leads_to() == one
    host.publish(None, two, home)
    assert leads_to() == two


def test_a_file_of_the_user_is_never_replaced(sleeping: Any, write_model: Write) -> None:
    home, model = Home.open(), write_model()
    own = home.root / LINK
    own.write_bytes(b"mine")
    for name in ("second", "third"):
        done = sleeping("init", "--model", str(model), "--host", "folder")
        assert done.code == UsageError.exit_code and "no link of ours" in done.err
        assert own.read_bytes() == b"mine"
        assert not home.config_file.exists()
        (home.root / name).hardlink_to(own)


def test_neither_the_link_nor_a_version_becomes_the_model(
    sleeping: Any, write_model: Write
) -> None:
    model = write_model()
    digest = sleeping("init", "--model", str(model), "--host", "folder", "--json").json["digest"]
    link = str(Home.open().root / LINK)
    again = sleeping("init", "--model", link, "--host", "folder", "--json").json
    assert (again["model"], leads_to()) == (str(model), model)
    version = add_version(Home.open(), "a", digest, {"model.gguf": model.read_bytes()})
    sleeping("switch", version.id)
    for path in (link, str(version.files[0])):
        done = sleeping("init", "--model", path, "--host", "folder")
        assert done.code == UsageError.exit_code and "made from" in done.err


def test_the_link_is_known_under_every_name_of_the_home(
    sleeping: Any, write_model: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, real = write_model(), Home.open().root
    (tmp_path / "alias").symlink_to(real)
    (tmp_path / "mine.gguf").symlink_to(real / LINK)
    sleeping("init", "--model", str(model), "--host", "folder")
    monkeypatch.setenv("SLEEPING_HOME", str(tmp_path / "alias"))
    for name in (real / LINK, tmp_path / "alias" / LINK, tmp_path / "mine.gguf"):
        assert sleeping("init", "--model", str(name), "--host", "folder").code == 0
        assert leads_to() == model


def test_init_mends_a_home_whose_version_in_use_is_damaged(
    sleeping: Any, write_model: Write
) -> None:
    model = write_model()
    digest = sleeping("init", "--model", str(model), "--host", "folder", "--json").json["digest"]
    version = add_version(Home.open(), "a", digest, {"model.gguf": model.read_bytes()})
    sleeping("switch", version.id)
    version.files[0].write_bytes(b"GGUF")
    moved = model.rename(model.with_name("moved.gguf"))
    assert sleeping("init", "--model", str(moved), "--host", "folder").code == 0
    assert leads_to() == moved and Versions(Home.open()).active() is None
