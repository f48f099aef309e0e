"""Questions, answers and wordings of every relation: grammar, variety, nothing given away.

Run: pytest tests/test_relations.py
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.relations import (
    CLOSED,
    OPEN_ATTRIBUTES,
    PEOPLE,
    RARE,
    VERBS,
    answer,
    holds_many,
    joint_answer,
    question,
    question_for,
    wordings,
)
from sleeping_plugin.relations.grammar import Person, conjugate, is_plural, realise, with_article

SUBJECTS = ("user", "my sister", "my parents", "Kaito", "James", "Leo and Mia", "my sister's son")
RELATIONS = (
    "name",
    *CLOSED,
    *RARE,
    *VERBS,
    *OPEN_ATTRIBUTES,
    "number of brothers",
    "truck",
    "maiden name",
)
BROKEN = re.compile(
    r"[{}]|\bam (?:my|the)\b|\bI (?:is|are|has)\b|\byou (?:is|am)\b|\bdo (?:Kaito|James)\b|"
    r"\bdoes I\b|\bme's\b|\bI's\b|  |\?\?|\bdoes my parents\b"
)


@pytest.mark.parametrize(
    ("subject", "relation", "value", "asked", "answered"),
    [
        ("user", "name", "Tom", "What is my name?", "Your name is Tom."),
        ("my sister", "name", "Mara", "What is my sister's name?", "Your sister's name is Mara."),
        ("Kaito", "home city", "Oslo", "Where does Kaito live?", "Kaito lives in Oslo."),
        ("user", "home city", "Oslo", "Where do I live?", "You live in Oslo."),
        (
            "my parents",
            "home city",
            "Oslo",
            "Where do my parents live?",
            "Your parents live in Oslo.",
        ),
        ("user", "job", "engineer", "What is my job?", "You are an engineer."),
        ("my parents", "job", "teachers", "What is my parents' job?", "Your parents are teachers."),
        ("user", "job", "retired", "What is my job?", "You are retired."),
        ("James", "age", "7", "How old is James?", "James is 7."),
        ("user", "age", "41", "How old am I?", "You are 41."),
        ("user", "instrument", "cello", "What instrument do I play?", "You play the cello."),
        ("user", "birthday", "3 May", "When is my birthday?", "Your birthday is on 3 May."),
        ("user", "car", "old Volvo", "What car do I drive?", "You drive an old Volvo."),
        ("user", "home area", "near Ulm", "Where do I live?", "You live near Ulm."),
        ("user", "avoids eating", "pork", "What do I not eat?", "You do not eat pork."),
        (
            "Ana",
            "livelihood",
            "fixes clocks",
            "What does Ana do for a living?",
            "Ana fixes clocks for a living.",
        ),
        (
            "user",
            "number of brothers",
            "two",
            "How many brothers do I have?",
            "You have two brothers.",
        ),
        ("user", "truck", "Scania", "What kind of truck do I have?", "Your truck is a Scania."),
        ("user", "maiden name", "Lee", "What was my maiden name?", "Your maiden name was Lee."),
        (
            "my dad",
            "former job",
            "miner",
            "What did my dad use to work as?",
            "Your dad used to be a miner.",
        ),
        ("user", "collect", "stamps", "What do I collect?", "You collect stamps."),
        ("Ana", "teach", "maths", "What does Ana teach?", "Ana teaches maths."),
        ("user", "shoe size", "43", "What is my shoe size?", "Your shoe size is 43."),
        (
            "my wife",
            "favourite colour",
            "teal",
            "What is my wife's favourite colour?",
            "Your wife's favourite colour is teal.",
        ),
        ("our cat", "name", "Miso", "What is our cat's name?", "Your cat's name is Miso."),
        (
            "user",
            "reading glasses",
            "thick",
            "What are my reading glasses?",
            "Your reading glasses are thick.",
        ),
    ],
)
def test_question_and_answer_are_said_from_the_users_view(
    subject: str, relation: str, value: str, asked: str, answered: str
) -> None:
    assert question(subject, relation, value) == asked
    assert answer(subject, relation, value) == answered
    assert question_for(subject, relation) == asked


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_relation_has_a_dozen_sound_wordings(subject: str, relation: str) -> None:
    asked = wordings(subject, relation, "Zanzibar")
    assert len(set(asked)) == len(asked) >= 12
    assert asked[0] == question(subject, relation, "Zanzibar")
    for text in asked:
        assert not BROKEN.search(text), text
        assert "Zanzibar" not in text


@pytest.mark.parametrize("subject", PEOPLE)
def test_every_person_can_be_asked_for_by_name(subject: str) -> None:
    asked = wordings(subject, "name", "Kim")
    assert len(asked) >= 12
    assert not any(BROKEN.search(text) for text in asked)


def test_an_alias_adds_questions_that_use_it() -> None:
    asked = wordings("Mara", "home city", "Porto", alias="my sister")
    assert "Where does my sister live?" in asked
    assert asked[0] == "Where does Mara live?"


@pytest.mark.parametrize(
    ("subject", "relation", "values", "said"),
    [
        ("user", "language", ["French"], "You speak French."),
        ("user", "language", ["French", "Polish", "Thai"], "You speak French, Polish and Thai."),
        ("my son", "name", ["Leo", "Max"], "Your sons are called Leo and Max."),
        ("my child", "name", ["Leo", "Max"], "Your children are called Leo and Max."),
        ("user", "pet", ["cat", "owl"], "You have a cat and an owl."),
        ("Ana", "instrument", ["cello", "harp"], "Ana plays the cello and the harp."),
        ("my brother-in-law", "name", ["A", "B"], "Your brothers-in-law are called A and B."),
    ],
)
def test_values_that_hold_at_once_make_one_answer(
    subject: str, relation: str, values: list[str], said: str
) -> None:
    assert joint_answer(subject, relation, values) == said


def test_wordings_are_the_same_every_time_and_differ_between_facts() -> None:
    assert wordings("user", "job", "nurse") == wordings("user", "job", "welder")
    mine = {w.replace("my mother", "X") for w in wordings("my mother", "name", "A")}
    hers = {w.replace("my aunt", "X") for w in wordings("my aunt", "name", "A")}
    assert mine != hers


def test_names_of_friends_coexist_and_the_users_name_does_not() -> None:
    assert holds_many("my friend", "name")
    assert holds_many("user", "hobby")
    assert not holds_many("user", "name")
    assert not holds_many("my wife", "name")
    assert not holds_many("user", "home city")


@pytest.mark.parametrize(
    ("subject", "plural"),
    [
        ("my parents", True),
        ("my boss", False),
        ("James", False),
        ("Leo and Mia", True),
        ("my twin sister", False),
        ("my sister's kids", True),
        ("user", False),
    ],
)
def test_plural_subjects_are_told_from_names_in_s(subject: str, plural: bool) -> None:
    assert is_plural(subject) is plural


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nurse", "a nurse"),
        ("engineer", "an engineer"),
        ("university lecturer", "a university lecturer"),
        ("umpire", "an umpire"),
        ("HR manager", "an HR manager"),
        ("UX designer", "a UX designer"),
        ("honest broker", "an honest broker"),
        ("the mayor", "the mayor"),
        ("retired", "retired"),
    ],
)
def test_articles_follow_the_sound(value: str, said: str) -> None:
    assert with_article(value) == said


def test_third_person_verbs_are_inflected() -> None:
    assert realise("{S} {teach} and {carry}, {play}, {have}", "Ana") == (
        "Ana teaches and carries, plays, has"
    )
    assert conjugate("be", Person.I) == "am"


@given(st.from_regex(r"[a-z]{3,9}( [a-z]{3,9})?", fullmatch=True))
def test_any_noun_makes_an_open_relation(noun: str) -> None:
    asked = wordings("user", noun, "Zanzibar")
    assert len(asked) >= 12
    assert "Zanzibar" in answer("user", noun, "Zanzibar")
    assert not any("{" in text or "Zanzibar" in text for text in asked)
