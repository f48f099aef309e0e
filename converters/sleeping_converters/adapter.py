"""Low-rank factors as a LoRA GGUF that llama.cpp loads over the base.

The file has no alpha, so llama.cpp adds ``b @ a`` as it stands, whatever the rank of each tensor.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import numpy as np
from gguf import GGUFValueType, GGUFWriter, Keys

from sleeping_converters.gguf_file import written_whole
from sleeping_plugin.atomic import disk_errors
from sleeping_plugin.errors import UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo
from sleeping_plugin.records import Factors, LowRank


def write_adapter(
    info: GGUFInfo, factors: Factors, path: Path, metadata: Mapping[str, str]
) -> None:
    """Write ``factors`` in f16, and ``metadata``, to ``path``, which appears whole or not at all.

    Raises UnsupportedModel for a tensor that llama.cpp takes no adapter for.
    """
    with (
        disk_errors(path),
        written_whole(path) as temporary,
        closing(GGUFWriter(temporary, info.architecture)) as writer,
    ):
        writer.add_type("adapter")
        writer.add_string(Keys.Adapter.TYPE, "lora")
        for key, value in metadata.items():
            writer.add_key_value(key, value, GGUFValueType.STRING)  # add_string drops empty ones
        for name in sorted(factors):
            # llama.cpp aborts on an adapter of an embedding that is the output as well.
            if not name.startswith("blk."):
                raise UnsupportedModel(f"An adapter cannot change {name}. Export a merged file.")
            pair = balanced(factors[name])
            writer.add_tensor(f"{name}.lora_a", pair.a.astype(np.float16))
            writer.add_tensor(f"{name}.lora_b", pair.b.astype(np.float16))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def balanced(pair: LowRank) -> LowRank:
    """Return the same change with both sides of like size, so that f16 holds them.

    Rows of ``a`` and columns of ``b`` are scaled by powers of two: the product stays exact.
    """
    high_a, high_b = np.abs(pair.a).max(axis=1), np.abs(pair.b).max(axis=0)
    live = (high_a > 0) & (high_b > 0)
    ratio = np.divide(high_b, high_a, out=np.ones_like(high_a), where=live)
    scale = np.exp2(np.round(np.log2(ratio) / 2)).astype(np.float32)
    return LowRank(pair.a * scale[:, None], pair.b / scale)
