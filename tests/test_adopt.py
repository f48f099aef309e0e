"""`sleeping adopt`: exported files find their home again: pytest tests/test_adopt.py"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from night_fixtures import LENIENT, SAID, settings, tell

from sleeping_converters import adopt as command
from sleeping_converters.export import GGUFExporter
from sleeping_plugin import factors
from sleeping_plugin.atomic import read_json, staging_folder, write_json
from sleeping_plugin.base import hash_model
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.context import open_memory
from sleeping_plugin.curate import curate
from sleeping_plugin.errors import (
    AlreadyTaught,
    BaseChanged,
    DiskFull,
    ModelError,
    NoOrigin,
    NotInitialised,
    UsageError,
)
from sleeping_plugin.exam import make_exam
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.origin import Origin, recipe_digest
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Exam, Version, silent
from sleeping_plugin.versions import Versions, version_id

Write = Callable[..., Path]
LAYOUTS = pytest.mark.parametrize("layout", ["whole", "split"])


def exported(base: Path, folder: Path, layout: str = "whole") -> tuple[dict[str, Any], list[Path]]:
    """Export an empty change of ``base``; return its manifest and the model files."""
    recipe = {"exporter": "gguf", "type": "Q8_0", "layout": layout}
    digest = hash_model(base).digest
    identity = version_id(digest, factors.digest({}), recipe)
    keys = Origin(identity, digest, recipe_digest(recipe), "").to_metadata()
    config = Config(export=ExportConfig(layout=layout))
    folder.mkdir(exist_ok=True)
    files, _ = GGUFExporter().export(base, {}, folder, keys, config, silent)
    factors.save(folder / "factors.npz", {})
    manifest = {
        "id": identity,
        "accepted": True,
        "files": [file.name for file in files],
        "adapter": None,
        "gate": {},
        "created": "2026-05-01T03:00:00Z",
        "parent": None,
        "base_digest": digest,
        "factors_digest": factors.digest({}),
        "recipe": recipe,
        "metadata": keys,
        "facts": {},
    }
    return manifest, files


def kept(base: Path, layout: str) -> Version:
    home = Home.open()
    with staging_folder(home.versions) as staging:
        manifest, _ = exported(base, staging, layout)
        return Versions(home).add(staging, manifest)


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[-100] ^= 1
    file.write_bytes(data)


@pytest.fixture
def model(sleeping: Any, write_model: Write) -> Path:
    """Give the model of a home."""
    path = write_model()
    assert sleeping("init", "--model", path).code == 0
    return path


@LAYOUTS
def test_a_version_that_is_there_and_whole_is_left_alone(
    sleeping: Any, model: Path, tmp_path: Path, layout: str
) -> None:
    version = kept(model, layout)
    before = {file: file.stat().st_mtime_ns for file in version.files}
    _, files = exported(model, tmp_path / "backup", layout)
    done = sleeping("adopt", files[0])
    assert (done.code, f"{version.id} is among the versions already" in done.out) == (0, True)
    assert {file: file.stat().st_mtime_ns for file in version.files} == before


@LAYOUTS
@pytest.mark.parametrize("harm", [flip, Path.unlink])
def test_a_damaged_version_gets_its_bytes_back_and_is_what_it_was(
    sleeping: Any, model: Path, tmp_path: Path, layout: str, harm: Callable[[Path], None]
) -> None:
    version, part = kept(model, layout), 0 if layout == "whole" else 1
    Versions(Home.open()).switch(version)
    harm(version.files[part])
    assert sleeping("verify", "--json").json["ok"] is False
    _, files = exported(model, tmp_path / "backup", layout)
    flipped = shutil.copytree(tmp_path / "backup", tmp_path / "flipped") / files[part].name
    flip(flipped)
    altered = sleeping("adopt", flipped.with_name(files[0].name))
    assert altered.code == ModelError.exit_code and "is damaged as well" in altered.err
    done = sleeping("adopt", files[0], "--json").json
    assert (done["version"], done["outcome"]) == (version.id, "mended")
    assert Versions(Home.open()).active() == version
    assert sleeping("verify", "--json").json["ok"] is True


def test_an_altered_file_of_a_whole_version_is_refused(
    sleeping: Any, model: Path, tmp_path: Path
) -> None:
    version = kept(model, "whole")
    before = version.files[0].read_bytes()
    _, (file,) = exported(model, tmp_path / "backup")
    flip(file)
    done = sleeping("adopt", file)
    assert done.code == ModelError.exit_code and "and is whole" in done.err
    assert version.files[0].read_bytes() == before


@LAYOUTS
def test_a_file_that_is_new_here_is_not_used_before_it_is_judged(
    sleeping: Any, model: Path, tmp_path: Path, layout: str
) -> None:
    manifest, files = exported(model, tmp_path / "elsewhere", layout)
    name = manifest["id"]
    done = sleeping("adopt", files[0])
    assert done.code == 0 and "cannot be put in use: this home has no fact" in done.out
    version = Versions(Home.open()).get(name)
    assert not version.accepted
    assert [f.read_bytes() for f in version.files] == [f.read_bytes() for f in files]
    assert not any(a.samefile(b) for a, b in zip(version.files, files, strict=True))
    assert sleeping("switch", name).code == UsageError.exit_code
    (found,) = sleeping("verify", "--json").json["versions"]
    assert found["ok"] and "without factors" in found["detail"]
    flip(version.files[0 if layout == "whole" else 1])
    (found,) = sleeping("verify", "--json").json["versions"]
    assert not found["ok"] and "not as it was adopted" in found["detail"]
    assert sleeping("adopt", files[0], "--json").json["outcome"] == "adopted"  # and is whole again
    assert sleeping("verify", "--json").json["ok"] is True


def test_the_gate_judges_what_is_adopted_on_the_facts_of_this_home(
    sleeping: Any,
    tiny_model: Path,
    tmp_path: Path,
    loaded: Plugins,
    small_module: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def short(*arguments: Any) -> Exam:
        exam = make_exam(*arguments)
        specific = [probe for probe in exam.probes if probe.kind != "general"]
        return Exam((*specific, *small_module.GENERAL), exam.drift_text[:600])

    small_module.shrink(monkeypatch.setattr)
    monkeypatch.setattr(command, "make_exam", short)
    assert sleeping("init", "--model", tiny_model).code == 0
    tell(Home.open(), SAID[:1], "first")
    with open_memory(Home.open()) as memory:
        curate(memory.journal, memory.ledger, loaded, settings(Home.open()), None, silent)
        (fact,) = memory.ledger.facts()
    manifest, (file,) = exported(tiny_model, tmp_path / "elsewhere")
    few = ("--set", "gate.max_tokens=4", "--set", "model.threads=1")
    done = sleeping(*few, "adopt", file, "--json").json
    assert done["accepted"] is False and "recall of trained wording" in done["gate"]["reasons"][0]
    lenient = [word for one in LENIENT for word in ("--set", one)]
    done = sleeping(*few, *lenient, "adopt", file, "--json").json
    assert done["accepted"] is True and done["gate"]["trained"] == 0
    home = Home.open()
    with open_memory(home) as memory:
        asked = memory.ledger.recalls(fact.id)
    assert asked and {recall.version for recall in asked} == {manifest["id"]}
    assert [version.id for version in Versions(home).knowing(fact.id)] == [manifest["id"]]
    assert Versions(home).active() is None
    assert sleeping("switch", manifest["id"]).code == 0
    assert sleeping("adopt", file, "--json").json["outcome"] == "known"


def test_a_full_disk_leaves_no_half_version(
    sleeping: Any, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (file,) = exported(model, tmp_path / "elsewhere")

    def full(source: Path, target: Path) -> None:
        target.write_bytes(b"GG")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        assert sleeping("adopt", file).code == DiskFull.exit_code
        assert list(Home.open().versions.iterdir()) == []
    version = kept(model, "whole")
    version.files[0].unlink()
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        assert sleeping("adopt", file).code == DiskFull.exit_code
    assert not version.files[0].exists() and not list(version.files[0].parent.glob(".*"))
    assert sleeping("adopt", file, "--json").json["outcome"] == "mended"


def test_what_cannot_be_adopted_is_told_apart(
    sleeping: Any, model: Path, write_model: Write, tmp_path: Path
) -> None:
    _, (file,) = exported(model, tmp_path / "here")
    _, (foreign,) = exported(write_model("other.gguf", seed=1), tmp_path / "there")
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(file.read_bytes()[:-500])
    altered = tmp_path / "altered.gguf"
    altered.write_bytes(file.read_bytes().replace(b"{{ x }}", b"{{ y }}"))
    exporter, change = GGUFExporter(), tmp_path / "adapter.gguf"
    exporter.export_adapter(model, {}, change)
    for path, error, words in (
        (model, NoOrigin, "was not exported by a night"),
        (change, NoOrigin, "was not exported by a night"),
        (foreign, BaseChanged, "was made from another model"),
        (cut, ModelError, "is truncated"),
        (altered, ModelError, "its tokenizer.chat_template is another"),
        (tmp_path / "gone.gguf", ModelError, "no model at"),
    ):
        done = sleeping("adopt", path)
        assert (done.code, words in done.err) == (error.exit_code, True), done.err
    assert Versions(Home.open()).list() == []
    assert list(Home.open().versions.iterdir()) == []


def test_the_adapter_of_a_version_is_named(sleeping: Any, model: Path, tmp_path: Path) -> None:
    from test_origin import CHANGE, ORIGIN

    keys = ORIGIN.to_metadata()
    GGUFExporter().export(model, CHANGE, tmp_path, keys, Config(), silent)
    assert read_info(tmp_path / "adapter.gguf").metadata["general.type"] == "adapter"
    done = sleeping("adopt", tmp_path / "adapter.gguf")
    assert done.code == UsageError.exit_code and f"adapter of {ORIGIN.version}" in done.err


def test_a_home_without_a_model_adopts_nothing(
    sleeping: Any, write_model: Write, tmp_path: Path
) -> None:
    _, (file,) = exported(write_model(), tmp_path / "elsewhere")
    assert sleeping("adopt", file).code == NotInitialised.exit_code
    assert sleeping("init", "--model", file).code == AlreadyTaught.exit_code


def test_a_version_whose_manifest_is_gone_comes_back_as_an_adopted_one(
    sleeping: Any, model: Path, tmp_path: Path
) -> None:
    version = kept(model, "whole")
    _, (file,) = exported(model, tmp_path / "backup")
    manifest = version.files[0].with_name("manifest.json")
    write_json(manifest, {"schema": 1})
    assert sleeping("adopt", file, "--json").json["outcome"] == "adopted"
    assert read_json(manifest)["adopted"] is True
