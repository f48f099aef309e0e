"""What a command finds in ``typer.Context.obj``: the home, the configuration, the plugins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import typer
from rich.console import Console

from sleeping_plugin import config, records
from sleeping_plugin.base import Base, current_base
from sleeping_plugin.database import connect
from sleeping_plugin.home import Home
from sleeping_plugin.journal import Journal
from sleeping_plugin.ledger import Ledger
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.progress import report_progress
from sleeping_plugin.render import make_console


@dataclass(frozen=True, slots=True)
class Memory:
    """The database of a home, open."""

    journal: Journal
    ledger: Ledger


@contextmanager
def open_memory(home: Home) -> Iterator[Memory]:
    """Open journal and ledger of ``home`` on one connection, and close it."""
    with closing(connect(home.database)) as connection:
        yield Memory(Journal(connection), Ledger(connection))


@dataclass
class Context:
    """One call of ``sleeping``. Home and configuration are read when they are first asked for."""

    plugins: Plugins
    as_json: bool = False
    verbose: bool = False
    home_folder: Path | None = None  # --home
    overrides: tuple[str, ...] = ()  # --set
    console: Console = field(default_factory=lambda: make_console(stderr=True))

    @staticmethod
    def of(ctx: typer.Context) -> Context:
        """Return the context of a command that is being called."""
        found: Context = ctx.ensure_object(Context)
        return found

    @cached_property
    def home(self) -> Home:
        """Return the home, which is created if it is missing."""
        return Home.open(self.home_folder)

    @cached_property
    def config(self) -> config.Config:
        """Return the configuration. Raises ConfigError."""
        return config.load(self.home, self.overrides)

    def base(self) -> Base:
        """Return the model, checked. Raises NotInitialised, ModelError, BaseChanged."""
        with self.progress(transient=True) as progress:
            return current_base(self.home, self.config, progress)

    def progress(self, *, transient: bool = False) -> AbstractContextManager[records.Progress]:
        """Give a Progress that shows bars on standard error, and nothing under --json."""
        return report_progress(self.console, quiet=self.as_json, transient=transient)
