"""What `sleeping doctor` looks at: checks in order, each one finding, up to the first failure.

A check is a function that returns what it found or raises the error of its cause, so that a failure
has the sentence and the exit code that the same cause has anywhere else. Checks of other things
than the model are added as a further tuple beside ``MODEL_CHECKS``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any, Final

import psutil

from sleeping_plugin.atomic import size_of, staging_folder
from sleeping_plugin.base import Base, hash_model, recorded_base, require_master
from sleeping_plugin.config import Config
from sleeping_plugin.errors import CopyDiffers, NotEnoughMemory, SleepingError
from sleeping_plugin.gguf_info import GGUFInfo, read_info, require_chat, require_supported
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Backend, Exporter, ProvingBackend
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Progress, Proof

EVEN: Final = 0.75  # of ln V: distributions this even say nothing about their equality
_PACK: Final = 800  # tokens of a training step, as in engine/packing.py
_EDITED: Final = 5  # layers that MEMIT edits


@dataclass
class Patient:
    """A model, and the home whose settings and plugins would teach it."""

    model: Path
    home: Home
    config: Config
    plugins: Plugins
    progress: Progress

    @cached_property
    def info(self) -> GGUFInfo:
        """Return the model's header. Raises ModelError."""
        return read_info(self.model)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    check: str
    said: str
    error: str = ""  # the code of the failure's cause
    exit_code: int = 0
    data: Mapping[str, Any] = field(default_factory=dict)  # figures, for --json


Found = tuple[str, Mapping[str, Any]]  # a sentence and its figures
Check = Callable[[Patient], Found]


def examine(patient: Patient, checks: Sequence[tuple[str, Check]]) -> tuple[Finding, ...]:
    """Run checks in order and return what they found; the first failure is the last finding."""
    findings = []
    for name, check in checks:
        try:
            said, data = check(patient)
        except SleepingError as error:
            findings.append(Finding(name, str(error), error.code, error.exit_code))
            break
        findings.append(Finding(name, said, data=data))
    return tuple(findings)


def check_file(patient: Patient) -> Found:
    """Say what the file is."""
    info = patient.info
    types = Counter(tensor.type_name for tensor in info.tensors)
    weights = _weights(info)
    kinds = ", ".join(f"{name} {count}" for name, count in types.most_common())
    said = (
        f"{info.architecture}, {weights / 1e6:.0f} million weights in {size_of(info.size)}; "
        f"tensors by type: {kinds}"
    )
    figures = {"architecture": info.architecture, "bytes": info.size, "weights": weights}
    return said, {**figures, "types": dict(types)}


def check_teaching(patient: Patient) -> Found:
    """Say whether a model of this make can be taught and exported."""
    exporter: Exporter = patient.plugins.pick("exporter", patient.config.night.exporter)
    require_supported(patient.info)
    exporter.check(patient.model)
    return f"{patient.info.architecture} can be taught, and each type of tensor written", {}


def check_template(patient: Patient) -> Found:
    """Say whether the model can chat."""
    return f"a chat template of {len(require_chat(patient.info))} characters", {}


def check_memory(patient: Patient) -> Found:
    """Compare what a night takes with what the machine has. Raises NotEnoughMemory."""
    needed, memory = night_memory(patient.info), psutil.virtual_memory()
    figures = {"needed": needed, "total": memory.total, "available": memory.available}
    said = f"a night takes about {size_of(needed)} (an estimate from the sizes of the tensors)"
    if needed > memory.total:
        raise NotEnoughMemory(
            f"{said[0].upper()}{said[1:]} and this machine has {size_of(memory.total)}. "
            "Choose a smaller model with `sleeping init --model FILE`."
        )
    return f"{said}; {size_of(memory.available)} of {size_of(memory.total)} are free now", figures


def check_copy(patient: Patient) -> Found:
    """Hold the working copy against llama.cpp. Raises CopyDiffers.

    The copy of a model that this home learns for is kept for the night; any other is removed.
    """
    backend: Backend = patient.plugins.pick("backend", patient.config.night.backend)
    if not isinstance(backend, ProvingBackend):
        return f"the backend {backend.name!r} cannot compare its copies with llama.cpp", {}
    base = hash_model(patient.model, patient.progress)
    own = recorded_base(patient.home)
    with staging_folder(patient.home.cache) as cache:
        if own is not None and own.digest == base.digest:
            cache, base = patient.home.cache, replace(base, master=own.master)
            base = require_master(patient.home, patient.config, base, patient.progress)
        proof = prove_copy(backend, base, cache, patient.progress)
    about = "its float master is" if base.master else "it is"
    said = (
        f"{about} the model that llama.cpp runs: KL {proof.mean_kl:.2g} nats per token (limit "
        f"{proof.limit:g}), the same first choice after {proof.agreement:.1%} of {proof.tokens}"
        " tokens"
    )
    return f"{said}. {proof.note}" if proof.note else said, asdict(proof)


def prove_copy(backend: ProvingBackend, base: Base, cache: Path, progress: Progress) -> Proof:
    """Return how far a copy of ``base`` is from what llama.cpp runs. Raises CopyDiffers."""
    backend.check(base.path, base.copy_digest, cache)
    proof = backend.prove(base.path, base.copy_digest, cache, progress, base.master_folder)
    name = base.path.name
    if not proof.entropy < EVEN:
        raise CopyDiffers(
            f"{name} finds all words about equally likely (entropy {proof.entropy:.2f} of the "
            "highest), so whether its copy is the same cannot be told. If it is a trained model, "
            "download it again; or choose another with `sleeping init --model FILE`."
        )
    if not proof.mean_kl <= proof.limit and base.master is not None:
        raise CopyDiffers(
            f"{name} has lost too much of its float master for that to teach it: KL"
            f" {proof.mean_kl:.2g} nats per token, where {proof.limit:g} is the limit. Teach it"
            f" without: `sleeping init --model {base.path}`."
        )
    if not proof.mean_kl <= proof.limit:
        raise CopyDiffers(
            f"The working copy of {name} is not the model that llama.cpp runs: KL"
            f" {proof.mean_kl:.2g} nats per token, where {proof.limit:g} is the limit. It would be"
            " taught wrongly. Report this, and choose another file of the model with"
            " `sleeping init --model FILE`."
        )
    return proof


MODEL_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("file", check_file),
    ("chat", check_template),
    ("teaching", check_teaching),
    ("memory", check_memory),
    ("copy", check_copy),
)


def night_memory(info: GGUFInfo) -> int:
    """Return about how many bytes a night takes at its peak.

    The copy in float32, a second form of its matrices in 16 bits, MEMIT's second moments, the
    logits of a training step with what is derived from them, and what does not grow with the
    model. Fitted to the 4 GB of SmolLM2-135M; for other sizes it is a sum, not a measurement.
    """
    matrices = sum(prod(t.shape) for t in info.tensors if t.name.startswith("blk."))
    down = next((t for t in info.tensors if t.name == "blk.0.ffn_down.weight"), None)
    keys = down.shape[0] if down else 0
    vocabulary = next((t.rows for t in info.tensors if t.name == "token_embd.weight"), 0)
    moments = (_EDITED * 4 + 3 * 8) * keys**2
    logits = 8 * _PACK * vocabulary * 4
    return 4 * _weights(info) + 2 * matrices + moments + logits + 2_000_000_000


def _weights(info: GGUFInfo) -> int:
    return sum(prod(tensor.shape) for tensor in info.tensors)
