"""``sleeping switch``: make another version the one in use, in a moment and for any host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from sleeping_plugin.base import current_base, recorded_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context
from sleeping_plugin.errors import BaseChanged
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Host, hookimpl
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Version
from sleeping_plugin.render import Result
from sleeping_plugin.versions import Publish, Versions

BASE = "base"


@dataclass(frozen=True, slots=True)
class Switched(Result):
    """Which version is in use now."""

    version: Version | None
    host: str

    def to_json(self) -> dict[str, Any]:
        """Return the id of the version in use, or "base"."""
        return {"active": self.version.id if self.version else BASE, "host": self.host}

    def to_text(self) -> str:
        """Return what is in use."""
        return f"{self.version.id if self.version else 'The base'} is in use on {self.host}."


def find_version(home: Home, name: str) -> Version | None:
    """Return the version of that id or unique prefix; None for "base". Raises NotFound."""
    return None if name == BASE else Versions(home).get(name)


def switch_version(home: Home, config: Config, plugins: Plugins, name: str) -> Switched:
    """Let the host serve ``name``, and move the pointer there.

    Raises NotFound, UsageError for a version that its gate rejected, BaseChanged for one that was
    made from another model, ModelError for one whose file is damaged.
    """
    version = find_version(home, name)
    host: Host = plugins.pick("host", config.model.host)
    Versions(home).switch(version, publisher(home, config, host))
    return Switched(version, host.name)


def roll_back(home: Home, config: Config, plugins: Plugins) -> Switched:
    """Go back to what was in use before the last switch. Raises NotFound if there was none."""
    host: Host = plugins.pick("host", config.model.host)
    version = Versions(home).rollback(publisher(home, config, host))
    return Switched(version, host.name)


def publisher(home: Home, config: Config, host: Host) -> Publish:
    """Return what lets ``host`` serve a version of the base of this home, or that base.

    A version has files of its own, and works when the base was moved or thrown away: the file of
    the base must be there only where it is what is served. Raises NotInitialised without a base.
    """
    known = recorded_base(home) or current_base(home, config)

    def publish(version: Version | None) -> None:
        base = known if version else current_base(home, config)
        if version is not None and version.base_digest != base.digest:
            raise BaseChanged(
                f"{version.id} was made from another model than {base.path}. "
                "Choose one of `sleeping versions`, or the base: `sleeping switch base`."
            )
        host.publish(version, base.path, home)

    return publish


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping switch``."""

    @app.command("switch")
    def switch(
        ctx: typer.Context,
        version: Annotated[
            str, typer.Argument(metavar="ID|base", help="A version, or the beginning of its id.")
        ],
    ) -> Switched:
        """Use another version of your model, or the base."""
        context = Context.of(ctx)
        return switch_version(context.home, context.config, context.plugins, version)
