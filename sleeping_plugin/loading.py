"""Which files to load for a version: the one answer that chat, server and questions share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sleeping_plugin.base import Base
from sleeping_plugin.errors import BaseChanged, ModelError, RuntimeFailed
from sleeping_plugin.records import Version


def files_to_load(version: Version | None, base: Base) -> tuple[Path, Path | None]:
    """Return (model, adapter or None) for ``version``; None stands for the base.

    The model is the first shard where there are several. A version without files of its own is an
    adapter on the base it was trained on; raises BaseChanged where that is another one.
    """
    if version is None:
        return base.path, None
    if version.files:
        return version.files[0], None
    if version.base_digest != base.digest:
        raise BaseChanged(
            f"{version.id} is an adapter for another model than {base.path}. "
            "Type `sleeping switch base`, or put the model back that it was trained on."
        )
    return base.path, version.adapter


@contextlib.contextmanager
def advising(version: Version | None) -> Iterator[None]:
    """Let a failure to load ``version`` say which one it was, and what to type next."""
    try:
        yield
    except (ModelError, RuntimeFailed) as error:
        if version is None or isinstance(error, BaseChanged):
            raise
        reason = str(error).rstrip(".")
        raise type(error)(
            f"{version.id} cannot be loaded: {reason}. "
            "Type `sleeping rollback`, or `sleeping switch base`."
        ) from error
