"""The user's model file: which one this home learns for, and that it is still the same bytes.

``sleeping init`` records path, size and SHA-256. Everything a night derives is derived from those
bytes, so a file that has changed since is refused. The file itself is never written to. A model in
several files is named by its first one; its digest is that of all of them, one after the other.

The float weights that the model was made from, the master, are recorded beside it and held to the
same: nights learn on them, and what they change is rounded from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from sleeping_plugin.atomic import disk_errors, read_json, write_json
from sleeping_plugin.config import Config
from sleeping_plugin.errors import (
    BaseChanged,
    MasterDiffers,
    ModelError,
    NotInitialised,
    StateError,
)
from sleeping_plugin.gguf_info import shard_files
from sleeping_plugin.home import Home
from sleeping_plugin.records import Progress, silent

_CHUNK: Final = 1 << 22  # bytes read at a time


@dataclass(frozen=True, slots=True)
class Stamp:
    """Files as they were when they were last hashed."""

    path: Path
    digest: str  # "sha256:" + 64 hex digits
    size: int  # bytes
    mtime_ns: int  # the sum over its files, which moves with each of them


@dataclass(frozen=True, slots=True)
class Base(Stamp):
    """A model, and the folder of its float master if it has one."""

    master: Stamp | None = None

    @property
    def copy_digest(self) -> str:
        """Return what its working copies are cached by: the digest, or that of it and master's."""
        if self.master is None:
            return self.digest
        return f"sha256:{hashlib.sha256(f'{self.digest}{self.master.digest}'.encode()).hexdigest()}"

    @property
    def master_digest(self) -> str:
        """Return the digest of the master; "" if there is none."""
        return "" if self.master is None else self.master.digest

    @property
    def master_folder(self) -> Path | None:
        """Return where the master is; None if there is none."""
        return None if self.master is None else self.master.path


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
        base = Base(**asdict(_stamp(value)))
        # a record of before there were masters has none
        return replace(base, master=_stamp(value["master"])) if value.get("master") else base
    except (KeyError, TypeError) as error:
        raise StateError(
            f"{file} is damaged. Choose the model again: `sleeping init --model FILE.gguf --force`."
        ) from error


def record_base(home: Home, base: Base) -> None:
    """Make ``base`` the model that ``home`` learns for."""
    value = {"schema": 1, **asdict(base), "path": str(base.path)}
    if base.master is not None:
        value["master"] = {**asdict(base.master), "path": str(base.master.path)}
    write_json(record_file(home), value)


def _stamp(value: Any) -> Stamp:
    return Stamp(Path(value["path"]), value["digest"], value["size"], value["mtime_ns"])


def hash_model(path: Path, progress: Progress = silent) -> Base:
    """Return ``path`` with the digest of its content. Raises ModelError if it cannot be read."""
    path = path.absolute()
    return Base(*_hashed(path, shard_files(path), progress))


def master_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of float weights in a Hugging Face folder; none if there are none."""
    return tuple(sorted(folder.glob("model*.safetensors")))


def hash_master(folder: Path, progress: Progress = silent) -> Stamp:
    """Return ``folder`` with the digest of its weights. Raises ModelError for none."""
    files = master_files(folder)
    if not files:
        raise ModelError(
            f"There are no model*.safetensors in {folder}. Put the float weights back, or go on "
            "without them: `sleeping init --model FILE.gguf`."
        )
    return Stamp(*_hashed(folder.absolute(), files, progress))


def _hashed(path: Path, files: Sequence[Path], progress: Progress) -> tuple[Path, str, int, int]:
    """Return the fields of a stamp."""
    digest, done = hashlib.sha256(), 0
    try:
        size, mtime_ns = _status(files)
        for one in files:
            with one.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    done += len(chunk)
                    progress("read model", done / max(size, 1))
    except OSError as error:
        where = error.filename or path
        raise ModelError(f"Cannot read the model {where}: {error.strerror}.") from error
    return path, f"sha256:{digest.hexdigest()}", size, mtime_ns


def _status(files: Sequence[Path]) -> tuple[int, int]:
    """Return the size of files and the sum of their times."""
    status = [file.stat() for file in files]
    return sum(one.st_size for one in status), sum(one.st_mtime_ns for one in status)


def current_base(home: Home, config: Config, progress: Progress = silent) -> Base:
    """Return the model of ``home``, after checking that its bytes are the recorded ones.

    The whole file is read only if its size or time has changed. Its master is the recorded one, in
    use or not: see :func:`checked_base`. Raises NotInitialised, ModelError if the file is gone,
    BaseChanged if it is another.
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
        now = (path, *_status(shard_files(path)))
    if now == (recorded.path, recorded.size, recorded.mtime_ns):
        return recorded
    found = replace(hash_model(path, progress), master=recorded.master)
    if found.digest != recorded.digest:
        raise BaseChanged(
            f"{path} is not the file that this home learnt from ({recorded.digest[:19]}...). "
            "Put that one back, or start anew with this one: "
            f"`sleeping init --model {path} --force`."
        )
    record_base(home, found)
    return found


def require_master(home: Home, config: Config, base: Base, progress: Progress = silent) -> Base:
    """Return ``base`` with the master that is in use, after checking that it is the recorded one.

    Its weights are read only if size or time has changed. Raises ModelError if they are gone,
    MasterDiffers if they are others, or were never compared with the model.
    """
    if not config.model.master:
        return replace(base, master=None)
    folder = Path(config.model.master).expanduser().absolute()
    again = f"`sleeping init --model {base.path} --master {folder}`"
    if base.master is None:
        raise MasterDiffers(
            f"model.master is {folder}, which was never compared with the model. Type {again}."
        )
    with disk_errors(folder):
        now = (folder, *_status(master_files(folder)))
    if now == (base.master.path, base.master.size, base.master.mtime_ns):
        return base
    found = hash_master(folder, progress)
    if found.digest != base.master.digest:
        raise MasterDiffers(
            f"The float weights in {folder} have changed since they were compared with the model. "
            f"Put the old ones back, or choose them anew: {again}."
        )
    known = replace(base, master=found)
    record_base(home, known)
    return known


def checked_base(home: Home, config: Config, progress: Progress = silent) -> Base:
    """Return the model of ``home`` and its master, after checking both."""
    return require_master(home, config, current_base(home, config, progress), progress)
