"""The host llama-cpp without its server: checks, publishing, the address, the recorder.

Run: pytest tests/test_llama_cpp_host.py
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_hooks.llama_cpp import LlamaCppSource
from sleeping_integrations import llama_cpp
from sleeping_integrations.llama_cpp import LlamaCppHost, listen, require_server, url_of
from sleeping_integrations.llama_cpp_server import refusal
from sleeping_integrations.recorder import Recorder
from sleeping_plugin import config
from sleeping_plugin.atomic import staging_folder
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.context import open_memory
from sleeping_plugin.errors import (
    DiskFull,
    MissingExtra,
    ModelError,
    NoChatTemplate,
    RuntimeFailed,
    UsageError,
)
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import LiveChatSource, ServingHost
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Message, Version
from sleeping_plugin.versions import Versions

Write = Callable[..., Path]
HI = (Message("user", "Hi"), Message("assistant", "Hello"))


def add_version(home: Home, name: str, model: Path) -> Version:
    with staging_folder(home.versions) as staging:
        (staging / "model.gguf").write_bytes(model.read_bytes())
        manifest: dict[str, Any] = {
            "id": name,
            "accepted": True,
            "files": ["model.gguf"],
            "adapter": None,
            "gate": {},
            "created": "2025-01-01T00:00:00Z",
            "parent": None,
            "base_digest": "sha256:00",
            "factors_digest": name,
            "recipe": {},
            "facts": {},
        }
        return Versions(home).add(staging, manifest)


def test_our_parts_take_the_protocols_that_the_core_asks_for() -> None:
    assert isinstance(LlamaCppHost(), ServingHost)
    assert isinstance(LlamaCppSource(), LiveChatSource)


def test_a_base_that_cannot_chat_or_be_read_is_refused(write_model: Write, tmp_path: Path) -> None:
    host = LlamaCppHost()
    host.check(write_model())
    with pytest.raises(NoChatTemplate):
        host.check(write_model("mute.gguf", template=None))
    with pytest.raises(ModelError, match="no model at"):
        host.check(tmp_path / "absent.gguf")


def test_publishing_checks_the_files_and_leaves_the_pointer(
    write_model: Write, tmp_path: Path
) -> None:
    home, model, host = Home.open(), write_model(), LlamaCppHost()
    version = add_version(home, "v-1", model)
    for one in (version, None):
        host.publish(one, model, home)
    with pytest.raises(ModelError):
        host.publish(None, tmp_path / "absent.gguf", home)
    version.files[0].write_bytes(model.read_bytes()[:-100])
    with pytest.raises(ModelError, match="truncated"):
        host.publish(version, model, home)
    assert Versions(home).active() is None


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "192.168.1.5", "::", "8.8.8.8", "example.com", "", "127.0.0.1.nip.io"]
)
def test_only_loopback_is_listened_on(address: str) -> None:
    with pytest.raises(UsageError, match="not loopback"), listen(address, 0):
        pytest.fail("it listens")


def test_a_free_port_is_found_and_a_taken_one_is_told() -> None:
    with listen("localhost", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}/v1"
        with pytest.raises(UsageError, match=f"port {port}.*--port"), listen("127.0.0.1", port):
            pytest.fail("it listens twice")
    with listen("127.0.0.1", port) as again:
        assert again.getsockname()[1] == port


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_an_address_of_version_six_is_written_in_brackets() -> None:
    try:
        with listen("::1", 0) as listener:
            assert url_of(listener).startswith("http://[::1]:")
    except UsageError as error:
        assert "Cannot assign" in str(error) or "not supported" in str(error)


def test_a_missing_extra_is_named_with_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    require_server()
    monkeypatch.setattr(llama_cpp, "_SERVER_NEEDS", ("fastapi", "no_such_package"))
    with pytest.raises(MissingExtra, match=r"no_such_package.*sleeping-plugin\[serve\]"):
        LlamaCppHost().serve(Home.open(), config.Config(), Plugins(), started=print)


def test_a_model_that_llama_cpp_refuses_ends_the_server_before_it_begins(
    write_model: Write,
) -> None:
    home, model = Home.open(), write_model()
    record_base(home, hash_model(model))
    settings = config.load(home, [f"model.path={model}", "serve.port=0"])
    plugins = Plugins()
    plugins.chat_sources["llama-cpp"] = LlamaCppSource()
    with pytest.raises(RuntimeFailed):
        LlamaCppHost().serve(
            home, settings, plugins, started=lambda *_: pytest.fail("it has begun")
        )


def test_a_host_that_runs_on_its_own_is_not_served(sleeping: Any, write_model: Write) -> None:
    outcome = sleeping("--set", "model.host=nowhere", "serve", "--json")
    assert outcome.code != 0 and "nowhere" in outcome.json["error"]["message"]


def texts(home: Home) -> list[list[str]]:
    with open_memory(home) as memory:
        return [[turn.text for turn in turns] for turns in memory.journal.pending()]


def test_a_growing_chat_is_one_conversation_and_another_is_another() -> None:
    home = Home.open()
    record = Recorder(home, "llama-cpp")
    record(HI[:1])
    record(HI)
    record((*HI, Message("user", "Bye")))
    record((Message("user", "Other"), Message("assistant", "Yes")))
    assert sorted(texts(home)) == [["Hi", "Hello", "Bye"], ["Other", "Yes"]]


def test_what_could_not_be_written_is_written_later_in_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = Home.open()
    record = Recorder(home, "llama-cpp")

    def refuse(path: Path) -> Any:
        raise DiskFull("The disk is full.")

    monkeypatch.setattr("sleeping_integrations.recorder.connect", refuse)
    for message in ("one", "two"):
        with pytest.raises(DiskFull):
            record((Message("user", message),))
    monkeypatch.undo()
    monkeypatch.setenv("SLEEPING_HOME", str(home.root))
    record((Message("user", "three"),))
    assert [text for (text,) in texts(home)] == ["one", "two", "three"]


@given(host=st.text(max_size=30), origin=st.text(max_size=30))
def test_no_header_whatever_is_more_than_refused(host: str, origin: str) -> None:
    assert isinstance(refusal(host, origin), str)
    if not refusal("127.0.0.1:8553", origin):
        assert origin == "" or "://" in origin


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("127.0.0.1:8553", "", True),
        ("[::1]:8553", "", True),
        ("LOCALHOST", "", True),
        ("host.docker.internal:8553", "", True),
        ("", "", False),
        ("127.0.0.1.evil.com", "", False),
        ("evil.com#127.0.0.1", "", False),
        ("evil.com@127.0.0.1", "", False),
        ("[::1", "", False),
        ("127.0.0.1", "http://127.0.0.1:3000", True),
        ("127.0.0.1", "app://obsidian.md", True),
        ("127.0.0.1", "http://evil.com", False),
        ("127.0.0.1", "http://evil.com/localhost", False),
        ("127.0.0.1", "chrome-extension://abc", False),
        ("127.0.0.1", "http://[::1", False),
    ],
)
def test_only_names_of_this_machine_pass(host: str, origin: str, allowed: bool) -> None:
    assert (refusal(host, origin) == "") is allowed
