"""Find the residual stream that makes the model answer: the target values of MEMIT.

Meng et al. 2023 (Mass-Editing Memory in a Transformer), section 4.2 and eq. 16, taken in the chat
template: the change is added after one layer, at the chosen token of every wording, and optimised
so that the whole answer and its end of turn follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.nn import functional as F

from sleeping_plugin.engine.backend import Sample, ValuePlan, ValueTarget
from sleeping_plugin.engine.packing import Pack, packs
from sleeping_plugin.engine.torch_train import narrowed
from sleeping_plugin.records import Array, Progress

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import TorchCopy


def optimise(
    copy: TorchCopy, targets: Sequence[ValueTarget], plan: ValuePlan, progress: Progress
) -> Array:
    """Return one change per target, each within ``clamp`` of the norm it is added to."""
    samples: list[Sample] = []
    owner: list[int] = []
    position: list[int] = []
    for t, target in enumerate(targets):
        samples += target.samples
        owner += [t] * len(target.samples)
        position += target.positions
    norms = _norms(copy, samples, owner, position, plan.layer, len(targets))
    deltas = torch.zeros(len(targets), copy.n_embd, requires_grad=True)
    optimiser = torch.optim.Adam([deltas], lr=plan.lr)
    groups = list(packs(samples, own=position))
    with narrowed(copy):
        for step in range(plan.steps):
            optimiser.zero_grad()
            loss = 0.0
            for group in groups:
                loss += _backward(copy, group, deltas, owner, position, plan) / len(samples)
            decay = plan.weight_decay * (deltas.square().sum(-1) / norms.square()).sum()
            decay.backward()  # type: ignore[no-untyped-call]  # torch annotates it partially
            progress("values", (step + 1) / plan.steps)
            if loss < plan.stop:
                break
            optimiser.step()
            with torch.no_grad():
                length = deltas.norm(dim=-1)
                deltas.mul_((plan.clamp * norms / length.clamp_min(1e-6)).clamp_max(1.0)[:, None])
    return deltas.detach().numpy().copy()


def _norms(
    copy: TorchCopy,
    samples: Sequence[Sample],
    owner: Sequence[int],
    position: Sequence[int],
    layer: int,
    count: int,
) -> torch.Tensor:
    """Return the mean norm of the residual stream at each target's tokens: (count,)."""
    lengths = np.linalg.norm(copy.residuals(layer, samples, position), axis=-1)
    sums = np.bincount(owner, lengths, minlength=count)
    norms: torch.Tensor = torch.from_numpy(sums / np.bincount(owner, minlength=count)).float()
    return norms


def _backward(
    copy: TorchCopy,
    group: Pack,
    deltas: torch.Tensor,
    owner: Sequence[int],
    position: Sequence[int],
    plan: ValuePlan,
) -> float:
    """Add the gradient of one pack's loss to ``deltas``; return the summed loss."""
    places = [group.place(i, position[index]) for i, index in enumerate(group.indices)]
    rows = [owner[index] for index in group.indices]

    def inject(_module: Any, _args: Any, output: Any) -> Any:
        states = output[0] if isinstance(output, tuple) else output
        added = torch.zeros_like(states[0]).index_add(0, torch.tensor(places), deltas[rows])
        states = states + added[None]
        return (states, *output[1:]) if isinstance(output, tuple) else states

    hook = copy.model.model.layers[plan.layer].register_forward_hook(inject)
    try:
        hidden = copy.hidden(group)
    finally:
        hook.remove()
    loss = torch.zeros(())
    logits = copy.target_logits(group, hidden)
    for sample, (own, tokens) in zip(group.samples, logits, strict=True):
        loss = loss + sample.weight * F.cross_entropy(own, tokens)
    (loss / len(owner)).backward()  # type: ignore[no-untyped-call]  # torch annotates it partially
    return float(loss.detach())
