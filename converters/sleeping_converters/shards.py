"""A version in three files: metadata, the tensors that stay, the tensors that change.

The first two depend on the base and on which tensors change, and on nothing else: versions that
change the same tensors share them, vocabulary and all, and each costs what it changed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gguf import GGUFValueType

from sleeping_converters.gguf_file import (
    Plan,
    base_values,
    holds,
    plan_file,
    text_value,
)
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo

NAME: Final = "model-{:05d}-of-{:05d}.gguf"  # llama.cpp finds the other files by the first one's
COUNT: Final = 3
_OF_EVERY_FILE: Final = ("general.architecture", "general.alignment")


def plan_split(info: GGUFInfo, types: Mapping[str, int], metadata: Mapping[str, str]) -> list[Plan]:
    """Return the plans of the three files of a version in which the tensors in ``types`` change.

    The first holds the base's metadata and no tensor; ``metadata`` is with the changed tensors.
    """
    total = _number("split.tensors.count", GGUFValueType.INT32, "<i", len(info.tensors))
    known = base_values(info)
    every = [known[key] for key in _OF_EVERY_FILE if key in known]
    own = [value for key, value in known.items() if not key.startswith("split.")]
    added = [text_value(key, text) for key, text in metadata.items()]
    nothing: list[TensorInfo] = []
    parts = (
        (own, nothing),
        (every, [tensor for tensor in info.tensors if tensor.name not in types]),
        ([*every, *added], [tensor for tensor in info.tensors if tensor.name in types]),
    )
    count = _number("split.count", GGUFValueType.UINT16, "<H", COUNT)
    plans = []
    for number, (values, tensors) in enumerate(parts):
        place = _number("split.no", GGUFValueType.UINT16, "<H", number)
        name = NAME.format(number + 1, COUNT)
        plans.append(plan_file(info, name, [*values, place, count, total], tensors, types))
    return plans


def shared(plans: Sequence[Plan], like: Sequence[Path]) -> dict[str, Path]:
    """Return for each plan, by its name, a file of ``like`` that holds what it would write.

    Every byte is compared: a file that was damaged since it was written is not shared.
    """
    found = {}
    for plan in plans:
        same = [file for file in like if file.name == plan.name]
        if match := next((file for file in same if holds(plan, file)), None):
            found[plan.name] = match
    return found


def _number(key: str, kind: GGUFValueType, form: str, value: int) -> bytes:
    """Return an entry of a metadata block, a key with a number."""
    name = key.encode()
    head = struct.pack(f"<Q{len(name)}sI", len(name), name, int(kind))
    return head + struct.pack(form, value)
