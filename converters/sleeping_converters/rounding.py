"""Rounding that keeps a low-rank change, on the very grid of the base.

A night changes a weight by a twentieth of a step of 4 bits, so rounded to nearest nearly every
weight falls back to where it was: the file is the base again. What the change ``b a`` does is read
from few directions of the input, the rows of ``a``. Here each weight is rounded with the errors
made before it in mind, so that along those directions they cancel (error compensation: Frantar et
al. 2022, GPTQ, eq. 2 and 3, with the Hessian ``A^T A + ridge I``). A few codes in a hundred move by
one; every scale and every byte of the other tensors stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sleeping_converters.gguf_file import Bytes, read_rows, round_rows
from sleeping_converters.grids import Grid, read_grid, write_codes
from sleeping_plugin.records import Array, LowRank

RIDGE: Final = 0.03  # weight of noise in any direction, beside errors along the change's own

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Protection:
    """What must come through of a tensor, and in which order its columns are rounded."""

    directions: Wide  # A, (rank, n): unit rows
    order: tuple[int, ...]  # of the columns, light ones first: a step of a heavy one mends many
    mend: Wide  # (n, rank): a column's answer to the errors so far
    ridge: float


def protect(change: LowRank, ridge: float = RIDGE) -> Protection:
    """Return how to round ``W + b a`` so that its product with the rows of ``a`` stays.

    When the columns R are still free, errors ``r = sum e_i a_i`` so far are mended best by moving
    column j of them by ``-a_j^T G r`` with ``G = (ridge I + A_R A_R^T)^-1``, which minimises
    ``|r + A_R d|^2 + ridge |d|^2``. G is kept by rank-one steps (Sherman and Morrison 1950) from
    the last column backwards, with sums in a fixed order: the bytes are the same everywhere.
    """
    a = np.asarray(change.a, dtype=np.float64)
    norms = np.sqrt(_summed(a.T**2))
    directions = a[norms > 0] / norms[norms > 0, None]
    rank, n = directions.shape
    order = tuple(np.argsort(_summed(directions**2), kind="stable").tolist())
    mend = np.zeros((n, rank))
    inverse = np.eye(rank) / ridge
    for j in reversed(order):
        column = directions[:, j]
        v = _summed(inverse.T * column[:, None])
        mend[j] = v / (1 + float(_summed((v * column)[:, None])[0]))
        inverse -= np.multiply.outer(v, mend[j])
    return Protection(directions, order, mend, ridge)


def _summed(terms: Wide) -> Wide:
    """Return the sum over the first axis, term by term: no library chooses the order."""
    total = np.zeros(terms.shape[1:])
    for term in terms:
        total += term
    return total


def round_to_grid(raw: Bytes, kind: int, rows: Array, protection: Protection) -> Bytes:
    """Return ``rows`` (rows, n) on the grid of the base's rows ``raw``.

    A row whose change leaves the grid, or whose type has none, is rounded to nearest.
    """
    plain = round_rows(rows, kind).reshape(raw.shape)
    grid = read_grid(raw, kind)
    if grid is None:
        return plain
    kept = write_codes(raw, kind, _codes(grid, rows, protection))
    better = _cost(kept, kind, rows, protection) <= _cost(plain, kind, rows, protection)
    return np.where(better[:, None], kept, plain)


def _cost(rounded: Bytes, kind: int, rows: Array, protection: Protection) -> Wide:
    """Return ``|A e|^2 + ridge |e|^2`` of each row's error e: (rows,)."""
    errors = (read_rows(rounded, kind) - rows).T.astype(np.float64)  # (n, rows)
    along = np.zeros((len(protection.directions), errors.shape[1]))
    for j, error in enumerate(errors):
        along += protection.directions[:, j, None] * error
    return _summed(along**2) + protection.ridge * _summed(errors**2)


def _codes(grid: Grid, rows: Array, protection: Protection) -> NDArray[np.int16]:
    wanted = np.ascontiguousarray(rows.T, dtype=np.float64)  # (n, rows)
    step, low = np.ascontiguousarray(grid.step.T), np.ascontiguousarray(grid.low.T)
    safe = np.where(step == 0, 1.0, step)
    codes = np.ascontiguousarray(grid.codes.T)
    errors = np.zeros((len(protection.directions), wanted.shape[1]))  # r, of every row
    for j in protection.order:
        at, target = j // grid.group, wanted[j]
        aim = target - _summed(protection.mend[j][:, None] * errors)
        code = np.clip(np.rint((aim - low[at]) / safe[at]), grid.lowest, grid.highest)
        codes[j] = np.where(step[at] == 0, codes[j], code)
        errors += protection.directions[:, j, None] * (low[at] + step[at] * codes[j] - target)
    return np.ascontiguousarray(codes.T)
