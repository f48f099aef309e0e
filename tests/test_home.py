"""The home directory and its lock, also between processes: pytest tests/test_home.py"""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sleeping_plugin.errors import Locked, StateError
from sleeping_plugin.home import Home, file_lock

HOLDER = """
import pathlib, sys
from sleeping_plugin.home import Home
with Home.open(pathlib.Path(sys.argv[1])).lock("sleep"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(root: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock of ``root`` until its stdin closes."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def test_a_home_is_created_for_the_user_alone(tmp_path: Path) -> None:
    home = Home.open(tmp_path / "a" / "b")
    assert home.database == tmp_path / "a" / "b" / "memory.db"
    for folder in (home.root, home.versions, home.runs, home.cache, home.log_file.parent):
        assert folder.is_dir()
        if os.name == "posix":
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert Home.open(home.root) == home


def test_the_argument_wins_over_the_variable_and_that_over_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEPING_HOME", str(tmp_path / "variable"))
    assert Home.open(tmp_path / "argument").root == tmp_path / "argument"
    assert Home.open(None).root == tmp_path / "variable"
    monkeypatch.setenv("SLEEPING_HOME", "")
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / name)
    assert Home.open(None).root == tmp_path / "sleeping-plugin"


def test_a_file_in_the_place_of_the_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="is a file"):
        Home.open(tmp_path / "file")
    with pytest.raises(StateError, match="--home"):
        Home.open(tmp_path / "file" / "below")


def test_an_existing_folder_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Home.open(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_second_process_is_told_who_is_at_work(tmp_path: Path) -> None:
    child = hold(tmp_path)
    try:
        with (
            pytest.raises(Locked, match=rf"`sleep` \(process {child.pid}\) is at work"),
            Home.open(tmp_path).lock("import"),
        ):
            pass
    finally:
        child.communicate("")
    with Home.open(tmp_path).lock("import"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_the_lock_of_a_killed_process_is_free_and_its_rubbish_gone(tmp_path: Path) -> None:
    child = hold(tmp_path)
    home = Home.open(tmp_path)
    half = home.versions / f"..{child.pid}-00000000.staging"
    half.mkdir()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with home.lock("sleep"):
        assert not half.exists()


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    home = Home.open(tmp_path)
    with pytest.raises(KeyboardInterrupt), home.lock("sleep"):
        raise KeyboardInterrupt
    with home.lock("sleep"), pytest.raises(Locked, match="`sleep`"), home.lock("again"):
        pass


def test_a_waiting_process_gets_the_lock_when_the_holder_leaves(tmp_path: Path) -> None:
    child = hold(tmp_path)
    assert child.stdin is not None
    child.stdin.close()
    with file_lock(tmp_path / "lock", "switch", wait=60):
        pass
    child.wait()
    assert child.stdout is not None
    child.stdout.close()
