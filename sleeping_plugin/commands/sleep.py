"""``sleeping sleep``: one whole night, as :mod:`sleeping_plugin.night` tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import typer
from rich.console import Group, RenderableType

from sleeping_plugin.context import Context
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.render import Result, clean, duration_of, make_table, whole

if TYPE_CHECKING:
    from sleeping_plugin.night import NightResult


@dataclass(frozen=True, slots=True)
class Slept(Result):
    """What a night came to."""

    night: NightResult

    def to_json(self) -> dict[str, Any]:
        """Return the night's own account."""
        return dict(self.night.to_json())

    def to_text(self) -> RenderableType:
        """Return the outcome, what the gate measured, and what to do next."""
        done = self.night
        parts: list[RenderableType] = [clean(done.message)]
        if done.gate is not None:
            rows = [
                (name.replace("_", " "), f"{value:.3f}")
                for name, value in done.gate.metrics.items()
            ]
            parts.append(make_table(("measured on the exported file", ""), rows))
            parts += [f"Not accepted: {clean(reason)}" for reason in done.gate.reasons]
        if done.accepted and done.version is not None:
            parts += ["", *(whole(f"Load it anywhere: {file}") for file in done.version.files[:1])]
        parts.append(f"It took {duration_of(done.seconds)}.")
        return Group(*parts)


def run_night(context: Context, kind: Literal["full", "nap"]) -> Slept:
    """Sleep, with progress shown."""
    from sleeping_plugin import night  # here, because no other command needs its imports

    with context.progress() as progress:
        return Slept(
            night.sleep(context.home, context.config, context.plugins, progress, kind=kind)
        )


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping sleep``."""

    @app.command("sleep")
    def sleep(ctx: typer.Context) -> Slept:
        """Teach the model everything that was accepted, and prove it on the exported file.

        A version that fails its test is kept as rejected and changes nothing; the exit code is 0
        then too, and "accepted" is false.
        """
        return run_night(Context.of(ctx), "full")
