"""Chats as llama-cpp-python answers them: a tee on its chat handler.

``Llama.create_chat_completion`` asks one callable for every answer. :class:`Tee` takes its place,
passes everything on unchanged, streamed or not, and afterwards hands the messages with the answer
to a recorder. Nothing is patched: detaching puts the old attribute back. The server of
llama-cpp-python calls the same method, so ``sleeping serve`` records through this too; text
completions (``/v1/completions``) are no chats and pass unseen.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sleeping_hooks.messages import ROLES, NotAMessage, content_text
from sleeping_plugin.errors import UsageError
from sleeping_plugin.hookspecs import ChatSource, hookimpl
from sleeping_plugin.records import BadRecord, Conversation, Message

log = logging.getLogger(__name__)

Record = Callable[[Sequence[Message]], None]
Handler = Callable[..., Any]  # a LlamaChatCompletionHandler: keywords only


class Tee:
    """A chat handler that answers as ``handler`` does and tells ``record`` what was said.

    ``record`` gets the request's messages and the answer, after each answer; where the answer
    failed or was only a tool call, the messages alone; where the client left in the middle, the
    part that was said. Whatever ``record`` raises is logged once and never reaches the chat.
    """

    def __init__(self, handler: Handler, record: Record) -> None:
        self._handler = handler
        self._record = record
        self._failing = False

    def __call__(self, *, messages: Sequence[Any], **request: Any) -> Any:
        """Answer one chat request: a completion, or an iterator of its chunks."""
        asked = request_messages(messages)  # first: a handler may change its list
        try:
            answer = self._handler(messages=messages, **request)
        except BaseException:
            self._save(asked, "")
            raise
        if isinstance(answer, Mapping):
            self._save(asked, _choice_text(answer, "message"))
            return answer
        return self._follow(asked, answer)

    def _follow(self, asked: list[Message], chunks: Iterable[Any]) -> Iterator[Any]:
        said: list[str] = []
        try:
            for chunk in chunks:
                said.append(_choice_text(chunk, "delta"))
                yield chunk
        finally:  # also when the client leaves: the generator is then closed
            self._save(asked, "".join(said))

    def _save(self, asked: list[Message], answer: str) -> None:
        said = [Message("assistant", answer)] if answer.strip() else []
        if not asked:
            return
        try:
            self._record((*asked, *said))
        except Exception:  # any recorder may be plugged in, and none may disturb the chat
            if not self._failing:
                log.exception("A chat could not be recorded; the chat itself goes on.")
            self._failing = True
        else:
            self._failing = False


def request_messages(raw: Iterable[Any]) -> list[Message]:
    """Return the messages of a request that hold text; one of an unknown role counts as a tool's.

    Unlike an import, a running chat cannot be sent back for correction, and a tool's words are
    never learnt from.
    """
    messages: list[Message] = []
    for item in raw:
        if not isinstance(item, Mapping):
            continue
        with suppress(NotAMessage):
            text = content_text(item.get("content"))
            role = ROLES.get(str(item.get("role")).strip().lower(), "tool")
            if text.strip():
                messages.append(Message(role, text))
    return messages


def _choice_text(completion: object, part: str) -> str:
    """Return the text in the first choice's ``message`` or ``delta``, "" where there is none."""
    choices = completion.get("choices") if isinstance(completion, Mapping) else None
    first = choices[0] if isinstance(choices, Sequence) and choices else None
    words = first.get(part) if isinstance(first, Mapping) else None
    content = words.get("content") if isinstance(words, Mapping) else None
    return content if isinstance(content, str) else ""


def current_handler(llama: Any) -> Handler:
    """Return the chat handler that ``llama`` uses now, resolved as llama-cpp-python does it."""
    from llama_cpp import llama_chat_format  # slow to import, and only a server needs it

    handler: Handler | None = llama.chat_handler or llama._chat_handlers.get(llama.chat_format)
    return handler or llama_chat_format.get_chat_completion_handler(llama.chat_format)


def attach(llama: Any, record: Record) -> Callable[[], None]:
    """Record the chats of a ``llama_cpp.Llama`` from now on; return what undoes it."""
    before = llama.chat_handler
    llama.chat_handler = Tee(current_handler(llama), record)

    def detach() -> None:
        llama.chat_handler = before

    return detach


class LlamaCppSource:
    """The chat source ``llama-cpp``: it listens to a model in this process."""

    name = "llama-cpp"

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Raise UsageError: llama-cpp-python keeps no chats that could be read afterwards."""
        raise UsageError(
            f"llama-cpp keeps no chats in files, so {location} cannot be imported from it. "
            "Chat through `sleeping serve`, which records, or import a JSON Lines file with "
            "`sleeping import FILE.jsonl`."
        )

    def attach(self, model: Any, record: Record) -> Callable[[], None]:
        """Record the chats of ``model``, a ``llama_cpp.Llama``; return what undoes it."""
        return attach(model, record)


@hookimpl
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add the chat source ``llama-cpp``."""
    register(LlamaCppSource())
