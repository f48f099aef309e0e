"""One GGUF in llama.cpp, through its C interface. Lives in the child process of a runtime."""

from __future__ import annotations

import codecs
import ctypes
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import llama_cpp
import numpy as np
from llama_cpp.llama_chat_format import Jinja2ChatFormatter

from sleeping_plugin.llama_sampling import EngineError, Picker
from sleeping_plugin.records import Array

_ERROR: Final = 4  # GGML_LOG_LEVEL_ERROR
BATCH: Final = 512  # tokens per call of llama_decode

Row = tuple[int, int, int, bool]  # token, position, sequence, whether its logits are wanted
Stopped = Callable[[], bool]  # whether nobody waits for the answer any more


def _log(level: int, text: bytes, data: Any) -> None:
    """Let llama.cpp speak to stderr of its errors alone."""
    if level == _ERROR:
        sys.stderr.write(text.decode(errors="replace"))
        sys.stderr.flush()


_LOG: Final = llama_cpp.llama_log_callback(_log)  # kept alive as long as llama.cpp may call it


class Decoder:
    """A context of llama.cpp and its batch.

    Every sequence has a stream of the cache to itself, so that the order in which others came
    does not reach the last bit of its sums.
    """

    def __init__(
        self, model: Any, adapter: Any, *, context: int, sequences: int, threads: int
    ) -> None:
        """Make a context of ``context`` tokens for each of the sequences."""
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = context * sequences
        params.n_batch = params.n_ubatch = BATCH
        params.n_seq_max = sequences
        params.kv_unified = False
        params.n_threads = params.n_threads_batch = threads
        # llama-cpp-python's own default: a version is judged by the arithmetic that serves it.
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.no_perf = True
        self.ctx = llama_cpp.llama_init_from_model(model, params)
        if not self.ctx:
            raise EngineError(f"llama.cpp cannot make a context of {context} tokens")
        if adapter is not None:
            handles = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(adapter)
            if llama_cpp.llama_set_adapters_lora(self.ctx, handles, 1, (ctypes.c_float * 1)(1.0)):
                raise EngineError("llama.cpp cannot apply the adapter")
        self.memory = llama_cpp.llama_get_memory(self.ctx)
        self.context: int = llama_cpp.llama_n_ctx(self.ctx) // sequences
        self.n_vocab: int = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
        self._batch = llama_cpp.llama_batch_init(BATCH, 0, 1)

    def close(self) -> None:
        """Free the context. The adapter and the model stay."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self.ctx)

    def clear(self, sequence: int | None = None) -> None:
        """Empty one sequence, or all."""
        if sequence is None:
            llama_cpp.llama_memory_clear(self.memory, True)
        else:
            llama_cpp.llama_memory_seq_rm(self.memory, sequence, -1, -1)

    def copy(self, source: int, target: int) -> None:
        """Make ``target`` hold what ``source`` holds."""
        llama_cpp.llama_memory_seq_cp(self.memory, source, target, -1, -1)

    def decode(self, rows: Sequence[Row]) -> None:
        """Run the model on up to BATCH rows."""
        batch = self._batch
        batch.n_tokens = len(rows)
        for i, (token, position, sequence, wanted) in enumerate(rows):
            batch.token[i] = token
            batch.pos[i] = position
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = sequence
            batch.logits[i] = wanted
        code = llama_cpp.llama_decode(self.ctx, batch)
        if code:
            raise EngineError(f"llama.cpp failed to decode {len(rows)} tokens (code {code})")

    def feed(self, tokens: Sequence[int], position: int, sequence: int, wanted: bool) -> None:
        """Run the model on consecutive tokens of one sequence; ``wanted``: logits of the last."""
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            rows = [(t, position + start + i, sequence, False) for i, t in enumerate(part)]
            if wanted and start + BATCH >= len(tokens):
                rows[-1] = (*rows[-1][:3], True)
            self.decode(rows)

    def logits(self, row: int) -> Array:
        """Return the logits of a row of the last batch: a view, (n_vocab,)."""
        pointer = llama_cpp.llama_get_logits_ith(self.ctx, row)
        if not pointer:
            raise EngineError("llama.cpp gave no logits")
        return np.ctypeslib.as_array(pointer, shape=(self.n_vocab,))


class Llama:
    """A loaded model."""

    def __init__(self, model: Path, adapter: Path | None, context: int, threads: int) -> None:
        """Load; EngineError if llama.cpp cannot."""
        llama_cpp.llama_log_set(_LOG, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        params = llama_cpp.llama_model_default_params()
        # Repacked weights are a second copy in memory, and their AMX kernels crash under
        # hypervisors that announce AMX and do not allow it.
        params.use_extra_bufts = False
        self._model = llama_cpp.llama_model_load_from_file(str(model).encode(), params)
        if not self._model:
            raise EngineError(f"llama.cpp cannot load {model}")
        self._adapter = None
        if adapter is not None:
            self._adapter = llama_cpp.llama_adapter_lora_init(self._model, str(adapter).encode())
            if not self._adapter:
                raise EngineError(f"llama.cpp cannot load the adapter {adapter}")
        self._threads = threads
        self.decoder = self.new_decoder(context, 1)
        self.vocab = llama_cpp.llama_model_get_vocab(self._model)
        self.n_vocab = self.decoder.n_vocab
        self.n_embd: int = llama_cpp.llama_model_n_embd(self._model)
        self.eos: int = llama_cpp.llama_vocab_eos(self.vocab)
        self.bos: int = llama_cpp.llama_vocab_bos(self.vocab)
        self.add_bos: bool = llama_cpp.llama_vocab_get_add_bos(self.vocab)
        self.ends = frozenset(
            t for t in range(self.n_vocab) if llama_cpp.llama_vocab_is_eog(self.vocab, t)
        )
        self.template = self._metadata("tokenizer.chat_template")
        self.architecture = self._metadata("general.architecture")
        self._formatter = Jinja2ChatFormatter(
            template=self.template,
            eos_token=self.text_of(self.eos),
            bos_token=self.text_of(self.bos),
        )

    def new_decoder(self, context: int, sequences: int) -> Decoder:
        """Return a context of ``context`` tokens for each of the sequences."""
        return Decoder(
            self._model,
            self._adapter,
            context=context,
            sequences=sequences,
            threads=self._threads,
        )

    def _metadata(self, key: str) -> str:
        size = llama_cpp.llama_model_meta_val_str(self._model, key.encode(), None, 0)
        if size < 0:
            return ""
        buffer = ctypes.create_string_buffer(size + 1)
        llama_cpp.llama_model_meta_val_str(self._model, key.encode(), buffer, size + 1)
        return buffer.value.decode(errors="replace")

    def text_of(self, token: int) -> str:
        """Return the vocabulary's text of a token; "" for none."""
        if token < 0:
            return ""
        text: bytes = llama_cpp.llama_vocab_get_text(self.vocab, token)
        return text.decode(errors="replace")

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token adds to a text; special tokens add none."""
        buffer = ctypes.create_string_buffer(64)
        size = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, 64, 0, False)
        if size < 0:
            buffer = ctypes.create_string_buffer(-size)
            size = llama_cpp.llama_token_to_piece(self.vocab, token, buffer, -size, 0, False)
        return buffer.raw[:size]

    def render(self, messages: Sequence[Mapping[str, str]], prompt: bool = True) -> str:
        """Return the chat in the model's own template; with ``prompt``, the reply opened.

        Raises jinja2.TemplateError or ValueError where the template refuses the messages.
        """
        self._formatter.add_generation_prompt = prompt
        return str(self._formatter(messages=list(messages)).prompt)

    def tokenize(self, text: str, special: bool = True) -> list[int]:
        """Return the tokens of ``text``; no token is added."""
        data = text.encode()
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(self.vocab, data, len(data), tokens, room, False, special)
        if count < 0:
            raise EngineError(f"llama.cpp cannot tokenise a text of {len(data)} bytes")
        return list(tokens[:count])

    def chat_tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Return the prompt of a chat; the BOS a model asks for is there once, as in its host."""
        tokens = self.tokenize(self.render(messages))
        if self.add_bos and tokens[:1] != [self.bos]:
            tokens.insert(0, self.bos)
        return tokens

    def end_of_turn(self) -> int:
        """Return the token that the chat template writes after a reply; the EOS if it writes none.

        llama.cpp's own guess (llama_vocab_eot) goes by names, and is wrong for some models.
        """
        mark = "sleeping-plugin-mark"
        chat = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": mark}]
        after = self.render(chat, prompt=False).rpartition(mark)[2]
        return next((t for t in self.tokenize(after) if t in self.ends), self.eos)

    def require_room(self, count: int) -> None:
        """Raise EngineError if a prompt of ``count`` tokens leaves no room for a reply."""
        if not 0 < count < self.decoder.context:
            raise EngineError(
                f"The chat takes {count} tokens and the context has {self.decoder.context}; "
                "raise model.context in the configuration"
            )

    def next_token(self, decoder: Decoder, picker: Picker, row: int) -> int | None:
        """Choose the next token; None at the end of the reply, or where the model is broken."""
        logits = decoder.logits(row)
        if not np.isfinite(logits.max()):
            return None
        token = picker.pick(decoder.ctx, logits, row)
        return None if token in self.ends else token

    def generate(
        self, prompt: Sequence[int], limit: int, picker: Picker, stopped: Stopped
    ) -> Iterator[str]:
        """Yield the reply to ``prompt`` piece by piece, from an empty context."""
        self.require_room(len(prompt))
        self.decoder.clear()
        self.decoder.feed(prompt, 0, 0, True)
        text = codecs.getincrementaldecoder("utf-8")("replace")
        end = min(len(prompt) + limit, self.decoder.context)
        for position in range(len(prompt), end):
            token = self.next_token(self.decoder, picker, -1)
            if token is None or stopped():
                break
            if piece := text.decode(self.piece(token)):
                yield piece
            if position + 1 < end:
                self.decoder.feed([token], position, 0, True)
        if rest := text.decode(b"", final=True):
            yield rest

    def all_logits(self, tokens: Sequence[int]) -> Iterator[Array]:
        """Yield the logits after every token, in blocks: (up to BATCH, n_vocab) float32.

        A block is a view that the next one overwrites.
        """
        if not 0 < len(tokens) <= self.decoder.context:
            raise EngineError(
                f"{len(tokens)} tokens do not fit the context of {self.decoder.context}"
            )
        self.decoder.clear()
        for start in range(0, len(tokens), BATCH):
            part = tokens[start : start + BATCH]
            self.decoder.decode([(t, start + i, 0, True) for i, t in enumerate(part)])
            pointer = llama_cpp.llama_get_logits(self.decoder.ctx)
            yield np.ctypeslib.as_array(pointer, shape=(len(part), self.n_vocab))
