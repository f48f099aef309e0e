"""Tensors of a GGUF: read rows as numbers, round rows to a type, write a file like another.

The file that is written has the base's bytes but for the changed tensors and their two entries
(type, offset) in the table: header, metadata, order of the tensors and padding stay.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants
from numpy.typing import NDArray

from sleeping_plugin.atomic import disk_errors, sync_folder
from sleeping_plugin.errors import RuntimeFailed, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, aligned, row_bytes, type_name
from sleeping_plugin.records import Array

F32: Final = int(GGMLQuantizationType.F32)
F16: Final = int(GGMLQuantizationType.F16)
Q8_0: Final = int(GGMLQuantizationType.Q8_0)

_COPY: Final = 1 << 22  # bytes copied at a time
_CHUNK: Final = 1 << 18  # weights changed at a time: they stay in the processor's cache
_ENTRY: Final = struct.Struct("<IQ")  # type and offset, the end of a row of the table

Bytes = NDArray[np.uint8]
# Changes rows of a tensor in place: the tensor, the number of the first row, the rows.
Change = Callable[[TensorInfo, int, Array], None]
# Returns rows in a type: the tensor, the base's bytes of these rows, the rows, the type.
Rounding = Callable[[TensorInfo, Bytes, Array, int], Bytes]


def can_read(kind: int) -> bool:
    """Return whether tensors of this type can be turned into numbers."""
    try:
        _, size = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        read_rows(np.zeros((1, size), dtype=np.uint8), kind)
    except (ValueError, NotImplementedError):
        return False
    return True


def read_rows(data: Bytes, kind: int) -> Array:
    """Return rows of a type as float32: (rows, bytes per row) -> (rows, row length)."""
    return np.asarray(quants.dequantize(data, GGMLQuantizationType(kind)), dtype=np.float32)


def round_rows(rows: Array, kind: int) -> Bytes:
    """Return rows in a type, rounded to nearest: (rows, row length) -> (rows, bytes per row)."""
    try:
        rounded: Bytes = quants.quantize(rows, GGMLQuantizationType(kind))
    except NotImplementedError:  # numpy knows the plain types, llama.cpp all of them
        return _round_with_ggml(rows, kind)
    return rounded.view(np.uint8)


def nearest(_tensor: TensorInfo, _raw: Bytes, rows: Array, kind: int) -> Bytes:
    """Round to nearest, whatever the base's bytes are."""
    return round_rows(rows, kind)


def _round_with_ggml(rows: Array, kind: int) -> Bytes:
    ggml = _ggml()
    if ggml.ggml_quantize_requires_imatrix(kind):
        raise UnsupportedModel(
            f"Weights cannot be rounded to {type_name(kind)} without an importance matrix. "
            "Set export.type to Q8_0."
        )
    rows = np.ascontiguousarray(rows, dtype=np.float32)
    length = row_bytes(kind, rows.shape[1])
    if length is None:
        raise UnsupportedModel(f"Rows of {rows.shape[1]} weights do not fit {type_name(kind)}.")
    out = np.empty((len(rows), length), dtype=np.uint8)
    pointers = rows.ctypes.data, out.ctypes.data
    written = ggml.ggml_quantize_chunk(kind, *pointers, 0, *rows.shape, None)
    if written != out.nbytes:
        raise RuntimeFailed(f"llama.cpp could not round weights to {type_name(kind)}.")
    return out


@cache
def _ggml() -> ctypes.CDLL:
    """Load the library of llama.cpp that holds its quantisers."""
    import llama_cpp

    folder = Path(llama_cpp.__file__).parent / "lib"
    for name in ("libggml-base.so", "libggml-base.dylib", "ggml-base.dll"):
        if (folder / name).exists():
            ggml = ctypes.CDLL(str(folder / name))
            ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
            ggml.ggml_quantize_chunk.argtypes = [
                ctypes.c_int,
                ctypes.c_void_p,
                ctypes.c_void_p,
                *[ctypes.c_int64] * 3,
                ctypes.c_void_p,
            ]
            ggml.ggml_quantize_requires_imatrix.restype = ctypes.c_bool
            ggml.ggml_quantize_requires_imatrix.argtypes = [ctypes.c_int]
            return ggml
    raise RuntimeFailed(f"The library ggml-base is not in {folder}. Install llama-cpp-python anew.")


def layout(info: GGUFInfo, types: Mapping[str, int]) -> tuple[dict[str, tuple[int, int]], int]:
    """Return (offset, bytes) of every tensor when those in ``types`` change, and the file's size.

    The data keep their order in the file, which need not be that of the table.
    """
    places: dict[str, tuple[int, int]] = {}
    at = 0
    for tensor in sorted(info.tensors, key=lambda tensor: tensor.offset):
        size = _size(info, tensor, types.get(tensor.name, tensor.type))
        at = aligned(at, info.alignment)
        places[tensor.name] = (at, size)
        at += size
    return places, info.data_start + at


def _size(info: GGUFInfo, tensor: TensorInfo, kind: int) -> int:
    row = row_bytes(kind, tensor.shape[0])
    if tensor.nbytes is None or row is None:
        raise UnsupportedModel(
            f"{info.path.name} holds {tensor.name} as {tensor.type_name}, which cannot be exported."
        )
    return row * tensor.rows


def write_like(
    info: GGUFInfo,
    path: Path,
    types: Mapping[str, int],
    change: Change,
    rounding: Rounding = nearest,
) -> Iterator[float]:
    """Write ``path`` like the base, the tensors named in ``types`` changed and in those types.

    Yields the fraction done. ``path`` appears whole at the end or not at all.
    """
    places, total = layout(info, types)
    with (
        disk_errors(path),
        info.path.open("rb") as base,
        mmap.mmap(base.fileno(), 0, access=mmap.ACCESS_READ) as data,
        written_whole(path) as temporary,
        temporary.open("wb") as out,
    ):
        out.write(_header(info, data, types, places))
        for tensor in sorted(info.tensors, key=lambda tensor: tensor.offset):
            offset, _ = places[tensor.name]
            out.write(bytes(info.data_start + offset - out.tell()))
            if tensor.name in types:
                pieces = _changed(info, tensor, data, types[tensor.name], change, rounding)
            else:
                pieces = _same(info, tensor, data)
            for piece in pieces:
                out.write(piece)
                yield out.tell() / total
        # Bases are padded at their end as well, or not; so is what is like them.
        end = info.data_start + max((t.offset + (t.nbytes or 0) for t in info.tensors), default=0)
        if info.size > end and aligned(end, info.alignment) == info.size:
            out.write(bytes(aligned(out.tell(), info.alignment) - out.tell()))


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes ``path``, synced, if the block ends without error."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        temporary.chmod(0o600)
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _header(
    info: GGUFInfo,
    data: mmap.mmap,
    types: Mapping[str, int],
    places: Mapping[str, tuple[int, int]],
) -> bytes:
    """Return everything before the data: the base's, but for types and offsets in the table."""
    header = bytearray(data[: info.data_start])
    at = info.table_start
    for tensor in info.tensors:
        (size,) = struct.unpack_from("<Q", header, at)
        at += 8 + size + 4 + 8 * len(tensor.shape)
        _ENTRY.pack_into(header, at, types.get(tensor.name, tensor.type), places[tensor.name][0])
        at += _ENTRY.size
    return bytes(header)


def _same(info: GGUFInfo, tensor: TensorInfo, data: mmap.mmap) -> Iterator[bytes | memoryview]:
    begin = info.data_start + tensor.offset
    end = begin + (tensor.nbytes or 0)
    for at in range(begin, end, _COPY):
        yield data[at : min(at + _COPY, end)]


def _changed(
    info: GGUFInfo,
    tensor: TensorInfo,
    data: mmap.mmap,
    kind: int,
    change: Change,
    rounding: Rounding,
) -> Iterator[bytes | memoryview]:
    length = row_bytes(tensor.type, tensor.shape[0])
    if length is None:
        raise UnsupportedModel(f"{tensor.name} has rows that do not fit {tensor.type_name}.")
    step = max(1, _CHUNK // tensor.shape[0])
    for first in range(0, tensor.rows, step):
        count = min(step, tensor.rows - first)
        begin = info.data_start + tensor.offset + first * length
        raw = np.frombuffer(data[begin : begin + count * length], dtype=np.uint8)
        raw = raw.reshape(count, length)
        rows = read_rows(raw, tensor.type)
        rows = rows if rows.flags.writeable else rows.copy()
        change(tensor, first, rows)
        yield rounding(tensor, raw, rows, kind).data
