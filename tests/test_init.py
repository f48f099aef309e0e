"""``sleeping init``: a model is checked before anything is written, and not replaced by accident.

Run: pytest tests/test_init.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sleeping_plugin import config, errors
from sleeping_plugin.base import recorded_base
from sleeping_plugin.commands.init import initialise
from sleeping_plugin.home import Home
from sleeping_plugin.plugins import Plugins

Write = Callable[..., Path]


def accept(base: Path) -> None:
    """Find nothing wrong with a model."""


@pytest.fixture
def plugins() -> Plugins:
    loaded = Plugins()
    exporter: Any = SimpleNamespace(name="gguf", check=accept)
    host: Any = SimpleNamespace(
        name="llama-cpp", check=accept, publish=lambda *_: None, advice=lambda home: "Chat."
    )
    loaded.exporters["gguf"], loaded.hosts["llama-cpp"] = exporter, host
    return loaded


def init(plugins: Plugins, model: Path, *, host: str = "llama-cpp", force: bool = False) -> Any:
    home = Home.open()
    return initialise(home, config.load(home), plugins, model, host, force=force)


def untouched() -> bool:
    home = Home.open()
    return not home.config_file.exists() and recorded_base(home) is None


def test_the_model_is_written_into_a_commented_configuration(
    plugins: Plugins, write_model: Write
) -> None:
    model = write_model()
    done = init(plugins, model)
    home = Home.open()
    assert config.load(home).model.path == str(model)
    assert home.config_file.read_text(encoding="utf-8").count("  # ") == len(config.declared_keys())
    base = recorded_base(home)
    assert base is not None and base.digest == done.digest
    assert done.architecture == "llama"


def test_a_relative_path_is_kept_as_an_absolute_one(
    plugins: Plugins, write_model: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_model("relative.gguf")
    monkeypatch.chdir(model.parent)
    init(plugins, Path("relative.gguf"))
    assert config.load(Home.open()).model.path == str(model)


def test_an_existing_configuration_keeps_its_other_values_and_comments(
    plugins: Plugins, write_model: Write
) -> None:
    home = Home.open()
    home.config_file.write_text("# mine\nadapter:\n  rank: 4 # small\n", encoding="utf-8")
    model = write_model()
    init(plugins, model)
    loaded = config.load(home)
    assert (loaded.adapter.rank, loaded.model.path) == (4, str(model))
    assert "rank: 4 # small" in home.config_file.read_text(encoding="utf-8")


def test_another_model_is_refused_unless_forced(plugins: Plugins, write_model: Write) -> None:
    first, second = write_model("first.gguf"), write_model("second.gguf", seed=1)
    init(plugins, first)
    with pytest.raises(errors.UsageError, match="--force") as caught:
        init(plugins, second)
    assert str(first) in str(caught.value) and "--home DIR" in str(caught.value)
    assert config.load(Home.open()).model.path == str(first)
    init(plugins, second, force=True)
    assert config.load(Home.open()).model.path == str(second)


def test_the_same_model_again_is_no_change(plugins: Plugins, write_model: Write) -> None:
    assert init(plugins, write_model()) == init(plugins, write_model())


def test_a_moved_model_is_the_same_model(
    plugins: Plugins, write_model: Write, tmp_path: Path
) -> None:
    model = write_model()
    init(plugins, model)
    moved = model.rename(tmp_path / "moved.gguf")
    init(plugins, moved)
    assert config.load(Home.open()).model.path == str(moved)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, errors.ModelError),
        (b"", errors.ModelError),
        (b"PK\x03\x04" + b"x" * 200, errors.ModelError),
        (b"GGUF" + b"\x03\x00\x00\x00" + b"\xff" * 200, errors.ModelError),
    ],
)
def test_a_file_that_is_no_model_is_refused_and_nothing_is_written(
    plugins: Plugins, tmp_path: Path, content: bytes | None, expected: type[Exception]
) -> None:
    path = tmp_path / "bad.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(expected, match=r"bad\.gguf"):
        init(plugins, path)
    assert untouched()


def test_a_truncated_model_is_refused(plugins: Plugins, write_model: Write) -> None:
    model = write_model()
    model.write_bytes(model.read_bytes()[:-1000])
    with pytest.raises(errors.ModelError):
        init(plugins, model)
    assert untouched()


def test_an_unsupported_architecture_is_named_with_those_supported(
    plugins: Plugins, write_model: Write
) -> None:
    with pytest.raises(errors.UnsupportedModel, match=r"mamba.*llama"):
        init(plugins, write_model(architecture="mamba"))
    assert untouched()


def test_a_model_without_a_chat_template_is_refused(plugins: Plugins, write_model: Write) -> None:
    with pytest.raises(errors.NoChatTemplate):
        init(plugins, write_model(template=None))
    assert untouched()


@pytest.mark.parametrize("kind", ["exporters", "hosts"])
def test_a_model_that_exporter_or_host_refuse_is_refused_at_once(
    plugins: Plugins, write_model: Write, kind: str
) -> None:
    def refuse(base: Path) -> None:
        raise errors.UnsupportedModel("not this one")

    (part,) = getattr(plugins, kind).values()
    part.check = refuse
    with pytest.raises(errors.UnsupportedModel, match="not this one"):
        init(plugins, write_model())
    assert untouched()


def test_an_unknown_host_is_refused_with_the_known_ones(
    plugins: Plugins, write_model: Write
) -> None:
    with pytest.raises(errors.PluginError, match=r"llama\.cpp.*llama-cpp"):
        init(plugins, write_model(), host="llama.cpp")
    assert untouched()


def test_the_model_file_is_never_written_to(plugins: Plugins, write_model: Write) -> None:
    model = write_model()
    model.chmod(0o400)
    before = model.read_bytes()
    init(plugins, model)
    assert model.read_bytes() == before


def test_a_locked_home_is_not_changed(plugins: Plugins, write_model: Write) -> None:
    with Home.open().lock("sleep"), pytest.raises(errors.Locked, match="sleep"):
        init(plugins, write_model())
    assert untouched()
