"""``sleeping import``: chats into the journal once, bad lines by number, facts before it returns.

Run: pytest tests/test_import.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sleeping_plugin import errors
from sleeping_plugin.commands import import_
from sleeping_plugin.context import open_memory
from sleeping_plugin.home import Home


def line(name: str, *said: str) -> str:
    messages = [{"role": "user", "content": text} for text in said]
    return json.dumps({"id": name, "time": "2026-05-01T09:00:00Z", "messages": messages})


def chats(folder: Path, *lines: str) -> Path:
    path = folder / "chats.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def without_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEPING_EXTRACTION_EXTRACTORS", "patterns")


def test_facts_are_there_when_the_import_returns(sleeping: Any, tmp_path: Path) -> None:
    path = chats(tmp_path, line("one", "Hi! My sister's name is Mara."))
    done = sleeping("import", path, "--json")
    assert (done.code, done.json["conversations"], done.json["messages"]) == (0, 1, 1)
    assert done.json["accepted"] == 1
    facts = sleeping("facts", "--json").json["facts"]
    assert [fact["value"] for fact in facts] == ["Mara"]


def test_importing_twice_changes_nothing(sleeping: Any, tmp_path: Path) -> None:
    path = chats(tmp_path, line("one", "Hi! My sister's name is Mara."))
    sleeping("import", path)
    before = sleeping("facts", "--json").out
    again = sleeping("import", path, "--json")
    assert (again.code, again.json["messages"], again.json["accepted"]) == (0, 0, 1)
    assert sleeping("facts", "--json").out == before


def test_bad_lines_are_named_by_number_and_the_rest_is_imported(
    sleeping: Any, tmp_path: Path
) -> None:
    path = chats(tmp_path, line("one", "Hello."), "{broken", line("two", "Hi."), '{"id": 3}')
    done = sleeping("import", path)
    assert done.code == 0
    assert "Read 2 conversations, 2 new messages." in done.out
    assert "line 2: " in done.out and "line 4: " in done.out
    bad = sleeping("import", path, "--json").json["bad"]
    assert [record["place"] for record in bad] == ["line 2", "line 4"]


def test_many_bad_lines_are_summed_up(sleeping: Any, tmp_path: Path) -> None:
    path = chats(tmp_path, line("one", "Hello."), *(["{"] * 25))
    done = sleeping("import", path)
    assert done.out.count("line ") == import_.SHOWN_BAD and "and 15 more" in done.out


@pytest.mark.parametrize("lines", [[], ["{broken"], ["{broken", "[]"], [""]])
def test_a_file_without_one_conversation_is_an_error(
    sleeping: Any, tmp_path: Path, lines: list[str]
) -> None:
    done = sleeping("import", chats(tmp_path, *lines))
    assert done.code == errors.ImportFailed.exit_code
    assert "chats.jsonl" in done.err and "Traceback" not in done.err


def test_a_missing_file_is_an_error_and_names_it(sleeping: Any, tmp_path: Path) -> None:
    done = sleeping("import", tmp_path / "none.jsonl")
    assert done.code != 0
    assert "none.jsonl" in done.err and "Traceback" not in done.err


def test_an_unknown_source_is_refused_with_the_nearest(sleeping: Any, tmp_path: Path) -> None:
    done = sleeping("import", "--source", "json", chats(tmp_path, line("one", "Hello.")))
    assert done.code == errors.PluginError.exit_code
    assert 'did you mean "jsonl"?' in done.err


def test_while_another_is_at_work_chats_are_kept_and_read_later(
    sleeping: Any, tmp_path: Path
) -> None:
    path = chats(tmp_path, line("one", "Hi! My sister's name is Mara."))
    with Home.open().lock("sleep"):
        done = sleeping("import", path)
    assert done.code == 0
    assert "`sleep`" in done.out and "next import or sleep" in done.out
    assert sleeping("facts", "--json").json["facts"] == []
    sleeping("import", path)
    assert [f["value"] for f in sleeping("facts", "--json").json["facts"]] == ["Mara"]


def test_chats_survive_an_extractor_that_fails(
    sleeping: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = chats(tmp_path, line("one", "Hi! My sister's name is Mara."))

    def fail(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(import_, "curate", fail)
        assert sleeping("import", path).code == 130
    with open_memory(Home.open()) as memory:
        assert len(memory.journal.pending()) == 1
    sleeping("import", path)
    assert [f["value"] for f in sleeping("facts", "--json").json["facts"]] == ["Mara"]


def test_a_secret_is_in_no_file_afterwards(sleeping: Any, tmp_path: Path) -> None:
    secret = "Kestrel-4410-wPz"
    done = sleeping("import", chats(tmp_path, line("one", f"My bank password is {secret}.")))
    assert done.code == 0 and secret not in done.out + done.err
    home = Home.open().root
    holding = [f for f in home.rglob("*") if f.is_file() and secret.encode() in f.read_bytes()]
    assert holding == []
