"""JSON documents and times as chat programs write them; what cannot be read has a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from sleeping_plugin.errors import ImportFailed, NotFound


class NotReadable(ValueError):
    """Something is no conversation; the text says why."""


def parse(data: bytes) -> object:
    """Return the JSON value in ``data``. Raises NotReadable."""
    try:
        return json.loads(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotReadable("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotReadable(f"not JSON: {error.msg} at column {error.colno}") from None
    except ValueError:  # Python refuses integers of thousands of digits
        raise NotReadable("holds a number that is too long") from None
    except RecursionError:
        raise NotReadable("nested too deeply") from None


def require_within(size: int, limit: int) -> None:
    """Raise NotReadable for more bytes than are read at once; ``limit`` is in whole MB."""
    if size > limit:
        raise NotReadable(f"longer than {limit // 2**20} MB")


def place_of(location: str) -> Path:
    """Return the file or folder that a user named. Raises NotFound, ImportFailed."""
    try:
        path = Path(location).expanduser()
        path.stat()
    except FileNotFoundError:
        raise NotFound(f"There is no file {path}. Check the path and try again.") from None
    # ValueError: a NUL in the path; RuntimeError: "~somebody" who is not known here
    except (OSError, ValueError, RuntimeError) as error:
        raise ImportFailed(f"{location} cannot be read: {error}.") from error
    return path


def utc(time: datetime) -> str:
    """Return a time as the database writes its own: one form, which sorts as text."""
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def file_time(path: Path) -> str:
    """Return when a file was last written."""
    return utc(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def since_1970(count: object, *, per_second: int = 1) -> str:
    """Return the time so many seconds, or parts of one, after 1970; "" for what is no such time."""
    if isinstance(count, bool) or not isinstance(count, int | float):
        return ""
    try:
        return utc(datetime.fromtimestamp(count / per_second, UTC))
    except (ValueError, OverflowError, OSError):
        return ""


def iso_time(text: object) -> str:
    """Return a time in ISO 8601, one without a zone taken as UTC; "" for what is none."""
    try:
        time = datetime.fromisoformat(str(text).strip())
        return utc(time if time.tzinfo else time.replace(tzinfo=UTC))
    except (ValueError, OverflowError):  # OverflowError: year 1 east of Greenwich
        return ""
