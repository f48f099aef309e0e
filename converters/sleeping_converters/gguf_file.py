"""Tensors of a GGUF: read rows as numbers, round rows to a type, write a file like another.

The file that is written has the base's bytes but for what a night changes: the changed tensors and
their two entries (type, offset) in the table, and keys that follow the base's own. Metadata, order
of the tensors and padding stay.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import secrets
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, GGUFValueType, quants
from numpy.typing import NDArray

from sleeping_plugin.atomic import disk_errors, sync_folder
from sleeping_plugin.errors import RuntimeFailed, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, aligned, row_bytes, type_name
from sleeping_plugin.records import Array
from sleeping_plugin.runtime import physical_cores

F32: Final = int(GGMLQuantizationType.F32)
F16: Final = int(GGMLQuantizationType.F16)
Q8_0: Final = int(GGMLQuantizationType.Q8_0)
FLOATS: Final = {F32, F16, int(GGMLQuantizationType.BF16)}

_COPY: Final = 1 << 22  # bytes copied at a time
_CHUNK: Final = 1 << 17  # weights changed at a time: they stay in the processor's cache
_AHEAD: Final = 4  # pieces that wait to be written, for each core: they bridge a slow write
_HEAD: Final = struct.Struct("<4sIQQ")  # magic, version, number of tensors and of values
_WORD: Final = struct.Struct("<I")
_ENTRY: Final = struct.Struct("<IQ")  # type and offset, the end of a row of the table
_STRING: Final = int(GGUFValueType.STRING)
_NO_LINKS: Final[Mapping[str, Path]] = {}

Bytes = NDArray[np.uint8]
Piece = bytes | memoryview  # of a file; of single bytes
Item = TypeVar("Item")
Result = TypeVar("Result")
# Changes rows of a tensor in place: the tensor, the number of the first row, the rows.
Change = Callable[[TensorInfo, int, Array], None]
# Returns rows in a type: the tensor, the number of the first row, the base's bytes, rows, type.
Rounding = Callable[[TensorInfo, int, Bytes, Array, int], Bytes]


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


def nearest(_tensor: TensorInfo, _first: int, _raw: Bytes, rows: Array, kind: int) -> Bytes:
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


@dataclass(frozen=True, slots=True)
class Plan:
    """One file that is to be written: a header, then tensors of the base, some of them changed."""

    name: str
    header: bytes
    tensors: tuple[TensorInfo, ...]  # in the order of their data
    offsets: Mapping[str, int]  # of each tensor, from the end of the header
    types: Mapping[str, int]  # of the tensors that change
    size: int  # bytes


def plan_whole(
    info: GGUFInfo, types: Mapping[str, int], metadata: Mapping[str, str], name: str
) -> Plan:
    """Return the plan of one file like the base in which the tensors in ``types`` change.

    ``metadata`` is appended to the base's. The data keep their order in the file, which need not
    be that of the table. Raises UnsupportedModel for a tensor of a type that is not known.
    """
    values = [
        value
        for key, value in base_values(info).items()
        # A base in several files becomes one; in a whole base, every key stays as it is.
        if len(info.files) == 1 or not key.startswith("split.")
    ]
    values += [text_value(key, text) for key, text in metadata.items()]
    return plan_file(info, name, values, info.tensors, types)


def plan_file(
    info: GGUFInfo,
    name: str,
    values: Sequence[bytes],
    tensors: Sequence[TensorInfo],
    types: Mapping[str, int],
) -> Plan:
    """Return the plan of a file of these metadata entries and tensors, in this order."""
    offsets: dict[str, int] = {}
    at = 0
    order = sorted(tensors, key=lambda tensor: (info.files.index(tensor.path), tensor.offset))
    for tensor in order:
        at = aligned(at, info.alignment)
        offsets[tensor.name] = at
        at += _size(info, tensor, types.get(tensor.name, tensor.type))
    parts = [_HEAD.pack(b"GGUF", info.version, len(tensors), len(values)), *values]
    for tensor in tensors:
        parts.append(_text(tensor.name) + _WORD.pack(len(tensor.shape)))
        parts.append(struct.pack(f"<{len(tensor.shape)}Q", *tensor.shape))
        parts.append(_ENTRY.pack(types.get(tensor.name, tensor.type), offsets[tensor.name]))
    header = b"".join(parts)
    header += bytes(aligned(len(header), info.alignment) - len(header))
    end = len(header) + at
    # Bases are padded at their end as well, or not; so is what is like them.
    size = aligned(end, info.alignment) if info.padded else end
    changed = {name: kind for name, kind in types.items() if name in offsets}
    return Plan(name, header, tuple(order), offsets, changed, size)


def base_values(info: GGUFInfo) -> dict[str, bytes]:
    """Return the entries of the base's metadata by their keys, key and value as they lie there."""
    with disk_errors(info.path), info.path.open("rb") as file:
        block = file.read(info.table_start)
    return {key: block[begin:end] for key, (begin, end) in info.spans.items()}


def text_value(key: str, text: str) -> bytes:
    """Return an entry of a metadata block, a key with a text."""
    return _text(key) + _WORD.pack(_STRING) + _text(text)


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _size(info: GGUFInfo, tensor: TensorInfo, kind: int) -> int:
    row = row_bytes(kind, tensor.shape[0])
    if tensor.nbytes is None or row is None:
        raise UnsupportedModel(
            f"{info.path.name} holds {tensor.name} as {tensor.type_name}, which cannot be exported."
        )
    return row * tensor.rows


def write_files(
    plans: Sequence[Plan],
    folder: Path,
    change: Change,
    rounding: Rounding = nearest,
    links: Mapping[str, Path] = _NO_LINKS,
) -> Iterator[float]:
    """Write the files of ``plans`` into ``folder``; each appears whole at its end or not at all.

    ``links`` names files that hold what a plan would write (see `holds`): they are linked to where
    the file system can. Yields the fraction done.
    """
    total, done = sum(plan.size for plan in plans), 0
    for plan in plans:
        path = folder / plan.name
        with disk_errors(path):
            if plan.name in links and _linked(path, links[plan.name]):
                done += plan.size
                yield done / total
                continue
            with written_whole(path) as temporary, temporary.open("wb") as out:
                for piece in _pieces(plan, change, rounding):
                    out.write(piece)
                    done += len(piece)
                    yield done / total


def holds(plan: Plan, path: Path) -> bool:
    """Tell whether a file holds the very bytes of a plan in which no tensor changes.

    A file that cannot be read does not.
    """
    try:
        if plan.types or path.stat().st_size != plan.size:
            return False
        with path.open("rb") as file:
            return all(file.read(len(piece)) == piece for piece in _pieces(plan, _same_rows))
    except OSError:
        return False


def _same_rows(tensor: TensorInfo, first: int, rows: Array) -> None:
    """Change nothing."""


def _linked(path: Path, same: Path) -> bool:
    """Give ``same`` a second name; False where the file system has no hard links."""
    try:
        path.hardlink_to(same)
    except FileExistsError:
        raise
    except OSError:
        return False
    sync_folder(path.parent)
    return True


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


def _pieces(plan: Plan, change: Change, rounding: Rounding = nearest) -> Iterator[Piece]:
    """Yield the content of a file; what the base holds is not copied on the way."""
    yield plan.header
    at = len(plan.header)
    files: dict[Path, mmap.mmap] = {}
    for tensor in plan.tensors:
        if tensor.path not in files:
            with tensor.path.open("rb") as file:
                files[tensor.path] = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        data = files[tensor.path]
        begin = len(plan.header) + plan.offsets[tensor.name]
        if begin > at:
            yield bytes(begin - at)
        at = begin
        if tensor.name in plan.types:
            pieces = _changed(tensor, data, plan.types[tensor.name], change, rounding)
        else:
            pieces = _same(tensor, data)
        for piece in pieces:
            yield piece
            at += len(piece)
    if plan.size > at:
        yield bytes(plan.size - at)


def _same(tensor: TensorInfo, data: mmap.mmap) -> Iterator[Piece]:
    view, end = memoryview(data), tensor.begin + (tensor.nbytes or 0)
    for at in range(tensor.begin, end, _COPY):
        yield view[at : min(at + _COPY, end)]


def _changed(
    tensor: TensorInfo, data: mmap.mmap, kind: int, change: Change, rounding: Rounding
) -> Iterator[Piece]:
    def piece(first: int, raw: Bytes, rows: Array) -> bytes:
        return rounding(tensor, first, raw, rows, kind).tobytes()

    return changed_rows(tensor, data, change, piece, max(1, _CHUNK // tensor.shape[0]))


def changed_rows(
    tensor: TensorInfo,
    data: mmap.mmap,
    change: Change,
    use: Callable[[int, Bytes, Array], Result],
    step: int,
) -> Iterator[Result]:
    """Yield what ``use`` returns for each ``step`` rows of a tensor, in the order of the rows.

    ``use`` is given the number of the first row, the base's bytes and the new rows. ``data`` is the
    file that holds the tensor. Rows are worked on side by side, cut in the same way whatever the
    number of cores: ``change`` and ``use`` must bear that.
    """
    length = row_bytes(tensor.type, tensor.shape[0])
    if length is None:
        raise UnsupportedModel(f"{tensor.name} has rows that do not fit {tensor.type_name}.")

    def piece(first: int) -> Result:
        count = min(step, tensor.rows - first)
        begin = tensor.begin + first * length
        raw = np.frombuffer(data[begin : begin + count * length], dtype=np.uint8)
        raw = raw.reshape(count, length)
        rows = read_rows(raw, tensor.type)
        rows = rows if rows.flags.writeable else rows.copy()
        change(tensor, first, rows)
        return use(first, raw, rows)

    return _side_by_side(piece, range(0, tensor.rows, step))


def _side_by_side(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Yield ``work(item)`` of each item in order, with as many at work as there are cores.

    No more than a few results wait for the one that takes them.
    """
    threads = physical_cores()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > _AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # also where the one that takes them has left
            for future in waiting:
                future.cancel()
