"""Where an exported file comes from: the ``sleeping.*`` keys in its metadata.

They follow the base's own keys, so a file that lost its folder still says which version of which
model it is, and `sleeping adopt` can join it to its home again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sleeping_plugin.errors import AlreadyTaught, ModelError
from sleeping_plugin.gguf_info import GGUFInfo

PREFIX: Final = "sleeping."
_DIGEST: Final = r"sha256:[0-9a-f]{64}"
_VERSION: Final = r"v-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Origin:
    """What an exported file says of itself."""

    version: str  # the id
    base_digest: str
    recipe_digest: str
    parent: str  # the version that its night began with; "" for the base

    def to_metadata(self) -> dict[str, str]:
        """Return the keys that an export appends to the base's metadata."""
        return {
            f"{PREFIX}version": self.version,
            f"{PREFIX}base_digest": self.base_digest,
            f"{PREFIX}recipe_digest": self.recipe_digest,
            f"{PREFIX}parent": self.parent,
        }


def recipe_digest(recipe: Mapping[str, Any]) -> str:
    """Return "sha256:<hex>" of an export recipe, whatever the order of its keys."""
    text = json.dumps(recipe, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def origin_of(info: GGUFInfo) -> Origin | None:
    """Return what a file says of where it comes from; None if it was not exported by us.

    Raises ModelError for keys that no export writes.
    """
    if not any(name.startswith(PREFIX) for name in (*info.spans, *info.metadata)):
        return None
    fields = {
        "version": _VERSION,
        "base_digest": _DIGEST,
        "recipe_digest": _DIGEST,
        "parent": f"({_VERSION})?",
    }
    found = {}
    for name, pattern in fields.items():
        value = info.metadata.get(PREFIX + name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise ModelError(
                f"{info.path} does not say which version it is: its {PREFIX}{name} is {value!r}. "
                "Copy it again from where it was made."
            )
        found[name] = value
    return Origin(**found)


def require_untaught(info: GGUFInfo) -> None:
    """Raise AlreadyTaught for a file that an export wrote: it is a version, and no base."""
    if origin := origin_of(info):
        raise AlreadyTaught(
            f"{info.path} is {origin.version}, a version that was made by a night, and not the "
            "model it was made from. Choose that model with `sleeping init --model FILE.gguf`, and "
            f"bring this file into its home with `sleeping adopt {info.path}`."
        )
