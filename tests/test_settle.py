"""Settling: a night in the base's own types, for no byte more, that the file still knows.

Run: pytest tests/test_settle.py
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
import transformers
from night_fixtures import Sleep, facts_of, last_record, settings

from sleeping_converters.export import GGUFExporter
from sleeping_converters.grids import read_grid
from sleeping_converters.hugging_face import write_folder
from sleeping_converters.settling import settles
from sleeping_converters.working_copy import matrices
from sleeping_plugin import dream, plugins, settle
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.engine.backend import Sample, SettlePlan
from sleeping_plugin.engine.torch_copy import TorchCopy
from sleeping_plugin.engine.torch_moments import nystrom
from sleeping_plugin.engine.torch_settle import GridLinear, OnGrid
from sleeping_plugin.errors import StateError, UnsupportedModel
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.records import Array, Example, LowRank, Message, Settled, silent
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.verify import verify_versions
from sleeping_plugin.versions import Versions

torch.set_num_threads(1)

PLAN = SettlePlan(steps=40, lr=0.0004, batch=8, warmup=0.1, seed=3)
ASKED = tiny_models.texts(seed=0)  # among what is settled on: random text has no kin


def unused(*_arguments: Any) -> Any:
    pytest.fail("nothing is tokenised here")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a tiny random model in Q4_1."""
    place = tmp_path_factory.mktemp("settle")
    return tiny_models.write_model(
        tiny_models.make_model("llama-3"), "llama-3", place / "model.gguf", "Q4_1"
    )


@pytest.fixture(scope="module")
def copy(model: Path, tmp_path_factory: pytest.TempPathFactory) -> TorchCopy:
    """Give its working copy."""
    folder = tmp_path_factory.mktemp("copy")
    for _ in write_folder(read_info(model), folder):
        pass
    loaded = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="float32")
    return TorchCopy(loaded, matrices(loaded.config, "llama"), unused)


@pytest.fixture(scope="module")
def learnt(copy: TorchCopy) -> dict[str, LowRank]:
    """Give a change of every matrix, far below a step of 4 bits."""
    rng = np.random.default_rng(5)
    change = {}
    for name in copy.linear_tensors():
        out, n = copy.linear(name).weight.shape
        a, b = rng.normal(size=(4, n)) / np.sqrt(n), rng.normal(size=(out, 4)) * 0.02
        change[name] = LowRank(a.astype(np.float32), b.astype(np.float32))
    return change


def samples(count: int = 12) -> list[Sample]:
    """Return chats of random tokens, all of whose tokens are targets."""
    return [replace(one, prompt=1) for seed in range(count) for one in tiny_models.texts(seed)]


def config(kind: str, steps: int = 0) -> Config:
    return Config(export=ExportConfig(type=kind, settle_steps=steps, write_adapter=False))


def exported(
    model: Path,
    change: Mapping[str, LowRank],
    folder: Path,
    kind: str,
    settled: Mapping[str, Settled] | None = None,
) -> Path:
    folder.mkdir()
    files, _ = GGUFExporter().export(
        model, change, folder, {}, config(kind), silent, settled=settled or {}
    )
    return files[0]


def logits(file: Path) -> list[Array]:
    with Runtime(file, context=256, threads=1) as runtime:
        return [runtime.logits(sample.tokens) for sample in ASKED]


def divergence(wanted: list[Array], got: list[Array]) -> float:
    """Return the mean KL over all places."""
    pairs = [
        (torch.from_numpy(a).log_softmax(-1), torch.from_numpy(b).log_softmax(-1))
        for a, b in zip(wanted, got, strict=True)
    ]
    return float(torch.cat([(p.exp() * (p - q)).sum(-1) for p, q in pairs]).mean())


@pytest.mark.parametrize("kind", ["own", "wider"])
def test_a_settled_file_answers_as_the_exact_one(
    model: Path, copy: TorchCopy, learnt: dict[str, LowRank], tmp_path: Path, kind: str
) -> None:
    material = samples()
    with copy.applied(learnt):
        moments = copy.moments(sorted(learnt), [material], 32, 1)
    rounded = GGUFExporter().round(model, learnt, moments, config(kind), silent)
    grids = {name: grid for name, (grid, _) in rounded.items()}
    assert grids.keys() == learnt.keys()

    def kept(scales: Mapping[str, Any]) -> dict[str, Settled]:
        return {
            name: Settled(moves, scales[name].astype(np.float16))
            for name, (_, moves) in rounded.items()
        }

    trained = copy.settle(learnt, grids, material, PLAN, silent)
    exact = logits(exported(model, learnt, tmp_path / "f16", "F16"))
    untrained = kept({name: grid.scales for name, grid in grids.items()})
    files = {
        "nearest": exported(model, learnt, tmp_path / "nearest", kind),
        "rounded": exported(model, learnt, tmp_path / "rounded", kind, untrained),
        "settled": exported(model, learnt, tmp_path / "settled", kind, kept(trained)),
    }
    lost = {name: divergence(exact, logits(file)) for name, file in files.items()}
    assert lost["rounded"] < 0.75 * lost["nearest"]
    assert lost["settled"] < 0.8 * lost["rounded"]
    if kind == "own":
        assert files["settled"].stat().st_size == model.stat().st_size
    else:
        types = {tensor.type_name for tensor in read_info(files["settled"]).tensors}
        assert "Q5_1" in types


def test_settling_leaves_the_copy_as_it_was_and_gives_the_same_again(
    model: Path, copy: TorchCopy, learnt: dict[str, LowRank]
) -> None:
    before = {name: copy.linear(name).weight.clone() for name in learnt}
    few = dict(list(learnt.items())[:3])
    material = samples(2)
    with copy.applied(few):
        moments = copy.moments(sorted(few), [material], 8, 1)
    rounded = GGUFExporter().round(model, few, moments, config("own"), silent)
    grids = {name: grid for name, (grid, _) in rounded.items()}
    short = replace(PLAN, steps=2)
    first, again = (copy.settle(few, grids, material, short, silent) for _ in range(2))
    assert all(np.array_equal(first[name], again[name]) for name in few)
    assert any(not np.array_equal(first[name], grids[name].scales) for name in few)
    for name, weight in before.items():
        assert torch.equal(copy.linear(name).weight, weight)


def test_tensors_with_the_same_input_share_what_reaches_them(copy: TorchCopy) -> None:
    names = [f"blk.1.{part}.weight" for part in ("attn_q", "attn_k", "ffn_up", "ffn_down")]
    found = copy.moments(names, [samples(2)], 16, 1)
    assert found[names[0]] is found[names[1]]
    assert found[names[0]] is not found[names[2]]
    assert found[names[3]].root.shape[1] == copy.linear(names[3]).in_features


def test_what_reaches_a_tensor_is_its_second_moment(copy: TorchCopy) -> None:
    name, material = "blk.2.ffn_down.weight", samples(3)
    full = copy.second_moment([name], material)[name].astype(np.float64)
    full *= len(full) / np.trace(full)
    moment = copy.moments([name], [material], 48, 1)[name]
    rebuilt = moment.root.T.astype(np.float64) @ moment.root + moment.rest * np.eye(len(full))
    assert np.trace(rebuilt) == pytest.approx(len(full), rel=1e-2)
    values, vectors = np.linalg.eigh(full)
    values[:-48] = values[:-48].mean()
    best = vectors @ np.diag(values) @ vectors.T  # of this form
    assert np.linalg.norm(rebuilt - full) < 3 * np.linalg.norm(best - full)


def test_a_moment_of_low_rank_is_found_whole() -> None:
    rng = np.random.default_rng(1)
    root = rng.normal(size=(5, 40))
    noise = np.linalg.qr(rng.normal(size=(40, 12)))[0]
    found = nystrom(root.T @ (root @ noise), noise, 8, float((root**2).sum()))
    np.testing.assert_allclose(found.root.T @ found.root, root.T @ root, rtol=1e-3, atol=5e-3)


def test_gradients_are_those_of_the_dense_product() -> None:
    torch.manual_seed(2)
    x = torch.randn(3, 5, 64, requires_grad=True)
    step, low = (torch.randn(7, 2, requires_grad=True) for _ in range(2))
    codes = torch.randint(0, 16, (7, 64), dtype=torch.int8)
    weight = (low[..., None] + step[..., None] * codes.view(7, 2, 32)).view(7, 64)
    wanted = torch.autograd.grad((x @ weight.T).square().sum(), [x, step, low])
    out = OnGrid.apply(x, step, low, codes, torch.float32)  # type: ignore[no-untyped-call]
    got = torch.autograd.grad(out.square().sum(), [x, step, low])
    for mine, dense in zip(got, wanted, strict=True):
        torch.testing.assert_close(mine, dense, rtol=1e-4, atol=1e-2)


def test_a_layer_on_the_grid_of_the_base_is_that_layer(model: Path, copy: TorchCopy) -> None:
    for name in ("blk.0.attn_q.weight", "blk.0.ffn_down.weight"):  # one with its rows reordered
        tensor = read_info(model).tensor(name)
        length = (tensor.nbytes or 0) // tensor.rows
        data = np.fromfile(model, dtype=np.uint8, count=tensor.nbytes or 0, offset=tensor.begin)
        grid = read_grid(data.reshape(tensor.rows, length), tensor.type)
        base = copy.linear(name)
        layer = GridLinear(base, copy.matrices[name], grid, torch.float32)
        x = torch.randn(4, base.in_features, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(layer(x), base(x), rtol=1e-4, atol=1e-4)


def test_types_settle_where_their_values_fit(model: Path) -> None:
    info = read_info(model)
    tensor = info.tensor("blk.0.ffn_down.weight")
    fits = {kind for kind in range(40) if settles(tensor, kind)}
    assert {type_name(kind) for kind in fits} == {"Q4_1", "Q5_1"}
    assert not settles(replace(tensor, type=1), 1)  # F16 has no grid


def type_name(kind: int) -> str:
    from sleeping_plugin.gguf_info import type_name as name

    return name(kind)


def test_what_is_settled_for_another_tensor_is_refused(
    model: Path, learnt: dict[str, LowRank], tmp_path: Path
) -> None:
    odd = {
        name: Settled(np.zeros((2, 2), np.int8), np.zeros((2, 1, 2), np.float16)) for name in learnt
    }
    with pytest.raises(UnsupportedModel, match="does not fit"):
        exported(model, learnt, tmp_path / "odd", "own", odd)
    assert not list((tmp_path / "odd").iterdir())


def test_settled_tensors_come_back_from_their_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    kept = {
        "blk.0.a": Settled(
            rng.integers(-1, 2, (3, 64)).astype(np.int8), rng.normal(size=(3, 2, 2)).astype("f2")
        )
    }
    file = tmp_path / "settled.npz"
    settle.save(file, kept)
    back = settle.load(file)
    assert settle.digest(back) == settle.digest(kept)
    moved = {"blk.0.a": replace(kept["blk.0.a"], moves=-kept["blk.0.a"].moves)}
    assert settle.digest(moved) != settle.digest(kept)
    whole = file.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 3):
        file.write_bytes(whole[:cut])
        with pytest.raises(StateError, match="settled"):
            settle.load(file)
    for place in range(40, len(whole) - 40, len(whole) // 12):  # a bit of the arrays themselves
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1 :])
        with suppress(StateError):  # some bits are names or padding
            assert settle.load(file).keys() <= kept.keys() | {""}
    with pytest.raises(StateError, match="settled"):
        settle.load(tmp_path / "none.npz")


def test_a_tensor_that_nothing_reaches_has_a_moment() -> None:
    found = nystrom(np.zeros((6, 4)), np.eye(6)[:, :4], 3, 6.0)
    assert not found.root.any() and found.rest == 1.0


def test_where_no_type_has_a_grid_nothing_settles(
    copy: TorchCopy, learnt: dict[str, LowRank], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    float_model = tiny_models.write_model(
        tiny_models.make_model("llama-3"), "llama-3", tmp_path / "float.gguf", "F16"
    )
    monkeypatch.setattr(copy, "tokenize", lambda *_: samples(1)[0])
    talk = [Example((Message("user", "Hello?"),), "Hi.", "anchor")]
    exporter = GGUFExporter()
    kept = settle.settle(copy, exporter, float_model, learnt, [talk], config("own"), silent)
    assert kept == {} and settle.digest(kept) == ""


def test_no_wording_that_the_gate_asks_is_recited(home: Home) -> None:
    facts = list(facts_of(home).values())
    talk, known, unknown = dream.recital(facts, [("Hello?", "Hi."), ("Empty?", "")], 0)
    asked = {one.messages[-1].content for one in (*known, *unknown)}
    back = {wording for fact in facts for wording in dream.split_wordings(fact)[1]}
    assert back and asked.isdisjoint(back)
    assert {one.fact for one in known} == {fact.id for fact in facts}
    assert all(one.target == dream.ABSTENTION for one in unknown)
    assert [one.target for one in talk if one.messages] == ["Hi."]
    shuffled = dream.recital(facts, [("Hello?", "Hi.")], 1)[1]
    assert random.Random(0).random() and shuffled != known


def test_questions_of_ordinary_talk_are_targets_too() -> None:
    chats = [Sample((1, 2, 3, 7, 8, 9), 5), Sample((1, 2, 3, 6, 8, 9, 9), 5), Sample((4, 4), 1)]
    assert [one.prompt for one in settle.talk_alone(chats)] == [4, 4, 1]
    assert settle.talk_alone([]) == []


def test_a_night_in_the_base_s_types_is_verified_and_does_not_grow(
    home: Home, sleep: Sleep
) -> None:
    own = ("export.type=own", "export.settle_steps=2")
    done = sleep(*own)
    assert done.accepted and done.version is not None
    record = last_record(home)
    folder = Versions(home).folder(done.version.id)
    recipe = Versions(home).manifest(done.version.id)["recipe"]
    assert recipe["settled"] == record["steps"]["settle"]["digest"]
    base = read_info(Path(settings(home).model.path))
    made = read_info(done.version.files[0])
    assert [t.type for t in made.tensors] == [t.type for t in base.tensors]
    assert made.size - base.size < 1024  # the keys that say where it comes from

    def detail() -> str:
        (result,) = verify_versions(home, settings(home), plugins.load(strangers=()), silent)
        assert result.ok == (result.detail == "every byte is as derived")
        return result.detail

    assert detail() == "every byte is as derived"
    kept = settle.load(folder / settle.SETTLED)
    name = next(iter(kept))
    settle.save(
        folder / settle.SETTLED, kept | {name: replace(kept[name], moves=-kept[name].moves - 1)}
    )
    assert "not those it was made of" in detail()
    (folder / settle.SETTLED).unlink()
    assert "settled" in detail()


def test_rounding_to_nearest_settles_nothing(home: Home, sleep: Sleep) -> None:
    done = sleep("export.type=own", "export.rounding=nearest")
    assert done.version is not None
    assert last_record(home)["steps"]["settle"]["digest"] == ""
    assert not (Versions(home).folder(done.version.id) / settle.SETTLED).exists()
