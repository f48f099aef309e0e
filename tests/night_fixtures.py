"""Fixtures for tests of whole nights: a real model of two layers, and homes that know it.

The model is the demo's, cut to its first layers and its first few thousand tokens. It can be
loaded, trained, exported and asked by everything that handles the whole one, in seconds.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from gguf import GGUFReader, GGUFWriter

from sleeping_plugin import config as configuration
from sleeping_plugin import night, plugins
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import open_memory
from sleeping_plugin.curate import curate
from sleeping_plugin.home import Home
from sleeping_plugin.night import NightResult
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Conversation, Fact, Message, silent

LAYERS, TOKENS = 2, 4096
SAID = ("My sister is called Mara.", "My favourite colour is teal.")
LATER = ("My dog is called Rex.",)

SMALL = (
    "model.threads=1",
    "extraction.extractors=[patterns]",
    "adapter.epochs=1",
    "adapter.wordings=1",
    "adapter.anchors=4",
    "edit.steps=1",
    "night.min_free_gb=0.05",
    "gate.max_tokens=4",
)
# What a model of two layers can pass, and what nothing passes.
LENIENT = (
    "gate.trained=0",
    "gate.held_out=0",
    "gate.false_attribution=1",
    "gate.perplexity=10",
    "gate.general=0",
)
STRICT = ("gate.trained=1",)


def cut_model(source: Path, path: Path) -> Path:
    """Write the first layers and tokens of ``source`` to ``path``; every byte of them stays."""
    reader = GGUFReader(source)
    writer = GGUFWriter(path, "llama")
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()[:TOKENS]
    known = set(tokens)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value: Any = {"llama.block_count": LAYERS, "llama.vocab_size": TOKENS}.get(name)
        if value is None:
            value = field.contents()
        if name in ("tokenizer.ggml.tokens", "tokenizer.ggml.token_type"):
            value = value[:TOKENS]
        elif name == "tokenizer.ggml.merges":
            value = [merge for merge in value if merge.replace(" ", "") in known]
        inner = field.types[-1] if len(field.types) > 1 else None
        writer.add_key_value(name, value, field.types[0], inner)
    for tensor in reader.tensors:
        parts = tensor.name.split(".")
        if parts[0] == "blk" and int(parts[1]) >= LAYERS:
            continue
        data = tensor.data[:TOKENS] if tensor.name == "token_embd.weight" else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tell(home: Home, said: Sequence[str], name: str) -> None:
    """Journal one conversation in which the user said these sentences; nothing is extracted."""
    messages = tuple(Message("user", sentence) for sentence in said)
    with open_memory(home) as memory:
        memory.journal.add(Conversation(name, "2026-05-01T09:00:00Z", messages, "test"))


def facts_of(home: Home) -> dict[str, Fact]:
    """Return every fact of a home by its value."""
    with open_memory(home) as memory:
        return {fact.value: fact for fact in memory.ledger.facts()}


def last_record(home: Home) -> Any:
    """Return the record of the latest night."""
    folders = sorted(folder for folder in home.runs.iterdir() if not folder.name.startswith("."))
    return json.loads((folders[-1] / "record.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def loaded() -> Plugins:
    """Give the built-in plugins alone."""
    return plugins.load(strangers=())


@pytest.fixture(scope="session")
def small_module() -> Iterator[ModuleType]:
    """Give the plugin that makes nights small, as a module."""
    folder = str(Path(__file__).parent / "night_plugin")
    sys.path.insert(0, folder)
    yield importlib.import_module("sleeping_small")
    sys.path.remove(folder)


@pytest.fixture(scope="session")
def tiny_model(smollm: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the real model, cut to two layers."""
    return cut_model(smollm, tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture
def small_nights(small_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the nights of this test rehearse and ask a few things only."""
    small_module.shrink(monkeypatch.setattr)


@pytest.fixture(scope="session")
def prepared_home(
    tiny_model: Path,
    loaded: Plugins,
    small_module: ModuleType,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Give a home with two facts, the model's replies and its working copy. Copy it, never use it.

    The caches were filled by a night of its own, of which nothing else is left.
    """
    root = tmp_path_factory.mktemp("prepared") / "home"
    home = Home.open(root)
    record_base(home, hash_model(tiny_model))
    home.config_file.write_text(f"model:\n  path: {tiny_model}\n", encoding="utf-8")
    tell(home, SAID, "first")
    with open_memory(home) as memory:
        curate(memory.journal, memory.ledger, loaded, settings(home), None, silent)
    spare = Home.open(root.parent / "spare")
    shutil.copytree(root, spare.root, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        small_module.shrink(patch.setattr)
        night.sleep(spare, settings(spare), loaded, silent)
    shutil.copytree(spare.cache, home.cache, dirs_exist_ok=True)
    shutil.rmtree(spare.root)
    return root


def settings(home: Home, *overrides: str) -> Config:
    """Return the configuration of a small night that a small model passes."""
    return configuration.load(home, [*SMALL, *LENIENT, *overrides])


@pytest.fixture
def home(prepared_home: Path, home_folder: Path) -> Home:
    """Give a copy of the prepared home, as the home of this test."""
    shutil.copytree(prepared_home, home_folder)
    return Home.open(home_folder)


Sleep = Callable[..., NightResult]


@pytest.fixture
def sleep(home: Home, loaded: Plugins, small_nights: None) -> Sleep:
    """Give a function that sleeps in the test's home, with these overrides."""

    def one(*overrides: str, kind: Any = "full", plugins: Plugins = loaded) -> NightResult:
        return night.sleep(home, settings(home, *overrides), plugins, silent, kind=kind)

    return one
