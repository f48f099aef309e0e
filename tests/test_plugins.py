"""Plugins: the same door for ours and for strangers, and none that can break the command line.

Run: pytest tests/test_plugins.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import typer

from sleeping_plugin import hookspecs, plugins
from sleeping_plugin.errors import PluginError
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.plugins import BUILTINS, KINDS, Plugins, load
from sleeping_plugin.records import SleepEvent

HERE = Path(__file__).parent


class Point:
    """An entry point whose load() is whatever the test says."""

    def __init__(self, name: str, find: Callable[[], Any], distribution: str = "outside") -> None:
        self.name = name
        self.load = find
        self.dist = SimpleNamespace(name=distribution)


def load_strangers(*points: Point) -> Plugins:
    entries: Any = points
    return load((), entries)


def raising(error: BaseException) -> Callable[[], Any]:
    def find() -> Any:
        raise error

    return find


class WithEditor:
    """Registers one editor, whatever it is."""

    def __init__(self, editor: Any) -> None:
        self.editor = editor

    @hookimpl
    def register_editors(self, register: Callable[[Any], None]) -> None:
        register(self.editor)


def editor(name: str) -> Any:
    return SimpleNamespace(name=name)


def test_every_builtin_loads() -> None:
    assert load(strangers=()).broken == []


def test_the_tuple_of_builtins_names_each_module_once() -> None:
    assert len(set(BUILTINS)) == len(BUILTINS)


def test_every_registering_hook_has_a_kind() -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("register_")}
    assert hooks == {f"register_{kind}s" for kind in KINDS} | {"register_commands"}


def test_a_strangers_plugin_registers_through_the_same_hooks() -> None:
    mine = editor("mine")
    loaded = load_strangers(Point("p", lambda: WithEditor(mine)))
    assert loaded.pick("editor", "mine") is mine
    assert not loaded.broken


@pytest.mark.parametrize("error", [RuntimeError("sank"), ImportError("no torch"), SystemExit(3)])
def test_a_plugin_that_breaks_at_import_is_named_and_skipped(error: BaseException) -> None:
    good = Point("good", lambda: WithEditor(editor("mine")))
    loaded = load_strangers(Point("wreck", raising(error), "sleeping-wreck"), good)
    assert list(loaded.editors) == ["mine"]
    (broken,) = loaded.broken
    assert (broken.name, broken.distribution) == ("wreck", "sleeping-wreck")
    assert type(error).__name__ in str(broken) and "sleeping-wreck" in str(broken)


def test_a_plugin_that_breaks_while_it_registers_leaves_nothing_behind() -> None:
    class Half:
        @hookimpl
        def register_editors(self, register: Callable[[Any], None]) -> None:
            register(editor("half"))
            raise ValueError("half way")

        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            raise AssertionError("a skipped plugin hears nothing")

    loaded = load_strangers(Point("half", Half))
    assert loaded.editors == {}
    assert [b.name for b in loaded.broken] == ["half"]
    loaded.emit(SleepEvent("begin", "run-1"))


def test_a_hook_of_an_unknown_name_or_argument_is_reported() -> None:
    class Misspelt:
        @hookimpl
        def register_editers(self, register: Any) -> None: ...

    class WrongArgument:
        @hookimpl
        def sleep_event(self, evnt: Any) -> None: ...

    loaded = load_strangers(Point("a", Misspelt), Point("b", WrongArgument))
    assert [b.name for b in loaded.broken] == ["a", "b"]
    assert "register_editers" in str(loaded.broken[0])


@pytest.mark.parametrize("nameless", [editor(""), SimpleNamespace(), editor(3)])  # type: ignore[arg-type]  # that is the mistake
def test_an_object_without_a_name_is_refused(nameless: Any) -> None:
    loaded = load_strangers(Point("p", lambda: WithEditor(nameless)))
    assert loaded.editors == {}
    assert "has no name" in str(loaded.broken[0])


def test_the_plugin_loaded_last_wins_and_a_note_says_so() -> None:
    first, last = editor("same"), editor("same")
    loaded = load_strangers(
        Point("z", lambda: WithEditor(last), "zzz"), Point("a", lambda: WithEditor(first), "aaa")
    )
    assert loaded.pick("editor", "same") is last
    assert "same of zzz replaces" in loaded.notes[0]


def test_two_distributions_may_use_the_same_entry_point_name() -> None:
    loaded = load_strangers(
        Point("p", lambda: WithEditor(editor("one")), "a"),
        Point("p", lambda: WithEditor(editor("two")), "b"),
    )
    assert list(loaded.editors) == ["one", "two"]


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    loaded = load_strangers(Point("p", lambda: WithEditor(editor("memit"))))
    with pytest.raises(PluginError, match='no editor "mermit"; did you mean "memit"'):
        loaded.pick("editor", "mermit")
    with pytest.raises(PluginError, match="no chat source at all"):
        loaded.pick("chat_source", "jsonl")


def test_a_listener_that_fails_is_named_and_the_others_still_hear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = []

    class Deaf:
        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            raise OSError("no ears")

    class Listener:
        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            heard.append((event.kind, event.run))

    loaded = load_strangers(Point("deaf", Deaf, "a"), Point("listener", Listener, "b"))
    loaded.emit(SleepEvent("accepted", "run-7"))
    assert heard == [("accepted", "run-7")]
    assert "Plugin deaf of a failed at the event accepted of run run-7" in caplog.text


def test_a_listener_may_stop_the_night_only_by_interrupting_it() -> None:
    class Stopper:
        @hookimpl
        def sleep_event(self, event: SleepEvent) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_strangers(Point("p", Stopper)).emit(SleepEvent("step", "run-1"))


def test_a_command_that_cannot_be_parsed_does_not_spoil_the_others() -> None:
    class Impossible:
        @hookimpl
        def register_commands(self, app: typer.Typer) -> None:
            @app.command()
            def impossible(thing: complex | bytearray | None) -> None: ...

    class Fine:
        @hookimpl
        def register_commands(self, app: typer.Typer) -> None:
            @app.command()
            def fine() -> None: ...

    loaded = load_strangers(Point("impossible", Impossible), Point("fine", Fine))
    assert [plugin.name for plugin, _ in loaded.commands()] == ["fine"]
    assert [b.name for b in loaded.broken] == ["impossible"]


def test_a_missing_entry_point_module_is_named() -> None:
    point = EntryPoint("ghost", "no_such_module_anywhere", plugins.ENTRY_POINT_GROUP)
    loaded = load((), (point,))
    assert "no_such_module_anywhere" in str(loaded.broken[0])


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install both outside distributions, as pip installs any, into a folder of their own."""
    target = tmp_path_factory.mktemp("site")
    sources = [str(HERE / "outside_plugin"), str(HERE / "broken_plugin")]
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(target)]
    subprocess.run([*command, *sources], check=True, capture_output=True)
    return target


def sleeping(
    installed: Path, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    paths = [str(installed), *(p for p in sys.path if p)]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    command = [sys.executable, "-m", "sleeping_plugin", *arguments]
    return subprocess.run(command, env=variables, capture_output=True, text=True)


def test_an_installed_plugin_adds_a_command(installed: Path, tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("I moved to Lisbon.\nThe cat is called Waffles.\n", encoding="utf-8")
    done = sleeping(installed, "diary", str(diary), "--json")
    assert json.loads(done.stdout) == {"schema": 1, "entries": 2}
    assert sleeping(installed, "diary", str(diary)).stdout == "2 entries.\n"


def test_an_installed_plugin_that_breaks_is_named_and_skipped(installed: Path) -> None:
    done = sleeping(installed, "--version")
    assert done.returncode == 0
    assert "wreck of sleeping-wreck is skipped: RuntimeError: the wreck sank" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_installed_plugin_adds_a_chat_source_and_hears_the_night(
    installed: Path, tmp_path: Path
) -> None:
    script = (
        "from sleeping_plugin.plugins import load\n"
        "from sleeping_plugin.records import SleepEvent\n"
        "plugins = load()\n"
        "print(type(plugins.pick('chat_source', 'diary')).__module__)\n"
        "plugins.emit(SleepEvent('begin', 'run-1'))\n"
        "plugins.emit(SleepEvent('accepted', 'run-1'))\n"
    )
    note = tmp_path / "events.txt"
    paths = os.pathsep.join([str(installed), *(p for p in sys.path if p)])
    variables = {**os.environ, "PYTHONPATH": paths, "DIARY_LOG": str(note)}
    done = subprocess.run(
        [sys.executable, "-c", script], env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout == "sleeping_diary\n"
    assert note.read_text(encoding="utf-8") == "run-1 begin\nrun-1 accepted\n"


def test_the_plugin_in_the_documentation_works(sleeping: Any, tmp_path: Path) -> None:
    text = (HERE.parent / "docs" / "plugins.md").read_text(encoding="utf-8")
    module = ModuleType("documented_diary")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(text.partition("```python\n")[2].partition("```")[0], module.__dict__)
        loaded = load_strangers(Point("diary", lambda: module))
        diary = tmp_path / "diary.txt"
        diary.write_text("I moved.\nI rested.\n", encoding="utf-8")
        (conversation,) = loaded.pick("chat_source", "diary").read(str(diary))
        assert [message.content for message in conversation.messages] == ["I moved.", "I rested."]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(plugins, "load", lambda: loaded)
            assert sleeping("diary", diary).out == "2 entries.\n"
            assert sleeping("diary", diary, "--json").json == {"schema": 1, "entries": 2}
    finally:
        del sys.modules[module.__name__]
