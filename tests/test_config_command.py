"""``sleeping config``: show, path, edit, check.

Run: pytest tests/test_config_command.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sleeping_plugin import errors
from sleeping_plugin.config import declared_keys, default_text
from sleeping_plugin.home import Home


def editor(folder: Path, script: str) -> str:
    path = folder / "an editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return f"'{path}'"


def test_show_names_every_key_its_value_and_its_source(
    sleeping: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    Home.open().config_file.write_text("adapter:\n  rank: 3\n", encoding="utf-8")
    monkeypatch.setenv("SLEEPING_CHAT_TEMPERATURE", "0.1")
    shown = sleeping("--set", "serve.port=1234", "config", "show", "--json").json
    assert shown["config"]["adapter"]["rank"] == 3
    assert shown["config"]["extraction"]["extractors"] == ["patterns", "model"]
    assert set(shown["sources"]) == set(declared_keys())
    sources = [shown["sources"][k] for k in ("adapter.rank", "chat.temperature", "serve.port")]
    assert sources == ["file", "environment", "flag"]
    assert shown["sources"]["adapter.lr"] == "default"


def test_show_fits_a_hundred_columns(sleeping: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEPING_MODEL_PATH", "/home/somebody/" + "deep/" * 30 + "model.gguf")
    lines = sleeping("config", "show").out.splitlines()
    assert max(map(len, lines)) <= 100
    assert len(lines) > len(declared_keys())


def test_path_is_the_path_alone(sleeping: Any) -> None:
    assert sleeping("config", "path").out == f"{Home.open().config_file}\n"
    assert sleeping("config", "path", "--json").json["exists"] is False


def test_check_approves_the_generated_file(sleeping: Any) -> None:
    Home.open().config_file.write_text(default_text(), encoding="utf-8")
    done = sleeping("config", "check")
    assert (done.code, done.out) == (0, f"{Home.open().config_file} is in order.\n")


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("adapter:\n  rnak: 3\n", errors.ConfigError.exit_code, 'did you mean "rank"?'),
        ("adapter: [\n", errors.ConfigError.exit_code, "not YAML"),
        ("night:\n  gate: llama-ccp\n", errors.PluginError.exit_code, 'did you mean "llama-cpp"?'),
        ("extraction:\n  extractors: [pattern]\n", errors.PluginError.exit_code, '"patterns"'),
    ],
)
def test_check_names_the_mistake(sleeping: Any, text: str, code: int, expected: str) -> None:
    Home.open().config_file.write_text(text, encoding="utf-8")
    done = sleeping("config", "check")
    assert done.code == code
    assert expected in done.err


def test_edit_begins_with_the_defaults_and_checks_what_was_written(
    sleeping: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'echo "  # the end" >>"$1"'))
    assert sleeping("config", "edit").code == 0
    assert Home.open().config_file.read_text(encoding="utf-8") == default_text() + "  # the end\n"
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'echo "adaptor: 3" >>"$1"'))
    done = sleeping("config", "edit")
    assert done.code == errors.ConfigError.exit_code
    assert 'did you mean "adapter"?' in done.err


def test_edit_without_an_editor_says_which_file_to_edit(
    sleeping: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    done = sleeping("config", "edit")
    assert done.code == errors.UsageError.exit_code
    assert str(Home.open().config_file) in done.err and "EDITOR" in done.err


def test_edit_with_an_editor_that_fails_or_is_missing_says_so(
    sleeping: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "exit 3"))
    assert "ended with 3" in sleeping("config", "edit").err
    monkeypatch.setenv("VISUAL", "no-such-editor-anywhere")
    assert "could not be started" in sleeping("config", "edit").err
