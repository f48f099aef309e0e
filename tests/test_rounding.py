"""The grids of quantised blocks, and rounding on them that keeps a low-rank change.

Run: pytest tests/test_rounding.py
"""

from __future__ import annotations

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_converters.gguf_file import Bytes, read_rows, round_rows
from sleeping_converters.grids import read_grid, write_codes
from sleeping_converters.rounding import protect, round_to_grid
from sleeping_plugin.records import Array, LowRank

KINDS = [Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.Q8_0, Type.Q4_K, Type.Q5_K, Type.Q6_K]
LENGTH = 512


def quantised(kind: int, rows: int, seed: int) -> Bytes:
    """Return rows in a type, of weights as models have them."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(rows, LENGTH)) * np.exp(rng.normal(size=(rows, 1)))
    return np.ascontiguousarray(round_rows(weights.astype(np.float32), kind)).reshape(rows, -1)


def learnt(weights: Array, rank: int, seed: int) -> LowRank:
    """Return a change a fiftieth of the weights: far less than a step of 4 bits."""
    rng = np.random.default_rng(seed)
    b, a = rng.normal(size=(len(weights), rank)), rng.normal(size=(rank, LENGTH))
    size = 0.02 * np.linalg.norm(weights) / np.linalg.norm(b @ a)
    return LowRank(a.astype(np.float32), (b * size).astype(np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_grid_is_what_ggml_reads(kind: Type) -> None:
    raw = quantised(kind, 7, 1)
    grid = read_grid(raw, kind)
    assert grid is not None
    wide = [np.repeat(part, grid.group, axis=1) for part in (grid.low, grid.step)]
    np.testing.assert_allclose(wide[0] + wide[1] * grid.codes, read_rows(raw, kind), rtol=1e-5)
    assert grid.lowest <= grid.codes.min() and grid.codes.max() <= grid.highest


@settings(deadline=None, max_examples=40)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32 - 1))
def test_codes_are_written_where_they_are_read(kind: Type, seed: int) -> None:
    raw = quantised(kind, 3, 2)
    grid = read_grid(raw, kind)
    assert grid is not None
    assert np.array_equal(write_codes(raw, kind, grid.codes), raw)
    rng = np.random.default_rng(seed)
    codes = rng.integers(grid.lowest, grid.highest, grid.codes.shape, endpoint=True)
    again = read_grid(write_codes(raw, kind, codes.astype(np.int16)), kind)
    assert again is not None
    assert np.array_equal(again.codes, codes)
    assert np.array_equal(again.step, grid.step) and np.array_equal(again.low, grid.low)


def test_a_type_of_plain_numbers_has_no_grid() -> None:
    raw = np.zeros((2, 2 * LENGTH), dtype=np.uint8)
    assert read_grid(raw, Type.F16) is None
    rows = np.zeros((2, LENGTH), dtype=np.float32)
    change = LowRank(np.ones((1, LENGTH), np.float32), np.ones((2, 1), np.float32))
    rounded = round_to_grid(raw, Type.F16, rows + 0.1, protect(change))
    assert np.array_equal(rounded, round_rows(rows + 0.1, Type.F16))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_learnt_comes_through_and_rounding_to_nearest_loses_it(kind: Type) -> None:
    raw = quantised(kind, 48, 3)
    weights = read_rows(raw, kind)
    change = learnt(weights, 4, 4)
    wanted = weights + change.b @ change.a
    kept = round_to_grid(raw, kind, wanted, protect(change))

    def lost(rounded: Bytes) -> float:
        error = read_rows(rounded, kind) - wanted
        size = np.linalg.norm(change.b @ change.a @ change.a.T)
        return float(np.linalg.norm(error @ change.a.T) / size)

    plain = lost(np.ascontiguousarray(round_rows(wanted, kind)).reshape(raw.shape))
    assert lost(kept) < 0.35 and lost(kept) < plain
    if kind in (Type.Q4_0, Type.Q4_1, Type.Q4_K):
        assert plain > 0.5
    moved = np.linalg.norm(read_rows(kept, kind) - weights) / np.linalg.norm(weights)
    assert moved < 0.07


def test_nothing_learnt_is_the_base_byte_for_byte() -> None:
    raw = quantised(Type.Q4_1, 8, 5)
    nothing = LowRank(np.zeros((1, LENGTH), np.float32), np.zeros((8, 1), np.float32))
    rows = read_rows(raw, Type.Q4_1)
    kept = round_to_grid(raw, Type.Q4_1, rows, protect(nothing))
    assert np.array_equal(kept, raw)


def test_rows_are_rounded_alone_so_that_they_can_come_in_pieces() -> None:
    raw = quantised(Type.Q4_1, 9, 6)
    rows = read_rows(raw, Type.Q4_1)
    change = learnt(rows, 3, 7)
    plan = protect(change)
    rows = rows + change.b @ change.a
    whole = round_to_grid(raw, Type.Q4_1, rows, plan)
    parts = [round_to_grid(raw[i : i + 4], Type.Q4_1, rows[i : i + 4], plan) for i in (0, 4, 8)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_each_step_is_the_best_answer_to_the_errors_before_it() -> None:
    """Against the normal equations, solved anew for every column."""
    rng = np.random.default_rng(8)
    change = LowRank(rng.normal(size=(3, 32)).astype(np.float32), np.ones((1, 3), np.float32))
    plan, ridge = protect(change, 0.2), 0.2
    r = rng.normal(size=3)
    for place in (0, 7, 31):
        free = list(plan.order[place:])
        a = plan.directions[:, free]
        best = np.linalg.solve(a.T @ a + ridge * np.eye(len(free)), -a.T @ r)
        assert -plan.mend[free[0]] @ r == pytest.approx(best[0], rel=1e-6)
