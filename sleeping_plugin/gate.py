"""Gate "llama-cpp": asks the very files that would be published, in a fresh process.

Recall, restraint and harm are measured together, against the base through the same path. A figure
that could not be measured never passes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from sleeping_plugin.config import Config, GateConfig
from sleeping_plugin.drift import measure_drift
from sleeping_plugin.errors import ModelError, RuntimeFailed
from sleeping_plugin.hookspecs import Gate, hookimpl
from sleeping_plugin.records import Exam, GateReport, Message, Probe, Progress
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.scoring import abstains, normalise, says

CONTEXT: Final = 1024  # tokens; a question and its answer are far shorter
# Greedy answers of a small model hang on near-ties: written in another type with nothing learnt,
# SmolLM2-135M loses a tenth of its right answers. What it knows, it says in these forms too.
OTHER_FORMS: Final = ("Please answer this: {}", "Hello! I have a question. {}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One probe with what the base (general probes only) and the version answered."""

    probe: Probe
    base: str
    answer: str
    unsure: bool = False  # the base does not say it when it is asked in another form

    @property
    def known(self) -> bool:
        """Tell whether the base knows the answer, however it is asked."""
        return not self.unsure and says(self.base, self.probe.accept)

    @property
    def said(self) -> bool:
        """Tell whether the version says one of the probe's values.

        Of a stranger, only values that the question itself does not hold are inventions.
        """
        if self.probe.kind != "stranger":
            return says(self.answer, self.probe.accept)
        question = normalise(self.probe.question)
        return says(self.answer, (v for v in self.probe.accept if not says(question, (v,))))

    @property
    def ok(self) -> bool:
        """Tell whether that is what a good version does."""
        return self.said != (self.probe.kind == "stranger")


class LlamaCppGate:
    """Judges a version by llama.cpp on its files."""

    name = "llama-cpp"

    def judge(
        self, base: Path, files: Sequence[Path], exam: Exam, config: Config, progress: Progress
    ) -> GateReport:
        """Ask the files every probe, compare general answers and drift with the base.

        A version that llama.cpp cannot run is rejected. Raises RuntimeFailed or ModelError if the
        base cannot be run.
        """
        threads = config.model.threads
        general = [probe for probe in exam.probes if probe.kind == "general"]
        with Runtime(base, context=CONTEXT, threads=threads) as before:
            known = ask(before, general, config, progress, "ask the base")
            right = [p for p, reply in zip(general, known, strict=True) if says(reply, p.accept)]
            unsure = unsure_of(before, right, config, progress)
            try:
                with Runtime(files[0], context=CONTEXT, threads=threads) as after:
                    answers = ask(after, exam.probes, config, progress, "ask the version")
                    drift = measure_drift(before, after, exam.drift_text, progress)
            except (RuntimeFailed, ModelError) as error:
                if not before.alive:
                    raise
                return GateReport(False, (f"the file cannot be run: {error}",), {})
        replies = dict(zip(general, known, strict=True))
        asked = [
            Asked(probe, replies.get(probe, ""), answer, probe in unsure)
            for probe, answer in zip(exam.probes, answers, strict=True)
        ]
        measured = {**measure(asked), **asdict(drift)}
        reasons = tuple(shortcomings(measured, config.gate))
        return GateReport(
            accepted=not reasons,
            reasons=reasons,
            # What was not measured is left out: JSON has no word for it.
            metrics={name: value for name, value in measured.items() if math.isfinite(value)},
            facts=recalled(asked),
            answers=tuple(account(one) for one in asked),
        )


def ask(
    runtime: Runtime, probes: Sequence[Probe], config: Config, progress: Progress, what: str
) -> list[str]:
    """Return the answer to each probe, each from an empty context."""
    return runtime.ask_many(
        [[Message("user", probe.question)] for probe in probes],
        max_tokens=config.gate.max_tokens,
        progress=lambda _, fraction: progress(what, fraction),
    )


def unsure_of(
    base: Runtime, probes: Sequence[Probe], config: Config, progress: Progress
) -> frozenset[Probe]:
    """Return the probes that the base gets wrong in one of the other forms."""
    sure = list(probes)
    for form in OTHER_FORMS:
        asked = [replace(probe, question=form.format(probe.question)) for probe in sure]
        answers = ask(base, asked, config, progress, "ask the base again")
        pairs = zip(sure, answers, strict=True)
        sure = [probe for probe, answer in pairs if says(answer, probe.accept)]
    return frozenset(probes).difference(sure)


def measure(asked: Sequence[Asked]) -> dict[str, float]:
    """Return recall, inventions, what became of general answers, and counts.

    A share is NaN where nothing of its kind was asked.
    """
    kinds = Counter(one.probe.kind for one in asked)
    of = {kind: [one for one in asked if one.probe.kind == kind] for kind in kinds}
    general, strangers = of.get("general", []), of.get("stranger", [])
    right_before = [one for one in general if says(one.base, one.probe.accept)]
    facts = recalled(asked)
    right_after = share(one.said for one in general)
    return {
        "trained": share(one.said for one in of.get("trained", [])),
        "held_out": share(one.said for one in of.get("held_out", [])),
        "false_attribution": share(one.said for one in strangers),
        "forgotten_said": sum(one.said for one in strangers if one.probe.fact),
        "abstention": share(abstains(one.answer) for one in strangers),
        "general_base": share(says(one.base, one.probe.accept) for one in general),
        "general_kept": share(one.said for one in general if one.known),
        "general_known": sum(one.known for one in general),
        "general_change": right_after - len(right_before) / len(general) if general else math.nan,
        "general_abstention": share(abstains(one.answer) for one in general),
        "general_abstention_base": share(abstains(one.base) for one in general),
        "facts": len(facts),
        "facts_recalled": sum(facts.values()),
        **{f"{kind}_asked": count for kind, count in sorted(kinds.items())},
    }


def share(outcomes: Iterable[bool]) -> float:
    """Return the share of true outcomes; NaN of none."""
    found = list(outcomes)
    return sum(found) / len(found) if found else math.nan


def shortcomings(metrics: Mapping[str, float], config: GateConfig) -> list[str]:
    """Return a sentence for each threshold that is missed; what is not a number misses it.

    What was forgotten has no threshold: saying one such value is too much.
    """
    rules = (
        ("trained", "recall of trained wording", config.trained, 1),
        ("held_out", "recall of held-out wording", config.held_out, 1),
        ("false_attribution", "false attribution", config.false_attribution, -1),
        ("perplexity_change", "rise of perplexity", config.perplexity, -1),
        ("general_kept", "share of general answers kept", config.general, 1),
    )
    missed = []
    for name, what, limit, sign in rules:
        value = metrics.get(name, math.nan)
        if math.isnan(value):
            missed.append(f"{what} could not be measured")
        elif sign * value < sign * limit:
            digits = 2 if f"{value:.2f}" != f"{limit:.2f}" else 4
            side = "below" if sign > 0 else "above"
            missed.append(f"{what} {value:.{digits}f} is {side} {limit:.{digits}f}")
    if said := int(metrics.get("forgotten_said", 0)):
        missed.append(f"values said that you wanted forgotten: {said}")
    return missed


def recalled(asked: Sequence[Asked]) -> dict[str, bool]:
    """Return for each fact whether all its trained wordings were answered with the value."""
    facts: dict[str, bool] = {}
    for one in asked:
        if one.probe.kind == "trained":
            facts[one.probe.fact] = facts.get(one.probe.fact, True) and one.said
    return facts


def account(one: Asked) -> dict[str, Any]:
    """Return one probe and its answers as plain data."""
    return {
        "fact": one.probe.fact,
        "kind": one.probe.kind,
        "question": one.probe.question,
        "base": one.base,
        "answer": one.answer,
        "said": one.said,
        "ok": one.ok,
    }


@hookimpl
def register_gates(register: Callable[[Gate], None]) -> None:
    """Offer the llama.cpp gate."""
    register(LlamaCppGate())
