"""Settle what was learnt into the types that the tensors have, so that the file does not grow.

Where the recipe keeps a tensor in its own type, rounding it to nearest would lose the night. So it
is rounded with an eye on what reaches it, and then the scales of all blocks are trained together
until the rounded copy answers as the exact one does. See ``engine/torch_settle.py`` and
``docs/method.md``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import Final

import numpy as np

from sleeping_plugin.atomic import write_bytes
from sleeping_plugin.config import Config
from sleeping_plugin.engine.backend import Sample, SettlePlan, WorkingCopy
from sleeping_plugin.errors import StateError
from sleeping_plugin.factors import DAMAGE, digest_of
from sleeping_plugin.hookspecs import Exporter
from sleeping_plugin.records import Example, Factors, Progress, Settled

SETTLED: Final = "settled.npz"  # in the folder of a version
RANK: Final = 64  # of what is known of a tensor's inputs
HEARD: Final = 5  # one sample in so many tells what reaches a tensor


def wanted(config: Config) -> bool:
    """Tell whether the recipe keeps tensors near their own types and what was learnt in them."""
    return config.export.type in ("own", "wider") and config.export.rounding == "keeping"


def settle(
    copy: WorkingCopy,
    exporter: Exporter,
    base: Path,
    factors: Factors,
    material: Sequence[Sequence[Example]],
    config: Config,
    progress: Progress,
    master: Path | None = None,
) -> dict[str, Settled]:
    """Return every changed tensor on the grid that the recipe gives it, as far as it has one.

    ``material`` is in groups: ordinary talk, the facts, what was never told.
    """
    groups = [[copy.tokenize(e.messages, e.target) for e in group] for group in material if group]
    groups[0] = talk_alone(groups[0])
    seed = config.night.seed
    with copy.applied(factors):
        heard = [group[::HEARD] for group in groups]
        moments = copy.moments(sorted(factors), heard, RANK, seed)
    rounded = exporter.round(base, factors, moments, config, progress, master)
    if not rounded:  # floats, say: what is rounded to nearest there keeps the night as it is
        return {}
    grids = {name: grid for name, (grid, _) in rounded.items()}
    plan = SettlePlan(
        steps=config.export.settle_steps,
        lr=config.export.settle_lr,
        batch=config.adapter.batch,
        warmup=config.adapter.warmup,
        seed=seed,
    )
    samples = [sample for group in groups for sample in group]
    scales = copy.settle(factors, grids, samples, plan, progress)
    return {
        name: Settled(moves, scales[name].astype(np.float16))
        for name, (_, moves) in rounded.items()
    }


def talk_alone(samples: Sequence[Sample]) -> list[Sample]:
    """Return chats whose questions are targets as well, all but the beginning that they share.

    What ordinary people say is ordinary text: what the model expects of it should stay, too.
    """
    chats = [sample.tokens for sample in samples if sample.prompt > 1]
    shared = takewhile(lambda column: len(set(column)) == 1, zip(*chats, strict=False))
    start = len(list(shared)) + 1
    return [replace(one, prompt=min(one.prompt, start)) for one in samples]


def digest(settled: Mapping[str, Settled]) -> str:
    """Return "sha256:<hex>" over names, shapes and values, whatever the file; "" of nothing."""
    if not settled:
        return ""
    tensors = ((name, settled[name]) for name in sorted(settled))
    return digest_of(
        (name, *part) for name, one in tensors for part in ((one.moves, "i1"), (one.scales, "<f2"))
    )


def save(path: Path, settled: Mapping[str, Settled]) -> None:
    """Write to ``path``, atomically. Few codes move, so moves take little room."""
    arrays = {f"{name}.moves": one.moves for name, one in settled.items()}
    scales = {f"{name}.scales": one.scales for name, one in settled.items()}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays, **scales)  # type: ignore[arg-type]  # names, not flags
    write_bytes(path, buffer.getvalue())


def load(path: Path) -> dict[str, Settled]:
    """Read what :func:`save` wrote. Raises StateError for a missing or damaged file."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
            names = [key.removesuffix(".moves") for key in arrays.files if key.endswith(".moves")]
            return {
                name: Settled(arrays[f"{name}.moves"], arrays[f"{name}.scales"]) for name in names
            }
    except DAMAGE as error:
        raise StateError(
            f"{path} does not hold the settled tensors of a version ({error}). "
            "Teach it again with `sleeping sleep`."
        ) from error
