"""The grid of values that each block of a quantised tensor can hold, and codes on it.

A weight of a block type is ``low + step * code``, with a step (and a low) for each group of 16 or
32 weights. Codes can be changed without touching the groups: the file keeps its size, its types
and its scales. Layouts are those of ggml (ggml-common.h, dequantize_row_* in ggml-quants.c).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

from sleeping_converters.gguf_file import Bytes

Codes = NDArray[np.int16]
Steps = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """What the weights of some rows can be: ``low + step * code``, per group of weights."""

    codes: Codes  # (rows, n), as they are now
    step: Steps  # (rows, n / group); 0 where a group holds one value only
    low: Steps  # (rows, n / group)
    lowest: int  # code
    highest: int

    @property
    def group(self) -> int:
        """Return the number of weights that share a step."""
        return int(self.codes.shape[1] // self.step.shape[1])


def read_grid(raw: Bytes, kind: int) -> Grid | None:
    """Return the grid of rows in a type: (rows, bytes per row); None for a type without one."""
    packing = _PACKINGS.get(kind)
    if packing is None:
        return None
    blocks = _blocks(raw, kind)
    step, low = packing.groups(blocks)
    codes = packing.unpack(blocks).reshape(len(raw), -1)
    wide = [part.astype(np.float64).reshape(len(raw), -1) for part in (step, low)]
    return Grid(codes, wide[0], wide[1], packing.lowest, packing.highest)


def write_codes(raw: Bytes, kind: int, codes: Codes) -> Bytes:
    """Return the rows with these codes (rows, n) in place of theirs; all else stays."""
    blocks = _blocks(raw, kind).copy()
    width = GGML_QUANT_SIZES[GGMLQuantizationType(kind)][0]
    _PACKINGS[kind].pack(blocks, codes.reshape(*blocks.shape[:2], width))
    return blocks.reshape(raw.shape)


def _blocks(raw: Bytes, kind: int) -> Bytes:
    return raw.reshape(len(raw), -1, GGML_QUANT_SIZES[GGMLQuantizationType(kind)][1])


def _half(blocks: Bytes, at: int) -> NDArray[np.float32]:
    """Return the float16 at byte ``at`` of every block: (rows, blocks, 1)."""
    return blocks[..., at : at + 2].copy().view(np.float16).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Packing:
    """How a type keeps its codes and groups. Blocks are (rows, blocks, bytes per block)."""

    unpack: Callable[[Bytes], Codes]  # -> (rows, blocks, width)
    pack: Callable[[Bytes, Codes], None]  # in place
    groups: Callable[[Bytes], tuple[NDArray[np.float32], NDArray[np.float32]]]  # -> step, low
    lowest: int
    highest: int


def _nibbles(
    at: int, high_bits: int | None = None
) -> tuple[Callable[[Bytes], Codes], Callable[[Bytes, Codes], None]]:
    """Return how 32 codes of 4 bits lie at byte ``at``, a fifth bit of each at ``high_bits``."""

    def unpack(blocks: Bytes) -> Codes:
        packed = blocks[..., at : at + 16]
        codes = np.concatenate([packed & 15, packed >> 4], -1).astype(np.int16)
        if high_bits is not None:
            fifth = blocks[..., high_bits : high_bits + 4]
            codes |= np.unpackbits(fifth, axis=-1, bitorder="little").astype(np.int16) << 4
        return codes

    def pack(blocks: Bytes, codes: Codes) -> None:
        four = (codes & 15).astype(np.uint8)
        blocks[..., at : at + 16] = four[..., :16] | four[..., 16:] << 4
        if high_bits is not None:
            fifth = (codes >> 4).astype(np.uint8)
            blocks[..., high_bits : high_bits + 4] = np.packbits(fifth, -1, bitorder="little")

    return unpack, pack


def _around_zero(middle: int) -> Callable[[Bytes], tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return how ``d * (code - middle)`` is a step and a low, with d first in the block."""

    def groups(blocks: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        step = _half(blocks, 0)
        return step, -middle * step

    return groups


def _step_and_low(blocks: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return _half(blocks, 0), _half(blocks, 2)


def _bytes_8(blocks: Bytes) -> Codes:
    return blocks[..., 2:34].copy().view(np.int8).astype(np.int16)


def _pack_8(blocks: Bytes, codes: Codes) -> None:
    blocks[..., 2:34] = codes.astype(np.int8).view(np.uint8)


# Blocks of 256 weights in groups, whose steps are small integers times one float16.


def _groups_of_32(blocks: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the steps and lows of Q4_K and Q5_K: six bits each, in twelve bytes."""
    packed = blocks[..., 4:16]
    first, second, third = packed[..., :4], packed[..., 4:8], packed[..., 8:]
    scale = np.concatenate([first & 63, (third & 15) | first >> 6 << 4], -1).astype(np.float32)
    least = np.concatenate([second & 63, third >> 4 | second >> 6 << 4], -1).astype(np.float32)
    return _half(blocks, 0) * scale, -_half(blocks, 2) * least


def _unpack_4k(blocks: Bytes, at: int = 16) -> Codes:
    packed = blocks[..., at : at + 128].reshape(*blocks.shape[:2], 4, 1, 32)
    four = np.concatenate([packed & 15, packed >> 4], -2)
    return four.astype(np.int16).reshape(*blocks.shape[:2], 256)


def _pack_4k(blocks: Bytes, codes: Codes, at: int = 16) -> None:
    four = (codes & 15).astype(np.uint8).reshape(*codes.shape[:2], 4, 2, 32)
    packed = four[..., 0, :] | four[..., 1, :] << 4
    blocks[..., at : at + 128] = packed.reshape(*codes.shape[:2], 128)


def _unpack_5k(blocks: Bytes) -> Codes:
    bits = np.unpackbits(blocks[..., 16:48, None], axis=-1, bitorder="little")  # (..., 32, 8)
    fifth = np.swapaxes(bits, -1, -2).reshape(*blocks.shape[:2], 256).astype(np.int16)
    return _unpack_4k(blocks, 48) | fifth << 4


def _pack_5k(blocks: Bytes, codes: Codes) -> None:
    _pack_4k(blocks, codes, 48)
    fifth = (codes >> 4).astype(np.uint8).reshape(*codes.shape[:2], 8, 32)
    packed = np.packbits(np.swapaxes(fifth, -1, -2), axis=-1, bitorder="little")
    blocks[..., 16:48] = packed[..., 0]


def _unpack_6k(blocks: Bytes) -> Codes:
    shape = blocks.shape[:2]
    low = blocks[..., :128].reshape(*shape, 2, 1, 64)
    four = np.concatenate([low & 15, low >> 4], -2).reshape(*shape, 2, 4, 32).astype(np.int16)
    high = blocks[..., 128:192].reshape(*shape, 2, 1, 32)
    two = np.concatenate([high >> shift & 3 for shift in (0, 2, 4, 6)], -2).astype(np.int16)
    return (four | two << 4).reshape(*shape, 256)


def _pack_6k(blocks: Bytes, codes: Codes) -> None:
    shape = codes.shape[:2]
    parts = codes.astype(np.uint8).reshape(*shape, 2, 4, 32)
    four = (parts & 15).reshape(*shape, 2, 2, 64)
    blocks[..., :128] = (four[..., 0, :] | four[..., 1, :] << 4).reshape(*shape, 128)
    two = parts >> 4
    high = two[..., 0, :] | two[..., 1, :] << 2 | two[..., 2, :] << 4 | two[..., 3, :] << 6
    blocks[..., 128:192] = high.reshape(*shape, 64)


def _groups_of_16(blocks: Bytes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the steps and lows of Q6_K: eight bits each, around zero."""
    step = _half(blocks, 208) * blocks[..., 192:208].copy().view(np.int8).astype(np.float32)
    return step, -32 * step


_PACKINGS: Final[Mapping[int, _Packing]] = {
    int(kind): packing
    for kind, packing in {
        GGMLQuantizationType.Q4_0: _Packing(*_nibbles(2), _around_zero(8), 0, 15),
        GGMLQuantizationType.Q4_1: _Packing(*_nibbles(4), _step_and_low, 0, 15),
        GGMLQuantizationType.Q5_0: _Packing(*_nibbles(6, 2), _around_zero(16), 0, 31),
        GGMLQuantizationType.Q5_1: _Packing(*_nibbles(8, 4), _step_and_low, 0, 31),
        GGMLQuantizationType.Q8_0: _Packing(_bytes_8, _pack_8, _around_zero(0), -127, 127),
        GGMLQuantizationType.Q4_K: _Packing(_unpack_4k, _pack_4k, _groups_of_32, 0, 15),
        GGMLQuantizationType.Q5_K: _Packing(_unpack_5k, _pack_5k, _groups_of_32, 0, 31),
        GGMLQuantizationType.Q6_K: _Packing(_unpack_6k, _pack_6k, _groups_of_16, 0, 63),
    }.items()
}
