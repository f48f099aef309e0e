"""Logging: everything into the home's log, which only the user can read, without secrets.

Run: pytest tests/test_logs.py
"""

from __future__ import annotations

import io
import logging
import stat
from collections.abc import Iterator

import pytest
from rich.console import Console

from sleeping_plugin import logs
from sleeping_plugin.home import Home

OURS = logging.getLogger("sleeping_plugin.test")
SECRET = "sk-abcdefghijklmnop1234567890XYZ"


@pytest.fixture(autouse=True)
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)


def set_up(*, verbose: bool = False) -> tuple[Home, io.StringIO]:
    home, stream = Home.open(), io.StringIO()
    logs.set_up_logging(home, Console(file=stream, width=100), verbose=verbose)
    return home, stream


def test_the_log_gets_what_the_terminal_is_spared() -> None:
    home, stream = set_up()
    OURS.info("a detail")
    OURS.warning("a warning")
    logging.getLogger("another.library").warning("not ours")
    assert stream.getvalue() == "a warning\n"
    log = home.log_file.read_text(encoding="utf-8")
    assert "a detail" in log and "a warning" in log and "not ours" in log


def test_verbose_shows_our_details_on_the_terminal() -> None:
    _, stream = set_up(verbose=True)
    OURS.debug("a detail")
    assert "a detail" in stream.getvalue()


def test_secrets_reach_neither_the_log_nor_the_terminal() -> None:
    home, stream = set_up()
    try:
        raise ValueError(f"refused {SECRET}")
    except ValueError:
        OURS.warning("the key is %s", SECRET, exc_info=True)
    assert SECRET not in home.log_file.read_text(encoding="utf-8") + stream.getvalue()
    assert "refused" in home.log_file.read_text(encoding="utf-8")


def test_only_the_user_can_read_the_log() -> None:
    home, _ = set_up()
    OURS.warning("something")
    assert stat.S_IMODE(home.log_file.stat().st_mode) == 0o600


def test_setting_up_twice_writes_each_record_once() -> None:
    set_up()
    home, stream = set_up()
    OURS.warning("once")
    assert stream.getvalue() == "once\n"
    assert home.log_file.read_text(encoding="utf-8").count("once") == 1


def test_a_long_log_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    home, _ = set_up()
    OURS.warning("old")
    monkeypatch.setattr(logs, "LARGEST", 1)
    set_up()
    OURS.warning("new")
    assert "old" not in home.log_file.read_text(encoding="utf-8")
    assert "old" in home.log_file.with_suffix(".log.1").read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_does_not_stop_the_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = Home.open()
    home.log_file.mkdir()
    stream = io.StringIO()
    logs.set_up_logging(home, Console(file=stream), verbose=False)
    OURS.warning("still shown")
    assert stream.getvalue() == "still shown\n"
    assert capsys.readouterr().err == ""
