"""Configuration: one YAML file, read into frozen dataclasses.

Every field carries its comment, its choices and its limits, so the generated default file, the
messages and the checks come from one place. A value is looked up in this order: the flag
``--set section.key=value``, the environment variable ``SLEEPING_SECTION_KEY``, the file, the
default. Unknown names and values of the wrong type are refused, with the nearest valid name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from rapidfuzz import process

from sleeping_plugin.errors import ConfigError
from sleeping_plugin.settings_file import Entry, format_value, parse_scalar, read_entries

if TYPE_CHECKING:
    from sleeping_plugin.home import Home

ENVIRONMENT_PREFIX: Final = "SLEEPING_"
KIND_WORDS: Final[Mapping[Any, str]] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple[str, ...]: "a list of names",
    tuple[int, ...]: "a list of whole numbers",
}


def key(
    default: Any,
    comment: str,
    *,
    choices: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """Declare a configuration key: its default, its one-line comment, what it may hold."""
    limits = {"comment": comment, "choices": choices, "least": least, "most": most}
    return field(default=default, metadata=limits)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The model that learns, and the host it is chatted with."""

    path: str = key("", "the GGUF file to teach; `sleeping init` writes it here")
    master: str = key(
        "", "folder of the float weights it was made from, if any; `sleeping init --master` checks"
    )
    host: str = key("llama-cpp", "the host that serves the model")
    context: int = key(2048, "tokens of context when the model is run", least=256)
    threads: int = key(0, "CPU threads; 0 means one for each physical core", least=0)


@dataclass(frozen=True, slots=True)
class ExtractionConfig:
    """How facts are read out of the user's own words."""

    extractors: tuple[str, ...] = key(("patterns", "model"), "who reads facts, in this order")
    model_facts: str = key(
        "quarantine",
        "facts that the model extractor alone found: accept, quarantine or off",
        choices=("accept", "quarantine", "off"),
    )


@dataclass(frozen=True, slots=True)
class NightConfig:
    """Which parts do the work of a night."""

    backend: str = key("torch", "what holds the working copy")
    editor: str = key("memit", "what writes facts into the weights without training")
    consolidator: str = key("lora", "what trains the adapter")
    exporter: str = key("gguf", "what writes the files of a version")
    gate: str = key("llama-cpp", "what judges a version before it is published")
    seed: int = key(0, "seed of everything random", least=0)
    min_free_gb: float = key(2.0, "free disk space that a night asks for, in GB", least=0)


@dataclass(frozen=True, slots=True)
class EditConfig:
    """MEMIT: edits written directly into weights."""

    enabled: bool = key(True, "whether a night edits what the adapter lacks")
    layers: tuple[int, ...] = key((), "layers to edit; empty: chosen by the model's depth")
    steps: int = key(20, "optimiser steps for each fact's target value", least=1)
    lr: float = key(0.3, "learning rate of these steps", least=0)
    weight_decay: float = key(0.05, "pull of the target towards the old value", least=0)
    clamp: float = key(2.0, "longest step, relative to the norm of the old value", least=0)
    ridge: float = key(100.0, "weight of what must stay as it is in the joint solve", least=0)
    contexts: int = key(4, "wordings averaged for the key of each fact", least=1)


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """LoRA: the adapter that a night trains."""

    first_layer: int = key(
        -1, "lowest layer that gets an adapter; -1: a third of the way up", least=-1
    )
    rank: int = key(8, "rank of the adapter", least=1)
    alpha: float = key(16.0, "scale of the adapter, before division by the rank", least=0)
    lr: float = key(0.002, "learning rate at its highest", least=0)
    epochs: int = key(10, "passes over the night's material", least=1)
    batch: int = key(16, "examples in each step", least=1)
    warmup: float = key(0.1, "share of the steps in which the rate rises", least=0, most=1)
    weight_decay: float = key(0.0, "weight decay of the adapter", least=0)
    anchor_weight: float = key(
        2.0, "weight of answering ordinary prompts as the base does", least=0
    )
    wordings: int = key(5, "wordings of each fact in each pass", least=1)
    candidates: int = key(
        3, "questions drawn for each one trained on, the one it answers worst", least=1
    )
    anchor_temperature: float = key(
        0.8, "sharpness of the kept replies; below 1, rounding flips fewer of them", least=0.1
    )
    near_miss_ratio: float = key(
        0.9, "questions about things never told, for each about a fact", least=0
    )
    near_misses: int = key(
        40, "fewest such questions in each pass, however few the facts of the night", least=0
    )
    told_ratio: float = key(1.5, "facts told within the chat, for each fact of the night", least=0)
    anchors: int = key(80, "ordinary prompts in each pass, whose replies are kept", least=0)


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """How a version is written."""

    type: str = key(
        "Q8_0",
        "type of the changed tensors: own (as in the base), wider (a bit more), Q8_0 or F16",
        choices=("own", "wider", "Q8_0", "F16"),
    )
    rounding: str = key(
        "keeping",
        "in own and wider types: keeping what was learnt, or to the nearest value",
        choices=("keeping", "nearest"),
    )
    settle_steps: int = key(
        64, "in own and wider types: steps in which the scales of blocks are trained", least=0
    )
    settle_lr: float = key(
        0.0002, "learning rate of these steps, relative to the size of the scales", least=0
    )
    layout: str = key(
        "whole",
        "one file, or split: three, of which versions share the one that stays the same",
        choices=("whole", "split"),
    )
    write_adapter: bool = key(True, "whether to write the change as a LoRA GGUF too")


@dataclass(frozen=True, slots=True)
class GateConfig:
    """What a version must show before it is published."""

    trained: float = key(0.9, "least recall in wordings it was taught", least=0, most=1)
    held_out: float = key(0.6, "least recall in wordings it never saw", least=0, most=1)
    false_attribution: float = key(0.2, "most inventions about things not told", least=0, most=1)
    perplexity: float = key(0.05, "most relative rise of the perplexity", least=0)
    general: float = key(0.9, "least share kept of general questions it knew", least=0, most=1)
    max_tokens: int = key(48, "longest answer, in tokens", least=1)


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """The server of `sleeping serve`."""

    address: str = key("127.0.0.1", "loopback address to listen on; any other is refused")
    port: int = key(8553, "port to listen on", least=0, most=65535)


@dataclass(frozen=True, slots=True)
class ChatConfig:
    """The terminal chat of `sleeping chat`."""

    auto_sleep_turns: int = key(0, "sleep after so many turns; 0 means never", least=0)
    max_tokens: int = key(256, "longest reply, in tokens", least=1)
    temperature: float = key(0.7, "randomness of the replies", least=0)


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, one attribute for each section of the file."""

    model: ModelConfig = field(default_factory=ModelConfig)
    extraction: ExtractionConfig = field(default_factory=ExtractionConfig)
    night: NightConfig = field(default_factory=NightConfig)
    edit: EditConfig = field(default_factory=EditConfig)
    adapter: AdapterConfig = field(default_factory=AdapterConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    chat: ChatConfig = field(default_factory=ChatConfig)


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration, and where each value came from."""

    config: Config
    sources: Mapping[str, str]  # "adapter.rank" -> "default", "file", "environment" or "flag"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of one section, as declared."""

    section: str
    name: str
    type: Any
    comment: str
    choices: tuple[str, ...]
    least: float | None
    most: float | None

    @property
    def dotted(self) -> str:
        """Return ``section.name``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """Return the name of the environment variable that overrides this key."""
        return f"{ENVIRONMENT_PREFIX}{self.section}_{self.name}".upper()


def declared_keys() -> dict[str, Key]:
    """Return every key of every section by its dotted name, in the order of the file."""
    keys: dict[str, Key] = {}
    for section, kind in get_type_hints(Config).items():
        hints = get_type_hints(kind)
        for one in fields(kind):
            found = Key(section, one.name, hints[one.name], **one.metadata)
            keys[found.dotted] = found
    return keys


def load(home: Home, overrides: Sequence[str] = ()) -> Config:
    """Return the configuration of ``home``; without a file, all defaults.

    ``overrides`` are ``section.key=value`` texts, as given to ``--set``. Raises ConfigError.
    """
    return load_settings(home.config_file, overrides).config


def load_settings(
    path: Path, overrides: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Settings:
    """Return the configuration of the file at ``path`` and the source of each value.

    Raises ConfigError.
    """
    keys = declared_keys()
    values: dict[str, Any] = {}
    sources = dict.fromkeys(keys, "default")
    layers = (
        ("file", _entries_of_file(path)),
        (
            "environment",
            _entries_of_environment(os.environ if environment is None else environment),
        ),
        ("flag", [_entry_of_override(text) for text in overrides]),
    )
    for source, entries in layers:
        for entry in entries:
            found = _find_key(keys, entry)
            values[found.dotted] = _convert(entry, found)
            sources[found.dotted] = source
    config = Config()
    for section in fields(Config):
        mine = {
            k.name: values[d] for d, k in keys.items() if d in values and k.section == section.name
        }
        config = replace(config, **{section.name: replace(getattr(config, section.name), **mine)})
    return Settings(config, sources)


def default_text(config: Config | None = None) -> str:
    """Return a configuration file that holds ``config``, with one comment for each key."""
    config = config or Config()
    lines = [
        "# Settings of sleeping-plugin. A key that is left out has its default. Each can also be",
        "# given as SLEEPING_SECTION_KEY in the environment, or as --set section.key=value.",
    ]
    section = ""
    for found in declared_keys().values():
        if found.section != section:
            section = found.section
            lines += ["", f"{section}:"]
        value = getattr(getattr(config, section), found.name)
        lines += [f"  # {found.comment}", f"  {found.name}: {format_value(value)}"]
    return "\n".join(lines) + "\n"


def nearest(name: str, names: Sequence[str]) -> str:
    """Return a hint: the likeliest of ``names``, or all of them where none is near."""
    found = process.extractOne(name, names, score_cutoff=60)
    if found is not None:
        return f'did you mean "{found[0]}"?'
    return "known are " + ", ".join(sorted(names)) + "."


def _entries_of_file(path: Path) -> list[Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8, "
            "or remove it to go back to the defaults."
        ) from error
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror}.") from error
    return read_entries(text, path)


def _entries_of_environment(environment: Mapping[str, str]) -> list[Entry]:
    """Return overrides from variables whose section is one of ours; others are not for us."""
    names = {f"{section.name.upper()}_": section.name for section in fields(Config)}
    entries = []
    for variable, text in sorted(environment.items()):
        rest = variable.removeprefix(ENVIRONMENT_PREFIX)
        for prefix, section in names.items():
            if rest != variable and rest.startswith(prefix):
                name = rest.removeprefix(prefix).lower()
                entries.append(Entry(section, name, text, f"Environment variable {variable}", True))
    return entries


def _entry_of_override(text: str) -> Entry:
    dotted, equals, value = text.partition("=")
    section, dot, name = dotted.strip().partition(".")
    if not (equals and dot):
        raise ConfigError(f"--set {text}: write it as section.key=value, e.g. adapter.rank=16.")
    return Entry(section, name, value, f"--set {text}", True)


def _find_key(keys: Mapping[str, Key], entry: Entry) -> Key:
    sections = [section.name for section in fields(Config)]
    if entry.section not in sections:
        hint = nearest(entry.section, sections)
        raise ConfigError(f'{entry.place}: there is no section "{entry.section}"; {hint}')
    if not entry.name:
        raise ConfigError(
            f'{entry.place}: here must be keys of section "{entry.section}", as `name: value`.'
        )
    found = keys.get(f"{entry.section}.{entry.name}")
    if found is None:
        hint = nearest(entry.name, [k.name for k in keys.values() if k.section == entry.section])
        raise ConfigError(
            f'{entry.place}: there is no key "{entry.name}" in section "{entry.section}"; {hint}'
        )
    return found


def _convert(entry: Entry, wanted: Key) -> Any:
    """Return the value in the type of its key, or raise ConfigError with place and expectation."""
    value = entry.value
    if entry.is_text and wanted.type is not str:
        value = parse_scalar(entry.value, listed=wanted.type not in (int, float, bool))
    converted = _as_type(value, wanted.type)
    if converted is None:
        raise ConfigError(
            f"{entry.place}: {wanted.dotted} must be {KIND_WORDS[wanted.type]}, not {value!r}."
        )
    if wanted.choices and converted not in wanted.choices:
        hint = nearest(str(converted), wanted.choices)
        raise ConfigError(f'{entry.place}: {wanted.dotted} cannot be "{converted}"; {hint}')
    if wanted.least is not None and converted < wanted.least:
        raise ConfigError(
            f"{entry.place}: {wanted.dotted} must be at least {wanted.least:g}, not {converted}."
        )
    if wanted.most is not None and converted > wanted.most:
        raise ConfigError(
            f"{entry.place}: {wanted.dotted} must be at most {wanted.most:g}, not {converted}."
        )
    return converted


def _as_type(value: Any, kind: Any) -> Any:
    """Return ``value`` as ``kind``, or None. A whole number is a number; a truth value is not."""
    if kind in (str, bool):
        return value if isinstance(value, kind) else None
    if isinstance(value, bool):
        return None
    if kind is int:
        return value if isinstance(value, int) else None
    if kind is float:
        finite = isinstance(value, int | float) and math.isfinite(value)
        return float(value) if finite else None
    item = str if kind == tuple[str, ...] else int
    if not isinstance(value, list):
        return None
    items = [_as_type(one, item) for one in value]
    return None if None in items else tuple(items)
