"""The one writer of small files, and of folders that must appear whole or not at all.

A file is written beside its target, synced, renamed over it, and the folder is synced: a reader
sees the old content or the new one, never a part. A folder is built in a hidden sibling
(:func:`staging_folder`) and renamed once (:func:`publish_folder`). What a killed process leaves
behind carries its process id, so :func:`sweep` can tell it from work in progress.

Not promised: that two writers of the same file merge their changes. The last one wins.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from sleeping_plugin.errors import DiskFull, StateError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LEFTOVER = re.compile(r"^\..*\.(\d+)-[0-9a-f]{8}\.(?:tmp|staging)$")


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn an OSError about ``path`` into DiskFull or StateError, with what to do next."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _NO_SPACE:
            raise DiskFull(
                f"The disk is full: {path} could not be written ({reason}). "
                "Free some space and run the command again; nothing was lost."
            ) from error
        raise StateError(
            f"{path} could not be read or written ({reason}). "
            "Check that it is yours to write, or choose another folder with --home."
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Replace the content of ``path`` atomically, mode 0600; its folder is made if missing.

    A symbolic link stays one: what it points to is replaced.
    """
    target = Path(os.path.realpath(path))
    with disk_errors(path):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = target.parent / _own_name(target.name, "tmp")
        try:
            _write_synced(temporary, data)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)


def write_text(path: Path, text: str) -> None:
    """Replace the content of ``path`` atomically by ``text`` in UTF-8."""
    # Half a surrogate pair has no UTF-8 form; its escape is readable, and valid inside JSON.
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_json(path: Path, value: Any) -> None:
    """Replace the content of ``path`` atomically by ``value`` as indented JSON."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def read_json(path: Path) -> Any:
    """Return what ``path`` holds; StateError if it cannot be read or is no JSON."""
    with disk_errors(path):
        data = path.read_bytes()
    try:
        return json.loads(data)
    except ValueError as error:
        raise StateError(
            f"{path} is damaged: it is not JSON ({error}). Restore it from a backup or delete it."
        ) from error


@contextlib.contextmanager
def staging_folder(parent: Path) -> Iterator[Path]:
    """Give an empty hidden folder in ``parent``, gone afterwards unless it was published.

    It is removed on every exception, KeyboardInterrupt included.
    """
    with disk_errors(parent):
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = parent / _own_name("", "staging")
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        if folder.exists():
            with disk_errors(folder):
                shutil.rmtree(folder)


def publish_folder(staging: Path, final: Path) -> None:
    """Sync every file of ``staging`` and make it appear at ``final`` with one rename.

    StateError if ``final`` exists; DiskFull if the data did not reach the disk. In both cases
    ``staging`` is as it was.
    """
    if final.exists():
        raise StateError(f"{final} exists already; it is not overwritten. Delete it first.")
    with disk_errors(final):
        for folder, _, names in os.walk(staging, topdown=False):
            for name in names:
                path = Path(folder) / name
                if path.is_file() and not path.is_symlink():
                    _sync(path)
            sync_folder(Path(folder))
        final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        staging.rename(final)
        sync_folder(final.parent)
        if staging.parent != final.parent:
            sync_folder(staging.parent)


def replace_link(link: Path, target: Path) -> None:
    """Make ``link`` lead to the file ``target``, with one rename.

    A symbolic link; a hard link where the system allows none (Windows, without the right to).
    """
    with disk_errors(link):
        fresh = link.with_name(_own_name(link.name, "tmp"))
        try:
            fresh.symlink_to(target)
        except OSError:
            fresh.hardlink_to(target)
        fresh.replace(link)
        sync_folder(link.parent)


def bytes_in(folder: Path) -> int:
    """Return the bytes of all files in a folder, less what is removed meanwhile.

    A file with several names there counts once.
    """
    return sum(status.st_size for status, _ in _files_in([folder]))


def bytes_freed(folders: Sequence[Path]) -> int:
    """Return the bytes that are free when these folders are gone.

    A file that also has a name elsewhere stays, and frees nothing.
    """
    return sum(status.st_size for status, names in _files_in(folders) if names >= status.st_nlink)


def _files_in(folders: Sequence[Path]) -> Iterable[tuple[os.stat_result, int]]:
    """Return every file in these folders with the number of its names there."""
    found: dict[tuple[int, int], tuple[os.stat_result, int]] = {}
    for place, _, names in (step for folder in folders for step in os.walk(folder)):
        for name in names:
            with contextlib.suppress(OSError):
                status = Path(place, name).lstat()
                if stat.S_ISREG(status.st_mode):
                    key = status.st_dev, status.st_ino
                    found[key] = status, found.get(key, (status, 0))[1] + 1
    return found.values()


def discard_folder(folder: Path) -> None:
    """Remove a folder, with one rename for all who look.

    What a killed process leaves of it is removed by `sweep`.
    """
    with disk_errors(folder):
        gone = folder.parent / _own_name(folder.name, "staging")
        os.utime(folder)  # `sweep` compares its age with that of this process
        folder.rename(gone)
        sync_folder(folder.parent)
        shutil.rmtree(gone)


def _still_written(path: Path, pid: int) -> bool:
    """Tell whether the process that began ``path`` lives; not if a later one has its number."""
    try:
        return psutil.Process(pid).create_time() <= path.lstat().st_mtime + 1
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True


def sweep(folder: Path) -> list[Path]:
    """Remove what processes that no longer live left half-written in ``folder``; return it."""
    swept = []
    with disk_errors(folder):
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            found = _LEFTOVER.match(path.name)
            if found is None or _still_written(path, int(found.group(1))):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            swept.append(path)
    return swept


def require_space(path: Path, needed: int, what: str) -> None:
    """Raise DiskFull unless ``needed`` bytes are free where ``path`` is or will be."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    with disk_errors(place):
        free = shutil.disk_usage(place).free
    if free < needed:
        raise DiskFull(
            f"Not enough space for {what} in {path}: it needs {size_of(needed)} and "
            f"{size_of(free)} are free. Free {size_of(needed - free)}, or choose another folder "
            "with --home."
        )


def size_of(count: int) -> str:
    """Return "1.2 GB" or "3.4 MB"."""
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` durable. Windows has no such call and needs none."""
    if os.name == "posix":
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_synced(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]  # the kernel may take less than asked
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_name(name: str, kind: str) -> str:
    return f".{name}.{os.getpid()}-{secrets.token_hex(4)}.{kind}"
