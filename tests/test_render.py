"""What commands return is printed in one place: text for people, or one JSON object.

Run: pytest tests/test_render.py
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sleeping_plugin.records import BadRecord, FactStatus
from sleeping_plugin.render import (
    Result,
    clean,
    count_of,
    duration_of,
    make_table,
    plain,
    print_json,
    show,
)


@dataclass(frozen=True, slots=True)
class Found(Result):
    what: Any

    def to_text(self) -> str:
        return str(self.what)


def shown(console_width: int, renderable: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=console_width, markup=False, emoji=False).print(renderable)
    return stream.getvalue()


def test_json_is_one_object_that_begins_with_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    show(Found(3), as_json=True)
    printed = capsys.readouterr().out
    assert list(json.loads(printed)) == ["schema", "what"]
    assert json.loads(printed) == {"schema": 1, "what": 3}


def test_records_paths_statuses_and_nan_become_plain_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    value = {
        "record": BadRecord("line 3", "no id"),
        "path": Path("/a/b"),
        "status": FactStatus.ACCEPTED,
        "nan": float("nan"),
        "pair": (1, 2),
    }
    show(Found(value), as_json=True)
    assert json.loads(capsys.readouterr().out)["what"] == {
        "record": {"place": "line 3", "reason": "no id"},
        "path": "/a/b",
        "status": "accepted",
        "nan": None,
        "pair": [1, 2],
    }


@given(st.text())
def test_any_text_survives_json_on_any_terminal(text: str) -> None:
    encoded = json.dumps(plain({"text": text}))
    assert encoded.isascii()
    assert json.loads(encoded)["text"] == text


def test_text_is_taken_literally(capsys: pytest.CaptureFixture[str]) -> None:
    show(Found("[bold]not bold[/bold] :smile: [/]"), as_json=False)
    assert capsys.readouterr().out == "[bold]not bold[/bold] :smile: [/]\n"


def test_a_long_sentence_is_not_broken_into_lines(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/home/" + "x" * 300 + "/model.gguf"
    show(Found(path), as_json=False)
    assert path in capsys.readouterr().out


def test_escape_sequences_of_a_chat_do_not_reach_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(Found("a\x1b[2Jb\x07c\nd\te"), as_json=False)
    assert capsys.readouterr().out.replace(" ", "") == "a�[2Jb�c\nd\te\n".replace("\t", "")
    assert "\x1b" not in shown(60, make_table(("x",), [["\x1b[31mred"]]))


def test_a_table_takes_markup_and_none_literally() -> None:
    printed = shown(60, make_table(("a", "b"), [("[red]x", None)]))
    assert "[red]x" in printed and "None" not in printed


@given(st.integers(30, 120), st.text(min_size=1, max_size=300))
def test_a_table_is_never_wider_than_the_terminal(width: int, text: str) -> None:
    lines = shown(width, make_table(("first", "second"), [(text, text)])).splitlines()
    assert all(Console().measure(line).maximum <= width for line in lines)


def test_json_is_flushed_even_when_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({})
    assert json.loads(capsys.readouterr().out) == {"schema": 1}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (59.94, "59.9 s"), (60, "1 min 0 s"), (125.4, "2 min 5 s")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_of(seconds) == text


def test_one_is_counted_in_the_singular() -> None:
    assert [count_of(n, "fact") for n in (0, 1, 2)] == ["0 facts", "1 fact", "2 facts"]
    assert count_of(2, "story", "stories") == "2 stories"


def test_none_is_an_empty_text() -> None:
    assert clean(None) == ""
