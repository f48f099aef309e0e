"""Backend "torch": the user's GGUF de-quantised into a transformers model, cached by its digest.

Tokens and the chat template come from the GGUF through llama.cpp itself, so that what is trained
is, token for token, what the host will see.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeping_plugin.atomic import (
    disk_errors,
    publish_folder,
    require_space,
    staging_folder,
    sweep,
)
from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.errors import DiskFull, MissingExtra, UnsupportedModel
from sleeping_plugin.gguf_info import SUPPORTED, read_info
from sleeping_plugin.hookspecs import Backend, hookimpl
from sleeping_plugin.records import Message, Progress
from sleeping_plugin.runtime import Runtime

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import Matrix, TorchCopy

FLOAT32: Final = 4  # bytes of a weight in the working copy
# Rotary rows are interleaved per head in the GGUF of these architectures.
INTERLEAVED: Final = ("llama",)
LINEAR: Final = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


class TorchBackend:
    """Opens working copies held by torch."""

    name = "torch"

    def check(self, base: Path, digest: str, cache: Path) -> None:
        """Raise MissingExtra without torch, DiskFull without the space for a first copy."""
        for package in ("torch", "transformers", "safetensors"):
            if find_spec(package) is None:
                raise _missing(package)
        if not _folder(cache, digest).is_dir():
            weights = sum(prod(tensor.shape) for tensor in read_info(base).tensors)
            require_space(cache, FLOAT32 * weights, "the working copy of the model")

    def open(self, base: Path, digest: str, cache: Path, progress: Progress) -> TorchCopy:
        """Return the working copy of ``base``; the first time this de-quantises it."""
        transformers = _transformers()
        from sleeping_plugin.engine.torch_copy import TorchCopy

        progress("working copy", 0.0)
        folder = _folder(cache, digest)
        if not folder.is_dir():
            _dequantise(transformers, base, folder)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype="float32", local_files_only=True
        )
        progress("working copy", 1.0)
        return TorchCopy(model, matrices(model.config, SUPPORTED[0]), tokenizer(base))


def _folder(cache: Path, digest: str) -> Path:
    return cache / "working-copy" / digest.replace(":", "-")


def _missing(package: str) -> MissingExtra:
    return MissingExtra(
        f"The torch backend needs {package!r}. Install it with"
        " `pip install 'sleeping-plugin[torch]'`."
    )


def _transformers() -> Any:
    """Import transformers, quiet and offline, or say how to install it."""
    # Threads that spin long at barriers make torch ten times slower beside other work.
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    # Large pages: what torch takes and gives back in a step otherwise comes 4 kB at a time.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")  # its bars ignore the library's own switch
    try:
        import torch  # noqa: F401  # transformers imports without it and fails much later
        import transformers
    except ImportError as error:
        raise _missing(str(error.name)) from error
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def _dequantise(transformers: Any, base: Path, folder: Path) -> None:
    """De-quantise ``base`` into ``folder`` (safetensors, float32), whole or not at all."""
    from safetensors import SafetensorError

    config = transformers.AutoConfig.from_pretrained(base.parent, gguf_file=base.name)
    if config.model_type not in SUPPORTED:
        raise UnsupportedModel(
            f"{base} holds a {config.model_type!r} model; working copies can be made of:"
            f" {', '.join(SUPPORTED)}. Choose such a model with `sleeping init --model FILE`."
        )
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)  # a copy that was being made when its process was killed
    with staging_folder(folder.parent) as staging, disk_errors(staging):
        model = transformers.AutoModelForCausalLM.from_pretrained(
            base.parent, gguf_file=base.name, dtype="float32"
        )
        model.config.quantization_config = None
        model.hf_quantizer = None
        try:
            model.save_pretrained(staging)
        except SafetensorError as error:  # its own word for a disk that is full
            raise DiskFull(
                f"The working copy of {base} could not be written to {folder.parent}: {error}. "
                "Free some space there, or choose another folder with --home."
            ) from error
        shutil.rmtree(folder, ignore_errors=True)
        publish_folder(staging, folder)


def matrices(config: Any, architecture: str) -> dict[str, Matrix]:
    """Return every changeable matrix by its GGUF name; embeddings and output are not among them."""
    from sleeping_plugin.engine.torch_copy import Matrix

    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    if architecture not in INTERLEAVED:
        heads = {}
    return {
        f"blk.{layer}.{short}.weight": Matrix(f"model.layers.{layer}.{path}", heads.get(short, 0))
        for layer in range(config.num_hidden_layers)
        for short, path in LINEAR.items()
    }


def tokenizer(base: Path) -> Callable[[Sequence[Message], str | None], Sample]:
    """Return a function that renders and tokenises a chat as llama.cpp does for this model.

    Without messages, the target is plain prose.
    """
    runtime = Runtime(base, context=512)
    end = runtime.tokenize([runtime.info.end_of_turn])[0]

    def tokenize(messages: Sequence[Message], target: str | None = None) -> Sample:
        if not messages:
            return Sample(tuple(runtime.tokenize([target or ""], special=False)[0]), 1)
        prompt = runtime.chat_tokens([messages])[0]
        if target is None:
            return Sample(tuple(prompt), len(prompt))
        # The reply is generated after the prompt's last token, never merged with it.
        reply = runtime.tokenize([target], special=False)[0]
        return Sample((*prompt, *reply, *end), len(prompt))

    return tokenize


@hookimpl
def register_backends(register: Callable[[Backend], None]) -> None:
    """Offer the torch backend."""
    register(TorchBackend())
