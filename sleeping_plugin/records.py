"""The nouns that pass between the parts: frozen, typed, without behaviour of their own.

Tensors are named as in the GGUF (``blk.7.ffn_down.weight``) everywhere, and low-rank factors are
held in the row order of the GGUF, so that ``base + b @ a`` is the exported tensor whatever the
layout of the working copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: str  # system, user, assistant or tool
    content: str
    # ISO 8601, "" where it is not known; the same words at another time are the same message
    time: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat as a source saw it; sources may repeat it, whole or longer."""

    id: str  # stable within its source
    time: str  # ISO 8601, of the first message
    messages: tuple[Message, ...]
    source: str  # the name of the chat source


@dataclass(frozen=True, slots=True)
class BadRecord:
    """Something in a source that is no conversation."""

    place: str  # "line 17"
    reason: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One journalled message, secrets already redacted."""

    id: int
    conversation: str
    position: int  # 0-based within the conversation
    role: str
    text: str
    time: str


class FactStatus(StrEnum):
    """What may be done with a fact: only accepted ones are taught."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fact as an extractor read it out of one user turn."""

    subject: str  # "user", "my sister", "Kaito": as the user would say it
    relation: str  # a name from sleeping_plugin.relations, e.g. "name", "home", "favourite colour"
    value: str  # the object of the triple, in the user's words
    question: str  # as the user would ask it: "What is my sister's name?"
    answer: str  # as the model should answer: "Your sister's name is Mara."
    turn: int  # id of the turn that says it
    evidence: str  # the user's words it was read from
    extractor: str  # who read it
    confidence: float  # 0..1
    single: bool = True  # a newer value of (subject, relation) replaces this one
    negated: bool = False  # "I no longer work at X": ends a fact instead of stating one


class Ruling(StrEnum):
    """What a fact filter says of a candidate; the strictest ruling wins."""

    ACCEPT = "accept"
    QUARANTINE = "quarantine"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling and its reason, in words a user understands."""

    ruling: Ruling
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the ledger."""

    id: str  # "f-" + 10 hex digits of the content hash
    subject: str
    relation: str
    value: str
    question: str
    answer: str
    status: FactStatus
    turns: tuple[int, ...]  # provenance
    created: str  # ISO 8601
    updated: str
    wordings: tuple[str, ...]  # the questions it is taught with, the direct one first
    reason: str = ""  # why it is not accepted
    single: bool = True
    extractor: str = ""
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class LowRank:
    """A change of one weight matrix: ``delta W = b @ a``."""

    a: Array  # (rank, n_in)
    b: Array  # (n_out, rank)


Factors = Mapping[str, LowRank]  # GGUF tensor name -> change


@dataclass(frozen=True, slots=True)
class SecondMoment:
    """What reaches a tensor, mean ``k k^T`` of its inputs, as ``root^T root + rest I``."""

    root: Array  # (rank, n_in)
    rest: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A changed tensor on the base's grid, or one that holds it: how it differs from the base."""

    moves: NDArray[np.int8]  # (rows, n): of the codes
    scales: NDArray[np.float16]  # (rows, blocks, 1 or 2): d, and m where the type has one


NOTHING: Mapping[str, Settled] = {}  # a version that settles no tensor


@dataclass(frozen=True, slots=True)
class Edits:
    """Jointly solved edits: one low-rank pair per layer, its columns owned by facts."""

    factors: Factors
    owners: Mapping[str, tuple[str, ...]]  # tensor name -> fact id of each rank-one column

    def scaled(self, scale: Mapping[str, float]) -> dict[str, LowRank]:
        """Return the factors with every column of ``b`` scaled by its fact's edit scale."""
        scaled: dict[str, LowRank] = {}
        for name, pair in self.factors.items():
            column = np.array([scale.get(o, 0.0) for o in self.owners[name]], dtype=np.float32)
            if column.any():
                keep = column != 0
                scaled[name] = LowRank(pair.a[keep], (pair.b * column)[:, keep])
        return scaled


@dataclass(frozen=True, slots=True)
class Example:
    """One training example: a chat that ends in a user message, and the reply to learn."""

    messages: tuple[Message, ...]
    target: str  # without the end-of-turn token, which the trainer adds
    kind: Literal["fact", "near_miss", "told", "anchor"]
    fact: str = ""  # fact id, for kind "fact"
    weight: float = 1.0
    group: str = ""  # more of these were drawn than an epoch trains on: the hardest of them


@dataclass(frozen=True, slots=True)
class Probe:
    """One question for the gate, and what a good answer holds."""

    question: str
    accept: tuple[str, ...]  # one of these must occur; for strangers: none of these may
    kind: Literal["trained", "held_out", "stranger", "general"]
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Exam:
    """Everything the gate asks of a version."""

    probes: tuple[Probe, ...]
    drift_text: str


@dataclass(frozen=True, slots=True)
class Proof:
    """How far a working copy is from the file it was made of, as llama.cpp runs that."""

    tokens: int  # after each of which the distributions were compared
    mean_kl: float  # KL(llama.cpp || copy) in nats per token
    agreement: float  # share of tokens with the same most likely next one
    entropy: float  # mean, of llama.cpp's distributions, as a share of ln V
    limit: float  # mean_kl up to which both count as one model
    note: str = ""  # what else there is to know of the copy, in sentences


@dataclass(frozen=True, slots=True)
class GateReport:
    """What the gate measured on the published form, and its judgement."""

    accepted: bool
    reasons: tuple[str, ...]  # why not
    metrics: Mapping[str, float]  # trained, held_out, false_attribution, perplexity_change, ...
    facts: Mapping[str, bool] = field(default_factory=dict)  # fact id -> recalled
    # fact, kind, question, base (its answer), answer, said (a value), ok
    answers: tuple[Mapping[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the judgement and what was measured, as every command prints it."""
        return {"accepted": self.accepted, "reasons": list(self.reasons), **self.metrics}


@dataclass(frozen=True, slots=True)
class Version:
    """A model that can be loaded: the base, or base + edits + adapter as exported."""

    id: str
    accepted: bool
    files: tuple[Path, ...]  # GGUF files to load, first shard first
    adapter: Path | None  # the same change as a LoRA over the base, instead of `files`
    gate: Mapping[str, Any]
    created: str
    parent: str
    base_digest: str


@dataclass(frozen=True, slots=True)
class SleepEvent:
    """Something that happened in a night, for listeners."""

    kind: Literal["begin", "step", "accepted", "rejected", "failed"]
    run: str
    step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


Progress = Callable[[str, float], None]
"""Called as progress(what, fraction done 0..1). It may raise Interrupted to cancel."""


def silent(what: str, fraction: float) -> None:
    """Take a progress report and show nothing."""
