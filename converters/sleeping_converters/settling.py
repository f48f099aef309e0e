"""A night's change on the base's grid, or on one that holds it: rounded, and written."""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sleeping_converters.gguf_file import Bytes, Change, changed_rows
from sleeping_converters.grids import has_grid, read_grid, widen, wider, write_grid
from sleeping_converters.rounding import Protection, protect, settle_rows
from sleeping_plugin.engine.grid import Grid
from sleeping_plugin.errors import UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo
from sleeping_plugin.records import Array, Progress, SecondMoment, Settled

# Rounded at a time on each core. Columns come one by one, so that many rows make fewer calls, and
# a million weights take some 150 MB of float64; so do the normal equations of all d and m of a row,
# where its blocks are small and many.
_WEIGHTS: Final = 1 << 20
_NORMAL: Final = 1 << 24
_ROWS: Final = 256


def round_tensors(
    info: GGUFInfo,
    types: Mapping[str, int],
    change: Change,
    moments: Mapping[str, SecondMoment],
    progress: Progress,
) -> dict[str, tuple[Grid, NDArray[np.int8]]]:
    """Return the grid of each tensor of ``types`` that can settle there, and how codes moved."""
    plans: dict[int, Protection] = {}  # tensors with the same input share one
    rounded = {}
    for done, (name, kind) in enumerate(sorted(types.items())):
        tensor, moment = info.tensor(name), moments[name]
        if not settles(tensor, kind):
            continue
        if id(moment) not in plans:
            plans[id(moment)] = protect(moment)
        pieces = list(_rounded(tensor, kind, change, plans[id(moment)]))
        before, after = (_joined([pair[i] for pair in pieces]) for i in (0, 1))
        rounded[name] = after, (after.codes - before.codes).astype(np.int8)
        progress("rounding", (done + 1) / len(types))
    return rounded


def settles(tensor: TensorInfo, kind: int) -> bool:
    """Tell whether a tensor's grid is held by that of ``kind``."""
    return kind in (tensor.type, wider(tensor.type)) and has_grid(kind)


def _rounded(
    tensor: TensorInfo, kind: int, change: Change, plan: Protection
) -> Iterator[tuple[Grid, Grid]]:
    """Yield pieces of the tensor, as the base has them and rounded."""

    def settle(_first: int, raw: Bytes, rows: Array) -> tuple[Grid, Grid]:
        grid = read_grid(_in_type(tensor, raw, kind), kind)
        return grid, settle_rows(grid, rows, plan)

    with (
        tensor.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        scales = 2 * tensor.shape[0] // GGML_QUANT_SIZES[GGMLQuantizationType(kind)][0]
        step = max(1, min(_ROWS, _WEIGHTS // tensor.shape[0], _NORMAL // scales**2))
        # Pieces are worked on side by side: threads within their small products only wait.
        with threadpool_limits(1, user_api="blas"):
            yield from changed_rows(tensor, data, change, settle, step)


def _in_type(tensor: TensorInfo, raw: Bytes, kind: int) -> Bytes:
    return raw if kind == tensor.type else widen(raw, tensor.type)


def _joined(pieces: list[Grid]) -> Grid:
    return replace(
        pieces[0],
        codes=np.concatenate([one.codes for one in pieces]),
        scales=np.concatenate([one.scales for one in pieces]),
        unit=np.concatenate([one.unit for one in pieces]),
        shift=np.concatenate([one.shift for one in pieces]),
        least=np.concatenate([one.least for one in pieces]),
    )


def settled_rows(tensor: TensorInfo, raw: Bytes, kind: int, first: int, settled: Settled) -> Bytes:
    """Return the base's rows ``raw``, from row ``first`` on, in ``kind`` as ``settled`` has them.

    Raises UnsupportedModel if that is of another tensor.
    """
    raw = _in_type(tensor, raw, kind)
    grid = read_grid(raw, kind)
    own = slice(first, first + len(raw))
    moves, scales = settled.moves[own], settled.scales[own].astype(np.float64)
    if moves.shape != grid.codes.shape or scales.shape != grid.scales.shape:
        raise UnsupportedModel(
            f"What was settled for {tensor.name} does not fit it. Use the model it was made for."
        )
    return write_grid(raw, kind, replace(grid, codes=grid.codes + moves, scales=scales))
