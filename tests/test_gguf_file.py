"""Reading, rounding and rewriting tensors. Run: pytest tests/test_gguf_file.py"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType as Type
from gguf import GGUFReader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeping_converters import gguf_file
from sleeping_converters.gguf_file import (
    Change,
    can_read,
    plan_whole,
    read_rows,
    round_rows,
    write_files,
    written_whole,
)
from sleeping_plugin.errors import DiskFull, UnsupportedModel
from sleeping_plugin.gguf_info import TensorInfo, read_info
from sleeping_plugin.records import Array


def write_base(path: Path, shapes: list[tuple[int, int]], kinds: list[Type]) -> Path:
    """Write a model of random matrices, each in its type."""
    rng = np.random.default_rng(0)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    for i, (shape, kind) in enumerate(zip(shapes, kinds, strict=True)):
        rows = round_rows(rng.normal(size=shape).astype(np.float32), int(kind))
        writer.add_tensor(f"blk.{i}.ffn_down.weight", rows, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def writing(
    base: Path, path: Path, types: dict[str, int], change: Change, **metadata: str
) -> Iterator[float]:
    """Write the base with these changes to ``path``, a piece at a time."""
    plan = plan_whole(read_info(base), types, metadata, path.name)
    return write_files([plan], path.parent, change)


def nothing(tensor: TensorInfo, first: int, rows: Array) -> None:
    """Change nothing."""


def test_nothing_changed_gives_the_same_file(smollm: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    assert list(writing(smollm, copy, {}, nothing))[-1] == 1
    assert copy.read_bytes() == smollm.read_bytes()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    tensors=st.lists(
        st.tuples(
            st.integers(1, 5),
            st.integers(1, 3),
            st.sampled_from([Type.F32, Type.F16, Type.Q8_0, Type.Q4_1, Type.Q4_K]),
            st.sampled_from([None, Type.F32, Type.F16, Type.Q8_0]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_changed_tensors_move_the_others_and_alter_none(
    tensors: list[tuple[int, int, Type, Type | None]], tmp_path: Path
) -> None:
    shapes = [(rows, blocks * 256) for rows, blocks, _, _ in tensors]
    base = write_base(tmp_path / "base.gguf", shapes, [kind for *_, kind, _ in tensors])
    info = read_info(base)
    types = {f"blk.{i}.ffn_down.weight": int(new) for i, (*_, new) in enumerate(tensors) if new}

    def double(tensor: TensorInfo, first: int, rows: Array) -> None:
        rows *= 2

    changed = tmp_path / "changed.gguf"
    list(writing(base, changed, types, double))
    assert changed.read_bytes()[: info.table_start] == base.read_bytes()[: info.table_start]
    assert changed.stat().st_size == plan_whole(info, types, {}, "").size
    before, after = GGUFReader(base), GGUFReader(changed)
    assert [t.name for t in after.tensors] == [t.name for t in before.tensors]
    for old, new in zip(before.tensors, after.tensors, strict=True):
        if old.name not in types:
            assert old.tensor_type == new.tensor_type
            assert old.data.tobytes() == new.data.tobytes()
            continue
        assert new.tensor_type == types[old.name]
        expected = 2 * gguf.quants.dequantize(old.data, old.tensor_type)
        got = gguf.quants.dequantize(new.data, new.tensor_type)
        np.testing.assert_allclose(got, expected, atol=np.abs(expected).max() / 120)


def test_long_tensors_are_changed_piece_by_piece_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = write_base(tmp_path / "base.gguf", [(37, 256)], [Type.F16])
    types = {"blk.0.ffn_down.weight": int(Type.F32)}
    files = []
    for chunk in (256, 1000, 1 << 20):
        monkeypatch.setattr(gguf_file, "_CHUNK", chunk)
        seen: list[int] = []

        def add(tensor: TensorInfo, first: int, rows: Array, seen: list[int] = seen) -> None:
            seen.append(len(rows))
            rows += np.arange(first, first + len(rows), dtype=np.float32)[:, None]

        out = tmp_path / f"{chunk}.gguf"
        list(writing(base, out, types, add))
        assert sum(seen) == 37
        files.append(out.read_bytes())
    assert files[0] == files[1] == files[2]


def test_pieces_are_worked_on_side_by_side_and_written_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two cores the first piece waits for the second; the bytes are those of one core."""
    base = write_base(tmp_path / "base.gguf", [(37, 256)], [Type.Q4_K])
    monkeypatch.setattr(gguf_file, "_CHUNK", 4 * 256)
    second = threading.Event()
    files = []
    for cores in (2, 1):
        monkeypatch.setattr(gguf_file, "physical_cores", lambda cores=cores: cores)

        def add(tensor: TensorInfo, first: int, rows: Array, cores: int = cores) -> None:
            if first == 4:
                second.set()
            assert first or cores == 1 or second.wait(60)
            rows += np.arange(first, first + len(rows), dtype=np.float32)[:, None]

        out = tmp_path / f"{cores}.gguf"
        list(writing(base, out, {"blk.0.ffn_down.weight": int(Type.Q4_K)}, add))
        files.append(out.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize("kind", [Type.Q4_K, Type.Q6_K, Type.Q5_K, Type.Q4_1, Type.Q8_0])
def test_rounding_comes_back_near(kind: Type) -> None:
    rows = np.random.default_rng(1).normal(size=(4, 512)).astype(np.float32)
    rounded = round_rows(rows, int(kind))
    assert rounded.dtype == np.uint8
    back = read_rows(rounded, int(kind))
    assert back.shape == rows.shape
    assert np.sqrt(np.mean((back - rows) ** 2)) < 0.1


def test_types_that_need_more_than_the_weights_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match=r"IQ2_XXS.*importance matrix"):
        round_rows(np.zeros((1, 256), dtype=np.float32), int(Type.IQ2_XXS))
    assert can_read(int(Type.Q4_1)) and can_read(int(Type.Q6_K)) and can_read(int(Type.F32))
    assert not can_read(int(Type.I32))
    assert not can_read(999)


def test_an_error_in_the_middle_leaves_nothing(smollm: Path, tmp_path: Path) -> None:
    def fail(tensor: TensorInfo, first: int, rows: Array) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "out" / "model.gguf"
    target.parent.mkdir()
    with pytest.raises(KeyboardInterrupt):
        list(writing(smollm, target, {"blk.3.ffn_up.weight": 8}, fail))
    assert list(target.parent.iterdir()) == []


def test_a_writer_that_is_left_leaves_nothing(smollm: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "model.gguf"
    target.parent.mkdir()
    left = writing(smollm, target, {}, nothing)
    next(left)
    left.close()  # type: ignore[attr-defined]  # it is a generator
    assert list(target.parent.iterdir()) == []


def test_a_full_disk_at_the_last_moment_leaves_nothing(
    smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    target = tmp_path / "out" / "model.gguf"
    target.parent.mkdir()
    with pytest.raises(DiskFull, match="disk is full"):
        list(writing(smollm, target, {}, nothing))
    assert list(target.parent.iterdir()) == []


def test_a_file_appears_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with written_whole(path) as temporary:
        temporary.write_bytes(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
