"""``sleeping nap``: publish edits without training."""

from __future__ import annotations

import typer

from sleeping_plugin.commands.sleep import Slept, run_night
from sleeping_plugin.context import Context
from sleeping_plugin.hookspecs import hookimpl


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping nap``."""

    @app.command("nap")
    def nap(ctx: typer.Context) -> Slept:
        """Write new facts in as edits, without training: quicker and shallower than a sleep."""
        return run_night(Context.of(ctx), "nap")
