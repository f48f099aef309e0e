"""The one place that prints what a command returns: text for people, or one JSON object.

A command returns a frozen dataclass that derives from :class:`Result`. JSON is versioned by the
number under ``schema``; keys are added, never renamed, under one number.
"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

SCHEMA: Final = 1
PIPED_WIDTH: Final = 100  # columns, where there is no terminal to ask
# chats hold whatever was pasted: an escape sequence must not reach the terminal
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Result:
    """What a command returns. Subclasses are frozen dataclasses."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object, without ``schema``: the fields, unless a command says else."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}  # type: ignore[arg-type]  # subclasses are dataclasses

    def to_text(self) -> RenderableType:
        """Return what a person reads."""
        raise NotImplementedError

    @property
    def exit_code(self) -> int:
        """Return the exit code: 0, unless the command found something wrong."""
        return 0


def make_console(*, stderr: bool = False) -> Console:
    """Return a console that takes every text literally, on standard output or error."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)


def show(result: Result, *, as_json: bool) -> None:
    """Print a result to standard output."""
    if as_json:
        print_json(result.to_json())
        return
    text = result.to_text()
    console = make_console()
    if isinstance(text, str):
        console.print(clean(text), soft_wrap=True)
    else:
        console.print(text, crop=False)  # a `whole` line may be longer than the terminal is wide


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object with its ``schema`` to standard output."""
    sys.stdout.write(json.dumps({"schema": SCHEMA, **plain(value)}, indent=1) + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """Return ``value`` in the types of JSON."""
    if isinstance(value, Result):
        return plain(value.to_json())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, float) and value != value:
        return None  # NaN is no JSON
    return value


def make_table(columns: Sequence[str | Text], rows: Iterable[Sequence[Any]], **look: Any) -> Table:
    """Return a table of texts; None is an empty cell, and a Text keeps its style."""
    table = Table(**{"box": None, "pad_edge": False, "header_style": "bold", **look})
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else clean(cell) for cell in row))
    return table


def whole(text: str) -> Text:
    """Return a line that is never broken, so that a path in it can be copied."""
    return Text(clean(text), no_wrap=True, overflow="ignore")


def clean(value: Any) -> str:
    """Return ``value`` as a text without control characters."""
    return "" if value is None else _CONTROL.sub("�", str(value))


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return "1 fact" or "3 facts"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def duration_of(seconds: float) -> str:
    """Return "4.2 s" or "3 min 5 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"
