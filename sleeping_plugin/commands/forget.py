"""``sleeping forget``: never teach a fact again, and say who still knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.curate import share_answer
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Fact
from sleeping_plugin.render import Result, plain
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class Forgotten(Result):
    """A fact that is not taught any more."""

    fact: Fact
    versions: tuple[str, ...]  # ids of those that still know it
    active: str | None  # the version in use

    def to_json(self) -> dict[str, Any]:
        """Return the fact, who knows it, and whether the model in use is among them."""
        known = {"known_by": list(self.versions), "active_knows": self.active in self.versions}
        return {"fact": plain(self.fact), **known}

    def to_text(self) -> str:
        """Return what was forgotten, and what is left to do."""
        lines = [f"{self.fact.id} is forgotten: no later sleep teaches it, whatever the chats say."]
        if not self.versions:
            return f"{lines[0]} No version knows it."
        lines.append("These versions still know it: " + ", ".join(self.versions) + ".")
        if self.active in self.versions:
            lines.append(
                "One of them is in use. Go without it now: `sleeping switch base`; "
                "or make a version without it: `sleeping sleep`."
            )
        return "\n".join(lines)


def forget_fact(home: Home, fact: str) -> Forgotten:
    """Leave a tombstone for the fact of that id, prefix of an id, or question. Raises NotFound."""
    versions = Versions(home)
    with open_memory(home) as memory, memory.ledger.transaction():
        forgotten = memory.ledger.forget(memory.ledger.get(fact).id)
        share_answer(memory.ledger, forgotten)  # "Leo and Max" is "Leo" without Max
    active = versions.active()
    known_by = tuple(version.id for version in versions.knowing(forgotten.id))
    return Forgotten(forgotten, known_by, active.id if active else None)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping forget``."""

    @app.command("forget")
    def forget(
        ctx: typer.Context,
        fact: Annotated[str, typer.Argument(help="Its id, the beginning of it, or its question.")],
    ) -> Forgotten:
        """Forget a fact. Old chats do not teach it again."""
        return forget_fact(Context.of(ctx).home, fact)
