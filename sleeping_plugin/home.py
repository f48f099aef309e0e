"""The one folder that holds everything this program keeps, and its lock.

config.yaml   the configuration              versions/   one folder per version
memory.db     journal and ledger             runs/       one record per night
active.json   which version is in use        cache/      can be deleted at any time
lock          who is at work                 log/        sleeping.log
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sleeping_plugin.atomic import disk_errors, sweep
from sleeping_plugin.errors import Locked, StateError

VARIABLE = "SLEEPING_HOME"
_POLL = 0.05  # seconds between two tries for a lock
_LOCKED_BYTE = 1 << 30  # Windows locks bytes, and a locked byte cannot be read: lock a far one


@dataclass(frozen=True)
class Home:
    """The paths of one home directory."""

    root: Path

    @classmethod
    def open(cls, root: Path | None = None) -> Home:
        """Return the home at ``root``, else $SLEEPING_HOME, else the platform's data folder.

        It is created, readable by the user alone, if it is missing. An existing folder keeps its
        permissions; what is created inside is the user's alone in any case.
        """
        place = root or os.environ.get(VARIABLE) or platformdirs.user_data_path("sleeping-plugin")
        home = cls(Path(place).expanduser().absolute())
        if home.root.exists() and not home.root.is_dir():
            raise StateError(f"{home.root} is a file, not a folder. Choose another with --home.")
        with disk_errors(home.root):
            home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in home._folders():
                folder.mkdir(mode=0o700, exist_ok=True)
        return home

    @property
    def config_file(self) -> Path:
        """The configuration."""
        return self.root / "config.yaml"

    @property
    def database(self) -> Path:
        """Journal and ledger."""
        return self.root / "memory.db"

    @property
    def active_file(self) -> Path:
        """The pointer to the version in use."""
        return self.root / "active.json"

    @property
    def versions(self) -> Path:
        """One folder per version."""
        return self.root / "versions"

    @property
    def runs(self) -> Path:
        """One record per night."""
        return self.root / "runs"

    @property
    def cache(self) -> Path:
        """What can be made again: deleting it loses nothing."""
        return self.root / "cache"

    @property
    def log_file(self) -> Path:
        """The log."""
        return self.root / "log" / "sleeping.log"

    @contextlib.contextmanager
    def lock(self, purpose: str) -> Iterator[None]:
        """Hold this home against every other process, for ``purpose`` ("sleep").

        Raises Locked at once if another holds it, naming its purpose and process id. The kernel
        frees it when the holder dies. Taking it removes what killed processes left half-written.
        """
        with file_lock(self.root / "lock", purpose):
            for folder in (self.root, *self._folders()):
                sweep(folder)
            yield

    def _folders(self) -> tuple[Path, ...]:
        return self.versions, self.runs, self.cache, self.log_file.parent


@contextlib.contextmanager
def file_lock(path: Path, purpose: str, *, wait: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on ``path``, waiting up to ``wait`` seconds for it.

    Not re-entrant: a second try from the same process finds it locked too. The file stays when
    the lock is gone, because deleting it would let two processes lock two files of that name.
    """
    with disk_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait
        while not _try_lock(descriptor, path):
            if time.monotonic() >= deadline:
                raise Locked(_who(descriptor, path))
            time.sleep(_POLL)
        with disk_errors(path):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {purpose}\n".encode())
        try:
            yield
        finally:
            os.ftruncate(descriptor, 0)  # an unlocked file names nobody
    finally:
        os.close(descriptor)  # frees the lock


def _try_lock(descriptor: int, path: Path) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            finally:
                os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise StateError(
            f"{path} cannot be locked ({error.strerror}): its file system has no locks. "
            "Choose a folder on a local disk with --home."
        ) from error
    return True


def _who(descriptor: int, path: Path) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    pid, _, purpose = os.read(descriptor, 256).decode("utf-8", "replace").strip().partition(" ")
    holder = f"`{purpose}` (process {pid})" if purpose else "Another process"
    return f"{holder} is at work on {path.parent}. Wait until it is done, or end it first."
