"""``sleeping compare``: one question to several versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import RenderableType

from sleeping_plugin.commands.ask import Answer, ask_questions, find_model
from sleeping_plugin.commands.switch import BASE
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Progress, silent
from sleeping_plugin.render import Result, make_table
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class Compared(Result):
    """What each version answered."""

    question: str
    answers: tuple[Answer, ...]

    def to_text(self) -> RenderableType:
        """Return a table with a line for each version."""
        return make_table(("", self.question), [(one.version, one.answer) for one in self.answers])


def compare(
    home: Home, config: Config, question: str, names: list[str], progress: Progress = silent
) -> Compared:
    """Ask each version (none named: the base and all accepted ones) in a process of its own.

    Raises NotFound before anything is asked.
    """
    accepted = [version.id for version in Versions(home).list() if version.accepted]
    models = [find_model(home, config, name) for name in dict.fromkeys(names or [BASE, *accepted])]
    answers = []
    for done, (name, model, adapter) in enumerate(models):
        progress(f"asking {name}", done / len(models))
        (answer,) = ask_questions(
            *(model, config, [question]), adapter=adapter, max_tokens=config.chat.max_tokens
        )
        answers.append(Answer(question, answer, name))
    return Compared(question, tuple(answers))


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping compare``."""

    @app.command("compare")
    def compare_(
        ctx: typer.Context,
        question: Annotated[str, typer.Argument(help="What to ask.")],
        versions: Annotated[
            list[str] | None,
            typer.Argument(metavar="[ID|base]...", help="Whom; else the base and all accepted."),
        ] = None,
    ) -> Compared:
        """Ask several versions the same question, each with an empty context."""
        context = Context.of(ctx)
        with context.progress(transient=True) as progress:
            return compare(context.home, context.config, question, list(versions or ()), progress)
