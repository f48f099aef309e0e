"""Models of every architecture with a few thousand random weights, and their GGUF files.

The way from transformers to GGUF is written here from llama.cpp's conversion scripts and gguf's
own map of tensor names, and knows nothing of the converter that the tests hold against it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
import torch
import transformers

from sleeping_converters.gguf_file import round_rows
from sleeping_plugin.engine.backend import Sample

VOCABULARY: Final = 320
LAYERS: Final = 3
THETA: Final = 300.0  # unlike any default, and low enough to matter within 40 tokens
EPSILON: Final = 0.5
WINDOW: Final = 8
TEMPLATE: Final = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
CONTROL: Final = ("<s>", "<end>", "<system>", "<user>", "<assistant>")

_LLAMA3: Final = {
    "rope_type": "llama3",
    "rope_theta": THETA,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}
_SHARED: Final[dict[str, Any]] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "rms_norm_eps": EPSILON,
    "rope_parameters": {"rope_type": "default", "rope_theta": THETA},
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": None,
}

_YARN: Final = {
    "rope_type": "yarn",
    "rope_theta": THETA,
    "factor": 4.0,
    "original_max_position_embeddings": 16,
}
_MINISTRAL: Final = {
    **_YARN,
    "beta_fast": 8.0,
    "beta_slow": 2.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.7,
}
_SHORT: Final = [1.0 + 0.3 * i for i in range(8)]
_LONG: Final = [2.0 + 0.9 * i for i in range(8)]
_LONGROPE: Final = {
    "rope_type": "longrope",
    "rope_theta": THETA,
    "short_factor": _SHORT,
    "long_factor": _LONG,
    "original_max_position_embeddings": 384,
    "attention_factor": 1.3,
}
_TWO_ROPES: Final = {
    "full_attention": {"rope_type": "linear", "rope_theta": THETA, "factor": 4.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 20.0},
}
_PATTERN: Final = [False, True, True, False]

# name -> (architecture in the GGUF, configuration in transformers, settings of its own)
MODELS: Final[dict[str, tuple[str, str, dict[str, Any]]]] = {
    "llama": ("llama", "Llama", {"attention_bias": True, "mlp_bias": True, "head_dim": 24}),
    "llama-3": ("llama", "Llama", {"tie_word_embeddings": True, "rope_parameters": _LLAMA3}),
    "llama-linear": (
        *("llama", "Llama"),
        {"rope_parameters": {"rope_type": "linear", "rope_theta": THETA, "factor": 4.0}},
    ),
    "mistral-3": ("mistral3", "Ministral3", {"head_dim": 24, "rope_parameters": _MINISTRAL}),
    "qwen-2": ("qwen2", "Qwen2", {"rope_parameters": _YARN}),
    "qwen-3": ("qwen3", "Qwen3", {"head_dim": 24, "tie_word_embeddings": True}),
    "gemma-2": (
        *("gemma2", "Gemma2"),
        {
            "head_dim": 24,
            "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW,
            "attn_logit_softcapping": 3.0,
            "final_logit_softcapping": 9.0,
        },
    ),
    "gemma-3": (
        *("gemma3", "Gemma3Text"),
        {
            "head_dim": 24,
            "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW,
            "num_hidden_layers": 7,
            "rope_parameters": _TWO_ROPES,
        },
    ),
    "gemma-3-pattern": (
        *("gemma3", "Gemma3Text"),
        {
            "head_dim": 24,
            "query_pre_attn_scalar": 24,
            "sliding_window": WINDOW,
            "num_hidden_layers": len(_PATTERN),
            "layer_types": [
                "sliding_attention" if slides else "full_attention" for slides in _PATTERN
            ],
            "rope_parameters": _TWO_ROPES,
            "tie_word_embeddings": False,
            "final_logit_softcapping": 9.0,
        },
    ),
    "phi-3": ("phi3", "Phi3", {}),
    "phi-3-long": ("phi3", "Phi3", {"rope_parameters": _LONGROPE}),
    "phi-4-mini": (
        *("phi3", "Phi3"),
        {
            "tie_word_embeddings": True,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": THETA,
                "partial_rotary_factor": 0.5,
            },
        },
    ),
    "smollm-3": ("smollm3", "SmolLM3", {"num_hidden_layers": 5, "tie_word_embeddings": True}),
    "granite": (
        *("granite", "Granite"),
        {
            "embedding_multiplier": 1.5,
            "residual_multiplier": 0.6,
            "attention_multiplier": 0.4,
            "logits_scaling": 0.5,
        },
    ),
    "olmo-2": ("olmo2", "Olmo2", {}),
}


def make_model(name: str, seed: int = 2) -> Any:
    """Return a random model of transformers, sharp enough that an error anywhere shows."""
    torch.manual_seed(seed)
    architecture, prefix, own = MODELS[name]
    gemma = architecture in _SHIFTED
    config = getattr(transformers, f"{prefix}Config")(**copy.deepcopy({**_SHARED, **own}))
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if "embed_tokens" in key or "lm_head" in key:
                # Gemma multiplies embeddings by the root of their length.
                weight.normal_(0, 0.35 if "lm_head" in key else 0.1 if gemma else 0.6)
            elif key == "model.norm.weight" and gemma:
                weight.uniform_(3.0, 4.0)
            elif "norm" in key:
                weight.add_(torch.empty_like(weight).uniform_(-0.4, 0.4))
            elif key.endswith("bias"):
                weight.normal_(0, 0.5)
            else:
                weight.normal_(0, 1.3 / math.sqrt(weight.shape[1]))
            # The file holds F16: what is written must be what is compared.
            weight.copy_(weight.half().float())
    return model


def write_model(model: Any, name: str, path: Path, kind: str = "F16") -> Path:
    """Write ``model`` as a GGUF whose matrices are of the type ``kind``; return its path."""
    architecture = MODELS[name][0]
    with closing(gguf.GGUFWriter(path, architecture)) as writer:
        _write_settings(writer, model.config, architecture)
        _write_vocabulary(writer)
        for key, array in _tensors(model, architecture):
            if array.ndim < 2 or "rope" in key:
                writer.add_tensor(key, array.astype(np.float32))
            else:
                number = gguf.GGMLQuantizationType[kind]
                writer.add_tensor(key, round_rows(array, int(number)), raw_dtype=number)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    return path


def texts(seed: int = 0) -> list[Sample]:
    """Return chats of random tokens with a common beginning, and one that begins otherwise."""
    rng = np.random.default_rng(seed)
    tokens = rng.integers(8, VOCABULARY, size=(5, 48))
    tokens[:3, :14] = tokens[0, :14]
    lengths = (44, 40, 48, 40, 33)
    return [Sample(tuple(row[:n].tolist()), 20) for row, n in zip(tokens, lengths, strict=True)]


def _write_settings(writer: gguf.GGUFWriter, config: Any, architecture: str) -> None:
    head = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    writer.add_key_length(head)
    writer.add_value_length(head)
    part = config.rope_parameters.get("partial_rotary_factor", 1.0)
    writer.add_rope_dimension_count(int(head * part))
    _write_rope(writer, config.rope_parameters.get("full_attention", config.rope_parameters))
    own = _OWN_SETTINGS.get(architecture)
    if own is not None:
        own(writer, config)


def _write_rope(writer: gguf.GGUFWriter, rope: dict[str, Any]) -> None:
    writer.add_rope_freq_base(rope["rope_theta"])
    if rope["rope_type"] in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType(rope["rope_type"]))
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] in ("yarn", "longrope"):
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if rope["rope_type"] == "longrope":
        writer.add_rope_scaling_attn_factors(rope["attention_factor"])


def _write_mistral3(writer: gguf.GGUFWriter, config: Any) -> None:
    rope = config.rope_parameters
    writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
    writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
    writer.add_rope_scaling_yarn_log_mul(rope["mscale_all_dim"])
    writer.add_attn_temperature_scale(rope["llama_4_scaling_beta"])


def _write_gemma2(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_sliding_window(config.sliding_window)
    writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
    writer.add_final_logit_softcapping(config.final_logit_softcapping)


def _write_gemma3(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_sliding_window(config.sliding_window)
    writer.add_rope_freq_base_swa(config.rope_parameters["sliding_attention"]["rope_theta"])
    if config.final_logit_softcapping:
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    sliding = [kind == "sliding_attention" for kind in config.layer_types]
    if sliding != [(i + 1) % 6 != 0 for i in range(len(sliding))]:  # llama.cpp's default
        writer.add_sliding_window_pattern(sliding)


def _write_phi3(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_sliding_window(WINDOW)  # which llama.cpp ignores


def _write_granite(writer: gguf.GGUFWriter, config: Any) -> None:
    writer.add_attention_scale(config.attention_multiplier)
    writer.add_embedding_scale(config.embedding_multiplier)
    writer.add_residual_scale(config.residual_multiplier)
    writer.add_logit_scale(config.logits_scaling)


_OWN_SETTINGS: Final[dict[str, Callable[[gguf.GGUFWriter, Any], None]]] = {
    "mistral3": _write_mistral3,
    "gemma2": _write_gemma2,
    "gemma3": _write_gemma3,
    "phi3": _write_phi3,
    "granite": _write_granite,
}


def _write_vocabulary(writer: gguf.GGUFWriter) -> None:
    """Write a vocabulary of bytes, the template's marks, and words that nobody says."""
    kinds = gguf.TokenType
    tokens = [("<unk>", kinds.UNKNOWN), *((mark, kinds.CONTROL) for mark in CONTROL)]
    tokens += [(f"<0x{byte:02X}>", kinds.BYTE) for byte in range(256)]
    tokens += [(f"word{i}", kinds.NORMAL) for i in range(VOCABULARY - len(tokens))]
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _ in tokens])
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([int(kind) for _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_chat_template(TEMPLATE)


def _tensors(model: Any, architecture: str) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    kind = {text: key for key, text in gguf.MODEL_ARCH_NAMES.items()}[architecture]
    names = gguf.get_tensor_name_map(kind, model.config.num_hidden_layers)
    config = model.config
    for key, weight in model.state_dict().items():
        if key == "lm_head.weight" and config.tie_word_embeddings:
            continue
        name = names.get_name(key, try_suffixes=(".weight", ".bias"))
        assert name, key
        array = weight.numpy()
        if architecture in _PERMUTED and ".q_proj." in key:
            array = _permute(array, config.num_attention_heads)
        if architecture in _PERMUTED and ".k_proj." in key:
            array = _permute(array, config.num_key_value_heads)
        if architecture in _SHIFTED and "norm" in key:
            array = array + 1
        yield name, array
    yield from _factors(config)


# llama.cpp, conversion/*.py: the classes below LlamaModel, and "Gemma3RMSNorm adds 1.0".
_PERMUTED: Final = frozenset({"llama", "mistral3", "granite", "smollm3"})
_SHIFTED: Final = frozenset({"gemma2", "gemma3"})


def _permute(array: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Order rotary rows as llama.cpp's ``LlamaModel.permute``."""
    split = array.reshape(heads, 2, array.shape[0] // heads // 2, *array.shape[1:])
    return split.swapaxes(1, 2).reshape(array.shape)


def _factors(config: Any) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield the tensors of RoPE factors (``generate_extra_tensors`` in llama.cpp's scripts)."""
    rope = config.rope_parameters
    if rope.get("rope_type") == "llama3":
        head = config.head_dim
        turns = 1 / rope["rope_theta"] ** (np.arange(0, head, 2, dtype=np.float32) / head)
        context = rope["original_max_position_embeddings"]
        low, high, factor = (rope[key] for key in ("low_freq_factor", "high_freq_factor", "factor"))
        lengths = 2 * np.pi / turns
        smooth = (context / lengths - low) / (high - low)
        between = 1 / ((1 - smooth) / factor + smooth)
        outer = np.where(lengths < context / high, 1.0, factor)
        inside = (lengths >= context / high) & (lengths <= context / low)
        yield "rope_freqs.weight", np.where(inside, between, outer).astype(np.float32)
    if rope.get("rope_type") == "longrope":
        yield "rope_factors_long.weight", np.array(rope["long_factor"], dtype=np.float32)
        yield "rope_factors_short.weight", np.array(rope["short_factor"], dtype=np.float32)
