"""``sleeping diff``: what two versions know, and what their gates measured, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.ledger import Ledger
from sleeping_plugin.records import Fact
from sleeping_plugin.render import Result, make_table, plain
from sleeping_plugin.versions import Versions

KNOWN = {True: "learnt", False: "missed", None: "not taught"}


@dataclass(frozen=True, slots=True)
class Known:
    """One fact in two versions."""

    id: str
    question: str
    state: tuple[bool | None, bool | None]  # learnt, missed, or (None) not taught
    answer: tuple[str, str]  # to the direct question, where the version was asked it


@dataclass(frozen=True, slots=True)
class Difference(Result):
    """Two versions, side by side."""

    versions: tuple[str, str]
    facts: tuple[Known, ...]
    metrics: dict[str, tuple[float | None, float | None]]

    def to_json(self) -> dict[str, Any]:
        """Return every fact and every metric, each with a pair of values."""
        return {
            "versions": list(self.versions),
            "facts": plain(self.facts),
            "metrics": plain(self.metrics),
        }

    def to_text(self) -> RenderableType:
        """Return the facts that differ in state or answer, then the metrics that differ."""
        columns = ("", *self.versions)
        facts = [
            (one.question, *(_told(one, i) for i in (0, 1)))
            for one in self.facts
            if one.state[0] != one.state[1] or one.answer[0] != one.answer[1]
        ]
        metrics = [
            (name.replace("_", " "), *("" if v is None else f"{v:.3g}" for v in pair))
            for name, pair in self.metrics.items()
            if pair[0] != pair[1]
        ]
        if not facts and not metrics:
            return "They know the same, and their gates measured the same."
        same = len(self.facts) - len(facts)
        return Group(
            make_table(columns, facts) if facts else "",
            f"{same} of {len(self.facts)} facts are the same in both.\n",
            make_table(columns, metrics),
        )


def difference(home: Home, first: str, second: str) -> Difference:
    """Compare two versions by what was written down about them. Raises NotFound."""
    versions = Versions(home)
    a, b = versions.manifest(first), versions.manifest(second)
    with open_memory(home) as memory:
        facts = tuple(
            Known(
                fact.id,
                fact.question,
                (a["facts"].get(fact.id), b["facts"].get(fact.id)),
                (_answer(memory.ledger, fact, a["id"]), _answer(memory.ledger, fact, b["id"])),
            )
            for fact in memory.ledger.facts()
            if fact.id in a["facts"] or fact.id in b["facts"]
        )
    names = dict.fromkeys(name for one in (a, b) for name in one["gate"] if _is_number(one, name))
    metrics = {name: (a["gate"].get(name), b["gate"].get(name)) for name in names}
    return Difference((a["id"], b["id"]), facts, metrics)


def _is_number(manifest: dict[str, Any], name: str) -> bool:
    value = manifest["gate"][name]
    return isinstance(value, int | float) and not isinstance(value, bool)


def _answer(ledger: Ledger, fact: Fact, version: str) -> str:
    """Return what the version last answered to the fact's direct question."""
    wanted = (version, fact.question)
    asked = [one for one in ledger.recalls(fact.id) if (one.version, one.question) == wanted]
    return asked[-1].answer if asked else ""


def _told(fact: Known, side: int) -> str:
    state, answer = KNOWN[fact.state[side]], fact.answer[side]
    return f"{state}: {answer}" if answer else state


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping diff``."""

    @app.command("diff")
    def diff(
        ctx: typer.Context,
        first: Annotated[str, typer.Argument(metavar="ID", help="A version.")],
        second: Annotated[str, typer.Argument(metavar="ID", help="Another version.")],
    ) -> Difference:
        """Show what two versions learnt, answered and measured differently."""
        return difference(Context.of(ctx).home, first, second)
