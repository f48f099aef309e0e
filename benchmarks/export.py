"""What the way into the file costs: recall, inventions and drift of every form of the same night.

Run: python benchmarks/export.py [--quick] [--json] [--seeds 0 1 2]

Forty facts are taught in a night with the default settings. What it learnt is then written in
several forms: with the changed tensors in F16, which is the working copy as llama.cpp runs it;
rounded to nearest in the base's own types; settled in these types; settled in types with one bit
more. Each file is asked the same questions by llama.cpp in a fresh process. --quick teaches few
facts in a short night with one seed, and settles in the base's types alone; the whole run adds what
an export costs at 8B shape (export_shape.py). Exit code 0 if every "must" holds. Writes
benchmarks/results/export.json, unless --quick is given.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import export_shape  # noqa: E402 (path first)
import harness  # noqa: E402 (path first)
import numpy as np  # noqa: E402 (path first)
from first_night import model_path  # noqa: E402 (path first)

from sleeping_plugin import atomic, dream, factors, night, plugins, relations, settle  # noqa: E402
from sleeping_plugin import config as configuration  # noqa: E402 (path first)
from sleeping_plugin.base import current_base  # noqa: E402 (path first)
from sleeping_plugin.commands.init import initialise  # noqa: E402 (path first)
from sleeping_plugin.config import Config  # noqa: E402 (path first)
from sleeping_plugin.context import open_memory  # noqa: E402 (path first)
from sleeping_plugin.drift import measure_drift  # noqa: E402 (path first)
from sleeping_plugin.exam import make_exam  # noqa: E402 (path first)
from sleeping_plugin.gguf_info import read_info  # noqa: E402 (path first)
from sleeping_plugin.home import Home  # noqa: E402 (path first)
from sleeping_plugin.records import (  # noqa: E402 (path first)
    Candidate,
    Fact,
    Factors,
    FactStatus,
    LowRank,
    Message,
    silent,
)
from sleeping_plugin.runtime import Runtime  # noqa: E402 (path first)
from sleeping_plugin.scoring import says  # noqa: E402 (path first)
from sleeping_plugin.versions import Versions  # noqa: E402 (path first)

DATA = ROOT / "benchmarks" / "data"
QUICK_FACTS = (0, 3, 20, 32)  # places in the list: about the user, a relative and a stranger
QUICK = (
    *("adapter.anchors=20", "adapter.candidates=1", "adapter.near_misses=20", "adapter.epochs=6"),
    *("edit.enabled=false", "gate.max_tokens=16", "export.settle_steps=16"),
)
FORMS: Mapping[str, tuple[str, ...]] = {
    "F16": ("export.type=F16",),
    "nearest": ("export.type=own", "export.rounding=nearest"),
    "own": ("export.type=own",),
    "wider": ("export.type=wider",),
}


@dataclass(frozen=True, slots=True)
class Night:
    """What one night learnt, and from what."""

    home: Home
    facts: Sequence[Fact]
    learnt: Factors
    overrides: tuple[str, ...]


def play_night(root: Path, seed: int, quick: bool) -> Night:
    """Teach the facts as a user's night does."""
    home, loaded = Home.open(root / "home"), plugins.load()
    initialise(home, configuration.load(home), loaded, model_path(), "llama-cpp")
    told = json.loads((DATA / "forty_facts.json").read_text())["facts"]
    with open_memory(home) as memory:
        for subject, relation, value in [told[i] for i in QUICK_FACTS] if quick else told:
            asked = relations.question(subject, relation, value)
            answer = relations.answer(subject, relation, value)
            one = Candidate(subject, relation, value, asked, answer, 0, value, "benchmark", 1.0)
            wordings = relations.wordings(subject, relation, value)
            memory.ledger.add(one, FactStatus.ACCEPTED, wordings)
        facts = memory.ledger.facts(FactStatus.ACCEPTED)
    overrides = (f"night.seed={seed}", *(QUICK if quick else ()))
    settings = configuration.load(home, overrides)
    slept = night.sleep(home, settings, loaded, harness.stderr_progress())
    if slept.version is None:
        raise SystemExit(f"no version: {slept.message}")
    print(slept.message, file=sys.stderr)
    learnt = factors.load(Versions(home).folder(slept.version.id) / "factors.npz")
    return Night(home, facts, learnt, overrides)


def write_form(one: Night, form: str, folder: Path) -> Path:
    """Write what the night learnt in a form, and return the file."""
    settings = without_adapter(configuration.load(one.home, [*one.overrides, *FORMS[form]]))
    loaded = plugins.load()
    exporter = loaded.pick("exporter", "gguf")
    settled = {}
    if settle.wanted(settings):
        base = current_base(one.home, settings, silent)
        backend = loaded.pick("backend", settings.night.backend)
        copy = backend.open(base.path, base.digest, one.home.cache, silent)
        replies = next(one.home.cache.glob("*/replies.json"))
        settled = settle.settle(
            copy,
            exporter,
            base.path,
            one.learnt,
            dream.recital(one.facts, list(atomic.read_json(replies).items()), settings.night.seed),
            settings,
            harness.stderr_progress(),
        )
    return write(one.learnt, settings, folder / form, settled)


def without_adapter(settings: Config) -> Config:
    """Return the settings without the adapter file."""
    return replace(settings, export=replace(settings.export, write_adapter=False))


def write(learnt: Factors, settings: Config, folder: Path, settled: Mapping[str, Any]) -> Path:
    """Export and return the file."""
    folder.mkdir()
    exporter = plugins.load().pick("exporter", "gguf")
    files, _ = exporter.export(model_path(), learnt, folder, {}, settings, silent, settled=settled)
    return Path(files[0])


def write_twin(one: Night, folder: Path) -> Path:
    """Write the base with nothing learnt, its touched tensors in F16."""
    nothing = {n: LowRank(pair.a[:1] * 0, pair.b[:, :1] * 0) for n, pair in one.learnt.items()}
    settings = without_adapter(configuration.load(one.home, FORMS["F16"]))
    return write(nothing, settings, folder / "twin", {})


def ask(file: Path, one: Night, quick: bool) -> dict[str, float]:
    """Return the shares of right answers, and of inventions."""
    exam = make_exam(one.facts, (), 1)
    asks = [(probe.kind, probe.question, probe.accept) for probe in exam.probes]
    items = json.loads((DATA / "general_questions.json").read_text())["questions"]
    asks = [each for each in asks if each[0] != "general"][:: 2 if quick else 1]
    asks += [("general", q["question"], tuple(q["accept"])) for q in items[:: 10 if quick else 1]]
    with Runtime(file, context=1024) as runtime:
        answers = runtime.ask_many([(Message("user", q),) for _, q, _ in asks], max_tokens=32)
    right: Counter[str] = Counter()
    for (kind, _, accept), answer in zip(asks, answers, strict=True):
        right[kind] += says(answer, accept)
    harness.keep(f"export-{file.parent.name}", list(zip(asks, answers, strict=True)))
    return {kind: right[kind] / number for kind, number in Counter(a[0] for a in asks).items()}


def divergence(wanted: Path, file: Path, quick: bool) -> float:
    """Return the mean KL of a file's distributions from those wanted, over plain text."""
    text = (DATA / "drift_text.txt").read_text()[: 1500 if quick else None]
    with Runtime(wanted, context=1024) as before, Runtime(file, context=1024) as after:
        return measure_drift(before, after, text, silent).mean_kl


def figures(one: Night, folder: Path, quick: bool) -> dict[str, float]:
    """Return every figure of a night's forms."""
    base = model_path()
    exact = write_form(one, "F16", folder)
    merge = ask(exact, one, quick)
    values = {
        "working copy: taught wording": merge["trained"],
        "working copy: held-out wording": merge["held_out"],
        "working copy: false attribution": merge["stranger"],
    }
    # The twin rounded to nearest in the base's types is the base, byte for byte.
    twin = divergence(write_twin(one, folder), base, quick)
    for form in ("nearest", "own") if quick else ("nearest", "own", "wider"):
        file = write_form(one, form, folder)
        asked = ask(file, one, quick)
        types = Counter(t.type_name for t in read_info(file).tensors if t.name in one.learnt)
        print(form, dict(types), asked, file=sys.stderr)
        values[f"{form}: bytes / base"] = file.stat().st_size / base.stat().st_size
        for row, kind in (
            ("taught wording", "trained"),
            ("held-out wording", "held_out"),
            ("false attribution", "stranger"),
            ("general answers", "general"),
        ):
            values[f"{form}: {row}, against F16"] = asked[kind] - merge[kind]
        values[f"{form}: drift, of that of the untaught twin"] = (
            divergence(exact, file, quick) / twin
        )
    return values


LIMITS: Mapping[str, tuple[str, str]] = {
    "working copy: taught wording": (">= 0.98", ""),
    "working copy: held-out wording": (">= 0.75", ""),
    "working copy: false attribution": ("<= 0.20", ""),
    "own: bytes / base": ("<= 1.01", ""),
    "own: taught wording, against F16": (">= -0.08", ">= -0.02"),
    "own: held-out wording, against F16": (">= -0.25", ">= -0.04"),
    "own: false attribution, against F16": ("<= 0.03", "<= 0"),
    "own: general answers, against F16": (">= -0.03", ">= 0"),
    "own: drift, of that of the untaught twin": ("<= 1.5", "<= 1"),
    "wider: bytes / base": ("<= 1.25", ""),
    "wider: taught wording, against F16": (">= -0.02", ">= -0.01"),
    "wider: held-out wording, against F16": (">= -0.04", ">= -0.01"),
    "wider: false attribution, against F16": ("<= 0.03", "<= 0"),
    "wider: general answers, against F16": (">= -0.03", ">= 0"),
    "wider: drift, of that of the untaught twin": ("<= 1.5", "<= 1"),
}


def main() -> int:
    """Run, print, write, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="few facts, one seed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    values: dict[str, list[float]] = {}
    for seed in options.seeds[:1] if options.quick else options.seeds:
        with tempfile.TemporaryDirectory() as name:
            one = play_night(Path(name), seed, options.quick)
            found = figures(one, Path(name), options.quick)
        print(json.dumps({"seed": seed, **found}), file=sys.stderr)  # the next takes long
        for row, value in found.items():
            values.setdefault(row, []).append(value)
    rows = [
        harness.row(name, float(np.mean(found)), *LIMITS.get(name, ("", "")), seeds=found)
        for name, found in values.items()
    ]
    if not options.quick:
        with tempfile.TemporaryDirectory() as name:
            rows += export_shape.shape_rows(Path(name), quick=False)
    return harness.finish("export", rows, as_json=options.json, write=not options.quick)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
