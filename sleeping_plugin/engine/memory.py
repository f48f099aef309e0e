"""Memory that a step is done with goes back to the system before the next one needs it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys


def give_back() -> None:
    """Collect what nobody holds, and hand free heap back to the system (glibc; elsewhere no-op).

    After an hour of tensors of many sizes, gigabytes of free memory lie between the few that are
    still held, and the allocator keeps them for itself until it is asked.
    """
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # musl has no malloc_trim
            ctypes.CDLL(None).malloc_trim(0)
