"""The texts and arrays of a GGUF's metadata, which ``gguf_info`` skips or cleans up.

300,000 strings take a quarter of a second here; ``gguf.GGUFReader`` takes 17 seconds.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sleeping_converters.gguf_file import base_values
from sleeping_plugin.errors import ModelError
from sleeping_plugin.gguf_info import GGUFInfo

Numbers = NDArray[Any]
Value = bytes | list[bytes] | Numbers

_STRING: Final = 8
_ARRAY: Final = 9
_DTYPES: Final[Mapping[int, np.dtype[Any]]] = {
    0: np.dtype("u1"),
    1: np.dtype("i1"),
    2: np.dtype("<u2"),
    3: np.dtype("<i2"),
    4: np.dtype("<u4"),
    5: np.dtype("<i4"),
    6: np.dtype("<f4"),
    7: np.dtype("?"),
    10: np.dtype("<u8"),
    11: np.dtype("<i8"),
    12: np.dtype("<f8"),
}
_COUNT: Final = struct.Struct("<Q")
_KIND: Final = struct.Struct("<I")


class _Damaged(Exception):
    """The metadata ends before its last value does, or holds what no GGUF holds."""


def read_values(info: GGUFInfo, names: Collection[str]) -> dict[str, Value]:
    """Return those of ``names`` that the metadata has as a text or an array, as they are stored.

    Texts come as bytes, arrays of texts as lists of bytes, arrays of numbers as NumPy arrays.
    Single numbers are left out: ``info.metadata`` has them. Raises ModelError if the metadata is
    not what ``read_info`` saw.
    """
    entries = base_values(info)
    try:
        values = {name: _value(entries[name]) for name in names if name in entries}
    except (struct.error, _Damaged):
        raise ModelError(
            f"{info.path} is damaged: its metadata breaks off. Copy it again."
        ) from None
    return {name: value for name, value in values.items() if value is not None}


def _text(block: bytes, at: int) -> tuple[bytes, int]:
    """Return the string at ``at`` and where it ends."""
    begin = at + _COUNT.size
    end: int = begin + _COUNT.unpack_from(block, at)[0]
    if end > len(block):
        raise _Damaged
    return block[begin:end], end


def _value(entry: bytes) -> Value | None:
    """Return the value of an entry, which begins with its key; None for a single number."""
    _, at = _text(entry, 0)
    kind, at = _KIND.unpack_from(entry, at)[0], at + _KIND.size
    if kind == _STRING:
        return _text(entry, at)[0]
    if kind in _DTYPES:
        return None
    if kind != _ARRAY:
        raise _Damaged
    kind, at = _KIND.unpack_from(entry, at)[0], at + _KIND.size
    count, at = _COUNT.unpack_from(entry, at)[0], at + _COUNT.size
    if kind == _STRING:
        return _texts(entry, at, count)
    if kind not in _DTYPES or at + count * _DTYPES[kind].itemsize > len(entry):
        raise _Damaged
    return np.frombuffer(entry, _DTYPES[kind], count, at)


def _texts(block: bytes, at: int, count: int) -> list[bytes]:
    """Read ``count`` strings; written out, for vocabularies are long."""
    texts: list[bytes] = []
    read, size = _COUNT.unpack_from, len(block)
    for _ in range(count):
        begin = at + 8
        at = begin + read(block, at)[0]
        if at > size:
            raise _Damaged
        texts.append(block[begin:at])
    return texts
