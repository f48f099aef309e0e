"""How the tensors of each architecture are called and laid out in a GGUF and in transformers.

The facts are those of llama.cpp's conversion/*.py (names, the order of rotary rows, the 1 that is
added to Gemma's norms) and of transformers' modeling files; tests run both on the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sleeping_plugin.errors import UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo

LINEAR: Final = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
# The gate lies before the rest in ffn_up, as in gate_up_proj.
FUSED: Final = {
    "attn_qkv": "self_attn.qkv_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_up": "mlp.gate_up_proj",
    "ffn_down": "mlp.down_proj",
}
BEFORE: Final = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm"}
AFTER: Final = {
    "post_attention_norm": "post_attention_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
AROUND: Final = {
    **AFTER,
    "attn_norm": "input_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
}
HEADS: Final = {"attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm"}
WHOLE: Final = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
# Not weights but settings: the configuration holds what they say.
ROPE_FREQS: Final = "rope_freqs.weight"
ROPE_SHORT: Final = "rope_factors_short.weight"
ROPE_LONG: Final = "rope_factors_long.weight"
SETTINGS: Final = frozenset({ROPE_FREQS, ROPE_SHORT, ROPE_LONG})

ATTENTION: Final = frozenset({"attn_q", "attn_k", "attn_v", "attn_output"})
FEED_FORWARD: Final = frozenset({"ffn_gate", "ffn_up", "ffn_down"})
Q_K_V: Final = frozenset({"attn_q", "attn_k", "attn_v"})


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture of llama.cpp that transformers has too."""

    model_type: str
    class_name: str
    linear: Mapping[str, str]  # per layer: name in the GGUF -> module in a decoder layer
    norms: Mapping[str, str]
    interleaved: bool = False  # rotary rows lie in pairs in the GGUF, in halves in transformers
    norm_offset: float = 0.0  # the GGUF's norm weights are those of transformers plus this
    # matrices whose biases transformers has a setting for; all of a group or none
    biases: tuple[frozenset[str], ...] = ()


ARCHITECTURES: Final[Mapping[str, Architecture]] = {
    "llama": Architecture(
        *("llama", "LlamaForCausalLM", LINEAR, BEFORE),
        interleaved=True,
        biases=(ATTENTION, FEED_FORWARD),
    ),
    "mistral3": Architecture(
        *("ministral3", "Ministral3ForCausalLM", LINEAR, BEFORE), interleaved=True
    ),
    "qwen2": Architecture(*("qwen2", "Qwen2ForCausalLM", LINEAR, BEFORE), biases=(Q_K_V,)),
    "qwen3": Architecture(
        *("qwen3", "Qwen3ForCausalLM", LINEAR, BEFORE | HEADS), biases=(ATTENTION,)
    ),
    "gemma2": Architecture(*("gemma2", "Gemma2ForCausalLM", LINEAR, AROUND), norm_offset=1.0),
    "gemma3": Architecture(
        *("gemma3_text", "Gemma3ForCausalLM", LINEAR, AROUND | HEADS), norm_offset=1.0
    ),
    "phi3": Architecture("phi3", "Phi3ForCausalLM", FUSED, BEFORE),
    "smollm3": Architecture(*("smollm3", "SmolLM3ForCausalLM", LINEAR, BEFORE), interleaved=True),
    "granite": Architecture(
        *("granite", "GraniteForCausalLM", LINEAR, BEFORE),
        interleaved=True,
        biases=(ATTENTION, FEED_FORWARD),
    ),
    "olmo2": Architecture("olmo2", "Olmo2ForCausalLM", LINEAR, AFTER | HEADS),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a tensor of a GGUF goes in the folder, and what is done to its numbers."""

    name: str
    heads: int = 0  # > 0: rotary rows, to be put into halves per head
    offset: float = 0.0  # to subtract


def target_of(info: GGUFInfo, name: str, heads: Mapping[str, int]) -> Target:
    """Return where the tensor ``name`` goes; UnsupportedModel for one that has no place.

    ``heads`` is the number of heads by the name of the matrix with rotary rows.
    """
    architecture = ARCHITECTURES[info.architecture]
    if name in WHOLE:
        norm = architecture.norm_offset if name == "output_norm.weight" else 0.0
        return Target(WHOLE[name], offset=norm)
    head, _, rest = name.partition(".")
    layer, _, part = rest.partition(".")
    short, _, kind = part.rpartition(".")
    module = f"model.layers.{layer}"
    if head == "blk" and layer.isdecimal() and int(layer) < info.n_layers:
        if kind == "weight" and short in architecture.norms:
            return Target(
                f"{module}.{architecture.norms[short]}.weight", offset=architecture.norm_offset
            )
        biased = kind == "bias" and any(short in group for group in architecture.biases)
        if short in architecture.linear and (kind == "weight" or biased):
            rotary = heads.get(short, 0) if architecture.interleaved else 0
            return Target(f"{module}.{architecture.linear[short]}.{kind}", rotary)
    raise UnsupportedModel(
        f"{info.path.name} holds the tensor {name}, which has no place in a {info.architecture!r}"
        " model. It cannot be taught; choose another file with `sleeping init --model FILE`."
    )


def has_biases(info: GGUFInfo, group: Iterable[str]) -> bool:
    """Return whether the matrices of ``group`` have biases; UnsupportedModel if only some do."""
    names = {tensor.name for tensor in info.tensors}
    wanted = {f"blk.{i}.{short}.bias" for i in range(info.n_layers) for short in group}
    if wanted & names and wanted - names:
        raise UnsupportedModel(
            f"{info.path.name} has no tensor {min(wanted - names)}, but {min(wanted & names)}. "
            "Such a model cannot be taught; choose another with `sleeping init --model FILE`."
        )
    return bool(wanted & names)
