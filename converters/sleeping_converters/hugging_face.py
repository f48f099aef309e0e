"""A GGUF as a folder that ``AutoModelForCausalLM.from_pretrained`` loads, in float32.

Tensors go from one file to the other in blocks of rows, so memory holds a few blocks, whatever the
size of the model. Format of model.safetensors: the length of a JSON header in 8 bytes, the header,
the tensors one after another (https://github.com/huggingface/safetensors, "Format").
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from sleeping_converters.architectures import SETTINGS, Target, require_weights, target_of
from sleeping_converters.gguf_file import can_read, read_rows
from sleeping_converters.model_config import Config, head_counts, model_config
from sleeping_plugin.atomic import disk_errors
from sleeping_plugin.errors import UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, require_supported, row_bytes
from sleeping_plugin.records import Array

FLOAT32: Final = 4  # bytes of a weight in the folder
_BLOCK: Final = 1 << 20  # weights read at a time

Plan = Sequence[tuple[TensorInfo, Target]]
Data = Mapping[Path, mmap.mmap]  # the files of a model
# Returns rows of a tensor as float32, in the GGUF's order: the tensor, the first row, how many.
ReadRows = Callable[[TensorInfo, int, int], Array]


def plan_folder(info: GGUFInfo) -> tuple[Config, Plan]:
    """Return the configuration, and where each tensor goes.

    Raises UnsupportedModel for an architecture, a tensor, a type or a setting that has no place
    there: whatever is wrong with a file is found here, before anything is written.
    """
    require_supported(info)
    require_weights(info)
    heads = head_counts(info)
    plan = [(t, target_of(info, t.name, heads)) for t in info.tensors if t.name not in SETTINGS]
    for tensor, target in plan:
        _row_bytes(tensor)
        if target.heads and _count(tensor) % (2 * target.heads):
            raise UnsupportedModel(
                f"{info.path.name} has {_count(tensor)} rows in {tensor.name}, which are no"
                f" {target.heads} heads. Download it again, or choose another file with"
                " `sleeping init --model FILE`."
            )
    with mapped(info) as data:
        return model_config(info, lambda name: _vector(info, _reader(data), name)), plan


def write_folder(info: GGUFInfo, folder: Path, original: ReadRows | None = None) -> Iterator[float]:
    """Write config.json and model.safetensors into the empty ``folder``.

    The weights are those of ``original`` where that is given. Yields the fraction done. Raises
    what :func:`plan_folder` does, and DiskFull or StateError where the disk refuses.
    """
    config, plan = plan_folder(info)
    total = sum(FLOAT32 * tensor.rows * tensor.shape[0] for tensor, _ in plan)
    with (
        disk_errors(folder),
        mapped(info) as data,
        (folder / "model.safetensors").open("wb") as out,
    ):
        (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
        out.write(_header(plan))
        start = out.tell()
        for tensor, target in plan:
            for rows in _converted(original or _reader(data), tensor, target):
                out.write(rows.data)
                yield (out.tell() - start) / total


@contextmanager
def mapped(info: GGUFInfo) -> Iterator[Data]:
    """Give the files of a model, mapped into memory."""
    with ExitStack() as stack:
        files = {path: stack.enter_context(path.open("rb")) for path in info.files}
        yield {
            path: stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
            for path, file in files.items()
        }


def _header(plan: Plan) -> bytes:
    """Return the header of the safetensors file, with its length before it."""
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for tensor, target in plan:
        end = at + FLOAT32 * tensor.rows * tensor.shape[0]
        entries[target.name] = {
            "dtype": "F32",
            "shape": list(reversed(tensor.shape)),
            "data_offsets": [at, end],
        }
        at = end
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)  # the tensors are aligned
    return struct.pack("<Q", len(text)) + text


def _converted(read: ReadRows, tensor: TensorInfo, target: Target) -> Iterator[Array]:
    """Yield the rows of a tensor as they are in the folder."""
    if not target.heads:
        for rows in _blocks(read, tensor, 1):
            yield np.ascontiguousarray(rows - np.float32(target.offset), dtype="<f4")
        return
    # The bias of a rotary matrix is one row here; each of its numbers belongs to a row of it.
    width = 1 if len(tensor.shape) == 1 else tensor.shape[0]
    head = _count(tensor) // target.heads
    for rows in _blocks(read, tensor, head):
        pairs = rows.reshape(-1, head // 2, 2, width)
        yield np.ascontiguousarray(pairs.swapaxes(1, 2), dtype="<f4")


def _blocks(read: ReadRows, tensor: TensorInfo, multiple: int) -> Iterator[Array]:
    """Yield the rows of a tensor as float32, a multiple of ``multiple`` at a time or the rest."""
    step = max(1, _BLOCK // (tensor.shape[0] * multiple)) * multiple
    for first in range(0, tensor.rows, step):
        yield read(tensor, first, min(step, tensor.rows - first))


def _reader(data: Data) -> ReadRows:
    """Return a function that reads the rows of the GGUF itself."""

    def read(tensor: TensorInfo, first: int, count: int) -> Array:
        length = _row_bytes(tensor)
        begin = tensor.begin + first * length
        raw = np.frombuffer(data[tensor.path][begin : begin + count * length], dtype=np.uint8)
        return read_rows(raw.reshape(count, length), tensor.type)

    return read


def _count(tensor: TensorInfo) -> int:
    """Return the number of outputs that a matrix or its bias has."""
    return tensor.shape[0] if len(tensor.shape) == 1 else tensor.rows


def _vector(info: GGUFInfo, read: ReadRows, name: str) -> list[float] | None:
    """Return a tensor of a few numbers; None if there is none of that name."""
    for tensor in info.tensors:
        if tensor.name == name:
            return [float(x) for rows in _blocks(read, tensor, 1) for x in rows.flat]
    return None


def _row_bytes(tensor: TensorInfo) -> int:
    length = row_bytes(tensor.type, tensor.shape[0]) if tensor.nbytes is not None else None
    if length is None or not can_read(tensor.type):
        raise UnsupportedModel(
            f"{tensor.name} is of {tensor.type_name}, which cannot be read yet. "
            "Use another quantisation of the model."
        )
    return length
