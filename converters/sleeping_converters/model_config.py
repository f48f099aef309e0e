"""The config.json of a working copy, from a GGUF's metadata.

What llama.cpp computes is what counts, for it serves the model: where it ignores a setting
(Phi-3's sliding window) the copy has none, and what it derives (Gemma's query scale) is derived
here as there. Sources: llama.cpp src/llama-model.cpp, src/llama-context.cpp, src/models/*.cpp.

RoPE is written twice: as ``rope_parameters`` (transformers 5), and as ``rope_theta`` with
``rope_scaling`` (mlx-lm, transformers 4).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sleeping_converters.architectures import (
    ARCHITECTURES,
    ATTENTION,
    FEED_FORWARD,
    ROPE_FREQS,
    ROPE_LONG,
    ROPE_SHORT,
    has_biases,
)
from sleeping_plugin.errors import ModelError, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, Scalar

Config = dict[str, Any]
ReadVector = Callable[[str], Sequence[float] | None]  # a small tensor by its name

ORIGINAL: Final = "rope.scaling.original_context_length"

_ARRAY: Final = 9
_ARRAYS: Final = {4: "I", 5: "i", 7: "?"}  # GGUF's types of whole numbers and of flags


@dataclass(frozen=True, slots=True)
class Settings:
    """The metadata of one file below its architecture's prefix."""

    info: GGUFInfo

    def get(self, key: str, default: Scalar) -> Scalar:
        """Return one value; ``default`` where the file has none."""
        return self.info.metadata.get(f"{self.info.architecture}.{key}", default)

    def number(self, key: str, default: float | None = None) -> float:
        """Return one value as a float; without a default the file must have it."""
        value = self.get(key, math.nan if default is None else default)
        if isinstance(value, str) or not math.isfinite(value):
            raise ModelError(
                f"{self.info.path} is damaged: {self.info.architecture}.{key} is {value!r}. "
                "Download it again."
            )
        return float(value)

    def whole(self, key: str, default: int = 0) -> int:
        """Return a positive whole number; without a default the file must have it.

        A default does not stand for numbers that differ from layer to layer.
        """
        value = self.get(key, 0 if default and self.array(key) is not None else default)
        if not isinstance(value, int) or value < 1:
            raise UnsupportedModel(
                f"{self.info.path.name} has no {self.info.architecture}.{key}, or another one for "
                "each layer. It cannot be taught; choose another file with `sleeping init --model"
                " FILE`."
            )
        return value

    def array(self, key: str) -> list[int] | None:
        """Return an array of whole numbers or flags; None where the file has none of that name.

        ``read_info`` skips arrays. The key is found by its bytes: with its length before it and an
        array's type behind, no token of a vocabulary is mistaken for it.
        """
        name = f"{self.info.architecture}.{key}".encode()
        sought = struct.pack("<Q", len(name)) + name + struct.pack("<I", _ARRAY)
        with self.info.path.open("rb") as file:
            head = file.read(self.info.table_start)
        at = head.find(sought)
        if at < 0:
            return None
        kind, count = struct.unpack_from("<IQ", head, at + len(sought))
        if kind not in _ARRAYS or count > len(head):
            raise UnsupportedModel(
                f"{self.info.path.name} has a {name.decode()} of an unknown kind. It cannot be"
                " taught; choose another file with `sleeping init --model FILE`."
            )
        return list(struct.unpack_from(f"<{count}{_ARRAYS[kind]}", head, at + len(sought) + 12))


def head_counts(info: GGUFInfo) -> dict[str, int]:
    """Return the number of heads of queries and keys, by the names of their matrices."""
    settings = Settings(info)
    heads = settings.whole("attention.head_count")
    return {"attn_q": heads, "attn_k": settings.whole("attention.head_count_kv", heads)}


def model_config(info: GGUFInfo, read_vector: ReadVector) -> Config:
    """Return the content of config.json for the working copy of ``info``.

    ``read_vector`` reads the tensors that hold RoPE factors. Raises UnsupportedModel for what
    transformers cannot compute as llama.cpp does.
    """
    settings = Settings(info)
    architecture = ARCHITECTURES[info.architecture]
    heads = head_counts(info)
    hidden = settings.whole("embedding_length")
    head = settings.whole("attention.key_length", hidden // heads["attn_q"])
    if settings.whole("attention.value_length", hidden // heads["attn_q"]) != head:
        raise _refused(info, "keys and values of different lengths")
    names = {tensor.name for tensor in info.tensors}
    config: Config = {
        "architectures": [architecture.class_name],
        "model_type": architecture.model_type,
        # whose layout this is; without it AutoTokenizer warns of tokenizers that older ones wrote
        "transformers_version": "5.0.0",
        "dtype": "float32",
        "vocab_size": info.tensor("token_embd.weight").rows,
        "hidden_size": hidden,
        "intermediate_size": settings.whole("feed_forward_length"),
        "num_hidden_layers": info.n_layers,
        "num_attention_heads": heads["attn_q"],
        "num_key_value_heads": heads["attn_k"],
        "head_dim": head,
        "max_position_embeddings": settings.whole("context_length"),
        "rms_norm_eps": settings.number("attention.layer_norm_rms_epsilon"),
        "hidden_act": "silu",
        "tie_word_embeddings": "output.weight" not in names,
        **{f"{name}_token_id": _token(info, name) for name in ("bos", "eos", "pad")},
    }
    for key, group in (("attention_bias", ATTENTION), ("mlp_bias", FEED_FORWARD)):
        if group in architecture.biases:
            config[key] = has_biases(info, group)
    config["rope_parameters"] = rope(settings, config, read_vector)
    own = _OWN.get(info.architecture)
    if own is not None:
        config |= own(config, settings)
    return config | _older_rope(config["rope_parameters"])


def _token(info: GGUFInfo, name: str) -> int | None:
    key = {"pad": "padding"}.get(name, name)
    value = info.metadata.get(f"tokenizer.ggml.{key}_token_id")
    known = isinstance(value, int) and 0 <= value < info.tensor("token_embd.weight").rows
    return int(value) if known and value is not None else None


def _refused(info: GGUFInfo, what: str) -> UnsupportedModel:
    return UnsupportedModel(
        f"{info.path.name} has {what}, which cannot be taught yet. "
        "Choose another model with `sleeping init --model FILE`."
    )


def rope(settings: Settings, config: Config, read_vector: ReadVector) -> Config:
    """Return transformers' ``rope_parameters`` that give llama.cpp's inverse frequencies.

    Factors per frequency, such as those of Llama 3 and of Phi-3, are "longrope": transformers
    divides each frequency by its factor, as llama.cpp does.
    """
    info = settings.info
    length = config["max_position_embeddings"]
    kind = str(settings.get("rope.scaling.type", "linear"))
    factor = settings.number("rope.scaling.factor", settings.number("rope.scale_linear", 1.0))
    factor = 1.0 if kind == "none" or factor == 0.0 else factor
    strength = settings.number("rope.scaling.attn_factor", 1.0)
    found: Config = {"rope_theta": settings.number("rope.freq_base", 10000.0)}
    same = read_vector(ROPE_FREQS)
    short, long = same or read_vector(ROPE_SHORT), same or read_vector(ROPE_LONG)
    if kind == "yarn" and factor != 1.0:
        if short:
            raise _refused(info, "both YaRN and factors per frequency")
        return found | _yarn(settings, factor, strength, length)
    if short and long:
        return found | {
            "rope_type": "longrope",
            "short_factor": [factor * value for value in short],
            "long_factor": [factor * value for value in long],
            "factor": 1.0,
            "attention_factor": strength,
            "original_max_position_embeddings": settings.whole(ORIGINAL, length),
        }
    if strength != 1.0:
        raise _refused(info, f"a RoPE of strength {strength:g}")
    if factor != 1.0:
        return found | {"rope_type": "linear", "factor": factor}
    return found | {"rope_type": "default"}


def _yarn(settings: Settings, factor: float, strength: float, length: int) -> Config:
    """Return YaRN as llama.cpp's context sets it up (Peng et al. 2023, eq. 22 and 23).

    The bounds and the logarithmic factor are read for Mistral 3 alone.
    """
    growth = 0.1 * math.log(factor) if factor > 1.0 else 0.0
    bounds, multiplier = (32.0, 1.0), 0.0
    if settings.info.architecture == "mistral3":
        bounds = (
            settings.number("rope.scaling.yarn_beta_fast", 32.0),
            settings.number("rope.scaling.yarn_beta_slow", 1.0),
        )
        multiplier = settings.number("rope.scaling.yarn_log_multiplier", 0.0)
    scale = strength * (growth + 1.0) / (multiplier * growth + 1.0)
    return {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": settings.whole(ORIGINAL, length),
        "attention_factor": scale,
        # mlx-lm computes the same factor from these two, and transformers ignores them beside it.
        "mscale": (scale - 1.0) / growth if growth else 1.0,
        "mscale_all_dim": 0.0,
        "beta_fast": bounds[0],
        "beta_slow": bounds[1],
    }


def _older_rope(parameters: Config) -> Config:
    """Return the same RoPE as mlx-lm and transformers 4 read it, and transformers 5 as well."""
    local = parameters.get("sliding_attention")
    whole = parameters.get("full_attention", parameters)
    found: Config = {"rope_theta": whole["rope_theta"]}
    if local is not None:
        found["rope_local_base_freq"] = local["rope_theta"]
    if whole["rope_type"] != "default":
        kept = {key: value for key, value in whole.items() if key != "rope_theta"}
        found["rope_scaling"] = {"type": whole["rope_type"], **kept}
    return found


def _mistral3(config: Config, settings: Settings) -> Config:
    """Add the temperature of attention, which grows with the position."""
    rope = config["rope_parameters"]
    rope["llama_4_scaling_beta"] = settings.number("attention.temperature_scale", 0.0)
    rope["original_max_position_embeddings"] = settings.whole(
        ORIGINAL, config["max_position_embeddings"]
    )
    return {}


def _gemma2(config: Config, settings: Settings) -> Config:
    """Windows in every other layer, soft caps, and the query scale that llama.cpp derives."""
    theta = config["rope_parameters"]["rope_theta"]
    if settings.number("rope.freq_base_swa", theta) != theta:
        raise _refused(settings.info, "a RoPE of its own in layers with a sliding window")
    return (
        _windows(settings, default_window=4096, default_pattern=2)
        | _gemma(settings, config, large=46)
        | {"attn_logit_softcapping": settings.number("attn_logit_softcapping", 50.0)}
        | {"final_logit_softcapping": settings.number("final_logit_softcapping", 30.0)}
    )


def _gemma3(config: Config, settings: Settings) -> Config:
    """Windows in five of six layers, which have a RoPE of their own."""
    rope = config["rope_parameters"]
    if rope["rope_type"] not in ("default", "linear"):
        raise _refused(settings.info, f"a RoPE of the kind {rope['rope_type']!r}")
    local = settings.number("rope.freq_base_swa", 10000.0)
    nested = {
        "full_attention": rope,
        "sliding_attention": {"rope_type": "default", "rope_theta": local},
    }
    return (
        _windows(settings, default_window=0, default_pattern=6)
        | _gemma(settings, config, large=62)
        | {"rope_parameters": nested}
        | {"final_logit_softcapping": settings.number("final_logit_softcapping", 0.0) or None}
    )


def _gemma(settings: Settings, config: Config, large: int) -> Config:
    """Return what Gemma 2 and 3 share. The 27B ones, told by their layers, scale otherwise."""
    heads, layers = config["num_attention_heads"], config["num_hidden_layers"]
    scalar = config["hidden_size"] // heads if layers == large else config["head_dim"]
    return {"hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": scalar}


def _windows(settings: Settings, default_window: int, default_pattern: int) -> Config:
    """Return the sliding window and which layers have it (llama.cpp, ``load_swa_pattern``)."""
    layers = settings.info.n_layers
    window = int(settings.number("attention.sliding_window", default_window))
    sliding = settings.array("attention.sliding_window_pattern")
    if sliding is None:
        # Of every ``pattern`` layers, all but the last slide; 0: all of them.
        pattern = int(settings.number("attention.sliding_window_pattern", default_pattern))
        sliding = [pattern == 0 or i % pattern < pattern - 1 for i in range(layers)]
    if len(sliding) < layers:
        raise _refused(settings.info, f"windows for {len(sliding)} of its {layers} layers")
    return {
        "sliding_window": window or None,
        "layer_types": [
            "sliding_attention" if window and slides else "full_attention"
            for slides in sliding[:layers]
        ],
    }


def _phi3(config: Config, settings: Settings) -> Config:
    """Rotate a part of each head; no window, for llama.cpp ignores that of Phi-3."""
    rope = config["rope_parameters"]
    if rope["rope_type"] not in ("default", "longrope"):
        raise _refused(settings.info, f"a RoPE of the kind {rope['rope_type']!r}")
    part = settings.whole("rope.dimension_count", config["head_dim"]) / config["head_dim"]
    rope["partial_rotary_factor"] = part
    original = rope.get("original_max_position_embeddings", config["max_position_embeddings"])
    return {
        "partial_rotary_factor": part,
        "original_max_position_embeddings": original,
        "sliding_window": None,
    }


def _smollm3(config: Config, settings: Settings) -> Config:
    """Leave every fourth layer without positions, as llama.cpp does whatever the file says."""
    layers = range(config["num_hidden_layers"])
    return {"no_rope_layers": [int((i + 1) % 4 != 0) for i in layers]}


def _granite(config: Config, settings: Settings) -> Config:
    """Add the four multipliers; one that is zero or missing is none."""
    if not settings.get("rope.scaling.finetuned", True):
        raise _refused(settings.info, "no positions")
    return {
        "embedding_multiplier": settings.number("embedding_scale", 0.0) or 1.0,
        "residual_multiplier": settings.number("residual_scale", 0.0) or 1.0,
        "attention_multiplier": settings.number("attention.scale", 0.0)
        or config["head_dim"] ** -0.5,
        "logits_scaling": settings.number("logit_scale", 1.0),
    }


def _olmo2(config: Config, settings: Settings) -> Config:
    """Refuse OLMo 3, which calls itself OLMo 2 and has windows."""
    if settings.number("attention.sliding_window", 0.0):
        raise _refused(settings.info, "the sliding windows of OLMo 3")
    return {}


_OWN: Final[dict[str, Callable[[Config, Settings], Config]]] = {
    "mistral3": _mistral3,
    "gemma2": _gemma2,
    "gemma3": _gemma3,
    "phi3": _phi3,
    "smollm3": _smollm3,
    "granite": _granite,
    "olmo2": _olmo2,
}
