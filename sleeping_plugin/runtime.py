"""The one place that runs a GGUF: llama.cpp in a child process of its own.

A model that makes llama.cpp abort takes the child with it and leaves a sentence here. The child
dies with its runtime: at the end of the ``with`` block, at Ctrl-C, and when this process is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import psutil

from sleeping_plugin.errors import RuntimeFailed
from sleeping_plugin.frames import read_frame, write_frame
from sleeping_plugin.gguf_info import read_info, require_chat
from sleeping_plugin.records import Array, Message, Progress, silent

Chat = Sequence[Message]

_LAST_LINES: Final = 40


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What a loaded model is."""

    n_vocab: int
    n_embd: int
    end_tokens: tuple[int, ...]  # each of them ends a reply
    end_of_turn: str  # the text of the one that the chat template writes
    architecture: str
    chat_template: str
    context: int  # tokens
    add_bos: bool  # the model asks for a BOS in front
    bos: int


class Runtime:
    """A GGUF (and adapter) that can be asked. Use it as a context manager.

    One request at a time: threads wait for each other.
    """

    def __init__(
        self, model: Path, adapter: Path | None = None, *, context: int = 2048, threads: int = 0
    ) -> None:
        """Load the model in a fresh process; ``threads`` 0 means the physical cores.

        Raises ModelError for a missing or damaged file, NoChatTemplate, and RuntimeFailed when
        llama.cpp refuses it.
        """
        require_chat(read_info(model))
        if adapter is not None:
            read_info(adapter)
        self.model = model
        self._lock = threading.Lock()
        self._busy: int | None = None  # the thread whose request is under way
        self._finished = True
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._process = _start()
        # Neither the thread nor the finalizer may hold self: a forgotten runtime must end too.
        self._listener = threading.Thread(
            target=_listen, args=(self._process, self._last_lines), daemon=True
        )
        self._listener.start()
        self._reaper = weakref.finalize(self, _reap, self._process, self._listener)
        request = {
            "op": "load",
            "model": str(model.absolute()),
            "adapter": str(adapter.absolute()) if adapter else "",
            "context": context,
            "threads": threads or physical_cores(),
        }
        try:
            with self._request(request):
                fields = self._reply()[0]
        except BaseException:
            self.close()
            raise
        self.info = RuntimeInfo(**{**fields, "end_tokens": tuple(fields["end_tokens"])})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """Tell whether the child still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End the child. Any number of times."""
        self._reaper()

    def ask(
        self, messages: Chat, *, max_tokens: int = 48, temperature: float = 0.0, seed: int = 0
    ) -> str:
        """Return the reply to one chat, from an empty context, up to the end of the turn."""
        pieces = self.stream(messages, max_tokens=max_tokens, temperature=temperature, seed=seed)
        return "".join(pieces).strip()

    def ask_many(
        self,
        chats: Sequence[Chat],
        *,
        max_tokens: int = 48,
        temperature: float = 0.0,
        seed: int = 0,
        progress: Progress = silent,
    ) -> list[str]:
        """Return the reply to each chat, decoded side by side, each from an empty context.

        Rounding may differ from :meth:`ask` in the last bit, so a borderline reply may too. The
        same list always gives the same replies. Reply ``i`` is drawn with ``seed + i``.
        """
        if not chats:
            return []
        request = {
            "op": "ask_many",
            "chats": [_plain(chat) for chat in chats],
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        with self._request(request):
            while not (reply := self._reply()[0]).get("done"):
                progress("asking", reply["progress"] / len(chats))
        return [answer.strip() for answer in reply["answers"]]

    def stream(
        self, messages: Chat, *, max_tokens: int = 256, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[str]:
        """Yield the reply as it comes. Closing the iterator stops the model."""
        request = {
            "op": "stream",
            "messages": _plain(messages),
            "max_tokens": max_tokens,
            "temperature": temperature,
            "seed": seed,
        }
        with self._request(request):
            while not (reply := self._reply()[0]).get("done"):
                yield reply["text"]

    def complete_json(
        self, messages: Chat, schema: Mapping[str, Any], *, max_tokens: int = 256
    ) -> str:
        """Return a reply that fits the JSON schema, unless ``max_tokens`` cuts it short."""
        request = {
            "op": "stream",
            "messages": _plain(messages),
            "max_tokens": max_tokens,
            "schema": dict(schema),
        }
        text = ""
        with self._request(request):
            while not (reply := self._reply()[0]).get("done"):
                text += reply["text"]
        return text

    def render(self, messages: Chat, *, prompt: bool = True) -> str:
        """Return the chat in the model's template; with ``prompt``, the reply is opened."""
        request = {"op": "render", "messages": _plain(messages), "prompt": prompt}
        return str(self._result(request))

    def tokenize(self, texts: Sequence[str], special: bool = True) -> list[list[int]]:
        """Return the tokens of each text; nothing is added (see ``info.add_bos``)."""
        request = {"op": "tokenize", "texts": list(texts), "special": special}
        tokens: list[list[int]] = self._result(request)
        return tokens

    def chat_tokens(self, chats: Sequence[Chat]) -> list[list[int]]:
        """Return the prompt of each chat, token by token as :meth:`ask` feeds it."""
        request = {"op": "chat_tokens", "chats": [_plain(chat) for chat in chats]}
        tokens: list[list[int]] = self._result(request)
        return tokens

    def logits(self, tokens: Sequence[int]) -> Array:
        """Return the logits after every token, from an empty context: (len, n_vocab)."""
        logits = np.empty((len(tokens), self.info.n_vocab), dtype=np.float32)
        at = 0
        with self._request({"op": "logits", "tokens": [int(t) for t in tokens]}):
            while True:
                header, payload = self._reply()
                if header.get("done"):
                    return logits
                block = np.frombuffer(payload, dtype=np.float32)
                logits[at : at + header["rows"]] = block.reshape(header["rows"], -1)
                at += header["rows"]

    def _result(self, request: Mapping[str, Any]) -> Any:
        with self._request(request):
            return self._reply()[0]["result"]

    @contextmanager
    def _request(self, request: Mapping[str, Any]) -> Iterator[None]:
        """Send a request; whoever leaves before its last reply leaves the pipe empty."""
        if self._busy == threading.get_ident():
            raise RuntimeFailed("A reply is still being streamed. Read or close it before asking.")
        with self._lock:
            self._busy = threading.get_ident()
            self._finished = False
            try:
                self._send(request)
                yield
            except (KeyboardInterrupt, SystemExit):
                self._process.kill()
                raise
            finally:
                if not self._finished and self.alive:
                    self._drain()
                self._busy = None

    def _send(self, request: Mapping[str, Any]) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            raise RuntimeFailed(f"The runtime of {self.model.name} is closed.")
        try:
            write_frame(self._process.stdin.fileno(), request)
        except BrokenPipeError:
            raise self._death() from None

    def _drain(self) -> None:
        """Tell the child to stop and drop what it still sends."""
        with suppress(RuntimeFailed):
            self._send({"op": "stop"})
            while not self._finished:
                self._reply()

    def _reply(self) -> tuple[dict[str, Any], bytearray]:
        """Read one frame; the last one of a request ends it."""
        if self._process.stdout is None:
            raise self._death()
        try:
            header, payload = read_frame(self._process.stdout.fileno())
        except EOFError:
            self._finished = True
            raise self._death() from None
        self._finished = not header.keys() & {"text", "progress", "rows"}
        if "fatal" in header:
            self._reaper()  # so that its last words have been read
            raise RuntimeFailed(self._sentence(header["fatal"]))
        if "error" in header:
            raise RuntimeFailed(f"{header['error']}.")
        return header, payload

    def _death(self) -> RuntimeFailed:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._listener.join(5)
        code = self._process.returncode
        how = f"was killed by signal {-code}" if code and code < 0 else f"ended with code {code}"
        return RuntimeFailed(self._sentence(f"llama.cpp {how} while it ran {self.model.name}"))

    def _sentence(self, what: str) -> str:
        """Add llama.cpp's last complaint to what happened."""
        lines = [line for line in self._last_lines if line.strip()]
        complaints = [line for line in lines if "error" in line.lower() or "assert" in line.lower()]
        last = (complaints or lines)[-1:]
        return f"{what} ({last[0].strip()})." if last else f"{what}."


def physical_cores() -> int:
    """Return the number of physical cores that this process may use."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(psutil.cpu_count(logical=False) or 1, allowed or 1))


def _plain(messages: Chat) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def _start() -> subprocess.Popen[bytes]:
    """Start the child, importing this very package whatever the current folder holds."""
    here = str(Path(__file__).resolve().parent.parent)
    paths = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "sleeping_plugin.runtime_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Threads that spin at barriers make llama.cpp thirty times slower beside other work.
        env={
            "OMP_WAIT_POLICY": "PASSIVE",
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
        },
    )


def _listen(process: subprocess.Popen[bytes], lines: deque[str]) -> None:
    """Keep the child's last lines; without a reader it would block on a full pipe."""
    if process.stderr is not None:
        for line in process.stderr:
            lines.append(line.decode(errors="replace"))


def _reap(process: subprocess.Popen[bytes], listener: threading.Thread) -> None:
    """Close the child's input, which ends it, and do not wait long for that."""
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()
    try:
        process.wait(1)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    listener.join()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
