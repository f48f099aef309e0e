"""``sleeping verify``: export every version again and compare the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from sleeping_plugin.context import Context
from sleeping_plugin.errors import VerifyFailed
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.render import Result, make_table, plain

if TYPE_CHECKING:
    from sleeping_plugin.verify import VerifyResult


@dataclass(frozen=True, slots=True)
class Verified(Result):
    """Whether each version is what its base, factors and recipe give."""

    versions: tuple[VerifyResult, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the outcome for each version, and for all."""
        return {"ok": self.exit_code == 0, "versions": [plain(one) for one in self.versions]}

    def to_text(self) -> RenderableType:
        """Return a table."""
        if not self.versions:
            return "There are no versions to verify yet."
        rows = []
        for one in self.versions:
            outcome = Text("ok", style="green") if one.ok else Text("differs", style="bold red")
            rows.append((one.id, outcome, one.detail))
        return make_table(("version", "", ""), rows)

    @property
    def exit_code(self) -> int:
        """Return the code of VerifyFailed if any version differs."""
        return 0 if all(one.ok for one in self.versions) else VerifyFailed.exit_code


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping verify``."""

    @app.command("verify")
    def verify(ctx: typer.Context) -> Verified:
        """Export each version again from the base and compare; nothing is trained or changed."""
        from sleeping_plugin.verify import verify_versions  # here: no other command needs it

        context = Context.of(ctx)
        with context.progress(transient=True) as progress:
            found = verify_versions(context.home, context.config, context.plugins, progress)
        return Verified(tuple(found))
