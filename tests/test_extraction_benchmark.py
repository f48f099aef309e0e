"""The extraction benchmark counts what it claims to count.

Run: pytest tests/test_extraction_benchmark.py
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).parent.parent / "benchmarks" / "extraction.py"


@pytest.fixture(scope="module")
def benchmark_script() -> ModuleType:
    """Return benchmarks/extraction.py as a module."""
    spec = importlib.util.spec_from_file_location("extraction_benchmark", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def data(tmp_path: Path, *texts: str, **parts: Any) -> Path:
    """Write a file with one conversation."""
    conversation = {
        "id": "one",
        "time": "2025-01-01T00:00:00Z",
        "messages": [{"role": "user", "content": text} for text in texts],
        "facts": [],
        "corrections": [],
        "forbidden": [],
        "secrets": [],
        "optional": [],
        **parts,
    }
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"schema": 1, "conversations": [conversation]}))
    return path


def gold(subject: str, relation: str, value: str) -> dict[str, Any]:
    """Return a listed fact."""
    return {"subject": subject, "relation": relation, "value": value, "accept": [value]}


def run(
    script: ModuleType, path: Path, capsys: pytest.CaptureFixture[str]
) -> tuple[int, dict[str, Any]]:
    """Run the benchmark and return the exit code and the rows by name."""
    code = script.main(["--data", str(path), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == 1
    return code, {row["name"]: row for row in report["rows"]}


def test_hits_misses_and_wrong_facts_are_counted(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [gold("user", "city", "Porto"), gold("user", "shoe", "43"), gold("user", "pet", "x")]
    path = data(tmp_path, "I live in Porto. My shoe size is 43. I play the cello.", facts=facts)
    code, rows = run(benchmark_script, path, capsys)
    assert rows["precision"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert rows["recall"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert not rows["recall"]["ok"]
    assert code == 1


def test_the_name_of_somebody_listed_by_name_counts_neither_way(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [gold("Kaito", "home city", "Oslo")]
    path = data(tmp_path, "My friend Kaito lives in Oslo. My friend Ana is here.", facts=facts)
    _, rows = run(benchmark_script, path, capsys)
    assert rows["facts accepted"]["value"] == 2  # Oslo, and Ana, whom nobody listed
    assert rows["precision"]["value"] == 0.5


def test_optional_values_count_neither_way(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [gold("user", "city", "Porto")]
    path = data(tmp_path, "I live in Porto. I play the cello.", facts=facts, optional=["cello"])
    code, rows = run(benchmark_script, path, capsys)
    assert (rows["precision"]["value"], code) == (1.0, 0)


def test_an_optional_value_of_a_subject_counts_for_that_subject_alone(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [gold("user", "city", "Porto")]
    told = ("I live in Porto. My sister plays the cello.",)
    for subject, precision in (("my sister", 1.0), ("my uncle", 0.5)):
        optional = [{"subject": subject, "relation": "instrument", "value": "cello", "accept": []}]
        path = data(tmp_path, *told, facts=facts, optional=optional)
        _, rows = run(benchmark_script, path, capsys)
        assert rows["precision"]["value"] == precision


def test_names_make_a_role_and_a_person_one_subject(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = [gold("my sister", "name", "Mara"), gold("my sister", "town", "Porto")]
    path = data(tmp_path, "My sister Mara lives in Porto.", facts=facts)
    assert run(benchmark_script, path, capsys)[0] == 0


def test_a_fact_of_somebody_else_is_no_hit(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data(tmp_path, "My sister lives in Porto.", facts=[gold("user", "town", "Porto")])
    assert run(benchmark_script, path, capsys)[1]["recall"]["value"] == 0


def test_an_old_value_that_stays_fails_the_correction(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [{"question": "", "old": "Porto", "new": "Lisbon"}]
    told = ("I live in Porto.", "Sorry, I meant Lisbon.")
    path = data(tmp_path, *told, facts=[gold("user", "city", "Lisbon")], corrections=wrong)
    assert run(benchmark_script, path, capsys)[1]["corrections applied"]["ok"]
    path = data(tmp_path, told[0], facts=[gold("user", "city", "Porto")], corrections=wrong)
    assert not run(benchmark_script, path, capsys)[1]["corrections applied"]["ok"]


def test_secrets_are_looked_for_in_the_whole_database(
    benchmark_script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = data(tmp_path, "The garden gate is heavy, Quxfrob.", secrets=["Quxfrob"])
    code, rows = run(benchmark_script, path, capsys)
    assert (rows["secrets stored"]["value"], code) == (1, 1)
