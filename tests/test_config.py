"""Configuration: precedence, refusals with a hint, the generated file.

Run: pytest tests/test_config.py
"""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin import config
from sleeping_plugin.config import Config, declared_keys, default_text, load_settings
from sleeping_plugin.errors import ConfigError
from sleeping_plugin.settings_file import with_value


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path, *overrides: str, environment: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides, environment or {})
    return str(caught.value)


def test_without_a_file_every_value_is_the_default(tmp_path: Path) -> None:
    settings = load_settings(tmp_path / "none.yaml", (), {})
    assert settings.config == Config()
    assert set(settings.sources.values()) == {"default"}


def test_the_generated_file_reads_back_as_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(written(tmp_path, default_text()), (), {})
    assert settings.config == Config()
    assert set(settings.sources.values()) == {"file"}


def test_the_generated_file_has_one_comment_above_each_key() -> None:
    lines = default_text().splitlines()
    for key in declared_keys().values():
        at = [i for i, line in enumerate(lines) if line.strip() == f"# {key.comment}"]
        assert any(lines[i + 1].startswith(f"  {key.name}: ") for i in at), key.dotted
    assert sum(line.startswith("  # ") for line in lines) == len(declared_keys())


def test_every_key_has_a_distinct_variable_and_a_short_comment() -> None:
    keys = declared_keys()
    assert len({key.variable for key in keys.values()}) == len(keys)
    assert all(0 < len(key.comment) <= 90 for key in keys.values())


def test_plain_yaml_reads_the_generated_file_the_same_way() -> None:
    loaded = yaml.safe_load(default_text())
    assert loaded["adapter"]["lr"] == Config().adapter.lr
    assert loaded["extraction"]["extractors"] == list(Config().extraction.extractors)


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(tmp_path: Path) -> None:
    path = written(tmp_path, "adapter:\n  rank: 3\n  alpha: 3\n  epochs: 3\n")
    environment = {"SLEEPING_ADAPTER_RANK": "4", "SLEEPING_ADAPTER_ALPHA": "4"}
    settings = load_settings(path, ["adapter.rank=5"], environment)
    adapter = settings.config.adapter
    assert (adapter.rank, adapter.alpha, adapter.epochs) == (5, 4.0, 3)
    assert adapter.batch == Config().adapter.batch
    sources = [settings.sources[f"adapter.{n}"] for n in ("rank", "alpha", "epochs", "batch")]
    assert sources == ["flag", "environment", "file", "default"]


def test_the_process_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLEEPING_ADAPTER_RANK", "12")
    assert load_settings(tmp_path / "none.yaml").config.adapter.rank == 12


def test_an_unknown_key_is_refused_with_the_nearest_name_file_and_line(tmp_path: Path) -> None:
    path = written(tmp_path, "# mine\nadapter:\n  rnak: 4\n")
    message = refusal(path)
    assert message.startswith(f"{path}:3: ")
    assert '"rnak"' in message and 'did you mean "rank"?' in message


def test_an_unknown_section_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    assert 'did you mean "adapter"?' in refusal(written(tmp_path, "adaptor:\n  rank: 4\n"))


def test_an_unknown_name_far_from_all_others_lists_them(tmp_path: Path) -> None:
    assert "known are address, port" in refusal(written(tmp_path, "serve:\n  qqqqq: 4\n"))


def test_an_unknown_variable_of_a_known_section_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path / "none", environment={"SLEEPING_ADAPTER_RNAK": "1"})
    assert "SLEEPING_ADAPTER_RNAK" in message and 'did you mean "rank"?' in message


def test_variables_that_are_not_settings_are_left_alone(tmp_path: Path) -> None:
    environment = {"SLEEPING_HOME": "/x", "ADAPTER_RANK": "5", "MODEL_PATH": "y"}
    assert load_settings(tmp_path / "none", (), environment).config == Config()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("adapter:\n  rank: many\n", "adapter.rank must be a whole number, not 'many'"),
        ("adapter:\n  rank: 1.5\n", "adapter.rank must be a whole number, not 1.5"),
        ("adapter:\n  rank: true\n", "adapter.rank must be a whole number, not True"),
        ("adapter:\n  lr: fast\n", "adapter.lr must be a number, not 'fast'"),
        ("adapter:\n  lr: 1e999\n", "adapter.lr must be a number, not inf"),
        ("adapter:\n  rank: " + "9" * 5000, "adapter.rank must be a whole number, not inf"),
        ("adapter:\n  lr: .nan\n", "adapter.lr must be a number"),
        ("edit:\n  enabled: yes\n", "edit.enabled must be true or false, not 'yes'"),
        ("edit:\n  layers: 5\n", "edit.layers must be a list of whole numbers, not 5"),
        ("edit:\n  layers: [5, x]\n", "edit.layers must be a list of whole numbers"),
        ("model:\n  path: 5\n", "model.path must be text, not 5"),
        ("model:\n  path:\n", "model.path must be text, not None"),
        ("adapter:\n  rank: 0\n", "adapter.rank must be at least 1, not 0"),
        ("gate:\n  trained: 1.5\n", "gate.trained must be at most 1, not 1.5"),
        ("export:\n  type: Q8\n", 'did you mean "Q8_0"?'),
    ],
)
def test_an_ill_typed_value_is_refused_with_file_line_and_expectation(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = written(tmp_path, text)
    message = refusal(path)
    assert message.startswith(f"{path}:2: ")
    assert expected in message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("adapter:\n  rank: [1\nedit:\n", 3),
        ("adapter:\n\trank: 1\n", 2),
        ("adapter:\n  rank: 1\n rank: 2\n", 3),
        ("- adapter\n", 1),
        ("adapter:\n  - rank\n", 2),
        ("adapter:\n  rank: 1\n  rank: 2\n", 3),
        ("adapter: 5\n", 1),
    ],
)
def test_a_mistake_in_the_yaml_is_reported_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    path = written(tmp_path, text)
    assert refusal(path).startswith(f"{path}:{line}: ")


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes(b"model:\n  path: \xff\xfe\n")
    assert "is not UTF-8 text" in refusal(path)
    path.write_bytes(b"model: \x00\n")
    assert "this is not YAML" in refusal(path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    assert str(tmp_path) in refusal(tmp_path)


@pytest.mark.parametrize("text", ["", "# nothing\n", "adapter:\n", "adapter: {}\n"])
def test_an_empty_file_or_section_means_the_defaults(tmp_path: Path, text: str) -> None:
    assert load_settings(written(tmp_path, text), (), {}).config == Config()


def test_off_is_a_word_and_a_short_exponent_is_a_number(tmp_path: Path) -> None:
    path = written(tmp_path, "extraction:\n  model_facts: off\nadapter:\n  lr: 1e-4\n")
    loaded = load_settings(path, (), {}).config
    assert loaded.extraction.model_facts == "off"
    assert loaded.adapter.lr == 1e-4


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("edit.layers=4,5", (4, 5)),
        ("edit.layers=[4, 5]", (4, 5)),
        ("edit.layers=", ()),
        ("edit.enabled=false", False),
        ("adapter.lr=2e-4", 2e-4),
        ("model.path=123", "123"),
        ("model.path=/a=b/c.gguf", "/a=b/c.gguf"),
        ("extraction.extractors=patterns", ("patterns",)),
    ],
)
def test_flags_take_every_type(tmp_path: Path, override: str, expected: Any) -> None:
    loaded = load_settings(tmp_path / "none", [override], {}).config
    section, name = override.partition("=")[0].split(".")
    assert getattr(getattr(loaded, section), name) == expected


@pytest.mark.parametrize("override", ["rank=4", "adapter.rank", "adapter.rank=x", "a.b=c", "=", ""])
def test_a_malformed_flag_is_refused_by_its_own_text(tmp_path: Path, override: str) -> None:
    assert refusal(tmp_path / "none", override).startswith(f"--set {override}")


def value_of(key: config.Key) -> st.SearchStrategy[Any]:
    if key.choices:
        return st.sampled_from(key.choices)
    numbers = {int: st.integers(1, 100), float: st.sampled_from([0.0, 1.0, 0.25, 1e-7])}
    texts = st.text(st.characters(codec="utf-8"))
    kinds: dict[Any, st.SearchStrategy[Any]] = {
        **numbers,
        str: texts,
        bool: st.booleans(),
        tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
        tuple[int, ...]: st.lists(st.integers(-5, 5), max_size=3).map(tuple),
    }
    if key.dotted == "model.context":
        return st.integers(256, 9999)
    if key.type is float and key.least:
        return st.floats(key.least, 10.0)
    return kinds[key.type]


@st.composite
def configs(draw: st.DrawFn) -> Config:
    changes: dict[str, dict[str, Any]] = {}
    for key in declared_keys().values():
        changes.setdefault(key.section, {})[key.name] = draw(value_of(key))
    sections = {name: replace(getattr(Config(), name), **c) for name, c in changes.items()}
    return replace(Config(), **sections)


@given(configs())
def test_any_configuration_survives_being_written_and_read(
    tmp_path_factory: pytest.TempPathFactory, wanted: Config
) -> None:
    path = written(tmp_path_factory.mktemp("config"), default_text(wanted))
    assert load_settings(path, (), {}).config == wanted


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(list(declared_keys())))
def test_any_text_is_read_or_refused_but_never_breaks(
    tmp_path_factory: pytest.TempPathFactory, text: str, dotted: str
) -> None:
    folder = tmp_path_factory.mktemp("config")
    section, name = dotted.split(".")
    for attempt in (text, f"{section}:\n  {name}: {text}\n"):
        path = folder / "config.yaml"
        path.write_bytes(attempt.encode())
        try:
            load_settings(path, (), {})
        except ConfigError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize(
    "text",
    [
        default_text(),
        "# mine\nmodel:\n    path: old  # why\n    host: llama-cpp\n",
        "model: {path: old, host: llama-cpp}\n",
        "model:\n    host: llama-cpp # tail\nedit:\n  steps: 3\n",
        "model:\n# all commented out\nedit:\n  steps: 3\n",
        "edit:\n  steps: 3",
        "model:",
        "model:\n  path: >\n    a\n    b\n  host: llama-cpp\n",
        "",
    ],
)
def test_a_value_is_changed_in_place_and_all_else_stays(tmp_path: Path, text: str) -> None:
    before = load_settings(written(tmp_path, text), (), {}).config
    changed = with_value(text, "model", "path", '/new "one": #1.gguf')
    after = load_settings(written(tmp_path, changed), (), {}).config
    assert after.model.path == '/new "one": #1.gguf'
    assert replace(after, model=replace(after.model, path=before.model.path)) == before
    comments = [part for part in text.splitlines() if part.strip().startswith("#")]
    assert all(comment in changed.splitlines() for comment in comments)


def test_the_sections_of_the_file_are_the_sections_of_the_code() -> None:
    assert list(yaml.safe_load(default_text())) == [one.name for one in fields(Config)]
