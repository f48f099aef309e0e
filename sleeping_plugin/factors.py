"""Low-rank factors as a whole: combine, hash, save and load."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from sleeping_plugin.atomic import write_bytes
from sleeping_plugin.errors import StateError
from sleeping_plugin.records import Array, Factors, LowRank

# EOFError and RuntimeError: what zipfile makes of damage in the head of an entry.
DAMAGE: Final = (
    *(OSError, ValueError, KeyError, BadZipFile, EOFError, RuntimeError),
    zlib.error,  # where the arrays are compressed
)


def combine(*parts: Factors) -> dict[str, LowRank]:
    """Return factors whose change is the sum of the changes of ``parts``."""
    names = dict.fromkeys(name for part in parts for name in part)
    combined = {}
    for name in names:
        pairs = [part[name] for part in parts if name in part]
        combined[name] = LowRank(
            np.concatenate([pair.a for pair in pairs]),
            np.concatenate([pair.b for pair in pairs], axis=1),
        )
    return combined


def digest(factors: Factors) -> str:
    """Return "sha256:<hex>" over names, shapes and values, whatever the file they lie in."""
    pairs = ((name, factors[name]) for name in sorted(factors))
    return digest_of((name, one, "<f4") for name, pair in pairs for one in (pair.a, pair.b))


def digest_of(arrays: Iterable[tuple[str, NDArray[Any], str]]) -> str:
    """Return "sha256:<hex>" over named arrays, each as numbers of the type beside it."""
    total = hashlib.sha256()
    for name, array, kind in arrays:
        total.update(f"{name} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return f"sha256:{total.hexdigest()}"


def save(path: Path, factors: Factors) -> None:
    """Write the factors to ``path``, atomically."""
    arrays = {f"{name}.a": pair.a for name, pair in factors.items()}
    arrays |= {f"{name}.b": pair.b for name, pair in factors.items()}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for flags
    write_bytes(path, buffer.getvalue())


def load(path: Path) -> dict[str, LowRank]:
    """Read factors. Raises StateError for a missing or damaged file."""
    try:
        arrays = _arrays(path.read_bytes())
        names = [key.removesuffix(".a") for key in arrays if key.endswith(".a")]
        if len(arrays) != 2 * len(names):
            raise ValueError("an array without its other half")
        return {name: _pair(arrays[f"{name}.a"], arrays[f"{name}.b"]) for name in names}
    except DAMAGE as error:
        raise StateError(
            f"{path} does not hold the factors of a version ({error}). "
            "Teach it again with `sleeping sleep`."
        ) from error


def _arrays(data: bytes) -> dict[str, Array]:
    """Return every array of an archive whose checksums hold."""
    with ZipFile(io.BytesIO(data)) as archive:
        if any(entry.compress_type != ZIP_STORED for entry in archive.infolist()):
            raise ValueError("it is compressed")
        if damaged := archive.testzip():
            raise ValueError(f"{damaged} is damaged")
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def _pair(a: Array, b: Array) -> LowRank:
    if a.ndim != 2 or b.ndim != 2 or len(a) != b.shape[1]:
        raise ValueError(f"shapes {a.shape} and {b.shape} are no pair")
    return LowRank(a, b)
