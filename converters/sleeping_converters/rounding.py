"""Rounding that keeps what was learnt, on the very grid of the base.

A night changes a weight by a twentieth of a step of 4 bits, so rounded to nearest nearly every
weight falls back to where it was: the file is the base again. But a matrix is only ever multiplied
with the activations that reach it, and those lie along few directions. So what is kept small is
not the error of the weights but that of the products, ``|D e|^2 + ridge |e|^2`` for each row's
error ``e``, where ``D^T D`` is what is known of the second moment of the activations. In turn:

- the scales of the base's blocks, d and m, move by a hair: least squares, a closed form for a row;
- codes move by one where that helps, each with the errors made before it in mind, so that they
  cancel along D (error compensation: Frantar et al. 2022, GPTQ, eq. 2 and 3).

The base's own weights are a point of its grid, without any error: nothing learnt changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sleeping_plugin.engine.grid import Grid
from sleeping_plugin.records import Array, SecondMoment

Wide = NDArray[np.float64]

_DAMPING: Final = 1e-4  # pull of d and m towards the base's, relative to what decides them
_PANEL: Final = 64  # columns whose errors are collected before the rest hears of them


@dataclass(frozen=True, slots=True)
class Protection:
    """What must come through of a tensor, and in which order its columns are rounded."""

    directions: Wide  # D, (rank, n)
    ridge: float
    order: NDArray[np.intp]  # of the columns, heavy ones first
    mend: Wide  # (n, rank): a column's answer to the errors so far, in that order


def protect(moment: SecondMoment) -> Protection:
    """Return how to keep the products of rows with what reaches their tensor.

    When the columns R are still free, errors ``r = sum e_i d_i`` so far are mended best by moving
    column j of them by ``-d_j^T G r`` with ``G = (ridge I + D_R D_R^T)^-1``, which minimises
    ``|r + D_R x|^2 + ridge |x|^2``. G is kept by rank-one steps (Sherman and Morrison 1950) from
    the last column backwards.
    """
    wide, ridge = np.asarray(moment.root, dtype=np.float64), moment.rest
    rank, n = wide.shape
    order = np.argsort(-np.sum(wide**2, axis=0), kind="stable")
    mend = np.zeros((n, rank))
    inverse = np.eye(rank) / ridge
    for place in range(n - 1, -1, -1):
        column = wide[:, order[place]]
        v = inverse @ column
        mend[place] = v / (1 + v @ column)
        inverse -= np.multiply.outer(v, mend[place])
    return Protection(wide, ridge, order, mend)


def settle_rows(grid: Grid, rows: Array, protection: Protection) -> Grid:
    """Return ``rows`` (rows, n) on the grid that the base's rows lie on.

    A row that would come no nearer than the base's own stays that.
    """
    wanted = rows.astype(np.float64)
    kept = fit_scales(grid, wanted, protection)
    kept = replace(kept, codes=_codes(kept, wanted, protection))
    kept = fit_scales(kept, wanted, protection)
    better = cost(kept, wanted, protection) < cost(grid, wanted, protection)
    return replace(
        kept,
        codes=np.where(better[:, None], kept.codes, grid.codes),
        scales=np.where(better[:, None, None], kept.scales, grid.scales),
    )


def cost(grid: Grid, wanted: Wide, protection: Protection) -> Wide:
    """Return ``|D e|^2 + ridge |e|^2`` of each row's error e: (rows,)."""
    errors = grid.values - wanted
    along = errors @ protection.directions.T
    return np.asarray((along**2).sum(1) + protection.ridge * (errors**2).sum(1))


def fit_scales(grid: Grid, wanted: Wide, protection: Protection) -> Grid:
    """Return the grid with the d and m that bring its values nearest to ``wanted`` (rows, n).

    Weights are linear in all d and m of a row: ``w = B p``, so the p with the least cost is that of
    the normal equations of ``[D; sqrt(ridge) I] B``.
    """
    rows, blocks, n_scales = grid.scales.shape
    width = grid.codes.shape[1] // blocks
    spread = [np.repeat(x, grid.group, axis=2) for x in (grid.unit, grid.shift, grid.least)]
    codes = grid.codes.reshape(rows, blocks, width)
    parts = [spread[0] * codes + spread[1], spread[2]][:n_scales]
    by_block = protection.directions.reshape(-1, blocks, width).transpose(1, 2, 0)
    seen = np.stack(  # D B, (rows, blocks, scales, rank)
        [np.matmul(part.transpose(1, 0, 2), by_block).transpose(1, 0, 2) for part in parts], 2
    ).reshape(rows, blocks * n_scales, -1)
    missing = wanted - grid.values
    normal = seen @ seen.transpose(0, 2, 1)
    right = np.matmul(seen, (missing @ protection.directions.T)[:, :, None])[..., 0]
    columns = np.stack(parts, 2)  # (rows, blocks, scales, width)
    own = protection.ridge * (columns @ columns.transpose(0, 1, 3, 2))
    parted = normal.reshape(rows, blocks, n_scales, blocks, n_scales)
    every = np.arange(blocks)
    parted[:, every, :, every] += own.transpose(1, 0, 2, 3)
    near = np.matmul(columns, missing.reshape(rows, blocks, width, 1))
    right += protection.ridge * near.reshape(rows, -1)
    diagonal = np.einsum("rii->ri", normal)
    diagonal += _DAMPING * diagonal + np.finfo(np.float32).tiny  # empty groups decide nothing
    moved = np.linalg.solve(normal, right[..., None]).reshape(grid.scales.shape)
    scales = (grid.scales + moved).astype(np.float16).astype(np.float64)
    return replace(grid, scales=np.where(np.isfinite(scales), scales, grid.scales))


def _codes(grid: Grid, wanted: Wide, protection: Protection) -> NDArray[np.int16]:
    """Return the codes of ``wanted`` (rows, n), column after column, errors made good by the next.

    Within a panel of columns their errors are answered one by one, beyond it by one product.
    """
    order = protection.order
    step, low = np.ascontiguousarray(grid.step.T), np.ascontiguousarray(grid.low.T)
    codes, aim = np.ascontiguousarray(grid.codes.T), np.ascontiguousarray(wanted.T)
    along = np.zeros((len(protection.directions), len(wanted)))  # r, of every row
    for first in range(0, len(order), _PANEL):
        panel = order[first : first + _PANEL]
        mend = protection.mend[first : first + _PANEL]
        answers = mend @ protection.directions[:, panel]  # of a column to another's error
        steps, lows = step[panel // grid.group], low[panel // grid.group]
        free = steps != 0  # a group of one value has its error whatever the codes
        safe, base = np.where(free, steps, 1.0), lows - aim[panel]
        offsets = -base - mend @ along  # of the aims, from the value of code 0
        found, errors = np.empty_like(base), np.empty_like(base)
        for i in range(len(panel)):
            code = np.divide(offsets[i] - answers[i, :i] @ errors[:i], safe[i], out=found[i])
            np.rint(code, out=code)
            np.maximum(code, grid.lowest, out=code)
            np.minimum(code, grid.highest, out=code)
            np.multiply(steps[i], code, out=errors[i])
            errors[i] += base[i]
        codes[panel] = np.where(free, found, codes[panel])
        along += protection.directions[:, panel] @ errors
    return np.ascontiguousarray(codes.T)
