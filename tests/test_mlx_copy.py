"""Working copies in mlx_lm against transformers on the same folder, for every architecture.

Run: pytest tests/test_mlx_copy.py, where the extras "torch" and "mlx" are installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import transformers
import vocabulary_fixtures as fixtures

from sleeping_converters.hugging_face import write_folder
from sleeping_converters.tokenizer import write_tokenizer
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.records import Array

mlx_lm = pytest.importorskip("mlx_lm", reason="the extra 'mlx' is not installed")
mx = pytest.importorskip("mlx.core", reason="the extra 'mlx' is not installed")

SAMPLES = tiny_models.texts()
MAX_KL = 1e-6  # of any token, as a distance
# What mlx_lm 0.32 does otherwise, as this test found.
DIFFERENT = {
    "gemma-3-pattern": "it knows full attention in every n-th layer alone",
    "phi-3-long": "it takes the long factors at any length, and a factor of attention of its own",
}


def case(name: str) -> Any:
    marks = [pytest.mark.xfail(reason=DIFFERENT[name])] if name in DIFFERENT else []
    return pytest.param(name, marks=marks)


def log_softmax(logits: Array) -> Array:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)))


def worst_kl(reference: Array, other: Array) -> float:
    """Return the largest divergence of any token: two arrays (tokens, vocabulary) of logits."""
    p, q = log_softmax(reference), log_softmax(other)
    return float((np.exp(p) * (p - q)).sum(-1).max())


def make_folder(name: str, place: Path) -> Path:
    path = tiny_models.write_model(tiny_models.make_model(name), name, place / "model.gguf")
    folder = place / "copy"
    folder.mkdir()
    for _ in write_folder(read_info(path), folder):
        pass
    write_tokenizer(path, folder)
    return folder


@pytest.mark.parametrize("name", [case(name) for name in tiny_models.MODELS])
def test_a_copy_says_the_same_in_mlx(name: str, tmp_path: Path) -> None:
    folder = make_folder(name, tmp_path)
    model, tokenizer = mlx_lm.load(str(folder))
    reference = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype="float32", attn_implementation="eager", local_files_only=True
    )
    # Gemma 2's window is not in mlx_lm, which matters beyond it alone.
    length = tiny_models.WINDOW if name == "gemma-2" else None
    for sample in SAMPLES:
        tokens = [list(sample.tokens[:length])]
        with torch.no_grad():
            expected = reference(torch.tensor(tokens)).logits[0].numpy()
        found = np.array(model(mx.array(tokens)).astype(mx.float32))[0]
        assert worst_kl(expected, found) < MAX_KL
    with fixtures.llama_tokens(tmp_path / "model.gguf") as llama:
        for text in ("Hello  world", "<user>é<end>"):
            assert tokenizer.encode(text) == llama.encode(text, special=True)
    chat = [{"role": "user", "content": "Hi"}]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert rendered == "<user>Hi<end><assistant>"
