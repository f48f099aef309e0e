"""``sleeping import``: read chats into the journal, and the facts out of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from sleeping_plugin.base import current_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context, Memory, open_memory
from sleeping_plugin.curate import asks_a_model, curate, reading_model
from sleeping_plugin.errors import ImportFailed, Locked, NotInitialised
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import BadRecord, FactStatus, Progress, silent
from sleeping_plugin.render import Result, count_of, plain

SHOWN_BAD = 10  # bad records named one by one; --json names them all


@dataclass(frozen=True, slots=True)
class Imported(Result):
    """What was read, and what became of it."""

    conversations: int
    messages: int  # new ones; what the journal already had is not counted
    bad: tuple[BadRecord, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)  # counts, as curate() returns them
    accepted: int = 0  # accepted facts in the ledger now
    waiting: str = ""  # why facts were not extracted yet

    def to_text(self) -> str:
        """Return the counts and the bad records."""
        read = f"Read {count_of(self.conversations, 'conversation')}"
        lines = [f"{read}, {count_of(self.messages, 'new message')}."]
        if self.bad:
            lines.append(f"Left out {count_of(len(self.bad), 'bad record')}:")
            lines += [f"  {bad.place}: {bad.reason}" for bad in self.bad[:SHOWN_BAD]]
            if len(self.bad) > SHOWN_BAD:
                lines.append(f"  and {len(self.bad) - SHOWN_BAD} more (--json shows all)")
        if self.waiting:
            lines.append(f"{self.waiting} The facts are read by the next import or sleep.")
        else:
            known = count_of(self.accepted, "accepted fact")
            lines.append(f"{known} to learn: see `sleeping facts`, then `sleeping sleep`.")
        return "\n".join(lines)


def import_chats(
    home: Home,
    config: Config,
    plugins: Plugins,
    location: str,
    *,
    source: str = "jsonl",
    progress: Progress = silent,
) -> Imported:
    """Journal every conversation at ``location`` and extract the facts of all new turns.

    Raises ImportFailed if not one conversation could be read.
    """
    reader: ChatSource = plugins.pick("chat_source", source)
    with open_memory(home) as memory:
        conversations, messages, bad = _journal(memory, reader, location)
        if not conversations:
            raise ImportFailed(_nothing(location, bad))
        try:
            with home.lock("import"):
                counts = extract_facts(home, config, plugins, memory, progress)
        except Locked as error:
            return Imported(conversations, messages, tuple(bad), waiting=str(error))
        accepted = len(memory.ledger.facts(FactStatus.ACCEPTED))
    return Imported(conversations, messages, tuple(bad), counts, accepted)


def extract_facts(
    home: Home, config: Config, plugins: Plugins, memory: Memory, progress: Progress
) -> dict[str, Any]:
    """Run the extractors on all pending turns and return the counts. Hold the home's lock."""
    base = None
    if asks_a_model(config):
        with suppress(NotInitialised):  # the patterns need no model
            base = current_base(home, config, progress).path
    with reading_model(config, base) as model:
        result = curate(memory.journal, memory.ledger, plugins, config, model, progress)
    counts: dict[str, Any] = plain(result)
    return counts


def _journal(memory: Memory, reader: ChatSource, location: str) -> tuple[int, int, list[BadRecord]]:
    conversations, messages, bad = 0, 0, []
    for record in reader.read(location):
        if isinstance(record, BadRecord):
            bad.append(record)
        else:
            conversations += 1
            messages += len(memory.journal.add(record))
    return conversations, messages, bad


def _nothing(location: str, bad: list[BadRecord]) -> str:
    if not bad:
        return f"{location} holds no conversations. `sleeping import --help` shows what is read."
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    return f"Nothing could be imported from {location}: {bad[0].place}: {bad[0].reason}{more}."


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping import``."""

    @app.command("import")
    def import_(
        ctx: typer.Context,
        location: Annotated[str, typer.Argument(metavar="FILE", help="Where the chats are.")],
        source: Annotated[
            str,
            typer.Option(
                "--source",
                help="Whose chats: jsonl, lm-studio, ollama-app, chatgpt, or what a plugin reads.",
            ),
        ] = "jsonl",
    ) -> Imported:
        """Read chats, and the facts that you stated in them.

        A jsonl file holds one conversation on each line: {"id": "monday", "time":
        "2026-05-01T09:00:00Z", "messages": [{"role": "user", "content": "Hello!"}, ...]}.
        Repeating an import changes nothing.
        """
        context = Context.of(ctx)
        with context.progress(transient=True) as progress:
            return import_chats(
                *(context.home, context.config, context.plugins, location),
                source=source,
                progress=progress,
            )
