"""Messages between a runtime and its child: a JSON header and bytes, both length-prefixed."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any, Final

_LENGTHS: Final = struct.Struct("<IQ")
_CHUNK: Final = 1 << 20


def write_frame(fd: int, header: Mapping[str, Any], payload: bytes | memoryview = b"") -> None:
    """Write one message; BrokenPipeError if nobody reads."""
    text = json.dumps(header).encode()
    body = memoryview(payload).cast("B")
    for part in (memoryview(_LENGTHS.pack(len(text), len(body)) + text), body):
        while len(part):
            part = part[os.write(fd, part) :]


def read_frame(fd: int) -> tuple[dict[str, Any], bytearray]:
    """Read one message; EOFError if the writer is gone."""
    n_text, n_body = _LENGTHS.unpack(_read(fd, _LENGTHS.size))
    header: dict[str, Any] = json.loads(_read(fd, n_text))
    return header, _read(fd, n_body)


def _read(fd: int, count: int) -> bytearray:
    data = bytearray(count)
    at = 0
    with memoryview(data) as view:
        while at < count:
            got = os.readv(fd, [view[at : at + _CHUNK]])
            if not got:
                raise EOFError
            at += got
    return data
