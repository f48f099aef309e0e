"""The float master: the weights that a GGUF was rounded from, as a Hugging Face folder has them.

A night with a master learns on these weights, and a tensor that it changes is rounded once, from
the sum of master and change, where it would otherwise be rounded for the second time. So a master
of another model, or of another fine-tune of the same one, would be written into the file: what is
checked here is that the GGUF is the master, rounded.
"""

from __future__ import annotations

import json
import mmap
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
from gguf import GGMLQuantizationType

from sleeping_converters.architectures import Target
from sleeping_converters.gguf_file import FLOATS, Bytes, read_rows
from sleeping_converters.grids import has_grid, read_grid
from sleeping_converters.hugging_face import ReadRows, mapped, plan_folder
from sleeping_plugin.base import master_files
from sleeping_plugin.errors import MasterDiffers, MissingExtra, ModelError
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, row_bytes
from sleeping_plugin.records import Array, Progress

_LENGTH: Final = struct.Struct("<Q")
_WIDTHS: Final = {"F32": 4, "F16": 2, "BF16": 2}  # bytes of a weight
_HUB_ID: Final = re.compile(r"\w[\w.-]*/\w[\w.-]*")
_WANTED: Final = ["config.json", "model*.safetensors", "model.safetensors.index.json"]
_OUTER: Final = "language_model."  # before every name in a model that also sees
_LAYERS: Final = "model.layers."

_SAMPLE: Final = 1 << 18  # weights of a tensor that are compared: rows at even distances
# Of the weights that a rounded tensor holds, the share that may lie nearer to another value of
# their block. ggml's quantisers, with and without importance matrices, leave at most .005 (Q5_1
# with one; none in the K-quants), on normal, heavy-tailed, sparse and real weights. Noise of a
# fiftieth of the weights' size moves .03 of them in 4 bits, .08 in 5, .2 in 6, .5 in 8.
_STRAYS: Final = 0.01
_HAIR: Final = 0.02  # of a step: scales are kept in float16, codes were chosen before
_BETWEEN: Final = 2.0**-8  # relative: the master, or a GGUF between, may have been in bfloat16
_FLOOR: Final = 2.0**-24  # the steps of float16 near zero, in which tiny scales are rounded
# Where weights lie on no even grid: the relative error, some 1.3 times the worst that was measured
# as above (.38 for Q2_K, ...). A model of other weights is at 1.4.
_ERRORS: Final[Mapping[int, float]] = {
    int(kind): limit
    for kind, limit in {
        GGMLQuantizationType.Q2_K: 0.50,
        GGMLQuantizationType.Q3_K: 0.25,
        GGMLQuantizationType.IQ4_NL: 0.13,
        GGMLQuantizationType.IQ4_XS: 0.13,
        GGMLQuantizationType.IQ3_S: 0.37,
        GGMLQuantizationType.IQ3_XXS: 0.42,
        GGMLQuantizationType.IQ2_S: 0.56,
        GGMLQuantizationType.IQ2_XS: 0.54,
        GGMLQuantizationType.IQ2_XXS: 0.61,
        GGMLQuantizationType.IQ1_S: 0.78,
        GGMLQuantizationType.IQ1_M: 0.93,
        GGMLQuantizationType.MXFP4: 0.18,
    }.items()
}


@dataclass(frozen=True, slots=True)
class _Weight:
    """Where a tensor of the master lies."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    begin: int  # its first byte in the file


def find_master(named: str) -> Path:
    """Return the folder that ``named`` means: its path, or the id of a model on the hub.

    A model of the hub is taken from the local cache of huggingface_hub, and downloaded where it is
    not there. Raises ModelError for what is found nowhere, MissingExtra without huggingface_hub.
    """
    folder = Path(named).expanduser().absolute()
    if folder.is_dir():
        return folder
    if not _HUB_ID.fullmatch(named):
        raise ModelError(
            f"There is no folder {folder}. Give --master a folder with model.safetensors, or the id"
            " of a model on the Hugging Face hub (OWNER/NAME)."
        )
    try:
        from huggingface_hub import snapshot_download
    except ImportError as error:
        raise MissingExtra(
            f"To find {named} on the hub, the package 'huggingface_hub' is needed. Install it with"
            " `pip install 'sleeping-plugin[torch]'`, or give --master a folder."
        ) from error
    for local in (True, False):
        try:
            found = Path(snapshot_download(named, allow_patterns=_WANTED, local_files_only=local))
        # OSError: hub, network and cache; ValueError: an id that the hub does not allow.
        except (OSError, ValueError) as error:
            if local:
                continue
            reason = str(error).partition("\n")[0]
            raise ModelError(
                f"{named} is no folder, and cannot be had from the Hugging Face hub: {reason} "
                "Download the model yourself and give --master its folder."
            ) from error
        if master_files(found):
            return found
    raise ModelError(f"{named} has no model.safetensors. Give --master another form of the model.")


def check_master(info: GGUFInfo, folder: Path, progress: Progress) -> None:
    """Raise MasterDiffers unless the GGUF is the master in ``folder``, rounded.

    Shapes must be the same, and every tensor's weights what the quantiser of its type makes of the
    master's. Raises ModelError for a damaged folder, UnsupportedModel for a GGUF that cannot be
    taught anyway.
    """
    plan = plan_folder(info)[1]
    with original_rows(info, folder) as original, mapped(info) as data:
        _require_same_layers(info, folder, plan)
        for done, (tensor, _) in enumerate(plan):
            _check_tensor(info, folder, tensor, data[tensor.path], original)
            progress("compare with the master", (done + 1) / len(plan))


@contextmanager
def original_rows(info: GGUFInfo, folder: Path) -> Iterator[ReadRows]:
    """Give a function that returns rows of a tensor of ``info`` as the master has them.

    The order of rows and the offset of norms are those of the GGUF. Raises ModelError for a folder
    without weights or with damaged ones, MasterDiffers for one with other tensors or shapes.
    """
    weights = _read_folder(folder)
    targets = {tensor.name: target for tensor, target in plan_folder(info)[1]}
    for tensor in info.tensors:
        if tensor.name in targets:
            _require_shape(info, folder, tensor, weights.get(targets[tensor.name].name))
    with ExitStack() as stack:
        data = {}
        for path in {weight.path for weight in weights.values()}:
            file = stack.enter_context(path.open("rb"))
            data[path] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

        def read(tensor: TensorInfo, first: int, count: int) -> Array:
            target = targets[tensor.name]
            weight = weights[target.name]
            return _rows(data[weight.path], weight, target, first, count)

        yield read


def _rows(data: mmap.mmap, weight: _Weight, target: Target, first: int, count: int) -> Array:
    """Return rows in the GGUF's order, as float32; a vector is one row."""
    kind = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[weight.dtype]
    flat = np.frombuffer(data, kind, count=prod(weight.shape), offset=weight.begin)
    outputs = flat.reshape(weight.shape[0], -1)  # a row for each
    vector = len(weight.shape) == 1
    wanted = slice(0, len(outputs)) if vector else slice(first, first + count)
    if target.heads:
        pairs = np.arange(len(outputs)).reshape(target.heads, 2, -1).swapaxes(1, 2)
        rows = outputs[pairs.ravel()[wanted]]
    else:
        rows = outputs[wanted]
    if weight.dtype == "BF16":
        rows = (rows.astype(np.uint32) << 16).view(np.float32)
    numbers = rows.astype(np.float32) + np.float32(target.offset)
    return numbers.reshape(1, -1) if vector else numbers


def _read_folder(folder: Path) -> dict[str, _Weight]:
    """Return every tensor in the folder by its name."""
    files = master_files(folder)
    if not files:
        raise ModelError(
            f"{folder} has no model.safetensors. Give --master the folder of a Hugging Face model."
        )
    weights: dict[str, _Weight] = {}
    for path in files:
        try:
            weights |= _read_header(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
            raise ModelError(f"{path} is damaged ({error}). Download it again.") from error
    return weights


def _read_header(path: Path) -> dict[str, _Weight]:
    """Read the header of a safetensors file; ValueError, or its kin, for what is none."""
    size = path.stat().st_size
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        start = _LENGTH.size + length
        if start > size:
            raise ValueError("it ends inside its header")
        header: dict[str, Any] = json.loads(file.read(length))
    header.pop("__metadata__", None)
    weights = {}
    for name, entry in header.items():
        shape, dtype = tuple(map(int, entry["shape"])), str(entry["dtype"])
        begin, end = map(int, entry["data_offsets"])
        width = _WIDTHS.get(dtype)
        if not 0 <= begin <= end <= size - start:
            raise ValueError(f"{name} lies beyond its end")
        if width is not None and end - begin != width * prod(shape):
            raise ValueError(f"{name} has {end - begin} bytes")
        weights[name.removeprefix(_OUTER)] = _Weight(path, dtype, shape, start + begin)
    return weights


def _differs(info: GGUFInfo, folder: Path, what: str) -> MasterDiffers:
    return MasterDiffers(
        f"{folder} is not what {info.path.name} was made from: {what}. Give --master the very model"
        " that was quantised, or leave it out: `sleeping init --model FILE.gguf`."
    )


def _require_shape(
    info: GGUFInfo, folder: Path, tensor: TensorInfo, weight: _Weight | None
) -> None:
    shape = tensor.shape[::-1]
    if weight is None:
        raise _differs(info, folder, f"it has no weights for {tensor.name}")
    if weight.shape != shape:
        raise _differs(info, folder, f"{tensor.name} is {shape}, and there {weight.shape}")
    if weight.dtype not in _WIDTHS:
        kinds = ", ".join(_WIDTHS)
        raise _differs(info, folder, f"{tensor.name} is there in {weight.dtype}, none of {kinds}")


def _require_same_layers(info: GGUFInfo, folder: Path, plan: Sequence[tuple[Any, Target]]) -> None:
    """Refuse a master with weights in its layers that the GGUF lacks."""
    known = {target.name for _, target in plan}
    more = {name for name in _read_folder(folder) if name.startswith(_LAYERS)} - known
    more = {name for name in more if not name.endswith("inv_freq")}  # no weight
    if more:
        raise _differs(info, folder, f"it also has {min(more)}")


def _check_tensor(
    info: GGUFInfo, folder: Path, tensor: TensorInfo, data: mmap.mmap, original: ReadRows
) -> None:
    """Compare rows of one tensor."""
    length = row_bytes(tensor.type, tensor.shape[0]) or 0
    stride = -(-tensor.rows * tensor.shape[0] // _SAMPLE)
    raw_rows, masters = [], []
    for row in range(0, tensor.rows, stride):
        begin = tensor.begin + row * length
        raw_rows.append(np.frombuffer(data[begin : begin + length], dtype=np.uint8))
        masters.append(original(tensor, row, 1)[0])
    raw, master = np.stack(raw_rows), np.stack(masters)
    found, limit = _difference(raw, tensor.type, master)
    if limit is None:
        what = f"whether {tensor.name} was rounded from it cannot be told in {tensor.type_name}"
        raise _differs(info, folder, what)
    if not found <= limit:
        raise _differs(
            info,
            folder,
            f"{tensor.name} is too far from it for {tensor.type_name} ({found:.2g}, where rounding"
            f" explains {limit:g})",
        )


def _difference(raw: Bytes, kind: int, master: Array) -> tuple[float, float | None]:
    """Return how far rows are from the master's, and how far rounding alone may bring them.

    Where a type has a grid, or is a float, that is the share of weights that are not what rounding
    gives; elsewhere the relative error (Frobenius norms). None: there is no limit for the type.
    """
    exact = master.astype(np.float64)
    slack = _BETWEEN * np.abs(exact) + _FLOOR
    if kind in FLOATS:
        return float(np.mean(np.abs(read_rows(raw, kind) - exact) > slack)), _STRAYS
    if not has_grid(kind):
        error = float(np.linalg.norm(read_rows(raw, kind) - exact))
        return error / max(float(np.linalg.norm(exact)), _FLOOR), _ERRORS.get(kind)
    grid = read_grid(raw, kind)
    step, low = (np.repeat(part, grid.group, axis=1) for part in (grid.step, grid.low))
    codes = np.rint((exact - low) / np.where(step == 0, 1.0, step))
    nearest = low + step * np.clip(codes, grid.lowest, grid.highest)
    slack += _HAIR * np.abs(step)
    if grid.unit.shape[2] == 1:  # K-quants choose their codes when d and m are rounded already
        slack += _FLOOR * max(abs(grid.lowest), abs(grid.highest))
    return float(np.mean(np.abs(exact - grid.values) > np.abs(exact - nearest) + slack)), _STRAYS
