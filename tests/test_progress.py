"""Progress: bars on a terminal, one line for each step in a log, nothing under --json.

Run: pytest tests/test_progress.py
"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sleeping_plugin.errors import Interrupted
from sleeping_plugin.progress import report_progress
from sleeping_plugin.records import Progress


def work(progress: Progress) -> None:
    for step in ("extract", "train"):
        for done in (0.0, 0.5, 1.0):
            progress(step, done)


def test_without_a_terminal_each_step_is_one_line() -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream)) as progress:
        work(progress)
    assert stream.getvalue() == "extract ...\ntrain ...\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_step_that_comes_again_is_shown_again(terminal: bool) -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream, force_terminal=terminal, width=100)) as progress:
        for _ in range(2):
            for done in (0.0, 0.5, 1.0, 1.0):
                progress("asking", done)
    final = stream.getvalue().rpartition("\x1b[2K")[2]  # the last picture, or all the lines
    assert final.count("asking") == 2


def test_quiet_shows_nothing() -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream, force_terminal=True), quiet=True) as progress:
        work(progress)
    assert stream.getvalue() == ""


def test_a_terminal_shows_a_bar_with_the_share_done_for_each_step() -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream, force_terminal=True, width=100)) as progress:
        work(progress)
    final = stream.getvalue()
    assert "extract" in final and "train" in final and "100%" in final


def test_nothing_is_drawn_before_the_first_step() -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream, force_terminal=True)):
        pass
    assert stream.getvalue() == ""


@pytest.mark.parametrize("error", [Interrupted("stop"), KeyboardInterrupt()])
def test_the_terminal_is_given_back_when_the_work_is_stopped(error: BaseException) -> None:
    stream = io.StringIO()
    with (
        pytest.raises(type(error)),
        report_progress(Console(file=stream, force_terminal=True)) as progress,
    ):
        progress("train", 0.5)
        raise error
    assert stream.getvalue().endswith("\x1b[?25h")  # the cursor is shown again


def test_a_fraction_beyond_the_ends_is_taken_as_the_end() -> None:
    stream = io.StringIO()
    with report_progress(Console(file=stream, force_terminal=True, width=100)) as progress:
        progress("train", 1.7)
    assert "100%" in stream.getvalue() and "170%" not in stream.getvalue()
