"""Backend "torch": the user's GGUF de-quantised into a transformers model, cached by its digest.

Tokens and the chat template come from the GGUF through llama.cpp itself, so that what is trained
is, token for token, what the host will see.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from importlib.util import find_spec
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sleeping_converters import proof
from sleeping_converters.architectures import ARCHITECTURES
from sleeping_converters.hugging_face import FLOAT32, plan_folder, write_folder
from sleeping_converters.master import check_master, find_master, original_rows
from sleeping_plugin.atomic import (
    discard_folder,
    disk_errors,
    publish_folder,
    require_space,
    staging_folder,
    sweep,
    write_text,
)
from sleeping_plugin.dream import anchor_prompts, anchor_texts
from sleeping_plugin.engine.backend import Sample
from sleeping_plugin.errors import MissingExtra, StateError, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, read_info
from sleeping_plugin.hookspecs import Backend, hookimpl
from sleeping_plugin.records import Message, Progress, Proof
from sleeping_plugin.runtime import Runtime

if TYPE_CHECKING:
    from sleeping_plugin.engine.torch_copy import Matrix, TorchCopy

log = logging.getLogger(__name__)

# Raised when a GGUF gives another folder than before, so that no copy outlives a mended mistake.
FORMAT: Final = 3

NO_TOKENIZER: Final = "no_tokenizer.txt"  # why the folder has none, where it has none

CHATS: Final = 6  # on which a copy is held against llama.cpp: some 500 tokens


class TorchBackend:
    """Opens working copies held by torch."""

    name = "torch"

    def check(self, base: Path, digest: str, cache: Path) -> None:
        """Raise MissingExtra without torch, UnsupportedModel for what no copy can be made of.

        DiskFull without the space for a first copy.
        """
        for package in ("torch", "transformers", "safetensors"):
            if find_spec(package) is None:
                raise _missing(package)
        info = read_info(base)
        plan_folder(info)
        if not _folder(cache, digest).is_dir():
            weights = sum(prod(tensor.shape) for tensor in info.tensors)
            require_space(cache, FLOAT32 * weights, "the working copy of the model")

    def open(
        self,
        base: Path,
        digest: str,
        cache: Path,
        progress: Progress,
        master: Path | None = None,
    ) -> TorchCopy:
        """Return the working copy of ``base``; the first time this de-quantises it.

        With ``master``, its weights are taken instead.
        """
        transformers = _transformers()
        from sleeping_plugin.engine.torch_copy import TorchCopy

        progress("working copy", 0.0)
        folder = _folder(cache, digest)
        info = read_info(base)
        if not folder.is_dir():
            _write_copy(info, folder, progress, master)
        model = _load(transformers, folder)
        progress("working copy", 1.0)
        return TorchCopy(model, matrices(model.config, info.architecture), tokenizer(base))

    def prove(
        self,
        base: Path,
        digest: str,
        cache: Path,
        progress: Progress,
        master: Path | None = None,
    ) -> Proof:
        """Compare the working copy with llama.cpp on the same file, on a few neutral chats.

        A copy of the master may differ by what rounding did to the model.
        """
        copy = self.open(base, digest, cache, progress, master)
        chats = zip(anchor_prompts()[:CHATS], anchor_texts()[:CHATS], strict=True)
        samples = [copy.tokenize([Message("user", asked)], told) for asked, told in chats]
        lacking = _folder(cache, digest) / NO_TOKENIZER
        note = lacking.read_text(encoding="utf-8") if lacking.exists() else ""
        found = proof.prove(base, copy, samples, progress)
        return replace(found, note=note, limit=proof.MASTER_LIMIT if master else found.limit)

    def find_master(self, named: str) -> Path:
        """Return the folder of a master; see :func:`sleeping_converters.master.find_master`."""
        return find_master(named)

    def check_master(self, base: Path, master: Path, progress: Progress) -> None:
        """Raise MasterDiffers unless ``base`` is the master, rounded."""
        check_master(read_info(base), master, progress)


def _folder(cache: Path, digest: str) -> Path:
    return cache / "working-copy" / f"{digest.replace(':', '-')}.{FORMAT}"


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


def _write_copy(
    info: GGUFInfo, folder: Path, progress: Progress, master: Path | None = None
) -> None:
    """Write a model into ``folder`` (safetensors, float32), whole or not at all."""
    with disk_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
    sweep(folder.parent)  # a copy that was being made when its process was killed
    for old in folder.parent.glob(f"{folder.stem}*"):  # of another format
        discard_folder(old)
    original = nullcontext() if master is None else original_rows(info, master)
    with staging_folder(folder.parent) as staging, original as rows:
        for fraction in write_folder(info, staging, rows):
            progress("working copy", 0.9 * fraction)
        _add_tokenizer(info, staging)
        publish_folder(staging, folder)


def _add_tokenizer(info: GGUFInfo, folder: Path) -> None:
    """Write the tokenizer into ``folder``, or why there is none.

    Nothing here reads it, for tokens come from llama.cpp: a night goes on without.
    """
    from sleeping_converters.tokenizer import write_tokenizer  # needs the extra

    try:
        write_tokenizer(info.path, folder)
    except UnsupportedModel as error:
        note = f"Its folder has no tokenizer (other programs need one, a night does not): {error}"
        log.info("the working copy of %s: %s", info.path.name, note)
        write_text(folder / NO_TOKENIZER, note)


def _load(transformers: Any, folder: Path) -> Any:
    """Return the model in ``folder``; StateError if a weight is missing there or left over."""
    model, loaded = transformers.AutoModelForCausalLM.from_pretrained(
        folder,
        dtype="float32",
        local_files_only=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,  # they are told below, in one sentence
    )
    # transformers makes up what it does not find, and says so in a log alone.
    wrong = {kind: sorted(names) for kind, names in loaded.items() if names}
    if wrong:
        kind, names = next(iter(wrong.items()))
        raise StateError(
            f"The working copy in {folder} does not fit its model: {kind.replace('_', ' ')}"
            f" {names[0]}. Delete the folder and run the command again."
        )
    return model


def matrices(config: Any, architecture: str) -> dict[str, Matrix]:
    """Return every changeable matrix by its GGUF name; embeddings and output are not among them."""
    from sleeping_plugin.engine.torch_copy import Matrix

    found = ARCHITECTURES[architecture]
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    if not found.interleaved:
        heads = {}
    return {
        f"blk.{layer}.{short}.weight": Matrix(f"model.layers.{layer}.{path}", heads.get(short, 0))
        for layer in range(config.num_hidden_layers)
        for short, path in found.linear.items()
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
