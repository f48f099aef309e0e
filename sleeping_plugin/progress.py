"""Shows the progress of anything longer than two seconds, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from sleeping_plugin import records


@contextmanager
def report_progress(
    console: Console, *, quiet: bool = False, transient: bool = False
) -> Iterator[records.Progress]:
    """Give a Progress: bars with the time left on a terminal, else one line for each step.

    ``what`` names the step, and a new name begins a new bar or line. ``quiet`` shows nothing;
    ``transient`` bars vanish at the end.
    """
    if quiet:
        yield records.silent
    elif console.is_terminal:
        with _bars(console, transient) as report:
            yield report
    else:
        yield _lines(console)


@contextmanager
def _bars(console: Console, transient: bool) -> Iterator[records.Progress]:
    steps: dict[str, TaskID] = {}
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        transient=transient,
        speed_estimate_period=120.0,  # steps report seldom: keeps the time left from jumping
    )

    def report(what: str, fraction: float) -> None:
        if not steps:
            bars.start()
        if what not in steps or (fraction < 1 and bars.tasks[steps[what]].finished):
            steps[what] = bars.add_task(what, total=1.0)  # a step may come again, under its name
        bars.update(steps[what], completed=min(max(fraction, 0.0), 1.0))

    try:
        yield report
    finally:
        bars.stop()


def _lines(console: Console) -> records.Progress:
    done: dict[str, float] = {}

    def report(what: str, fraction: float) -> None:
        if what not in done or fraction < done[what]:
            console.print(f"{what} ...")
        done[what] = fraction

    return report
