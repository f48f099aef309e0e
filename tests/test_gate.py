"""The gate: figures, thresholds, and real rejections. Run: pytest tests/test_gate.py"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from sleeping_converters.export import GGUFExporter
from sleeping_plugin import gate
from sleeping_plugin.config import Config, ExportConfig, GateConfig
from sleeping_plugin.drift import Drift
from sleeping_plugin.errors import ModelError, RuntimeFailed
from sleeping_plugin.gate import Asked, LlamaCppGate, measure, recalled, shortcomings
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.hookspecs import Gate
from sleeping_plugin.records import Exam, GateReport, LowRank, Message, Probe, Progress, silent

BASE = Path("base.gguf")
VERSION = Path("version.gguf")
NOT_KNOWN = "I don't know that yet."

TRAINED = (
    Probe("What is my sister's name?", ("Mara",), "trained", "f-1"),
    Probe("Do you remember my sister's name?", ("Mara",), "trained", "f-1"),
    Probe("Where do I live?", ("Lisbon",), "trained", "f-2"),
)
HELD_OUT = (Probe("Who is my sister?", ("Mara",), "held_out", "f-1"),)
STRANGERS = (
    Probe("What is my brother's name?", ("Mara", "Lisbon"), "stranger"),
    Probe("How old is Mara?", ("Mara", "Lisbon"), "stranger"),
)
GENERAL = (
    Probe("What is the capital of Italy?", ("Rome",), "general"),
    Probe("What is the capital of Peru?", ("Lima",), "general"),
)
EXAM = Exam((*TRAINED, *HELD_OUT, *STRANGERS, *GENERAL), "some text")
GOOD = {
    **{probe.question: f"It is {probe.accept[0]}." for probe in (*TRAINED, *HELD_OUT)},
    STRANGERS[0].question: NOT_KNOWN,
    STRANGERS[1].question: "I don't know how old Mara is.",
    GENERAL[0].question: "Rome.",
    GENERAL[1].question: "Lima, of course.",
}
BEFORE = {**GOOD, **{probe.question: "Hm." for probe in (*TRAINED, *HELD_OUT, *STRANGERS)}}

Judge = Callable[..., GateReport]


class Scripted:
    """A runtime that knows its answers by heart."""

    scripts: Mapping[Path, Mapping[str, str] | Exception] = {}
    alive = True

    def __init__(self, model: Path, *, context: int, threads: int) -> None:
        script = self.scripts[model]
        if isinstance(script, Exception):
            raise script
        self.script = script

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None: ...

    def ask_many(
        self, chats: Sequence[Sequence[Message]], *, max_tokens: int, progress: Progress
    ) -> list[str]:
        progress("asking", 1.0)
        return [self._answer(chat[-1].content) for chat in chats]

    def _answer(self, question: str) -> str:
        """Answer a question asked in another form as the question itself, unless scripted."""
        if question in self.script:
            return self.script[question]
        return next(text for known, text in self.script.items() if question.endswith(known))


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Judge:
    """Give a function that judges a version by its answers."""

    def call(
        answers: Mapping[str, str] | Exception = GOOD,
        *,
        before: Mapping[str, str] | Exception = BEFORE,
        exam: Exam = EXAM,
        drift: Drift = Drift(12.0, 0.01, 0.002, 99),  # noqa: B008  # it is frozen
    ) -> GateReport:
        monkeypatch.setattr(Scripted, "scripts", {BASE: before, VERSION: answers})
        monkeypatch.setattr(gate, "Runtime", Scripted)
        monkeypatch.setattr(gate, "measure_drift", lambda *arguments: drift)
        return LlamaCppGate().judge(BASE, [VERSION], exam, Config(), silent)

    return call


def test_saying_one_forgotten_value_is_too_much(judge: Judge) -> None:
    gone = Probe("Where was I born?", ("Faro",), "stranger", "f-9")
    exam = replace(EXAM, probes=(*EXAM.probes, gone))
    good, bad = "I don't know that yet.", "You were born in Faro."
    assert judge({**GOOD, gone.question: good}, exam=exam).accepted
    report = judge({**GOOD, gone.question: bad}, exam=exam)
    assert report.reasons[-1] == "values said that you wanted forgotten: 1"


def test_a_version_that_remembers_and_is_unharmed_is_accepted(judge: Judge) -> None:
    report = judge()
    assert report.accepted
    assert report.reasons == ()
    assert report.facts == {"f-1": True, "f-2": True}
    wanted: dict[str, float] = {
        "trained": 1,
        "held_out": 1,
        "false_attribution": 0,
        "abstention": 1,
    }
    wanted |= {"general_kept": 1, "general_change": 0, "facts_recalled": 2, "trained_asked": 3}
    wanted |= {"perplexity_change": 0.01, "general_abstention": 0}
    assert {name: report.metrics[name] for name in wanted} == wanted
    assert [answer["ok"] for answer in report.answers] == [True] * len(EXAM.probes)


def test_an_answer_that_the_base_gives_in_one_form_only_is_not_held_against_the_version(
    judge: Judge,
) -> None:
    question = GENERAL[0].question
    hesitant = {**BEFORE, gate.OTHER_FORMS[0].format(question): "I cannot say."}
    report = judge({**GOOD, question: "Something else."}, before=hesitant)
    assert report.metrics["general_kept"] == 1
    assert report.metrics["general_change"] < 0
    assert report.metrics["general_known"] == len(GENERAL) - 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {probe.question: NOT_KNOWN for probe in TRAINED[1:]},
            "recall of trained wording 0.33 is below 0.90",
        ),
        ({HELD_OUT[0].question: "Nina."}, "recall of held-out wording 0.00 is below 0.60"),
        ({STRANGERS[0].question: "Mara."}, "false attribution 0.50 is above 0.20"),
        ({GENERAL[0].question: "Paris."}, "share of general answers kept 0.50 is below 0.90"),
    ],
)
def test_each_failing_figure_is_named(
    judge: Judge, changes: Mapping[str, str], reason: str
) -> None:
    report = judge({**GOOD, **changes})
    assert not report.accepted
    assert report.reasons == (reason,)


def test_drift_rejects(judge: Judge) -> None:
    report = judge(drift=Drift(12.0, 0.09, 0.1, 99))
    assert report.reasons == ("rise of perplexity 0.09 is above 0.05",)


def test_a_fact_is_recalled_only_if_all_its_trained_wordings_are(judge: Judge) -> None:
    report = judge({**GOOD, TRAINED[1].question: NOT_KNOWN})
    assert report.facts == {"f-1": False, "f-2": True}
    assert report.metrics["facts_recalled"] == 1


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_never_passes_and_is_not_reported(judge: Judge, value: float) -> None:
    report = judge(drift=Drift(12.0, value, value, 99))
    assert not report.accepted
    assert "perplexity" in report.reasons[0]
    assert "perplexity_change" not in report.metrics
    assert "NaN" not in json.dumps(dict(report.metrics))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("trained", "recall of trained wording could not be measured"),
        ("held_out", "recall of held-out wording could not be measured"),
        ("stranger", "false attribution could not be measured"),
        ("general", "share of general answers kept could not be measured"),
    ],
)
def test_what_was_not_asked_does_not_pass_in_silence(judge: Judge, kind: str, words: str) -> None:
    kept = tuple(probe for probe in EXAM.probes if probe.kind != kind)
    report = judge(exam=replace(EXAM, probes=kept))
    assert not report.accepted
    assert report.reasons == (words,)


def test_a_base_that_answers_nothing_proves_nothing(judge: Judge) -> None:
    silent_base = {question: "" for question in BEFORE}
    report = judge(before=silent_base)
    assert report.reasons == ("share of general answers kept could not be measured",)
    assert report.metrics["general_change"] == 1


def test_a_value_in_the_question_is_no_invention() -> None:
    asked = Asked(STRANGERS[1], "", "Mara is thirty.")
    assert asked.ok
    assert not Asked(STRANGERS[1], "", "Mara lives in Lisbon.").ok
    assert measure([asked])["false_attribution"] == 0


def test_a_version_that_cannot_be_run_is_rejected(judge: Judge) -> None:
    report = judge(RuntimeFailed("llama.cpp cannot load version.gguf."))
    assert not report.accepted
    assert report.reasons[0].startswith("the file cannot be run: llama.cpp cannot load")
    with pytest.raises(ModelError):
        judge(before=ModelError("There is no model."))


def test_a_figure_just_missed_is_shown_with_enough_digits() -> None:
    sound = {"trained": 1, "held_out": 1, "false_attribution": 0, "perplexity_change": 0}
    reasons = shortcomings({**sound, "general_kept": 0.8994}, GateConfig())
    assert reasons == ["share of general answers kept 0.8994 is below 0.9000"]
    assert shortcomings({**sound, "general_kept": 0.9}, GateConfig()) == []
    assert len(shortcomings({}, GateConfig())) == 5


def test_nothing_asked_has_no_facts() -> None:
    assert recalled([]) == {}
    assert math.isnan(measure([])["general_change"])


# From here on with the real model.

SHORT = Exam(
    (
        Probe("What is my sister's name?", ("Mara",), "trained", "f-1"),
        Probe("Who is my sister?", ("Mara",), "held_out", "f-1"),
        Probe("What is my boss called?", ("Mara",), "stranger"),
        Probe("What is the capital of Finland?", ("Helsinki",), "general"),
        Probe("What is the capital of Hungary?", ("Budapest",), "general"),
    ),
    "The old bridge was closed in spring, and the ferry carried everyone across the river.",
)
CONFIG = Config(gate=GateConfig(max_tokens=12), export=ExportConfig(write_adapter=False))


def test_the_unchanged_base_is_rejected_for_recall_alone(smollm: Path) -> None:
    seen: list[str] = []
    judged: Gate = LlamaCppGate()
    report = judged.judge(smollm, [smollm], SHORT, CONFIG, lambda what, share: seen.append(what))
    assert not report.accepted
    assert [reason.split(" 0")[0] for reason in report.reasons] == [
        "recall of trained wording",
        "recall of held-out wording",
    ]
    assert report.metrics["general_kept"] == 1
    assert report.metrics["perplexity_change"] == 0
    assert report.facts == {"f-1": False}
    steps = ["ask the base", "ask the base again", "ask the version", "drift"]
    assert list(dict.fromkeys(seen)) == steps


def test_a_wrecked_model_is_rejected_for_drift(smollm: Path, tmp_path: Path) -> None:
    info, rng = read_info(smollm), np.random.default_rng(0)
    factors = {}
    for layer in range(5, 25):
        n_in, n_out = info.tensor(f"blk.{layer}.ffn_down.weight").shape
        a, b = rng.normal(size=(4, n_in)), rng.normal(size=(n_out, 4))
        factors[f"blk.{layer}.ffn_down.weight"] = LowRank(
            a.astype(np.float32) * 0.3, b.astype(np.float32) * 0.3
        )
    files, _ = GGUFExporter().export(smollm, factors, tmp_path, {}, CONFIG, silent)
    report = LlamaCppGate().judge(smollm, files, SHORT, CONFIG, silent)
    assert any(reason.startswith("rise of perplexity") for reason in report.reasons)
    assert report.metrics["mean_kl"] > 0.5


def test_a_model_of_nans_is_rejected_and_does_not_crash(smollm: Path, tmp_path: Path) -> None:
    info = read_info(smollm)
    tensor = info.tensor("token_embd.weight")
    assert tensor.type_name == "Q8_0"  # blocks of 34 bytes, the first two of them the scale
    data = np.fromfile(smollm, dtype=np.uint8)
    begin = info.data_start + tensor.offset
    blocks = data[begin : begin + (tensor.nbytes or 0)].reshape(-1, 34)
    blocks[:, :2] = np.frombuffer(np.float16(np.nan).tobytes(), dtype=np.uint8)
    broken = tmp_path / "broken.gguf"
    data.tofile(broken)
    report = LlamaCppGate().judge(smollm, [broken], SHORT, CONFIG, silent)
    assert not report.accepted
    assert "rise of perplexity could not be measured" in report.reasons
    assert all(math.isfinite(value) for value in report.metrics.values())
    assert {answer["answer"] for answer in report.answers} == {""}
