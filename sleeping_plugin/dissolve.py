"""Dissolve edits into the adapter: which facts does it carry alone, and what should ship?

Asked through llama.cpp with the adapter over the untouched base, so that the answer is about what
a host will run and not about the working copy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sleeping_plugin.gate import Asked
from sleeping_plugin.ledger import EDIT_SCALE
from sleeping_plugin.records import Exam, Message, Probe, Progress
from sleeping_plugin.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Score:
    """What one form of the night knows, and what it invents."""

    recall: float  # share of the exam's questions about facts answered with the value
    false_attribution: float  # share of its stranger questions answered with a learnt value
    facts: Mapping[str, float]  # fact id -> share of its questions

    @property
    def merit(self) -> float:
        """Recall less inventions: what decides between two forms."""
        return self.recall - self.false_attribution


def score(
    base: Path, adapter: Path | None, exam: Exam, progress: Progress, *, threads: int = 0
) -> Score:
    """Ask the base with ``adapter`` every question of the exam but the general ones."""
    probes = [probe for probe in exam.probes if probe.kind != "general"]
    chats = [[Message("user", probe.question)] for probe in probes]
    with Runtime(base, adapter, context=1024, threads=threads) as runtime:
        answers = runtime.ask_many(chats, max_tokens=32, progress=progress)
    told = [(p, Asked(p, "", a).said) for p, a in zip(probes, answers, strict=True)]
    return Score(
        recall=_share(told, ("trained", "held_out")),
        false_attribution=_share(told, ("stranger",)),
        facts={
            fact: sum(ok for p, ok in told if p.fact == fact and p.kind != "stranger")
            / sum(p.fact == fact and p.kind != "stranger" for p, _ in told)
            for fact in {p.fact for p in probes if p.kind in ("trained", "held_out")}
        },
    )


def next_stages(before: Mapping[str, int], alone: Mapping[str, float]) -> dict[str, int]:
    """Return each fact's stage after a night in which the adapter alone was asked.

    All questions right: one stage up. Half or more: it stays. Fewer: one stage back.
    """
    top = len(EDIT_SCALE) - 1
    stages = {}
    for fact, share in alone.items():
        step = 1 if share == 1 else 0 if share >= 0.5 else -1
        stages[fact] = min(max(before.get(fact, 0) + step, 0), top)
    return stages


def lacking(stages: Mapping[str, int], alone: Mapping[str, float]) -> list[str]:
    """Return the facts that get an edit: missed in some wording, and not left to the adapter."""
    return [fact for fact, share in alone.items() if share < 1 and EDIT_SCALE[stages[fact]] > 0]


def scales(stages: Mapping[str, int]) -> dict[str, float]:
    """Return the scale of each fact's edit at its stage."""
    return {fact: EDIT_SCALE[stage] for fact, stage in stages.items()}


def _share(told: Sequence[tuple[Probe, bool]], kinds: Sequence[str]) -> float:
    asked = [said for probe, said in told if probe.kind in kinds]
    return sum(asked) / len(asked) if asked else 0.0
