"""The command line: global options, exit codes, and one sentence for every error.

Run: pytest tests/test_cli.py
"""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from sleeping_plugin import __version__, errors, plugins
from sleeping_plugin.context import Context
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.plugins import Loaded, Plugins
from sleeping_plugin.render import Result


@dataclass(frozen=True, slots=True)
class Said(Result):
    said: str
    code: int = 0

    def to_text(self) -> str:
        return self.said

    @property
    def exit_code(self) -> int:
        return self.code


class Commands:
    """A plugin whose commands do what the tests need."""

    @hookimpl
    def register_commands(self, app: typer.Typer) -> None:
        @app.command()
        def say(
            ctx: typer.Context, word: str, loud: Annotated[bool, typer.Option("--loud")] = False
        ) -> Said:
            """Say a word."""
            context = Context.of(ctx)
            word = f"{word} {context.config.adapter.rank} {context.home.root.name}"
            return Said(word.upper() if loud else word)

        @app.command()
        def fail(kind: str) -> None:
            """Fail."""
            raise FAILURES[kind]()

        @app.command()
        def complain() -> Said:
            """Return a result that is not good."""
            return Said("half", 52)

        @app.command()
        def slowly(ctx: typer.Context) -> None:
            """Report progress."""
            with Context.of(ctx).progress() as progress:
                progress("step", 1.0)

        @app.command("own-json")
        def own_json(json: Annotated[bool, typer.Option("--json")] = False) -> Said:
            """Bring an option of that name along."""
            return Said(str(json))


def full_disk() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/full/file")


FAILURES: dict[str, Callable[[], BaseException]] = {
    "bug": lambda: ZeroDivisionError("a bug"),
    "interrupt": KeyboardInterrupt,
    "disk": full_disk,
    "permission": lambda: PermissionError(errno.EACCES, "Permission denied", "/x/y"),
    "ours": lambda: errors.NotFound("there is no fact f-1; see `sleeping facts`."),
}


@pytest.fixture(autouse=True)
def only_these_commands(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    loaded = Plugins()
    loaded.pm.register(Commands(), "test:commands")
    loaded.loaded["test:commands"] = Loaded("test", "commands")
    monkeypatch.setattr(plugins, "load", lambda: loaded)
    return loaded


def test_without_arguments_the_help_is_shown(sleeping: Any) -> None:
    done = sleeping()
    assert done.code == 0
    assert "Long-term memory" in done.out and "say" in done.out


def test_the_version_is_shown(sleeping: Any) -> None:
    assert sleeping("--version").out == f"sleeping {__version__}\n"
    assert sleeping("--version", "--json").json == {"schema": 1, "version": __version__}


def test_a_result_is_printed_and_json_may_stand_on_either_side(sleeping: Any) -> None:
    assert sleeping("say", "hello").out == "hello 8 home\n"
    for arguments in (["--json", "say", "hello"], ["say", "hello", "--json"]):
        done = sleeping(*arguments)
        assert done.json == {"schema": 1, "said": "hello 8 home", "code": 0}
        assert done.err == ""


def test_every_command_shows_json_in_its_help(sleeping: Any) -> None:
    done = sleeping("say", "--help")
    assert done.code == 0
    assert "--json" in done.out and "--loud" in done.out and "Say a word" in done.out


def test_a_command_with_a_json_option_of_its_own_keeps_it(sleeping: Any) -> None:
    assert sleeping("own-json", "--json").json["said"] == "True"


def test_json_after_two_dashes_is_a_word(sleeping: Any) -> None:
    assert sleeping("say", "--", "--json").out == "--json 8 home\n"


def test_home_and_set_reach_the_command(sleeping: Any, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    done = sleeping("--home", folder, "--set", "adapter.rank=3", "say", "--loud", "hi")
    assert done.out == "HI 3 ELSEWHERE\n"
    assert folder.is_dir()


def test_the_environment_reaches_the_command(
    sleeping: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLEEPING_ADAPTER_RANK", "5")
    assert sleeping("say", "hi").out == "hi 5 home\n"


def test_an_error_of_ours_is_one_sentence_with_its_exit_code(sleeping: Any) -> None:
    done = sleeping("fail", "ours")
    assert done.code == errors.NotFound.exit_code
    assert done.err == "Error: There is no fact f-1; see `sleeping facts`.\n"
    assert done.out == ""


def test_an_error_is_a_json_object_under_json(sleeping: Any) -> None:
    done = sleeping("fail", "ours", "--json")
    assert done.code == errors.NotFound.exit_code
    message = "There is no fact f-1; see `sleeping facts`."
    assert done.json == {"schema": 1, "error": {"code": "not-found", "message": message}}
    assert done.err == ""


def test_ctrl_c_exits_with_130_and_a_sentence(sleeping: Any) -> None:
    done = sleeping("fail", "interrupt")
    assert done.code == 130
    assert done.err == "Error: Stopped. Nothing is lost, and nothing half-done is in use.\n"
    assert sleeping("fail", "interrupt", "--json").json["error"]["code"] == "interrupted"


def test_a_bug_is_one_sentence_and_its_traceback_is_in_the_log(sleeping: Any) -> None:
    done = sleeping("fail", "bug")
    assert done.code == 1
    log = Home.open().log_file
    assert str(log) in done.err and "ZeroDivisionError: a bug" in done.err
    assert "Traceback" not in done.err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_verbose_shows_the_traceback(sleeping: Any) -> None:
    assert "Traceback" in sleeping("--verbose", "fail", "bug").err


def test_a_full_disk_has_its_own_exit_code(sleeping: Any) -> None:
    done = sleeping("fail", "disk")
    assert done.code == errors.DiskFull.exit_code
    assert "/full/file" in done.err and "Free some space" in done.err


def test_a_file_that_may_not_be_read_is_named(sleeping: Any) -> None:
    done = sleeping("fail", "permission")
    assert done.code == errors.StateError.exit_code
    assert "/x/y: Permission denied" in done.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["sya", "x"], "Did you mean 'say'"),
        (["say"], "Missing argument"),
        (["say", "x", "--lout"], "--loud"),
        (["say", "x", "y"], "unexpected extra argument"),
        (["--nope"], "--nope"),
    ],
)
def test_a_call_that_cannot_be_parsed_exits_with_2_and_names_the_help(
    sleeping: Any, arguments: list[str], expected: str
) -> None:
    done = sleeping(*arguments)
    assert done.code == 2
    assert expected in done.err and "--help`" in done.err
    assert sleeping("--json", *arguments).json["error"]["code"] == errors.UsageError.code


def test_a_bad_setting_is_refused_before_the_command_runs(sleeping: Any) -> None:
    done = sleeping("--set", "adapter.rnak=3", "say", "hi")
    assert done.code == errors.ConfigError.exit_code
    assert 'did you mean "rank"?' in done.err


def test_a_home_that_is_a_file_is_refused(sleeping: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = sleeping("--home", tmp_path / "file", "say", "hi")
    assert done.code == errors.StateError.exit_code
    assert "--home" in done.err


def test_a_result_may_carry_an_exit_code(sleeping: Any) -> None:
    assert sleeping("complain").code == 52
    assert sleeping("complain", "--json").json["said"] == "half"


def test_progress_is_one_line_without_a_terminal_and_silent_under_json(sleeping: Any) -> None:
    assert sleeping("slowly").err == "step ...\n"
    assert sleeping("slowly", "--json").err == ""


def test_a_broken_plugin_is_named_on_standard_error(
    sleeping: Any, only_these_commands: Plugins
) -> None:
    only_these_commands.broken.append(plugins.Broken("wreck-dist", "wreck", "it sank"))
    done = sleeping("say", "hi", "--json")
    assert done.err == "Plugin wreck of wreck-dist is skipped: it sank.\n"
    assert done.json["said"].startswith("hi")


def test_every_error_has_an_exit_code_and_a_code_of_its_own() -> None:
    def tree(kind: type[errors.SleepingError]) -> list[type[errors.SleepingError]]:
        return [kind, *(one for child in kind.__subclasses__() for one in tree(child))]

    kinds = [kind for kind in tree(errors.SleepingError) if kind.__module__ == errors.__name__]
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(kind.__name__ in str(errors.__doc__) for kind in kinds)


def test_a_reader_that_leaves_early_causes_no_complaint() -> None:
    command = f"{sys.executable} -m sleeping_plugin config show | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert "Error" not in done.stderr and "Traceback" not in done.stderr


def test_termination_is_taken_as_an_interruption(tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho open\nexec sleep 60\n", encoding="utf-8")
    editor.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, "-m", "sleeping_plugin", "config", "edit", "--json"],
        env={**os.environ, "EDITOR": str(editor), "VISUAL": ""},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "open\n"
        os.killpg(running.pid, signal.SIGTERM)
        printed = running.stdout.read()
    assert running.returncode == 130
    assert json.loads(printed)["error"]["code"] == "interrupted"
