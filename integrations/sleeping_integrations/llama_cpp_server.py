"""The OpenAI-compatible server of llama-cpp-python with the active version in it.

The library's app does the API; here are the parts it has not: a model that follows the home's
pointer (:class:`ServedModel`), and a door that only programs on this machine pass
(:class:`Door`). Answers run one at a time, under the library's lock. A new version is tried in a
child process and loaded while the old one goes on answering; the exchange takes the lock, so an
answer never changes its model. Only the end of the server cuts one (:class:`Turn`).
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import json
import logging
import os
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from anyio.to_thread import run_sync
from fastapi import FastAPI
from jinja2 import TemplateError
from llama_cpp import llama_cpp as bindings
from llama_cpp.server import app as library
from llama_cpp.server.model import LlamaProxy
from llama_cpp.server.settings import ModelSettings, ServerSettings
from llama_cpp.server.types import CreateChatCompletionRequest
from starlette.types import ASGIApp, Receive, Scope, Send

from sleeping_integrations.recorder import Recorder
from sleeping_plugin.base import Base
from sleeping_plugin.config import Config
from sleeping_plugin.errors import RuntimeFailed, SleepingError
from sleeping_plugin.home import Home
from sleeping_plugin.loading import advising, files_to_load
from sleeping_plugin.records import Message, Version
from sleeping_plugin.runtime import Runtime, physical_cores
from sleeping_plugin.versions import Versions

log = logging.getLogger(__name__)

ALIAS = "sleeping"  # the model's name in the API, whatever version is active
SOURCE = "llama-cpp"
Attach = Callable[[Any, Callable[[Sequence[Message]], None]], Callable[[], None]]

_TRIAL_CONTEXT = 256  # tokens; a trial load answers nothing
_APPS = ("app", "file", "tauri", "vscode-webview", "vscode-file")  # desktop programs' origins
_DOCKER = "host.docker.internal"  # what containers on this machine call it


class ServedModel:
    """The active version, loaded, in the library's app; :meth:`refresh` follows the pointer."""

    def __init__(self, home: Home, config: Config, base: Base, attach: Attach) -> None:
        """Load the active version. Raises SleepingError where it cannot be loaded."""
        self._home, self._config, self._base = home, config, base
        self._attach = attach
        self._recorder = Recorder(home, SOURCE)
        self._turn = Turn()
        self._swapping = anyio.Lock()
        self._stamp = self._read_stamp()
        self.version = Versions(home).active()
        settings = self._settings(self.version)
        with _loading(self.version):
            self.app: FastAPI = library.create_app(
                server_settings=_complete(ServerSettings, interrupt_requests=False),
                model_settings=[settings],
            )
        self._proxy: LlamaProxy = library._llama_proxy
        self._prepare(self._proxy())

    async def refresh(self) -> None:
        """Load the version that the pointer names, if that has changed since the last call.

        Where it cannot be loaded the old one stays, and the log says why.
        """
        if self._read_stamp() == self._stamp:
            return
        async with self._swapping:
            stamp = self._read_stamp()
            if stamp == self._stamp:  # another request has just done it
                return
            self._stamp = stamp  # a version that fails is not tried again at every request
            try:
                fresh = await run_sync(self._load_active)
            except SleepingError as error:
                log.error("%s goes on being served: %s", _name(self.version), error)
                return
            if fresh is not None:
                await self._exchange(*fresh)

    def close(self) -> None:
        """Cut the answer that is being given, and free the model."""
        with self._turn.ended(self._proxy()):
            self._proxy.free()

    def _load_active(self) -> tuple[Version | None, Any] | None:
        """Return the version the pointer names and its model, None if it is the one in use."""
        version = Versions(self._home).active()
        if version == self.version:
            return None
        settings = self._settings(version)
        with _loading(version):
            model = LlamaProxy.load_llama_from_model_settings(settings)
        return version, self._prepare(model)

    async def _exchange(self, version: Version | None, model: Any) -> None:
        async with contextlib.asynccontextmanager(library.get_llama_proxy)() as proxy:
            old, proxy._current_model = proxy._current_model, model
            self.version = version
        log.info("%s is served now", _name(version))
        await run_sync(old.close)

    def _settings(self, version: Version | None) -> ModelSettings:
        """Return what to load, after a trial in a child process.

        llama.cpp aborts on some damaged files, and would take this server with it.
        """
        model, adapter = files_to_load(version, self._base)
        with advising(version), Runtime(model, adapter, context=_TRIAL_CONTEXT):
            pass
        threads = self._config.model.threads or physical_cores()
        return _complete(
            ModelSettings,
            model=str(model),
            model_alias=ALIAS,
            lora_path=str(adapter) if adapter else None,
            n_ctx=self._config.model.context,
            logits_all=False,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=-1 if bindings.llama_supports_gpu_offload() else 0,
            chat_format="chat_template.default",  # the GGUF's own, as the gate used; never a guess
            verbose=False,
        )

    def _prepare(self, model: Any) -> Any:
        """Record what the model answers, and let it answer as :func:`_answer` says."""
        self._attach(model, self._recorder)
        model.create_completion = self._turn.guarded(model.create_completion)
        model.chat_handler = functools.partial(_answer, self._turn.guarded(model.chat_handler))
        return model

    def _read_stamp(self) -> tuple[int, ...]:
        """Return what changes whenever the pointer is replaced."""
        try:
            status = self._home.active_file.stat()
        except FileNotFoundError:
            return ()
        return status.st_mtime_ns, status.st_ino, status.st_size


class Turn:
    """Lets one thread use the model at a time, and none when the server ends.

    An answer in one piece runs in a thread that nobody can cancel, and would go on in a model that
    has been freed.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a chat's answer is made by a completion, in one thread
        self._over = False

    def guarded(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``call``, which gives an answer or its chunks, under the lock at every chunk."""

        def one(*args: Any, **kwargs: Any) -> Any:
            with self._mine():
                answer = call(*args, **kwargs)
            return answer if isinstance(answer, Mapping) else self._each(answer)

        return one

    @contextlib.contextmanager
    def ended(self, model: Any) -> Iterator[None]:
        """Cut the answer that runs in ``model``, and hold the lock: there is no other any more."""
        self._over = True
        bindings.llama_set_abort_callback(model.ctx, _ABORT, None)
        with self._lock:
            yield

    def _each(self, chunks: Any) -> Iterator[Any]:
        with contextlib.closing(chunks):
            while True:
                with self._mine():
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                yield chunk

    @contextlib.contextmanager
    def _mine(self) -> Iterator[None]:
        with self._lock:
            if self._over:
                raise RuntimeError("the server ends")
            yield


class Door:
    """Lets in programs on this machine, and no web page from elsewhere; then follows the pointer.

    A page in the user's browser can reach loopback too, and would read the user's memory.
    """

    def __init__(self, app: ASGIApp, refresh: Callable[[], Any]) -> None:
        self._app = app
        self._refresh = refresh

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] == "http":
            headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
            if reason := refusal(headers.get(b"host", ""), headers.get(b"origin", "")):
                await _refuse(send, reason)
                return
            if scope["method"] == "POST":
                await self._refresh()
        streams: list[Any] = []
        _open_streams.set(streams)
        try:
            await self._app(scope, receive, send)
        finally:  # the library leaves the stream of a client that left to the garbage collector
            with anyio.CancelScope(shield=True):
                for stream in streams:
                    with contextlib.suppress(ValueError):  # a thread is in it, and it is cut there
                        await run_sync(stream.close)


def refusal(host: str, origin: str) -> str:
    """Return why a request with these headers is refused, "" if it is not.

    The host must be a name of this machine (a page may point its own name here), the origin a
    page or a program on it.
    """
    if not _is_local(urlsplit(f"//{host}").hostname if _plain(host) else None):
        return f"The host {host!r} is no name of this machine. Use 127.0.0.1."
    if not origin:
        return ""
    parts = urlsplit(origin) if _plain(origin) else urlsplit("")
    if parts.scheme in _APPS or (parts.scheme in ("http", "https") and _is_local(parts.hostname)):
        return ""
    return f"Pages from {origin!r} may not talk to the memory of your chats."


def _plain(header: str) -> bool:
    """Return whether a header can be taken apart as a URL without surprises."""
    return re.fullmatch(r"[\w.:/\[\]-]+", header, re.ASCII) is not None and _splits(header)


def _splits(header: str) -> bool:
    try:
        urlsplit(header if "//" in header else f"//{header}")
    except ValueError:  # unbalanced brackets
        return False
    return True


def _is_local(name: str | None) -> bool:
    if name in ("localhost", _DOCKER):
        return True
    try:
        return ipaddress.ip_address(name or "").is_loopback
    except ValueError:
        return False


async def _refuse(send: Send, reason: str) -> None:
    body = json.dumps({"error": {"message": reason, "type": "forbidden", "code": 403}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run(served: ServedModel, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, then finish within seconds."""
    door = Door(served.app, served.refresh)
    # no log configuration of its own: records go where all of ours go
    config = uvicorn.Config(door, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])


def _answer(handler: Callable[..., Any], **request: Any) -> Any:
    """Answer one chat request as the gate heard the model, under the model's public name.

    The library adds a repeat penalty where a client asks for none. It puts off the very words
    that a memory consists of, those of the question among them; llama.cpp itself adds none.
    """
    if request.get("repeat_penalty") == _PENALTY:
        request["repeat_penalty"] = 1.0
    messages = [_as_text(message) for message in request["messages"]]
    ask = functools.partial(handler, **{**request, "messages": messages, "model": ALIAS})
    if not request.get("stream"):
        return ask()
    stream = _with_errors(ask)
    _open_streams.get().append(stream)
    return stream


def _as_text(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose content is one text: chat templates know no parts and no null."""
    content = message.get("content")
    if isinstance(content, list) and all(part.get("type") == "text" for part in content):
        content = "\n".join(part["text"] for part in content)
    return {**message, "content": "" if content is None else content}


def _with_errors(ask: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """Pass chunks on; an error is told in a last one, for the status has been sent by then."""
    try:
        yield from ask()
    except (ValueError, RuntimeError, TypeError, TemplateError) as error:
        log.info("an answer failed: %s", error)
        yield {"error": {"message": str(error), "type": "invalid_request_error"}}


_ABORT = bindings.ggml_abort_callback(lambda _: True)
_PENALTY = CreateChatCompletionRequest.model_fields["repeat_penalty"].default
_open_streams: ContextVar[list[Any]] = ContextVar("_open_streams")


def _complete(settings: Any, **values: Any) -> Any:
    """Return settings with a value for every field: the library reads missing ones from variables
    of the environment with names as common as HOST, SEED and API_KEY."""
    defaults = {name: field.get_default() for name, field in settings.model_fields.items()}
    return settings(**{**defaults, **values})


@contextlib.contextmanager
def _loading(version: Version | None) -> Iterator[None]:
    """Load as the gate's runtime does, and turn what the library raises into RuntimeFailed.

    Extra buffer types repack weights: a second copy, and kernels that crash on some machines.
    The library has no parameter for them, so its defaults are changed for the time of the load.
    CONFIG_FILE is hidden: the library would take another model from it.
    """
    hidden = os.environ.pop("CONFIG_FILE", None)
    default = bindings.llama_model_default_params

    def without_repacking() -> Any:
        params = default()
        params.use_extra_bufts = False
        return params

    bindings.llama_model_default_params = without_repacking
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise RuntimeFailed(f"llama.cpp cannot load {_name(version)}: {error}.") from error
    finally:
        bindings.llama_model_default_params = default
        if hidden is not None:
            os.environ["CONFIG_FILE"] = hidden


def _name(version: Version | None) -> str:
    return version.id if version else "the base"
