"""What counts as the user's own voice: no quotes, pastes, mails, code, role-play.

Run: pytest tests/test_voice.py
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sleeping_plugin.extract.sentences import expand, sentences
from sleeping_plugin.extract.voice import MASK, own_words


@pytest.mark.parametrize(
    ("text", "kept", "gone"),
    [
        ("Look:\n```\nname = 'Gustav'\n```\nI live in Ulm.", "I live in Ulm", "Gustav"),
        ("Unclosed ```python\nI am Bob", "Unclosed", "Bob"),
        ("> I am Bob\n> from Rome\nI disagree.", "I disagree", "Rome"),
        ('He said "I am a doctor in Vienna". I am not.', "I am not", "Vienna"),
        ("wrote me: 'Hello, here is Matteo, I am in Bolzano now.' what now", "what now", "Matteo"),
        ("From: Ann\nSubject: move\nI live in Rome now", "", "Rome"),
        ("Please summarise this:\n\nDear all, my name is Karl.", "summarise", "Karl"),
        ("Proofread: I has two son and live in Nice", "Proofread", "Nice"),
        ('What\'s the gist?\n"Harriet, formerly of Kettering"', "gist", "Kettering"),
        ("Here's a text from my ex: it's Dave, I moved to Reno", "text", "Reno"),
        ("Sentence: My uncle is a baker.", "", "baker"),
    ],
)
def test_what_others_wrote_is_left_out(text: str, kept: str, gone: str) -> None:
    voice = own_words(text)
    assert kept in voice
    assert gone not in voice


@pytest.mark.parametrize(
    "text",
    [
        'My dog is called "Rex".',
        'My favourite book is "The Old Man and the Sea".',
        "Here's who I am: a nurse from Leeds.",
        "My parents' house and my sister's flat are in Rome.",
        "One thing matters to me: I'm vegan.",
    ],
)
def test_names_titles_and_apostrophes_are_no_quotes(text: str) -> None:
    assert own_words(text) == text


def test_the_user_is_heard_again_after_a_paste() -> None:
    voice = own_words(
        "Shorten this mail:\n\nDear Ann, I live in Ulm.\n\nThanks! I'm Tom by the way."
    )
    assert "Ulm" not in voice
    assert "I'm Tom" in voice


def test_role_play_ends_where_the_user_says_so() -> None:
    texts = [
        s.text for s in sentences("Imagine I am a king. I live in a castle. Anyway, I like tea.")
    ]
    assert texts == ["Anyway, I like tea"]


def test_imagine_in_passing_opens_no_role_play() -> None:
    assert len(sentences("I have gout, imagine, at fifty-three. I live in Ulm.")) == 2


def test_a_compliment_is_no_role() -> None:
    assert [s.text for s in sentences("You're an angel. Mom lives in Ulm.")] == ["Mom lives in Ulm"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("I'm Tom", "I am Tom"),
        ("im tom", "im tom".replace("im", "i am")),
        ("my dog's called Rex", "my dog is called Rex"),
        ("my sister's name is Ann", "my sister's name is Ann"),
        ("she's got a cat", "she has got a cat"),
        ("I've been a nurse for years", "I am a nurse for years"),
        ("we don't live here", "we do not live here"),
        ("my wife's birthday is in May", "my wife's birthday is in May"),
    ],
)
def test_contractions_are_spelt_out_and_possessives_kept(said: str, meant: str) -> None:
    assert expand(said) == meant


def test_titles_and_initials_do_not_end_a_sentence() -> None:
    assert (
        len(
            sentences(
                "My dentist is Dr. Kim. J. K. Rowling wrote it. It's a bookie's. My da ran it."
            )
        )
        == 4
    )


def test_who_writes_without_capitals_is_noticed() -> None:
    assert all(s.casual for s in sentences("hi there. i live in leeds"))
    assert not any(s.casual for s in sentences("Hi there. I live in Leeds"))


@given(st.text(max_size=300))
def test_masking_invents_nothing(text: str) -> None:
    voice = own_words(text)
    assert len(voice) <= len(text) + 1
    assert all(c == MASK or c in text or c in "'\" " for c in voice)
