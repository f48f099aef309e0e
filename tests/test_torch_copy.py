"""The working copy in torch: weights changed and restored, inputs and residuals read.

Run: pytest tests/test_torch_copy.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.engine.packing import packs
from sleeping_plugin.engine.torch_copy import Matrix, TorchCopy, stream
from sleeping_plugin.records import LowRank, Message

torch.set_num_threads(1)

NAMES = (
    *("blk.0.attn_q.weight", "blk.1.attn_k.weight", "blk.1.attn_v.weight"),
    *("blk.2.attn_output.weight", "blk.3.ffn_down.weight", "blk.3.ffn_gate.weight"),
)


@pytest.fixture(scope="module")
def copy(make_copy: Callable[..., TorchCopy]) -> TorchCopy:
    return make_copy()


def random_factors(copy: TorchCopy, rank: int = 3) -> dict[str, LowRank]:
    rng = np.random.default_rng(1)
    factors = {}
    for name in NAMES:
        n_out, n_in = copy.linear(name).weight.shape
        a, b = rng.normal(size=(rank, n_in)), rng.normal(size=(n_out, rank))
        factors[name] = LowRank(a.astype(np.float32), b.astype(np.float32))
    return factors


def weights(copy: TorchCopy) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in copy.model.state_dict().items()}


def unchanged(copy: TorchCopy, before: Mapping[str, torch.Tensor]) -> bool:
    """Compare bit for bit: -0.0 is not 0.0."""
    now = copy.model.state_dict()
    assert now.keys() == before.keys()
    return all(
        torch.equal(now[name].view(torch.int32), old.view(torch.int32))
        for name, old in before.items()
    )


def chats(copy: TorchCopy) -> list[Sample]:
    said = ("Where do I live?", "What is my name?", "Who are you?", "Where does Kaito live?")
    return [copy.tokenize([Message("user", text)], "You live in Porto.") for text in said]


def prose(copy: TorchCopy) -> list[Sample]:
    return [copy.tokenize([], text) for text in ("The sea is wide and blue.", "It rained again.")]


# The order of rows


def llama_permute(rows: Any, heads: int) -> Any:
    """Order rows as llama.cpp's convert_hf_to_gguf.py does for q and k of a Llama."""
    split = rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


@given(st.integers(1, 6), st.integers(1, 8), st.integers(1, 4))
def test_rows_are_ordered_as_llama_cpp_orders_them_and_back(
    heads: int, half: int, columns: int
) -> None:
    rows = torch.arange(heads * 2 * half * columns).reshape(-1, columns)
    matrix = Matrix("q_proj", heads)
    ordered = matrix.rows_to_gguf(rows)
    np.testing.assert_array_equal(ordered.numpy(), llama_permute(rows.numpy(), heads))
    assert torch.equal(matrix.rows_from_gguf(ordered), rows)
    assert torch.equal(matrix.rows_to_gguf(matrix.rows_from_gguf(rows)), rows)


def test_only_rotary_rows_are_reordered(copy: TorchCopy) -> None:
    rows = torch.arange(32.0)[:, None]
    assert Matrix("v_proj").rows_to_gguf(rows) is rows
    assert Matrix("v_proj").rows_from_gguf(rows) is rows
    heads = {name.split(".")[2]: matrix.heads for name, matrix in copy.matrices.items()}
    assert {short: n for short, n in heads.items() if n} == {"attn_q": 4, "attn_k": 2}
    assert len(heads) == 7
    assert not torch.equal(Matrix("q_proj", 4).rows_to_gguf(rows), rows)


# Changed and restored


def test_every_matrix_of_every_layer_can_be_changed(copy: TorchCopy) -> None:
    names = copy.linear_tensors()
    assert len(names) == copy.n_layers * 7
    assert copy.linear("blk.3.ffn_down.weight") is copy.model.model.layers[3].mlp.down_proj
    assert not any(p.requires_grad for p in copy.model.parameters())


def test_factors_are_added_in_the_rows_of_the_gguf_and_taken_out_bit_for_bit(
    copy: TorchCopy,
) -> None:
    before, factors = weights(copy), random_factors(copy)
    in_gguf = {n: copy.matrices[n].rows_to_gguf(copy.linear(n).weight).clone() for n in factors}
    with copy.applied(factors):
        for name, pair in factors.items():
            now = copy.matrices[name].rows_to_gguf(copy.linear(name).weight)
            expected = in_gguf[name] + torch.from_numpy(pair.b @ pair.a)
            torch.testing.assert_close(now, expected)
        assert not unchanged(copy, before)
    assert unchanged(copy, before)


def test_nothing_else_changes_while_factors_are_applied(copy: TorchCopy) -> None:
    before, factors = weights(copy), random_factors(copy)
    touched = {copy.matrices[name].module + ".weight" for name in factors}
    with copy.applied(factors):
        now = copy.model.state_dict()
        changed = {name for name, old in before.items() if not torch.equal(now[name], old)}
    assert changed == touched


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_weights_are_restored_whatever_is_raised_inside(
    copy: TorchCopy, error: type[BaseException]
) -> None:
    before, factors = weights(copy), random_factors(copy)
    with pytest.raises(error), copy.applied(factors):
        raise error
    assert unchanged(copy, before)


@pytest.mark.parametrize("wrong", ["name", "shape"])
def test_weights_are_restored_if_a_later_factor_does_not_fit(copy: TorchCopy, wrong: str) -> None:
    before, factors = weights(copy), random_factors(copy)
    odd = LowRank(np.ones((1, 5), np.float32), np.ones((7, 1), np.float32))
    factors["blk.9.ffn_down.weight" if wrong == "name" else "blk.2.ffn_up.weight"] = odd
    with pytest.raises((KeyError, RuntimeError)), copy.applied(factors):
        pytest.fail("factors that do not fit were applied")
    assert unchanged(copy, before)


def test_factors_within_factors_come_off_in_turn(copy: TorchCopy) -> None:
    before, factors = weights(copy), random_factors(copy)
    with copy.applied(factors):
        once = weights(copy)
        with copy.applied(factors):
            assert not unchanged(copy, once)
        assert unchanged(copy, once)
    assert unchanged(copy, before)


# What is read


def captured(copy: TorchCopy, tensor: str, sample: Sample) -> torch.Tensor:
    """Run one sample alone and return the inputs of a matrix: (T, n_in)."""
    seen: list[torch.Tensor] = []
    module = copy.linear(tensor)
    hook = module.register_forward_hook(lambda _m, args, _out: seen.append(args[0][0].clone()))
    with torch.no_grad():
        copy.model(input_ids=torch.tensor([sample.tokens]), use_cache=False)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize("tensor", ["blk.0.attn_q.weight", "blk.2.ffn_down.weight"])
def test_keys_are_the_inputs_of_the_matrix_at_the_position(copy: TorchCopy, tensor: str) -> None:
    samples = [*chats(copy), *prose(copy)]
    positions = [0, len(samples[1].tokens) - 1, 9, 12, 0, 3]
    keys = copy.keys(tensor, samples, positions)
    assert keys.dtype == np.float32
    for row, sample, position in zip(keys, samples, positions, strict=True):
        expected = captured(copy, tensor, sample)[position].numpy()
        np.testing.assert_allclose(row, expected, rtol=1e-3, atol=1e-4)


def test_the_second_moment_is_the_mean_of_outer_products(copy: TorchCopy) -> None:
    tensors, samples = ["blk.1.ffn_down.weight", "blk.3.attn_v.weight"], prose(copy)
    moments = copy.second_moment(tensors, samples)
    assert list(moments) == tensors
    for tensor in tensors:
        inputs = torch.cat([captured(copy, tensor, sample) for sample in samples]).double()
        expected = (inputs.T @ inputs / len(inputs)).numpy()
        np.testing.assert_allclose(moments[tensor], expected, rtol=1e-3, atol=1e-4)


def test_a_beginning_that_chats_share_counts_once_in_the_second_moment(copy: TorchCopy) -> None:
    tensor, samples = "blk.1.ffn_down.weight", chats(copy)
    (group,) = packs(samples)
    shared = group.layout.prefix
    own = [captured(copy, tensor, s)[shared if i else 0 :] for i, s in enumerate(samples)]
    inputs = torch.cat(own).double()
    moment = copy.second_moment([tensor], samples)[tensor]
    np.testing.assert_allclose(moment, (inputs.T @ inputs / len(inputs)), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("layer", [0, 2, 3])
def test_residuals_are_the_stream_after_the_layer(copy: TorchCopy, layer: int) -> None:
    samples = [*chats(copy), *prose(copy)]
    positions = [5, 9, 11, len(samples[3].tokens) - 1, 2, 0]
    found = copy.residuals(layer, samples, positions)
    for row, sample, position in zip(found, samples, positions, strict=True):
        seen: list[torch.Tensor] = []
        block = copy.model.model.layers[layer]
        hook = block.register_forward_hook(lambda _m, _a, out, s=seen: s.append(stream(out)))
        with torch.no_grad():
            copy.model(input_ids=torch.tensor([sample.tokens]), use_cache=False)
        hook.remove()
        expected = seen[0][0, position].numpy()
        np.testing.assert_allclose(row, expected, rtol=1e-3, atol=1e-3)


def test_a_layer_may_give_a_tensor_or_a_tuple() -> None:
    states = torch.ones(1, 2, 3)
    assert stream(states) is states
    assert stream((states, None)) is states


def hooks_left(copy: TorchCopy) -> int:
    modules = list(copy.model.modules())
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules)


def test_no_hook_is_left_behind_even_if_the_model_fails(copy: TorchCopy) -> None:
    before, tensor = hooks_left(copy), "blk.1.ffn_down.weight"
    copy.keys(tensor, chats(copy), [1] * 4)
    copy.residuals(1, chats(copy), [1] * 4)
    broken = [Sample((10**6, 10**6), 1)]  # no such token
    with pytest.raises(IndexError):
        copy.keys(tensor, broken, [0])
    with pytest.raises(IndexError):
        copy.residuals(1, broken, [0])
    with pytest.raises(IndexError):
        copy.second_moment([tensor], broken)
    assert hooks_left(copy) == before
