"""Four ways to a bad version, each refused by the gate for its own reason. The real model.

One good night is slept; what it learnt is then rounded coarsely, or learnt carelessly.

Run: pytest tests/test_rejections.py (minutes)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from night_fixtures import tell

from sleeping_plugin import config as configuration
from sleeping_plugin import dream, exam, factors, night
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import open_memory
from sleeping_plugin.curate import curate
from sleeping_plugin.home import Home
from sleeping_plugin.night import NightResult
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Exam, FactStatus, GateReport, silent
from sleeping_plugin.versions import Versions

pytestmark = pytest.mark.model

SAID = (
    "My sister is called Mara.",
    "My favourite colour is teal.",
    "My dog is called Rex.",
    "I live in Porto.",
    "I work as a carpenter.",
)
PROMPTS = 60  # ordinary prompts, of the hundreds that a night of the user's keeps
GENERAL = 12  # general questions of the gate, likewise
SMALL = (
    "model.threads=2",
    "extraction.extractors=[patterns]",
    "edit.enabled=false",  # what the adapter learns is what is rounded and judged here
    "adapter.anchors=20",
    "adapter.epochs=7",
    "adapter.candidates=1",
    "adapter.near_misses=30",
    "gate.max_tokens=24",
)
RECALL, STRANGERS = "recall of trained wording", "false attribution"
DRIFT = "rise of perplexity"


@dataclass(frozen=True)
class School:
    """A home with five facts in which one good night was slept."""

    home: Home
    base: Path
    plugins: Plugins
    exam: Exam
    good: NightResult

    def settings(self, *overrides: str) -> Config:
        return configuration.load(self.home, [*SMALL, *overrides])

    def judge(self, file: Path) -> GateReport:
        report: GateReport = self.plugins.pick("gate", "llama-cpp").judge(
            self.base, [file], self.exam, self.settings(), silent
        )
        return report

    def sleep(self, *overrides: str) -> NightResult:
        return night.sleep(self.home, self.settings(*overrides), self.plugins, silent)


@pytest.fixture(scope="module")
def school(
    smollm: Path, loaded: Plugins, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[School]:
    home = Home.open(tmp_path_factory.mktemp("school") / "home")
    record_base(home, hash_model(smollm))
    home.config_file.write_text(f"model:\n  path: {smollm}\n", encoding="utf-8")
    tell(home, SAID, "first")
    with open_memory(home) as memory:
        settings = configuration.load(home, SMALL)
        curate(memory.journal, memory.ledger, loaded, settings, None, silent)
        facts = memory.ledger.facts(FactStatus.ACCEPTED)
    assert len(facts) == len(SAID)
    prompts, general = dream.anchor_prompts()[:PROMPTS], exam.general_probes()[:GENERAL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dream, "anchor_prompts", lambda: prompts)
        patch.setattr(exam, "general_probes", lambda: general)
        good = night.sleep(home, settings, loaded, silent)
        yield School(home, smollm, loaded, exam.make_exam(facts, [], settings.night.seed), good)


def refused_for(report: GateReport | None, what: str) -> bool:
    return report is not None and any(reason.startswith(what) for reason in report.reasons)


def test_a_careful_night_knows_its_facts_and_does_not_drift(school: School) -> None:
    # Strangers and general answers hang on near-ties, which fall otherwise on another processor.
    assert school.good.gate is not None
    assert not refused_for(school.good.gate, RECALL), school.good.gate.reasons
    assert not refused_for(school.good.gate, DRIFT), school.good.gate.reasons


def test_the_unchanged_base_is_refused_for_its_recall(school: School) -> None:
    report = school.judge(school.base)
    assert not report.accepted and refused_for(report, RECALL)
    assert not refused_for(report, DRIFT)


def test_the_night_rounded_naively_to_the_types_of_the_base_is_refused_for_its_recall(
    school: School, tmp_path: Path
) -> None:
    assert school.good.version is not None
    folder = Versions(school.home).folder(school.good.version.id)
    learnt = factors.load(folder / "factors.npz")
    exporter = school.plugins.pick("exporter", "gguf")
    settings = school.settings("export.type=own", "export.rounding=nearest")
    files, _ = exporter.export(school.base, learnt, tmp_path, {}, settings, silent)
    assert files[0].stat().st_size == school.base.stat().st_size
    report = school.judge(files[0])
    assert not report.accepted and refused_for(report, RECALL), report.metrics


def test_plain_fine_tuning_is_refused_for_what_it_says_of_strangers(school: School) -> None:
    plain = [f"adapter.{what}=0" for what in ("near_misses", "near_miss_ratio", "told_ratio")]
    done = school.sleep(*plain, "adapter.anchors=0")
    assert not done.accepted and refused_for(done.gate, STRANGERS), done.gate
    assert done.gate is not None and school.good.gate is not None
    invented = [one.metrics["false_attribution"] for one in (school.good.gate, done.gate)]
    assert invented[1] > 2 * invented[0], invented  # the strangers in the night made the difference


def test_a_learning_rate_that_is_too_high_is_refused_for_its_drift(school: School) -> None:
    done = school.sleep("adapter.lr=1e-2", "adapter.epochs=4")
    assert not done.accepted and refused_for(done.gate, DRIFT), done.gate
