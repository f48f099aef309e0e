"""Read a GGUF's header, checking every count against the size of the file.

``gguf.GGUFReader`` takes seconds on large vocabularies and trusts the file. This reader skips the
arrays, keeps the byte ranges that an export copies, and answers a damaged file with a sentence.
A model in several files (``-00001-of-00003.gguf``) is named by its first one and read as one.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
_SHARD: Final = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)

# More than any model has. Damaged headers ask for the most memory and time just below them.
_LONGEST_NAME: Final = 65_535  # bytes, as the format's specification says of keys
_LONGEST_TEXT: Final = 1 << 20  # bytes; longer values are skipped like arrays
_MOST_STRINGS: Final = 1 << 22  # in one array
_WIDEST_ALIGNMENT: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One row of the tensor table."""

    name: str
    shape: tuple[int, ...]  # GGUF order: the row length first
    type: int  # ggml type id
    offset: int  # from the start of the data
    nbytes: int | None  # None for a type that this release does not know
    path: Path  # the file that holds it
    begin: int  # its first byte there

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
    """What the header says, and where its parts lie in the file.

    Of a model in several files, positions are those in the first one, but for the tensors'; the
    metadata are those of all files, and of the first where they differ.
    """

    path: Path  # the first of `files`
    files: tuple[Path, ...]
    size: int  # of all files
    padded: bool  # there are zeros behind the last tensor, up to the alignment
    version: int
    architecture: str
    n_layers: int
    chat_template: str | None
    metadata: Mapping[str, Scalar]  # without arrays, and without texts over 1 MB
    spans: Mapping[str, tuple[int, int]]  # of every key: where it begins, and its value ends
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

    def name(self) -> str:
        """Read the name of a key or tensor."""
        size = self.count()
        begin = self.skip(size)
        if size > _LONGEST_NAME:
            raise _Damaged(f"a name has {size} bytes")
        try:
            return self.data[begin : begin + size].decode("utf-8")
        except UnicodeDecodeError:
            raise _Damaged("a name is no UTF-8") from None

    def text(self) -> str | None:
        """Read a string; None, and skipped, where it is too long to be of use here."""
        size = self.count()
        begin = self.skip(size)
        if size > _LONGEST_TEXT:
            return None
        return self.data[begin : begin + size].decode("utf-8", errors="replace")

    def skip_strings(self, number: int) -> None:
        """Skip an array of strings; written out, for vocabularies are long."""
        data, at, end, read = self.data, self.at, len(self.data), _COUNT.unpack_from
        if number * 8 > end - at:
            raise _Truncated
        if number > _MOST_STRINGS:
            raise _Damaged(f"an array holds {number} strings")
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
    """Read the header of ``path``, and of the files beside it where the model is in several.

    Raises ModelError when a file is missing, empty, no GGUF, damaged or shorter than its header
    says, for a file that is not the first of its model, and for files that do not belong together.
    Whether the model can chat or be taught is not judged: see the two functions below.
    """
    info = _read_file(path)
    files = shard_files(path)
    if len(files) > 1 or int(info.metadata.get("split.count", 0)) > 1:
        info = _join(info, files)
    if not info.architecture:
        raise ModelError(f"{path} is damaged: it names no architecture. Copy it again.")
    return info


def shard_files(path: Path) -> tuple[Path, ...]:
    """Return the files of the model that ``path`` is the first of, by its name; itself if whole.

    The names are those that llama.cpp looks for; whether the files exist is not looked at.
    """
    found = _SHARD.fullmatch(path.name)
    if found is None or int(found[2]) != 1:
        return (path,)
    count = int(found[3])
    names = (f"{found[1]}-{number:05d}-of-{count:05d}.gguf" for number in range(1, count + 1))
    return tuple(path.with_name(name) for name in names)


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


def _read_file(path: Path) -> GGUFInfo:
    """Read the header of one file; its architecture is "" where it names none."""
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


def _join(first: GGUFInfo, files: Sequence[Path]) -> GGUFInfo:
    """Return the model whose files are these; ModelError if they are not of one model."""
    count, number = (int(first.metadata.get(f"split.{key}", 0)) for key in ("count", "no"))
    if number > 0:
        raise ModelError(
            f"{first.path} is file {number + 1} of a model in {count} files. "
            f"Give the first one, {_first_name(first.path.name)}."
        )
    if len(files) != count:
        named = f"is named as the first of {len(files)} files" if len(files) > 1 else "is renamed"
        raise ModelError(
            f"{first.path} {named}, and its header speaks of {max(count, 1)}. Give it back the name"
            " that it came with: llama.cpp finds the other files of a model by it."
        )
    shards = [first]
    for number, file in enumerate(files[1:], 1):
        if not file.exists():
            raise ModelError(
                f"{file} is missing: {first.path.name} is the first of {count} files of one model."
                " Put all of them into one folder."
            )
        shard = _read_file(file)
        place = [int(shard.metadata.get(f"split.{key}", -1)) for key in ("no", "count")]
        if place != [number, count] or shard.architecture not in ("", first.architecture):
            raise _strangers(first, file)
        shards.append(shard)
    tensors = tuple(tensor for shard in shards for tensor in shard.tensors)
    total = first.metadata.get("split.tensors.count", len(tensors))
    if total != len(tensors) or len({tensor.name for tensor in tensors}) != len(tensors):
        raise _strangers(first, files[-1])
    return replace(
        first,
        files=tuple(files),
        size=sum(shard.size for shard in shards),
        padded=any(shard.padded for shard in shards),
        metadata={key: value for shard in shards[::-1] for key, value in shard.metadata.items()},
        tensors=tensors,
    )


def _first_name(name: str) -> str:
    """Return how the first file of a model is called, by the name of another."""
    found = _SHARD.fullmatch(name)
    if found is None or int(found[2]) == 1:  # renamed
        return "whose name has 00001"
    return f"{found[1]}-00001-of-{found[3]}.gguf"


def _strangers(first: GGUFInfo, file: Path) -> ModelError:
    return ModelError(
        f"{file} and {first.path.name} are not of one model: they disagree about its parts. "
        "Copy all files of the model again."
    )


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
    metadata, spans = _values(cursor, n_values)
    alignment = metadata.get("general.alignment", 32)
    if (
        not isinstance(alignment, int)
        or not 0 < alignment <= _WIDEST_ALIGNMENT
        or alignment & (alignment - 1)
    ):
        raise _Damaged(f"its alignment is {alignment!r}")
    architecture = metadata.get("general.architecture", "")
    if not isinstance(architecture, str):
        raise _Damaged(f"its architecture is {architecture!r}")
    own = (f"{architecture}.block_count", f"{architecture}.expert_count")
    for key in (*own, "split.no", "split.count", "split.tensors.count"):
        value = metadata.get(key, 0)
        if not isinstance(value, int) or value < 0:
            raise _Damaged(f"its {key} is {value!r}")
    template = metadata.get("tokenizer.chat_template")
    table_start = cursor.at
    rows = _table(cursor, n_tensors)
    data_start = aligned(cursor.at, alignment)
    size, end = len(cursor.data), _extent(path, len(cursor.data), rows, data_start, alignment)
    return GGUFInfo(
        path=path,
        files=(path,),
        size=size,
        padded=end < size == aligned(end, alignment),
        version=version,
        architecture=architecture,
        n_layers=int(metadata.get(own[0], 0)),
        chat_template=template if isinstance(template, str) else None,
        metadata=metadata,
        spans=spans,
        alignment=alignment,
        table_start=table_start,
        data_start=data_start,
        tensors=tuple(TensorInfo(*row, path, data_start + row[3]) for row in rows),
    )


def _values(cursor: _Cursor, number: int) -> tuple[dict[str, Scalar], dict[str, tuple[int, int]]]:
    """Read the key-value block: the values that are kept, and where each entry lies."""
    metadata: dict[str, Scalar] = {}
    spans: dict[str, tuple[int, int]] = {}
    for _ in range(number):
        begin = cursor.at
        name = cursor.name()
        if name in spans:
            raise _Damaged(f"it has the key {name!r} twice")
        value = _value(cursor, cursor.word())
        spans[name] = begin, cursor.at
        if value is not None:
            metadata[name] = value
    return metadata, spans


def _value(cursor: _Cursor, kind: int) -> Scalar | None:
    """Read one value; arrays and long texts are skipped and give None."""
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


_Row = tuple[str, tuple[int, ...], int, int, int | None]  # the first fields of a TensorInfo


def _table(cursor: _Cursor, number: int) -> list[_Row]:
    """Read the tensor table."""
    rows: dict[str, _Row] = {}
    for _ in range(number):
        row = _row(cursor)
        if row[0] in rows:
            raise _Damaged(f"it has the tensor {row[0]!r} twice")
        rows[row[0]] = row
    return list(rows.values())


def _row(cursor: _Cursor) -> _Row:
    name = cursor.name()
    n_dims = cursor.word()
    if not 0 < n_dims <= 4:
        raise _Damaged(f"tensor {name!r} has {n_dims} dimensions")
    shape = tuple(cursor.count() for _ in range(n_dims))
    if 0 in shape:
        raise _Damaged(f"tensor {name!r} has the shape {shape}")
    kind, offset = cursor.word(), cursor.count()
    nbytes: int | None = None
    if kind in _BLOCKS:
        row = row_bytes(kind, shape[0])
        if row is None:
            raise _Damaged(f"tensor {name!r} has rows of {shape[0]} weights in {type_name(kind)}")
        nbytes = row * prod(shape[1:])
    return name, shape, kind, offset, nbytes


def _extent(path: Path, size: int, rows: Sequence[_Row], data_start: int, alignment: int) -> int:
    """Return where the last tensor ends; ModelError if that is beyond the end of the file."""
    end = 0
    for name, _, _, offset, nbytes in sorted(rows, key=lambda row: row[3]):
        if offset % alignment:
            raise _Damaged(f"tensor {name!r} is not aligned")
        if offset < end:
            raise _Damaged(f"tensor {name!r} lies over another one")
        end = offset + (nbytes or 0)
    if rows and data_start + end > size:
        raise ModelError(
            f"{path} is truncated: it has {size} bytes and its header speaks of {data_start + end}."
            " Copy it again."
        )
    return data_start + end
