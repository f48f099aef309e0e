"""Exporter "gguf": base + factors as one GGUF for any llama.cpp, and the change as a LoRA GGUF."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

from sleeping_converters.adapter import write_adapter
from sleeping_converters.gguf_file import (
    F16,
    Q8_0,
    Bytes,
    Change,
    Rounding,
    can_read,
    plan_whole,
    round_rows,
    write_files,
)
from sleeping_converters.grids import wider
from sleeping_converters.hugging_face import ReadRows
from sleeping_converters.master import original_rows
from sleeping_converters.settling import round_tensors, settled_rows
from sleeping_converters.shards import plan_split, shared
from sleeping_plugin.atomic import require_space
from sleeping_plugin.engine.grid import Grid
from sleeping_plugin.errors import UnsupportedModel
from sleeping_plugin.gguf_info import (
    GGUFInfo,
    TensorInfo,
    read_info,
    require_chat,
    require_supported,
    row_bytes,
    type_name,
)
from sleeping_plugin.hookspecs import Exporter, hookimpl
from sleeping_plugin.origin import require_untaught
from sleeping_plugin.records import NOTHING, Array, Factors, Progress, SecondMoment, Settled

if TYPE_CHECKING:
    from sleeping_plugin.config import Config

log = logging.getLogger(__name__)

MODEL: Final = "model.gguf"
ADAPTER: Final = "adapter.gguf"


class GGUFExporter:
    """Writes a version as ``model.gguf``, or in three files, and an ``adapter.gguf`` if wanted."""

    name = "gguf"

    def check(self, base: Path) -> None:
        """Raise ModelError, or what is below it, if ``base`` cannot be exported."""
        info = read_info(base)
        require_untaught(info)
        require_supported(info)
        require_chat(info)
        for tensor in info.tensors:
            if tensor.nbytes is None or not can_read(tensor.type):
                raise UnsupportedModel(
                    f"{base.name} holds {tensor.name} as {tensor.type_name}, which cannot be read "
                    "yet. Use another quantisation of the model."
                )

    def export(
        self,
        base: Path,
        factors: Factors,
        folder: Path,
        metadata: Mapping[str, str],
        config: Config,
        progress: Progress,
        settled: Mapping[str, Settled] = NOTHING,
        like: Sequence[Path] = (),
        master: Path | None = None,
    ) -> tuple[list[Path], Path | None]:
        """Write base + factors into ``folder``; return the model files and the adapter.

        The adapter is for the base as it is, with a ``master`` or without. Raises UnsupportedModel
        for factors that do not fit the base, MasterDiffers for a master that does not, DiskFull.
        """
        info = read_info(base)
        types = choose_types(info, factors, config.export.type)
        if config.export.layout == "split":
            plans = plan_split(info, types, metadata)
        else:
            plans = [plan_whole(info, types, metadata, MODEL)]
        links = shared(plans, like)
        needed = sum(plan.size for plan in plans if plan.name not in links)
        require_space(folder, needed, "the new version")
        progress("export", 0.0)
        with _original(info, master) as original:
            change = _adder(factors, original)
            for fraction in write_files(plans, folder, change, _rounding(settled), links):
                progress("export", fraction)
        written = Counter(type_name(kind) for kind in types.values())
        log.info("changed tensors in the export: %s", dict(sorted(written.items())))
        files = [folder / plan.name for plan in plans]
        if not (config.export.write_adapter and factors):
            return files, None
        adapter = folder / ADAPTER
        write_adapter(info, factors, adapter, metadata)
        return files, adapter

    def round(
        self,
        base: Path,
        factors: Factors,
        moments: Mapping[str, SecondMoment],
        config: Config,
        progress: Progress,
        master: Path | None = None,
    ) -> dict[str, tuple[Grid, NDArray[np.int8]]]:
        """Return base + factors on grids that hold the base's, and how its codes moved there."""
        info = read_info(base)
        types = choose_types(info, factors, config.export.type)
        with _original(info, master) as original:
            return round_tensors(info, types, _adder(factors, original), moments, progress)

    def export_adapter(self, base: Path, factors: Factors, path: Path) -> None:
        """Write ``factors`` as a LoRA over ``base`` that llama.cpp loads, to ``path``."""
        info = read_info(base)
        _check(info, factors)
        write_adapter(info, factors, path, {})


def choose_types(info: GGUFInfo, factors: Factors, wanted: str) -> dict[str, int]:
    """Return the type of every tensor that ``factors`` change.

    ``wanted`` is "own", "wider" (one bit more, where a type holds the values) or the name of a
    type. A tensor whose own type is finer keeps it, and rows that do not fill the blocks of a type
    are written in F16. Raises UnsupportedModel for factors that do not fit the base.
    """
    _check(info, factors)
    return {name: _choose(info.tensor(name), wanted) for name in factors}


def _choose(tensor: TensorInfo, wanted: str) -> int:
    if wanted == "own":
        return tensor.type
    if wanted == "wider":
        return wider(tensor.type)
    kind = {"Q8_0": Q8_0, "F16": F16}[wanted]
    if row_bytes(kind, tensor.shape[0]) is None:
        kind = F16
    return kind if _bits(kind) > _bits(tensor.type) else tensor.type


def _bits(kind: int) -> float:
    block, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
    return float(size * 8 / block)


def _check(info: GGUFInfo, factors: Factors) -> None:
    for name, pair in factors.items():
        tensor = info.tensor(name)
        shape = (pair.b.shape[0], pair.a.shape[1])
        if tensor.shape[::-1] != shape or pair.a.shape[0] != pair.b.shape[1]:
            raise UnsupportedModel(
                f"The change of {name} is for a matrix of {shape}, and {info.path.name} has one "
                f"of {tensor.shape[::-1]}. Use the model it was made for."
            )
        if not (np.isfinite(pair.a).all() and np.isfinite(pair.b).all()):
            raise UnsupportedModel(
                f"The change of {name} is not finite: the training diverged. "
                "Lower adapter.lr or edit.lr."
            )


def _original(info: GGUFInfo, master: Path | None) -> AbstractContextManager[ReadRows | None]:
    return nullcontext() if master is None else original_rows(info, master)


def _adder(factors: Factors, original: ReadRows | None) -> Change:
    """Return a function that adds ``b @ a`` to rows of a tensor, or to ``original`` ones.

    Multiplied term by term, in an order that no BLAS chooses: the bytes are the same on every
    machine and for any number of threads.
    """

    def add(tensor: TensorInfo, first: int, rows: Array) -> None:
        pair = factors[tensor.name]
        a = np.ascontiguousarray(pair.a, dtype=np.float32)
        b = np.asarray(pair.b[first : first + len(rows)], dtype=np.float32)
        total, term = np.zeros_like(rows), np.empty_like(rows)
        for k in range(len(a)):
            np.multiply(b[:, k, None], a[k], out=term)
            total += term
        if original is not None:
            rows[:] = original(tensor, first, len(rows))
        rows += total

    return add


def _rounding(settled: Mapping[str, Settled]) -> Rounding:
    """Return the rounding to nearest, but for tensors that are settled."""

    def rounding(tensor: TensorInfo, first: int, raw: Bytes, rows: Array, kind: int) -> Bytes:
        if tensor.name in settled:
            return settled_rows(tensor, raw, kind, first, settled[tensor.name])
        return round_rows(rows, kind)

    return rounding


@hookimpl
def register_exporters(register: Callable[[Exporter], None]) -> None:
    """Offer the exporter."""
    register(GGUFExporter())
