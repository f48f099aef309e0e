"""``sleeping versions``: every version of the model, and which one is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import typer
from rich.console import RenderableType

from sleeping_plugin.context import Context
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Version
from sleeping_plugin.render import Result, make_table, plain
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class VersionList(Result):
    """All versions, oldest first."""

    versions: tuple[Version, ...]
    active: str | None  # None: the base

    def to_json(self) -> dict[str, Any]:
        """Return the versions, each with ``active``; and the id of the one in use."""
        rows = [{**plain(one), "active": one.id == self.active} for one in self.versions]
        return {"versions": rows, "active": self.active or "base"}

    def to_text(self) -> RenderableType:
        """Return a table that begins with the base."""
        rows = [("*" if self.active is None else "", "base", "", "", "", "your own file")]
        for one in self.versions:
            mark = "*" if one.id == self.active else ""
            recall = f"{one.gate['trained']:.2f}" if "trained" in one.gate else ""
            rest = "; ".join(one.gate.get("reasons", ())) or ", ".join(f.name for f in one.files)
            state = "accepted" if one.accepted else "rejected"
            rows.append((mark, one.id, one.created[:16], state, recall, rest))
        return make_table(("", "id", "created", "gate", "recall", "files, or why rejected"), rows)


def list_versions(home: Home) -> VersionList:
    """Return every version of ``home``."""
    versions = Versions(home)
    active = versions.active()
    return VersionList(tuple(versions.list()), active.id if active else None)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping versions``."""

    @app.command("versions")
    def versions(ctx: typer.Context) -> VersionList:
        """List the versions of your model; * is in use."""
        return list_versions(Context.of(ctx).home)
