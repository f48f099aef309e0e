"""Loads plugins, ours and others', and hands out what they registered.

Built-ins are module names in one tuple and go through the same calls as strangers, who name a
module in the entry-point group ``sleeping_plugin``. Whatever fails on a plugin's side is recorded
in :attr:`Plugins.broken` under the plugin's name and the plugin is skipped: no plugin can break
the command line. This module is the plugin boundary, and so the one place with broad excepts.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Literal

import pluggy
import typer

from sleeping_plugin import hookspecs
from sleeping_plugin.config import nearest
from sleeping_plugin.errors import PluginError
from sleeping_plugin.records import SleepEvent

log = logging.getLogger(__name__)

ENTRY_POINT_GROUP: Final = "sleeping_plugin"
OURS: Final = "sleeping-plugin"

BUILTINS: Final[tuple[str, ...]] = (
    "sleeping_hooks.jsonl",
    "sleeping_hooks.lm_studio",
    "sleeping_hooks.ollama_app",
    "sleeping_hooks.chatgpt",
    "sleeping_hooks.llama_cpp",
    "sleeping_plugin.extract.patterns",
    "sleeping_plugin.extract.model",
    "sleeping_plugin.firewall",
    "sleeping_converters.working_copy",
    "sleeping_plugin.memit",
    "sleeping_plugin.consolidate",
    "sleeping_converters.export",
    "sleeping_plugin.gate",
    "sleeping_integrations.llama_cpp",
    "sleeping_integrations.folder",
    # commands, in the order in which `sleeping --help` lists them
    "sleeping_plugin.commands.init",
    "sleeping_plugin.commands.import_",
    "sleeping_plugin.commands.facts",
    "sleeping_plugin.commands.accept",
    "sleeping_plugin.commands.forget",
    "sleeping_plugin.commands.sleep",
    "sleeping_plugin.commands.nap",
    "sleeping_plugin.commands.ask",
    "sleeping_plugin.commands.chat",
    "sleeping_plugin.commands.serve",
    "sleeping_plugin.commands.versions",
    "sleeping_plugin.commands.switch",
    "sleeping_plugin.commands.rollback",
    "sleeping_plugin.commands.diff",
    "sleeping_plugin.commands.compare",
    "sleeping_plugin.commands.prune",
    "sleeping_converters.adopt",
    "sleeping_plugin.commands.verify",
    "sleeping_plugin.commands.status",
    "sleeping_plugin.commands.doctor",
    "sleeping_plugin.commands.config",
    "sleeping_plugin.commands.demo",
)

Kind = Literal[
    "chat_source",
    "extractor",
    "fact_filter",
    "backend",
    "editor",
    "consolidator",
    "exporter",
    "gate",
    "host",
]
KINDS: Final[tuple[Kind, ...]] = (
    "chat_source",
    "extractor",
    "fact_filter",
    "backend",
    "editor",
    "consolidator",
    "exporter",
    "gate",
    "host",
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A plugin that was skipped, and why."""

    distribution: str
    name: str  # of the entry point, or the module of a built-in
    reason: str

    def __str__(self) -> str:
        """Return the sentence for the user."""
        return f"Plugin {self.name} of {self.distribution} is skipped: {self.reason}."


@dataclass(frozen=True, slots=True)
class Loaded:
    """A plugin that is in use."""

    distribution: str
    name: str


def _new_manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


@dataclass(slots=True)
class Plugins:
    """Everything registered, by kind and name."""

    pm: pluggy.PluginManager = field(default_factory=_new_manager)
    chat_sources: dict[str, hookspecs.ChatSource] = field(default_factory=dict)
    extractors: dict[str, hookspecs.Extractor] = field(default_factory=dict)
    fact_filters: dict[str, hookspecs.FactFilter] = field(default_factory=dict)
    backends: dict[str, hookspecs.Backend] = field(default_factory=dict)
    editors: dict[str, hookspecs.Editor] = field(default_factory=dict)
    consolidators: dict[str, hookspecs.Consolidator] = field(default_factory=dict)
    exporters: dict[str, hookspecs.Exporter] = field(default_factory=dict)
    gates: dict[str, hookspecs.Gate] = field(default_factory=dict)
    hosts: dict[str, hookspecs.Host] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # for the log: who replaced whom
    loaded: dict[str, Loaded] = field(default_factory=dict)  # by its key in ``pm``

    def pick(self, kind: Kind, name: str) -> Any:
        """Return the registered object of that name. Raises PluginError with the known names."""
        known: dict[str, Any] = getattr(self, f"{kind}s")
        if name in known:
            return known[name]
        words = kind.replace("_", " ")
        if not known:
            raise PluginError(f'There is no {words} at all, so none is called "{name}".')
        raise PluginError(f'There is no {words} "{name}"; {nearest(name, list(known))}')

    def emit(self, event: SleepEvent) -> None:
        """Tell every listener; one that fails is named in the log, and the night goes on."""
        for key, plugin in self.loaded.items():
            try:
                self._call(key, "sleep_event", event=event)
            except Exception as error:  # plugin boundary: a listener must not stop a night
                what = f"{plugin.name} of {plugin.distribution}"
                log.warning(
                    "Plugin %s failed at the event %s of run %s: %s. The night goes on.",
                    *(what, event.kind, event.run, reason_of(error)),
                )

    def commands(self) -> Iterator[tuple[Loaded, typer.Typer]]:
        """Yield each plugin's commands in an app of their own, so that one cannot spoil another."""
        for key, plugin in self.loaded.items():
            app = typer.Typer()
            try:
                self._call(key, "register_commands", app=app)
                if app.registered_commands or app.registered_groups:
                    typer.main.get_group(app)  # raises here on a signature that typer cannot take
            except Exception as error:  # plugin boundary
                self.broken.append(Broken(plugin.distribution, plugin.name, reason_of(error)))
            else:
                yield plugin, app

    def _call(self, key: str, hook: str, **arguments: Any) -> None:
        """Call one hook of one plugin."""
        plugin = self.pm.get_plugin(key)
        others = [p for p in self.pm.get_plugins() if p is not plugin]
        self.pm.subset_hook_caller(hook, remove_plugins=others)(**arguments)

    def _add(self, owner: str, name: str, find: Callable[[], Any]) -> None:
        """Load one plugin and take what it registers, all of it or nothing."""
        key = f"{owner}:{name}"
        registered: list[tuple[Kind, str, Any]] = []
        plugin = None
        try:
            plugin = find()
            self.pm.register(plugin, key)
            self.pm.check_pending()
            for kind in KINDS:
                objects: list[Any] = []
                self._call(key, f"register_{kind}s", register=objects.append)
                registered += [(kind, _name_of(one, kind), one) for one in objects]
        except (Exception, SystemExit) as error:  # plugin boundary: name it and go on without it
            if plugin is not None and self.pm.get_plugin(key) is plugin:
                self.pm.unregister(name=key)
            self.broken.append(Broken(owner, name, reason_of(error)))
            return
        self.loaded[key] = Loaded(owner, name)
        for kind, called, one in registered:
            known: dict[str, Any] = getattr(self, f"{kind}s")
            if called in known:
                words = kind.replace("_", " ")
                self.notes.append(f"The {words} {called} of {owner} replaces the earlier one.")
            known[called] = one


def load(
    builtins: Sequence[str] = BUILTINS, strangers: Sequence[EntryPoint] | None = None
) -> Plugins:
    """Load the built-ins, then the strangers (None: those that are installed), in that order."""
    plugins = Plugins()
    for module in builtins:
        plugins._add(OURS, module, _importer(module))
    if strangers is None:
        strangers = tuple(entry_points(group=ENTRY_POINT_GROUP))
    for point in sorted(strangers, key=lambda p: (_distribution_of(p), p.name)):
        plugins._add(_distribution_of(point), point.name, point.load)
    return plugins


def reason_of(error: BaseException) -> str:
    """Return an error as part of a sentence: its kind and its first line."""
    lines = str(error).strip().splitlines()
    first = lines[0].rstrip(".") if lines else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _importer(module: str) -> Callable[[], Any]:
    return lambda: importlib.import_module(module)


def _distribution_of(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown distribution"


def _name_of(registered: Any, kind: Kind) -> str:
    name = getattr(registered, "name", None)
    if not (isinstance(name, str) and name):
        words = kind.replace("_", " ")
        raise PluginError(f"the {words} {registered!r} has no name")
    return name
