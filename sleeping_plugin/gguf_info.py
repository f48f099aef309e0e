"""Read a GGUF's header, checking every count against the size of the file.

``gguf.GGUFReader`` takes seconds on large vocabularies and trusts the file. This reader skips the
arrays, keeps the byte ranges that an export copies, and answers a damaged file with a sentence.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

from sleeping_plugin.errors import ModelError, NoChatTemplate, UnsupportedModel

Scalar = str | int | float | bool

# Architectures whose matrices can be taught and exported, each proved against llama.cpp. Llama 2
# and 3, Mistral, SmolLM 1 and 2, TinyLlama and Yi all say "llama"; Phi-4 says "phi3".
SUPPORTED: Final = (
    *("llama", "mistral3", "qwen2", "qwen3", "gemma2", "gemma3"),
    *("phi3", "smollm3", "granite", "olmo2"),
)

_STRING: Final = 8
_ARRAY: Final = 9
_SCALARS: Final[Mapping[int, struct.Struct]] = {
    kind: struct.Struct("<" + code)
    for kind, code in enumerate(["B", "b", "H", "h", "I", "i", "f", "?", "", "", "Q", "q", "d"])
    if code
}
_COUNT: Final = struct.Struct("<Q")
_WORD: Final = struct.Struct("<I")
_BLOCKS: Final = {int(kind): size for kind, size in GGML_QUANT_SIZES.items()}


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One row of the tensor table."""

    name: str
    shape: tuple[int, ...]  # GGUF order: the row length first
    type: int  # ggml type id
    offset: int  # from the start of the data
    nbytes: int | None  # None for a type that this release does not know

    @property
    def rows(self) -> int:
        """Return the number of rows of length ``shape[0]``."""
        return prod(self.shape[1:])

    @property
    def type_name(self) -> str:
        """Return the type as people write it: "Q4_1"."""
        return type_name(self.type)


@dataclass(frozen=True, slots=True)
class GGUFInfo:
    """What the header says, and where its parts lie in the file."""

    path: Path
    size: int  # of the file
    version: int
    architecture: str
    n_layers: int
    chat_template: str | None
    metadata: Mapping[str, Scalar]  # without the arrays
    alignment: int
    table_start: int  # first byte after the key-value block
    data_start: int
    tensors: tuple[TensorInfo, ...]  # in the order of the table

    def tensor(self, name: str) -> TensorInfo:
        """Return a tensor; UnsupportedModel if there is none of that name."""
        for info in self.tensors:
            if info.name == name:
                return info
        raise UnsupportedModel(
            f"{self.path.name} has no tensor {name}. Use the model it was made for."
        )


class _Cursor:
    """A position in the file that never reads past its end."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def skip(self, count: int) -> int:
        """Move on by ``count`` bytes and return where they began."""
        begin, end = self.at, self.at + count
        if end > len(self.data):
            raise _Truncated
        self.at = end
        return begin

    def unpack(self, form: struct.Struct) -> Scalar:
        """Read one number."""
        value: Scalar = form.unpack_from(self.data, self.skip(form.size))[0]
        return value

    def count(self) -> int:
        """Read an unsigned 64-bit count."""
        return int(_COUNT.unpack_from(self.data, self.skip(8))[0])

    def word(self) -> int:
        """Read an unsigned 32-bit number."""
        return int(_WORD.unpack_from(self.data, self.skip(4))[0])

    def text(self) -> str:
        """Read a string."""
        size = self.count()
        begin = self.skip(size)
        return bytes(self.data[begin : begin + size]).decode("utf-8", errors="replace")

    def skip_strings(self, number: int) -> None:
        """Skip an array of strings; written out, for vocabularies are long."""
        data, at, end, read = self.data, self.at, len(self.data), _COUNT.unpack_from
        for _ in range(number):
            if at + 8 > end:
                raise _Truncated
            at += 8 + read(data, at)[0]
        self.at = at
        self.skip(0)


class _Truncated(Exception):
    """The file ends before its header does."""


class _Damaged(Exception):
    """The header holds something that no GGUF holds."""


def read_info(path: Path) -> GGUFInfo:
    """Read the header of ``path``.

    Raises ModelError when the file is missing, empty, no GGUF, damaged or shorter than its header
    says. Whether the model can chat or be taught is not judged: see the two functions below.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < 24:
                raise ModelError(f"{path} is no GGUF model: it has only {size} bytes.")
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _read(path, _Cursor(data))
    except FileNotFoundError:
        raise ModelError(f"There is no model at {path}. Check the path.") from None
    except OSError as error:
        raise ModelError(f"Cannot read the model {path}: {error.strerror or error}.") from error
    except _Truncated:
        raise ModelError(
            f"{path} is truncated: it ends inside its header. Copy it again."
        ) from None
    except _Damaged as error:
        raise ModelError(f"{path} is damaged: {error}. Copy it again.") from None


def require_chat(info: GGUFInfo) -> str:
    """Return the chat template; NoChatTemplate if the model has none."""
    if not info.chat_template:
        raise NoChatTemplate(
            f"{info.path.name} has no chat template (tokenizer.chat_template), so it cannot chat. "
            "Use the instruct or chat form of the model."
        )
    return info.chat_template


def require_supported(info: GGUFInfo) -> None:
    """Raise UnsupportedModel if the model cannot be taught and exported."""
    if int(info.metadata.get(f"{info.architecture}.expert_count", 0)) > 0:
        raise UnsupportedModel(
            f"{info.path.name} is a mixture of experts ({info.architecture}), which cannot be"
            " taught yet. Choose a dense model with `sleeping init --model FILE.gguf`."
        )
    if info.architecture not in SUPPORTED:
        raise UnsupportedModel(
            f"{info.path.name} is of the architecture {info.architecture!r}, which cannot be taught"
            f" yet. Supported: {', '.join(SUPPORTED)}."
        )
    if int(info.metadata.get("split.count", 0)) > 1:
        raise UnsupportedModel(
            f"{info.path.name} is one part of a split model. Join the parts first: "
            "llama-gguf-split --merge FIRST OUT."
        )


def type_name(kind: int) -> str:
    """Return the name of a ggml type id."""
    try:
        return str(GGMLQuantizationType(kind).name)
    except ValueError:
        return f"type {kind}"


def row_bytes(kind: int, length: int) -> int | None:
    """Return the bytes of a row of ``length`` weights; None if they do not fill whole blocks."""
    block, size = _BLOCKS[kind]
    return None if length % block else length // block * size


def aligned(offset: int, alignment: int) -> int:
    """Return the first multiple of ``alignment`` at or after ``offset``."""
    return -(-offset // alignment) * alignment


def _read(path: Path, cursor: _Cursor) -> GGUFInfo:
    if cursor.data[:4] != b"GGUF":
        raise ModelError(f"{path} is no GGUF model: it begins with {bytes(cursor.data[:4])!r}.")
    cursor.skip(4)
    version = cursor.word()
    if version not in (2, 3):
        raise ModelError(
            f"{path} is a GGUF of version {version}. Versions 2 and 3 (little-endian) can be read."
        )
    n_tensors, n_values = cursor.count(), cursor.count()
    if n_tensors * 24 + n_values * 13 > len(cursor.data):  # the least that they could take
        raise _Truncated
    metadata: dict[str, Scalar] = {}
    for _ in range(n_values):
        name = cursor.text()
        value = _value(cursor, cursor.word())
        if value is not None:
            metadata[name] = value
    table_start = cursor.at
    table = [_row(cursor) for _ in range(n_tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
        raise _Damaged(f"its alignment is {alignment!r}")
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _Damaged("it names no architecture")
    template, layers = (
        metadata.get("tokenizer.chat_template"),
        metadata.get(f"{architecture}.block_count", 0),
    )
    info = GGUFInfo(
        path=path,
        size=len(cursor.data),
        version=version,
        architecture=architecture,
        n_layers=layers if isinstance(layers, int) else 0,
        chat_template=template if isinstance(template, str) else None,
        metadata=metadata,
        alignment=alignment,
        table_start=table_start,
        data_start=aligned(cursor.at, alignment),
        tensors=tuple(table),
    )
    _check_extent(info)
    return info


def _value(cursor: _Cursor, kind: int) -> Scalar | None:
    """Read one value; arrays are skipped and give None."""
    if kind == _STRING:
        return cursor.text()
    if kind in _SCALARS:
        return cursor.unpack(_SCALARS[kind])
    if kind != _ARRAY:
        raise _Damaged(f"a value has the unknown type {kind}")
    kind, number = cursor.word(), cursor.count()
    if kind == _STRING:
        cursor.skip_strings(number)
    elif kind in _SCALARS:
        cursor.skip(number * _SCALARS[kind].size)
    else:
        raise _Damaged(f"an array has the unknown type {kind}")
    return None


def _row(cursor: _Cursor) -> TensorInfo:
    name = cursor.text()
    n_dims = cursor.word()
    if not 0 < n_dims <= 4:
        raise _Damaged(f"tensor {name!r} has {n_dims} dimensions")
    shape = tuple(cursor.count() for _ in range(n_dims))
    kind, offset = cursor.word(), cursor.count()
    nbytes: int | None = None
    if kind in _BLOCKS:
        row = row_bytes(kind, shape[0])
        if row is None:
            raise _Damaged(f"tensor {name!r} has rows of {shape[0]} weights in {type_name(kind)}")
        nbytes = row * prod(shape[1:])
    return TensorInfo(name, shape, kind, offset, nbytes)


def _check_extent(info: GGUFInfo) -> None:
    """Raise ModelError if a tensor lies beyond the end of the file."""
    end = 0
    for tensor in info.tensors:
        if tensor.offset % info.alignment:
            raise _Damaged(f"tensor {tensor.name!r} is not aligned")
        end = max(end, info.data_start + tensor.offset + (tensor.nbytes or 0))
    if end > info.size:
        raise ModelError(
            f"{info.path} is truncated: it has {info.size} bytes and its header speaks of {end}. "
            "Copy it again."
        )
