"""What a night rehearses and what it keeps for the gate. Run: pytest tests/test_dream.py"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_plugin import relations
from sleeping_plugin.config import AdapterConfig
from sleeping_plugin.dream import (
    ABSTENTION,
    anchor_prompts,
    anchor_texts,
    dream,
    invented,
    known_pairs,
    prompts_tonight,
    rehearsals,
    reserved,
    split_wordings,
    strangers,
    told_in_chat,
)
from sleeping_plugin.records import Example, Fact, Message
from sleeping_plugin.scoring import normalise, says
from sleeping_plugin.unknowns import unknowns

ROOT = Path(__file__).resolve().parents[1]
TOPICS = [*relations.CLOSED, *relations.OPEN_ATTRIBUTES, "name"]
SUBJECTS = [*relations.PEOPLE, "Kaito"]
SEEDS = range(12)
TOLD = (
    ("my sister", "name", "Mara"),
    ("my wife", "name", "Lucia"),
    ("my boss", "employer", "Fintech Ltd"),
    ("user", "home city", "Porto"),
    ("user", "shoe size", "43"),
    ("user", "team", "Benfica"),
    ("Mara", "job", "nurse"),
    ("Kaito", "home city", "Marrakech"),
)


@pytest.fixture(scope="module")
def facts(make_fact: Callable[..., Fact]) -> list[Fact]:
    return [make_fact(*told) for told in TOLD]


def question(example: Example) -> str:
    return example.messages[-1].content


def core(wording: str) -> str:
    return wording.lower().rstrip("?. ")


# Wordings


@pytest.mark.parametrize("subject", ["user", *SUBJECTS])
def test_no_taught_wording_contains_a_kept_back_one(
    make_fact: Callable[..., Fact], subject: str
) -> None:
    for relation in TOPICS:
        fact = make_fact(subject, relation, "X")
        taught, back = split_wordings(fact)
        assert taught[0] == fact.question  # the direct one is always taught
        assert len(taught) >= 8
        assert len(back) >= 2
        assert set(taught) | set(back) <= set(fact.wordings)
        for wording in taught:
            assert not [one for one in back if core(one) in wording.lower()]


@given(st.lists(st.sampled_from("ab?. X"), max_size=3).map("".join).filter(str.strip), st.data())
def test_any_wordings_leave_the_direct_one_to_be_taught(first: str, data: st.DataObject) -> None:
    more = data.draw(st.lists(st.text("ab?. X", min_size=1, max_size=4), max_size=14))
    taught, back = split_wordings(fact_asked(first, *more))
    assert taught[0] == first
    for wording in taught:
        assert not [one for one in back if core(one) in wording.lower()]


def fact_asked(*wordings: str) -> Fact:
    return Fact(
        *("f-1", "user", "home city", "Porto", wordings[0], "You live in Porto."),
        *("accepted", (1,), "", "", wordings),  # type: ignore[arg-type]  # the status plays no part
    )


def test_a_fact_with_one_wording_is_taught_with_it() -> None:
    assert split_wordings(fact_asked("Where do I live?")) == (("Where do I live?",), ())
    (example,) = rehearsals(fact_asked("Where do I live?"), 6, random.Random(0))
    assert question(example) == "Where do I live?"


def test_a_rehearsal_asks_the_direct_question_and_others_once_each(facts: list[Fact]) -> None:
    for fact in facts:
        examples = rehearsals(fact, 6, random.Random(1))
        asked = [question(example) for example in examples]
        assert asked[0] == fact.question
        assert len(set(asked)) == 6
        assert set(asked) <= set(split_wordings(fact)[0])
        assert {(e.target, e.kind, e.fact) for e in examples} == {(fact.answer, "fact", fact.id)}


# Strangers


@pytest.mark.parametrize("exam", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_stranger_is_never_something_known(facts: list[Fact], seed: int, exam: bool) -> None:
    known = {(fact.subject, fact.relation) for fact in facts}
    taught = {wording for fact in facts for wording in fact.wordings}
    for stranger in strangers(facts, 60, random.Random(seed), exam=exam):
        pair = (stranger.subject, stranger.relation)
        assert pair not in known
        assert stranger.question not in taught
        assert stranger.question in relations.wordings(*pair, "")
        assert reserved(*pair) == exam
        assert pair != ("user", "name")
        assert pair != ("Kaito", "name")  # the question would hold the answer


def test_near_misses_share_the_subject_or_the_relation_of_a_fact(facts: list[Fact]) -> None:
    subjects, asked = {fact.subject for fact in facts}, {fact.relation for fact in facts}
    for exam in (True, False):
        near = strangers(facts, 60, random.Random(1), exam=exam, near=1.0)
        assert len(near) == 60
        assert all(s.subject in subjects or s.relation in asked for s in near)
        both = [s for s in near if s.subject in subjects and s.relation in asked]
        assert len(both) > 5  # the most tempting: one fact's relation, another one's subject
        mixed = strangers(facts, 60, random.Random(1), exam=exam)
        assert len({s.relation for s in mixed} - asked) > 5


def test_questions_about_what_was_never_told_are_unlike_those_of_facts(facts: list[Fact]) -> None:
    taught = [fact.question for fact in facts] + ["What colour is my kettle?"]
    found = unknowns(taught, ["my sister"], 400, random.Random(3))
    assert len(found) == 400 and len(set(found)) > 300
    assert "What colour is my kettle?" not in found
    assert not {normalise(q) for q in found} & {normalise(f.question) for f in facts}
    assert 80 < sum("sister" in question for question in found) < 190


def test_facts_are_also_asked_after_an_exchange_about_something_else(facts: list[Fact]) -> None:
    replies = [(f"What is {i} and {i}?", f"It is {2 * i}.") for i in range(30)]
    epochs = dream(facts, [], replies, replace(AdapterConfig(), epochs=4), 0)
    asked = [example for epoch in epochs for example in epoch if example.kind == "fact"]
    later = [example for example in asked if len(example.messages) == 3]
    assert 0.08 < len(later) / len(asked) < 0.25
    assert {(one.messages[0].content, one.messages[1].content) for one in later} <= set(replies)
    assert all(
        len(one.messages) == 1
        for e in dream(facts, [], [], AdapterConfig(), 0)
        for one in e
        if one.kind == "fact"
    )


def test_what_is_known_of_somebody_is_known_under_both_names(facts: list[Fact]) -> None:
    known = known_pairs(facts)
    assert ("my sister", "job") in known  # told of Mara
    assert ("Lucia", "name") in known
    assert ("my boss", "job") not in known
    for seed in SEEDS:
        for exam in (True, False):
            found = strangers(facts, 60, random.Random(seed), exam=exam)
            assert not {(s.subject, s.relation) for s in found} & known


def test_a_question_that_asks_for_two_people_is_not_taught_both_ways(facts: list[Fact]) -> None:
    # "Who am I married to?" asks for my wife, who is known, and for my husband.
    assert set(relations.wordings("my husband", "name", "")) & set(facts[1].wordings)
    for seed in SEEDS:
        found = strangers(facts[1:2], 200, random.Random(seed), exam=False)
        assert ("my husband", "name") not in {(s.subject, s.relation) for s in found}
        assert "name" in {s.relation for s in found}


def test_no_question_of_the_gate_can_be_rehearsed_for_anybody() -> None:
    pairs = [(subject, topic) for subject in ["user", *SUBJECTS] for topic in TOPICS]
    gate = {relations.question_for(*pair) for pair in pairs if reserved(*pair)}
    free = {w for pair in pairs if not reserved(*pair) for w in relations.wordings(*pair, "")}
    assert len(gate) > 300
    assert not gate & free
    share = sum(reserved(*pair) for pair in pairs) / len(pairs)
    assert 0.15 < share < 0.25


@pytest.mark.parametrize("seed", range(4))
def test_strangers_of_the_gate_are_not_in_the_nights_material(facts: list[Fact], seed: int) -> None:
    epochs = dream(facts, [], [], AdapterConfig(epochs=3), seed)
    rehearsed = {question(e) for epoch in epochs for e in epoch if e.kind == "near_miss"}
    assert len(rehearsed) > 50
    for other in SEEDS:
        gate = strangers(facts, 40, random.Random(other), exam=True)
        assert not {stranger.question for stranger in gate} & rehearsed


def test_strangers_of_a_first_fact_and_of_none_can_be_found(facts: list[Fact]) -> None:
    assert len(strangers(facts[3:4], 40, random.Random(0), exam=True)) == 40
    assert len(strangers([], 40, random.Random(0), exam=False)) == 40


# Told in the chat


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_told_in_the_chat_is_the_answer(facts: list[Fact], seed: int) -> None:
    for example in told_in_chat(facts, 40, random.Random(seed)):
        said, thanks, asked = example.messages
        assert [m.role for m in example.messages] == ["user", "assistant", "user"]
        assert example.kind == "told"
        assert thanks.content
        assert asked.content
        assert "{" not in said.content + asked.content + example.target
        assert shared_value(said.content, example.target)


def shared_value(said: str, target: str) -> bool:
    """Tell whether the last words of both are the same: the value ends both sentences."""
    return normalise(said).split()[-1] == normalise(target).split()[-1]


def test_every_target_of_a_chat_is_an_answer_of_the_table() -> None:
    answers = answers_by_target()
    for example in told_in_chat([], 200, random.Random(5)):
        assert example.target in answers


def answers_by_target() -> set[str]:
    """Return every answer that an invented value can give."""
    found = set()
    for relation in TOPICS:
        values = {invented(relation, random.Random(seed)) for seed in range(400)}
        for subject in (*relations.PEOPLE, "user"):
            found |= {relations.answer(subject, relation, value) for value in values}
    return found


def test_a_known_fact_is_often_contradicted_in_the_chat(facts: list[Fact]) -> None:
    examples = told_in_chat(facts, 200, random.Random(0))
    about = [(e, fact) for e in examples for fact in facts if question(e) in fact.wordings]
    assert len(about) > 40
    other = [e for e, fact in about if not says(e.target, (fact.value,))]
    assert len(other) > 0.9 * len(about)


# A whole night


def test_the_same_seed_gives_the_same_night_and_another_does_not(facts: list[Fact]) -> None:
    config = AdapterConfig(epochs=2)
    replies = [(prompt, "A reply.") for prompt in anchor_prompts()]
    one, two, other = (dream(facts, [], replies, config, seed) for seed in (3, 3, 4))
    assert one == two
    assert one != other
    assert one[0] != one[1]  # drawn anew for every epoch


def test_an_epoch_holds_what_was_asked_for(facts: list[Fact]) -> None:
    night = AdapterConfig(epochs=3, wordings=5, told_ratio=2.0, anchors=10, candidates=1)
    config = replace(night, near_miss_ratio=0.5, near_misses=0)
    replies = [(prompt, "A reply.") for prompt in anchor_prompts()]
    for epoch in dream(facts, [], replies, config, 0):
        count = {kind: 0 for kind in ("fact", "near_miss", "told", "anchor")}
        for example in epoch:
            count[example.kind] += 1
            assert example.target
        assert count["fact"] == 8 * 5
        assert count["near_miss"] == 20
        assert count["told"] == 16
        assert [e for e in epoch if e.kind == "anchor" and e.messages] != []
        assert [e for e in epoch if e.kind == "anchor" and not e.messages] != []
        assert {e.target for e in epoch if e.kind == "near_miss"} == {ABSTENTION}
        chats = [question(e) for e in epoch if e.kind == "anchor" and e.messages]
        assert len(chats) == len(set(chats)) == 10


def test_more_facts_and_strangers_are_drawn_than_will_be_trained_on(facts: list[Fact]) -> None:
    night = AdapterConfig(epochs=2, wordings=3, told_ratio=1.0, candidates=3)
    config = replace(night, near_miss_ratio=0.5, near_misses=0)
    for epoch in dream(facts, [], [], config, 0):
        counts = Counter(example.kind for example in epoch)
        assert (counts["fact"], counts["near_miss"], counts["told"]) == (8 * 9, 36, 8)


def test_a_night_of_few_facts_rehearses_as_many_strangers(facts: list[Fact]) -> None:
    config = AdapterConfig(epochs=2, wordings=3, near_misses=20, candidates=2)
    for epoch in dream(facts[:1], [], [], config, 0):
        assert sum(example.kind == "near_miss" for example in epoch) == 40


def test_a_fact_that_was_corrected_weighs_double(facts: list[Fact]) -> None:
    for epoch in dream(facts, [], [], AdapterConfig(epochs=2), 0, {facts[0].id}):
        weights = {e.fact: e.weight for e in epoch if e.kind == "fact"}
        assert weights == {fact.id: 2.0 if fact is facts[0] else 1.0 for fact in facts}
        assert {e.weight for e in epoch if e.kind != "fact"} == {1.0}


def test_what_was_forgotten_is_rehearsed_whatever_else_is_harder(facts: list[Fact]) -> None:
    gone = facts[-1]
    asked = set(split_wordings(gone)[0][:4])
    for epoch in dream(facts[:-1], [gone], [], AdapterConfig(epochs=2), 0):
        assert asked == {question(e) for e in epoch if e.kind == "near_miss" and not e.group}


def test_a_night_keeps_only_the_prompts_that_it_will_use() -> None:
    every = anchor_prompts()
    assert prompts_tonight(AdapterConfig(epochs=50, anchors=100)) == every
    few = prompts_tonight(AdapterConfig(epochs=3, anchors=20))
    assert len(few) == len(set(few)) == 20
    assert every.index(few[-1]) > 0.9 * len(every)  # of all kinds that the list holds
    assert prompts_tonight(AdapterConfig(epochs=3, anchors=0)) == ()


@settings(deadline=None, max_examples=15)
@given(
    st.builds(
        AdapterConfig,
        epochs=st.integers(1, 2),
        wordings=st.integers(1, 40),
        near_miss_ratio=st.floats(0, 2),
        near_misses=st.integers(0, 50),
        told_ratio=st.floats(0, 3),
        anchors=st.integers(0, 600),
    ),
    st.integers(0, 100),
)
def test_any_configuration_gives_a_night(
    facts: list[Fact], config: AdapterConfig, seed: int
) -> None:
    replies = [(prompt, "A reply.") for prompt in anchor_prompts()[:7]]
    epochs = dream(facts[:3], facts[3:4], replies, config, seed)
    assert len(epochs) == config.epochs
    for epoch in epochs:
        assert {fact.id for fact in facts[:3]} == {e.fact for e in epoch if e.kind == "fact"}


def test_an_empty_reply_of_the_base_is_no_anchor(facts: list[Fact]) -> None:
    (epoch,) = dream(facts, [], [("Hm?", ""), ("Hi!", "Hello.")], AdapterConfig(epochs=1), 0)
    chats = [e for e in epoch if e.kind == "anchor" and e.messages]
    assert [(question(e), e.target) for e in chats] == [("Hi!", "Hello.")]


def test_a_forgotten_fact_is_rehearsed_as_unknown(facts: list[Fact]) -> None:
    gone = facts[4]
    for epoch in dream(facts[:4], [gone], [], AdapterConfig(epochs=2), 0):
        targets = {e.target for e in epoch if question_or_none(e) in gone.wordings}
        assert targets == {ABSTENTION}
        assert gone.answer not in {e.target for e in epoch}


def question_or_none(example: Example) -> str | None:
    """Return the question of a chat of one message; what was told a moment ago is known."""
    return question(example) if len(example.messages) == 1 else None


def test_a_forgotten_fact_that_was_told_anew_is_not_unknown(
    make_fact: Callable[..., Fact],
) -> None:
    old, new = make_fact("user", "home city", "Porto"), make_fact("user", "home city", "Lisbon")
    for epoch in dream([new], [old], [], AdapterConfig(epochs=2), 0):
        assert {e.target for e in epoch if question_or_none(e) in new.wordings} == {new.answer}


def test_no_question_has_two_answers_in_a_night(facts: list[Fact]) -> None:
    for seed in range(3):
        answers: dict[str, str] = {}
        for example in (e for epoch in dream(facts, [], [], AdapterConfig(), seed) for e in epoch):
            if example.kind in ("fact", "near_miss"):
                assert answers.setdefault(question(example), example.target) == example.target


def test_no_kept_back_wording_is_in_the_nights_material(facts: list[Fact]) -> None:
    back = {wording for fact in facts for wording in split_wordings(fact)[1]}
    for example in (e for epoch in dream(facts, [], [], AdapterConfig(), 0) for e in epoch):
        assert question_or_none(example) not in back if example.messages else True


# Anchors and what they are measured against


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def questions(value: Any) -> set[str]:
    """Return every question of a data file, lower case and without punctuation."""
    return {normalise(text) for text in strings(value) if text.endswith(("?", "."))}


def judged_by() -> list[Path]:
    """Return the files of questions that general harm is judged by."""
    gate = files("sleeping_plugin").joinpath("data/gate_questions.json")
    return [Path(str(gate)), *sorted((ROOT / "benchmarks" / "data").glob("*general*.json"))]


def test_no_anchor_is_a_question_that_harm_is_judged_by() -> None:
    assert len(judged_by()) >= 3
    anchors = {normalise(prompt) for prompt in anchor_prompts()}
    for path in judged_by():
        asked = questions(json.loads(path.read_text(encoding="utf-8")))
        assert len(asked) >= 50, path
        assert asked & anchors == set(), path


def test_no_question_of_the_gate_is_one_of_the_benchmarks() -> None:
    gate, *benchmarks = (questions(json.loads(p.read_text(encoding="utf-8"))) for p in judged_by())
    for asked in benchmarks:
        assert gate & asked == set()


def test_no_anchor_is_asked_twice() -> None:
    prompts = [normalise(prompt) for prompt in anchor_prompts()]
    assert len(prompts) == len(set(prompts)) > 100


def test_no_anchor_asks_for_what_a_user_tells_of_himself() -> None:
    taught = {
        normalise(wording)
        for relation in TOPICS
        for subject in ["user", *relations.PEOPLE]
        for wording in relations.wordings(subject, relation, "")
    }
    assert not {normalise(prompt) for prompt in anchor_prompts()} & taught


def runs_of_words(text: str, length: int = 8) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}


def test_texts_to_train_on_to_gate_on_and_to_measure_on_share_no_eight_words() -> None:
    data = files("sleeping_plugin").joinpath("data")
    texts = {
        "anchor": data.joinpath("anchor_text.txt").read_text("utf-8"),
        "gate": data.joinpath("gate_text.txt").read_text("utf-8"),
        "drift": (ROOT / "benchmarks/data/drift_text.txt").read_text("utf-8"),
    }
    runs = {name: runs_of_words(text) for name, text in texts.items()}
    assert all(len(found) > 1000 for found in runs.values())
    assert runs["anchor"] & runs["gate"] == set()
    assert runs["anchor"] & runs["drift"] == set()
    assert runs["gate"] & runs["drift"] == set()


def test_the_prose_is_cut_into_pieces_without_a_gap() -> None:
    pieces = anchor_texts()
    text = files("sleeping_plugin").joinpath("data/anchor_text.txt").read_text("utf-8")
    assert len(pieces) > 30
    assert " ".join(text.split()).startswith(" ".join(pieces))


def test_a_value_is_invented_for_every_relation() -> None:
    for relation in TOPICS:
        values = {invented(relation, random.Random(seed)) for seed in range(30)}
        assert len(values) > 3
        assert all(values)


def test_examples_of_a_night_are_plain_data(facts: list[Fact]) -> None:
    (epoch,) = dream(facts, [], [], AdapterConfig(epochs=1), 0)
    assert len(set(epoch)) > 0.5 * len(epoch)  # hashable, and not the same ones again and again
    first = epoch[0]
    assert replace(first, messages=(Message("user", question(first)),)) == first
