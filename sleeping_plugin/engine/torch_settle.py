"""Settle a night's change into the type that a tensor has: train the scales of its blocks.

The codes of a quantised tensor are whole numbers, but every block has a float16 or two by which
they are multiplied: some five per cent as many parameters as weights, for no byte more. Rounding
leaves errors that add up from layer to layer; trained together, through the whole model, the scales
take most of them away. Scales alone as parameters: Kim et al. 2023 (PEQA); trained end to end after
rounding: Chen et al. 2024 (EfficientQAT), section 3.3. Here the teacher is the model that rounding
should have given, and nothing else is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sleeping_plugin.engine.backend import Sample, SettlePlan
from sleeping_plugin.engine.grid import Grid, Steps
from sleeping_plugin.engine.packing import packs
from sleeping_plugin.engine.torch_train import (
    compute_dtype,
    narrowed,
    recomputed,
    schedule,
    swapped,
)
from sleeping_plugin.records import Factors, Progress

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import Matrix, TorchCopy

_M_STEP = 0.5  # of m, which is some eight steps away from zero, beside that of d


class OnGrid(torch.autograd.Function):
    """``W x`` with ``W = low + step * codes``, multiplied in a narrow type."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, step: Tensor, low: Tensor, codes: Tensor, dtype: torch.dtype
    ) -> Tensor:
        """Return the product in float32: (..., n_out)."""
        rows, groups = step.shape
        grouped = codes.view(rows, groups, -1)
        weight = torch.addcmul(low[..., None], step[..., None], grouped).view(rows, -1).to(dtype)
        flat = x.reshape(-1, x.shape[-1]).to(dtype)
        ctx.save_for_backward(flat, weight, codes)
        ctx.groups = groups
        return (flat @ weight.T).to(torch.float32).reshape(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """Return the gradients of ``x``, ``step`` and ``low``."""
        flat, weight, codes = ctx.saved_tensors
        (full,) = grads
        grad = full.reshape(-1, full.shape[-1]).to(weight.dtype)
        by_weight = (grad.T @ flat).to(torch.float32).view(len(weight), ctx.groups, -1)
        by_step = (by_weight * codes.view_as(by_weight)).sum(-1)
        grad_x = (grad @ weight).to(torch.float32).reshape(*full.shape[:-1], -1)
        return grad_x, by_step, by_weight.sum(-1), None, None


class GridLinear(torch.nn.Module):
    """A linear layer whose weights lie on a grid, with scales that can be trained."""

    def __init__(
        self, base: torch.nn.Linear, matrix: Matrix, grid: Grid, dtype: torch.dtype
    ) -> None:
        """``base`` gives the bias; rows of ``grid`` are in GGUF order."""
        super().__init__()

        def rows(part: Any, kind: Any) -> Tensor:
            return matrix.rows_from_gguf(torch.from_numpy(np.ascontiguousarray(part, dtype=kind)))

        self.dtype = dtype
        self.bias = None if base.bias is None else base.bias.detach()
        self.codes = rows(grid.codes, np.int8)
        self.unit, self.shift, self.least = (
            rows(part, np.float32) for part in (grid.unit, grid.shift, grid.least)
        )
        self.scales = rows(grid.scales, np.float32)
        # Adam's steps are of one size: this makes that a share of what is there.
        self.size = self.scales.abs().mean((0, 1))
        self.size[1:] *= _M_STEP
        self.moved = torch.nn.Parameter(torch.zeros_like(self.scales))

    def trained(self) -> Tensor:
        """Return d, and m where there is one: (rows, blocks, 1 or 2)."""
        return self.scales + self.size * self.moved

    def forward(self, x: Tensor) -> Tensor:
        """Return ``W x + bias`` in float32."""
        scales = self.trained()
        d, m = scales[..., :1], scales[..., -1:]
        step = (d * self.unit).flatten(1)
        low = (d * self.shift + m * self.least).flatten(1)
        out: Tensor = OnGrid.apply(  # type: ignore[no-untyped-call]  # torch annotates partially
            x, step, low, self.codes, self.dtype
        )
        return out if self.bias is None else out + self.bias


def settle(
    copy: TorchCopy,
    factors: Factors,
    grids: Mapping[str, Grid],
    samples: Sequence[Sample],
    plan: SettlePlan,
    progress: Progress,
) -> dict[str, Steps]:
    """Return the trained scales of every grid, in GGUF row order."""
    dtype, _reason = compute_dtype()
    wanted = _wanted(copy, factors, samples)
    layers = {
        name: GridLinear(copy.linear(name), copy.matrices[name], grid, dtype)
        for name, grid in grids.items()
    }
    weights = [layer.moved for layer in layers.values()]
    optimiser = torch.optim.Adam(weights, lr=plan.lr, betas=(0.9, 0.95))
    seed = torch.Generator().manual_seed(plan.seed)
    waiting: list[int] = []
    with narrowed(copy), swapped(copy, layers), recomputed(copy):
        for done in range(plan.steps):
            if len(waiting) < plan.batch:
                waiting += torch.randperm(len(samples), generator=seed).tolist()
            batch, waiting = waiting[: plan.batch], waiting[plan.batch :]
            for parameters in optimiser.param_groups:
                parameters["lr"] = plan.lr * schedule(done / plan.steps, plan.warmup)
            optimiser.zero_grad(set_to_none=True)
            _step(copy, [samples[i] for i in batch], [wanted[i] for i in batch])
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimiser.step()
            progress("settle", (done + 1) / plan.steps)
    return {
        name: copy.matrices[name].rows_to_gguf(layer.trained().detach()).double().numpy()
        for name, layer in layers.items()
    }


@torch.no_grad()
def _wanted(copy: TorchCopy, factors: Factors, samples: Sequence[Sample]) -> list[Tensor]:
    """Return the final hidden states at each sample's target places, with ``factors`` applied.

    Hidden states, not logits: they are 85 times smaller, and one product away from them.
    """
    states: list[Tensor] = [torch.empty(0)] * len(samples)
    with copy.applied(factors), narrowed(copy):
        for pack in packs(samples):
            hidden = copy.hidden(pack)
            for i, index in enumerate(pack.indices):
                states[index] = hidden[pack.targets(i)[0]].clone()
    return states


def _step(copy: TorchCopy, samples: Sequence[Sample], wanted: Sequence[Tensor]) -> None:
    """Add the gradients of the mean KL over all targets of the samples."""
    tokens = sum(len(one) for one in wanted)
    for pack in packs(samples):
        own = torch.cat([logits for logits, _ in copy.target_logits(pack, copy.hidden(pack))])
        with torch.no_grad():
            exact = copy.logits(torch.cat([wanted[index] for index in pack.indices]))
        loss = F.kl_div(
            own.log_softmax(-1), exact.log_softmax(-1), log_target=True, reduction="sum"
        )
        (loss / tokens).backward()  # type: ignore[no-untyped-call]  # torch annotates partially
