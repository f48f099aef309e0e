"""The exporter, on the real model. Run: pytest tests/test_export.py"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
from numpy.typing import NDArray

from sleeping_converters import gguf_file
from sleeping_converters.adapter import balanced
from sleeping_converters.export import GGUFExporter, choose_types
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.errors import DiskFull, ModelError, NoChatTemplate, UnsupportedModel
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, read_info, type_name
from sleeping_plugin.hookspecs import Exporter
from sleeping_plugin.records import Array, LowRank, Message, SecondMoment, silent
from sleeping_plugin.runtime import Runtime

TOUCHED = ("blk.4.attn_q.weight", "blk.7.ffn_down.weight", "blk.8.attn_k.weight")
RANK = 3


def make_factors(base: Path, size: float = 0.25) -> dict[str, LowRank]:
    """Return a change of three matrices that is large enough to be seen in every type."""
    info, rng = read_info(base), np.random.default_rng(5)
    factors = {}
    for name in TOUCHED:
        n_in, n_out = info.tensor(name).shape
        a = rng.normal(size=(RANK, n_in)).astype(np.float32)
        b = rng.normal(size=(n_out, RANK)).astype(np.float32)
        factors[name] = LowRank(a * size, b * size)
    return factors


def export(base: Path, factors: dict[str, LowRank], folder: Path, kind: str) -> Path:
    folder.mkdir()
    config = Config(export=ExportConfig(type=kind))
    (model,), adapter = GGUFExporter().export(base, factors, folder, {}, config, silent)
    assert (adapter is not None) == bool(factors)
    return model


def content(info: GGUFInfo, tensor: TensorInfo) -> NDArray[np.uint8]:
    begin, size = info.data_start + tensor.offset, tensor.nbytes or 0
    return np.fromfile(info.path, dtype=np.uint8, offset=begin, count=size)


def numbers(data: NDArray[np.uint8], tensor: TensorInfo) -> Array:
    kind = gguf.GGMLQuantizationType(tensor.type)
    return np.asarray(gguf.quants.dequantize(data.reshape(tensor.rows, -1), kind))


def log_probabilities(model: Path, adapter: Path | None = None) -> Array:
    with Runtime(model, adapter, context=256) as runtime:
        chat = [Message("user", "Why is the sky blue? Explain it as to a child.")]
        logits = runtime.logits(runtime.chat_tokens([chat])[0])
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def divergence(p: Array, q: Array) -> float:
    return float((np.exp(p) * (p - q)).sum(axis=1).mean())


@pytest.mark.parametrize("kind", ["own", "Q8_0", "F16"])
def test_untouched_tensors_and_metadata_stay_byte_for_byte(
    smollm: Path, tmp_path: Path, kind: str
) -> None:
    factors = make_factors(smollm)
    model = export(smollm, factors, tmp_path / kind, kind)
    info = read_info(smollm)
    head = info.table_start
    with smollm.open("rb") as old, model.open("rb") as new:
        assert old.read(head) == new.read(head)
    written = read_info(model)
    for old_tensor, new_tensor in zip(info.tensors, written.tensors, strict=True):
        name = old_tensor.name
        assert name == new_tensor.name
        before, after = content(info, old_tensor), content(written, new_tensor)
        if name not in factors:
            assert old_tensor.type == new_tensor.type
            assert before.tobytes() == after.tobytes()
            continue
        assert new_tensor.type_name == ("Q4_1" if kind == "own" else kind)
        expected = numbers(before, old_tensor) + factors[name].b @ factors[name].a
        got = numbers(after, new_tensor)
        error = np.abs(got - expected).max() / np.abs(expected).max()
        assert error < {"own": 0.1, "Q8_0": 0.01, "F16": 0.001}[kind]


def test_no_factors_give_the_base(smollm: Path, tmp_path: Path) -> None:
    assert export(smollm, {}, tmp_path / "out", "Q8_0").read_bytes() == smollm.read_bytes()


def test_the_same_factors_give_the_same_bytes_in_any_order(smollm: Path, tmp_path: Path) -> None:
    factors = make_factors(smollm)
    turned = {
        name: LowRank(np.asfortranarray(pair.a), np.asfortranarray(pair.b))
        for name, pair in reversed(factors.items())
    }
    one = export(smollm, factors, tmp_path / "one", "Q8_0")
    two = export(smollm, turned, tmp_path / "two", "Q8_0")
    assert one.read_bytes() == two.read_bytes()
    for name in ("adapter.gguf",):
        assert (one.parent / name).read_bytes() == (two.parent / name).read_bytes()


def test_what_is_rounded_does_not_depend_on_the_number_of_cores(
    smollm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = {"blk.7.ffn_down.weight": make_factors(smollm, 0.1)["blk.7.ffn_down.weight"]}
    n_in = read_info(smollm).tensor("blk.7.ffn_down.weight").shape[0]
    root = np.random.default_rng(6).normal(size=(16, n_in)).astype(np.float32)
    moments = {name: SecondMoment(root, 0.1) for name in change}
    found = []
    own = Config(export=ExportConfig(type="own"))
    for cores in (1, 3):
        monkeypatch.setattr(gguf_file, "physical_cores", lambda cores=cores: cores)
        (rounded,) = GGUFExporter().round(smollm, change, moments, own, silent).values()
        found.append(rounded)
    (grid, moves), (other, same) = found
    assert moves.any() and np.array_equal(moves, same)
    assert np.array_equal(grid.scales, other.scales) and np.array_equal(grid.codes, other.codes)


def test_merged_file_and_adapter_are_the_same_model_to_llama_cpp(
    smollm: Path, tmp_path: Path
) -> None:
    info = read_info(smollm)
    zero = {
        t.name: LowRank(
            np.zeros((1, t.shape[0]), dtype=np.float32), np.zeros((t.shape[1], 1), np.float32)
        )
        for t in info.tensors
        if len(t.shape) == 2
    }
    # On a base in F16, for with Q4_1 llama.cpp rounds the activations too, which costs 5e-3.
    plain = tmp_path / "plain"
    plain.mkdir()
    config = Config(export=ExportConfig(type="F16", write_adapter=False))
    (base,), adapter = GGUFExporter().export(smollm, zero, plain, {}, config, silent)
    assert adapter is None
    factors = make_factors(base)
    merged = export(base, factors, tmp_path / "merged", "F16")
    together = log_probabilities(merged)
    assert divergence(together, log_probabilities(base)) > 0.1
    with_adapter = log_probabilities(base, merged.parent / "adapter.gguf")
    assert divergence(together, with_adapter) < 1e-3


def test_a_finer_tensor_keeps_its_type(smollm: Path) -> None:
    info = read_info(smollm)
    embedding = info.tensor("token_embd.weight")
    pair = LowRank(
        np.ones((1, embedding.shape[0]), np.float32), np.ones((embedding.shape[1], 1), np.float32)
    )
    kinds = {
        wanted: choose_types(info, {embedding.name: pair}, wanted)
        for wanted in ("own", "Q8_0", "F16")
    }
    assert [type_name(kind[embedding.name]) for kind in kinds.values()] == ["Q8_0", "Q8_0", "F16"]


def test_rows_that_fill_no_block_become_f16(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("blk.0.ffn_up.weight", np.ones((4, 48), dtype=np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    pair = LowRank(np.ones((1, 48), np.float32), np.ones((4, 1), np.float32))
    types = choose_types(read_info(path), {"blk.0.ffn_up.weight": pair}, "Q8_0")
    assert [type_name(kind) for kind in types.values()] == ["F16"]


def test_factors_of_another_model_are_refused(smollm: Path, tmp_path: Path) -> None:
    good = make_factors(smollm)[TOUCHED[0]]
    exporter = GGUFExporter()
    for factors, words in (
        ({"blk.99.ffn_up.weight": good}, "no tensor blk.99"),
        ({TOUCHED[1]: good}, r"matrix of \(576, 576\).*\(576, 1536\)"),
        ({TOUCHED[0]: LowRank(good.a[:2], good.b)}, "matrix of"),
        ({TOUCHED[0]: LowRank(good.a * np.float32(np.nan), good.b)}, "not finite"),
    ):
        with pytest.raises(UnsupportedModel, match=words):
            exporter.export(smollm, factors, tmp_path, {}, Config(), silent)
        with pytest.raises(UnsupportedModel, match=words):
            exporter.export_adapter(smollm, factors, tmp_path / "adapter.gguf")
    assert list(tmp_path.glob("*.gguf")) == []


def test_an_adapter_of_the_embedding_is_refused(smollm: Path, tmp_path: Path) -> None:
    shape = read_info(smollm).tensor("token_embd.weight").shape
    pair = LowRank(np.ones((1, shape[0]), np.float32), np.ones((shape[1], 1), np.float32))
    path = tmp_path / "adapter.gguf"
    with pytest.raises(UnsupportedModel, match="cannot change token_embd"):
        GGUFExporter().export_adapter(smollm, {"token_embd.weight": pair}, path)
    assert not path.exists()


def test_factors_of_very_different_size_survive_f16() -> None:
    pair = LowRank(
        np.array([[1e-6, 2e-6], [0, 0], [3e5, 1e5]], np.float32),
        np.array([[1e5, 1, 1e-6], [-2e5, 1, 1e-6]], np.float32),
    )
    even = balanced(pair)
    np.testing.assert_array_equal(even.b @ even.a, pair.b @ pair.a)
    halves = even.b.astype(np.float16).astype(np.float32), even.a.astype(np.float16)
    np.testing.assert_allclose(halves[0] @ halves[1].astype(np.float32), pair.b @ pair.a, rtol=2e-3)


def test_check_names_what_cannot_be_exported(
    smollm: Path, tmp_path: Path, write_model: Callable[..., Path]
) -> None:
    exporter: Exporter = GGUFExporter()
    exporter.check(smollm)
    with pytest.raises(ModelError, match="no model at"):
        exporter.check(tmp_path / "gone.gguf")
    with pytest.raises(UnsupportedModel, match=r"'gpt2'.*Supported: llama"):
        exporter.check(write_model(architecture="gpt2"))
    with pytest.raises(NoChatTemplate):
        exporter.check(write_model(template=None))


def test_a_full_disk_is_found_before_writing(
    smollm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(DiskFull, match="the new version"):
        GGUFExporter().export(smollm, make_factors(smollm), tmp_path, {}, Config(), silent)
    assert list(tmp_path.glob("*gguf*")) == []
