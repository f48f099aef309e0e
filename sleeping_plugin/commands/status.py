"""``sleeping status``: what is kept here, and what is in use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import typer
from rich.console import RenderableType

from sleeping_plugin.atomic import bytes_in, size_of
from sleeping_plugin.base import current_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.errors import ModelError, NotInitialised
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.plugins import Broken, Plugins
from sleeping_plugin.records import FactStatus
from sleeping_plugin.render import Result, count_of, make_table
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class Status(Result):
    """The state of a home."""

    home: Path
    model: str
    model_problem: str  # empty if the model is there and unchanged
    host: str
    active: str  # a version's id, or "base"
    versions: int
    facts: dict[str, int]  # by status
    untaught: int  # accepted facts that the version in use was not taught
    pending: int  # messages whose facts have not been read
    disk_bytes: int
    broken_plugins: tuple[Broken, ...]

    def to_text(self) -> RenderableType:
        """Return one line for each thing."""
        facts = ", ".join(f"{number} {status}" for status, number in self.facts.items() if number)
        rows = [
            ("home", f"{self.home} ({size_of(self.disk_bytes)})"),
            ("model", self.model_problem or self.model),
            ("host", self.host),
            ("in use", f"{self.active}, of {count_of(self.versions, 'version')}"),
            ("facts", facts or "none yet"),
            ("to learn", count_of(self.untaught, "fact")),
        ]
        if self.pending:
            rows.append(("unread", count_of(self.pending, "message")))
        rows += [("plugin", str(broken)) for broken in self.broken_plugins]
        return make_table(("", ""), rows, show_header=False)


def read_status(home: Home, config: Config, plugins: Plugins) -> Status:
    """Return the state of ``home``; a missing or changed model is told, not raised."""
    problem = ""
    try:
        current_base(home, config)
    except (NotInitialised, ModelError) as error:
        problem = str(error)
    versions = Versions(home)
    active = versions.active()
    with open_memory(home) as memory:
        facts = memory.ledger.facts()
        taught = memory.ledger.stages(active.id) if active else {}
        pending = len(memory.journal.pending_ids())
    return Status(
        home=home.root,
        model=config.model.path,
        model_problem=problem,
        host=config.model.host,
        active=active.id if active else "base",
        versions=len(versions.list()),
        facts={one.value: sum(f.status is one for f in facts) for one in FactStatus},
        untaught=sum(f.status is FactStatus.ACCEPTED and f.id not in taught for f in facts),
        pending=pending,
        disk_bytes=bytes_in(home.root),
        broken_plugins=tuple(plugins.broken),
    )


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping status``."""

    @app.command("status")
    def status(ctx: typer.Context) -> Status:
        """Show the model, the version in use, and how many facts and messages wait."""
        context = Context.of(ctx)
        return read_status(context.home, context.config, context.plugins)
