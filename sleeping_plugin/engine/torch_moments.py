"""Second moments of what reaches a tensor, of low rank and in one pass over the samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.records import SecondMoment

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import TorchCopy

_OVER = 16  # columns of a sketch beyond the rank that is kept


@torch.no_grad()
def moments(
    copy: TorchCopy,
    tensors: Sequence[str],
    groups: Sequence[Sequence[Sample]],
    rank: int,
    seed: int,
) -> dict[str, SecondMoment]:
    """Return what reaches each tensor, every group of samples with the same weight."""
    same = _same_input(copy, tensors, groups[0][:1])
    sources = sorted(set(same.values()))
    noise = {n: _noise(n, rank + _OVER, seed) for n in {_width(copy, name) for name in sources}}
    sketches: dict[str, torch.Tensor] = {}
    for group in groups:
        found = {name: torch.zeros_like(noise[_width(copy, name)]) for name in sources}
        traces = dict.fromkeys(sources, 0.0)
        for _, inputs in copy.inputs(sources, group):
            for name, keys in inputs.items():
                wide = keys.double()
                found[name] += wide.T @ (wide @ noise[wide.shape[1]])
                traces[name] += float((wide * wide).sum())
        for name, sketch in found.items():
            scaled = sketch * (len(sketch) / max(traces[name], 1e-30))
            sketches[name] = sketches[name] + scaled if name in sketches else scaled
    roots = {
        name: nystrom(
            sketches[name].numpy(),
            noise[_width(copy, name)].numpy(),
            rank,
            float(len(groups) * _width(copy, name)),
        )
        for name in sources
    }
    return {name: roots[same[name]] for name in tensors}


def nystrom(
    sketch: NDArray[np.float64], noise: NDArray[np.float64], rank: int, trace: float
) -> SecondMoment:
    """Return C of low rank from ``sketch = C noise``, (n, p) each; the rest of its trace is even.

    Tropp et al. 2017, Fixed-rank approximation of a positive-semidefinite matrix from streaming
    data, algorithm 3.
    """
    n = len(sketch)
    if not sketch.any():  # nothing reaches it
        return SecondMoment(np.zeros((rank, n), dtype=np.float32), trace / n)
    nudge = np.finfo(np.float32).eps * np.linalg.norm(sketch)
    moved = sketch + nudge * noise
    core = noise.T @ moved
    lower = np.linalg.cholesky((core + core.T) / 2)
    vectors, values, _ = np.linalg.svd(np.linalg.solve(lower, moved.T).T, full_matrices=False)
    kept = np.maximum(values[:rank] ** 2 - nudge, 0)
    rest = max(trace - float(kept.sum()), 1e-3 * trace) / max(n - rank, 1)
    root = (vectors[:, :rank] * np.sqrt(np.maximum(kept - rest, 0))).T
    return SecondMoment(root.astype(np.float32), rest)


def _noise(n: int, columns: int, seed: int) -> torch.Tensor:
    """Return orthonormal columns in random directions: (n, columns or n)."""
    drawn = np.random.default_rng(seed).normal(size=(n, min(columns, n)))
    return torch.from_numpy(np.linalg.qr(drawn)[0])


def _same_input(
    copy: TorchCopy, tensors: Sequence[str], samples: Sequence[Sample]
) -> dict[str, str]:
    """Return for each tensor the first one that is given the very same activations."""
    first: dict[int, str] = {}
    same: dict[str, str] = {}
    for _, inputs in copy.inputs(tensors, samples):
        for name, keys in inputs.items():  # all are alive, so that no two lie in one place
            same[name] = first.setdefault(keys.data_ptr(), name)
    return same


def _width(copy: TorchCopy, tensor: str) -> int:
    return copy.linear(tensor).in_features
