"""The working copy in torch: a transformers decoder, read and changed through GGUF names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from sleeping_plugin.engine import (
    torch_attention,
    torch_moments,
    torch_settle,
    torch_train,
    torch_values,
)
from sleeping_plugin.engine.backend import AdapterPlan, Sample, SettlePlan, ValuePlan, ValueTarget
from sleeping_plugin.engine.grid import Grid, Steps
from sleeping_plugin.engine.packing import Pack, packs
from sleeping_plugin.records import (
    Array,
    Factors,
    LowRank,
    Message,
    Progress,
    SecondMoment,
    silent,
)

Tokenize = Callable[[Sequence[Message], str | None], Sample]


@dataclass(frozen=True, slots=True)
class Matrix:
    """One weight matrix of the copy and how its rows are ordered in the GGUF."""

    module: str  # dotted path in the transformers model
    heads: int = 0  # > 0: rotary rows, interleaved in the GGUF per head

    def rows_to_gguf(self, b: torch.Tensor) -> torch.Tensor:
        """Reorder rows (n_out, ...) from the transformers layout to the GGUF's."""
        if not self.heads:
            return b
        half = b.shape[0] // self.heads // 2
        return b.reshape(self.heads, 2, half, -1).transpose(1, 2).reshape(b.shape)

    def rows_from_gguf(self, b: torch.Tensor) -> torch.Tensor:
        """Reorder rows (n_out, ...) from the GGUF layout to that of transformers."""
        if not self.heads:
            return b
        half = b.shape[0] // self.heads // 2
        return b.reshape(self.heads, half, 2, -1).transpose(1, 2).reshape(b.shape)


class TorchCopy:
    """A working copy held by torch; see :class:`sleeping_plugin.engine.backend.WorkingCopy`."""

    def __init__(self, model: Any, matrices: Mapping[str, Matrix], tokenize: Tokenize) -> None:
        """``model`` is a causal decoder of transformers, in float32, in evaluation mode."""
        self.model = model
        self.matrices = dict(matrices)
        self.tokenize = tokenize
        self.n_layers: int = model.config.num_hidden_layers
        self.n_embd: int = model.config.hidden_size
        model.config._attn_implementation = torch_attention.NAME
        model.requires_grad_(False)
        model.eval()

    def linear_tensors(self) -> tuple[str, ...]:
        """Return the GGUF names of every weight matrix that can be changed."""
        return tuple(self.matrices)

    def linear(self, tensor: str) -> torch.nn.Linear:
        """Return the module behind a GGUF tensor name."""
        module: torch.nn.Linear = self.model.get_submodule(self.matrices[tensor].module)
        return module

    def hidden(self, pack: Pack) -> torch.Tensor:
        """Return the final hidden states of a pack, after the last norm: (T, n_embd)."""
        out: torch.Tensor = self.model.model(**pack.inputs()).last_hidden_state[0]
        return out

    def logits(self, hidden: torch.Tensor, head: torch.nn.Module | None = None) -> torch.Tensor:
        """Return the logits of hidden states: (..., n_vocab). ``head`` stands in for the model's.

        Granite divides them, Gemma caps them (``c tanh(x / c)``).
        """
        out: torch.Tensor = (self.model.lm_head if head is None else head)(hidden)
        if divisor := getattr(self.model.config, "logits_scaling", None):
            out = out / divisor
        if cap := getattr(self.model.config, "final_logit_softcapping", None):
            out = cap * torch.tanh(out / cap)
        return out

    def target_logits(
        self, pack: Pack, hidden: torch.Tensor, head: torch.nn.Module | None = None
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return (logits, tokens) of each sample's target of n tokens: (n, n_vocab) and (n,).

        One product with the vocabulary for the whole pack: it is read from memory once.
        """
        targets = [pack.targets(i) for i in range(len(pack.samples))]
        wanted = hidden[[place for places, _ in targets for place in places]]
        logits = self.logits(wanted, head)
        parts = torch.split(logits, [len(places) for places, _ in targets])
        return [(own, torch.tensor(t)) for own, (_, t) in zip(parts, targets, strict=True)]

    @contextmanager
    def applied(self, factors: Factors) -> Iterator[None]:
        """Add ``b @ a`` to the named weights inside the context; restore bit for bit after."""
        before: dict[str, torch.Tensor] = {}
        try:
            for name, pair in factors.items():
                weight = self.linear(name).weight
                b = self.matrices[name].rows_from_gguf(torch.from_numpy(pair.b))
                before[name] = weight.detach().clone()
                weight.add_(b @ torch.from_numpy(pair.a))
            yield
        finally:
            for name, saved in before.items():
                self.linear(name).weight.copy_(saved)

    @torch.no_grad()
    def keys(self, tensor: str, samples: Sequence[Sample], positions: Sequence[int]) -> Array:
        """Return the inputs of ``tensor`` at one position per sample: (len(samples), n_in)."""
        found = np.zeros((len(samples), self.linear(tensor).in_features), dtype=np.float32)
        for pack, inputs in self.inputs([tensor], samples):
            for i, index in enumerate(pack.indices):
                found[index] = inputs[tensor][pack.place(i, positions[index])].numpy()
        return found

    @torch.no_grad()
    def second_moment(self, tensors: Sequence[str], samples: Sequence[Sample]) -> dict[str, Array]:
        """Return mean k k^T of each tensor's inputs over all tokens: (n_in, n_in) each."""
        sums: dict[str, torch.Tensor] = {}
        count = 0
        for pack, inputs in self.inputs(tensors, samples):
            count += pack.tokens.shape[1]
            for name, keys in inputs.items():
                product = keys.T @ keys
                sums[name] = sums[name] + product if name in sums else product
        return {name: (total / max(count, 1)).numpy() for name, total in sums.items()}

    def inputs(
        self, tensors: Sequence[str], samples: Sequence[Sample]
    ) -> Iterator[tuple[Pack, dict[str, torch.Tensor]]]:
        """Yield each pack with the inputs (T, n_in) of the named tensors."""
        inputs: dict[str, torch.Tensor] = {}

        def keep(name: str) -> Callable[..., None]:
            return lambda _module, args: inputs.__setitem__(name, args[0][0])

        hooks = [self.linear(n).register_forward_pre_hook(keep(n)) for n in tensors]
        try:
            for pack in packs(samples):
                self.hidden(pack)
                yield pack, inputs
        finally:
            for hook in hooks:
                hook.remove()

    @torch.no_grad()
    def residuals(self, layer: int, samples: Sequence[Sample], positions: Sequence[int]) -> Array:
        """Return the residual stream after ``layer`` at one position per sample: (n, n_embd)."""
        found = np.zeros((len(samples), self.n_embd), dtype=np.float32)
        states: list[torch.Tensor] = []
        block = self.model.model.layers[layer]
        hook = block.register_forward_hook(lambda _m, _a, out: states.append(stream(out)[0]))
        try:
            for pack in packs(samples):
                states.clear()
                self.hidden(pack)
                for i, index in enumerate(pack.indices):
                    found[index] = states[0][pack.place(i, positions[index])].numpy()
        finally:
            hook.remove()
        return found

    def optimise_values(
        self, targets: Sequence[ValueTarget], plan: ValuePlan, progress: Progress = silent
    ) -> Array:
        """Return one change of the residual stream per target: (len(targets), n_embd)."""
        return torch_values.optimise(self, targets, plan, progress)

    def moments(
        self, tensors: Sequence[str], groups: Sequence[Sequence[Sample]], rank: int, seed: int
    ) -> dict[str, SecondMoment]:
        """Return what reaches each tensor, every group of samples with the same weight."""
        return torch_moments.moments(self, tensors, groups, rank, seed)

    def settle(
        self,
        factors: Factors,
        grids: Mapping[str, Grid],
        samples: Sequence[Sample],
        plan: SettlePlan,
        progress: Progress = silent,
    ) -> dict[str, Steps]:
        """Train the scales of ``grids`` until the copy on them answers as with ``factors``."""
        return torch_settle.settle(self, factors, grids, samples, plan, progress)

    def train(
        self, epochs: Sequence[Sequence[Sample]], plan: AdapterPlan, progress: Progress = silent
    ) -> dict[str, LowRank]:
        """Train an adapter, epoch after epoch; return its factors, alpha / rank multiplied in."""
        return torch_train.train(self, epochs, plan, progress)


def stream(output: Any) -> torch.Tensor:
    """Return the residual stream out of a decoder layer's output (a tensor or a tuple)."""
    first: torch.Tensor = output[0] if isinstance(output, tuple) else output
    return first
