"""How far a version has moved from its base on text that neither was asked about."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sleeping_plugin.records import Array, Progress
from sleeping_plugin.runtime import Runtime

WINDOW: Final = 512  # tokens, each window from an empty context
_ROWS: Final = 64  # logits turned into probabilities at a time


@dataclass(frozen=True, slots=True)
class Drift:
    """Figures over all tokens but the first of each window; NaN where nothing was measured."""

    base_perplexity: float
    perplexity_change: float  # relative: 0.05 is five per cent worse
    mean_kl: float  # KL(base || version) in nats per token
    tokens: int


def measure_drift(before: Runtime, after: Runtime, text: str, progress: Progress) -> Drift:
    """Compare the next-token distributions of two running models, exactly."""
    tokens = before.tokenize([text], special=False)[0]
    first = [before.info.bos] if before.info.add_bos else []
    size = min(WINDOW, before.info.context, after.info.context) - len(first)
    base_loss = rise = divergence = 0.0
    count = 0
    for start in range(0, len(tokens), size):
        progress("drift", start / len(tokens))
        window = first + tokens[start : start + size]
        if len(window) < 2:
            continue
        old, new = before.logits(window), after.logits(window)
        for row in range(0, len(window) - 1, _ROWS):
            rows = slice(row, min(row + _ROWS, len(window) - 1))
            p, q = log_softmax(old[rows]), log_softmax(new[rows])
            at = np.arange(len(p)), np.array(window[rows.start + 1 : rows.stop + 1])
            base_loss -= float(p[at].sum())
            rise += float((p[at] - q[at]).sum())
            divergence += float((np.exp(p) * (p - q)).sum())
        count += len(window) - 1
    progress("drift", 1.0)
    if not count:
        return Drift(math.nan, math.nan, math.nan, 0)
    return Drift(_exp(base_loss / count), _exp(rise / count) - 1, divergence / count, count)


def log_softmax(logits: Array) -> NDArray[np.float64]:
    """Return log probabilities: (n, n_vocab) -> (n, n_vocab)."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    wide -= np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return wide


def _exp(value: float) -> float:
    return math.inf if value > 700 else math.exp(value)  # NaN stays NaN
