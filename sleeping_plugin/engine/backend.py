"""What an engine needs of a working copy, whether torch or MLX holds it.

Arrays cross this border as NumPy float32, tensors go by their GGUF names and factors are in GGUF
row order. The mathematics of an edit is on the NumPy side, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sleeping_plugin.engine.grid import Grid, Steps
from sleeping_plugin.records import Array, Factors, Message, Progress, SecondMoment


@dataclass(frozen=True, slots=True)
class Sample:
    """One tokenised example. Loss is taken on ``tokens[prompt:]`` alone."""

    tokens: tuple[int, ...]  # the rendered chat, the target and the end of turn
    prompt: int  # number of prompt tokens
    weight: float = 1.0  # of its loss in the batch mean
    anchor: bool = False  # KL to the base on tokens[prompt:], instead of cross-entropy
    temperature: float = 1.0  # of the base's distribution in that KL; below 1 it is sharper
    group: str = ""  # see WorkingCopy.train


@dataclass(frozen=True, slots=True)
class ValueTarget:
    """One fact to move: its samples and the token whose residual is free to change."""

    samples: tuple[Sample, ...]
    positions: tuple[int, ...]  # one per sample


@dataclass(frozen=True, slots=True)
class ValuePlan:
    """How target values are optimised (MEMIT, Meng et al. 2023, section 4.2)."""

    layer: int
    steps: int
    lr: float
    weight_decay: float  # on ||delta||^2 / ||h||^2
    clamp: float  # ||delta|| <= clamp * ||h||
    stop: float  # stop when the mean loss is below


@dataclass(frozen=True, slots=True)
class AdapterPlan:
    """How an adapter is trained."""

    tensors: tuple[str, ...]  # GGUF names of the matrices that get an adapter
    rank: int
    alpha: float
    lr: float
    batch: int  # samples per step
    warmup: float  # share of the steps
    weight_decay: float
    anchor_weight: float  # of the KL to the base
    candidates: int  # see WorkingCopy.train
    seed: int


@dataclass(frozen=True, slots=True)
class SettlePlan:
    """How the scales of rounded blocks are trained."""

    steps: int
    lr: float  # of Adam, relative to the mean size of a tensor's scales
    batch: int  # samples per step
    warmup: float  # share of the steps
    seed: int


class WorkingCopy(Protocol):
    """The de-quantised twin of the base."""

    n_layers: int
    n_embd: int

    def tokenize(self, messages: Sequence[Message], target: str | None) -> Sample:
        """Render with the chat template; with a target, append it and the end of turn.

        Without messages, the target is plain prose: no template, no end of turn.
        """

    def linear_tensors(self) -> tuple[str, ...]:
        """Return the GGUF names of every weight matrix that can be changed."""

    def applied(self, factors: Factors) -> AbstractContextManager[None]:
        """Add ``b @ a`` to the named weights inside the context; restore bit for bit after."""

    def keys(self, tensor: str, samples: Sequence[Sample], positions: Sequence[int]) -> Array:
        """Return the inputs of ``tensor`` at one position per sample: (len(samples), n_in)."""

    def second_moment(self, tensors: Sequence[str], samples: Sequence[Sample]) -> dict[str, Array]:
        """Return mean k k^T of each tensor's inputs over all tokens: (n_in, n_in) each.

        A beginning that chats share, such as the system prompt, may count once for many of them.
        """

    def residuals(self, layer: int, samples: Sequence[Sample], positions: Sequence[int]) -> Array:
        """Return the residual stream after ``layer`` at one position per sample: (n, n_embd)."""

    def optimise_values(
        self, targets: Sequence[ValueTarget], plan: ValuePlan, progress: Progress
    ) -> Array:
        """Return one change of the residual stream per target: (len(targets), n_embd)."""

    def train(
        self, epochs: Sequence[Sequence[Sample]], plan: AdapterPlan, progress: Progress
    ) -> Factors:
        """Train an adapter, epoch after epoch; return its factors, alpha / rank multiplied in.

        Of each group of samples a step trains on one in ``plan.candidates`` of those it draws,
        those with the highest loss; and on all samples without a group.
        """

    def moments(
        self, tensors: Sequence[str], groups: Sequence[Sequence[Sample]], rank: int, seed: int
    ) -> dict[str, SecondMoment]:
        """Return what reaches each tensor in these samples, every group with the same weight.

        Scaled so that the trace is n_in for each group. Tensors with the same input share one.
        """

    def settle(
        self,
        factors: Factors,
        grids: Mapping[str, Grid],
        samples: Sequence[Sample],
        plan: SettlePlan,
        progress: Progress,
    ) -> dict[str, Steps]:
        """Train the scales of ``grids`` until the copy on them answers as with ``factors``.

        That is, towards the least KL(copy + factors || copy on the grids) over the targets of the
        samples. Returns the scales, (rows, blocks, 1 or 2) in GGUF row order; codes stay.
        """
