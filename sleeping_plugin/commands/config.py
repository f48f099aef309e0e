"""``sleeping config``: show, find, edit and check the settings."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.console import RenderableType

from sleeping_plugin import config
from sleeping_plugin.atomic import write_text
from sleeping_plugin.context import Context
from sleeping_plugin.errors import ConfigError, UsageError
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.render import Result, make_table, plain
from sleeping_plugin.settings_file import format_value


@dataclass(frozen=True, slots=True)
class Shown(Result):
    """Every setting in force, and where it came from."""

    settings: config.Settings

    def to_json(self) -> dict[str, Any]:
        """Return the values by section, and the source of each by dotted name."""
        return {"config": plain(self.settings.config), "sources": dict(self.settings.sources)}

    def to_text(self) -> RenderableType:
        """Return a table."""
        rows = []
        for dotted, key in config.declared_keys().items():
            value = getattr(getattr(self.settings.config, key.section), key.name)
            rows.append((dotted, format_value(value), self.settings.sources[dotted], key.comment))
        return make_table(("key", "value", "from", "meaning"), rows)


@dataclass(frozen=True, slots=True)
class ConfigFile(Result):
    """Where the file is."""

    path: Path
    exists: bool

    def to_text(self) -> str:
        """Return the path alone, for scripts."""
        return str(self.path)


@dataclass(frozen=True, slots=True)
class Checked(Result):
    """A configuration without mistakes."""

    path: Path

    def to_text(self) -> str:
        """Return the good news."""
        return f"{self.path} is in order."


def check_config(home: Home, overrides: tuple[str, ...], plugins: Plugins) -> Checked:
    """Read the configuration and look up every plugin it names. Raises ConfigError, PluginError."""
    loaded = config.load(home, overrides)
    night = loaded.night
    plugins.pick("host", loaded.model.host)
    for extractor in loaded.extraction.extractors:
        plugins.pick("extractor", extractor)
    plugins.pick("backend", night.backend)
    plugins.pick("editor", night.editor)
    plugins.pick("consolidator", night.consolidator)
    plugins.pick("exporter", night.exporter)
    plugins.pick("gate", night.gate)
    return Checked(home.config_file)


def edit_config(context: Context) -> Checked:
    """Open the file in the user's editor, then check it. Raises UsageError without an editor."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    file = context.home.config_file
    if not editor:
        raise UsageError(
            f"No editor is set. Edit {file} yourself, or set EDITOR, e.g. EDITOR=nano."
        )
    if not file.exists():
        write_text(file, config.default_text())
    try:
        done = subprocess.run([*shlex.split(editor), str(file)], check=False)
    except OSError as error:
        raise UsageError(f"The editor {editor} could not be started: {error.strerror}.") from error
    if done.returncode != 0:
        raise ConfigError(f"The editor {editor} ended with {done.returncode}; look at {file}.")
    return check_config(context.home, context.overrides, context.plugins)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping config``."""
    group = typer.Typer(help="Show, find, edit and check the settings.", no_args_is_help=True)
    app.add_typer(group, name="config")

    @group.command("show")
    def show(ctx: typer.Context) -> Shown:
        """Show every setting, and whether a flag, the environment or the file set it."""
        context = Context.of(ctx)
        return Shown(config.load_settings(context.home.config_file, context.overrides))

    @group.command("path")
    def path(ctx: typer.Context) -> ConfigFile:
        """Print where the file is."""
        file = Context.of(ctx).home.config_file
        return ConfigFile(file, file.exists())

    @group.command("edit")
    def edit(ctx: typer.Context) -> Checked:
        """Open the file in $VISUAL or $EDITOR, and check it afterwards."""
        return edit_config(Context.of(ctx))

    @group.command("check")
    def check(ctx: typer.Context) -> Checked:
        """Say whether the settings can be read, and name the mistake if not."""
        context = Context.of(ctx)
        return check_config(context.home, context.overrides, context.plugins)
