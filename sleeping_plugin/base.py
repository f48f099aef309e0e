"""The user's model file: which one this home learns for, and that it is still the same bytes.

``sleeping init`` records path, size and SHA-256. Everything a night derives is derived from those
bytes, so a file that has changed since is refused. The file itself is never written to. A model in
several files is named by its first one; its digest is that of all of them, one after the other.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sleeping_plugin.atomic import disk_errors, read_json, write_json
from sleeping_plugin.config import Config
from sleeping_plugin.errors import BaseChanged, ModelError, NotInitialised, StateError
from sleeping_plugin.gguf_info import shard_files
from sleeping_plugin.home import Home
from sleeping_plugin.records import Progress, silent

_CHUNK: Final = 1 << 22  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Base:
    """A model as it was when it was last hashed."""

    path: Path
    digest: str  # "sha256:" + 64 hex digits
    size: int  # bytes
    mtime_ns: int  # the sum over its files, which moves with each of them


def record_file(home: Home) -> Path:
    """Return where the recorded base of ``home`` is kept."""
    return home.root / "model.json"


def recorded_base(home: Home) -> Base | None:
    """Return the base that was recorded, without looking at the model file itself."""
    file = record_file(home)
    if not file.exists():
        return None
    value: Any = read_json(file)
    try:
        return Base(Path(value["path"]), value["digest"], value["size"], value["mtime_ns"])
    except (KeyError, TypeError) as error:
        raise StateError(
            f"{file} is damaged. Choose the model again: `sleeping init --model FILE.gguf --force`."
        ) from error


def record_base(home: Home, base: Base) -> None:
    """Make ``base`` the model that ``home`` learns for."""
    value = {"schema": 1, "path": str(base.path), "digest": base.digest}
    write_json(record_file(home), {**value, "size": base.size, "mtime_ns": base.mtime_ns})


def hash_model(path: Path, progress: Progress = silent) -> Base:
    """Return ``path`` with the digest of its content. Raises ModelError if it cannot be read."""
    path = path.absolute()
    digest, done = hashlib.sha256(), 0
    try:
        size, mtime_ns = _status(path)
        for one in shard_files(path):
            with one.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    done += len(chunk)
                    progress("read model", done / max(size, 1))
    except OSError as error:
        where = error.filename or path
        raise ModelError(f"Cannot read the model {where}: {error.strerror}.") from error
    return Base(path, f"sha256:{digest.hexdigest()}", size, mtime_ns)


def _status(path: Path) -> tuple[int, int]:
    """Return the size of a model and the sum of the times of its files."""
    status = [file.stat() for file in shard_files(path)]
    return sum(one.st_size for one in status), sum(one.st_mtime_ns for one in status)


def current_base(home: Home, config: Config, progress: Progress = silent) -> Base:
    """Return the model of ``home``, after checking that its bytes are the recorded ones.

    The whole file is read only if its size or time has changed. Raises NotInitialised, ModelError
    if it is gone, BaseChanged if it is another file.
    """
    recorded = recorded_base(home)
    if recorded is None or not config.model.path:
        raise NotInitialised(
            f"{home.root} has no model yet. Choose one: `sleeping init --model FILE.gguf`."
        )
    path = Path(config.model.path).expanduser().absolute()
    if missing := next((file for file in shard_files(path) if not file.is_file()), None):
        raise ModelError(
            f"The model {missing} is gone. Put it back, or say where it is now: "
            "`sleeping init --model FILE.gguf`."
        )
    with disk_errors(path):
        now = (path, *_status(path))
    if now == (recorded.path, recorded.size, recorded.mtime_ns):
        return recorded
    found = hash_model(path, progress)
    if found.digest != recorded.digest:
        raise BaseChanged(
            f"{path} is not the file that this home learnt from ({recorded.digest[:19]}...). "
            "Put that one back, or start anew with this one: "
            f"`sleeping init --model {path} --force`."
        )
    record_base(home, found)
    return found
