"""Ten thousand damaged models: each is read or refused with a sentence, in little memory.

They are made from one small file by a fixed seed and read in a process of their own, which may not
take 200 MB more than it has when it begins. To see one of them again: run this file with a folder
and a number, `python tests/test_bad_gguf.py FOLDER 1234`.

Run: pytest tests/test_bad_gguf.py
"""

from __future__ import annotations

import faulthandler
import json
import os
import random
import struct
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from sleeping_converters.export import GGUFExporter
from sleeping_plugin.config import Config, ExportConfig
from sleeping_plugin.errors import ModelError, SleepingError
from sleeping_plugin.gguf_info import GGUFInfo, read_info
from sleeping_plugin.records import LowRank, silent

MUTANTS = 10_000
EXPORTED = 400  # of those that can be, so many are exported too
LIMIT = 200 << 20  # bytes
PATIENCE = 300  # seconds after which the process says where it hangs, and ends

STRING, ARRAY, U16, U32, I32, F32, BOOL = 8, 9, 2, 4, 5, 6, 7
TENSORS: tuple[tuple[str, tuple[int, ...], int, int], ...] = (
    ("token_embd.weight", (64, 5), 8, 5 * 68),  # Q8_0
    ("blk.0.ffn_down.weight", (32, 4), 3, 4 * 20),  # Q4_1
    ("blk.0.ffn_up.weight", (32, 3), 1, 3 * 64),  # F16
    ("output_norm.weight", (32,), 0, 128),  # F32
)
FACTORS = {
    name: LowRank(np.ones((1, shape[0]), np.float32), np.ones((shape[1], 1), np.float32))
    for name, shape, _, _ in TENSORS[1:3]
}
ABSURD = (
    *(0, 1, 2, 3, 5, 7, 31, 33, 255, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**40),
    *(2**60, 2**61, 2**62, 2**63 - 1, 2**63, 2**64 - 32, 2**64 - 1),
)


STRANGE: tuple[tuple[str, int, object], ...] = (
    ("general.architecture", U32, 7),
    ("general.architecture", STRING, ""),
    ("general.alignment", STRING, "32"),
    ("general.alignment", U32, 48),
    ("general.alignment", U32, 1 << 31),
    ("llama.block_count", I32, -3),
    ("llama.expert_count", STRING, "eight"),
    ("llama.expert_count", F32, float("nan")),
    ("tokenizer.chat_template", ARRAY, ["a", "b"]),
    ("split.no", I32, -1),
    ("split.count", STRING, "three"),
    ("split.count", U32, 1 << 31),
    ("split.tensors.count", F32, float("inf")),
)


class Builder:
    """A GGUF in memory that knows where its numbers lie."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.numbers: list[tuple[int, str]] = []  # place and format of every count and code

    def number(self, form: str, value: int) -> None:
        self.numbers.append((len(self.data), form))
        self.data += struct.pack(f"<{form}", value)

    def text(self, text: str) -> None:
        self.number("Q", len(text.encode()))
        self.data += text.encode()

    def value(self, key: str, kind: int, value: object) -> None:
        self.text(key)
        self.number("I", kind)
        if isinstance(value, str):
            self.text(value)
        elif isinstance(value, list):
            self.number("I", STRING if isinstance(value[0], str) else U32)
            self.number("Q", len(value))
            for one in value:
                self.text(one) if isinstance(one, str) else self.number("I", one)
        else:
            form = {U16: "H", U32: "I", I32: "i", F32: "f", BOOL: "?"}[kind]
            self.data += struct.pack(f"<{form}", value)


def build(
    part: int | None = None,
    parts: int = 3,
    repeat: str = "",
    strange: tuple[str, int, object] | None = None,
) -> Builder:
    """Return a whole model, or one part of it.

    ``repeat``: a "key" or "tensor" twice; ``strange``: a value in place of the one of that key.
    """
    made = Builder()
    values: list[tuple[str, int, object]] = [
        ("general.architecture", STRING, "llama"),
        ("general.alignment", U32, 32),
        ("llama.block_count", U32, 1),
        ("llama.expert_count", U32, 0),
        ("llama.rope.freq_base", F32, 10000.0),
        ("tokenizer.ggml.add_bos_token", BOOL, True),
        ("tokenizer.ggml.tokens", ARRAY, ["a", "bc", "", "def"]),
        ("tokenizer.ggml.token_type", ARRAY, [1, 2, 3]),
        ("tokenizer.chat_template", STRING, "{{ messages[0]['content'] }} é"),
    ]
    tensors = TENSORS
    if part is not None:
        values = values if part == 0 else values[:2]
        values += [("split.no", U16, part), ("split.count", U16, parts)]
        values += [("split.tensors.count", I32, len(TENSORS))]
        tensors = ((), TENSORS[:2], TENSORS[2:])[part % 3]
    if strange:
        values = [*(one for one in values if one[0] != strange[0]), strange]
    if repeat == "key":
        values.append(values[1])
    if repeat == "tensor":
        tensors = (*tensors, *tensors[:1])
    made.data += b"GGUF"
    made.number("I", 3)
    made.number("Q", len(tensors))
    made.number("Q", len(values))
    for one in values:
        made.value(*one)
    at = 0
    for name, shape, kind, size in tensors:
        made.text(name)
        made.number("I", len(shape))
        for length in shape:
            made.number("Q", length)
        made.number("I", kind)
        made.number("Q", at)
        at += -(-size // 32) * 32
    made.data += bytes(-len(made.data) % 32) + bytes(at)
    return made


def cut(made: Builder, rng: random.Random) -> None:
    del made.data[rng.randrange(len(made.data)) :]


def flip(made: Builder, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        made.data[rng.randrange(len(made.data))] ^= 1 << rng.randrange(8)


def exaggerate(made: Builder, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2))):
        at, form = rng.choice(made.numbers)
        size = struct.calcsize(form)
        value = rng.choice(ABSURD) % (1 << 8 * size)
        made.data[at : at + size] = value.to_bytes(size, "little")


def splice(made: Builder, rng: random.Random) -> None:
    begin, end = sorted(rng.choices(range(len(made.data)), k=2))
    piece = made.data[begin : min(end, begin + 64)]
    at = rng.randrange(len(made.data))
    made.data[at : at + rng.choice((0, len(piece)))] = piece


MUTATIONS: tuple[Callable[[Builder, random.Random], None], ...] = (cut, flip, exaggerate, splice)


def mutants(number: int) -> dict[str, bytes]:
    """Return the files of one damaged model by their names, the one to give to the reader first."""
    rng = random.Random(number)
    strange = rng.choice(STRANGE) if rng.random() < 0.1 else None
    if number % 5:
        made = build(repeat=rng.choice(("", "", "", "", "", "", "key", "tensor")), strange=strange)
        if strange is None:
            rng.choice(MUTATIONS)(made, rng)
        return {"model.gguf": bytes(made.data)}
    files = {}
    for part in range(3):
        count = rng.choice((3, 3, 3, 3, 3, 3, 3, 2))
        made = build(rng.choice((part, part, part, part, part, 0)), count, strange=strange)
        if rng.random() < 0.2:
            rng.choice(MUTATIONS)(made, rng)
        if part == 0 or rng.random() < 0.95:
            files[f"model-{part + 1:05d}-of-00003.gguf"] = bytes(made.data)
    return files


def read(path: Path, out: Path, *, export: bool) -> str:
    """Read, check and export one model; return how far that went."""
    exporter, config = GGUFExporter(), Config(export=ExportConfig(type="Q8_0"))
    try:
        info = read_info(path)
    except SleepingError as error:
        assert str(error).endswith("."), error
        return "refused"
    check_places(info)
    try:
        exporter.check(path)
    except SleepingError:
        return "not to be exported"
    if not export:
        return "sound"
    try:
        exporter.export(path, FACTORS, out, {"sleeping.version": "v"}, config, silent)
    except SleepingError:
        assert not any(file.name.startswith("model") for file in out.iterdir())
        return "not exported"
    return "exported"


def check_places(info: GGUFInfo) -> None:
    """Check that every tensor has a place in its file to itself, and a name."""
    assert len({tensor.name for tensor in info.tensors}) == len(info.tensors)
    for file in info.files:
        at = 0
        inside = [tensor for tensor in info.tensors if tensor.path == file]
        for tensor in sorted(inside, key=lambda tensor: tensor.begin):
            assert tensor.begin >= at and tensor.rows > 0 and tensor.nbytes != 0
            at = tensor.begin + (tensor.nbytes or 0)
        assert at <= file.stat().st_size


def main(folder: Path, numbers: range) -> None:
    """Read these mutants, and print how many went how far."""
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    found: Counter[str] = Counter()
    if sys.platform == "linux":  # elsewhere, what a process may take cannot be limited so
        import resource

        taken = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (taken + LIMIT, resource.RLIM_INFINITY))
    source, out = folder / "in", folder / "out"
    for number in numbers:
        source.mkdir(exist_ok=True)
        out.mkdir(exist_ok=True)
        files = mutants(number)
        for name, data in files.items():
            (source / name).write_bytes(data)
        try:
            export = found["exported"] + found["not exported"] < EXPORTED
            found[read(source / next(iter(files)), out, export=export)] += 1
            assert {file.name for file in source.iterdir()} == set(files)
            assert all((source / name).read_bytes() == data for name, data in files.items())
        except BaseException:
            print(f"mutant {number}", file=sys.stderr)
            raise
        for file in (*source.iterdir(), *out.iterdir()):
            file.unlink()
    print(json.dumps(found))


def test_damaged_models_are_refused_or_read_and_never_crash(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, __file__, str(tmp_path), "0", str(MUTANTS)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    assert child.returncode == 0, child.stderr[-4000:]
    found = json.loads(child.stdout)
    assert sum(found.values()) == MUTANTS
    # None of the ways was missed: otherwise this test would look at nothing.
    assert found["refused"] > MUTANTS / 4 and found["sound"] > 500, found
    assert found["not to be exported"] > 20 and found["exported"] > EXPORTED / 2, found


@pytest.mark.parametrize(
    ("kind", "length", "words"),
    [
        pytest.param(struct.pack("<I", STRING), 900 << 20, "no architecture", id="text"),
        pytest.param(struct.pack("<II", ARRAY, STRING), 100 << 20, "104857600 str", id="strings"),
        pytest.param(struct.pack("<II", ARRAY, STRING), 1 << 60, "truncated", id="endless"),
        pytest.param(struct.pack("<II", ARRAY, U32), 200 << 20, "no architecture", id="numbers"),
        pytest.param(b"", 900 << 20, "name has 943718400 bytes", id="name"),
    ],
)
def test_a_length_that_the_file_could_hold_takes_no_memory(
    tmp_path: Path, kind: bytes, length: int, words: str
) -> None:
    path = tmp_path / "model.gguf"
    key = struct.pack("<Q", 1) + b"k" if kind else b""
    with path.open("wb") as file:
        file.write(struct.pack("<4sIQQ", b"GGUF", 3, 0, 1) + key + kind + struct.pack("<Q", length))
        file.truncate(1 << 30)  # zeros that take no space
    tracemalloc.start()
    try:
        with pytest.raises(ModelError, match=words):
            read_info(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (build(repeat="key"), "the key 'general.alignment' twice"),
        (build(repeat="tensor"), "the tensor 'token_embd.weight' twice"),
        (build(strange=("general.alignment", U32, 1 << 31)), "alignment is 2147483648"),
        (build(0, parts=2), "is renamed, and its header speaks of 2"),
        (build(2), "file 3 of a model in 3 files. Give the first"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, made: Builder, words: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(made.data)
    with pytest.raises(ModelError, match=words):
        read_info(path)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((build(0), build(1)), "00003-of-00003.gguf is missing"),
        ((build(0), build(2), build(1)), "disagree"),
        ((build(0), build(1), build(2, parts=2)), "disagree"),
        ((build(0), build(1), build(2, repeat="tensor")), "twice"),
        ((build(0), build(1), build(2, strange=("split.no", U16, 5))), "disagree"),
        ((build(0), build(1), build(2, strange=("general.architecture", STRING, "x"))), "disagree"),
        ((build(0), build(1), build(5, strange=("split.no", U16, 2))), ""),
        ((build(0), build(1), build(4, strange=("split.no", U16, 2))), "disagree"),
        ((build(0), build(1), build(3, strange=("split.no", U16, 2))), "disagree"),
        ((build(0, parts=2), build(1), build(2)), "named as the first of 3 files.* speaks of 2"),
        ((build(), build(1), build(2)), "named as the first of 3 files.* speaks of 1"),
    ],
)
def test_files_that_are_not_of_one_model_are_named(
    tmp_path: Path, parts: tuple[Builder, ...], words: str
) -> None:
    for number, made in enumerate(parts, 1):
        (tmp_path / f"model-{number:05d}-of-00003.gguf").write_bytes(made.data)
    first = tmp_path / "model-00001-of-00003.gguf"
    if not words:
        assert len(read_info(first).tensors) == len(TENSORS)
        return
    with pytest.raises(ModelError, match=words):
        read_info(first)


@pytest.mark.parametrize("part", [None, 0])
def test_what_the_damaged_models_are_made_from_is_sound(tmp_path: Path, part: int | None) -> None:
    names = ["model.gguf"] if part is None else [f"m-{n:05d}-of-00003.gguf" for n in (1, 2, 3)]
    for number, name in enumerate(names):
        made = build(None if part is None else number)
        (tmp_path / name).write_bytes(made.data)
    info = read_info(tmp_path / names[0])
    assert [(t.name, t.shape, t.type, t.nbytes) for t in info.tensors] == list(TENSORS)
    assert info.chat_template == "{{ messages[0]['content'] }} é"


if __name__ == "__main__":
    first = int(sys.argv[2])
    last = int(sys.argv[3]) if len(sys.argv) > 3 else first + 1
    main(Path(sys.argv[1]), range(first, last))
