"""Packing: many short chats in one sequence that computes their common prefix once.

All chats of a model begin with the same system prompt, which is often longer than the question.
A pack is ``prefix + rest of sample 1 + rest of sample 2 + ...``, with the position each token has
in its own chat and a layout that lets every rest see the prefix and itself. What does not begin
like the others, such as prose, lies there whole. Logits are those of the samples run one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from sleeping_plugin.engine.backend import Sample

LIMIT = 800  # tokens of a pack: bounds the memory of a step
HEAD = 8  # samples with the same first tokens share a prefix
NO_SIGHT = -1e9  # added to attention scores; finite, so that a fully masked row stays finite


@dataclass(frozen=True, slots=True)
class Layout:
    """Who sees whom in a pack of T tokens, of which P are the prefix."""

    prefix: int  # P
    rest: torch.Tensor  # (n, R) int64: places of each sample's own tokens, padded with any place
    sight: torch.Tensor  # (n, R, P + R) float32, added to the scores of own tokens
    back: torch.Tensor  # (T - P,) int64: where in the flattened (n, R) each own token lies
    causal: torch.Tensor  # (P, P) float32, added to the scores of the prefix

    def within(self, window: int) -> Layout:
        """Return the layout in which a token sees itself and the ``window - 1`` before it."""
        width = self.rest.shape[1]
        if self.prefix + width <= window:  # no chat is longer
            return self
        # Own tokens follow the prefix; those of a sample without it do not see it anyway.
        place = torch.arange(self.prefix + width)
        far = (place[:, None] - place) >= window
        own, first = far[self.prefix :], far[: self.prefix, : self.prefix]
        return replace(
            self,
            sight=self.sight.masked_fill(own, NO_SIGHT),
            causal=self.causal.masked_fill(first, NO_SIGHT),
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """Samples laid out in one sequence of T tokens."""

    tokens: torch.Tensor  # (1, T) int64
    positions: torch.Tensor  # (1, T) int64, position in the own chat
    layout: Layout
    samples: tuple[Sample, ...]
    indices: tuple[int, ...]  # place of each sample in the sequence that was packed
    shared: tuple[int, ...]  # how many of its tokens each sample has in the prefix: P or none
    starts: tuple[int, ...]  # where in T the rest of each sample begins

    def place(self, sample: int, position: int) -> int:
        """Return where in T the token ``position`` of the sample lies."""
        if position < self.shared[sample]:
            return position
        return self.starts[sample] + position - self.shared[sample]

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
            "layout": self.layout,
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


def pack(samples: Sequence[Sample], indices: Sequence[int], shared: Sequence[int]) -> Pack:
    """Lay out ``samples`` in one sequence; each has ``shared`` tokens, P or none, in the prefix."""
    prefix = max(shared)
    first = samples[shared.index(prefix)]
    tokens = list(first.tokens[:prefix])
    positions = list(range(prefix))
    starts = []
    for sample, held in zip(samples, shared, strict=True):
        starts.append(len(tokens))
        tokens += sample.tokens[held:]
        positions += range(held, len(sample.tokens))
    return Pack(
        tokens=torch.tensor([tokens]),
        positions=torch.tensor([positions]),
        layout=lay_out(prefix, [*starts, len(tokens)], shared),
        samples=tuple(samples),
        indices=tuple(indices),
        shared=tuple(shared),
        starts=tuple(starts),
    )


def lay_out(prefix: int, bounds: Sequence[int], shared: Sequence[int]) -> Layout:
    """Return who sees whom: sample ``i`` lies at ``bounds[i]:bounds[i + 1]`` after the prefix."""
    starts = torch.tensor(bounds[:-1])
    lengths = torch.tensor(bounds[1:]) - starts
    count, width = len(shared), int(lengths.max())
    steps = torch.arange(width)
    real = steps < lengths[:, None]  # (n, R)
    to_prefix = (torch.tensor(shared) > 0)[:, None, None].expand(count, width, prefix)
    to_self = (steps <= steps[:, None]).expand(count, width, width)
    sees = torch.cat([to_prefix, to_self], -1)
    return Layout(
        prefix=prefix,
        rest=torch.where(real, starts[:, None] + steps, starts[:, None]),
        sight=torch.where(sees, 0.0, NO_SIGHT),
        back=real.flatten().nonzero()[:, 0],
        causal=torch.full((prefix, prefix), NO_SIGHT).triu(1),
    )


def packs(
    samples: Sequence[Sample], limit: int = LIMIT, own: Sequence[int] | None = None
) -> Iterator[Pack]:
    """Yield packs of at most about ``limit`` tokens; the samples that most begin alike come first.

    ``own`` holds a position for each sample at which something of its own is added to the stream:
    such a token is not shared, even where the tokens are the same.
    """
    heads = [sample.tokens[: min(HEAD, sample.prompt - 1)] for sample in samples]
    common = Counter(heads).most_common(1)[0][0] if heads else ()
    alike = [i for i, head in enumerate(heads) if head == common]
    others = [i for i, head in enumerate(heads) if head != common]
    held = [] if own is None else [own[i] for i in alike]
    prefix = common_prefix([samples[i] for i in alike], held) if alike else 0
    group: list[int] = []
    shared: list[int] = []
    size = 0
    for i, part in [*((i, prefix) for i in alike), *((i, 0) for i in others)]:
        rest = len(samples[i].tokens) - part
        if group and size + rest > limit:
            yield pack([samples[j] for j in group], group, shared)
            group, shared, size = [], [], 0
        size += rest if group else rest + part  # the prefix counts once
        group.append(i)
        shared.append(part)
    if group:
        yield pack([samples[j] for j in group], group, shared)
