"""The YAML of the configuration file: reading with line numbers, writing, changing in place.

Two levels and no more: sections, and keys with a scalar or a list. Read as YAML 1.2 reads it
(``off`` is a word, ``1e-3`` is a number), because PyYAML's older rules surprise people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sleeping_plugin.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that somebody gave, and where."""

    section: str
    name: str
    value: Any
    place: str  # "/home/me/config.yaml:12", "--set adapter.rank=3"
    is_text: bool = False  # from a flag or the environment: not typed yet


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own class attribute


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]{1,18}$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(node.value))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda loader, node: float(node.value))


def read_entries(text: str, path: Path) -> list[Entry]:
    """Return every key of a configuration file. Raises ConfigError with the line of the mistake."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        return [] if root is None else _entries_of(loader, root, path)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = 1 if mark is None else mark.line + 1
        raise ConfigError(f"{path}:{line}: this is not YAML: {error.problem}.") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ConfigError(f"{path}:{line}: this is not YAML: {error.reason}.") from error


def _entries_of(loader: _Loader, root: yaml.Node, path: Path) -> list[Entry]:
    entries = []
    for section, _, content in _pairs(loader, root, path, "sections"):
        if _is_null(content):
            continue  # all its keys are commented out
        if not isinstance(content, yaml.MappingNode):
            place = f"{path}:{content.start_mark.line + 1}"
            entries.append(Entry(section, "", None, place))  # the section may be unknown, too
            continue
        for name, inner_place, value in _pairs(loader, content, path, f'keys of "{section}"'):
            entries.append(
                Entry(section, name, loader.construct_object(value, deep=True), inner_place)
            )
    return entries


def _pairs(
    loader: _Loader, node: yaml.Node, path: Path, what: str
) -> list[tuple[str, str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(
            f"{path}:{node.start_mark.line + 1}: here must be {what}, as `name: value`."
        )
    pairs: list[tuple[str, str, yaml.Node]] = []
    seen: set[str] = set()
    for name_node, value in node.value:
        name = str(loader.construct_object(name_node, deep=True))
        place = f"{path}:{name_node.start_mark.line + 1}"
        if name in seen:
            raise ConfigError(f'{place}: "{name}" stands here twice. Remove one of them.')
        seen.add(name)
        pairs.append((name, place, value))
    return pairs


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def parse_scalar(text: str, *, listed: bool) -> Any:
    """Return the value of a flag or variable; where a list is wanted, ``a, b`` will do."""
    stripped = text.strip()
    if listed and not stripped.startswith("["):
        stripped = f"[{stripped}]"
    try:
        return yaml.load(stripped, Loader=_Loader)
    except yaml.YAMLError:
        return text


def format_value(value: Any) -> str:
    """Return ``value`` as YAML on one line; texts are always quoted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(format_value(one) for one in value) + "]"
    return repr(value)


def _quoted(text: str) -> str:
    dumped: str = yaml.dump(text, default_style='"', allow_unicode=True, width=2**31)
    return dumped.rstrip("\n")


def with_value(text: str, section: str, name: str, value: Any) -> str:
    """Return the file's text with one key set, everything else, comments included, as it was.

    The text must be readable by :func:`read_entries`.
    """
    written = format_value(value)
    key, content = _child(yaml.compose(text, Loader=_Loader), section)
    if key is None or content is None:
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{gap}\n{section}:\n  {name}: {written}\n"
    _, old = _child(content, name)
    if old is not None:
        start, end = old.start_mark.index, old.end_mark.index
        space = "" if text[start - 1].isspace() else " "
        newline = "\n" if text[start:end].endswith("\n") else ""
        return f"{text[:start]}{space}{written}{newline}{text[end:]}"
    indent = 2
    if isinstance(content, yaml.MappingNode):
        if content.flow_style:
            raise ConfigError(f"Write section {section} on lines of its own, then try again.")
        indent = content.start_mark.column
    head, newline, tail = text[key.end_mark.index :].partition("\n")
    before = text[: key.end_mark.index] + head
    return f"{before}\n{' ' * indent}{name}: {written}\n{tail}"


def _child(node: yaml.Node | None, name: str) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Return the key node and the value node of ``name`` in a mapping, or two Nones."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                return key, value
    return None, None
