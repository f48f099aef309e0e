"""The extractor that asks the user's own model, with the reply bound to a JSON schema.

A small model is noisy and slow, so it is asked little: only about sentences that could hold a fact,
several of them at once. What it says must stand in the user's own words, and its confidence is low
unless the patterns found the same (:mod:`sleeping_plugin.curate`).
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

Said = tuple[Turn, Sentence]

CONFIDENCE: Final = 0.5
MAX_TOKENS: Final = 100  # a longer reply is cut; the triples before the cut count
MAX_WORDS: Final = 50  # of the user's text in one prompt
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
_STATES = re.compile(
    r"\b(?:[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir) [\w' -]{2,30} (?:is|are|was|has|lives|works|"
    r"called)\b|"
    r"\b(?:I|i|[Ww]e|[Hh]e|[Ss]he|[Tt]hey) (?:\w+ly |also |now |still |just |have )?(?:am|is|are|"
    r"was|were|"
    r"have|has|live|lives|lived|work|works|study|studies|teach|teaches|play|plays|speak|speaks|"
    r"drive|drives|own|owns|come|comes|moved|grew|born|collect|love|loves|hate|hates|support|run|"
    r"keep|married|call|called)\b|\b(?:[Mm]y|[Oo]ur) \w+,? [A-Z]\w+"
)


class ModelExtractor:
    """Asks the model that learns for the facts of each turn."""

    name = "model"

    def extract(self, turns: Sequence[Turn], model: Runtime | None) -> list[Candidate]:
        """Return what the model finds in the user's own sentences; [] without a model."""
        if model is None:
            return []
        found: list[Candidate] = []
        for batch in batches(worth_asking(turns)):
            said = [sentence for _, sentence in batch]
            reply = model.complete_json(prompt(said), SCHEMA, max_tokens=MAX_TOKENS)
            found += candidates(reply, batch)
        return found


def worth_asking(turns: Sequence[Turn]) -> list[Said]:
    """Return the sentences that could state a fact, with their turns; most turns have none."""
    return [
        (turn, sentence)
        for turn in turns
        if turn.role == "user"
        for sentence in sentences(turn.text)
        if sentence.ends != "?"
        and 3 <= len(sentence.text.split()) <= MAX_WORDS
        and _STATES.search(sentence.text)
    ]


def batches(said: Sequence[Said]) -> list[list[Said]]:
    """Return the sentences in groups of at most MAX_WORDS words."""
    groups: list[list[Said]] = []
    room = 0
    for turn, sentence in said:
        count = len(sentence.text.split())
        if count > room:
            groups.append([])
            room = MAX_WORDS
        groups[-1].append((turn, sentence))
        room -= count
    return groups


def prompt(said: Sequence[Sentence]) -> list[Message]:
    """Return the chat that asks for the facts of these sentences."""
    chat = [Message("system", _SYSTEM)]
    for text, facts in _SHOTS:
        chat.append(Message("user", text))
        chat.append(Message("assistant", json.dumps({"facts": facts})))
    chat.append(Message("user", " ".join(f"{s.raw}{s.ends.strip() or '.'}" for s in said)))
    return chat


def candidates(reply: str, said: Sequence[Said]) -> list[Candidate]:
    """Read a reply; what is not grounded in one of the sentences, or no triple, is left out."""
    found: list[Candidate] = []
    for fact in _objects(reply):
        triple = _triple(fact)
        source = next((one for one in said if triple and _stands_in(triple[2], one[1].raw)), None)
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
                turn=source[0].id,
                evidence=source[1].raw,
                extractor=ModelExtractor.name,
                confidence=CONFIDENCE,
                single=not relations.holds_many(subject, relation),
            )
        )
    return found


def _objects(reply: str) -> list[Any]:
    """Return the objects of a reply, also of one that was cut short."""
    found: list[Any] = []
    for piece in re.findall(r"\{[^{}]*\}", reply):
        try:
            found.append(json.loads(piece))
        except ValueError:
            continue
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
