"""Packed samples against the same samples run one by one. Run: pytest tests/test_packing.py"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.engine.packing import common_prefix, pack, packs
from sleeping_plugin.engine.torch_copy import TorchCopy

torch.set_num_threads(1)

# Chats of one model begin alike, prose begins anyhow; both lie in one batch.
HEADS = ((), (11,), tuple(range(20, 32)), (*range(20, 30), 99), (5, 6, 7))


@st.composite
def samples(draw: st.DrawFn) -> Sample:
    head = draw(st.sampled_from(HEADS))
    own = draw(st.lists(st.integers(8, 40), min_size=1, max_size=9))
    tokens = (*head, *own)
    return Sample(tokens, draw(st.integers(1, len(tokens))))


batches = st.lists(samples(), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def copy(make_copy: Callable[..., TorchCopy]) -> TorchCopy:
    return make_copy(layers=2)


@torch.no_grad()
def alone(copy: TorchCopy, sample: Sample) -> torch.Tensor:
    """Run one sample as transformers does by itself: (T, n_embd)."""
    out = copy.model.model(input_ids=torch.tensor([sample.tokens]), use_cache=False)
    states: torch.Tensor = out.last_hidden_state[0]
    return states


@given(batches, st.integers(1, 60))
def test_every_sample_lies_in_exactly_one_pack_token_for_token(
    batch: list[Sample], limit: int
) -> None:
    found: list[int] = []
    for group in packs(batch, limit):
        found += group.indices
        assert group.samples == tuple(batch[i] for i in group.indices)
        assert len(group.samples) == 1 or group.tokens.shape[1] <= limit
        assert len(group.layout.back) == group.tokens.shape[1] - group.layout.prefix
        for i, sample in enumerate(group.samples):
            places = [group.place(i, t) for t in range(len(sample.tokens))]
            assert group.tokens[0, places].tolist() == list(sample.tokens)
            assert group.positions[0, places].tolist() == list(range(len(sample.tokens)))
    assert sorted(found) == list(range(len(batch)))


@given(batches, st.integers(1, 25))
def test_within_a_window_a_token_sees_itself_and_the_nearest_before_it(
    batch: list[Sample], window: int
) -> None:
    for group in packs(batch):
        layout = group.layout.within(window)
        prefix = layout.prefix
        for i, (sample, shared) in enumerate(zip(group.samples, group.shared, strict=True)):
            for t in range(shared, len(sample.tokens)):
                row = layout.sight[i, t - shared]
                seen = {j for j in range(prefix) if row[j] == 0}
                seen |= {shared + u for u in range(layout.rest.shape[1]) if row[prefix + u] == 0}
                assert seen == set(range(max(0, t + 1 - window), t + 1))
        for t in range(prefix):
            seen = {j for j in range(prefix) if layout.causal[t, j] == 0}
            assert seen == set(range(max(0, t + 1 - window), t + 1))


@settings(max_examples=40, deadline=None)
@given(batches, st.sampled_from((20, 60, 768)))
def test_packed_states_and_logits_are_those_of_the_samples_alone(
    copy: TorchCopy, batch: list[Sample], limit: int
) -> None:
    for group in packs(batch, limit):
        with torch.no_grad():
            hidden = copy.hidden(group)
        for i, sample in enumerate(group.samples):
            expected = alone(copy, sample)
            places = [group.place(i, t) for t in range(len(sample.tokens))]
            torch.testing.assert_close(hidden[places], expected, rtol=1e-4, atol=1e-4)
            at, tokens = group.targets(i)
            assert tuple(tokens) == sample.tokens[sample.prompt :]
            torch.testing.assert_close(
                copy.logits(hidden[at]),
                copy.logits(expected[sample.prompt - 1 : len(sample.tokens) - 1]),
                rtol=1e-4,
                atol=1e-3,
            )


def test_samples_that_saw_each_other_would_be_noticed(copy: TorchCopy) -> None:
    batch = [Sample((*HEADS[2], 40 + i, 50, 60), 13) for i in range(3)]
    (group,) = packs(batch)
    total = group.tokens.shape[1]
    others = replace(group.layout, rest=group.layout.rest.roll(1, 0))
    for broken in (
        replace(group, layout=others),
        replace(group, positions=torch.arange(total)[None]),
    ):
        with torch.no_grad():
            last = copy.hidden(broken)[group.place(2, 14)]
        assert (last - alone(copy, batch[2])[14]).abs().max() > 0.01


def test_what_is_shared_is_computed_once() -> None:
    batch = [Sample((*HEADS[2], 40 + i, 50, 60), 14) for i in range(5)]
    (group,) = packs(batch)
    assert group.layout.prefix == 12
    assert group.tokens.shape[1] == 12 + 5 * 3


def test_the_token_before_the_target_is_never_shared() -> None:
    same = Sample((1, 2, 3, 4), 3)
    assert common_prefix([same, same]) == 2
    assert pack([same, same], [0, 1], [2, 2]).targets(1) == ([4], [4])
    assert common_prefix([Sample((7,), 1)]) == 0


@given(batches, st.data())
def test_a_token_with_something_of_its_own_is_not_shared(
    batch: list[Sample], data: st.DataObject
) -> None:
    own = [data.draw(st.integers(0, s.prompt - 1)) for s in batch]
    for group in packs(batch, own=own):
        places = [group.place(i, own[index]) for i, index in enumerate(group.indices)]
        assert len(set(places)) == len(places)


def test_samples_that_begin_otherwise_do_not_cost_the_others_their_prefix() -> None:
    chats = [Sample((*HEADS[2], 40 + i, 50), 13) for i in range(3)]
    prose = [Sample((60 + i, 61, 62), 1) for i in range(3)]
    mixed = [one for pair in zip(chats, prose, strict=True) for one in pair]
    (group,) = packs(mixed)
    assert (group.shared, group.indices) == ((12, 12, 12, 0, 0, 0), (0, 2, 4, 1, 3, 5))
    assert group.tokens.shape[1] == 12 + 3 * 2 + 3 * 3


def test_no_samples_make_no_packs() -> None:
    assert list(packs([])) == []
