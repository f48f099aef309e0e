"""What an export costs on a model of 8B shape, against `cp` and against ggml's own quantiser.

Run: python benchmarks/export_shape.py [--quick] [--json] [--folder DIR]

The model is made here: Llama 3 8B's shapes, its vocabulary's size and Q4_K_M's mix of types, with
random weights (4.9 GB; the disk needs 16 GB). Files are compared side by side in one run, each side
several times, and the best of each counts. Memory is what a child process holds beyond the pages of
files that it maps, which the system takes back as it likes. --quick makes a smaller model, on which
the times mean little. Exit code 0 if every "must" holds. Writes
benchmarks/results/export_shape.json, unless --quick is given.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import multiprocessing
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (".", "benchmarks", "hooks", "converters", "integrations")
sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]

import gguf  # noqa: E402 (path first)
import harness  # noqa: E402 (path first)
import numpy as np  # noqa: E402 (path first)
import psutil  # noqa: E402 (path first)
from gguf import GGMLQuantizationType as Type  # noqa: E402 (path first)

from sleeping_converters.export import GGUFExporter  # noqa: E402 (path first)
from sleeping_converters.gguf_file import Bytes, read_rows, round_rows  # noqa: E402 (path first)
from sleeping_converters.grids import write_grid  # noqa: E402 (path first)
from sleeping_plugin.config import Config, ExportConfig  # noqa: E402 (path first)
from sleeping_plugin.gguf_info import GGUFInfo, TensorInfo, read_info, row_bytes  # noqa: E402
from sleeping_plugin.records import Array, Factors, LowRank, SecondMoment, silent  # noqa: E402
from sleeping_plugin.runtime import physical_cores  # noqa: E402 (path first)

TOUCHED: Final = 10
RANK: Final = 8  # of a change
DIRECTIONS: Final = 64  # of what reaches a tensor
TOKENS: Final = 128_256
MERGES: Final = 280_147
TURNS: Final = 3  # of each side of a comparison
SAMPLE_SECONDS: Final = 0.02
OF_GGML: Final = 0.8  # the least share of ggml's speed
TEMPLATE: Final = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"
TIMED: Final = "key-aware rounding of a Q4_K tensor, seconds"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a model."""

    layers: int
    width: int
    inner: int  # of the feed-forward part
    keys: int  # width of all key heads together


WHOLE: Final = Shape(32, 4096, 14336, 1024)
SMALL: Final = Shape(16, 512, 1792, 128)


def tensors_of(shape: Shape) -> dict[str, tuple[int, int, Type]]:
    """Return rows, row length and type of every matrix: llama.cpp's mix for Q4_K_M."""
    width, found = shape.width, {"token_embd.weight": (TOKENS, shape.width, Type.Q4_K)}
    eighth = shape.layers // 8
    for layer in range(shape.layers):
        outer = layer < eighth or layer >= 7 * eighth or (layer - eighth) % 3 == 2
        wide = Type.Q6_K if outer else Type.Q4_K
        for name, rows, length, kind in (
            ("attn_q", width, width, Type.Q4_K),
            ("attn_k", shape.keys, width, Type.Q4_K),
            ("attn_v", shape.keys, width, wide),
            ("attn_output", width, width, Type.Q4_K),
            ("ffn_gate", shape.inner, width, Type.Q4_K),
            ("ffn_up", shape.inner, width, Type.Q4_K),
            ("ffn_down", width, shape.inner, wide),
        ):
            found[f"blk.{layer}.{name}.weight"] = rows, length, kind
    return found | {"output.weight": (TOKENS, width, Type.Q6_K)}


def make_model(path: Path, shape: Shape) -> Path:
    """Write a model of random weights, rounded by ggml: their blocks in turn, from a small pool."""
    rng, writer = np.random.default_rng(0), gguf.GGUFWriter(path, "llama")
    describe(writer, shape)
    norms = [f"blk.{n}.{part}_norm.weight" for n in range(shape.layers) for part in ("attn", "ffn")]
    matrices = tensors_of(shape)
    for name in (*norms, "output_norm.weight"):
        writer.add_tensor_info(name, (shape.width,), np.dtype(np.float32), 4 * shape.width)
    for name, (rows, length, kind) in matrices.items():
        row = row_bytes(kind, length) or 0  # of whole blocks, all of them
        size = rows * row
        writer.add_tensor_info(name, (rows, row), np.dtype(np.uint8), size, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    weights = rng.normal(0, 0.02, (1 << 13, 1 << 10)).astype(np.float32)
    pools = {kind: round_rows(weights, kind).reshape(-1) for kind in (Type.Q4_K, Type.Q6_K)}
    with path.open("ab") as file:
        file.write(bytes(-file.tell() % 32))
        file.write(np.ones((len(norms) + 1) * shape.width, dtype=np.float32).tobytes())
        for rows, length, kind in matrices.values():
            write_blocks(file, pools[kind], kind, rows * (row_bytes(kind, length) or 0), rng)
    return path


def describe(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """Add metadata as large as Llama 3's."""
    writer.add_block_count(shape.layers)
    writer.add_context_length(8192)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.width // 128)
    writer.add_head_count_kv(shape.keys // 128)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(500_000.0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("llama-bpe")
    writer.add_token_list([f"tk{number}" for number in range(TOKENS)])
    writer.add_token_types([1] * TOKENS)
    writer.add_token_merges([f"tk{number % TOKENS} k{number}" for number in range(MERGES)])
    writer.add_chat_template(TEMPLATE)


def write_blocks(file: Any, pool: Bytes, kind: Type, size: int, rng: np.random.Generator) -> None:
    """Write ``size`` bytes of whole blocks out of ``pool``, from a random one on."""
    block = gguf.GGML_QUANT_SIZES[kind][1]
    at = int(rng.integers(len(pool) // block)) * block
    while size:
        part = pool[at : at + size]
        file.write(part)
        size, at = size - len(part), 0


def make_change(tensors: Sequence[TensorInfo], seed: int, along: Array) -> dict[str, LowRank]:
    """Return a night's change of tensors: along what reaches them, a twentieth of 4 bits' step."""
    rng, made = np.random.default_rng(seed), {}
    for tensor in tensors:
        _, rows = tensor.shape
        a = rng.normal(size=(RANK, len(along))) @ along
        a *= 1 / np.sqrt(np.mean(a**2))
        b = rng.normal(size=(rows, RANK)) * (2.5e-4 / np.sqrt(RANK))
        made[tensor.name] = LowRank(a.astype(np.float32), b.astype(np.float32))
    return made


def what_reaches(length: int) -> SecondMoment:
    """Return a second moment with a falling spectrum and some heavy columns, as activations have.

    Its trace is ``length``, as the product's are; a tenth of it lies in no direction.
    """
    rng = np.random.default_rng(5)
    heavy = np.exp(rng.normal(0, 0.5, length))
    root = rng.normal(size=(DIRECTIONS, length)) * heavy
    root /= np.sqrt(np.arange(1, DIRECTIONS + 1))[:, None]
    root *= np.sqrt(0.9 * length / np.sum(root**2))
    return SecondMoment(root.astype(np.float32), 0.1)


def touched_tensors(info: GGUFInfo) -> list[TensorInfo]:
    """Return ffn_down of ten layers, evenly over the depth."""
    layers = np.linspace(0, info.n_layers - 1, TOUCHED).round().astype(int)
    return [info.tensor(f"blk.{layer}.ffn_down.weight") for layer in layers]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a call in a process of its own cost."""

    seconds: float
    gb: float  # most memory held beyond the mapped pages of files


def in_child(call: Callable[..., Result], *arguments: Any) -> tuple[Result, Spent]:
    """Call in a fresh process; return the result, and what it cost there."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        child = psutil.Process(pool.submit(os.getpid).result())
        done, most = threading.Event(), [0.0]
        watcher = threading.Thread(target=watch, args=(child, done, most))
        watcher.start()
        try:
            result, seconds = pool.submit(timed, call, *arguments).result()
        finally:
            done.set()
            watcher.join()
    return result, Spent(seconds, most[0])


def watch(process: psutil.Process, done: threading.Event, most: list[float]) -> None:
    """Keep the most memory of ``process`` in ``most``, in GB, until it is done."""
    while not done.wait(SAMPLE_SECONDS):
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            held = process.memory_info()
            mapped = getattr(held, "shared", 0)  # Linux alone tells it; elsewhere all counts
            most[0] = max(most[0], (held.rss - mapped) / 1e9)


def timed(call: Callable[..., Result], *arguments: Any) -> tuple[Result, float]:
    """Return the result of a call, and its seconds."""
    started = time.perf_counter()
    result = call(*arguments)
    return result, time.perf_counter() - started


def export(
    base: Path, factors: Factors, folder: Path, layout: str, like: Sequence[Path] = ()
) -> list[Path]:
    """Export to nearest in the tensors' own types, without the adapter."""
    folder.mkdir()
    config = Config(export=ExportConfig(type="own", layout=layout, write_adapter=False))
    keys = {"sleeping.version": folder.name}
    return GGUFExporter().export(base, factors, folder, keys, config, silent, like=like)[0]


def copy(base: Path, path: Path) -> None:
    """Copy a file as `cp` does, to the disk itself: the export syncs too."""
    shutil.copyfile(base, path)
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def quantise_seconds(info: GGUFInfo, threads: int) -> float:
    """Return how long ggml alone takes to round the touched tensors, with all their rows ready."""
    seconds = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for tensor in touched_tensors(info):
            parts = np.array_split(weights_of(tensor), 8 * threads)
            kinds = [tensor.type] * len(parts)
            seconds += timed(lambda p=parts, k=kinds: list(pool.map(round_rows, p, k)))[1]
    return seconds


def weights_of(tensor: TensorInfo) -> Array:
    """Return a whole tensor: (rows, row length)."""
    with (
        tensor.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        raw = np.frombuffer(data[tensor.begin : tensor.begin + (tensor.nbytes or 0)], np.uint8)
    return read_rows(raw.reshape(tensor.rows, -1), tensor.type)


def merged_values(base: Path, folder: Path) -> dict[str, float]:
    """Return what a merged export costs beside a copy of the same file, in turns."""
    info, threads = read_info(base), physical_cores()
    along = np.asarray(what_reaches(info.tensor("blk.0.ffn_down.weight").shape[0]).root)
    factors = make_change(touched_tensors(info), 1, along)
    copies, exports, alone, memory = [], [], [], []
    for turn in range(TURNS):
        os.sync()  # what the turn before left does not burden this one
        copies.append(timed(copy, base, folder / "copy.gguf")[1])
        (folder / "copy.gguf").unlink()
        alone.append(quantise_seconds(info, threads))
        os.sync()
        out = folder / f"merged-{turn}"
        _, spent = in_child(export, base, factors, out, "whole")
        exports.append(spent.seconds)
        memory.append(spent.gb)
        shutil.rmtree(out)
    left = min(exports) - min(alone) / OF_GGML
    return {
        "threads": threads,
        "cp, seconds": min(copies),
        "ggml alone rounds the touched tensors, seconds": min(alone),
        "merged export, seconds": min(exports),
        RATIO: left / min(copies),
        "merged export, peak memory in GB": max(memory),
    }


def split_values(base: Path, folder: Path) -> dict[str, float]:
    """Return what a second version in three files writes beyond the tensors that it touches."""
    tensors = touched_tensors(read_info(base))
    along = np.asarray(what_reaches(tensors[0].shape[0]).root)
    one = export(base, make_change(tensors, 1, along), folder / "one", "split")
    change = make_change(tensors, 2, along)
    two, spent = in_child(export, base, change, folder / "two", "split", one)
    written = sum(file.stat().st_size for file in two if file.stat().st_nlink == 1)
    for name in ("one", "two"):
        shutil.rmtree(folder / name)
    return {
        "second split version, MB beyond the touched tensors": (
            (written - sum(tensor.nbytes or 0 for tensor in tensors)) / 1e6
        ),
        "second split version, seconds": spent.seconds,
        "second split version, peak memory in GB": spent.gb,
    }


def round_one(base: Path, factors: Factors, moment: SecondMoment) -> tuple[Any, Any]:
    """Round one tensor as a night does."""
    (name,) = factors
    return GGUFExporter().round(
        base, factors, {name: moment}, Config(export=ExportConfig(type="own")), silent
    )[name]


def rounding_values(base: Path, kind: Type) -> dict[str, float]:
    """Return what key-aware rounding of an ffn_down costs, and what of its products is lost."""
    info = read_info(base)
    tensor = next(one for one in touched_tensors(info) if one.type == kind)
    moment = what_reaches(tensor.shape[0])
    factors = make_change([tensor], 3, moment.root)
    (grid, _), spent = in_child(round_one, base, factors, moment)
    pair, weights = factors[tensor.name], weights_of(tensor)
    change = pair.b @ pair.a
    wanted = weights + change
    with tensor.path.open("rb") as file:
        file.seek(tensor.begin)
        raw = np.frombuffer(file.read(tensor.nbytes), np.uint8).reshape(tensor.rows, -1)
    kept = read_rows(write_grid(raw, kind, grid), kind)
    nearest = read_rows(round_rows(wanted, kind), kind)
    values = {
        f"key-aware rounding of a {kind.name} tensor, seconds": spent.seconds,
        f"key-aware rounding of a {kind.name} tensor, peak memory in GB": spent.gb,
    }
    size = {"of products": products(wanted, moment), "/ change": products(change, moment)}
    for what, whole in size.items():
        for way, rows in (("to nearest", nearest), ("key-aware", kept)):
            lost = products(rows - wanted, moment) / whole
            values[f"{kind.name} error {what}, {way}"] = lost
    return values


def products(rows: Array, moment: SecondMoment) -> float:
    """Return the root mean square of the products of rows with what reaches them."""
    along = (rows @ moment.root.T).astype(np.float64)
    return float(np.sqrt((np.sum(along**2) + moment.rest * np.sum(np.square(rows))) / len(rows)))


RATIO: Final = "merged export less rounding / cp"
LIMITS: Mapping[str, str] = {
    "open, seconds": "<= 1",
    RATIO: "<= 1.5",
    "merged export, peak memory in GB": "<= 2",
    TIMED: "<= 120",
    "key-aware rounding of a Q4_K tensor, peak memory in GB": "<= 6",
    "second split version, MB beyond the touched tensors": "<= 1",
}


def shape_rows(folder: Path, quick: bool) -> list[dict[str, Any]]:
    """Make the model in ``folder``, measure everything about it, and return the report's rows.

    What was written is gone afterwards.
    """
    base = make_model(folder / "shape.gguf", SMALL if quick else WHOLE)
    values = {
        "file, GB": base.stat().st_size / 1e9,
        "open, seconds": min(timed(read_info, base)[1] for _ in range(TURNS)),
        **merged_values(base, folder),
        **split_values(base, folder),
        **rounding_values(base, Type.Q4_K),
        **rounding_values(base, Type.Q6_K),
    }
    base.unlink()
    if quick:  # what an export does once weighs as much there as the copy
        del values[RATIO]
    name = "8B shape" if not quick else "small shape"
    return [
        harness.row(f"{name}: {what}", value, LIMITS.get(what, ""))
        for what, value in values.items()
    ]


def main() -> int:
    """Run, print, write, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a smaller model")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--folder", type=Path, help="where 16 GB are free")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        rows = shape_rows(Path(name), options.quick)
    return harness.finish("export_shape", rows, as_json=options.json, write=not options.quick)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
