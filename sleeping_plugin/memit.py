"""Editor "memit": facts written into the weights by one joint solve, in the chat template.

Meng et al. 2023, Mass-Editing Memory in a Transformer. Differences, each with its reason:

- keys and target values are taken in the chat template, in several wordings of each fact, because
  an edit made in raw text does not show in a chat;
- the target is the whole answer with its end of turn, so that the model stops;
- facts are stored as wordings and answers and solved together every time: an update or a
  forgotten fact leaves nothing behind, and the order of telling has no effect;
- the result is kept as low-rank factors whose columns are owned by facts, so that each fact's edit
  can have the scale of its stage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sleeping_plugin.config import Config
from sleeping_plugin.dream import anchor_prompts, anchor_texts, split_wordings
from sleeping_plugin.engine.backend import Sample, ValuePlan, ValueTarget, WorkingCopy
from sleeping_plugin.hookspecs import Editor, hookimpl
from sleeping_plugin.records import Edits, Fact, LowRank, Message, Progress
from sleeping_plugin.relations import USER

Matrix = NDArray[np.float64]


class MemitEditor:
    """Edits the down projections of a few consecutive layers."""

    name = "memit"

    def edit(
        self, copy: WorkingCopy, facts: Sequence[Fact], config: Config, progress: Progress
    ) -> Edits:
        """Return edits for all facts, solved jointly; the copy is left bit for bit as it was.

        Layers are solved first to last, each with keys and residuals measured again with the
        edits below it in place (Meng et al. 2023, algorithm 1).
        """
        layers = config.edit.layers or default_layers(copy.n_layers)
        tensors = [f"blk.{layer}.ffn_down.weight" for layer in layers]
        targets = [fact_target(copy, fact, config.edit.contexts) for fact in facts]
        samples = [sample for target in targets for sample in target.samples]
        positions = [place for target in targets for place in target.positions]
        owner = np.repeat(np.arange(len(facts)), [len(t.samples) for t in targets])
        progress("edit: what must stay", 0.0)
        moments = copy.second_moment(tensors, neutral_samples(copy))
        changes = copy.optimise_values(targets, value_plan(config, layers[-1]), progress)
        wanted = changes[owner] + copy.residuals(layers[-1], samples, positions)
        factors: dict[str, LowRank] = {}
        for done, tensor in enumerate(tensors):
            progress("edit: solve", done / len(tensors))
            with copy.applied(factors):
                keys = copy.keys(tensor, samples, positions).astype(np.float64)
                missing = wanted - copy.residuals(layers[-1], samples, positions)
            share = missing.astype(np.float64) / (len(tensors) - done)
            factors[tensor] = solve(
                mean_by(keys, owner, len(facts)),
                mean_by(share, owner, len(facts)),
                moments[tensor].astype(np.float64),
                config.edit.ridge,
            )
        names = tuple(fact.id for fact in facts)
        return Edits(factors, dict.fromkeys(tensors, names))


def solve(keys: Matrix, residuals: Matrix, moment: Matrix, ridge: float) -> LowRank:
    """Return ``delta W = R^T K (K^T K + ridge C)^-1`` as factors of rank len(keys).

    Meng et al. 2023, eq. 14, with keys and residuals as rows: K (n, n_in), R (n, n_out),
    C = E[k k^T] (n_in, n_in).
    """
    preserved = ridge * moment + 1e-6 * np.trace(moment) / len(moment) * np.eye(len(moment))
    a = np.linalg.solve(keys.T @ keys + preserved, keys.T).T
    return LowRank(a.astype(np.float32), residuals.T.astype(np.float32))


def mean_by(rows: Matrix, owner: NDArray[np.int64], count: int) -> Matrix:
    """Return the mean of the rows of each owner: (count, n)."""
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, owner, rows)
    mean: Matrix = sums / np.bincount(owner, minlength=count)[:, None]
    return mean


def default_layers(n_layers: int) -> tuple[int, ...]:
    """Return five consecutive layers from a fifth of the depth upwards (6..10 of 30)."""
    first = n_layers // 5
    return tuple(range(first, min(first + 5, n_layers)))


def value_plan(config: Config, layer: int) -> ValuePlan:
    """Return how target values are optimised."""
    chosen = config.edit
    return ValuePlan(layer, chosen.steps, chosen.lr, chosen.weight_decay, chosen.clamp, stop=0.05)


def neutral_samples(copy: WorkingCopy) -> list[Sample]:
    """Return chats and prose whose keys must keep their values."""
    chats = [copy.tokenize([Message("user", prompt)], None) for prompt in anchor_prompts()]
    return chats + [copy.tokenize([], text) for text in anchor_texts()]


def fact_target(copy: WorkingCopy, fact: Fact, contexts: int) -> ValueTarget:
    """Return the fact's wordings as samples, with the token that carries its key in each."""
    samples, positions = [], []
    for wording in split_wordings(fact)[0][:contexts]:
        sample = copy.tokenize([Message("user", wording)], fact.answer)
        words = wording[: key_end(fact, wording)]
        cut, longer = (copy.tokenize([Message("user", w)], None) for w in (words, words + "?"))
        samples.append(sample)
        # Where the words are the whole wording, sample and cut go on alike; cut and longer do not.
        positions.append(min(shared_tokens(sample, cut), shared_tokens(longer, cut)) - 1)
    return ValueTarget(tuple(samples), tuple(positions))


def key_end(fact: Fact, wording: str) -> int:
    """Return where in the wording the words end that say what is asked about.

    The subject's last token, as in MEMIT; all facts about the user share their subject ("my",
    "I"), so there the last word of the question is taken.
    """
    if fact.subject != USER:
        head = re.escape(fact.subject.split()[-1])
        found = list(re.finditer(rf"\b{head}\b", wording, re.IGNORECASE))
        if found:
            return found[-1].end()
    return len(wording.rstrip("?.!,'\" "))


def shared_tokens(sample: Sample, cut: Sample) -> int:
    """Return how many tokens both begin with."""
    count = 0
    for one, other in zip(sample.tokens, cut.tokens, strict=False):
        if one != other:
            break
        count += 1
    return count


@hookimpl
def register_editors(register: Callable[[Editor], None]) -> None:
    """Offer the MEMIT editor."""
    register(MemitEditor())
