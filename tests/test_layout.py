"""Which package may import which, and that a command starts without the heavy libraries.

Run: pytest tests/test_layout.py
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sleeping_plugin

ROOT = Path(sleeping_plugin.__file__).parents[1]
PARTS = {
    "sleeping_plugin": ROOT / "sleeping_plugin",
    "sleeping_hooks": ROOT / "hooks" / "sleeping_hooks",
    "sleeping_converters": ROOT / "converters" / "sleeping_converters",
    "sleeping_integrations": ROOT / "integrations" / "sleeping_integrations",
}
HEAVY = ("torch", "transformers", "peft", "mlx", "llama_cpp", "matplotlib")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("part", PARTS)
def test_a_part_imports_the_core_and_itself_alone(part: str) -> None:
    others = set(PARTS) - {part, "sleeping_plugin"}
    for path in PARTS[part].rglob("*.py"):
        wrong = [name for name in imported(path) if name.split(".")[0] in others]
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_the_folders_around_the_packages_are_no_packages() -> None:
    assert not [p for f in ("hooks", "converters", "integrations") for p in (ROOT / f).glob("*.py")]


def test_loading_every_plugin_imports_no_heavy_library() -> None:
    script = (
        "import sys; from sleeping_plugin import plugins, cli\n"
        "cli.build_app(plugins.load(strangers=()))\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_no_file_is_too_long_to_read() -> None:
    for part in PARTS.values():
        for path in part.rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 600, path


def test_no_function_is_too_long_to_read() -> None:
    for part in PARTS.values():
        for path in part.rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    assert length <= 80, f"{path.relative_to(ROOT)}: {node.name} has {length} lines"
