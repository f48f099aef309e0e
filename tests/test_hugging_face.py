"""The folder that is made of a GGUF: what is in it, what it takes, what is refused.

Run: pytest tests/test_hugging_face.py
"""

from __future__ import annotations

import json
import math
import resource
import tracemalloc
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import tiny_models
import torch
import transformers

from sleeping_converters import hugging_face, working_copy
from sleeping_converters.hugging_face import write_folder
from sleeping_converters.model_config import model_config
from sleeping_plugin.errors import DiskFull, StateError, UnsupportedModel
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.records import silent

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()

Edit = Callable[[gguf.GGUFWriter], None]


@pytest.fixture
def rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Give a function that writes a tiny model with something more in the file."""

    def write(name: str, edit: Edit) -> Path:
        finish = gguf.GGUFWriter.write_header_to_file

        def first(self: gguf.GGUFWriter) -> None:
            edit(self)
            finish(self)

        with monkeypatch.context() as patch:
            patch.setattr(gguf.GGUFWriter, "write_header_to_file", first)
            model = tiny_models.make_model(name)
            return tiny_models.write_model(model, name, tmp_path / "model.gguf")

    return write


def convert(file: Path, folder: Path) -> dict[str, Any]:
    """Write the folder of a file and return its configuration."""
    folder.mkdir()
    for _ in write_folder(read_info(file), folder):
        pass
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return config


@pytest.mark.parametrize("name", tiny_models.MODELS)
def test_every_weight_of_a_float_model_arrives_as_it_was(tmp_path: Path, name: str) -> None:
    model = tiny_models.make_model(name)
    convert(tiny_models.write_model(model, name, tmp_path / "model.gguf"), tmp_path / "copy")
    again, loaded = transformers.AutoModelForCausalLM.from_pretrained(
        tmp_path / "copy", dtype="float32", output_loading_info=True
    )
    assert type(again) is type(model)
    assert not any(loaded.values())
    expected = model.state_dict()
    assert again.state_dict().keys() == expected.keys()
    for key, weight in again.state_dict().items():
        # Gemma's norms are written as 1 + weight.
        torch.testing.assert_close(weight, expected[key], rtol=0, atol=3e-7)


def test_mlx_and_older_transformers_find_their_own_keys(tmp_path: Path) -> None:
    model = tiny_models.make_model("gemma-3")
    file = tiny_models.write_model(model, "gemma-3", tmp_path / "model.gguf")
    config = convert(file, tmp_path / "copy")
    assert config["rope_theta"] == tiny_models.THETA
    assert config["rope_local_base_freq"] == 20
    assert config["rope_scaling"] == {"type": "linear", "rope_type": "linear", "factor": 4}


def test_mlx_computes_the_same_strength_of_yarn_from_keys_of_its_own(
    rewritten: Callable[..., Path], tmp_path: Path
) -> None:
    rope = convert(rewritten("qwen-2", strength), tmp_path / "copy")["rope_scaling"]
    growth = 0.1 * math.log(rope["factor"])
    assert rope["type"] == "yarn" and rope["mscale_all_dim"] == 0
    assert rope["mscale"] * growth + 1 == pytest.approx(rope["attention_factor"])
    assert rope["attention_factor"] == pytest.approx(1.2 * (growth + 1))


@pytest.mark.parametrize(("name", "layers"), [("gemma-2", 46), ("gemma-3", 62)])
def test_the_largest_gemma_scales_its_queries_by_another_length(
    tmp_path: Path, name: str, layers: int
) -> None:
    model = tiny_models.make_model(name)
    info = read_info(tiny_models.write_model(model, name, tmp_path / "model.gguf"))
    scalars = [
        model_config(replace(info, n_layers=count), lambda _: None)["query_pre_attn_scalar"]
        for count in (layers - 1, layers)
    ]
    assert scalars == [24, 64 // 4]  # llama.cpp tells the 27B model by its layers


def test_memory_is_that_of_a_few_blocks_whatever_the_size_of_a_tensor(tmp_path: Path) -> None:
    file, rows = tmp_path / "model.gguf", 40_000
    with closing(gguf.GGUFWriter(file, "llama")) as writer:
        writer.add_block_count(0)
        writer.add_embedding_length(512)
        for add in (writer.add_context_length, writer.add_feed_forward_length):
            add(64)
        writer.add_head_count(4)
        writer.add_layer_norm_rms_eps(1e-5)
        embedding = np.zeros((rows, 512), np.float16)
        writer.add_tensor("token_embd.weight", embedding)
        writer.add_tensor("output_norm.weight", np.ones(512, np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    del embedding, writer
    tracemalloc.start()
    convert(file, tmp_path / "copy")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "copy" / "model.safetensors").stat().st_size > rows * 512 * 4
    assert peak < 40e6  # the tensor takes 82 MB


def test_a_copy_of_an_older_format_makes_room(tmp_path: Path) -> None:
    model = tiny_models.make_model("llama")
    file = tiny_models.write_model(model, "llama", tmp_path / "model.gguf")
    old, other = (tmp_path / "working-copy" / name for name in ("sha256-12", "sha256-34"))
    for folder in (old, other):
        folder.mkdir(parents=True)
        (folder / "model.safetensors").write_bytes(b"as it was")
    folder = working_copy._folder(tmp_path, "sha256:12")
    working_copy._write_copy(read_info(file), folder, silent)
    assert sorted(old.parent.iterdir()) == [folder, other]


def test_on_a_full_disk_there_is_no_copy_and_a_sentence(tmp_path: Path) -> None:
    model = tiny_models.make_model("llama")
    file = tiny_models.write_model(model, "llama", tmp_path / "model.gguf")
    folder = tmp_path / "cache" / "copy"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DiskFull, match="disk is full"):
            working_copy._write_copy(read_info(file), folder, silent)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(folder.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [("num_hidden_layers", r"missing keys model\.layers\.3"), ("vocab_size", "mismatched keys")],
)
def test_a_copy_that_does_not_fit_is_not_made_up(tmp_path: Path, key: str, words: str) -> None:
    model = tiny_models.make_model("llama")
    convert(tiny_models.write_model(model, "llama", tmp_path / "model.gguf"), tmp_path / "copy")
    config = json.loads((tmp_path / "copy" / "config.json").read_text(encoding="utf-8"))
    config[key] += 1
    (tmp_path / "copy" / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(StateError, match=words):
        working_copy._load(transformers, tmp_path / "copy")


def no_positions(writer: gguf.GGUFWriter) -> None:
    writer.add_rope_scaling_finetuned(False)


def window(writer: gguf.GGUFWriter) -> None:
    writer.add_sliding_window(16)


def other_local_base(writer: gguf.GGUFWriter) -> None:
    writer.add_rope_freq_base_swa(77.0)


def factors(writer: gguf.GGUFWriter) -> None:
    writer.add_tensor("rope_freqs.weight", np.full(12, 2.0, np.float32))


def strength(writer: gguf.GGUFWriter) -> None:
    writer.add_rope_scaling_attn_factors(1.2)


def stranger(writer: gguf.GGUFWriter) -> None:
    writer.add_tensor("blk.1.attn_sinks.weight", np.zeros(4, np.float32))


def bias(writer: gguf.GGUFWriter) -> None:
    writer.add_tensor("blk.1.attn_q.bias", np.zeros(96, np.float32))


def heads_by_layer(writer: gguf.GGUFWriter) -> None:
    writer.kv_data[0].pop("llama.attention.head_count_kv")
    writer.add_array("llama.attention.head_count_kv", [2, 2, 2])


def more_layers(writer: gguf.GGUFWriter) -> None:
    writer.kv_data[0]["llama.block_count"].value = 4


def odd_heads(writer: gguf.GGUFWriter) -> None:
    writer.kv_data[0]["llama.attention.head_count"].value = 5


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("granite", no_positions, "no positions"),
        ("olmo-2", window, "the sliding windows of OLMo 3"),
        ("gemma-2", other_local_base, "a RoPE of its own"),
        ("qwen-2", factors, "both YaRN and factors"),
        ("gemma-3", factors, "a RoPE of the kind 'longrope'"),
        ("llama", strength, "a RoPE of strength 1.2"),
        ("llama", stranger, "the tensor blk.1.attn_sinks.weight"),
        ("qwen-3", bias, "no tensor blk.0.attn_k.bias, but blk.1.attn_q.bias"),
        ("mistral-3", bias, "the tensor blk.1.attn_q.bias"),
        ("llama", heads_by_layer, "llama.attention.head_count_kv, or another one for each layer"),
        ("llama", more_layers, "no tensor blk.3.attn_k.weight"),
        ("llama", odd_heads, "which are no 5 heads"),
    ],
)
def test_what_transformers_cannot_compute_is_refused_by_name_and_nothing_is_written(
    rewritten: Callable[..., Path], tmp_path: Path, name: str, edit: Edit, words: str
) -> None:
    file = rewritten(name, edit)
    backend, cache = working_copy.TorchBackend(), tmp_path / "cache"
    for call in (
        lambda: backend.check(file, "sha256:0", cache),
        lambda: backend.open(file, "sha256:0", cache, silent),
    ):
        with pytest.raises(UnsupportedModel) as caught:
            call()
        assert words in str(caught.value)
        assert "sleeping init --model" in str(caught.value)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_type_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_models.make_model("llama")
    file = tiny_models.write_model(model, "llama", tmp_path / "model.gguf")
    monkeypatch.setattr(hugging_face, "can_read", lambda kind: kind != 1)
    with pytest.raises(UnsupportedModel, match=r"is of F16, which cannot be read yet"):
        convert(file, tmp_path / "copy")
