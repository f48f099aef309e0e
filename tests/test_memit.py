"""Edits: the joint solve against closed forms, and facts written into a tiny model.

Run: pytest tests/test_memit.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from sleeping_plugin import dream, memit
from sleeping_plugin.config import Config, EditConfig
from sleeping_plugin.dream import split_wordings
from sleeping_plugin.engine.backend import Sample, ValuePlan, ValueTarget
from sleeping_plugin.engine.torch_copy import TorchCopy
from sleeping_plugin.memit import MemitEditor, default_layers, fact_target, key_end, mean_by, solve
from sleeping_plugin.records import Edits, Fact, LowRank, Message, silent

torch.set_num_threads(1)

CONFIG = Config(edit=EditConfig(layers=(0, 1), steps=20, lr=0.5, clamp=2.0, ridge=1.0, contexts=1))
LOWEST = replace(CONFIG, edit=replace(CONFIG.edit, layers=(0,)))
TENSORS = ["blk.0.ffn_down.weight", "blk.1.ffn_down.weight"]


@pytest.fixture(scope="module")
def copy(make_copy: Callable[..., TorchCopy]) -> TorchCopy:
    """Give a model in which more than usual flows from token to token."""
    made = make_copy()
    for layer in made.model.model.layers:
        layer.self_attn.v_proj.weight.mul_(2)
        layer.self_attn.o_proj.weight.mul_(2)
    return made


@pytest.fixture(scope="module")
def facts(make_fact: Callable[..., Fact]) -> list[Fact]:
    told = [
        make_fact("my sister", "name", "Mara"),
        make_fact("user", "home city", "Porto"),
        make_fact("Kaito", "job", "baker"),
    ]
    # A random model knows no grammar: the value alone is what an edit can move.
    return [replace(fact, answer=fact.value) for fact in told]


@pytest.fixture(autouse=True)
def few_neutral_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the second moment to a few samples: the tiny model needs no more."""
    prompts, texts = dream.anchor_prompts()[:20], dream.anchor_texts()[:10]
    monkeypatch.setattr(memit, "anchor_prompts", lambda: prompts)
    monkeypatch.setattr(memit, "anchor_texts", lambda: texts)


def edit(copy: TorchCopy, facts: Sequence[Fact], config: Config = CONFIG) -> Edits:
    return MemitEditor().edit(copy, facts, config, silent)


def taught(copy: TorchCopy, fact: Fact) -> list[Sample]:
    """Return the samples that an edit is made with."""
    asked = split_wordings(fact)[0][: CONFIG.edit.contexts]
    return [copy.tokenize([Message("user", wording)], fact.answer) for wording in asked]


@torch.no_grad()
def log_likelihood(copy: TorchCopy, samples: Sequence[Sample]) -> float:
    """Return the mean log probability of a target token."""
    total = 0.0
    for sample in samples:
        logits = copy.model(input_ids=torch.tensor([sample.tokens]), use_cache=False).logits[0]
        targets = torch.tensor(sample.tokens[sample.prompt :])
        total -= float(F.cross_entropy(logits[sample.prompt - 1 : -1], targets))
    return total / len(samples)


# The solve


@st.composite
def problems(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Draw keys (n, n_in), residuals (n, n_out), a second moment (n_in, n_in) and a ridge."""
    n, n_in, n_out = (draw(st.integers(1, top)) for top in (7, 12, 9))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    neutral = rng.normal(size=(3 * n_in, n_in))
    moment = neutral.T @ neutral / len(neutral)
    ridge = draw(st.sampled_from((0.1, 1.0, 100.0)))
    return rng.normal(size=(n, n_in)), rng.normal(size=(n, n_out)), moment, ridge


def preserved(moment: np.ndarray, ridge: float) -> np.ndarray:
    """Return C as the solve takes it: a millionth of its mean diagonal keeps it invertible."""
    size = len(moment)
    jitter: np.ndarray = ridge * moment + 1e-6 * np.trace(moment) / size * np.eye(size)
    return jitter


@settings(deadline=None)
@given(problems())
def test_the_solve_is_the_closed_form(
    problem: tuple[np.ndarray, np.ndarray, np.ndarray, float],
) -> None:
    keys, residuals, moment, ridge = problem
    pair = solve(keys, residuals, moment, ridge)
    expected = residuals.T @ keys @ np.linalg.inv(keys.T @ keys + preserved(moment, ridge))
    np.testing.assert_allclose(pair.b @ pair.a, expected, rtol=1e-3, atol=1e-4)
    assert pair.a.shape == keys.shape
    assert pair.b.shape == residuals.T.shape
    assert pair.a.dtype == pair.b.dtype == np.float32


@settings(deadline=None, max_examples=40)
@given(problems())
def test_the_solve_is_the_least_squares_that_it_stands_for(
    problem: tuple[np.ndarray, np.ndarray, np.ndarray, float],
) -> None:
    # min ||K W^T - R||^2 + tr(W C W^T), as one overdetermined system without normal equations
    keys, residuals, moment, ridge = problem
    root = np.linalg.cholesky(preserved(moment, ridge)).T
    rows = np.concatenate([keys, root])
    wanted = np.concatenate([residuals, np.zeros((len(root), residuals.shape[1]))])
    expected = np.linalg.lstsq(rows, wanted, rcond=None)[0].T
    pair = solve(keys, residuals, moment, ridge)
    np.testing.assert_allclose(pair.b @ pair.a, expected, rtol=1e-3, atol=1e-4)


def test_keys_that_are_free_get_their_residuals_and_common_ones_keep_their_values() -> None:
    rng = np.random.default_rng(0)
    common = rng.normal(size=(50, 4)) @ rng.normal(size=(4, 10))  # four of ten directions in use
    keys, residuals = rng.normal(size=(2, 10)), rng.normal(size=(2, 6))
    pair = solve(keys, residuals, common.T @ common / 50, 1000.0)
    change = (pair.b @ pair.a).astype(np.float64)
    np.testing.assert_allclose(keys @ change.T, residuals, atol=0.05)
    assert np.abs(common @ change.T).max() < 0.05 * np.abs(residuals).max()


def test_a_moment_of_few_samples_can_be_solved() -> None:
    pair = solve(np.ones((1, 5)), np.ones((1, 3)), np.diag([1.0, 0, 0, 0, 0]), 100.0)
    assert np.isfinite(pair.a).all()


def test_means_are_taken_by_owner() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]])
    np.testing.assert_array_equal(mean_by(rows, np.array([0, 0, 1]), 2), [[2.0, 3.0], [10.0, 20.0]])


@pytest.mark.parametrize(
    ("depth", "layers"),
    [(30, (6, 7, 8, 9, 10)), (1, (0,)), (4, (0, 1, 2, 3)), (10, (2, 3, 4, 5, 6))],
)
def test_layers_are_chosen_by_depth(depth: int, layers: tuple[int, ...]) -> None:
    assert default_layers(depth) == layers


# Where a fact's key is read


@pytest.mark.parametrize(
    ("subject", "wording", "until"),
    [
        ("my sister", "What is my sister's name?", "What is my sister"),
        ("Kaito", "Where does Kaito live, and what does Kaito do?", "Where does Kaito live, and"
         " what does Kaito"),
        ("my best friend", "My best FRIEND is called?", "My best FRIEND"),
        ("Jo", "Does John know where Jo lives?", "Does John know where Jo"),
        ("my sister", "What is Mara's job?", "What is Mara's job"),  # by another name
        ("user", "Where do I live?", "Where do I live"),
        ("user", "What did I say about 'home'?", "What did I say about 'home"),
        ("user", "My name is", "My name is"),
    ],
)  # fmt: skip
def test_the_key_is_read_after_the_words_that_say_what_is_asked(
    make_fact: Callable[..., Fact], subject: str, wording: str, until: str
) -> None:
    assert wording[: key_end(make_fact(subject, "name", "X"), wording)] == until


@pytest.mark.parametrize("end", ["?", " ...", ""])
@pytest.mark.parametrize(("subject", "words"), [("my sister", 4), ("user", 5)])
def test_positions_are_those_of_the_last_word_before_the_cut(
    copy: TorchCopy, make_fact: Callable[..., Fact], subject: str, words: int, end: str
) -> None:
    wording = "Tell me my sister name" + end
    fact = replace(make_fact(subject, "name", "Mara"), wordings=(wording,))
    target = fact_target(copy, fact, 4)
    assert target.samples == (copy.tokenize([Message("user", wording)], fact.answer),)
    prefix = len(copy.tokenize([Message("user", "")], None).tokens) - 2  # end of turn, assistant
    assert target.positions == (prefix + words - 1,)


def test_no_kept_back_wording_is_used_for_an_edit(copy: TorchCopy, facts: list[Fact]) -> None:
    for fact in facts:
        target = fact_target(copy, fact, 99)
        back = {copy.tokenize([Message("user", w)], fact.answer) for w in split_wordings(fact)[1]}
        assert back
        assert not back & set(target.samples)
        assert len(fact_target(copy, fact, 3).samples) == 3


# Target values


def plan(**changes: float) -> ValuePlan:
    return replace(ValuePlan(1, 20, 0.5, 0.05, 2.0, 0.05), **changes)  # type: ignore[arg-type]  # all are numbers


@torch.no_grad()
def loss_with(copy: TorchCopy, target: ValueTarget, delta: np.ndarray, layer: int) -> float:
    """Run each sample alone with ``delta`` added after the layer at its position."""
    total = 0.0
    for sample, place in zip(target.samples, target.positions, strict=True):

        def add(_m: object, _a: object, out: torch.Tensor, place: int = place) -> torch.Tensor:
            changed = out.clone()
            changed[0, place] += torch.from_numpy(delta)
            return changed

        hook = copy.model.model.layers[layer].register_forward_hook(add)
        logits = copy.model(input_ids=torch.tensor([sample.tokens]), use_cache=False).logits[0]
        hook.remove()
        targets = torch.tensor(sample.tokens[sample.prompt :])
        total += float(F.cross_entropy(logits[sample.prompt - 1 : -1], targets))
    return total / len(target.samples)


def test_values_make_the_answers_likely_and_stay_within_the_clamp(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    targets = [fact_target(copy, fact, 3) for fact in facts]
    deltas = copy.optimise_values(targets, plan(clamp=1.5), silent)
    assert deltas.shape == (3, copy.n_embd)
    for target, delta in zip(targets, deltas, strict=True):
        before = loss_with(copy, target, np.zeros_like(delta), 1)
        assert loss_with(copy, target, delta, 1) < before - 0.5
        norms = np.linalg.norm(copy.residuals(1, target.samples, target.positions), axis=1)
        assert np.linalg.norm(delta) <= 1.5 * norms.mean() * 1.001


def test_facts_are_optimised_each_for_itself(copy: TorchCopy, facts: list[Fact]) -> None:
    targets = [fact_target(copy, fact, 1) for fact in facts]
    together = copy.optimise_values(targets, plan(steps=1, stop=-1.0), silent)
    for i, target in enumerate(targets):
        # One step of Adam has the length of its rate: what counts is the direction.
        alone = copy.optimise_values([target], plan(steps=1, stop=-1.0), silent)[0]
        assert np.mean(np.sign(together[i]) == np.sign(alone)) > 0.95


def test_two_facts_of_one_subject_do_not_see_each_others_values(copy: TorchCopy) -> None:
    # Their questions begin alike up to and beyond the name, which carries both keys.
    asked = ("Where does Kaito live now?", "Where does Kaito live then?")
    targets = []
    for question, reply in zip(asked, ("In Porto.", "With seven cats."), strict=True):
        sample = copy.tokenize([Message("user", question)], reply)
        targets.append(ValueTarget((sample,), (sample.prompt - 6,)))
    together = copy.optimise_values(targets, plan(steps=1, stop=-1.0), silent)
    for delta, target in zip(together, targets, strict=True):
        alone = copy.optimise_values([target], plan(steps=1, stop=-1.0), silent)[0]
        assert np.mean(np.sign(delta) == np.sign(alone)) > 0.95


def test_optimising_stops_when_the_answers_are_likely_enough(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    seen: list[float] = []
    target = fact_target(copy, facts[0], 1)
    deltas = copy.optimise_values([target], plan(stop=1e9), lambda what, f: seen.append(f))
    assert len(seen) == 1
    assert not deltas.any()


# Edits


def test_an_edit_makes_the_answers_likely_and_leaves_the_copy_bit_for_bit(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    before = {name: value.clone() for name, value in copy.model.state_dict().items()}
    edits = edit(copy, facts)
    assert all(torch.equal(copy.model.state_dict()[name], old) for name, old in before.items())
    assert list(edits.factors) == TENSORS
    assert dict(edits.owners) == dict.fromkeys(TENSORS, tuple(fact.id for fact in facts))
    wanted = [sample for fact in facts for sample in taught(copy, fact)]
    plain = log_likelihood(copy, wanted)
    with copy.applied(edits.factors):
        assert log_likelihood(copy, wanted) > plain + 0.7


def test_an_edit_of_one_layer_moves_every_answer(copy: TorchCopy, facts: list[Fact]) -> None:
    edits = edit(copy, facts, LOWEST)
    for fact in facts:
        plain = log_likelihood(copy, taught(copy, fact))
        with copy.applied(edits.factors):
            assert log_likelihood(copy, taught(copy, fact)) > plain + 1


def test_an_edit_moves_its_facts_more_than_other_chats(copy: TorchCopy, facts: list[Fact]) -> None:
    edits = edit(copy, facts, LOWEST)
    other = [
        copy.tokenize([Message("user", prompt)], "Let me think about it.")
        for prompt in dream.anchor_prompts()[:20]
    ]
    wanted = [sample for fact in facts for sample in taught(copy, fact)]
    plain = log_likelihood(copy, wanted), log_likelihood(copy, other)
    with copy.applied(edits.factors):
        gain = log_likelihood(copy, wanted) - plain[0]
        moved = abs(log_likelihood(copy, other) - plain[1])
    assert gain > 3 * moved


def test_a_removed_fact_leaves_nothing_behind(copy: TorchCopy, facts: list[Fact]) -> None:
    never = edit(copy, [facts[0], facts[2]])
    edit(copy, facts)
    again = edit(copy, [facts[0], facts[2]])
    for tensor in TENSORS:
        np.testing.assert_array_equal(never.factors[tensor].a, again.factors[tensor].a)
        np.testing.assert_array_equal(never.factors[tensor].b, again.factors[tensor].b)


def test_the_order_of_telling_has_no_effect(copy: TorchCopy, facts: list[Fact]) -> None:
    config = replace(CONFIG, edit=replace(CONFIG.edit, steps=3))
    one, two = edit(copy, facts, config), edit(copy, facts[::-1], config)
    for tensor in TENSORS:
        first, second = (e.factors[tensor].b @ e.factors[tensor].a for e in (one, two))
        assert np.linalg.norm(first - second) < 0.02 * np.linalg.norm(first)


def test_lower_edits_are_in_place_when_the_next_layer_is_solved(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    edits = edit(copy, facts)
    targets = [fact_target(copy, fact, CONFIG.edit.contexts) for fact in facts]
    samples = [sample for target in targets for sample in target.samples]
    places = [place for target in targets for place in target.positions]
    assert len(samples) == 3
    changes = copy.optimise_values(targets, memit.value_plan(CONFIG, 1), silent)
    wanted = changes + copy.residuals(1, samples, places)
    with copy.applied({TENSORS[0]: edits.factors[TENSORS[0]]}):
        expected = (wanted - copy.residuals(1, samples, places)).T
    np.testing.assert_allclose(edits.factors[TENSORS[1]].b, expected, rtol=1e-3, atol=1e-3)


def test_layers_are_those_of_the_configuration_or_of_the_depth(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    config = replace(CONFIG, edit=EditConfig(steps=1))
    assert list(edit(copy, facts[:1], config).factors) == [
        f"blk.{layer}.ffn_down.weight" for layer in range(4)
    ]


def test_an_edit_that_is_interrupted_leaves_the_copy_as_it_was(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    before = {name: value.clone() for name, value in copy.model.state_dict().items()}

    def stop(what: str, fraction: float) -> None:
        if what == "edit: solve" and fraction > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        MemitEditor().edit(copy, facts, CONFIG, stop)
    assert all(torch.equal(copy.model.state_dict()[name], old) for name, old in before.items())


# Columns and their owners


def test_columns_are_scaled_by_their_owner() -> None:
    rng = np.random.default_rng(0)
    pair = LowRank(
        rng.normal(size=(3, 6)).astype(np.float32), rng.normal(size=(5, 3)).astype(np.float32)
    )
    edits = Edits({"one": pair, "two": pair}, {"one": ("x", "y", "z"), "two": ("y", "y", "y")})
    scaled = edits.scaled({"x": 0.5, "z": 1.0, "y": 0.0})
    assert list(scaled) == ["one"]  # nothing is left of the other
    expected = pair.b[:, [0, 2]] * [0.5, 1.0] @ pair.a[[0, 2]]
    np.testing.assert_allclose(scaled["one"].b @ scaled["one"].a, expected, rtol=1e-5, atol=1e-6)
    assert scaled["one"].a.shape == (2, 6)
    assert edits.scaled({}) == {}  # a fact without a scale is not taught


def test_a_fact_scaled_to_nothing_is_moved_less_than_the_others(
    copy: TorchCopy, facts: list[Fact]
) -> None:
    edits = edit(copy, facts, LOWEST)
    with copy.applied(edits.factors):
        whole = [log_likelihood(copy, taught(copy, fact)) for fact in facts]
    scale = {fact.id: float(i > 0) for i, fact in enumerate(facts)}
    with copy.applied(edits.scaled(scale)):
        rest = [log_likelihood(copy, taught(copy, fact)) for fact in facts]
    losses = [one - other for one, other in zip(whole, rest, strict=True)]
    assert losses[0] > 0.3
    assert losses[0] > 2 * max(losses[1:])
