"""Attention over a pack: every chat sees the shared prefix and itself; no more is computed.

A dense mask over the whole pack would multiply each chat with all others for nothing: for 16 chats
that is most of the work of attention, which was a quarter of a training step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward

if TYPE_CHECKING:
    from sleeping_plugin.engine.packing import Layout

NAME: Final = "sleeping_packed"


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    layout: Layout | None = None,
    softcap: float | None = None,
    sliding_window: int | None = None,
    **rest: Any,
) -> tuple[Tensor, None]:
    """Return the attended values of a pack, (1, T, heads, width), as transformers wants them.

    Query is (1, heads, T, width); keys and values may have fewer heads. Without a layout this is
    the attention of transformers, which knows neither caps nor, without a mask, windows.
    """
    if layout is None:
        if softcap or sliding_window:
            raise ValueError("A model with capped or windowed attention is run through packs.")
        out, _ = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **rest
        )
        return out, None
    layout = layout.within(sliding_window) if sliding_window else layout
    prefix, (count, width) = layout.prefix, layout.rest.shape
    shared = key.shape[1]
    groups, depth = query.shape[1] // shared, query.shape[-1]
    places = layout.rest.flatten()

    def chats(x: Tensor) -> Tensor:
        return x[0].index_select(1, places).view(x.shape[1], count, width, depth)

    def attend(scores: Tensor, sight: Tensor) -> Tensor:
        scores = scores * scaling
        scores = softcap * torch.tanh(scores / softcap) if softcap else scores
        return (scores + sight).softmax(-1)

    q = chats(query).view(shared, groups, count, width, depth).transpose(1, 2)
    rows = groups * width
    flat, own = q.reshape(shared, count * rows, depth), q.reshape(shared, count, rows, depth)
    k, v = chats(key), chats(value)  # (shared, n, R, depth)
    before_k, before_v = key[0, :, :prefix], value[0, :, :prefix]  # (shared, P, depth)
    seen = (shared, count, groups, width)
    to_prefix = (flat @ before_k.transpose(1, 2)).view(*seen, prefix)
    to_self = (own @ k.transpose(2, 3)).view(*seen, width)
    chances = attend(torch.cat([to_prefix, to_self], -1), layout.sight[:, None])
    from_prefix = chances[..., :prefix].reshape(shared, count * rows, prefix) @ before_v
    from_self = chances[..., prefix:].reshape(shared, count, rows, width) @ v
    out = (from_prefix.view_as(q) + from_self.view_as(q)).permute(1, 3, 0, 2, 4)
    out = out.reshape(count * width, groups * shared * depth).index_select(0, layout.back)
    head = query[0, :, :prefix].reshape(shared, groups, prefix, depth)
    chances = attend(head @ before_k[:, None].transpose(2, 3), layout.causal)
    first = (
        (chances @ before_v[:, None]).permute(2, 0, 1, 3).reshape(prefix, groups * shared * depth)
    )
    return torch.cat([first, out]).view(1, -1, shared * groups, depth), None


AttentionInterface.register(NAME, packed_attention)
