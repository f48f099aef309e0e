"""Fixtures for all tests: a home of their own, and no network but loopback."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

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
