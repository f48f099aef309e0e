"""Working copies against llama.cpp on the same file, for every architecture, and broken ones.

Run: pytest tests/test_proof.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import transformers

from sleeping_converters import proof
from sleeping_converters.export import GGUFExporter
from sleeping_converters.hugging_face import write_folder
from sleeping_converters.working_copy import matrices
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.engine.torch_copy import Matrix, TorchCopy
from sleeping_plugin.gguf_info import SUPPORTED, read_info, require_supported
from sleeping_plugin.records import Array, LowRank, Proof, silent
from sleeping_plugin.runtime import Runtime

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()

SAMPLES = tiny_models.texts()


@dataclass(frozen=True)
class Case:
    """A model's file, the folder made of it, and what llama.cpp says."""

    name: str
    gguf: Path
    folder: Path
    reference: tuple[Array, ...]  # logits after every token of each of SAMPLES


Make = Callable[..., Case]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Give a function that makes each case once."""

    @cache
    def case(name: str, kind: str = "F16") -> Case:
        place = tmp_path_factory.mktemp(name)
        model = tiny_models.make_model(name)
        file = tiny_models.write_model(model, name, place / "model.gguf", kind)
        folder = place / "copy"
        folder.mkdir()
        info = read_info(file)
        require_supported(info)
        for _ in write_folder(info, folder):
            pass
        with Runtime(file, context=256, threads=1) as runtime:
            reference = tuple(runtime.logits(sample.tokens) for sample in SAMPLES)
        return Case(name, file, folder, reference)

    return case


def load(folder: Path) -> Any:
    """Load a folder as anyone would."""
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")


@torch.no_grad()
def plain(case: Case, model: Any) -> Proof:
    """Compare the model as transformers runs it, a text at a time."""
    return proof.joined(
        proof.compare(logits, model(input_ids=torch.tensor([sample.tokens])).logits[0].numpy())
        for logits, sample in zip(case.reference, SAMPLES, strict=True)
    )


def packed(case: Case, model: Any) -> Proof:
    """Compare the model as a night runs it."""
    copy = TorchCopy(model, matrices(model.config, tiny_models.MODELS[case.name][0]), unused)
    found = proof.copy_logits(copy, SAMPLES)
    return proof.joined(proof.compare(case.reference[i], logits) for i, logits in found)


def unused(*_arguments: Any) -> Any:
    pytest.fail("nothing is tokenised here")


# The same logits


@pytest.mark.parametrize("run", [plain, packed])
@pytest.mark.parametrize("name", tiny_models.MODELS)
def test_the_copy_of_a_float_model_is_that_model(
    make: Make, name: str, run: Callable[[Case, Any], Proof]
) -> None:
    case = make(name)
    found = run(case, load(case.folder))
    assert found.tokens == sum(len(sample.tokens) for sample in SAMPLES)
    assert found.entropy < proof.SHARP, "too even: any model would agree"
    assert found.mean_kl <= proof.limit_of(read_info(case.gguf)) == proof.FLOAT_LIMIT
    assert found.agreement >= proof.AGREEMENT


@pytest.mark.parametrize("name", tiny_models.MODELS)
def test_the_copy_of_a_quantised_model_is_that_model(make: Make, name: str) -> None:
    case = make(name, "Q8_0")
    found = packed(case, load(case.folder))
    assert found.entropy < proof.SHARP
    assert found.mean_kl <= proof.limit_of(read_info(case.gguf)) == proof.QUANTISED_LIMIT


def test_every_supported_architecture_is_proved_here() -> None:
    assert set(SUPPORTED) == {architecture for architecture, _, _ in tiny_models.MODELS.values()}


# The same test, and a copy that is wrong in one place


def edited(case: Case, place: Path, change: Callable[[dict[str, Any]], None]) -> Any:
    """Load the case's weights with another configuration."""
    config = json.loads((case.folder / "config.json").read_text(encoding="utf-8"))
    change(config)
    (place / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (place / "model.safetensors").hardlink_to(case.folder / "model.safetensors")
    return load(place)


def other_theta(config: dict[str, Any]) -> None:
    """Take the base frequency for the one that most models have."""
    rope = config["rope_parameters"]
    for parameters in [rope, *(part for part in rope.values() if isinstance(part, dict))]:
        if "rope_theta" in parameters:
            parameters["rope_theta"] = 10000.0
    config.pop("rope_scaling", None)


def other_epsilon(config: dict[str, Any]) -> None:
    config["rms_norm_eps"] = 1e-6


@torch.no_grad()
def rows_as_in_the_file(case: Case, model: Any) -> None:
    """Leave (or put) the rotary rows of queries and keys in the order that is wrong here."""
    config = model.config
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    sizes = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for layer in model.model.layers:
        attention = layer.self_attn
        if hasattr(attention, "qkv_proj"):
            weight = attention.qkv_proj.weight
            at = 0
            for heads in sizes.values():
                part = weight[at : at + heads * head]
                part.copy_(Matrix("", heads).rows_to_gguf(part.clone()))
                at += heads * head
            continue
        for name, heads in sizes.items():
            for part in getattr(attention, name).parameters():
                part.copy_(Matrix("", heads).rows_to_gguf(part.clone()).view_as(part))


@torch.no_grad()
def gate_for_up(case: Case, model: Any) -> None:
    """Take the gate of every feed-forward layer for its other half."""
    for layer in model.model.layers:
        if hasattr(layer.mlp, "gate_up_proj"):
            weight = layer.mlp.gate_up_proj.weight
            weight.copy_(weight.roll(len(weight) // 2, 0).clone())
        else:
            layer.mlp.gate_proj, layer.mlp.up_proj = layer.mlp.up_proj, layer.mlp.gate_proj


@pytest.mark.parametrize("change", [other_theta, other_epsilon])
@pytest.mark.parametrize("name", tiny_models.MODELS)
def test_a_setting_that_is_not_read_is_found(
    make: Make, tmp_path: Path, name: str, change: Callable[[dict[str, Any]], None]
) -> None:
    case = make(name)
    assert packed(case, edited(case, tmp_path, change)).mean_kl > 0.1


@pytest.mark.parametrize("change", [rows_as_in_the_file, gate_for_up])
@pytest.mark.parametrize("name", tiny_models.MODELS)
def test_weights_in_the_wrong_place_are_found(
    make: Make, name: str, change: Callable[[Case, Any], None]
) -> None:
    case = make(name)
    model = load(case.folder)
    change(case, model)
    assert packed(case, model).mean_kl > 0.1


def rope(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Return a change of the RoPE, of full attention where layers differ."""

    def change(config: dict[str, Any]) -> None:
        parameters = config["rope_parameters"]
        parameters.get("full_attention", parameters).update(changes)
        config.pop("rope_scaling", None)

    return change


def setting(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda config: config.update(changes)


def one_rope(config: dict[str, Any]) -> None:
    """Take the RoPE of full attention for all layers."""
    config["rope_parameters"]["sliding_attention"] = config["rope_parameters"]["full_attention"]


OWN: list[tuple[str, Callable[[dict[str, Any]], None]]] = [
    ("llama-3", rope(rope_type="default")),
    ("llama-linear", rope(factor=1.0)),
    ("mistral-3", rope(llama_4_scaling_beta=0.0)),
    ("mistral-3", rope(attention_factor=None)),
    ("mistral-3", rope(beta_fast=32.0, beta_slow=1.0)),
    ("qwen-2", rope(rope_type="default")),
    ("qwen-2", rope(original_max_position_embeddings=512)),
    ("gemma-2", setting(sliding_window=512)),
    ("gemma-2", setting(sliding_window=tiny_models.WINDOW + 1)),
    ("gemma-2", setting(attn_logit_softcapping=None)),
    ("gemma-2", setting(final_logit_softcapping=None)),
    ("gemma-2", setting(query_pre_attn_scalar=16)),
    ("gemma-3", setting(sliding_window=512)),
    ("gemma-3", one_rope),
    ("gemma-3", rope(rope_type="default")),
    ("gemma-3-pattern", setting(layer_types=["sliding_attention"] * 4)),
    ("gemma-3-pattern", setting(final_logit_softcapping=None)),
    ("phi-3", setting(sliding_window=tiny_models.WINDOW)),
    ("phi-3-long", rope(attention_factor=1.0)),
    ("phi-3-long", setting(original_max_position_embeddings=16)),
    ("phi-4-mini", rope(partial_rotary_factor=1.0)),
    ("smollm-3", setting(no_rope_layers=[1] * 5)),
    ("granite", setting(embedding_multiplier=1.0)),
    ("granite", setting(residual_multiplier=1.0)),
    ("granite", setting(attention_multiplier=0.25)),
    ("granite", setting(logits_scaling=1.0)),
]


@pytest.mark.parametrize(("name", "change"), OWN)
def test_a_setting_of_one_architecture_that_is_not_read_is_found(
    make: Make, tmp_path: Path, name: str, change: Callable[[dict[str, Any]], None]
) -> None:
    case = make(name)
    assert packed(case, edited(case, tmp_path, change)).mean_kl > 10 * proof.FLOAT_LIMIT


# What is taught


def random_change(copy: TorchCopy) -> dict[str, LowRank]:
    """Return a change of every matrix, in the GGUF's order of rows."""
    rng = np.random.default_rng(7)
    factors = {}
    for name in copy.linear_tensors():
        n_out, n_in = copy.linear(name).weight.shape
        a = rng.normal(size=(2, n_in)) / np.sqrt(n_in)
        b = rng.normal(size=(n_out, 2)) * 0.3
        factors[name] = LowRank(a.astype(np.float32), b.astype(np.float32))
    return factors


# One of each architecture.
EACH = {architecture: name for name, (architecture, _, _) in tiny_models.MODELS.items()}


@pytest.mark.parametrize("name", EACH.values())
def test_a_change_is_the_same_in_the_copy_in_the_adapter_and_in_the_merged_file(
    make: Make, tmp_path: Path, name: str
) -> None:
    case = make(name)
    model = load(case.folder)
    copy = TorchCopy(model, matrices(model.config, tiny_models.MODELS[name][0]), unused)
    factors = random_change(copy)
    assert set(factors) == {
        tensor.name
        for tensor in read_info(case.gguf).tensors
        if tensor.name.startswith("blk.") and len(tensor.shape) == 2
    }
    with copy.applied(factors):
        changed = dict(proof.copy_logits(copy, SAMPLES))
    config = Config(export=ExportConfig(type="own", rounding="nearest"))
    (merged,), adapter = GGUFExporter().export(case.gguf, factors, tmp_path, {}, config, silent)
    for file, over in ((case.gguf, adapter), (merged, None)):
        with Runtime(file, over, context=256, threads=1) as runtime:
            reference = [runtime.logits(sample.tokens) for sample in SAMPLES]
        found = proof.joined(proof.compare(reference[i], changed[i]) for i in changed)
        assert found.mean_kl <= proof.FLOAT_LIMIT
        before = zip(reference, case.reference, strict=True)
        assert proof.joined(proof.compare(*pair) for pair in before).mean_kl > 0.1


# The figures themselves


def test_equal_distributions_are_no_distance_apart_whatever_is_added_to_the_logits() -> None:
    logits = np.random.default_rng(0).normal(size=(6, 11)).astype(np.float32)
    found = proof.compare(logits, logits + 3)
    assert found.tokens == 6
    assert found.agreement == 1
    assert abs(found.mean_kl) < 1e-6
    even = proof.compare(np.zeros((2, 11), np.float32), np.zeros((2, 11), np.float32))
    assert even.entropy == pytest.approx(1)


def test_the_figures_of_several_texts_weigh_each_token_alike() -> None:
    rng = np.random.default_rng(1)
    p, q = (rng.normal(size=(9, 7)).astype(np.float32) for _ in range(2))
    whole = proof.compare(p, q)
    parts = proof.joined([proof.compare(p[:2], q[:2]), proof.compare(p[2:], q[2:])])
    for figure in ("tokens", "mean_kl", "agreement", "entropy"):
        assert getattr(parts, figure) == pytest.approx(getattr(whole, figure))
