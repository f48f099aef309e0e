"""The keys by which an exported file says where it comes from: pytest tests/test_origin.py"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader

from sleeping_converters.export import GGUFExporter
from sleeping_plugin import factors
from sleeping_plugin.atomic import read_json, write_json
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.errors import AlreadyTaught, ModelError
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.origin import Origin, origin_of, recipe_digest
from sleeping_plugin.records import LowRank, Message, silent
from sleeping_plugin.runtime import Runtime

Write = Callable[..., Path]
ORIGIN = Origin("v-0123456789ab", f"sha256:{'0' * 64}", f"sha256:{'1' * 64}", "")
PAIR = LowRank(np.ones((1, 64), np.float32), np.ones((64, 1), np.float32))
CHANGE = {"blk.0.ffn_down.weight": PAIR}


def exported(base: Path, folder: Path, metadata: dict[str, str]) -> Path:
    config = Config(export=ExportConfig(type="own"))
    (model,), _ = GGUFExporter().export(base, CHANGE, folder, metadata, config, silent)
    return model


def test_the_keys_follow_the_metadata_of_the_base_which_keeps_every_byte(
    write_model: Write, tmp_path: Path
) -> None:
    base = write_model()
    model = exported(base, tmp_path, ORIGIN.to_metadata())
    old, new = read_info(base), read_info(model)
    before, after = base.read_bytes(), model.read_bytes()
    assert before[: old.table_start][24:] == after[24 : old.table_start]
    assert list(new.spans) == [*old.spans, *ORIGIN.to_metadata()]
    fields = GGUFReader(model).fields
    assert {k: fields[k].contents() for k in ORIGIN.to_metadata()} == ORIGIN.to_metadata()
    untouched = new.tensor("token_embd.weight"), old.tensor("token_embd.weight")
    data = [
        b[t.begin : t.begin + (t.nbytes or 0)]
        for b, t in zip((after, before), untouched, strict=True)
    ]
    assert data[0] == data[1]
    adapter = GGUFReader(tmp_path / "adapter.gguf").fields
    assert {k: adapter[k].contents() for k in ORIGIN.to_metadata()} == ORIGIN.to_metadata()


def test_a_file_tells_its_origin(write_model: Write, tmp_path: Path) -> None:
    base = write_model()
    assert origin_of(read_info(base)) is None
    child = Origin("v-ba9876543210", ORIGIN.base_digest, ORIGIN.recipe_digest, ORIGIN.version)
    for origin in (ORIGIN, child):
        assert origin_of(read_info(exported(base, tmp_path, origin.to_metadata()))) == origin


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sleeping.version", "../../v-1"),
        ("sleeping.version", "v-0123456789ab\n"),
        ("sleeping.base_digest", "md5:0"),
        ("sleeping.recipe_digest", ""),
        ("sleeping.parent", "base"),
        ("sleeping.parent", None),
    ],
)
def test_keys_that_no_export_writes_are_damage(
    write_model: Write, tmp_path: Path, key: str, value: str | None
) -> None:
    keys = ORIGIN.to_metadata() | ({key: value} if value is not None else {})
    if value is None:
        del keys[key]
    with pytest.raises(ModelError, match=f"its {key} is"):
        origin_of(read_info(exported(write_model(), tmp_path, keys)))


def test_a_recipe_has_one_digest() -> None:
    one, two = {"type": "Q8_0", "layout": "whole"}, {"layout": "whole", "type": "Q8_0"}
    assert recipe_digest(one) == recipe_digest(two) != recipe_digest({"type": "Q8_0"})


def test_llama_cpp_loads_a_file_with_the_keys(tiny_model: Path, tmp_path: Path) -> None:
    config = Config(export=ExportConfig(write_adapter=False))
    keys = ORIGIN.to_metadata()
    (model,), _ = GGUFExporter().export(tiny_model, {}, tmp_path, keys, config, silent)
    chat = [Message("user", "What is my sister's name?")]
    with Runtime(tiny_model, context=256) as base, Runtime(model, context=256) as version:
        tokens = base.chat_tokens([chat])[0]
        assert version.chat_tokens([chat])[0] == tokens
        np.testing.assert_array_equal(version.logits(tokens), base.logits(tokens))


def test_a_version_becomes_no_base(sleeping: Any, write_model: Write, tmp_path: Path) -> None:
    model = exported(write_model(), tmp_path, ORIGIN.to_metadata())
    done = sleeping("init", "--model", model)
    assert done.code == AlreadyTaught.exit_code
    assert "v-0123456789ab" in done.err and f"sleeping adopt {model}" in done.err
    assert not Home.open().config_file.exists()
    with pytest.raises(AlreadyTaught):
        GGUFExporter().check(model)


def test_verify_derives_files_with_their_keys_and_older_ones_without(
    sleeping: Any, write_model: Write, make_version: Any
) -> None:
    model = write_model()
    digest = sleeping("init", "--model", model, "--json").json["digest"]
    old, new = (make_version(name, base_digest=digest) for name in ("old", "new"))
    for version, keys in ((old, {}), (new, ORIGIN.to_metadata())):
        folder = version.files[0].parent
        exported(model, folder, keys)
        manifest = read_json(folder / "manifest.json")
        manifest["recipe"] = {"exporter": "gguf", "type": "own"}
        manifest["factors_digest"] = factors.digest(CHANGE)
        if keys:
            manifest["metadata"] = keys
        write_json(folder / "manifest.json", manifest)
        factors.save(folder / "factors.npz", CHANGE)
    assert [one["ok"] for one in sleeping("verify", "--json").json["versions"]] == [True, True]
    shutil.copy(old.files[0], new.files[0])  # the same tensors, and no keys
    found = {one["id"]: one["ok"] for one in sleeping("verify", "--json").json["versions"]}
    assert found == {old.id: True, new.id: False}
