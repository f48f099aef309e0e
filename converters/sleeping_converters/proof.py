"""Whether a working copy is the model that llama.cpp runs: both are asked for the same logits.

A conversion that is wrong in one place (an order of rows, an epsilon) still gives a fluent model;
only the distributions tell. They do so where they are sharp: a model that finds every token about
as likely agrees with any other, so the entropy is measured along.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from sleeping_converters.gguf_file import FLOATS
from sleeping_plugin.drift import log_softmax
from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.gguf_info import GGUFInfo, read_info
from sleeping_plugin.records import Array, Progress, Proof, silent
from sleeping_plugin.runtime import Runtime

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import TorchCopy

# Nats per token. llama.cpp rounds activations to 16 bits before a product with F16 weights, and to
# 8 bits before one with quantised weights; the copy rounds nothing.
FLOAT_LIMIT: Final = 1e-3
QUANTISED_LIMIT: Final = 1e-2
# Of a copy of the float master: what rounding to two bits or more does. Its weights are compared
# one by one as well (master.py); other models are several nats away.
MASTER_LIMIT: Final = 2.0
AGREEMENT: Final = 0.99  # of the most likely tokens, where weights are floats
_ROWS: Final = 32  # logits turned into probabilities at a time


def compare(reference: Array, found: Array, limit: float = FLOAT_LIMIT) -> Proof:
    """Return how far two sets of logits, (n, n_vocab) each, are apart."""
    divergence = agreed = entropy = 0.0
    for at in range(0, len(reference), _ROWS):
        p, q = log_softmax(reference[at : at + _ROWS]), log_softmax(found[at : at + _ROWS])
        chances = np.exp(p)
        divergence += float((chances * (p - q)).sum())
        agreed += float((p.argmax(axis=1) == q.argmax(axis=1)).sum())
        entropy -= float((chances * p).sum())
    count, choices = reference.shape
    return Proof(
        tokens=count,
        mean_kl=divergence / count,
        agreement=agreed / count,
        entropy=entropy / count / math.log(choices),
        limit=limit,
    )


def joined(proofs: Iterable[Proof]) -> Proof:
    """Return the figures over all tokens of several comparisons, of which there is at least one."""
    parts = list(proofs)
    total = sum(part.tokens for part in parts)

    def mean(values: Iterable[float]) -> float:
        return sum(v * part.tokens for v, part in zip(values, parts, strict=True)) / total

    return Proof(
        tokens=total,
        mean_kl=mean(part.mean_kl for part in parts),
        agreement=mean(part.agreement for part in parts),
        entropy=mean(part.entropy for part in parts),
        limit=parts[0].limit,
    )


def copy_logits(copy: TorchCopy, samples: Sequence[Sample]) -> Iterable[tuple[int, Array]]:
    """Yield the number of each sample and its logits, as a night computes them: (n, n_vocab)."""
    import torch

    from sleeping_plugin.engine.packing import packs

    for group in packs(samples):
        with torch.no_grad():
            hidden = copy.hidden(group)
            for i, index in enumerate(group.indices):
                places = [group.place(i, at) for at in range(len(group.samples[i].tokens))]
                yield index, copy.logits(hidden[places]).numpy()


def prove(
    base: Path, copy: TorchCopy, samples: Sequence[Sample], progress: Progress = silent
) -> Proof:
    """Compare ``copy`` with llama.cpp on ``base``, after every token of every sample."""
    limit = limit_of(read_info(base))
    longest = max(len(sample.tokens) for sample in samples)
    with Runtime(base, context=max(512, longest)) as runtime:
        parts = []
        for index, logits in copy_logits(copy, samples):
            parts.append(compare(runtime.logits(samples[index].tokens), logits, limit))
            progress("proof", len(parts) / len(samples))
    return joined(parts)


def limit_of(info: GGUFInfo) -> float:
    """Return the mean KL up to which a copy of this file counts as the same model."""
    quantised = any(tensor.type not in FLOATS for tensor in info.tensors)
    return QUANTISED_LIMIT if quantised else FLOAT_LIMIT
