"""Perplexity and KL against closed forms and on the real model. Run: pytest tests/test_drift.py"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from sleeping_plugin.drift import log_softmax, measure_drift
from sleeping_plugin.records import Array, silent
from sleeping_plugin.runtime import Runtime

TEXT = "The old bridge was closed in spring, and the ferry carried everyone across the river."


class Table:
    """A runtime whose logits depend on the token alone."""

    def __init__(self, table: Array, *, context: int = 2048, add_bos: bool = False) -> None:
        self.table = table
        self.info = SimpleNamespace(context=context, add_bos=add_bos, bos=0)
        self.windows: list[list[int]] = []

    def tokenize(self, texts: Sequence[str], special: bool = True) -> list[list[int]]:
        return [[int(letter) for letter in text] for text in texts]

    def logits(self, tokens: Sequence[int]) -> Array:
        self.windows.append(list(tokens))
        return np.asarray(self.table[list(tokens)])


def make_table(seed: int) -> Array:
    return np.random.default_rng(seed).normal(size=(10, 10)).astype(np.float32) * 2


def measure(before: Table, after: Table, text: str) -> Any:
    return measure_drift(cast(Runtime, before), cast(Runtime, after), text, silent)


def test_the_figures_are_those_of_the_definitions() -> None:
    before, after = Table(make_table(1)), Table(make_table(2))
    digits = "314159265358979323846264338327950288419716939937510" * 4
    drift = measure(before, after, digits)
    tokens = [int(d) for d in digits]
    p = [np.exp(row) / np.exp(row).sum() for row in before.table.astype(np.float64)]
    q = [np.exp(row) / np.exp(row).sum() for row in after.table.astype(np.float64)]
    pairs = list(pairwise(tokens))
    old = math.exp(-np.mean([np.log(p[a][b]) for a, b in pairs]))
    new = math.exp(-np.mean([np.log(q[a][b]) for a, b in pairs]))
    assert drift.base_perplexity == pytest.approx(old)
    assert drift.perplexity_change == pytest.approx(new / old - 1)
    kl = np.mean([np.sum(p[a] * np.log(p[a] / q[a])) for a, _ in pairs])
    assert drift.mean_kl == pytest.approx(kl)
    assert drift.tokens == len(tokens) - 1


def test_long_texts_are_read_in_windows_and_lone_tokens_left_out() -> None:
    same = Table(make_table(1), context=100)
    drift = measure(same, same, "12" * 100 + "3")
    assert [len(window) for window in same.windows[::2]] == [100, 100]
    assert drift.tokens == 198
    assert drift.perplexity_change == 0
    assert drift.mean_kl == 0


def test_a_model_that_wants_a_bos_gets_it_in_every_window() -> None:
    same = Table(make_table(1), context=50, add_bos=True)
    drift = measure(same, same, "7" * 98)
    assert [window[0] for window in same.windows] == [0] * 4
    assert drift.tokens == 98


@pytest.mark.parametrize("text", ["", "5"])
def test_nothing_to_read_is_no_figure(text: str) -> None:
    drift = measure(Table(make_table(1)), Table(make_table(1)), text)
    assert math.isnan(drift.perplexity_change)
    assert drift.tokens == 0


def test_a_broken_model_gives_no_figure_and_a_hopeless_one_infinity() -> None:
    broken = Table(np.full((10, 10), np.nan, dtype=np.float32))
    assert math.isnan(measure(Table(make_table(1)), broken, "12345").perplexity_change)
    hopeless = Table((np.eye(10, dtype=np.float32) - 1) * 1e6)
    assert measure(Table(make_table(1)), hopeless, "12345").perplexity_change == math.inf


def test_the_base_has_not_moved_from_itself(runtime: Runtime) -> None:
    drift = measure_drift(runtime, runtime, TEXT, silent)
    assert drift.perplexity_change == 0
    assert drift.mean_kl == 0
    assert 5 < drift.base_perplexity < 200


def test_probabilities_sum_to_one() -> None:
    logits = np.array([[1e4, 0, -1e4], [0, 0, 0]], dtype=np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(logits)).sum(axis=1), 1)
