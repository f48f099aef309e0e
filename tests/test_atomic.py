"""Atomic writes, with every system call failing in turn: pytest tests/test_atomic.py"""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeping_plugin import atomic
from sleeping_plugin.errors import DiskFull, StateError

ON_POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX permissions and signals")


def fail_nth(monkeypatch: pytest.MonkeyPatch, call: str, nth: int, code: int) -> None:
    """Make the ``nth`` call of ``os.<call>`` raise OSError(code)."""
    real: Callable[..., Any] = getattr(os, call)
    calls = 0

    def failing(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    monkeypatch.setattr(os, call, failing)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_whole_and_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    atomic.write_json(path, {"a": "ü"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"a": "ü"}
    assert names(path.parent) == ["state.json"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@ON_POSIX
def test_a_readable_file_becomes_private_when_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("old")
    path.chmod(0o644)
    atomic.write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("call", "nth"), [("open", 1), ("write", 1), ("write", 2), ("fsync", 1), ("replace", 1)]
)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_the_old_file_stays_whole_whichever_call_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int, code: int
) -> None:
    path = tmp_path / "state"
    atomic.write_text(path, "old")
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, bytes(data)[:4]))
    fail_nth(monkeypatch, call, nth, code)
    wanted = DiskFull if code == errno.ENOSPC else StateError
    with pytest.raises(wanted) as caught:
        atomic.write_text(path, "a new content that needs several writes")
    assert type(caught.value) is wanted
    assert str(path) in str(caught.value)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["state"]


def test_a_write_that_the_kernel_splits_is_completed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real_write(fd, bytes(data)[:3]))
    atomic.write_bytes(tmp_path / "state", b"0123456789")
    assert (tmp_path / "state").read_bytes() == b"0123456789"


def test_ctrl_c_within_a_write_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.write_text(tmp_path / "state", "new")
    assert names(tmp_path) == []


@ON_POSIX
def test_a_symbolic_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "config.yaml"
    real.parent.mkdir()
    real.write_text("old")
    link = tmp_path / "config.yaml"
    link.symlink_to(real)
    atomic.write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


@given(st.text() | st.text(alphabet="\ud800 a\0"))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_survives_json_even_half_a_surrogate_pair(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.json"
    atomic.write_json(path, {"text": text})
    assert atomic.read_json(path) == {"text": text}


def test_damaged_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b'{"a": \xff')
    with pytest.raises(StateError, match=r"state\.json is damaged"):
        atomic.read_json(path)
    with pytest.raises(StateError, match="missing"):
        atomic.read_json(tmp_path / "missing.json")


def test_a_folder_appears_with_all_its_files(tmp_path: Path) -> None:
    with atomic.staging_folder(tmp_path) as staging:
        (staging / "inner").mkdir()
        (staging / "inner" / "model.gguf").write_bytes(b"GGUF")
        assert not (tmp_path / "v-1").exists()
        atomic.publish_folder(staging, tmp_path / "v-1")
    assert (tmp_path / "v-1" / "inner" / "model.gguf").read_bytes() == b"GGUF"
    assert names(tmp_path) == ["v-1"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_an_unfinished_folder_vanishes(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), atomic.staging_folder(tmp_path) as staging:
        (staging / "half").write_bytes(b"GG")
        raise error
    assert names(tmp_path) == []


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_folder_that_does_not_reach_the_disk_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    fail_nth(monkeypatch, "fsync", nth, errno.ENOSPC)
    with pytest.raises(DiskFull), atomic.staging_folder(tmp_path) as staging:
        (staging / "a").write_bytes(b"a")
        (staging / "b").write_bytes(b"b")
        atomic.publish_folder(staging, tmp_path / "final")
    assert names(tmp_path) == []


def test_a_published_folder_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "final").mkdir()
    with pytest.raises(StateError, match="exists"), atomic.staging_folder(tmp_path) as staging:
        atomic.publish_folder(staging, tmp_path / "final")
    assert names(tmp_path) == ["final"]


@ON_POSIX
def test_what_a_killed_process_left_is_swept_and_work_in_progress_is_not(tmp_path: Path) -> None:
    code = f"""
        import os, pathlib, signal
        from sleeping_plugin import atomic
        parent = pathlib.Path({str(tmp_path)!r})
        with atomic.staging_folder(parent) as staging:
            (staging / "model.gguf").write_bytes(b"GG")
            os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
            atomic.write_text(parent / "state", "new")
    """
    child = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert child.returncode == -signal.SIGKILL
    assert len(names(tmp_path)) == 2
    (tmp_path / ".hidden").write_text("somebody else's")
    with atomic.staging_folder(tmp_path) as mine:
        assert len(atomic.sweep(tmp_path)) == 2
        assert names(tmp_path) == sorted([mine.name, ".hidden"])


def test_what_a_dead_process_left_is_swept_even_if_its_number_is_used_again(
    tmp_path: Path,
) -> None:
    with atomic.staging_folder(tmp_path) as old:
        os.utime(old, (0, 0))  # before this process began
        assert atomic.sweep(tmp_path) == [old]


def test_missing_space_is_told_before_anything_is_written(tmp_path: Path) -> None:
    atomic.require_space(tmp_path / "not" / "yet", 1, "the night")
    with pytest.raises(DiskFull, match=r"the night.*needs 1000000000\.0 GB"):
        atomic.require_space(tmp_path / "not" / "yet", 10**18, "the night")


def test_the_bytes_of_a_folder_are_those_of_its_own_files(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (tmp_path / "elsewhere").write_bytes(b"x" * 1000)
    (folder / "deep" / "file").write_bytes(b"x" * 10)
    atomic.replace_link(folder / "link", tmp_path / "elsewhere")
    assert atomic.bytes_in(folder) == 10
