"""``sleeping demo``: the day is data that no other module reads, and the report fits a terminal.

Run: pytest tests/test_demo.py
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

import sleeping_plugin
from sleeping_plugin import night, plugins
from sleeping_plugin.commands import demo
from sleeping_plugin.commands.demo import FIRST_DAY, embedded_model
from sleeping_plugin.demo_day import day_lines, read_questions
from sleeping_plugin.demo_report import Asked, Corrected, Demo, Learning
from sleeping_plugin.errors import MissingExtra, UsageError
from sleeping_plugin.night import NightResult
from sleeping_plugin.records import GateReport
from sleeping_plugin.render import plain

REPOSITORY = Path(sleeping_plugin.__file__).parents[1]
SOURCES = ("sleeping_plugin", "hooks", "converters", "integrations")


def test_no_product_module_but_the_demo_names_the_first_day() -> None:
    naming = [
        path.relative_to(REPOSITORY).as_posix()
        for folder in SOURCES
        for path in (REPOSITORY / folder).rglob("*.py")
        if FIRST_DAY.stem in path.read_text(encoding="utf-8")
        or "FIRST_DAY" in path.read_text(encoding="utf-8")
    ]
    assert naming == ["sleeping_plugin/commands/demo.py"]


def test_the_first_day_is_what_the_demo_promises() -> None:
    questions = read_questions(FIRST_DAY)
    chats = [json.loads(line) for line in day_lines(FIRST_DAY).splitlines()]
    turns = sum(len(chat["messages"]) for chat in chats)
    assert turns >= 30 and len(questions.facts) >= 12
    assert questions.corrections and questions.secrets and questions.forbidden
    said = json.dumps(chats, ensure_ascii=False)
    assert all(secret in said for secret in questions.secrets)
    assert all(any(a.lower() in said.lower() for a in f.direct.accept) for f in questions.facts)


def test_each_question_is_asked_once() -> None:
    texts = read_questions(FIRST_DAY).texts()
    assert len(set(texts)) == len(texts)


def written(folder: Path, value: Any) -> Path:
    path = folder / "day.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


FACT = {"question": "q?", "accept": ["a"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{", r"day\.json:1: this is not JSON"),
        ("[]", "one JSON object"),
        ({}, "--questions FILE"),
        ({"facts": [{"question": "q?"}]}, "accept"),
        ({"facts": [{**FACT, "accept": "a"}]}, "list of texts"),
        ({"facts": ["q?"]}, "as it should"),
        ({"facts": [FACT], "general": [{"question": "q"}]}, "accept"),
    ],
)
def test_questions_that_cannot_be_read_are_refused_with_the_reason(
    tmp_path: Path, value: Any, expected: str
) -> None:
    with pytest.raises(UsageError, match=expected):
        read_questions(written(tmp_path, value))


def test_a_day_may_be_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    path.write_text('{"id": "1"}\n', encoding="utf-8")
    assert day_lines(path) == '{"id": "1"}\n'


def test_a_day_without_conversations_or_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--day FILE"):
        day_lines(written(tmp_path, {"facts": [FACT]}))
    with pytest.raises(UsageError, match="Cannot read"):
        day_lines(tmp_path / "none.json")


def test_without_the_models_package_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(demo, "MODEL_PACKAGE", "no_such_package_anywhere")
    with pytest.raises(MissingExtra, match=r"pip install 'sleeping-plugin\[demo\]'.*--model"):
        embedded_model()


def test_the_embedded_model_is_a_gguf() -> None:
    assert embedded_model().read_bytes()[:4] == b"GGUF"


def test_a_folder_that_is_not_empty_is_not_taken_for_keep(sleeping: Any, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    done = sleeping("demo", "--keep", tmp_path / "full")
    assert done.code == UsageError.exit_code
    assert "is not empty" in done.err


LONG = "I don't have a name, but I'm here to help you with [anything] or concerns you might have. "


def report(*, accepted: bool = True) -> Demo:
    answers = (
        Asked("fact", "What is my name?", LONG, "Your name is Marisol.", False, True),
        Asked("held_out", LONG * 2, LONG * 3, "Marisol.", False, True),
        Asked("held_out", "And in other words?", "x", "not in the table", False, False),
        Asked("stranger", "What is my cousin's name?", "Sarah", "It is Ingrid.", True, False),
        Asked("stranger", "How tall am I?", "Six feet", "I don't know.", True, True, True),
        Asked("general", "What is the capital of France?", "Paris", "Paris", True, True),
    )
    return Demo(
        accepted=accepted,
        version="v-0123456789ab",
        reasons=() if accepted else ("recall 0.20 is below 0.90",),
        answers=answers,
        corrections=(Corrected("Where do I live?", "Lisbon", "Hamburg", "Lisbon.", True, False),),
        learning=Learning(16, 15, 17, 15, (), (), 18, 1),
        metrics={"perplexity_change": 0.012},
        seconds={"sleeping": 301.0},
        files=(Path("/keep/versions/v-0123456789ab/model.gguf"),),
        home=Path("/keep"),
        model="tiny",
        turns=50,
    )


def printed(result: Demo, width: int = 100) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, markup=False, emoji=False).print(result.to_text())
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 100, 200])
def test_the_report_fits_the_terminal(width: int) -> None:
    lines = printed(report(), width).splitlines()
    assert max(len(line) for line in lines) <= min(width, 120)


def test_the_report_sets_question_before_and_after_side_by_side() -> None:
    text = printed(report())
    row = next(line for line in text.splitlines() if "What is my name?" in line)
    assert row.index("What is my name?") < row.index("✗") < row.index("✓") < row.index("Marisol")
    assert "not in the table" not in text  # one rewording each; all are in the numbers


def test_the_report_tells_every_number() -> None:
    text = printed(report())
    for expected in (
        "told, asked directly                0 of 1  1 of 1",
        "told, asked in words it never saw   0 of 2  1 of 2",
        "1 of 2",
        "+1.2%",
        "15 of 16",
        "2 of 17",
        "0 of 18",
        "5 min 1 s",
        "/keep/versions/v-0123456789ab/model.gguf",
    ):
        assert " ".join(expected.split()) in " ".join(text.split()), expected


def test_a_wrong_answer_to_a_stranger_is_shown_first() -> None:
    text = printed(report())
    assert text.index("What is my cousin's name?") < text.index("How tall am I?")


def test_a_rejected_night_says_why() -> None:
    text = printed(report(accepted=False))
    assert "rejected by its gate: recall 0.20 is below 0.90" in text
    assert "is in use" not in text


def test_the_report_as_json_holds_every_answer_and_the_scores() -> None:
    value = plain(report())
    assert len(value["answers"]) == 6
    assert value["scores"]["held_out"] == {"before": 0.0, "after": 0.5}
    assert json.dumps(value)


DAY: dict[str, Any] = {
    "conversations": [
        {
            "id": "one",
            "time": "2026-05-01T09:00:00Z",
            "messages": [
                {"role": "user", "content": "Hello! My sister's name is Mara."},
                {"role": "assistant", "content": "Hello! So you live in Oslo?"},
                {"role": "user", "content": "My bank password is Kestrel-4410-wPz."},
            ],
        }
    ],
    "facts": [
        {"question": "What is my sister's name?", "accept": ["Mara"], "held_out": ["Who is she?"]}
    ],
    "corrections": [{"question": "What is her name now?", "new": "Mara", "old": "Maria"}],
    "strangers": [{"question": "What is my cousin's name?"}, {"question": "Is Mara tall?"}],
    "general": [{"question": "What is 2 plus 2?", "accept": ["4"]}],
    "forbidden": ["Oslo"],
    "secrets": ["Kestrel-4410-wPz"],
}


@pytest.fixture
def played(
    monkeypatch: pytest.MonkeyPatch, write_model: Any, make_version: Any, tmp_path: Path
) -> list[str]:
    """Replace the model, its host and the night by ones that take no time; return the options."""
    loaded = plugins.load(strangers=())
    part: Any = SimpleNamespace(
        check=lambda base: None, publish=lambda *_: None, advice=lambda home: "Chat."
    )
    loaded.exporters["gguf"] = loaded.hosts["llama-cpp"] = part
    monkeypatch.setattr(plugins, "load", lambda: loaded)

    def asked(model: Path, config: Any, texts: Sequence[str], **options: Any) -> list[str]:
        if model.name == "tiny.gguf":
            return ["I am a language model."] * len(texts)
        return ["Mara." if "name" in text else "I don't know." for text in texts]

    def sleep(*arguments: Any) -> NightResult:
        gate = GateReport(True, (), {"perplexity_change": 0.01})
        return NightResult(make_version(), True, gate, 1.0, "run-1", "Learnt 1 of 1 facts.")

    monkeypatch.setattr(demo, "ask_questions", asked)
    monkeypatch.setattr(night, "sleep", sleep)
    monkeypatch.setenv("SLEEPING_EXTRACTION_EXTRACTORS", "patterns")
    return ["demo", "--day", str(written(tmp_path, DAY)), "--model", str(write_model())]


def test_another_day_is_played_from_beginning_to_end(
    sleeping: Any, played: list[str], tmp_path: Path
) -> None:
    shown = sleeping(*played, "--keep", tmp_path / "kept", "--json").json
    assert shown["accepted"] is True and shown["turns"] == 3
    kinds = {one["question"]: (one["before_ok"], one["after_ok"]) for one in shown["answers"]}
    assert kinds == {
        "What is my sister's name?": (False, True),
        "Who is she?": (False, False),
        "What is my cousin's name?": (True, False),
        "Is Mara tall?": (True, True),
        "What is 2 plus 2?": (False, False),
    }
    assert shown["corrections"][0]["says_new"] and not shown["corrections"][0]["says_old"]
    learning = shown["learning"]
    assert (learning["expected"], learning["found"], learning["right"]) == (1, 1, 1)
    assert learning["forbidden_learnt"] == [] and learning["secrets_stored"] == []
    assert Path(shown["home"]) == tmp_path / "kept" and (tmp_path / "kept" / "memory.db").exists()


def test_without_keep_nothing_is_left(
    sleeping: Any, played: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    done = sleeping(*played)
    assert done.code == 0
    assert "--keep DIR" in done.out and "Mara." in done.out
    assert list((tmp_path / "temporary").iterdir()) == []


def test_questions_may_come_from_another_file(
    sleeping: Any, played: list[str], tmp_path: Path
) -> None:
    other = tmp_path / "questions.json"
    other.write_text(json.dumps({"facts": [DAY["facts"][0]]}), encoding="utf-8")
    shown = sleeping(*played, "--questions", other, "--json").json
    assert {one["kind"] for one in shown["answers"]} == {"fact", "held_out"}
    assert shown["corrections"] == []


def test_a_learnt_secret_or_pasted_value_is_reported(
    sleeping: Any, played: list[str], tmp_path: Path
) -> None:
    day = {**DAY, "forbidden": ["Mara"], "secrets": ["Mara"]}
    (tmp_path / "day.json").write_text(json.dumps(day), encoding="utf-8")
    learning = sleeping(*played, "--json").json["learning"]
    assert learning["forbidden_learnt"] == learning["secrets_stored"] == ["Mara"]
