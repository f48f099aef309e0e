"""The command line: builds the app from the plugins' commands, and handles every error once.

A command returns a Result, which :mod:`sleeping_plugin.render` prints, or raises. Exit codes are
those of :mod:`sleeping_plugin.errors`; 2 stands for a call that cannot be parsed, 130 for Ctrl-C.
"""

from __future__ import annotations

import errno
import functools
import inspect
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sleeping_plugin import __version__, plugins
from sleeping_plugin.context import Context
from sleeping_plugin.errors import DiskFull, Interrupted, SleepingError, StateError, UsageError
from sleeping_plugin.logs import set_up_logging
from sleeping_plugin.render import Result, clean, print_json, show

log = logging.getLogger(__name__)

JSON_HELP = "Print one JSON object instead of text."


def main() -> None:
    """Run ``sleeping`` and exit."""
    signal.signal(signal.SIGTERM, _on_termination)
    os.environ.setdefault("TQDM_DISABLE", "1")  # the libraries' bars would tear ours
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code. Prints; raises nothing."""
    context = Context(plugins.Plugins(), as_json=wants_json(arguments))
    try:
        context.plugins = plugins.load()
        app = build_app(context.plugins)
        if "_SLEEPING_COMPLETE" not in os.environ:
            for broken in context.plugins.broken:
                context.console.print(clean(broken), soft_wrap=True)
        result = typer.main.get_command(app).main(
            list(arguments) or ["--help"], "sleeping", standalone_mode=False, obj=context
        )
        if isinstance(result, Result):
            show(result, as_json=context.as_json)
            return result.exit_code
        if result == Interrupted.exit_code:
            raise KeyboardInterrupt
        return result if isinstance(result, int) else 0
    except SleepingError as error:
        return _report(error, context)
    except typer.TyperException as error:
        return _report(_usage_error(error), context)
    except (KeyboardInterrupt, typer.Abort):
        return _report(
            Interrupted("Stopped. Nothing is lost, and nothing half-done is in use."), context
        )
    except BrokenPipeError:
        # the reader has left; keep the interpreter from complaining while it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _report(_disk_error(error), context)
    except Exception as error:  # the last resort: a bug of ours or of a plugin's command
        return _report(_unexpected(error), context)


def build_app(loaded: plugins.Plugins) -> typer.Typer:
    """Return the app with the commands of every plugin; the one loaded last wins a name."""
    app = typer.Typer(
        name="sleeping",
        help="Long-term memory for local language models: what you tell your model by day, "
        "it learns overnight, in its own weights.",
        rich_markup_mode="rich",
    )
    app.callback()(global_options)
    for _, commands in loaded.commands():
        _add_json_option(commands)
        app.registered_commands += commands.registered_commands
        app.registered_groups += commands.registered_groups
    return app


def global_options(
    ctx: typer.Context,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Folder of everything that is kept."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Override a setting; repeatable."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show the log as it grows.")] = False,
    json: Annotated[bool, typer.Option("--json", help=JSON_HELP)] = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version of sleeping."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
    context = Context.of(ctx)
    context.home_folder, context.overrides = home, tuple(settings or ())
    context.verbose = verbose
    set_up_logging(context.home, context.console, verbose=verbose)
    for broken in context.plugins.broken:
        log.info("%s", broken)
    for note in context.plugins.notes:
        log.info("%s", note)


def wants_json(arguments: Sequence[str]) -> bool:
    """Return whether --json is among the options, wherever; errors are JSON then too."""
    options = list(arguments)
    return "--json" in (options[: options.index("--")] if "--" in options else options)


def _show_version(ctx: typer.Context, asked: bool) -> None:
    if not asked:
        return
    if Context.of(ctx).as_json:
        print_json({"version": __version__})
    else:
        typer.echo(f"sleeping {__version__}")
    raise typer.Exit


def _add_json_option(app: typer.Typer) -> None:
    """Give every command the --json that :func:`wants_json` looks for, unless it has its own."""
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _taking_json(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _add_json_option(group.typer_instance)


def _taking_json(command: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(command, eval_str=True)
    if "json" in signature.parameters:
        return command
    option = inspect.Parameter(
        "json",
        inspect.Parameter.KEYWORD_ONLY,
        default=False,
        annotation=Annotated[bool, typer.Option("--json", help=JSON_HELP)],
    )

    @functools.wraps(command)
    def wrapper(*arguments: Any, json: bool, **options: Any) -> Any:
        return command(*arguments, **options)

    parameters = [*signature.parameters.values(), option]
    wrapper.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by inspect
    wrapper.__annotations__ = {p.name: p.annotation for p in parameters}
    return wrapper


def _report(error: SleepingError, context: Context) -> int:
    """Say what went wrong, once, where the caller looks; return the exit code."""
    log.info("%s: %s", error.code, error, exc_info=error)
    message = _sentence(str(error))
    if context.as_json:
        print_json({"error": {"code": error.code, "message": message}})
    else:
        context.console.print(f"Error: {clean(message)}", soft_wrap=True)
    return error.exit_code


def _sentence(text: str) -> str:
    """Return ``text`` with a capital, unless it begins with a path or a name."""
    first = text.split(" ", 1)[0]
    return text[0].upper() + text[1:] if first.isalpha() and first.islower() else text


def _usage_error(error: typer.TyperException) -> UsageError:
    place = getattr(getattr(error, "ctx", None), "command_path", "sleeping")
    return UsageError(f"{error.format_message().rstrip('.?')}. Type `{place} --help`.")


def _disk_error(error: OSError) -> SleepingError:
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        found: SleepingError = DiskFull(
            f"The disk is full ({what}). Free some space and try again."
        )
    else:
        found = StateError(f"Cannot go on: {what}. Mend that and try again.")
    return found.with_traceback(error.__traceback__)


def _unexpected(error: Exception) -> SleepingError:
    logs = [
        h.baseFilename for h in logging.getLogger().handlers if isinstance(h, logging.FileHandler)
    ]
    place = f"The details are in {logs[-1]}" if logs else "Add --verbose for the details"
    reason = plugins.reason_of(error)
    found = SleepingError(f"Something went wrong that should not have ({reason}). {place}.")
    found.__cause__ = error
    return found


def _on_termination(signum: int, frame: object) -> None:
    raise KeyboardInterrupt
