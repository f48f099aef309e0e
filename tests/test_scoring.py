"""What counts as saying a value or as not knowing. Run: pytest tests/test_scoring.py"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.dream import ABSTENTION
from sleeping_plugin.scoring import abstains, normalise, says


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Your sister is called Mara.", "mara"),
        ("MARA!", "Mara"),
        ("It's Mara's dog.", "Mara"),
        ("She lives in Malmø, I think.", "Malmo"),
        ("Er wohnt in der Hauptstraße.", "hauptstrasse"),
        ("Sao Paulo", "São Paulo"),
        ("You have 3 cats.", "3"),
        ("It cost 1,200 euros.", "1200"),
        ("It cost 1200 euros.", "1,200"),
        ("The twenty-first of May", "twenty first"),
        ("東京に住んでいます", "東京"),
        ("Η πρωτεύουσα είναι η Αθήνα.", "αθηνα"),  # noqa: RUF001  # Greek
    ],
)
def test_a_value_is_found_whatever_its_dress(answer: str, value: str) -> None:
    assert says(answer, (value,))


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Tamara", "Mara"),
        ("You have 13 cats.", "3"),
        ("It cost 1,2000 euros.", "1200"),
        ("", "Mara"),
        ("Anything", ""),
        ("Anything", "..."),
        ("New York", "York New"),
    ],
)
def test_a_value_is_not_found_inside_another_word(answer: str, value: str) -> None:
    assert not says(answer, (value,))


def test_one_of_several_values_is_enough() -> None:
    assert says("In Kiev.", ("Kyiv", "Kiev"))
    assert not says("In Kiev.", ())


@given(st.text(), st.text())
def test_a_text_says_each_of_its_own_words(before: str, after: str) -> None:
    assert says(f"{before} Mara {after}", ("mara",))
    assert normalise(normalise(before)) == normalise(before)


@pytest.mark.parametrize(
    "answer",
    [
        ABSTENTION,
        "I don't know.",
        "I don’t know your boss's name yet.",  # noqa: RUF001  # as typed on phones
        "I'm not sure about that.",
        "I am sorry, but I do not have any information about your cousin.",
        "You haven't told me where you were born.",
        "You never mentioned it.",
        "I can't recall.",
    ],
)
def test_not_knowing_is_recognised(answer: str) -> None:
    assert abstains(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "Your boss is Priya.",
        "You know the answer: Paris.",
        "I know! It is Rome.",
        "",
        "Sure, Oslo.",
    ],
)
def test_an_answer_is_no_abstention(answer: str) -> None:
    assert not abstains(answer)
