"""Which files are loaded for a version. Run: pytest tests/test_loading.py"""

from __future__ import annotations

from pathlib import Path

import pytest

from sleeping_plugin.base import Base
from sleeping_plugin.errors import BaseChanged, RuntimeFailed
from sleeping_plugin.loading import advising, files_to_load
from sleeping_plugin.records import Version

BASE = Base(Path("/models/base.gguf"), "sha256:aa", 1, 1)


def make(*files: str, adapter: str = "", digest: str = BASE.digest) -> Version:
    paths = tuple(Path(file) for file in files)
    return Version("v-1", True, paths, Path(adapter) if adapter else None, {}, "", "", digest)


def test_no_version_is_the_base() -> None:
    assert files_to_load(None, BASE) == (BASE.path, None)


def test_a_merged_version_needs_neither_base_nor_adapter() -> None:
    version = make("m-1.gguf", "m-2.gguf", adapter="a.gguf", digest="sha256:other")
    assert files_to_load(version, BASE) == (Path("m-1.gguf"), None)


def test_an_adapter_alone_goes_on_the_base_it_was_trained_on() -> None:
    assert files_to_load(make(adapter="a.gguf"), BASE) == (BASE.path, Path("a.gguf"))
    with pytest.raises(BaseChanged, match="sleeping switch base"):
        files_to_load(make(adapter="a.gguf", digest="sha256:other"), BASE)


def test_a_version_that_fails_to_load_is_named_with_what_to_type() -> None:
    failure = RuntimeFailed("llama.cpp cannot load it")
    told = r"^v-1 .* load it\. Type `sleeping rollback`"
    with pytest.raises(RuntimeFailed, match=told), advising(make("m.gguf")):
        raise failure
    with pytest.raises(RuntimeFailed, match=r"^llama\.cpp cannot load it$"), advising(None):
        raise failure
