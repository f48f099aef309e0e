"""``sleeping accept``: teach a fact that was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.curate import share_answer
from sleeping_plugin.errors import UsageError
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Fact, FactStatus
from sleeping_plugin.render import Result


@dataclass(frozen=True, slots=True)
class Accepted(Result):
    """A fact that will be taught."""

    fact: Fact

    def to_text(self) -> str:
        """Return what will be learnt."""
        return f'The next sleep teaches: "{self.fact.question}" "{self.fact.answer}"'


def accept_fact(home: Home, name: str) -> Accepted:
    """Accept a quarantined fact, or take a forgotten one back; it replaces what it contradicts.

    Raises NotFound, and UsageError for a fact that is accepted or was replaced by a newer one.
    """
    with open_memory(home) as memory:
        fact = memory.ledger.get(name)
        if fact.status not in (FactStatus.QUARANTINED, FactStatus.FORGOTTEN):
            raise UsageError(
                f"{fact.id} is {fact.status.value}: only a quarantined or forgotten fact can be "
                "accepted. Type `sleeping facts --status quarantined` to see those."
            )
        with memory.ledger.transaction():
            memory.ledger.set_status(fact.id, FactStatus.ACCEPTED)
            if fact.single:
                for old in memory.ledger.about(fact.subject, fact.relation, FactStatus.ACCEPTED):
                    memory.ledger.supersede(old.id, fact.id)
            share_answer(memory.ledger, fact)
        return Accepted(memory.ledger.get(fact.id))


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping accept``."""

    @app.command("accept")
    def accept(
        ctx: typer.Context,
        fact: Annotated[str, typer.Argument(help="Its id, the beginning of it, or its question.")],
    ) -> Accepted:
        """Teach a fact that was quarantined, or take a forgotten one back."""
        return accept_fact(Context.of(ctx).home, fact)
