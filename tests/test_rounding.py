"""The grids of quantised blocks, and rounding on them that keeps a low-rank change.

Run: pytest tests/test_rounding.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_converters.gguf_file import Bytes, read_rows, round_rows
from sleeping_converters.grids import has_grid, read_grid, widen, wider, write_grid
from sleeping_converters.rounding import cost, fit_scales, protect, settle_rows
from sleeping_plugin.records import Array, LowRank, SecondMoment

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


def reached(seed: int, rank: int = 24) -> SecondMoment:
    """Return what reaches a tensor: few directions, as activations lie, and a little of all."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(rank, LENGTH)) * np.geomspace(8, 0.5, rank)[:, None]
    return SecondMoment((root / np.sqrt(LENGTH)).astype(np.float32), 0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_a_grid_is_what_ggml_reads(kind: Type) -> None:
    raw = quantised(kind, 7, 1)
    grid = read_grid(raw, kind)
    np.testing.assert_allclose(grid.values, read_rows(raw, kind), rtol=1e-5, atol=1e-7)
    assert grid.lowest <= grid.codes.min() and grid.codes.max() <= grid.highest


@settings(deadline=None, max_examples=40)
@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 2**32 - 1))
def test_codes_and_scales_are_written_where_they_are_read(kind: Type, seed: int) -> None:
    raw = quantised(kind, 3, 2)
    grid = read_grid(raw, kind)
    assert np.array_equal(write_grid(raw, kind, grid), raw)
    rng = np.random.default_rng(seed)
    codes = rng.integers(grid.lowest, grid.highest, grid.codes.shape, endpoint=True)
    scales = (grid.scales * rng.uniform(0.5, 2, grid.scales.shape)).astype(np.float16)
    changed = replace(grid, codes=codes.astype(np.int16), scales=scales.astype(np.float64))
    written = write_grid(raw, kind, changed)
    again = read_grid(written, kind)
    assert np.array_equal(again.codes, codes)
    assert np.array_equal(again.scales, scales)
    assert np.array_equal(again.unit, grid.unit) and np.array_equal(again.least, grid.least)
    np.testing.assert_allclose(changed.values, read_rows(written, kind), rtol=1e-4, atol=1e-6)


def test_a_type_of_plain_numbers_has_no_grid() -> None:
    assert not has_grid(Type.F16) and not has_grid(Type.IQ4_XS)
    assert all(has_grid(kind) for kind in KINDS)


@pytest.mark.parametrize("kind", [Type.Q4_0, Type.Q4_1, Type.Q4_K])
def test_the_wider_type_holds_every_value(kind: Type) -> None:
    raw = quantised(kind, 5, 12)
    written = read_rows(widen(raw, kind), wider(kind))
    np.testing.assert_allclose(written, read_rows(raw, kind), rtol=1e-6, atol=1e-9)
    assert wider(kind) != kind and wider(Type.Q6_K) == Type.Q6_K


@pytest.mark.parametrize("kind", KINDS)
def test_products_with_what_reaches_a_tensor_come_through(kind: Type) -> None:
    raw = quantised(kind, 48, 3)
    weights = read_rows(raw, kind)
    change = learnt(weights, 4, 4)
    wanted = weights + change.b @ change.a
    plan = protect(reached(5))
    kept = settle_rows(read_grid(raw, kind), wanted, plan)

    def lost(values: Array) -> float:
        """Return the error of the products, beside what the night changed of them."""
        root = plan.directions.T
        error = np.linalg.norm((values - wanted) @ root)
        return float(error / np.linalg.norm(change.b @ change.a @ root))

    written = read_rows(write_grid(raw, kind, kept), kind)
    plain = read_rows(round_rows(wanted, kind).reshape(raw.shape), kind)
    assert lost(written) < 0.45 * lost(plain)
    moved = np.linalg.norm(written - weights) / np.linalg.norm(weights)
    assert moved < 0.07


@pytest.mark.parametrize("kind", [Type.Q4_1, Type.Q4_0, Type.Q4_K])
def test_scales_alone_are_the_least_squares(kind: Type) -> None:
    """No small step of a scale in either direction lowers the cost."""
    raw = quantised(kind, 3, 8)
    change = learnt(read_rows(raw, kind), 4, 9)
    wanted = (read_rows(raw, kind) + change.b @ change.a).astype(np.float64)
    plan = protect(reached(10))
    best = fit_scales(read_grid(raw, kind), wanted, plan)
    least = cost(best, wanted, plan)
    assert (least < cost(read_grid(raw, kind), wanted, plan)).all()
    rng = np.random.default_rng(11)
    for sign in (-1, 1):  # steps of a hundredth, far beyond what float16 rounds away
        nudged = best.scales * (1 + sign * 0.01 * (rng.random(best.scales.shape) < 0.1))
        assert (cost(replace(best, scales=nudged), wanted, plan) >= least).all()


def test_nothing_learnt_is_the_base() -> None:
    raw = quantised(Type.Q4_1, 8, 5)
    kept = settle_rows(read_grid(raw, Type.Q4_1), read_rows(raw, Type.Q4_1), protect(reached(6)))
    assert np.array_equal(write_grid(raw, Type.Q4_1, kept), raw)


def test_rows_are_rounded_alone_so_that_they_can_come_in_pieces() -> None:
    raw = quantised(Type.Q4_1, 9, 6)
    rows = read_rows(raw, Type.Q4_1)
    change = learnt(rows, 3, 7)
    plan, grid = protect(reached(7)), read_grid(raw, Type.Q4_1)
    rows = rows + change.b @ change.a
    whole = settle_rows(grid, rows, plan)
    parts = [
        settle_rows(read_grid(raw[i : i + 4], Type.Q4_1), rows[i : i + 4], plan) for i in (0, 4, 8)
    ]
    assert np.array_equal(whole.codes, np.concatenate([part.codes for part in parts]))
    np.testing.assert_allclose(whole.scales, np.concatenate([part.scales for part in parts]))


def test_each_step_is_the_best_answer_to_the_errors_before_it() -> None:
    """Against the normal equations, solved anew for every column."""
    rng = np.random.default_rng(8)
    ridge = 0.2
    plan = protect(SecondMoment(rng.normal(size=(3, 32)).astype(np.float32), ridge))
    r = rng.normal(size=3)
    for place in (0, 7, 31):
        free = list(plan.order[place:])
        a = plan.directions[:, free]
        best = np.linalg.solve(a.T @ a + ridge * np.eye(len(free)), -a.T @ r)
        assert -plan.mend[place] @ r == pytest.approx(best[0], rel=1e-6)
