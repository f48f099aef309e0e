"""Consolidator "lora": one adapter, trained on the night's material with the edits off."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from sleeping_plugin.config import Config
from sleeping_plugin.engine.backend import AdapterPlan, Sample, WorkingCopy
from sleeping_plugin.hookspecs import Consolidator, hookimpl
from sleeping_plugin.records import Example, Factors, Progress

log = logging.getLogger(__name__)


class LoraConsolidator:
    """Trains a LoRA on every linear matrix from ``adapter.first_layer`` upwards."""

    name = "lora"

    def consolidate(
        self,
        copy: WorkingCopy,
        material: Sequence[Sequence[Example]],
        config: Config,
        progress: Progress,
    ) -> Factors:
        """Return the adapter's factors; the copy is left bit for bit as it was."""
        samples: dict[Example, Sample] = {}
        for example in (e for epoch in material for e in epoch):
            if example not in samples:
                sample = copy.tokenize(example.messages, example.target)
                anchor = example.kind == "anchor"
                sharp = anchor and bool(example.messages)
                samples[example] = replace(
                    sample,
                    weight=example.weight,
                    anchor=anchor,
                    temperature=config.adapter.anchor_temperature if sharp else 1.0,
                    group=example.group,
                )
        epochs = [[samples[example] for example in epoch] for epoch in material]
        plan = adapter_plan(copy, config)
        log.info("adapter of rank %d on %d matrices", plan.rank, len(plan.tensors))
        return copy.train(epochs, plan, progress)


def adapter_plan(copy: WorkingCopy, config: Config) -> AdapterPlan:
    """Return the plan that the configuration asks for."""
    chosen = config.adapter
    first = copy.n_layers // 3 if chosen.first_layer < 0 else chosen.first_layer
    tensors = tuple(name for name in copy.linear_tensors() if int(name.split(".")[1]) >= first)
    return AdapterPlan(
        tensors=tensors,
        rank=chosen.rank,
        alpha=chosen.alpha,
        lr=chosen.lr,
        batch=chosen.batch,
        warmup=chosen.warmup,
        weight_decay=chosen.weight_decay,
        anchor_weight=chosen.anchor_weight,
        candidates=chosen.candidates,
        seed=config.night.seed,
    )


@hookimpl
def register_consolidators(register: Callable[[Consolidator], None]) -> None:
    """Offer the LoRA consolidator."""
    register(LoraConsolidator())
