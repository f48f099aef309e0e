"""A day to play and the questions to ask about it: one JSON file, or two.

    {"conversations": [{"id", "time", "messages": [{"role", "content"}]}],
     "facts": [{"question", "accept": [...], "held_out": [...]}],
     "corrections": [{"question", "new", "old"}],
     "strangers": [{"question"}], "general": [{"question", "accept": [...]}],
     "forbidden": [...], "secrets": [...]}

A day may also be a JSON Lines file, as ``sleeping import`` takes it. Everything but the
conversations and the facts may be left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sleeping_plugin.errors import UsageError


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and what a right answer holds."""

    text: str
    accept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AskedFact:
    """A fact of the day: the question it may have been taught with, and others it was not."""

    direct: Question
    held_out: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A fact that changed during the day."""

    question: str
    new: str
    old: str


@dataclass(frozen=True, slots=True)
class Questions:
    """Everything that is asked before and after the night, and what must not be found."""

    facts: tuple[AskedFact, ...]
    corrections: tuple[Correction, ...]
    strangers: tuple[str, ...]
    general: tuple[Question, ...]
    forbidden: tuple[str, ...]  # values from pasted text and others' words: must not be learnt
    secrets: tuple[str, ...]  # must not be stored

    @property
    def learnt(self) -> tuple[str, ...]:
        """Return every accepted value, to be recognised in answers to strangers' questions."""
        return tuple(value for fact in self.facts for value in fact.direct.accept)

    def texts(self) -> list[str]:
        """Return all questions once, in the order in which they are asked."""
        texts = [q.text for fact in self.facts for q in (fact.direct, *fact.held_out)]
        texts += [c.question for c in self.corrections]
        texts += [*self.strangers, *(q.text for q in self.general)]
        return list(dict.fromkeys(texts))


def day_lines(path: Path) -> str:
    """Return the conversations of a day as JSON Lines. Raises UsageError for any other content."""
    text = _read(path)
    if path.suffix == ".jsonl":
        return text
    conversations = _object(path, text).get("conversations")
    if not isinstance(conversations, list) or not conversations:
        raise UsageError(f'{path} has no "conversations". Give a day with --day FILE.')
    return "".join(json.dumps(one) + "\n" for one in conversations)


def read_questions(path: Path) -> Questions:
    """Return the questions of a file. Raises UsageError naming what is missing or wrong."""
    value = _object(path, _read(path))
    if not value.get("facts"):
        raise UsageError(f'{path} has no "facts" to ask for. Give questions with --questions FILE.')
    try:
        return Questions(
            facts=tuple(_fact(one) for one in value["facts"]),
            corrections=tuple(
                Correction(one["question"], one["new"], one["old"])
                for one in value.get("corrections", ())
            ),
            strangers=tuple(one["question"] for one in value.get("strangers", ())),
            general=tuple(
                Question(one["question"], _texts(one["accept"])) for one in value.get("general", ())
            ),
            forbidden=_texts(value.get("forbidden", ())),
            secrets=_texts(value.get("secrets", ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} does not hold questions as it should: {error!r}.") from error


def _fact(value: Mapping[str, Any]) -> AskedFact:
    accept = _texts(value["accept"])
    held_out = tuple(Question(text, accept) for text in _texts(value.get("held_out", ())))
    return AskedFact(Question(value["question"], accept), held_out)


def _texts(value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(one, str) for one in value):
        raise TypeError(f"expected a list of texts, not {value!r}")
    return tuple(value)


def _object(path: Path, text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}: this is not JSON: {error.msg}.") from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} must hold one JSON object.")
    return value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text.") from error
