"""Headers of GGUFs, sound and broken. Run: pytest tests/test_gguf_info.py"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sleeping_plugin.errors import ModelError, NoChatTemplate, UnsupportedModel
from sleeping_plugin.gguf_info import (
    aligned,
    read_info,
    require_chat,
    require_supported,
    row_bytes,
    type_name,
)

Write = Callable[..., Path]


def test_it_agrees_with_the_reader_of_the_gguf_package(smollm: Path) -> None:
    info, reader = read_info(smollm), gguf.GGUFReader(smollm)
    assert info.architecture == "llama"
    assert info.n_layers == 30
    assert info.chat_template == reader.fields["tokenizer.chat_template"].contents()
    assert info.data_start == reader.data_offset
    assert [(t.name, t.shape, t.type, t.nbytes) for t in info.tensors] == [
        (t.name, tuple(t.shape.tolist()), t.tensor_type, t.n_bytes) for t in reader.tensors
    ]
    assert info.data_start + info.tensors[3].offset == reader.tensors[3].data_offset


def test_every_cut_is_called_truncated(write_model: Write, tmp_path: Path) -> None:
    data = write_model().read_bytes()
    cut = tmp_path / "cut.gguf"
    for size in range(24, len(data), 97):
        cut.write_bytes(data[:size])
        with pytest.raises(ModelError, match="truncated"):
            read_info(cut)


def test_a_file_that_lacks_its_last_tensor_says_both_sizes(smollm: Path, tmp_path: Path) -> None:
    data = smollm.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(data[:-1000])
    with pytest.raises(ModelError, match=rf"has {len(data) - 1000} bytes .* of {len(data)}"):
        read_info(cut)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"GGML" + b"\0" * 60, b"\0" * 100])
def test_what_is_no_gguf_is_called_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no GGUF model"):
        read_info(path)


def test_missing_files_and_folders_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model at"):
        read_info(tmp_path / "gone.gguf")
    with pytest.raises(ModelError, match="Cannot read the model"):
        read_info(tmp_path)


def test_other_versions_are_named(write_model: Write) -> None:
    path = write_model()
    data = bytearray(path.read_bytes())
    for version in (1, 4, 0x03000000):
        data[4:8] = version.to_bytes(4, "little")
        path.write_bytes(data)
        with pytest.raises(ModelError, match=f"version {version}"):
            read_info(path)


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.lists(st.tuples(st.integers(4, 700), st.integers(0, 255)), max_size=12))
def test_garbage_gives_a_sentence_and_never_a_crash(
    changes: list[tuple[int, int]], write_model: Write, tmp_path: Path
) -> None:
    path = tmp_path / "tiny.gguf"
    data = bytearray(path.read_bytes() if path.exists() else write_model().read_bytes())
    broken = tmp_path / "broken.gguf"
    for at, byte in changes:
        data[at % len(data)] = byte
    broken.write_bytes(data)
    try:
        info = read_info(broken)
    except ModelError as error:
        assert str(error).endswith(".")
    else:
        assert all(t.nbytes is None or t.nbytes <= len(data) for t in info.tensors)


def test_a_model_that_cannot_chat_or_be_taught_is_named(write_model: Write) -> None:
    with pytest.raises(NoChatTemplate, match=r"tiny\.gguf has no chat template"):
        require_chat(read_info(write_model(template=None)))
    with pytest.raises(UnsupportedModel, match=r"'mystery'.*Supported: llama"):
        require_supported(read_info(write_model(architecture="mystery")))
    sound = read_info(write_model())
    assert require_chat(sound) == "{{ x }}"
    require_supported(sound)
    with pytest.raises(UnsupportedModel, match=r"no tensor blk\.9"):
        sound.tensor("blk.9.ffn_down.weight")


@pytest.mark.parametrize("architecture", ["qwen3moe", "llama"])  # Mixtral says "llama"
def test_a_mixture_of_experts_is_read_and_refused(tmp_path: Path, architecture: str) -> None:
    path = tmp_path / "experts.gguf"
    with closing(gguf.GGUFWriter(path, architecture)) as writer:
        writer.add_block_count(1)
        writer.add_expert_count(8)
        experts = np.zeros((8, 4, 32), np.float16)
        writer.add_tensor("blk.0.ffn_gate_exps.weight", experts)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    info = read_info(path)
    assert info.tensor("blk.0.ffn_gate_exps.weight").shape == (32, 4, 8)
    with pytest.raises(UnsupportedModel) as caught:
        require_supported(info)
    assert str(caught.value) == (
        f"experts.gguf is a mixture of experts ({architecture}), which cannot be taught yet. "
        "Choose a dense model with `sleeping init --model FILE.gguf`."
    )


def test_sizes_of_rows() -> None:
    assert row_bytes(3, 576) == 576 // 32 * 20
    assert row_bytes(12, 576) is None  # Q4_K has blocks of 256
    assert type_name(3) == "Q4_1"
    assert type_name(999) == "type 999"
    assert (aligned(0, 32), aligned(1, 32), aligned(32, 32)) == (0, 32, 32)
