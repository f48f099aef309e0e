"""Train a LoRA adapter: cross-entropy on answers, KL to the base on everything it must keep.

The frozen matrices multiply in bfloat16 where the processor has instructions for it; the residual
stream, the adapter and the loss stay in float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from sleeping_plugin.engine.backend import AdapterPlan, Sample
from sleeping_plugin.engine.packing import Pack, packs
from sleeping_plugin.records import LowRank, Progress

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import TorchCopy


def compute_dtype() -> tuple[torch.dtype, str]:
    """Return the type that frozen matrices multiply in, and why."""
    if torch.cuda.is_available() and torch.cuda.is_bf16_supported():
        return torch.bfloat16, "the GPU multiplies in bfloat16"
    if torch.cpu._is_amx_tile_supported():
        return torch.bfloat16, "the processor multiplies in bfloat16 (AMX)"
    return torch.float32, "no fast bfloat16 on this processor"


class AdaptedLinear(torch.nn.Module):
    """A frozen linear layer plus a trainable low-rank pair (LoRA, Hu et al. 2021, eq. 3)."""

    def __init__(
        self, base: torch.nn.Linear, plan: AdapterPlan, dtype: torch.dtype, seed: torch.Generator
    ) -> None:
        super().__init__()
        self.weight = base.weight.detach().to(dtype)
        self.bias = None if base.bias is None else base.bias.detach()
        self.scale = plan.alpha / plan.rank
        bound = 1 / math.sqrt(base.in_features)
        a = torch.empty(plan.rank, base.in_features).uniform_(-bound, bound, generator=seed)
        self.a = torch.nn.Parameter(a)
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, plan.rank))
        self.enabled = True

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return ``W x + bias + scale * b a x`` in float32."""
        y = F.linear(x.to(self.weight.dtype), self.weight).to(torch.float32)
        if self.bias is not None:
            y = y + self.bias
        if not self.enabled:
            return y
        return y + F.linear(F.linear(x, self.a), self.b) * self.scale


@contextmanager
def adapted(copy: TorchCopy, plan: AdapterPlan) -> Iterator[dict[str, AdaptedLinear]]:
    """Swap the planned matrices for adapted ones inside the context; the originals stay as is."""
    dtype, _reason = compute_dtype()
    seed = torch.Generator().manual_seed(plan.seed)
    originals = {name: copy.linear(name) for name in plan.tensors}
    layers = {n: AdaptedLinear(base, plan, dtype, seed) for n, base in originals.items()}
    try:
        for name, layer in layers.items():
            copy.model.set_submodule(copy.matrices[name].module, layer)
        yield layers
    finally:
        for name, base in originals.items():
            copy.model.set_submodule(copy.matrices[name].module, base)


def train(
    copy: TorchCopy, epochs: Sequence[Sequence[Sample]], plan: AdapterPlan, progress: Progress
) -> dict[str, LowRank]:
    """Train through the epochs, each shuffled; return factors in GGUF row order."""
    order = torch.Generator().manual_seed(plan.seed + 1)
    with adapted(copy, plan) as layers:
        weights = [p for layer in layers.values() for p in (layer.a, layer.b)]
        optimiser = torch.optim.AdamW(weights, lr=plan.lr, weight_decay=plan.weight_decay)
        anchors = base_states(copy, layers, [s for epoch in epochs for s in epoch])
        steps = sum(math.ceil(len(epoch) / plan.batch) for epoch in epochs)
        done = 0
        for epoch in epochs:
            shuffled = torch.randperm(len(epoch), generator=order).tolist()
            for first in range(0, len(shuffled), plan.batch):
                for parameters in optimiser.param_groups:
                    parameters["lr"] = plan.lr * schedule(done / steps, plan.warmup)
                batch = [epoch[i] for i in shuffled[first : first + plan.batch]]
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


def schedule(fraction: float, warmup: float) -> float:
    """Return the share of the learning rate: linear warm-up, then a cosine down to zero."""
    if fraction < warmup:
        return (fraction + 1e-3) / warmup
    return 0.5 * (1 + math.cos(math.pi * (fraction - warmup) / (1 - warmup)))


@torch.no_grad()
def base_states(
    copy: TorchCopy, layers: dict[str, AdaptedLinear], samples: Sequence[Sample]
) -> dict[Sample, torch.Tensor]:
    """Return the base's final hidden states at the target places of every anchor sample.

    Hidden states, not logits: they are 85 times smaller, and one product away from them.
    """
    states: dict[Sample, torch.Tensor] = {}
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
    copy: TorchCopy, group: Pack, anchors: dict[Sample, torch.Tensor], plan: AdapterPlan
) -> torch.Tensor:
    """Return the weighted sum over samples of cross-entropy, or of KL(base || copy)."""
    hidden = copy.hidden(group)
    total = hidden.new_zeros(())
    for i, sample in enumerate(group.samples):
        places, tokens = group.targets(i)
        logits = copy.logits(hidden[places])
        if sample.anchor:
            wanted = (copy.logits(anchors[sample]) / sample.temperature).log_softmax(-1)
            loss = F.kl_div(logits.log_softmax(-1), wanted, log_target=True, reduction="batchmean")
            total = total + plan.anchor_weight * sample.weight * loss
        else:
            total = total + sample.weight * F.cross_entropy(logits, torch.tensor(tokens))
    return total
