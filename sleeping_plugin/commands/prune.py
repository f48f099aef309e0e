"""``sleeping prune``: free the space of versions that nobody needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sleeping_plugin.atomic import bytes_freed, size_of
from sleeping_plugin.context import Context
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Version
from sleeping_plugin.render import Result, count_of
from sleeping_plugin.runs import unfinished
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class Pruned(Result):
    """What was removed, or would be."""

    removed: tuple[Version, ...]
    kept: int
    freed: int  # bytes
    dry_run: bool

    def to_json(self) -> dict[str, Any]:
        """Return the ids of what was removed."""
        ids = [version.id for version in self.removed]
        return {"removed": ids, "kept": self.kept, "freed": self.freed, "dry_run": self.dry_run}

    def to_text(self) -> str:
        """Return what was removed, and how much space that gave."""
        if not self.removed:
            return f"Nothing to remove: {count_of(self.kept, 'version')} kept."
        verb = "Would remove" if self.dry_run else "Removed"
        lines = [
            f"{verb} {version.id} ({'accepted' if version.accepted else 'rejected'}, "
            f"{version.created[:16]})"
            for version in self.removed
        ]
        freed = f"{size_of(self.freed)} {'would be free' if self.dry_run else 'freed'}"
        return "\n".join([*lines, f"{freed}; {count_of(self.kept, 'version')} kept."])


def prune(home: Home, keep: int, *, dry_run: bool = False) -> Pruned:
    """Remove what `Versions.spare` lists. Raises Locked while a night runs."""
    versions = Versions(home)
    with home.lock("prune"):
        stopped = unfinished(home)  # a night that goes on with the version it has stored
        needed = {stopped["steps"].get("export", {}).get("id", "")} if stopped else ()
        if dry_run:
            spare = versions.spare(keep, needed)
            freed = bytes_freed([versions.folder(version.id) for version in spare])
        else:
            spare, freed = versions.prune(keep, needed)
        kept = len(versions.list()) - (len(spare) if dry_run else 0)
    return Pruned(tuple(spare), kept, freed, dry_run)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping prune``."""

    @app.command("prune")
    def prune_(
        ctx: typer.Context,
        keep: Annotated[
            int, typer.Option("--keep", min=0, help="How many of the newest accepted ones stay.")
        ] = 3,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
        ] = False,
    ) -> Pruned:
        """Remove old and rejected versions.

        The one in use stays, and the one that `sleeping rollback` goes to. What a version knew is
        in the facts: the next night teaches it again.
        """
        return prune(Context.of(ctx).home, keep, dry_run=dry_run)
