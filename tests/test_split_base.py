"""A base in several files is one model: pytest tests/test_split_base.py"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter

from sleeping_converters.export import GGUFExporter
from sleeping_converters.hugging_face import write_folder
from sleeping_plugin.base import current_base, hash_model, record_base
from sleeping_plugin.config import Config, ExportConfig, ModelConfig
from sleeping_plugin.errors import BaseChanged, ModelError, UsageError
from sleeping_plugin.gguf_info import read_info, shard_files
from sleeping_plugin.home import Home
from sleeping_plugin.records import LowRank, Message, silent
from sleeping_plugin.runtime import Runtime

TOUCHED = "blk.1.ffn_down.weight"


@pytest.fixture(scope="module")
def parts(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Give the tiny model in files of eight tensors, as the package gguf splits it."""
    folder, reader = tmp_path_factory.mktemp("parts"), GGUFReader(tiny_model)
    writer = GGUFWriter(folder / "tiny.gguf", "llama", split_max_tensors=8)
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            inner = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return sorted(folder.iterdir())


def test_all_files_are_read_as_one_model(tiny_model: Path, parts: list[Path]) -> None:
    joined, whole = read_info(parts[0]), read_info(tiny_model)
    assert len(parts) == 3 and joined.files == tuple(parts) == shard_files(parts[0])
    assert joined.size == sum(file.stat().st_size for file in parts)
    assert [(t.name, t.shape, t.type) for t in joined.tensors] == [
        (t.name, t.shape, t.type) for t in whole.tensors
    ]
    for one, other in zip(joined.tensors, whole.tensors, strict=True):
        pieces = []
        for tensor in (one, other):
            with tensor.path.open("rb") as file:
                file.seek(tensor.begin)
                pieces.append(file.read(tensor.nbytes or 0))
        assert pieces[0] == pieces[1]
    assert (joined.chat_template, joined.n_layers) == (whole.chat_template, whole.n_layers)


@pytest.mark.parametrize("layout", ["whole", "split"])
def test_the_export_of_a_split_base_is_to_llama_cpp_that_of_the_whole_one(
    tiny_model: Path, parts: list[Path], tmp_path: Path, layout: str
) -> None:
    n_in, n_out = read_info(tiny_model).tensor(TOUCHED).shape
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n_in)) * 0.1, rng.normal(size=(n_out, 2)) * 0.1
    change = {TOUCHED: LowRank(a.astype(np.float32), b.astype(np.float32))}
    config = Config(export=ExportConfig(layout=layout))
    found = []
    for base in (tiny_model, parts[0]):
        folder = tmp_path / base.stem
        folder.mkdir()
        files, _ = GGUFExporter().export(base, change, folder, {"sleeping.x": "1"}, config, silent)
        info = read_info(files[0])
        assert info.files == tuple(files) and len(files) == (1 if layout == "whole" else 3)
        assert ("split.count" in info.spans) == (layout == "split")
        with Runtime(files[0], context=256, threads=1) as runtime:
            chat = [Message("user", "What is my sister's name?")]
            found.append(runtime.logits(runtime.chat_tokens([chat])[0]))
    np.testing.assert_array_equal(found[0], found[1])


def test_the_digest_is_that_of_all_files(parts: list[Path]) -> None:
    data = b"".join(file.read_bytes() for file in parts)
    fractions: list[float] = []
    found = hash_model(parts[0], lambda _, fraction: fractions.append(fraction))
    assert found.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert found.size == len(data) and fractions[-1] == 1


def test_a_change_of_any_file_is_found(parts: list[Path], tmp_path: Path) -> None:
    for file in parts:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    first, second, _ = (tmp_path / file.name for file in parts)
    home, config = Home.open(), Config(model=ModelConfig(path=str(first)))
    record_base(home, hash_model(first))
    assert current_base(home, config).path == first
    data = bytearray(second.read_bytes())
    data[-40] ^= 1
    second.write_bytes(data)
    os.utime(second, (1, 1))
    with pytest.raises(BaseChanged):
        current_base(home, config)
    second.unlink()
    with pytest.raises(ModelError, match=f"{second.name} is gone"):
        current_base(home, config)


def test_its_copy_is_that_of_the_whole_model_and_the_one_that_llama_cpp_runs(
    sleeping: Any, tiny_model: Path, parts: list[Path], tmp_path: Path
) -> None:
    folders = [tmp_path / "of-one", tmp_path / "of-three"]
    for model, folder in zip((tiny_model, parts[0]), folders, strict=True):
        folder.mkdir()
        for _ in write_folder(read_info(model), folder):
            pass
    for name in ("config.json", "model.safetensors"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    assert sleeping("init", "--model", parts[0]).code == 0
    found = sleeping("doctor", "--json").json
    assert found["ok"] and "sleeping sleep" in found["verdict"]
    (copy,) = Home.open().cache.rglob("model.safetensors")
    assert copy.read_bytes() == (folders[0] / copy.name).read_bytes()
    assert (copy.parent / "tokenizer.json").is_file()


def test_a_file_that_is_not_the_first_is_answered_with_the_first(
    sleeping: Any, parts: list[Path], tmp_path: Path
) -> None:
    for command in ("init", "doctor"):
        done = sleeping(command, "--model", parts[1], "--json")
        assert done.code == ModelError.exit_code
        assert f"file 2 of a model in 3 files. Give the first one, {parts[0].name}." in done.out
    renamed = tmp_path / "renamed.gguf"
    renamed.write_bytes(parts[1].read_bytes())
    done = sleeping("init", "--model", renamed)
    assert done.code == ModelError.exit_code and "whose name has 00001" in done.err


def test_a_host_that_leads_to_one_file_does_not_take_it(sleeping: Any, parts: list[Path]) -> None:
    done = sleeping("init", "--model", parts[0], "--host", "folder")
    assert done.code == UsageError.exit_code and "the first of 3 files" in done.err
    assert not Home.open().config_file.exists()
