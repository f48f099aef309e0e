"""The config.json of a working copy, from a GGUF's metadata.

What llama.cpp computes is what counts, for it serves the model: where it ignores a setting
(Phi-3's sliding window) the copy has none, and what it derives (Gemma's query scale) is derived
here as there. Sources: llama.cpp src/llama-model.cpp, src/llama-context.cpp, src/models/*.cpp.

RoPE is written three times: as ``rope_parameters`` (transformers 5), and as ``rope_theta`` with
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

_ARRAY: Final = 9
_ARRAYS: Final = {4: "I", 5: "i", 7: "?"}  # GGUF's types of whole numbers and of flags


@dataclass(frozen=True, slots=True)
class Settings:
    """The metadata of one file below its architecture's prefix."""

    info: GGUFInfo

    def get(self, key: str, default: Scalar) -> Scalar:
        """Return one value; ``default`` where the file has none."""
        return self.info.metadata.get(f"{self.info.architecture}.{key}", default)

    def number(self, key: str, default: float) -> float:
        """Return one value as a float."""
        value = self.get(key, default)
        if isinstance(value, str) or not math.isfinite(value):
            raise ModelError(
                f"{self.info.path} is damaged: {self.info.architecture}.{key} is {value!r}. "
                "Download it again."
            )
        return float(value)

    def whole(self, key: str) -> int:
        """Return a positive whole number that the file must have."""
        value = self.get(key, 0)
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
    shared = info.metadata.get(f"{info.architecture}.attention.head_count_kv", heads)
    return {"attn_q": heads, "attn_k": int(shared)}


def model_config(info: GGUFInfo, read_vector: ReadVector) -> Config:
    """Return the content of config.json for the working copy of ``info``.

    ``read_vector`` reads the tensors that hold RoPE factors. Raises UnsupportedModel for what
    transformers cannot compute as llama.cpp does.
    """
    settings = Settings(info)
    architecture = ARCHITECTURES[info.architecture]
    heads = head_counts(info)
    hidden = settings.whole("embedding_length")
    head = int(settings.get("attention.key_length", hidden // heads["attn_q"]))
    if settings.get("attention.value_length", head) != head:
        raise _refused(info, "keys and values of different lengths")
    names = {tensor.name for tensor in info.tensors}
    config: Config = {
        "architectures": [architecture.class_name],
        "model_type": architecture.model_type,
        "dtype": "float32",
        "vocab_size": info.tensor("token_embd.weight").rows,
        "hidden_size": hidden,
        "intermediate_size": settings.whole("feed_forward_length"),
        "num_hidden_layers": info.n_layers,
        "num_attention_heads": heads["attn_q"],
        "num_key_value_heads": heads["attn_k"],
        "head_dim": head,
        "max_position_embeddings": settings.whole("context_length"),
        "rms_norm_eps": settings.number("attention.layer_norm_rms_epsilon", 0.0),
        "hidden_act": "silu",
        "tie_word_embeddings": "output.weight" not in names,
        **{f"{name}_token_id": _token(info, name) for name in ("bos", "eos", "pad")},
    }
    for key, group in (("attention_bias", ATTENTION), ("mlp_bias", FEED_FORWARD)):
        if group in architecture.biases:
            config[key] = has_biases(info, group)
    _add_rope(config, settings, rope(settings, config, read_vector))
    own = _OWN.get(info.architecture)
    return config if own is None else own(config, settings)


def _token(info: GGUFInfo, name: str) -> int | None:
    key = {"pad": "padding"}.get(name, name)
    value = info.metadata.get(f"tokenizer.ggml.{key}_token_id")
    return value if isinstance(value, int) else None


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
            "original_max_position_embeddings": int(
                settings.get("rope.scaling.original_context_length", length)
            ),
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
    scale = 0.1 * math.log(factor) + 1.0 if factor > 1.0 else 1.0
    bounds = (32.0, 1.0)
    if settings.info.architecture == "mistral3":
        bounds = (
            settings.number("rope.scaling.yarn_beta_fast", 32.0),
            settings.number("rope.scaling.yarn_beta_slow", 1.0),
        )
        if multiplier := settings.number("rope.scaling.yarn_log_multiplier", 0.0):
            scale /= 0.1 * multiplier * math.log(factor) + 1.0 if factor > 1.0 else 1.0
    original = settings.get("rope.scaling.original_context_length", length)
    return {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": int(original),
        "attention_factor": scale * strength,
        "beta_fast": bounds[0],
        "beta_slow": bounds[1],
    }


def _add_rope(config: Config, settings: Settings, parameters: Config) -> None:
    config["rope_parameters"] = parameters
    config["rope_theta"] = parameters["rope_theta"]
    if parameters["rope_type"] != "default":
        config["rope_scaling"] = {k: v for k, v in parameters.items() if k != "rope_theta"}


_OWN: Final[dict[str, Callable[[Config, Settings], Config]]] = {}
