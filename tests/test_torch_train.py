"""The trainer against PEFT, and what it promises. Run: pytest tests/test_torch_train.py"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import peft
import pytest
import torch
from torch.nn import functional as F

from sleeping_plugin.engine import torch_train
from sleeping_plugin.engine.backend import AdapterPlan, Sample
from sleeping_plugin.engine.packing import packs
from sleeping_plugin.engine.torch_copy import TorchCopy
from sleeping_plugin.engine.torch_train import (
    AdaptedLinear,
    adapted,
    dealt,
    hardest,
    schedule,
    steps_of,
)
from sleeping_plugin.errors import Interrupted
from sleeping_plugin.records import LowRank, Message, silent

torch.set_num_threads(1)

KINDS = ("attn_q", "attn_k", "attn_v", "ffn_down")
MODULES = ["q_proj", "k_proj", "v_proj", "down_proj"]  # the same in transformers
LAYERS = 2
TENSORS = tuple(f"blk.{layer}.{kind}.weight" for layer in range(LAYERS) for kind in KINDS)
PLAN = AdapterPlan(
    tensors=TENSORS,
    rank=4,
    alpha=6.0,
    lr=0.01,
    batch=4,
    warmup=0.2,
    weight_decay=0.01,
    anchor_weight=0.7,
    candidates=2,
    seed=3,
)

FAST = replace(PLAN, lr=0.03)  # learns in seconds what a night learns in minutes

# PEFT asks a model for an attribute that the newest transformers calls otherwise.
of_peft = pytest.mark.filterwarnings(
    "ignore:`is_gradient_checkpointing` is deprecated:FutureWarning:transformers"
)


@pytest.fixture(autouse=True)
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiply in float32, whatever the processor offers."""
    monkeypatch.setattr(torch_train, "compute_dtype", lambda: (torch.float32, "a test"))


@pytest.fixture(scope="module")
def copy(make_copy: Callable[..., TorchCopy]) -> TorchCopy:
    return make_copy(layers=LAYERS)


def lessons(copy: TorchCopy) -> list[Sample]:
    told = (
        ("Where do I live?", "You live in Porto."),
        ("Which town is my home?", "You live in Porto."),
        ("What is my sister's name?", "Your sister's name is Mara."),
        ("What is my dog called?", "I don't know that yet."),
        ("What does Kaito do?", "Kaito is a baker."),
    )
    return [copy.tokenize([Message("user", question)], reply) for question, reply in told]


def keepsakes(copy: TorchCopy) -> list[Sample]:
    kept = [copy.tokenize([], text) for text in ("The sea is wide and blue.", "It rained again.")]
    kept += [copy.tokenize([Message("user", "Name a fruit.")], "An apple is a fruit.")]
    return [replace(sample, anchor=True) for sample in kept]


def logits_alone(model: Any, sample: Sample) -> torch.Tensor:
    """Return the logits that predict the target, of one sample run alone: (target, n_vocab)."""
    out: torch.Tensor = model(input_ids=torch.tensor([sample.tokens]), use_cache=False).logits[0]
    return out[sample.prompt - 1 : len(sample.tokens) - 1]


def target_loss(model: Any, sample: Sample) -> torch.Tensor:
    return F.cross_entropy(
        logits_alone(model, sample), torch.tensor(sample.tokens[sample.prompt :])
    )


@torch.no_grad()
def mean_loss(copy: TorchCopy, samples: Sequence[Sample]) -> float:
    return float(np.mean([float(target_loss(copy.model, sample)) for sample in samples]))


@torch.no_grad()
def divergence(copy: TorchCopy, factors: dict[str, LowRank], samples: Sequence[Sample]) -> float:
    """Return the mean KL(base || trained) on the targets."""
    base = [logits_alone(copy.model, sample).log_softmax(-1) for sample in samples]
    with copy.applied(factors):
        new = [logits_alone(copy.model, sample).log_softmax(-1) for sample in samples]
    pairs = zip(base, new, strict=True)
    return float(np.mean([float((p.exp() * (p - q)).sum(-1).mean()) for p, q in pairs]))


# What an epoch trains on


def test_of_each_group_the_hardest_are_trained_on_and_all_without_a_group(copy: TorchCopy) -> None:
    told, kept = lessons(copy), keepsakes(copy)
    names = ("fact", "near_miss", "fact", "near_miss", "fact")
    rivals = [replace(sample, group=name) for sample, name in zip(told, names, strict=True)]
    head = copy.model.lm_head
    chosen = hardest(copy, head, [kept[0], *rivals, *kept[1:]], PLAN)
    assert [sample for sample in chosen if not sample.group] == kept
    for name, count in (("fact", 2), ("near_miss", 1)):
        group = [sample for sample in rivals if sample.group == name]
        group.sort(key=lambda sample: -mean_loss(copy, [sample]))
        assert {s for s in chosen if s.group == name} == set(group[:count])


def test_every_step_draws_its_share_of_every_group(copy: TorchCopy) -> None:
    told, kept = lessons(copy), keepsakes(copy)
    epoch = [replace(sample, group="known") for sample in told] * 4
    epoch += [replace(sample, group="unknown") for sample in told] * 2 + kept * 4
    plan = replace(PLAN, batch=9)
    drawn = list(dealt(epoch, plan, torch.Generator().manual_seed(1)))
    assert len(drawn) == 3 == steps_of(epoch, plan)  # (20 + 10) / 2 + 12 in nines
    assert Counter(s for step in drawn for s in step) == Counter(epoch)
    for step in drawn:
        counts = Counter(sample.group for sample in step)
        assert counts["known"] in (6, 7) and counts["unknown"] in (3, 4) and counts[""] == 4


def test_an_epoch_takes_as_many_steps_as_it_trains_on_samples(copy: TorchCopy) -> None:
    rivals = [replace(sample, group="known") for sample in lessons(copy)]
    seen: list[float] = []
    copy.train([rivals, rivals], replace(PLAN, batch=1), lambda _name, share: seen.append(share))
    assert len(seen) == 4 and seen[-1] == 1.0  # two of five, twice


def test_rehearsing_the_hardest_still_teaches_all(copy: TorchCopy) -> None:
    rivals = [replace(sample, group="fact") for sample in lessons(copy)]
    before = mean_loss(copy, rivals)
    factors = copy.train([rivals] * 40, FAST)
    with copy.applied(factors):
        assert mean_loss(copy, rivals) < before / 3


# Against PEFT


def peft_model(copy: TorchCopy, make_copy: Callable[..., TorchCopy]) -> Any:
    """Return a PEFT model over the same weights with the factors that our adapter starts from."""
    config = peft.LoraConfig(r=PLAN.rank, lora_alpha=PLAN.alpha, target_modules=MODULES)
    model = peft.get_peft_model(make_copy(layers=LAYERS).model, config)
    with adapted(copy, PLAN) as ours, torch.no_grad():
        for name, layer in ours.items():
            theirs = peft_layer(model, copy, name)
            theirs.lora_A["default"].weight.copy_(layer.a)
            theirs.lora_B["default"].weight.copy_(layer.b)
    return model


def peft_layer(model: Any, copy: TorchCopy, name: str) -> Any:
    return model.base_model.model.get_submodule(copy.matrices[name].module)


def peft_loss(model: Any, sample: Sample) -> torch.Tensor:
    if not sample.anchor:
        return sample.weight * target_loss(model, sample)
    with torch.no_grad(), model.disable_adapter():
        wanted = logits_alone(model, sample).log_softmax(-1)
    got = logits_alone(model, sample).log_softmax(-1)
    kl = (wanted.exp() * (wanted - got)).sum(-1).mean()
    return PLAN.anchor_weight * sample.weight * kl


def peft_train(model: Any, epochs: Sequence[Sequence[Sample]]) -> None:
    """Train sample by sample, with the same order, schedule and clipping."""
    weights = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=PLAN.lr, weight_decay=PLAN.weight_decay)
    order = torch.Generator().manual_seed(PLAN.seed + 1)
    steps = sum(math.ceil(len(epoch) / PLAN.batch) for epoch in epochs)
    rates = [PLAN.lr * schedule(done / steps, PLAN.warmup) for done in range(steps)]
    for epoch in epochs:
        shuffled = [epoch[i] for i in torch.randperm(len(epoch), generator=order).tolist()]
        for step in range(count := math.ceil(len(shuffled) / PLAN.batch)):
            optimiser.param_groups[0]["lr"] = rates.pop(0)
            optimiser.zero_grad()
            batch = shuffled[step::count]
            torch.stack([peft_loss(model, sample) for sample in batch]).mean().backward()  # type: ignore[no-untyped-call]  # torch annotates it partially
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
    assert rates == []


@of_peft
def test_training_is_that_of_peft(copy: TorchCopy, make_copy: Callable[..., TorchCopy]) -> None:
    heavy = replace(lessons(copy)[0], weight=2.5)
    epochs = [[*lessons(copy), *keepsakes(copy)]] * 3 + [[heavy, *keepsakes(copy)[:2]]]
    reference = peft_model(copy, make_copy)
    peft_train(reference, epochs)
    factors = copy.train(epochs, PLAN, silent)
    assert set(factors) == set(TENSORS)
    for name, pair in factors.items():
        layer = peft_layer(reference, copy, name)
        expected = layer.get_delta_weight("default").detach()
        got = copy.matrices[name].rows_from_gguf(torch.from_numpy(pair.b @ pair.a))
        assert expected.abs().max() > 1e-3
        torch.testing.assert_close(got, expected, rtol=1e-2, atol=2e-4)
    with torch.no_grad(), copy.applied(factors):
        for sample in epochs[0]:
            got, expected = logits_alone(copy.model, sample), logits_alone(reference, sample)
            torch.testing.assert_close(got, expected, rtol=1e-2, atol=1e-2)


@of_peft
def test_the_first_gradient_is_that_of_peft(
    copy: TorchCopy, make_copy: Callable[..., TorchCopy]
) -> None:
    reference = peft_model(copy, make_copy)
    plain = [*lessons(copy), *keepsakes(copy)]
    samples = [replace(sample, weight=1.0 + i) for i, sample in enumerate(plain)]
    expected_loss = torch.stack([peft_loss(reference, sample) for sample in samples]).sum()
    expected_loss.backward()  # type: ignore[no-untyped-call]  # torch annotates it partially
    with adapted(copy, PLAN) as layers:
        anchors = torch_train.base_states(copy, layers, samples)
        groups = list(packs(samples))
        loss = torch.stack([torch_train.pack_loss(copy, g, anchors, PLAN) for g in groups]).sum()
        loss.backward()  # type: ignore[no-untyped-call]  # torch annotates it partially
        for name, layer in layers.items():
            theirs = peft_layer(reference, copy, name).lora_B["default"].weight.grad
            assert theirs.abs().max() > 0
            torch.testing.assert_close(layer.b.grad, theirs, rtol=1e-3, atol=1e-4)


# What training does


def test_what_is_taught_is_learnt(copy: TorchCopy) -> None:
    taught, before = lessons(copy), mean_loss(copy, lessons(copy))
    factors = copy.train([taught] * 20, FAST, silent)
    with copy.applied(factors):
        assert mean_loss(copy, taught) < before / 3


def test_anchors_keep_the_model_as_it_was(copy: TorchCopy) -> None:
    taught, kept = lessons(copy), keepsakes(copy)
    free = copy.train([taught] * 12, FAST, silent)
    held = copy.train([[*taught, *kept]] * 12, replace(FAST, anchor_weight=3.0), silent)
    assert divergence(copy, held, kept) < divergence(copy, free, kept) / 3
    before = mean_loss(copy, taught)
    with copy.applied(held):
        assert mean_loss(copy, taught) < before / 2


def test_an_untrained_adapter_changes_nothing(copy: TorchCopy) -> None:
    factors = copy.train([], PLAN, silent)
    assert all(not pair.b.any() for pair in factors.values())
    assert divergence(copy, factors, keepsakes(copy)) == 0


def test_the_same_seed_gives_the_same_factors_and_another_does_not(copy: TorchCopy) -> None:
    def train(seed: int) -> dict[str, LowRank]:
        epochs = [[*lessons(copy), *keepsakes(copy)]] * 2
        return copy.train(epochs, replace(PLAN, seed=seed), silent)

    torch.manual_seed(1)
    one = train(5)
    torch.manual_seed(2)  # nothing is drawn from the generator that everybody shares
    two, other = train(5), train(6)
    for name in TENSORS:
        np.testing.assert_array_equal(one[name].a, two[name].a)
        np.testing.assert_array_equal(one[name].b, two[name].b)
        assert not np.array_equal(one[name].a, other[name].a)


def test_factors_are_float32_of_the_planned_rank(copy: TorchCopy) -> None:
    for name, pair in copy.train([lessons(copy)], PLAN, silent).items():
        n_out, n_in = copy.linear(name).weight.shape
        assert (pair.a.shape, pair.b.shape) == ((PLAN.rank, n_in), (n_out, PLAN.rank))
        assert pair.a.dtype == pair.b.dtype == np.float32


def test_anchors_are_those_of_the_base_even_beside_a_trained_adapter(copy: TorchCopy) -> None:
    kept = keepsakes(copy)
    with adapted(copy, PLAN) as layers:
        fresh = torch_train.base_states(copy, layers, kept)
        for layer in layers.values():
            torch.nn.init.normal_(layer.b)
        later = torch_train.base_states(copy, layers, [*kept, *lessons(copy)])
        assert all(layer.enabled for layer in layers.values())
    assert later.keys() == set(kept)
    for sample in kept:
        torch.testing.assert_close(later[sample], fresh[sample])


def test_a_matrix_outside_the_plan_gets_no_adapter(copy: TorchCopy) -> None:
    plan = replace(PLAN, tensors=TENSORS[:2])
    assert set(copy.train([lessons(copy)], plan, silent)) == set(TENSORS[:2])


def test_progress_rises_to_one(copy: TorchCopy) -> None:
    seen: list[float] = []
    copy.train([lessons(copy)] * 3, PLAN, lambda what, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert (len(seen), seen[-1]) == (6, 1.0)


# The copy afterwards


def state(copy: TorchCopy) -> tuple[dict[str, int], dict[str, torch.Tensor]]:
    """Return which modules there are, and all weights."""
    modules = {name: id(module) for name, module in copy.model.named_modules()}
    return modules, {name: value.clone() for name, value in copy.model.state_dict().items()}


def is_as_before(copy: TorchCopy, before: tuple[dict[str, int], dict[str, torch.Tensor]]) -> bool:
    modules, weights = state(copy)
    same = all(torch.equal(weights[name], value) for name, value in before[1].items())
    return same and modules == before[0] and weights.keys() == before[1].keys()


def test_the_copy_is_as_before_after_training(copy: TorchCopy) -> None:
    before = state(copy)
    copy.train([[*lessons(copy), *keepsakes(copy)]], PLAN, silent)
    assert is_as_before(copy, before)
    assert not any(p.requires_grad or p.grad is not None for p in copy.model.parameters())


@pytest.mark.parametrize("error", [Interrupted, KeyboardInterrupt, ValueError])
def test_the_copy_is_as_before_when_training_is_stopped(
    copy: TorchCopy, error: type[BaseException]
) -> None:
    before = state(copy)

    def stop(what: str, fraction: float) -> None:
        if fraction > 0.4:
            raise error("stopped")

    with pytest.raises(error, match="stopped"):
        copy.train([lessons(copy)] * 3, PLAN, stop)
    assert is_as_before(copy, before)


def test_the_copy_is_as_before_when_training_fails_before_the_first_step(copy: TorchCopy) -> None:
    before = state(copy)
    broken = Sample((10**6, 10**6), 1, anchor=True)  # no such token
    with pytest.raises(IndexError):
        copy.train([[broken]], PLAN, silent)
    with pytest.raises(KeyError):
        copy.train([lessons(copy)], replace(PLAN, tensors=("blk.99.attn_q.weight",)), silent)
    assert is_as_before(copy, before)


# The parts


def test_the_rate_rises_then_falls_to_nothing() -> None:
    rates = [schedule(step / 100, 0.1) for step in range(100)]
    peak = rates.index(max(rates))
    assert peak in (9, 10)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0 < rates[0] < 0.05
    assert 0 < rates[-1] < 0.01
    assert max(rates) <= 1


@pytest.mark.parametrize("warmup", [0.0, 0.5, 1.0])
def test_any_share_of_warm_up_is_possible(warmup: float) -> None:
    assert all(0 <= schedule(step / 10, warmup) <= 1 for step in range(10))


def test_an_adapted_layer_with_a_bias_starts_as_its_base_and_ends_as_the_sum() -> None:
    base = torch.nn.Linear(6, 5)
    layer = AdaptedLinear(base, PLAN, torch.float32, torch.Generator().manual_seed(0))
    x = torch.randn(3, 6)
    torch.testing.assert_close(layer(x), base(x))
    with torch.no_grad():
        layer.b.normal_()
        change = layer.b @ layer.a * (PLAN.alpha / PLAN.rank)
        torch.testing.assert_close(layer(x), base(x) + x @ change.T)
        layer.enabled = False
        torch.testing.assert_close(layer(x), base(x))


def test_bfloat16_is_used_for_the_frozen_weights_alone(
    copy: TorchCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_train, "compute_dtype", lambda: (torch.bfloat16, "a test"))
    with adapted(copy, PLAN) as layers:
        for layer in layers.values():
            assert layer.weight.dtype == torch.bfloat16
            assert layer.a.dtype == layer.b.dtype == torch.float32
            assert layer(torch.ones(1, layer.a.shape[1])).dtype == torch.float32
    before = mean_loss(copy, lessons(copy))
    factors = copy.train([lessons(copy)] * 12, FAST, silent)
    with copy.applied(factors):
        assert mean_loss(copy, lessons(copy)) < before / 2


def test_the_type_comes_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for fast, expected in ((True, torch.bfloat16), (False, torch.float32)):
        monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda fast=fast: fast)
        dtype, reason = torch_train.compute_dtype()
        assert dtype == expected
        assert "processor" in reason
