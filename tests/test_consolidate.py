"""What the consolidator hands to the trainer. Run: pytest tests/test_consolidate.py"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from sleeping_plugin.config import AdapterConfig, Config, NightConfig
from sleeping_plugin.consolidate import LoraConsolidator, adapter_plan
from sleeping_plugin.engine.backend import AdapterPlan, Sample, WorkingCopy
from sleeping_plugin.records import Example, Factors, Message, Progress, silent

FACT = Example(
    (Message("user", "Where do I live?"),), "You live in Porto.", "fact", "f-1", group="known"
)
ANCHOR = Example((), "The sea is wide.", "anchor", weight=0.5)
MISS = Example((Message("user", "Who is Leo?"),), "I don't know that yet.", "near_miss")


class FakeCopy:
    """Counts what is tokenised and keeps what it is trained with."""

    n_layers = 12

    def __init__(self) -> None:
        self.tokenised: Counter[str] = Counter()
        self.trained: list[list[Sample]] = []
        self.plan: AdapterPlan | None = None

    def tokenize(self, messages: Sequence[Message], target: str | None) -> Sample:
        said = " ".join(message.content for message in messages)
        self.tokenised[f"{said} > {target}"] += 1
        return Sample(tuple(f"{said} > {target}".encode()), len(said) + 1)

    def linear_tensors(self) -> tuple[str, ...]:
        names = ("attn_q", "ffn_down")
        return tuple(f"blk.{layer}.{name}.weight" for layer in range(12) for name in names)

    def train(
        self, epochs: Sequence[Sequence[Sample]], plan: AdapterPlan, progress: Progress
    ) -> Factors:
        self.trained, self.plan = [list(epoch) for epoch in epochs], plan
        return {}


def as_copy(fake: FakeCopy) -> WorkingCopy:
    return cast(Any, fake)  # type: ignore[no-any-return]  # it has what is used here


def test_each_example_is_tokenised_once_and_trained_with_as_often_as_it_comes() -> None:
    fake = FakeCopy()
    LoraConsolidator().consolidate(
        as_copy(fake), [[FACT, ANCHOR], [FACT, FACT, MISS]], Config(), silent
    )
    assert set(fake.tokenised.values()) == {1}
    assert [len(epoch) for epoch in fake.trained] == [2, 3]
    assert fake.trained[1][0] == fake.trained[1][1] == fake.trained[0][0]


def test_anchors_and_weights_reach_the_trainer() -> None:
    fake = FakeCopy()
    LoraConsolidator().consolidate(as_copy(fake), [[FACT, ANCHOR, MISS]], Config(), silent)
    ((fact, anchor, miss),) = fake.trained
    assert (fact.anchor, anchor.anchor, miss.anchor) == (False, True, False)
    assert (fact.weight, anchor.weight) == (1.0, 0.5)
    assert (fact.group, anchor.group, miss.group) == ("known", "", "")


def test_the_plan_is_that_of_the_configuration() -> None:
    chosen = AdapterConfig(
        first_layer=9, rank=3, alpha=5.0, lr=0.1, batch=7, warmup=0.3, weight_decay=0.2,
        anchor_weight=4.0, candidates=3,
    )  # fmt: skip
    plan = adapter_plan(as_copy(FakeCopy()), Config(adapter=chosen, night=NightConfig(seed=11)))
    tensors = FakeCopy().linear_tensors()[18:]
    assert plan == AdapterPlan(tensors, 3, 5.0, 0.1, 7, 0.3, 0.2, 4.0, 3, 11)


@pytest.mark.parametrize(("first", "count"), [(0, 24), (10, 4), (12, 0), (-1, 16)])
def test_layers_below_the_first_get_no_adapter(first: int, count: int) -> None:
    config = Config(adapter=replace(AdapterConfig(), first_layer=first))
    assert len(adapter_plan(as_copy(FakeCopy()), config).tensors) == count
