"""Nights on the float weights that a GGUF was made from: found, compared, learnt on, written.

Run: pytest tests/test_master.py
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import transformers
from conftest import Sleeping
from night_fixtures import Sleep, settings

from sleeping_converters import hugging_face
from sleeping_converters.export import GGUFExporter
from sleeping_converters.gguf_file import read_rows, round_rows
from sleeping_converters.grids import has_grid, read_grid
from sleeping_converters.hugging_face import write_folder
from sleeping_converters.master import check_master, find_master, original_rows
from sleeping_plugin.base import recorded_base
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.errors import MasterDiffers, ModelError
from sleeping_plugin.gguf_info import TensorInfo, read_info
from sleeping_plugin.home import Home
from sleeping_plugin.records import Array, LowRank, silent
from sleeping_plugin.versions import Versions

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()

Change = Callable[[str, torch.Tensor], None]  # of the weight of that name, in place


def make_pair(
    place: Path, name: str = "llama", kind: str = "Q8_0", *, change: Change | None = None
) -> tuple[Path, Path, Any]:
    """Return a GGUF, the folder it was made from (or one that was changed since) and the model."""
    model = tiny_models.make_model(name)
    gguf = tiny_models.write_model(model, name, place / f"{kind}.gguf", kind)
    if change is not None:
        apply(model, change)
    model.save_pretrained(place / "master")
    return gguf, place / "master", model


def apply(model: Any, change: Change) -> None:
    with torch.no_grad():
        for key, weight in model.named_parameters():
            change(key, weight)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("llama", kind) for kind in ("F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_1", "IQ4_NL")),
        *((name, "Q4_0") for name in ("gemma-3", "phi-3", "qwen-2", "llama-3")),
    ],
)
def test_what_a_file_was_made_from_is_known_again_and_is_its_copy(
    tmp_path: Path, name: str, kind: str
) -> None:
    gguf, master, model = make_pair(tmp_path, name, kind)
    info = read_info(gguf)
    check_master(info, master, silent)
    (tmp_path / "copy").mkdir()
    with original_rows(info, master) as original:
        for _ in write_folder(info, tmp_path / "copy", original):
            pass
    copy = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "copy", dtype="float32")
    expected = model.state_dict()
    for key, weight in copy.state_dict().items():
        torch.testing.assert_close(weight, expected[key], rtol=0, atol=3e-7)


def test_scales_so_small_that_float16_is_coarse_are_no_difference(tmp_path: Path) -> None:
    def faint(key: str, weight: torch.Tensor) -> None:
        if "up_proj" in key:
            weight.mul_(1e-3)

    model = tiny_models.make_model("llama")
    apply(model, faint)
    gguf = tiny_models.write_model(model, "llama", tmp_path / "faint.gguf", "Q8_0")
    model.save_pretrained(tmp_path / "master")
    check_master(read_info(gguf), tmp_path / "master", silent)
    apply(model, tuned)
    model.save_pretrained(tmp_path / "master")
    with pytest.raises(MasterDiffers):
        check_master(read_info(gguf), tmp_path / "master", silent)


def test_a_master_in_bfloat16_of_a_file_made_from_more_bits_is_known(tmp_path: Path) -> None:
    gguf, master, model = make_pair(tmp_path)
    shutil.rmtree(master)
    model.to(torch.bfloat16).save_pretrained(master, max_shard_size="100KB")
    assert len(list(master.glob("model-*.safetensors"))) > 1
    check_master(read_info(gguf), master, silent)


def other(_: str, weight: torch.Tensor) -> None:
    weight.copy_(weight.flip(0))


def tuned(key: str, weight: torch.Tensor) -> None:
    if "mlp" in key and weight.dim() > 1:
        noise = torch.randn(weight.shape, generator=torch.Generator().manual_seed(1))
        weight.add_(noise * weight.std() * 0.02)


def tuned_norms(key: str, weight: torch.Tensor) -> None:
    if "norm" in key:
        weight.mul_(1.01)


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_0", "Q4_1", "Q5_0"])
@pytest.mark.parametrize("change", [other, tuned, tuned_norms])
def test_another_model_and_another_fine_tune_of_the_same_shape_are_refused(
    tmp_path: Path, kind: str, change: Change
) -> None:
    gguf, master, _ = make_pair(tmp_path, kind=kind, change=change)
    with pytest.raises(MasterDiffers, match=r"is not what .*\.gguf was made from: .* is too far"):
        check_master(read_info(gguf), master, silent)


def test_models_of_another_form_are_refused_by_the_first_thing_that_differs(
    tmp_path: Path,
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    info = read_info(make_pair(tmp_path / "one")[0])
    other_kind = make_pair(tmp_path / "two", "qwen-3")[1]
    with pytest.raises(
        MasterDiffers, match=r"has no weights for blk\.0\.attn_q\.bias|is \(.*there"
    ):
        check_master(info, other_kind, silent)
    master = tmp_path / "one" / "master"
    weights = dict(read_weights(master))
    weights["model.layers.3.mlp.up_proj.weight"] = weights["model.layers.2.mlp.up_proj.weight"]
    save_weights(master, weights)
    with pytest.raises(MasterDiffers, match=r"it also has model\.layers\.3\.mlp"):
        check_master(info, master, silent)


def read_weights(folder: Path) -> Iterator[tuple[str, torch.Tensor]]:
    from safetensors.torch import load_file

    yield from load_file(folder / "model.safetensors").items()


def save_weights(folder: Path, weights: dict[str, torch.Tensor]) -> None:
    from safetensors.torch import save_file

    save_file(
        {key: weight.clone() for key, weight in weights.items()}, folder / "model.safetensors"
    )


@pytest.mark.parametrize("data", [b"", b"\xff" * 40, b"\x02\0\0\0\0\0\0\0[]", None])
def test_damaged_weights_are_named(tmp_path: Path, data: bytes | None) -> None:
    gguf, master, _ = make_pair(tmp_path)
    file = master / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100] if data is None else data)
    with pytest.raises(ModelError, match=r"model\.safetensors is damaged"):
        check_master(read_info(gguf), master, silent)


@pytest.mark.parametrize("kind", ["own", "F16"])
def test_a_changed_tensor_is_rounded_once_from_master_and_change(tmp_path: Path, kind: str) -> None:
    gguf, master, _ = make_pair(tmp_path, kind="Q4_0")
    info, rng = read_info(gguf), np.random.default_rng(0)
    name = "blk.1.attn_q.weight"  # whose rows lie in another order
    n_in, n_out = info.tensor(name).shape
    a, b = (rng.normal(size=size).astype(np.float32) for size in ((2, n_in), (n_out, 2)))
    pair = LowRank(0.1 * a, 0.1 * b)
    with original_rows(info, master) as original:
        wanted = original(info.tensor(name), 0, n_out) + pair.b[:, :1] * pair.a[0]
        wanted += pair.b[:, 1:] * pair.a[1]
    (tmp_path / "version").mkdir()
    (model,), _ = GGUFExporter().export(
        *(gguf, {name: pair}, tmp_path / "version", {}),
        *(Config(export=ExportConfig(type=kind)), silent),
        master=master,
    )
    written = read_info(model)
    for tensor in written.tensors:
        found = content(tensor)
        if tensor.name == name:
            expected = round_rows(wanted, tensor.type)
            errors = read_rows(found, tensor.type) - read_rows(expected, tensor.type)
            assert np.mean(errors != 0) < 0.01  # sums in another order
        else:
            assert found.tobytes() == content(info.tensor(tensor.name)).tobytes()


def content(tensor: TensorInfo) -> Any:
    data = np.fromfile(tensor.path, np.uint8, tensor.nbytes or 0, offset=tensor.begin)
    return data.reshape(tensor.rows, -1)


@pytest.fixture(scope="module")
def tiny_master(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give weights that the tiny model could have been made from: between its steps."""
    folder = tmp_path_factory.mktemp("floats")
    info, rng = read_info(tiny_model), np.random.default_rng(0)
    with hugging_face.mapped(info) as data:
        exact = hugging_face._reader(data)

        def between(tensor: TensorInfo, first: int, count: int) -> Array:
            rows = exact(tensor, first, count)
            if not has_grid(tensor.type):
                return rows
            grid = read_grid(content(tensor)[first : first + count], tensor.type)
            step = np.abs(np.repeat(grid.step, grid.group, axis=1))
            inner = (grid.codes > grid.lowest) & (grid.codes < grid.highest)
            moved: Array = (rows + rng.uniform(-0.49, 0.49, rows.shape) * step * inner).astype("f4")
            return moved

        for _ in write_folder(info, folder, between):
            pass
    return folder


def test_a_night_on_the_master_says_so_and_verify_needs_it(
    sleeping: Sleeping,
    home: Home,
    sleep: Sleep,
    tiny_model: Path,
    tiny_master: Path,
    tmp_path: Path,
) -> None:
    floats = tmp_path / "floats"
    shutil.copytree(tiny_master, floats)
    done = sleeping("init", "--model", tiny_model, "--master", floats, "--json")
    assert (done.code, done.json["master"]) == (0, str(floats))
    assert settings(home).model.master == str(floats)
    version, base = sleep().version, recorded_base(home)
    assert version is not None and base is not None and base.master is not None
    assert Versions(home).manifest(version.id)["recipe"]["master"] == base.master.digest
    copies = {file.parent.name[:23] for file in home.cache.rglob("model.safetensors")}
    assert base.copy_digest[:23].replace(":", "-") in copies and len(copies) == 2
    found = sleeping("doctor", "--json").json
    assert found["ok"] and "its float master is the model" in found["findings"][-1]["said"]
    assert sleeping("verify", "--json").json["versions"][0]["ok"]
    # Without it the file is not what its recipe gives, and nobody says that it is.
    gone = floats.rename(tmp_path / "elsewhere")
    (said,) = sleeping("verify", "--json").json["versions"]
    assert not said["ok"] and "Put the float weights back" in said["detail"]
    moved = f"model.master={gone}"
    assert sleeping("--set", moved, "verify", "--json").json["versions"][0]["ok"]
    weights = bytearray((gone / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (gone / "model.safetensors").write_bytes(weights)
    with pytest.raises(MasterDiffers, match="have changed since"):
        sleep(moved)
    assert sleeping("init", "--model", tiny_model).code == 0  # without
    assert settings(home).model.master == ""
    (said,) = sleeping("verify", "--json").json["versions"]
    assert not said["ok"] and "which model.master does not name" in said["detail"]


def test_init_refuses_another_master_and_writes_nothing(
    sleeping: Sleeping, tiny_model: Path, tiny_master: Path, tmp_path: Path
) -> None:
    shutil.copytree(tiny_master, tmp_path / "tuned")
    weights = {key: weight * 1.03 for key, weight in read_weights(tiny_master)}
    save_weights(tmp_path / "tuned", weights)
    done = sleeping("init", "--model", tiny_model, "--master", tmp_path / "tuned")
    assert done.code == MasterDiffers.exit_code and "is not what tiny.gguf was made" in done.err
    for nowhere in (tmp_path / "nowhere", "../nowhere"):  # which is asked of no hub
        done = sleeping("init", "--model", tiny_model, "--master", nowhere)
        assert done.code == ModelError.exit_code and "There is no folder" in done.err
    home = Home.open()
    assert not home.config_file.exists() and recorded_base(home) is None
    assert not list(home.cache.rglob("*.safetensors"))


def test_a_model_of_the_hub_is_taken_from_the_local_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match=r"owner/name is no folder, and cannot be had"):
        find_master("owner/name")
    repository, commit = tmp_path / "models--owner--name", "0" * 40
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit, encoding="utf-8")
    snapshot = repository / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps({}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"owner/name has no model\.safetensors"):
        find_master("owner/name")
    (snapshot / "model.safetensors").write_bytes(b"")
    assert find_master("owner/name") == snapshot
