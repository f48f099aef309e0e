"""``sleeping ask``: one question to one version, with an empty context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sleeping_plugin.base import current_base
from sleeping_plugin.commands.switch import BASE, find_version
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.loading import files_to_load
from sleeping_plugin.records import Message, Progress, silent
from sleeping_plugin.render import Result
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.versions import Versions


@dataclass(frozen=True, slots=True)
class Answer(Result):
    """What a version answered."""

    question: str
    answer: str
    version: str  # an id, or "base"

    def to_text(self) -> str:
        """Return the answer alone."""
        return self.answer


def find_model(home: Home, config: Config, name: str | None) -> tuple[str, Path, Path | None]:
    """Return the id, the model and the adapter of a version, "base", or (None) the one in use.

    Raises NotFound if there is no such version.
    """
    version = Versions(home).active() if name is None else find_version(home, name)
    if version is not None and version.files:  # it needs no base, which may be gone
        return version.id, version.files[0], None
    model, adapter = files_to_load(version, current_base(home, config))
    return version.id if version else BASE, model, adapter


def ask_questions(
    model: Path,
    config: Config,
    questions: Sequence[str],
    *,
    adapter: Path | None = None,
    max_tokens: int,
    temperature: float = 0.0,
    progress: Progress = silent,
) -> list[str]:
    """Load a model in a fresh process and ask each question with an empty context."""
    chats = [[Message("user", question)] for question in questions]
    settings = config.model
    with Runtime(model, adapter, context=settings.context, threads=settings.threads) as runtime:
        return runtime.ask_many(
            chats,
            max_tokens=max_tokens,
            temperature=temperature,
            seed=config.night.seed,
            progress=progress,
        )


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping ask``."""

    @app.command("ask")
    def ask(
        ctx: typer.Context,
        question: Annotated[str, typer.Argument(help="What to ask.")],
        version: Annotated[
            str | None,
            typer.Option(
                "--version", metavar="ID|base", help="The version to ask; else the one in use."
            ),
        ] = None,
        temperature: Annotated[
            float, typer.Option("--temperature", min=0.0, help="0: always the likeliest words.")
        ] = 0.0,
    ) -> Answer:
        """Ask one question, without any chat before it."""
        context = Context.of(ctx)
        name, model, adapter = find_model(context.home, context.config, version)
        with context.progress(transient=True) as progress:
            (answer,) = ask_questions(
                *(model, context.config, [question]),
                adapter=adapter,
                max_tokens=context.config.chat.max_tokens,
                temperature=temperature,
                progress=progress,
            )
        return Answer(question, answer, name)
