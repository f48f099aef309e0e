"""The questions of a night's gate, made of its facts and of things that were never told."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from sleeping_plugin import dream
from sleeping_plugin.records import Exam, Fact, Probe
from sleeping_plugin.scoring import says

TAUGHT: Final = 2  # taught wordings asked per fact
STRANGERS: Final = 40


def make_exam(facts: Sequence[Fact], forgotten: Sequence[Fact], seed: int) -> Exam:
    """Return what the gate asks of a version that should know ``facts`` and nothing else.

    A forgotten fact is asked too: the version must not say its value.
    """
    probes: list[Probe] = []
    for fact in facts:
        taught, back = dream.split_wordings(fact)
        probes += [Probe(w, (fact.value,), "trained", fact.id) for w in taught[:TAUGHT]]
        probes += [Probe(w, (fact.value,), "held_out", fact.id) for w in back]
    values = tuple(dict.fromkeys(fact.value for fact in facts))
    asked = dream.strangers(facts, STRANGERS, random.Random(seed + 7), exam=True)
    for question in (stranger.question for stranger in asked):
        # A value that the question holds is no invention in the answer.
        invented = tuple(value for value in values if not says(question, (value,)))
        probes.append(Probe(question, invented, "stranger"))
    probes += [Probe(f.question, (f.value,), "stranger", f.id) for f in forgotten]
    probes += general_probes()
    text = files("sleeping_plugin").joinpath("data/gate_text.txt").read_text("utf-8")
    return Exam(tuple(probes), text)


def general_probes() -> tuple[Probe, ...]:
    """Return general questions that are in no training material."""
    text = files("sleeping_plugin").joinpath("data/gate_questions.json").read_text("utf-8")
    return tuple(
        Probe(item["question"], tuple(item["accept"]), "general")
        for item in json.loads(text)["questions"]
    )
