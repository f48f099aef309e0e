"""A version in three files that shares what stays with other versions.

Run: pytest tests/test_split_export.py
"""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sleeping_converters.export import GGUFExporter
from sleeping_integrations.llama_cpp import LlamaCppHost
from sleeping_plugin import atomic, factors
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.config import Config, ExportConfig, ModelConfig, load
from sleeping_plugin.errors import ConfigError, DiskFull, ModelError, UsageError
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.preflight import check_host
from sleeping_plugin.records import LowRank, Message, Version, silent
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.verify import verify_versions
from sleeping_plugin.versions import Versions, version_id

Write = Callable[..., Path]
NAMES = [f"model-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
SPLIT = Config(export=ExportConfig(type="F16", layout="split"))
TOUCHED = ("blk.0.ffn_down.weight", "blk.1.attn_q.weight")


def make_factors(base: Path, seed: int, names: Sequence[str] = TOUCHED) -> dict[str, LowRank]:
    info, rng, made = read_info(base), np.random.default_rng(seed), {}
    for name in names:
        n_in, n_out = info.tensor(name).shape
        a, b = rng.normal(size=(2, n_in)), rng.normal(size=(n_out, 2))
        made[name] = LowRank(a.astype(np.float32) * 0.1, b.astype(np.float32) * 0.1)
    return made


def export(
    base: Path, change: dict[str, LowRank], folder: Path, *, like: Sequence[Path] = ()
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"sleeping.version": folder.name}
    files, adapter = GGUFExporter().export(base, change, folder, keys, SPLIT, silent, like=like)
    assert [file.name for file in files] == NAMES and (adapter is not None) == bool(change)
    return files


def logits(model: Path) -> NDArray[np.float32]:
    with Runtime(model, context=256, threads=1) as runtime:
        chat = [Message("user", "What is my sister's name?")]
        return runtime.logits(runtime.chat_tokens([chat])[0])


@pytest.mark.parametrize("touched", [TOUCHED, ()])
def test_three_files_are_to_llama_cpp_what_one_is(
    tiny_model: Path, tmp_path: Path, touched: tuple[str, ...]
) -> None:
    change = make_factors(tiny_model, 1, touched)
    files = export(tiny_model, change, tmp_path / "split")
    whole = Config(export=ExportConfig(type="F16"))
    (one,), _ = GGUFExporter().export(tiny_model, change, tmp_path, {}, whole, silent)
    joined, merged, base = read_info(files[0]), read_info(one), read_info(tiny_model)
    assert joined.files == tuple(files)
    split, alone = ({t.name: content(t) for t in info.tensors} for info in (joined, merged))
    assert split == alone
    assert joined.chat_template == base.chat_template
    places = [{tensor.path for tensor in joined.tensors if (tensor.name in change) is touched_one}
              for touched_one in (False, True)]  # fmt: skip
    assert places == [{files[1]}, {files[2]} if touched else set()]
    np.testing.assert_array_equal(logits(files[0]), logits(one))


def content(tensor: Any) -> bytes:
    with tensor.path.open("rb") as file:
        file.seek(tensor.begin)
        return bytes(file.read(tensor.nbytes))


def test_the_keys_of_the_base_keep_their_bytes(tiny_model: Path, tmp_path: Path) -> None:
    first, _, last = export(tiny_model, make_factors(tiny_model, 1), tmp_path / "v")
    base = read_info(tiny_model)
    keys = slice(24, base.table_start)
    assert tiny_model.read_bytes()[keys] == first.read_bytes()[keys]
    joined = read_info(first)
    added = list(joined.spans)[len(base.spans) :]
    assert added == ["split.no", "split.count", "split.tensors.count"]
    assert joined.metadata["sleeping.version"] == "v" and joined.metadata["split.no"] == 0
    assert b"sleeping.version" in last.read_bytes()


def test_a_second_version_writes_what_it_changes_and_one_megabyte(
    tiny_model: Path, tmp_path: Path
) -> None:
    one = export(tiny_model, make_factors(tiny_model, 1), tmp_path / "one")
    two = export(tiny_model, make_factors(tiny_model, 2), tmp_path / "two", like=one)
    assert one[0].samefile(two[0]) and one[1].samefile(two[1])
    new = sum(file.stat().st_size for file in two if file.stat().st_nlink == 1)
    touched = sum(read_info(two[0]).tensor(name).nbytes or 0 for name in TOUCHED)
    assert touched < new <= touched + (1 << 20)
    alone = export(tiny_model, make_factors(tiny_model, 2), tmp_path / "alone" / "two")
    assert [file.read_bytes() for file in two] == [file.read_bytes() for file in alone]


def test_what_is_not_the_same_is_not_shared(tiny_model: Path, tmp_path: Path) -> None:
    change = make_factors(tiny_model, 1)
    one = export(tiny_model, change, tmp_path / "one")
    other = export(tiny_model, make_factors(tiny_model, 1, TOUCHED[:1]), tmp_path / "other")
    damaged = bytearray(one[1].read_bytes())
    damaged[-100] ^= 1
    one[1].write_bytes(damaged)
    two = export(tiny_model, change, tmp_path / "two", like=[*one, *other, tmp_path / NAMES[1]])
    assert not any(two[1].samefile(file) for file in (one[1], other[1]))
    assert read_info(two[0]).tensor("output_norm.weight").path == two[1]
    assert two[1].read_bytes() != damaged


def test_without_hard_links_every_file_is_written(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    change = make_factors(tiny_model, 1)
    one = export(tiny_model, change, tmp_path / "one")
    monkeypatch.setattr(os, "link", refused)
    two = export(tiny_model, change, tmp_path / "two", like=one)
    assert one[1].read_bytes() == two[1].read_bytes() and not one[1].samefile(two[1])


def test_a_full_disk_leaves_no_half_file_under_its_name(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def full(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > 2:  # the first file and its folder
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull, match="disk is full"):
        export(tiny_model, make_factors(tiny_model, 1), tmp_path / "v")
    assert [file.name for file in (tmp_path / "v").iterdir()] == NAMES[:1]


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_killed_export_leaves_whole_files_alone(
    tiny_model: Path, tmp_path: Path, number: int
) -> None:
    code = f"""if True:
        import os, pathlib, signal
        import test_split_export as this
        from sleeping_converters import gguf_file
        real, base = gguf_file._pieces, pathlib.Path({str(tiny_model)!r})
        def deadly(plan, *rest):
            for piece in real(plan, *rest):
                yield piece
                if plan.name == this.NAMES[{number}]:
                    os.kill(os.getpid(), signal.SIGKILL)
        gguf_file._pieces = deadly
        this.export(base, this.make_factors(base, 1), pathlib.Path({str(tmp_path / "v")!r}))
    """
    path = os.pathsep.join(filter(None, sys.path))
    child = subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert child.returncode == -signal.SIGKILL
    left = sorted(file.name for file in (tmp_path / "v").iterdir() if file.name[0] != ".")
    assert left == NAMES[:number]


# Versions


def keep(home: Home, base: Path, seed: int, *, accepted: bool = True) -> Version:
    """Export a version as a night does, and add it to the home."""
    change, versions = make_factors(base, seed), Versions(home)
    digest = hash_model(base).digest
    recipe = {"exporter": "gguf", "type": "F16", "layout": "split"}
    identity = version_id(digest, factors.digest(change), recipe)
    with atomic.staging_folder(home.versions) as folder:
        like = versions.files_from(digest)
        keys = {"sleeping.version": identity}
        files, adapter = GGUFExporter().export(base, change, folder, keys, SPLIT, silent, like=like)
        assert adapter is not None
        factors.save(folder / "factors.npz", change)
        manifest = {
            "id": identity,
            "accepted": accepted,
            "files": [file.name for file in files],
            "adapter": adapter.name,
            "gate": {},
            "created": f"2026-05-0{seed}T03:00:00Z",
            "parent": None,
            "base_digest": digest,
            "factors_digest": factors.digest(change),
            "recipe": recipe,
            "metadata": keys,
            "facts": {},
        }
        return versions.add(folder, manifest)


@pytest.fixture
def split_home(tiny_model: Path) -> Home:
    """Give a home of the tiny model."""
    home = Home.open()
    record_base(home, hash_model(tiny_model))
    home.config_file.write_text(f"model:\n  path: {tiny_model}\n", encoding="utf-8")
    return home


def test_removing_a_version_leaves_the_others_whole_and_its_space_is_told_honestly(
    sleeping: Any, tiny_model: Path, split_home: Home
) -> None:
    one, two, three = (keep(split_home, tiny_model, seed) for seed in (1, 2, 3))
    shared = one.files[1].stat().st_size
    assert three.files[1].stat().st_nlink == 3
    folder = split_home.versions
    before = atomic.bytes_in(folder)
    promised = sleeping("prune", "--keep", "1", "--dry-run", "--json").json["freed"]
    done = sleeping("prune", "--keep", "1", "--json").json
    assert set(done["removed"]) == {one.id, two.id}
    assert done["freed"] == promised == before - atomic.bytes_in(folder) > 0
    assert done["freed"] < shared < atomic.bytes_in(folder)
    (found,) = sleeping("verify", "--json").json["versions"]
    assert (found["id"], found["ok"]) == (three.id, True)
    assert sleeping("prune", "--keep", "0", "--json").json["freed"] > shared


def test_verify_finds_damage_in_what_is_shared_and_the_next_version_does_not_take_it(
    tiny_model: Path, split_home: Home, loaded: Plugins
) -> None:
    one, two = (keep(split_home, tiny_model, seed) for seed in (1, 2))
    config = load(split_home)
    assert all(found.ok for found in verify_versions(split_home, config, loaded, silent))
    with one.files[1].open("rb+") as file:  # as no program of ours writes
        file.seek(-100, os.SEEK_END)
        file.write(b"damage")
    three = keep(split_home, tiny_model, 3)
    found = {one.id: one.ok for one in verify_versions(split_home, config, loaded, silent)}
    assert found == {one.id: False, two.id: False, three.id: True}


def test_hosts_take_three_files_or_say_that_they_do_not(
    sleeping: Any, tiny_model: Path, split_home: Home, loaded: Plugins
) -> None:
    version = keep(split_home, tiny_model, 1)
    assert sleeping("switch", version.id).code == 0
    LlamaCppHost().publish(version, tiny_model, split_home)
    folder = Config(model=ModelConfig(host="folder"))
    check_host(loaded, folder, tiny_model)
    with pytest.raises(ConfigError, match="serves a version in one file"):
        check_host(loaded, Config(model=folder.model, export=SPLIT.export), tiny_model)
    with pytest.raises(UsageError, match="is 3 files"):
        loaded.pick("host", "folder").publish(version, tiny_model, split_home)
    version.files[2].unlink()
    with pytest.raises(ModelError, match="is missing"):
        LlamaCppHost().publish(version, tiny_model, split_home)
