"""``sleeping rollback``: back to the version that was in use before."""

from __future__ import annotations

import typer

from sleeping_plugin.commands.switch import Switched, roll_back
from sleeping_plugin.context import Context
from sleeping_plugin.hookspecs import hookimpl


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping rollback``."""

    @app.command("rollback")
    def rollback(ctx: typer.Context) -> Switched:
        """Undo the last switch; again to undo the one before."""
        context = Context.of(ctx)
        return roll_back(context.home, context.config, context.plugins)
