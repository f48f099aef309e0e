"""The model extractor: asks rarely, believes only what stands in the user's words.

Run: pytest tests/test_extract_model.py
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.extract.model import (
    MAX_WORDS,
    SCHEMA,
    ModelExtractor,
    batches,
    candidates,
    prompt,
    register_extractors,
    worth_asking,
)
from sleeping_plugin.hookspecs import Extractor
from sleeping_plugin.records import Candidate, Message, Turn
from sleeping_plugin.runtime import Runtime


class Oracle:
    """A runtime that gives one reply and keeps what it was asked."""

    def __init__(self, *facts: Mapping[str, Any], reply: str | None = None) -> None:
        self.reply = json.dumps({"facts": facts}) if reply is None else reply
        self.asked: list[Sequence[Message]] = []

    def complete_json(
        self, messages: Sequence[Message], schema: Mapping[str, Any], *, max_tokens: int
    ) -> str:
        """Return the reply."""
        assert schema == SCHEMA
        assert max_tokens > 0
        self.asked.append(messages)
        return self.reply


def turn(text: str, role: str = "user") -> Turn:
    """Return turn 1."""
    return Turn(1, "chat", 0, role, text, "2025-01-01T00:00:00Z")


def extract(oracle: Oracle, *turns: Turn) -> list[Candidate]:
    """Run the extractor on ``oracle``."""
    return ModelExtractor().extract(turns, cast(Runtime, oracle))


def test_a_grounded_triple_becomes_a_candidate_with_question_and_answer() -> None:
    oracle = Oracle({"subject": "I", "relation": "home city", "value": "Porto"})
    (one,) = extract(oracle, turn("Hm. I live in Porto. Nice."))
    assert (one.subject, one.question, one.answer) == (
        "user",
        "Where do I live?",
        "You live in Porto.",
    )
    assert one.evidence == "I live in Porto"
    assert one.confidence < 0.6


@pytest.mark.parametrize(
    "fact",
    [
        {"subject": "user", "relation": "home city", "value": "Lisbon"},
        {"subject": "user", "relation": "home city", "value": ""},
        {"subject": "user", "relation": "", "value": "Porto"},
        {"subject": "user", "relation": "x" * 60, "value": "Porto"},
        {"subject": "", "relation": "home city", "value": "Porto"},
        {"subject": "user", "relation": "home city", "value": 7},
        {"subject": "user", "value": "Porto"},
        "Porto",
    ],
)
def test_what_is_not_grounded_or_no_triple_is_left_out(fact: Any) -> None:
    assert extract(Oracle(fact), turn("I live in Porto.")) == []


@pytest.mark.parametrize("reply", ["", "{", '{"facts": [{"sub', "[]", '{"facts": 3}', "null"])
def test_a_reply_that_was_cut_short_teaches_nothing(reply: str) -> None:
    assert extract(Oracle(reply=reply), turn("I live in Porto.")) == []


def test_what_was_whole_before_a_reply_was_cut_short_counts() -> None:
    whole = {"subject": "user", "relation": "home city", "value": "Porto"}
    reply = json.dumps({"facts": [whole, whole]})[:-20]
    assert [one.value for one in extract(Oracle(reply=reply), turn("I live in Porto."))] == [
        "Porto"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "What is the capital of Peru?",
        "Thanks!",
        "Summarise this: my name is Karl and I live in Ulm.",
        "Imagine I am a king in Ulm.",
    ],
)
def test_a_turn_without_a_possible_fact_costs_nothing(text: str) -> None:
    oracle = Oracle()
    assert extract(oracle, turn(text), turn("I live in Rome.", "assistant")) == []
    assert oracle.asked == []


def test_pasted_text_is_not_shown_to_the_model() -> None:
    oracle = Oracle()
    extract(oracle, turn('I am Tom. He wrote "my name is Karl and I live in Ulm".'))
    assert "Karl" not in oracle.asked[0][-1].content


def test_sentences_of_several_turns_share_a_prompt_of_bounded_length() -> None:
    oracle = Oracle({"subject": "user", "relation": "home city", "value": "Porto"})
    told = [turn("I live in Lima."), Turn(3, "chat", 2, "user", "We moved to Porto.", "")]
    (one,) = extract(oracle, *told)
    assert (len(oracle.asked), one.turn) == (1, 3)
    many = [turn("I live by the sea with my old dog and two cats.")] * 40
    groups = batches(worth_asking(many))
    assert 1 < len(groups) < 40
    assert all(sum(len(s.text.split()) for _, s in group) <= MAX_WORDS for group in groups)


def test_without_a_model_nothing_is_found() -> None:
    assert ModelExtractor().extract([turn("I live in Porto.")], None) == []


def test_the_examples_in_the_prompt_follow_the_schema() -> None:
    chat = prompt([sentence for _, sentence in worth_asking([turn("I live in Porto.")])])
    assert chat[0].role == "system" and chat[-1].content == "I live in Porto."
    for message in chat:
        if message.role == "assistant":
            for fact in json.loads(message.content)["facts"]:
                assert set(fact) == {"subject", "relation", "value"}


def test_it_registers_under_its_name() -> None:
    found: list[Extractor] = []
    register_extractors(found.append)
    assert [one.name for one in found] == ["model"]


@given(st.text(max_size=80))
def test_no_reply_breaks_the_reader(reply: str) -> None:
    candidates(reply, worth_asking([turn("I live in Porto.")]))
