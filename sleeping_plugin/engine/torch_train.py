"""Train a LoRA adapter: cross-entropy on answers, KL to the base on everything it must keep.

Matrices multiply in bfloat16 where the processor has instructions for it; the residual stream, the
adapter's weights, their optimiser and the loss stay in float32.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from sleeping_plugin.engine.backend import AdapterPlan, Sample
from sleeping_plugin.engine.packing import Pack, packs
from sleeping_plugin.records import LowRank, Progress

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import TorchCopy


def compute_dtype() -> tuple[torch.dtype, str]:
    """Return the type that frozen matrices multiply in, and why."""
    if torch.cpu._is_amx_tile_supported():
        return torch.bfloat16, "the processor multiplies in bfloat16 (AMX)"
    return torch.float32, "no fast bfloat16 on this processor"


class LowRankSum(torch.autograd.Function):
    """``W x + scale * b a x`` with every product in the frozen matrix's type.

    Only the narrow copy of ``x`` is kept for the way back, which halves the memory of a step.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, a: Tensor, b: Tensor, scale: float) -> Tensor:
        """Return the layer's output in float32: (..., n_out)."""
        flat = x.reshape(-1, x.shape[-1]).to(weight.dtype)
        low = flat @ a.to(weight.dtype).T
        out = (flat @ weight.T).addmm_(low, (b * scale).to(weight.dtype).T)
        ctx.save_for_backward(flat, weight, a, b, low)
        ctx.scale = scale
        return out.to(torch.float32).reshape(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, Tensor, Tensor, None]:
        """Return the gradients of ``x``, ``a`` and ``b``."""
        flat, weight, a, b, low = ctx.saved_tensors
        (full,) = grads
        grad = full.reshape(-1, full.shape[-1]).to(weight.dtype)
        grad_low = grad @ (b * ctx.scale).to(weight.dtype)
        grad_x = (grad @ weight).addmm_(grad_low, a.to(weight.dtype)).to(torch.float32)
        grad_a = (grad_low.T @ flat).to(torch.float32)
        grad_b = (grad.T @ low).to(torch.float32) * ctx.scale
        return grad_x.reshape(*full.shape[:-1], -1), None, grad_a, grad_b, None


class FrozenLinear(torch.nn.Module):
    """A linear layer that multiplies in ``dtype`` and returns float32."""

    def __init__(self, base: torch.nn.Linear, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight = base.weight.detach().to(dtype)
        self.bias = None if base.bias is None else base.bias.detach()

    def forward(self, x: Tensor) -> Tensor:
        """Return ``W x + bias`` in float32."""
        return self.shifted(F.linear(x.to(self.weight.dtype), self.weight).to(torch.float32))

    def shifted(self, y: Tensor) -> Tensor:
        """Return ``y + bias``."""
        return y if self.bias is None else y + self.bias


class AdaptedLinear(FrozenLinear):
    """A frozen linear layer plus a trainable low-rank pair (LoRA, Hu et al. 2021, eq. 3)."""

    def __init__(
        self, base: torch.nn.Linear, plan: AdapterPlan, dtype: torch.dtype, seed: torch.Generator
    ) -> None:
        super().__init__(base, dtype)
        self.scale = plan.alpha / plan.rank
        bound = 1 / math.sqrt(base.in_features)
        a = torch.empty(plan.rank, base.in_features).uniform_(-bound, bound, generator=seed)
        self.a = torch.nn.Parameter(a)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, plan.rank))
        self.enabled = True

    def forward(self, x: Tensor) -> Tensor:
        """Return ``W x + bias + scale * b a x`` in float32."""
        if not self.enabled:
            return super().forward(x)
        out: Tensor = LowRankSum.apply(  # type: ignore[no-untyped-call]  # torch annotates partially
            x, self.weight, self.a, self.b, self.scale
        )
        return self.shifted(out)


@contextmanager
def swapped(copy: TorchCopy, layers: Mapping[str, torch.nn.Module]) -> Iterator[None]:
    """Put ``layers`` (by GGUF name) in place of the copy's own inside the context."""
    originals = {name: copy.linear(name) for name in layers}
    try:
        for name, layer in layers.items():
            copy.model.set_submodule(copy.matrices[name].module, layer)
        yield
    finally:
        for name, base in originals.items():
            copy.model.set_submodule(copy.matrices[name].module, base)


@contextmanager
def narrowed(copy: TorchCopy) -> Iterator[None]:
    """Let every linear matrix multiply in the fast type inside the context."""
    dtype, _reason = compute_dtype()
    names = copy.linear_tensors()
    layers = {name: FrozenLinear(copy.linear(name), dtype) for name in names}
    with swapped(copy, layers if dtype != torch.float32 else {}):
        yield


@contextmanager
def adapted(copy: TorchCopy, plan: AdapterPlan) -> Iterator[dict[str, AdaptedLinear]]:
    """Swap the planned matrices for adapted ones inside the context; the originals stay as is."""
    dtype, _reason = compute_dtype()
    seed = torch.Generator().manual_seed(plan.seed)
    layers = {name: AdaptedLinear(copy.linear(name), plan, dtype, seed) for name in plan.tensors}
    with swapped(copy, layers):
        yield layers


@contextmanager
def recomputed(copy: TorchCopy) -> Iterator[None]:
    """Compute each layer again on the way back, from its input (Chen et al. 2016).

    A step then takes two thirds of the memory, and no longer: less has to be found and freed.
    """
    again = partial(checkpoint, use_reentrant=False, preserve_rng_state=False)
    layers = list(copy.model.model.layers)
    try:
        for layer in layers:
            layer.forward = partial(again, layer.forward)
        yield
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def train(
    copy: TorchCopy, epochs: Sequence[Sequence[Sample]], plan: AdapterPlan, progress: Progress
) -> dict[str, LowRank]:
    """Train through the epochs, each shuffled; return factors in GGUF row order."""
    order = torch.Generator().manual_seed(plan.seed + 1)
    with adapted(copy, plan) as layers, recomputed(copy):
        weights = [p for layer in layers.values() for p in (layer.a, layer.b)]
        optimiser = torch.optim.AdamW(weights, lr=plan.lr, weight_decay=plan.weight_decay)
        head = FrozenLinear(copy.model.lm_head, compute_dtype()[0]) if plan.candidates > 1 else None
        anchors = base_states(copy, layers, [s for epoch in epochs for s in epoch])
        steps = sum(steps_of(epoch, plan) for epoch in epochs)
        done = 0
        for epoch in epochs:
            for drawn in dealt(epoch, plan, order):
                batch = hardest(copy, head, drawn, plan) if head else drawn
                for parameters in optimiser.param_groups:
                    parameters["lr"] = plan.lr * schedule(done / steps, plan.warmup)
                optimiser.zero_grad(set_to_none=True)
                for group in packs(batch):
                    loss = pack_loss(copy, group, anchors, plan) / len(batch)
                    loss.backward()  # type: ignore[no-untyped-call]  # torch annotates partially
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimiser.step()
                done += 1
                progress("consolidate", done / steps)
        return {
            name: LowRank(
                layer.a.detach().numpy().copy(),
                copy.matrices[name].rows_to_gguf(layer.b.detach() * layer.scale).numpy().copy(),
            )
            for name, layer in layers.items()
        }


def kept_of(group: str, count: int, plan: AdapterPlan) -> int:
    """Return how many of ``count`` samples of a group are trained on."""
    return max(1, round(count / plan.candidates)) if group else count


def steps_of(epoch: Sequence[Sample], plan: AdapterPlan) -> int:
    """Return how many steps an epoch takes."""
    groups = Counter(sample.group for sample in epoch)
    return math.ceil(sum(kept_of(*group, plan) for group in groups.items()) / plan.batch)


def dealt(
    epoch: Sequence[Sample], plan: AdapterPlan, order: torch.Generator
) -> Iterator[list[Sample]]:
    """Yield what each step of an epoch draws: every group dealt out evenly, in random order."""
    shuffled = [epoch[i] for i in torch.randperm(len(epoch), generator=order).tolist()]
    shuffled.sort(key=lambda sample: sample.group)
    steps = steps_of(epoch, plan)
    for step in range(steps):
        yield shuffled[step::steps]


@torch.no_grad()
def hardest(
    copy: TorchCopy, head: FrozenLinear, drawn: Sequence[Sample], plan: AdapterPlan
) -> list[Sample]:
    """Return the samples without a group and, of each group, those with the highest loss.

    Late in a night most questions are answered as they should be and teach nothing any more
    (online hard example mining, Shrivastava et al. 2016, section 4). ``head`` is the product with
    the vocabulary in a narrow type: only the order of the losses counts.
    """
    rivals = [sample for sample in drawn if sample.group]
    losses: dict[int, float] = {}
    for group in packs(rivals):
        logits = copy.target_logits(group, copy.hidden(group), head)
        for index, (own, tokens) in zip(group.indices, logits, strict=True):
            losses[index] = float(F.cross_entropy(own, tokens))
    kept = [sample for sample in drawn if not sample.group]
    for name, count in Counter(sample.group for sample in rivals).items():
        members = [i for i, sample in enumerate(rivals) if sample.group == name]
        members.sort(key=lambda i: -losses[i])
        kept += [rivals[i] for i in members[: kept_of(name, count, plan)]]
    return kept


def schedule(fraction: float, warmup: float) -> float:
    """Return the share of the learning rate: linear warm-up, then a cosine down to zero."""
    if fraction < warmup:
        return (fraction + 1e-3) / warmup
    return 0.5 * (1 + math.cos(math.pi * (fraction - warmup) / (1 - warmup)))


@torch.no_grad()
def base_states(
    copy: TorchCopy, layers: dict[str, AdaptedLinear], samples: Sequence[Sample]
) -> dict[Sample, Tensor]:
    """Return the base's final hidden states at the target places of every anchor sample.

    Hidden states, not logits: they are 85 times smaller, and one product away from them.
    """
    states: dict[Sample, Tensor] = {}
    for layer in layers.values():
        layer.enabled = False
    for group in packs(list(dict.fromkeys(s for s in samples if s.anchor))):
        hidden = copy.hidden(group)
        for i, sample in enumerate(group.samples):
            states[sample] = hidden[group.targets(i)[0]].clone()
    for layer in layers.values():
        layer.enabled = True
    return states


def pack_loss(
    copy: TorchCopy, group: Pack, anchors: dict[Sample, Tensor], plan: AdapterPlan
) -> Tensor:
    """Return the weighted sum over samples of cross-entropy, on anchors against the base.

    The latter is KL(base || copy) and a constant.
    """
    logits = copy.target_logits(group, copy.hidden(group))
    kept = [anchors[sample] for sample in group.samples if sample.anchor]
    bases = torch.split(copy.logits(torch.cat(kept)), [len(one) for one in kept]) if kept else ()
    wanted = iter(bases)
    total = torch.zeros(())
    for sample, (own, tokens) in zip(group.samples, logits, strict=True):
        if sample.anchor:
            chances = (next(wanted) / sample.temperature).softmax(-1)
            loss = -(chances * own.log_softmax(-1)).sum() / len(tokens)
            total = total + plan.anchor_weight * sample.weight * loss
        else:
            total = total + sample.weight * F.cross_entropy(own, tokens)
    return total
