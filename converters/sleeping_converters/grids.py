"""How each block type of ggml keeps its grid: codes, and the float16 d and m of a block.

Codes, d and m can be changed without touching anything else: the file keeps its size and its types.
Layouts are those of ggml (ggml-common.h, dequantize_row_* in ggml-quants.c).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from gguf import GGML_QUANT_SIZES, GGMLQuantizationType
from numpy.typing import NDArray

from sleeping_converters.gguf_file import Bytes
from sleeping_plugin.engine.grid import Codes, Grid

_Groups = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def has_grid(kind: int) -> bool:
    """Tell whether a type is one of codes and scales that are known here."""
    return kind in _PACKINGS


def read_grid(raw: Bytes, kind: int) -> Grid:
    """Return the grid of rows in a type that has one: (rows, bytes per row)."""
    packing = _PACKINGS[kind]
    blocks = _blocks(raw, kind)
    codes = packing.unpack(blocks).reshape(len(raw), -1)
    scales = np.concatenate([_half(blocks, at) for at in packing.halves], -1)
    unit, shift, least = (part.astype(np.float64) for part in packing.groups(blocks))
    scales = scales.astype(np.float64)
    return Grid(codes, scales, unit, shift, least, packing.lowest, packing.highest)


def write_grid(raw: Bytes, kind: int, grid: Grid) -> Bytes:
    """Return the rows with the codes and scales of ``grid`` in place of theirs; all else stays."""
    blocks = _blocks(raw, kind).copy()
    packing = _PACKINGS[kind]
    packing.pack(blocks, grid.codes.reshape(*blocks.shape[:2], -1))
    for i, at in enumerate(packing.halves):
        half = np.ascontiguousarray(grid.scales[..., i].astype(np.float16))
        blocks[..., at : at + 2] = half.view(np.uint8).reshape(*half.shape, 2)
    return blocks.reshape(raw.shape)


def widen(raw: Bytes, kind: int) -> Bytes:
    """Return the same values in :func:`wider` of a type: (rows, bytes per row) of that.

    Every other point of that grid is one of this: half of d, twice the code.
    """
    grid, target = read_grid(raw, kind), wider(kind)
    blocks = _blocks(raw, kind)
    size = GGML_QUANT_SIZES[GGMLQuantizationType(target)][1]
    out = np.zeros((*blocks.shape[:2], size), dtype=np.uint8)
    if target == GGMLQuantizationType.Q5_K:
        out[..., 4:16] = blocks[..., 4:16]  # the small integers of the groups
    scales = grid.scales.copy()
    scales[..., 0] /= 2
    doubled = replace(grid, codes=grid.codes * 2, scales=scales)
    return write_grid(out.reshape(len(raw), -1), target, doubled)


def wider(kind: int) -> int:
    """Return the type with one bit more whose grid holds all values of this; itself if none."""
    return _WIDER.get(kind, kind)


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
    groups: Callable[[Bytes], _Groups]  # -> unit, shift, least
    halves: tuple[int, ...]  # bytes of a block where d, and m, begin
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


def _one_group(shift: int, least: int) -> Callable[[Bytes], _Groups]:
    """Return the group of a type whose blocks are one group."""

    def groups(blocks: Bytes) -> _Groups:
        one = np.ones((*blocks.shape[:2], 1), dtype=np.float32)
        return one, shift * one, least * one

    return groups


def _bytes_8(blocks: Bytes) -> Codes:
    return blocks[..., 2:34].copy().view(np.int8).astype(np.int16)


def _pack_8(blocks: Bytes, codes: Codes) -> None:
    blocks[..., 2:34] = codes.astype(np.int8).view(np.uint8)


# Blocks of 256 weights in groups, whose steps are small integers times one float16.


def _groups_of_32(blocks: Bytes) -> _Groups:
    """Return the groups of Q4_K and Q5_K: unit and least of six bits each, in twelve bytes."""
    packed = blocks[..., 4:16]
    first, second, third = packed[..., :4], packed[..., 4:8], packed[..., 8:]
    scale = np.concatenate([first & 63, (third & 15) | first >> 6 << 4], -1).astype(np.float32)
    least = np.concatenate([second & 63, third >> 4 | second >> 6 << 4], -1).astype(np.float32)
    return scale, 0 * scale, -least


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


def _groups_of_16(blocks: Bytes) -> _Groups:
    """Return the groups of Q6_K: units of eight bits, around zero."""
    unit = blocks[..., 192:208].copy().view(np.int8).astype(np.float32)
    return unit, -32 * unit, 0 * unit


_PACKINGS: Final[Mapping[int, _Packing]] = {
    int(kind): packing
    for kind, packing in {
        GGMLQuantizationType.Q4_0: _Packing(*_nibbles(2), _one_group(-8, 0), (0,), 0, 15),
        GGMLQuantizationType.Q4_1: _Packing(*_nibbles(4), _one_group(0, 1), (0, 2), 0, 15),
        GGMLQuantizationType.Q5_0: _Packing(*_nibbles(6, 2), _one_group(-16, 0), (0,), 0, 31),
        GGMLQuantizationType.Q5_1: _Packing(*_nibbles(8, 4), _one_group(0, 1), (0, 2), 0, 31),
        GGMLQuantizationType.Q8_0: _Packing(_bytes_8, _pack_8, _one_group(0, 0), (0,), -127, 127),
        GGMLQuantizationType.Q4_K: _Packing(_unpack_4k, _pack_4k, _groups_of_32, (0, 2), 0, 15),
        GGMLQuantizationType.Q5_K: _Packing(_unpack_5k, _pack_5k, _groups_of_32, (0, 2), 0, 31),
        GGMLQuantizationType.Q6_K: _Packing(_unpack_6k, _pack_6k, _groups_of_16, (208,), 0, 63),
    }.items()
}
_WIDER: Final[Mapping[int, int]] = {
    int(GGMLQuantizationType.Q4_0): int(GGMLQuantizationType.Q5_0),
    int(GGMLQuantizationType.Q4_1): int(GGMLQuantizationType.Q5_1),
    int(GGMLQuantizationType.Q4_K): int(GGMLQuantizationType.Q5_K),
}
