"""The tee on llama-cpp-python's chat handler, on a stand-in model. Run: pytest tests/test_tee.py

tests/test_serve.py runs it on a real model behind a real server.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_hooks.llama_cpp import LlamaCppSource, Tee, attach, request_messages
from sleeping_plugin.errors import UsageError
from sleeping_plugin.records import Message

HI = [{"role": "user", "content": "Hi"}]
HI_MESSAGE = Message("user", "Hi")
Recorded = list[tuple[Message, ...]]


def completion(content: str | None, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **more}
    return {"choices": [{"index": 0, "message": message}]}


def chunk(**delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


class FakeLlama:
    """As much of ``llama_cpp.Llama`` as a chat handler meets."""

    def __init__(self, *pieces: str, handler: Any = None) -> None:
        self.chat_format = "fake"
        self.chat_handler = handler
        self._chat_handlers = {"fake": self.answer}
        self.pieces = pieces
        self.seen: list[dict[str, Any]] = []
        self.stopped_after = 0

    def answer(self, **request: Any) -> Any:
        self.seen.append(request)
        return self.stream() if request["stream"] else completion("".join(self.pieces))

    def stream(self) -> Iterator[dict[str, Any]]:
        yield chunk(role="assistant")
        for number, piece in enumerate(self.pieces, start=1):
            self.stopped_after = number
            yield chunk(content=piece)
        yield {"choices": []}

    def create_chat_completion(
        self, messages: Sequence[Any], stream: bool = False, **more: Any
    ) -> Any:
        handler = self.chat_handler or self._chat_handlers[self.chat_format]
        return handler(llama=self, messages=messages, stream=stream, **more)


def remember(recorded: Recorded, messages: Sequence[Message]) -> None:
    recorded.append(tuple(messages))


def tee(*pieces: str) -> tuple[FakeLlama, Recorded]:
    llama = FakeLlama(*pieces)
    recorded: Recorded = []
    attach(llama, partial(remember, recorded))
    return llama, recorded


def test_an_answer_passes_unchanged_and_is_recorded_once() -> None:
    llama, recorded = tee("Hel", "lo")
    assert llama.create_chat_completion(HI, temperature=0.5) == completion("Hello")
    assert llama.seen == [{"llama": llama, "messages": HI, "stream": False, "temperature": 0.5}]
    assert recorded == [(HI_MESSAGE, Message("assistant", "Hello"))]


def test_a_streamed_answer_is_recorded_before_the_stream_ends() -> None:
    llama, recorded = tee("Hel", "lo")
    chunks = llama.create_chat_completion(HI, stream=True)
    assert [next(chunks) for _ in range(3)][1:] == [chunk(content="Hel"), chunk(content="lo")]
    assert recorded == []
    assert list(chunks) == [{"choices": []}]
    assert recorded == [(HI_MESSAGE, Message("assistant", "Hello"))]


@pytest.mark.parametrize("leave", ["close", "drop"])
def test_a_client_that_leaves_in_the_middle_has_heard_what_it_has_heard(leave: str) -> None:
    llama, recorded = tee("Hel", "lo", " there")
    chunks = llama.create_chat_completion(HI, stream=True)
    for _ in range(3):
        next(chunks)
    if leave == "close":
        chunks.close()
    del chunks
    gc.collect()
    assert recorded == [(HI_MESSAGE, Message("assistant", "Hello"))]
    assert llama.stopped_after == 2


def test_a_failing_answer_still_records_what_the_user_said() -> None:
    def fail(**_: Any) -> Any:
        raise ValueError("Requested tokens exceed context window")

    def break_off(**_: Any) -> Iterator[Any]:
        yield chunk(content="Hel")
        raise ValueError("decode failed")

    recorded: Recorded = []
    with pytest.raises(ValueError, match="context window"):
        Tee(fail, partial(remember, recorded))(messages=HI)
    with pytest.raises(ValueError, match="decode failed"):
        list(Tee(break_off, partial(remember, recorded))(messages=HI))
    assert recorded == [(HI_MESSAGE,), (HI_MESSAGE, Message("assistant", "Hel"))]


@pytest.mark.parametrize("stream", [False, True])
def test_a_failing_recorder_is_logged_once_and_never_heard_in_the_chat(
    stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    broken = True
    recorded: Recorded = []

    def record(messages: Sequence[Message]) -> None:
        if broken:
            raise OSError("disk full")
        recorded.append(tuple(messages))

    llama = FakeLlama("Hello")
    attach(llama, record)

    def ask() -> None:
        answer = llama.create_chat_completion(HI, stream=stream)
        assert len(list(answer)) == 3 if stream else answer == completion("Hello")

    with caplog.at_level(logging.WARNING):
        ask()
        ask()
        assert len(caplog.records) == 1 and "disk full" in caplog.text
        broken = False
        ask()
        assert len(recorded) == 1
        broken = True
        ask()  # a new failure after it worked again is news
        assert len(caplog.records) == 2


def test_a_tool_call_has_no_words_and_the_users_are_kept() -> None:
    call = completion(None, tool_calls=[{"function": {"name": "f", "arguments": "{}"}}])
    recorded: Recorded = []
    ask = Tee(lambda **_: call, partial(remember, recorded))
    assert ask(messages=HI) is call
    streamed = [chunk(role="assistant", content=None, tool_calls=[{}]), chunk(tool_calls=[{}])]
    ask = Tee(lambda **_: iter(streamed), partial(remember, recorded))
    assert list(ask(messages=HI)) == streamed
    assert recorded == [(HI_MESSAGE,), (HI_MESSAGE,)]


def test_a_handler_that_changes_its_messages_does_not_change_the_record() -> None:
    def meddle(messages: list[Any], **_: Any) -> Any:
        messages.insert(0, {"role": "system", "content": "You are a tool user."})
        return completion("Hello")

    recorded: Recorded = []
    Tee(meddle, partial(remember, recorded))(messages=list(HI))
    assert recorded == [(HI_MESSAGE, Message("assistant", "Hello"))]


def test_parts_tool_results_and_odd_messages_of_a_request_are_tolerated() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:"}}
    raw: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "What is this?"}, picture]},
        {"role": "assistant", "content": None, "tool_calls": [{}]},
        {"role": "tool", "tool_call_id": "1", "content": "a cat"},
        {"role": "narrator", "content": "I am the user, my name is Mallory."},
        {"role": "user", "content": 4},
        {"content": "no role"},
        "no message",
    ]
    assert request_messages(raw) == [
        Message("system", "Be brief."),
        Message("user", "What is this?"),
        Message("tool", "a cat"),
        Message("tool", "I am the user, my name is Mallory."),
        Message("tool", "no role"),
    ]


def test_a_request_without_words_is_no_chat() -> None:
    llama, recorded = tee("Hello")
    llama.create_chat_completion([])
    assert recorded == []


def test_detaching_puts_back_what_was_there() -> None:
    for handler in (None, lambda **_: completion("custom")):
        llama = FakeLlama("Hello", handler=handler)
        recorded: Recorded = []
        detach = attach(llama, partial(remember, recorded))
        first = llama.create_chat_completion(HI)
        detach()
        assert llama.chat_handler is handler
        assert llama.create_chat_completion(HI) == first
        assert len(recorded) == 1


def test_the_source_explains_that_there_is_nothing_to_import() -> None:
    with pytest.raises(UsageError, match="sleeping serve"):
        LlamaCppSource().read("somewhere")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "text", "type"]), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(raw=st.lists(json_like), pieces=st.lists(json_like))
def test_no_request_and_no_answer_whatever_raises(raw: list[Any], pieces: list[Any]) -> None:
    answers = [*pieces, *({"choices": piece} for piece in pieces)]
    answers += [{"choices": [{"delta": piece}]} for piece in pieces]
    recorded: Recorded = []
    ask = Tee(lambda **_: iter(answers), partial(remember, recorded))
    assert list(ask(messages=raw)) == answers
    assert len(recorded) <= 1
