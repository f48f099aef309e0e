"""Low-rank factors as a whole. Run: pytest tests/test_factors.py"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_plugin import atomic, factors
from sleeping_plugin.errors import DiskFull, StateError
from sleeping_plugin.factors import combine, digest, load, save
from sleeping_plugin.records import Factors, LowRank

SHAPES = {"blk.0.ffn_down.weight": (6, 4), "blk.1.attn_q.weight": (5, 5), "odd.a.b": (3, 7)}


@st.composite
def changes(draw: st.DrawFn) -> dict[str, LowRank]:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    names = draw(st.lists(st.sampled_from(sorted(SHAPES)), unique=True))
    drawn = {}
    for name in names:
        rank, (n_out, n_in) = draw(st.integers(0, 3)), SHAPES[name]
        a, b = rng.normal(size=(rank, n_in)), rng.normal(size=(n_out, rank))
        drawn[name] = LowRank(a.astype(np.float32), b.astype(np.float32))
    return drawn


def dense(part: Factors, name: str) -> np.ndarray:
    change = np.zeros(SHAPES[name], dtype=np.float32)
    if name in part:
        change += part[name].b @ part[name].a
    return change


def same(one: Factors, other: Factors) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name].a, other[name].a) and np.array_equal(one[name].b, other[name].b)
        for name in one
    )


EXAMPLE = {
    name: LowRank(np.full((2, n_in), 0.5, np.float32), np.ones((n_out, 2), np.float32))
    for name, (n_out, n_in) in SHAPES.items()
}


@given(st.lists(changes(), max_size=4))
def test_combined_factors_are_the_sum_of_the_changes(parts: list[dict[str, LowRank]]) -> None:
    total = combine(*parts)
    assert set(total) == {name for part in parts for name in part}
    for name in total:
        expected = sum(dense(part, name) for part in parts)
        np.testing.assert_allclose(dense(total, name), expected, rtol=1e-4, atol=1e-5)


@given(changes(), st.randoms())
def test_a_digest_does_not_depend_on_order_or_layout(
    part: dict[str, LowRank],
    rng: st.random.Random,  # type: ignore[name-defined]  # hypothesis hides it
) -> None:
    items = list(part.items())
    rng.shuffle(items)
    turned = {n: LowRank(np.asfortranarray(p.a), np.asfortranarray(p.b)) for n, p in items}
    assert digest(turned) == digest(part)
    assert digest(part).startswith("sha256:")


def changed_value(part: dict[str, LowRank], name: str) -> None:
    part[name].a[0, 0] += 1


def changed_name(part: dict[str, LowRank], name: str) -> None:
    part[name + "x"] = part.pop(name)


def changed_sides(part: dict[str, LowRank], name: str) -> None:
    pair = part[name]
    part[name] = LowRank(pair.b.T.copy(), pair.a.T.copy())


def changed_shape(part: dict[str, LowRank], name: str) -> None:
    pair = part[name]
    part[name] = LowRank(pair.a.reshape(-1, 1), pair.b)


@pytest.mark.parametrize("change", [changed_value, changed_name, changed_sides, changed_shape])
def test_a_digest_sees_every_change(change: Callable[[dict[str, LowRank], str], None]) -> None:
    part = {name: LowRank(pair.a.copy(), pair.b.copy()) for name, pair in EXAMPLE.items()}
    change(part, "blk.0.ffn_down.weight")
    assert digest(part) != digest(EXAMPLE)


@settings(max_examples=25, deadline=None)
@given(part=changes())
def test_what_was_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, part: Factors) -> None:
    path = tmp_path_factory.mktemp("factors") / "factors.npz"
    save(path, part)
    assert same(load(path), part)
    assert digest(load(path)) == digest(part)


def test_the_same_factors_give_the_same_bytes(tmp_path: Path) -> None:
    save(tmp_path / "one", EXAMPLE)
    save(tmp_path / "two", EXAMPLE)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_missing_file_is_a_state_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"gone\.npz does not hold .* `sleeping sleep`"):
        load(tmp_path / "gone.npz")


@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a file of ours", b"\x80\x04.", b"PK\x05\x06"]
)
def test_another_file_is_a_state_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "factors.npz"
    path.write_bytes(content)
    with pytest.raises(StateError, match="factors of a version"):
        load(path)


def test_a_single_array_is_a_state_error(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.ones(3))
    with pytest.raises(StateError, match="factors of a version"):
        load(tmp_path / "one.npy")


def test_a_pair_with_one_half_is_a_state_error(tmp_path: Path) -> None:
    for half in ("x.a", "x.b"):
        np.savez(tmp_path / "half.npz", **{half: np.ones((1, 2), np.float32)})  # type: ignore[arg-type]  # numpy's stub takes the names for flags
        with pytest.raises(StateError, match="factors of a version"):
            load(tmp_path / "half.npz")


def test_factors_that_do_not_fit_each_other_are_a_state_error(tmp_path: Path) -> None:
    for a, b in (((2, 3), (4, 1)), ((2,), (4, 2)), ((2, 3), (4,))):
        arrays = {"x.a": np.ones(a, np.float32), "x.b": np.ones(b, np.float32)}
        np.savez(tmp_path / "odd.npz", **arrays)  # type: ignore[arg-type]  # numpy's stub takes the names for flags
        with pytest.raises(StateError, match="factors of a version"):
            load(tmp_path / "odd.npz")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_is_found_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    save(path, EXAMPLE)
    whole = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        whole[at] ^= data.draw(st.integers(1, 255))
    else:
        del whole[at:]
    path.write_bytes(whole)
    try:
        loaded = load(path)
    except StateError:
        return
    assert same(loaded, EXAMPLE)


def test_a_full_disk_leaves_the_old_factors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "factors.npz"
    save(path, EXAMPLE)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic, "_write_synced", full)
    with pytest.raises(DiskFull):
        save(path, {})
    assert same(factors.load(path), EXAMPLE)
    assert [file.name for file in tmp_path.iterdir()] == ["factors.npz"]
