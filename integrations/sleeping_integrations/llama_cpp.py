"""The host ``llama-cpp``: llama-cpp-python, served from here with `sleeping serve`.

There is nothing to register a version with: the home's pointer says which one is in use, and the
server follows it. So publishing is looking whether the files can be loaded.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

from sleeping_plugin.base import current_base
from sleeping_plugin.config import Config
from sleeping_plugin.errors import MissingExtra, UsageError
from sleeping_plugin.gguf_info import read_info, require_chat
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Host, LiveChatSource, hookimpl
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Version

NAME = "llama-cpp"
_SERVER_NEEDS = ("fastapi", "pydantic_settings", "sse_starlette", "starlette_context", "uvicorn")


class LlamaCppHost:
    """The host ``llama-cpp``."""

    name = NAME

    def check(self, base: Path) -> None:
        """Raise ModelError if ``base`` is no readable GGUF, NoChatTemplate if it cannot chat."""
        require_chat(read_info(base))

    def advice(self, home: Home) -> str:
        """Return which commands chat."""
        return "Chat with `sleeping chat`, or from other programs through `sleeping serve`."

    def publish(self, version: Version | None, base: Path, home: Home) -> None:
        """Check the files; a running server loads them when the home's pointer has moved.

        Raises ModelError for a damaged file, NoChatTemplate for a base that cannot chat.
        """
        if version is None or not version.files:
            self.check(base)
        else:
            read_info(version.files[0])  # and the files beside it

    def serve(
        self,
        home: Home,
        config: Config,
        plugins: Plugins,
        *,
        started: Callable[[str, str], None],
    ) -> None:
        """Serve the active version as an OpenAI-compatible API until interrupted.

        Raises MissingExtra without the server's packages, UsageError for an address that is not
        loopback or is in use, and what loading the model raises.
        """
        require_server()
        base = current_base(home, config)
        source = plugins.pick("chat_source", NAME)
        if not isinstance(source, LiveChatSource):
            raise UsageError(f"The chat source {NAME} cannot listen to a running model.")
        from sleeping_integrations import llama_cpp_server as server  # needs the extra

        with listen(config.serve.address, config.serve.port) as listener:
            served = server.ServedModel(home, config, base, source.attach)
            try:
                started(url_of(listener), server.ALIAS)
                # the library prints a line for every client that leaves
                with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
                    server.run(served, listener)
            finally:
                served.close()


def require_server() -> None:
    """Raise MissingExtra, with what to type, if the server's packages are not installed."""
    missing = [name for name in _SERVER_NEEDS if find_spec(name) is None]
    if missing:
        raise MissingExtra(
            f"The server needs packages that are not installed ({', '.join(missing)}). "
            "Type `pip install 'sleeping-plugin[serve]'`."
        )


@contextlib.contextmanager
def listen(address: str, port: int) -> Iterator[socket.socket]:
    """Give a socket that listens on a loopback address; port 0 takes a free one.

    Any other address is refused: chats and memories stay on this machine. Raises UsageError.
    """
    host = "127.0.0.1" if address == "localhost" else address
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise UsageError(
            f'The address "{address}" is not loopback, and the memory of your chats is served to '
            "this machine alone. Set serve.address to 127.0.0.1."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(
            f"Nothing can listen on {host} port {port}: {error.strerror or error}. "
            "Take another port with `sleeping serve --port N`."
        ) from error
    with listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """Return the base URL that clients of the OpenAI API are given."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


@hookimpl
def register_hosts(register: Callable[[Host], None]) -> None:
    """Add the host ``llama-cpp``."""
    register(LlamaCppHost())
