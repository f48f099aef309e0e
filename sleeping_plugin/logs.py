"""Sets up logging: everything into the home's log, warnings of ours to standard error too."""

from __future__ import annotations

import contextlib
import logging
import os
from io import TextIOWrapper
from typing import Final

from rich.console import Console

from sleeping_plugin.home import Home
from sleeping_plugin.redact import RedactingFilter

FORMAT: Final = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
LARGEST: Final = 5_000_000  # bytes; a longer log is set aside when the next command begins


class _PrivateFileHandler(logging.FileHandler):
    """A FileHandler whose file only the user can read."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")  # noqa: PTH123 - takes a descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record, or drop it where the log cannot even be opened."""
        with contextlib.suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Drop the record: a full disk must not cover the screen with tracebacks of the log."""


class _ConsoleHandler(logging.Handler):
    """Prints through the console that also draws the progress bars, so they stay whole."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.print(self.format(record), soft_wrap=True)


def set_up_logging(home: Home, console: Console, *, verbose: bool) -> None:
    """Send log records to the log of ``home``; those of ours also to ``console``.

    The console gets warnings, with ``verbose`` everything. Secrets are redacted in both.
    """
    if home.log_file.exists() and home.log_file.stat().st_size > LARGEST:
        home.log_file.replace(home.log_file.with_suffix(".log.1"))
    file = _PrivateFileHandler(home.log_file, delay=True)
    file.setFormatter(logging.Formatter(FORMAT))
    shown = _ConsoleHandler(console)
    shown.setLevel(logging.DEBUG if verbose else logging.WARNING)
    shown.addFilter(lambda record: record.name.startswith("sleeping_"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, _PrivateFileHandler | _ConsoleHandler)]:
        root.removeHandler(old)
        old.close()
    for handler in (file, shown):
        handler.addFilter(RedactingFilter())
        root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
