"""The model of a home: recorded once, and refused when its bytes have changed.

Run: pytest tests/test_base.py
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sleeping_plugin import base, config, factors, plugins
from sleeping_plugin.config import Config, ModelConfig
from sleeping_plugin.context import open_memory
from sleeping_plugin.errors import BaseChanged, ModelError, NotInitialised, StateError
from sleeping_plugin.home import Home
from sleeping_plugin.night import Night
from sleeping_plugin.records import silent
from sleeping_plugin.runs import open_run


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"some weights" * 1000)
    return path


def settings(path: Path | str) -> Config:
    return replace(Config(), model=ModelConfig(path=str(path)))


def recorded(model: Path) -> Home:
    home = Home.open()
    base.record_base(home, base.hash_model(model))
    return home


def test_the_digest_is_the_tagged_sha256_of_the_whole_file(model: Path) -> None:
    found = base.hash_model(model)
    assert found.digest == "sha256:" + hashlib.sha256(model.read_bytes()).hexdigest()
    assert found.size == 12_000


def test_a_home_without_a_model_says_what_to_type(model: Path) -> None:
    with pytest.raises(NotInitialised, match="sleeping init --model"):
        base.current_base(Home.open(), settings(model))
    with pytest.raises(NotInitialised):
        base.current_base(recorded(model), settings(""))


def test_an_unchanged_file_is_not_read_again(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = recorded(model)
    unread: Callable[..., base.Base] = pytest.fail
    monkeypatch.setattr(base, "hash_model", unread)
    assert base.current_base(home, settings(model)).path == model


def test_a_touched_file_with_the_same_bytes_is_accepted_and_recorded_anew(model: Path) -> None:
    home = recorded(model)
    os.utime(model, (1, 1))
    assert base.current_base(home, settings(model)).mtime_ns == 10**9
    again = base.recorded_base(home)
    assert again is not None and again.mtime_ns == 10**9


def test_a_moved_file_with_the_same_bytes_is_accepted(model: Path, tmp_path: Path) -> None:
    home = recorded(model)
    moved = model.rename(tmp_path / "moved.gguf")
    assert base.current_base(home, settings(moved)).path == moved


def test_other_bytes_are_refused_even_at_the_same_size(model: Path) -> None:
    home = recorded(model)
    changed = bytearray(model.read_bytes())
    changed[-1] ^= 1
    model.write_bytes(changed)
    os.utime(model, (1, 1))
    with pytest.raises(BaseChanged, match="--force"):
        base.current_base(home, settings(model))


def test_a_file_that_changes_while_a_night_learns_from_it_is_not_exported(
    sleeping: Any, write_model: Callable[..., Path]
) -> None:
    model = write_model()
    sleeping("init", "--model", model)
    home = Home.open()
    with open_memory(home) as memory:
        night = Night(home, config.load(home), plugins.load(strangers=()), memory, silent, "full")
        night.base, night.parent = base.current_base(home, night.config), None
        night.run = open_run(home, {"kind": "full"}, "full")
        factors.save(night.run.folder / "factors.npz", {})
        write_model(seed=1)
        with pytest.raises(BaseChanged, match="Put that one back"):
            night.export()
        assert [path.name for path in night.run.folder.glob("*/*")] == []
        write_model()
        night.export()
        assert (night.run.folder / "version" / "model.gguf").is_file()


def test_a_missing_file_is_named(model: Path) -> None:
    home = recorded(model)
    model.unlink()
    with pytest.raises(ModelError, match=r"model\.gguf is gone"):
        base.current_base(home, settings(model))


def test_a_folder_cannot_be_hashed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Cannot read the model"):
        base.hash_model(tmp_path)


@pytest.mark.parametrize("content", ["{}", "[]", '{"path": 1}', "null"])
def test_a_damaged_record_is_an_error_and_not_a_crash(model: Path, content: str) -> None:
    home = recorded(model)
    base.record_file(home).write_text(content, encoding="utf-8")
    with pytest.raises(StateError, match="sleeping init"):
        base.current_base(home, settings(model))
