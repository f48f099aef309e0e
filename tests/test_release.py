"""What a release says of itself: one number everywhere, and a README that does not drift.

Run: pytest tests/test_release.py
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer

import sleeping_plugin
from sleeping_plugin import cli, plugins

ROOT = Path(sleeping_plugin.__file__).parents[1]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def documented() -> set[str]:
    """Return every command that a code span or block of the documents types."""
    documents = "\n".join(text_of(name) for name in ("README.md", "CONTRIBUTING.md"))
    spans = re.findall(r"`sleeping ([a-z][a-z-]*)", documents)
    return {*spans, *re.findall(r"^\$ (?:\S+/)?sleeping ([a-z]+)", documents, re.MULTILINE)}


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    newest = re.search(r"^## \[(\d+\.\d+\.\d+)\]", text_of("CHANGELOG.md"), re.MULTILINE)
    assert newest is not None
    assert project["version"] == sleeping_plugin.__version__ == newest[1]


def test_every_command_in_the_readme_exists_and_every_command_is_in_it() -> None:
    app = cli.build_app(plugins.load(strangers=()))
    group = typer.main.get_group(app)
    assert documented() == set(group.commands)


def test_the_readme_is_short_enough_to_read() -> None:
    assert len(text_of("README.md").splitlines()) <= 250


def test_every_link_and_file_of_the_documents_is_there() -> None:
    for name in ("README.md", "CONTRIBUTING.md", "docs/plugins.md"):
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", text_of(name)):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"


def test_every_module_in_the_file_tree_of_the_readme_is_there() -> None:
    tree = text_of("README.md").partition("```text\nsleeping_plugin/")[2].partition("```")[0]
    core = tree.partition("\nhooks/")[0]
    names = re.findall(r"(?<![\w/])([a-z_]+(?:\.py|/))(?=\s)", core)
    assert len(names) > 20
    for name in names:
        assert (ROOT / "sleeping_plugin" / name).exists(), name


def test_every_installed_version_is_pinned() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    lines = text_of("constraints.txt").lower().replace("_", "-").splitlines()
    pinned = {line.partition("==")[0] for line in lines if "==" in line}
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(r for e in ("torch", "serve", "dev") for r in extras[e])]
    names = {re.split(r"[\[><=; ]", one)[0].lower().replace("_", "-") for one in wanted}
    assert names <= pinned


@pytest.mark.parametrize("script", ["setup", "demo", "test", "check-wheel"])
def test_every_script_can_be_run_and_stops_at_the_first_failure(script: str) -> None:
    path = ROOT / "scripts" / script
    assert path.stat().st_mode & 0o111
    assert "\nset -euo pipefail\n" in path.read_text(encoding="utf-8")
