"""The child process of a runtime: ``python -m sleeping_plugin.runtime_worker``.

Takes frames on what was stdin and answers on what was stdout. A crash of llama.cpp ends this
process alone, and its last words are on stderr.
"""

from __future__ import annotations

import codecs
import os
import select
import signal
from pathlib import Path
from typing import Any

from jinja2 import TemplateError

from sleeping_plugin.frames import read_frame, write_frame
from sleeping_plugin.llama import Llama
from sleeping_plugin.llama_parallel import Parallel
from sleeping_plugin.llama_sampling import EngineError, Grammatical, Picker, Sampled

Request = dict[str, Any]


def main() -> None:
    """Serve one parent until it closes the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    requests, replies = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # llama.cpp prints where it likes; the frames must stay whole
    try:
        request, _ = read_frame(requests)
        try:
            worker = Worker(request, requests, replies)
        except (EngineError, TemplateError, ValueError) as error:
            write_frame(replies, {"fatal": str(error)})
            return
        while True:
            request, _ = read_frame(requests)
            worker.serve(request)
    except (EOFError, BrokenPipeError):
        return


class Worker:
    """A loaded model and the two ends of the pipe."""

    def __init__(self, request: Request, requests: int, replies: int) -> None:
        """Load what the first request names, and say what it is."""
        self.requests, self.replies = requests, replies
        adapter = Path(request["adapter"]) if request["adapter"] else None
        self.llama = llama = Llama(
            Path(request["model"]), adapter, request["context"], request["threads"]
        )
        self.parallel = Parallel(llama)
        self.answer(
            n_vocab=llama.n_vocab,
            n_embd=llama.n_embd,
            end_tokens=sorted(llama.ends),
            end_of_turn=llama.text_of(llama.end_of_turn()),
            architecture=llama.architecture,
            chat_template=llama.template,
            context=llama.decoder.context,
            add_bos=llama.add_bos,
            bos=llama.bos,
        )

    def answer(self, **header: Any) -> None:
        """Send a frame without a payload."""
        write_frame(self.replies, header)

    def serve(self, request: Request) -> None:
        """Do one request; its last frame has none of "text", "progress", "rows"."""
        operation = request["op"]
        try:
            match operation:
                case "stop":  # it came after the end of what it was to stop
                    return
                case "stream":
                    self.stream(request)
                case "ask_many":
                    self.ask_many(request)
                case "logits":
                    self.logits(request)
                case "render":
                    self.answer(result=self.llama.render(request["messages"], request["prompt"]))
                case "tokenize":
                    texts, special = request["texts"], request["special"]
                    self.answer(result=[self.llama.tokenize(text, special) for text in texts])
                case "chat_tokens":
                    self.answer(result=[self.llama.chat_tokens(c) for c in request["chats"]])
        except (EngineError, TemplateError, ValueError) as error:
            self.answer(error=str(error) or type(error).__name__)

    def stopped(self) -> bool:
        """Return whether the parent has a word for us, which mid-answer can only be: stop."""
        return bool(select.select([self.requests], [], [], 0)[0])

    def stream(self, request: Request) -> None:
        """Send the reply piece by piece."""
        schema = request.get("schema")
        picker = _picker(request, 0) if schema is None else Grammatical(self.llama.vocab, schema)
        try:
            prompt = self.llama.chat_tokens(request["messages"])
            for text in self.llama.generate(prompt, request["max_tokens"], picker, self.stopped):
                self.answer(text=text)
        finally:
            picker.close()
        self.answer(done=True)

    def ask_many(self, request: Request) -> None:
        """Send the replies, and progress before them."""
        prompts = [self.llama.chat_tokens(messages) for messages in request["chats"]]
        pickers = [_picker(request, i) for i in range(len(prompts))]
        replies = [bytearray() for _ in prompts]
        done = 0
        try:
            for index, token in self.parallel.generate(
                prompts, request["max_tokens"], pickers, self.stopped
            ):
                if token is None:
                    done += 1
                    self.answer(progress=done)
                else:
                    replies[index] += self.llama.piece(token)
        finally:
            for picker in pickers:
                picker.close()
        self.answer(done=True, answers=[codecs.decode(r, "utf-8", "replace") for r in replies])

    def logits(self, request: Request) -> None:
        """Send the logits in blocks of rows."""
        for block in self.llama.all_logits(request["tokens"]):
            write_frame(self.replies, {"rows": len(block)}, block.data)
        self.answer(done=True)


def _picker(request: Request, index: int) -> Picker:
    if request["temperature"] <= 0:
        return Picker()
    return Sampled(request["temperature"], request["seed"] + index)


if __name__ == "__main__":
    main()
