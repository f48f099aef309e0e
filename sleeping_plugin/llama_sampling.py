"""How the next token is chosen: the likeliest, a draw, or what a JSON schema allows."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from typing import Any

import llama_cpp
import numpy as np
from llama_cpp.llama_grammar import LlamaGrammar

from sleeping_plugin.records import Array


class EngineError(Exception):
    """llama.cpp refused; the message is a sentence without its full stop."""


class Picker:
    """Chooses the next token: the likeliest one."""

    def pick(self, ctx: Any, logits: Array, row: int) -> int:
        """Return the next token from the logits of output ``row``."""
        return int(logits.argmax())

    def close(self) -> None:
        """Free what llama.cpp holds for it."""


class Sampled(Picker):
    """Draws the next token as llama.cpp's chats do by default: top 40, top p .95, min p .05."""

    def __init__(self, temperature: float, seed: int) -> None:
        self.chain = llama_cpp.llama_sampler_chain_init(
            llama_cpp.llama_sampler_chain_default_params()
        )
        for part in (
            llama_cpp.llama_sampler_init_top_k(40),
            llama_cpp.llama_sampler_init_top_p(0.95, 1),
            llama_cpp.llama_sampler_init_min_p(0.05, 1),
            llama_cpp.llama_sampler_init_temp(temperature),
            llama_cpp.llama_sampler_init_dist(seed & 0xFFFFFFFF),
        ):
            llama_cpp.llama_sampler_chain_add(self.chain, part)

    def pick(self, ctx: Any, logits: Array, row: int) -> int:
        """Draw from the distribution."""
        return int(llama_cpp.llama_sampler_sample(self.chain, ctx, row))

    def close(self) -> None:
        """Free the chain."""
        llama_cpp.llama_sampler_free(self.chain)


class Grammatical(Picker):
    """Takes the likeliest token that keeps the reply within a JSON schema."""

    def __init__(self, vocab: Any, schema: Mapping[str, Any]) -> None:
        grammar = LlamaGrammar.from_json_schema(json.dumps(dict(schema)), verbose=False)
        self.sampler = llama_cpp.llama_sampler_init_grammar(
            vocab, grammar._grammar.encode(), grammar._root.encode()
        )
        if not self.sampler:
            raise EngineError("llama.cpp cannot make a grammar of the schema")

    def pick(self, ctx: Any, logits: Array, row: int) -> int:
        """Try the likeliest token alone first: the grammar is slow on a whole vocabulary."""
        token = int(logits.argmax())
        if not self._allowed(np.array([token]), logits):
            order = np.argsort(-logits, kind="stable")
            for width in (64, len(order)):
                allowed = self._allowed(order[:width], logits)
                if allowed:
                    token = allowed[0]
                    break
            else:
                raise EngineError("the schema leaves the model nothing to say")
        llama_cpp.llama_sampler_accept(self.sampler, token)
        return token

    def _allowed(self, tokens: np.ndarray[Any, np.dtype[np.int64]], logits: Array) -> list[int]:
        """Return those of ``tokens`` that the grammar takes next, in their order."""
        data = (llama_cpp.llama_token_data * len(tokens))()
        for i, token in enumerate(tokens.tolist()):
            data[i].id, data[i].logit = token, logits[token]
        array = llama_cpp.llama_token_data_array(data, len(tokens), -1, False)
        llama_cpp.llama_sampler_apply(self.sampler, ctypes.byref(array))
        return [d.id for d in data[: array.size] if d.logit != -np.inf]

    def close(self) -> None:
        """Free the grammar."""
        llama_cpp.llama_sampler_free(self.sampler)
