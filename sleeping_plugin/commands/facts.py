"""``sleeping facts``: everything the ledger knows, with where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Fact, FactStatus
from sleeping_plugin.render import Result, make_table, plain
from sleeping_plugin.versions import Versions

COLOURS = {
    FactStatus.ACCEPTED: "green",
    FactStatus.QUARANTINED: "yellow",
    FactStatus.SUPERSEDED: "dim",
    FactStatus.FORGOTTEN: "dim",
}


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact, and how far the version in use has taken it."""

    fact: Fact
    stage: int | None  # 0 to 3; None: the version in use has not been taught it
    recalled: bool | None  # by the version in use, as its gate measured it

    def to_json(self) -> dict[str, Any]:
        """Return the fact's fields and the two of the row, in one object."""
        return {**plain(self.fact), "stage": self.stage, "recalled": self.recalled}


@dataclass(frozen=True, slots=True)
class FactList(Result):
    """All facts, or those of one status."""

    facts: tuple[FactRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the rows."""
        return {"facts": [row.to_json() for row in self.facts]}

    def to_text(self) -> RenderableType:
        """Return a table."""
        if not self.facts:
            return (
                "No facts yet. Import chats with `sleeping import FILE.jsonl`; what you chatted is"
                " read by the next `sleeping sleep` or `nap`."
            )
        rows = []
        for row in self.facts:
            fact = row.fact
            status = Text(fact.status.value, style=COLOURS[fact.status])
            stage = "" if row.stage is None else row.stage
            rows.append((fact.id, fact.question, fact.value, status, stage, fact.reason))
        return make_table(("id", "question", "value", "status", "stage", "reason"), rows)


def list_facts(home: Home, status: FactStatus | None = None) -> FactList:
    """Return every fact (of ``status``), with its stage in the version in use."""
    versions = Versions(home)
    version = versions.active()
    with open_memory(home) as memory:
        facts = memory.ledger.facts(*([status] if status else []))
        stages = memory.ledger.stages(version.id) if version else {}
    recalled = versions.manifest(version.id)["facts"] if version else {}
    rows = (FactRow(fact, stages.get(fact.id), recalled.get(fact.id)) for fact in facts)
    return FactList(tuple(rows))


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping facts``."""

    @app.command("facts")
    def facts(
        ctx: typer.Context,
        status: Annotated[
            FactStatus | None, typer.Option("--status", help="Only facts of this status.")
        ] = None,
    ) -> FactList:
        """List what was read out of your chats."""
        return list_facts(Context.of(ctx).home, status)
