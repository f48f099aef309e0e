"""The extractor that asks the user's own model, with the reply bound to a JSON schema.

A small model is noisy, so this one is humble: it is asked only about turns that could hold a fact,
what it says must stand in the user's own words, and its confidence is low unless the patterns
found the same (:mod:`sleeping_plugin.curate`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sleeping_plugin import relations
from sleeping_plugin.extract.sentences import Sentence, sentences
from sleeping_plugin.hookspecs import Extractor, hookimpl
from sleeping_plugin.records import Candidate, Message, Turn
from sleeping_plugin.relations.grammar import USER

if TYPE_CHECKING:
    from sleeping_plugin.runtime import Runtime

CONFIDENCE: Final = 0.5
MAX_TOKENS: Final = 120
MAX_WORDS: Final = 60  # of the user's text that are shown to the model
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "facts": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "subject": {"type": "string", "maxLength": 40},
                    "relation": {"type": "string", "maxLength": 40},
                    "value": {"type": "string", "maxLength": 60},
                },
                "required": ["subject", "relation", "value"],
            },
        }
    },
    "required": ["facts"],
}
_SYSTEM = (
    "List the lasting facts that the user states about themselves and the people around them. "
    "Copy every value word for word. No questions, wishes, moods or plans. No fact: an empty list."
)
_SHOTS: Final[tuple[tuple[str, list[dict[str, str]]], ...]] = (
    (
        "I'm Nadia and my brother Emil is a baker in Ghent.",
        [
            {"subject": "user", "relation": "name", "value": "Nadia"},
            {"subject": "my brother", "relation": "name", "value": "Emil"},
            {"subject": "Emil", "relation": "job", "value": "baker"},
        ],
    ),
    ("I am so tired today. How do I boil an egg?", []),
)
_FIRST_PERSON = re.compile(r"\b(?:I|i|im|i'm|my|we|our|mine|me|he|she|his|her|they|their)\b")


class ModelExtractor:
    """Asks the model that learns for the facts of each turn."""

    name = "model"

    def extract(self, turns: Sequence[Turn], model: Runtime | None) -> list[Candidate]:
        """Return what the model finds in the user's own sentences; [] without a model."""
        if model is None:
            return []
        found: list[Candidate] = []
        for turn in turns:
            said = worth_asking(turn)
            if said:
                reply = model.complete_json(prompt(said), SCHEMA, max_tokens=MAX_TOKENS)
                found += candidates(reply, said, turn)
        return found


def worth_asking(turn: Turn) -> list[Sentence]:
    """Return the sentences of a turn that could state a fact; most turns have none."""
    if turn.role != "user":
        return []
    kept: list[Sentence] = []
    room = MAX_WORDS
    for sentence in sentences(turn.text):
        count = len(sentence.text.split())
        if sentence.ends != "?" and 3 <= count <= room and _FIRST_PERSON.search(sentence.text):
            kept.append(sentence)
            room -= count
    return kept


def prompt(said: Sequence[Sentence]) -> list[Message]:
    """Return the chat that asks for the facts of these sentences."""
    chat = [Message("system", _SYSTEM)]
    for text, facts in _SHOTS:
        chat.append(Message("user", text))
        chat.append(Message("assistant", json.dumps({"facts": facts})))
    chat.append(Message("user", " ".join(f"{s.raw}{s.ends.strip() or '.'}" for s in said)))
    return chat


def candidates(reply: str, said: Sequence[Sentence], turn: Turn) -> list[Candidate]:
    """Read a reply; what is not grounded in the sentences, or no triple, is left out."""
    try:
        facts = json.loads(reply)["facts"]
    except (ValueError, KeyError, TypeError):
        return []  # cut short, or no JSON at all
    found: list[Candidate] = []
    for fact in facts if isinstance(facts, list) else []:
        triple = _triple(fact)
        source = next((s for s in said if triple and _stands_in(triple[2], s.raw)), None)
        if triple is None or source is None:
            continue
        subject, relation, value = triple
        found.append(
            Candidate(
                subject=subject,
                relation=relation,
                value=value,
                question=relations.question(subject, relation, value),
                answer=relations.answer(subject, relation, value),
                turn=turn.id,
                evidence=source.raw,
                extractor=ModelExtractor.name,
                confidence=CONFIDENCE,
                single=not relations.holds_many(subject, relation),
            )
        )
    return found


def _triple(fact: Any) -> tuple[str, str, str] | None:
    """Return subject, relation and value if the model gave three usable strings."""
    if not isinstance(fact, dict):
        return None
    parts = [fact.get(key) for key in ("subject", "relation", "value")]
    if not all(isinstance(part, str) and part.strip() for part in parts):
        return None
    subject, relation, value = (" ".join(str(part).split()) for part in parts)
    if subject.casefold() in ("user", "i", "me", "the user", "myself", "you"):
        subject = USER
    relation = relation.lower().replace("_", " ")
    if not re.fullmatch(r"[a-z][a-z' -]{1,39}", relation) or len(value) > 60:
        return None
    if subject != USER and not re.match(r"(?:my |our )\w|[^\W\d_]", subject):
        return None
    return subject, relation, value.strip(" .,")


def _stands_in(value: str, text: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(value.casefold())}(?!\w)", text.casefold()))


@hookimpl
def register_extractors(register: Callable[[Extractor], None]) -> None:
    """Register the model extractor."""
    register(ModelExtractor())
