"""Packing: many short chats in one sequence that computes their common prefix once.

All chats of a model begin with the same system prompt, which is often longer than the question.
A pack is ``prefix + rest of sample 1 + rest of sample 2 + ...`` with a mask that lets every rest
see the prefix and itself, and with the position each token has in its own chat. Logits are those
of the samples run one by one; on the default model the cost of a step is about halved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from sleeping_plugin.engine.backend import Sample

LIMIT = 448  # tokens of a pack: what is kept for the backward pass is about 2 MB for each
HEAD = 8  # samples with the same first tokens are packed together
NO_SIGHT = -1e9  # added to attention scores; finite, so that a fully masked row stays finite


@dataclass(frozen=True, slots=True)
class Pack:
    """Samples laid out in one sequence of T tokens."""

    tokens: torch.Tensor  # (1, T) int64
    positions: torch.Tensor  # (1, T) int64, position in the own chat
    mask: torch.Tensor  # (1, 1, T, T) float32, added to the attention scores
    samples: tuple[Sample, ...]
    indices: tuple[int, ...]  # place of each sample in the sequence that was packed
    prefix: int  # tokens shared by all
    starts: tuple[int, ...]  # where in T the rest of each sample begins

    def place(self, sample: int, position: int) -> int:
        """Return where in T the token ``position`` of the sample lies."""
        if position < self.prefix:
            return position
        return self.starts[sample] + position - self.prefix

    def targets(self, sample: int) -> tuple[list[int], list[int]]:
        """Return (places whose logits predict the target, the target's tokens)."""
        tokens, prompt = self.samples[sample].tokens, self.samples[sample].prompt
        places = [self.place(sample, t - 1) for t in range(prompt, len(tokens))]
        return places, list(tokens[prompt:])

    def inputs(self) -> dict[str, Any]:
        """Return the arguments of a transformers decoder."""
        return {
            "input_ids": self.tokens,
            "position_ids": self.positions,
            "attention_mask": self.mask,
            "use_cache": False,
        }


def common_prefix(samples: Sequence[Sample], own: Sequence[int] = ()) -> int:
    """Return how many leading tokens all prompts share, leaving each at least one of its own.

    ``own`` are positions, one per sample or none, that must not be shared.
    """
    shortest = min([*(s.prompt - 1 for s in samples), *own])
    first = samples[0].tokens
    for i in range(shortest):
        if any(s.tokens[i] != first[i] for s in samples):
            return i
    return max(shortest, 0)


def pack(samples: Sequence[Sample], indices: Sequence[int], own: Sequence[int] = ()) -> Pack:
    """Lay out ``samples`` in one sequence, the positions ``own`` apart."""
    prefix = common_prefix(samples, own)
    tokens = list(samples[0].tokens[:prefix])
    positions = list(range(prefix))
    starts = []
    for sample in samples:
        starts.append(len(tokens))
        tokens += sample.tokens[prefix:]
        positions += range(prefix, len(sample.tokens))
    total = len(tokens)
    sees = torch.zeros(total, total, dtype=torch.bool)
    sees[:, :prefix] = True
    for start, end in zip(starts, [*starts[1:], total], strict=True):
        sees[start:end, start:end] = True
    sees &= torch.ones(total, total, dtype=torch.bool).tril()
    mask = torch.where(sees, 0.0, NO_SIGHT)
    return Pack(
        tokens=torch.tensor([tokens]),
        positions=torch.tensor([positions]),
        mask=mask[None, None],
        samples=tuple(samples),
        indices=tuple(indices),
        prefix=prefix,
        starts=tuple(starts),
    )


def packs(
    samples: Sequence[Sample], limit: int = 768, own: Sequence[int] | None = None
) -> Iterator[Pack]:
    """Yield packs of at most about ``limit`` tokens; samples that begin alike lie together.

    ``own`` holds a position for each sample at which something of its own is added to the stream:
    such a token is not shared, even where the tokens are the same.
    """
    alike: dict[tuple[int, ...], list[int]] = {}
    for i, sample in enumerate(samples):
        alike.setdefault(sample.tokens[: min(HEAD, sample.prompt - 1)], []).append(i)

    def held(members: Sequence[int]) -> list[int]:
        return [] if own is None else [own[i] for i in members]

    for members in alike.values():
        prefix = common_prefix([samples[i] for i in members], held(members))
        group: list[int] = []
        size = prefix
        for i in members:
            rest = len(samples[i].tokens) - prefix
            if group and size + rest > limit:
                yield pack([samples[j] for j in group], group, held(group))
                group, size = [], prefix
            group.append(i)
            size += rest
        yield pack([samples[j] for j in group], group, held(group))
