"""`sleeping doctor`: what it finds on files that are sound and on others.

Run: pytest tests/test_doctor.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import tiny_models
import torch
from conftest import Sleeping

from sleeping_converters import architectures, working_copy
from sleeping_plugin import errors
from sleeping_plugin.base import hash_model, record_base
from sleeping_plugin.checkup import MODEL_CHECKS, night_memory
from sleeping_plugin.gguf_info import read_info
from sleeping_plugin.home import Home

torch.set_num_threads(1)

NAMES = [name for name, _ in MODEL_CHECKS]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Give the file of a model that can be taught."""
    return tiny_models.write_model(tiny_models.make_model("qwen-3"), "qwen-3", tmp_path / "m.gguf")


def failure(findings: list[Mapping[str, Any]]) -> tuple[str, str]:
    """Return the check that failed and its sentence; all before it are well."""
    assert [finding["check"] for finding in findings] == NAMES[: len(findings)]
    assert not any(finding["error"] for finding in findings[:-1])
    return findings[-1]["check"], findings[-1]["said"]


def test_a_model_that_can_be_taught_is_told_with_its_figures(
    sleeping: Sleeping, model: Path
) -> None:
    before = model.read_bytes()
    found = sleeping("doctor", "--model", model, "--json")
    assert found.code == 0
    assert found.json["ok"]
    assert [finding["check"] for finding in found.json["findings"]] == NAMES
    data = {finding["check"]: finding["data"] for finding in found.json["findings"]}
    assert data["file"]["architecture"] == "qwen3"
    assert data["file"]["bytes"] == len(before)
    assert set(data["file"]["types"]) == {"F16", "F32"}
    assert data["memory"]["needed"] == night_memory(read_info(model))
    assert data["copy"]["mean_kl"] <= data["copy"]["limit"] == 1e-3
    assert data["copy"]["agreement"] > 0.99
    assert data["copy"]["tokens"] > 300
    assert model.read_bytes() == before
    assert not list(Home.open().cache.rglob("*.safetensors")), "a copy that nobody asked for"


def test_people_read_lines_and_what_to_type_next(sleeping: Sleeping, model: Path) -> None:
    found = sleeping("doctor", "--model", model)
    assert found.code == 0
    for word in ("qwen3", "F16", "about", "KL", f"sleeping init --model {model}"):
        assert word in found.out


def test_the_model_of_the_home_is_the_one_if_none_is_named_and_its_copy_is_kept(
    sleeping: Sleeping, model: Path
) -> None:
    assert sleeping("doctor").code == errors.NotInitialised.exit_code
    record_base(Home.open(), hash_model(model))
    found = sleeping("--set", f"model.path={model}", "doctor", "--json")
    assert found.code == 0
    assert "sleeping sleep" in found.json["verdict"]
    assert len(list(Home.open().cache.rglob("*.safetensors"))) == 1


@pytest.mark.parametrize(
    ("make", "kind", "check", "words"),
    [
        (
            lambda _write, place: place / "gone.gguf",
            errors.ModelError,
            "file",
            "There is no model at",
        ),
        (
            lambda write, _: write(architecture="mamba"),
            *(errors.UnsupportedModel, "teaching", "'mamba', which cannot be taught"),
        ),
        (
            lambda write, _: write(template=None),
            *(errors.NoChatTemplate, "chat", "no chat template"),
        ),
    ],
)
def test_each_cause_has_its_sentence_and_its_exit_code(
    sleeping: Sleeping,
    write_model: Callable[..., Path],
    tmp_path: Path,
    make: Callable[..., Path],
    kind: type[errors.SleepingError],
    check: str,
    words: str,
) -> None:
    found = sleeping("doctor", "--model", make(write_model, tmp_path), "--json")
    assert found.code == kind.exit_code
    assert not found.json["ok"]
    failed, said = failure(found.json["findings"])
    assert failed == check
    assert words in said
    assert found.json["findings"][-1]["error"] == kind.code


def test_a_machine_that_is_too_small_is_told_before_it_swaps(
    sleeping: Sleeping, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SimpleNamespace(total=10**9, available=10**8)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: small)
    found = sleeping("doctor", "--model", model, "--json")
    assert found.code == errors.NotEnoughMemory.exit_code
    check, said = failure(found.json["findings"])
    assert check == "memory"
    assert "this machine has 1.0 GB" in said


def test_a_missing_library_is_named(
    sleeping: Sleeping, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working_copy, "find_spec", lambda name: None)
    found = sleeping("doctor", "--model", model, "--json")
    assert found.code == errors.MissingExtra.exit_code
    assert failure(found.json["findings"])[0] == "copy"


def test_a_copy_that_is_another_model_is_found_by_its_figures(
    sleeping: Sleeping, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = replace(architectures.ARCHITECTURES["qwen3"], interleaved=True)
    monkeypatch.setitem(architectures.ARCHITECTURES, "qwen3", wrong)
    found = sleeping("doctor", "--model", model, "--json")
    assert found.code == errors.CopyDiffers.exit_code
    check, said = failure(found.json["findings"])
    assert check == "copy"
    assert "is not the model that llama.cpp runs" in said
    assert "cannot be taught" in found.json["verdict"]


def test_a_model_that_knows_nothing_proves_nothing(sleeping: Sleeping, tmp_path: Path) -> None:
    blank = tiny_models.make_model("llama")
    with torch.no_grad():
        blank.lm_head.weight.mul_(0.01)
    file = tiny_models.write_model(blank, "llama", tmp_path / "blank.gguf")
    found = sleeping("doctor", "--model", file, "--json")
    assert found.code == errors.CopyDiffers.exit_code
    assert "equally likely" in failure(found.json["findings"])[1]
