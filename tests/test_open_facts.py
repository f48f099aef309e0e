"""Statements that no rule knows: what is read from any plain clause, and how it is asked for.

Run: pytest tests/test_open_facts.py
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sleeping_plugin.extract.open_facts import read
from sleeping_plugin.extract.patterns import PatternExtractor
from sleeping_plugin.records import Candidate, Turn
from sleeping_plugin.relations import answer, question, wordings
from sleeping_plugin.relations.frames import frame_relation, is_frame
from sleeping_plugin.relations.grammar import words
from sleeping_plugin.relations.verbs import gerund, lemma, participle, past


def candidates(*texts: str) -> list[Candidate]:
    """Return what is read from the user's turns of one conversation."""
    turns = [
        Turn(number + 1, "chat", number, "user", text, "2025-05-12T07:40:00Z")
        for number, text in enumerate(texts)
    ]
    return PatternExtractor().extract(turns, None)


@pytest.mark.parametrize(
    ("text", "asked", "answered"),
    [
        (
            "My brother Struan rents a boat at Oban.",
            "Where does Struan rent a boat?",
            "Struan rents a boat at Oban.",
        ),
        (
            "I worked the ore docks for thirty-eight years.",
            "How long did I work the ore docks?",
            "You worked the ore docks for thirty-eight years.",
        ),
        (
            "I have exchanged letters since 1962.",
            "Since when have I exchanged letters?",
            "You have exchanged letters since 1962.",
        ),
        (
            "My sister is getting married in September.",
            "When is my sister getting married?",
            "Your sister is getting married in September.",
        ),
        ("I paint on ceramic.", "What do I paint on?", "You paint on ceramic."),
        (
            "My dad wears hearing aids.",
            "What does my dad wear?",
            "Your dad wears hearing aids.",
        ),
        (
            "I go bouldering twice a week.",
            "How often do I go bouldering?",
            "You go bouldering twice a week.",
        ),
        (
            "I learn guitar since two years.",
            "How long have I been learning guitar?",
            "You have been learning guitar for two years.",
        ),
        (
            "My choir meets on Wednesdays at seven.",
            "When does my choir meet?",
            "Your choir meets on Wednesdays.",
        ),
        (
            "My shop is tiny. I have had it since 2009.",
            "Since when have I had my shop?",
            "You have had your shop since 2009.",
        ),
        (
            "I was a midwife for thirty years.",
            "How long was I a midwife?",
            "You were a midwife for thirty years.",
        ),
        (
            "I will retire on 31 March.",
            "When will I retire?",
            "You will retire on 31 March.",
        ),
    ],
)
def test_a_statement_gives_a_question_and_an_answer_in_plain_english(
    text: str, asked: str, answered: str
) -> None:
    assert (asked, answered) in {(one.question, one.answer) for one in candidates(text)}


@pytest.mark.parametrize(
    "text",
    [
        "I paint the town red tonight.",
        "I might paint on ceramic.",
        "Do I paint on ceramic?",
        "If I worked the docks for ten years, I would be rich.",
        "I saw him on Thursday.",
        "I have a meeting on Monday at nine.",
        "We fly to Rome on Friday.",
        "I moved the sofa to the window in March.",
        "I require assistance with a form.",
        "I got lost in Venice once.",
        "I think about it on Thursdays.",
        "My sister needs a lift to Leeds.",
        "I do not wear glasses.",
        "I wrote the function in Python.",
        'He said "I have worked the docks for ten years".',
    ],
)
def test_what_passes_is_asked_or_supposed_gives_nothing(text: str) -> None:
    assert not [one for one in candidates(text) if is_frame(one.relation)]


@pytest.mark.parametrize(
    ("chat", "label", "name"),
    [
        (("Our youngest is 14, Alfie, mad on BMX.",), "my youngest", "Alfie"),
        (("Wife makes the cheese, Lorraine, took second at the fair.",), "my wife", "Lorraine"),
        (("My daughter is a vet. Kristin.",), "my daughter", "Kristin"),
        (("Wife reckons I should retire. Mel's a nurse.",), "my wife", "Mel"),
        (("we got a cat last month, orange. named him tuna",), "my cat", "tuna"),
        (("My boy is a welder. Named Leland after my dad.",), "my son", "Leland"),
        (("My elder son is getting married.", "You may. Aniket Desai."), "my elder son", "Aniket"),
        (("got this off my brother. brandon works at shopify",), "my brother", "Brandon"),
        (("We're naming him Boone, after my grandpa.",), "my baby", "Boone"),
    ],
)
def test_a_name_that_comes_later_belongs_to_the_last_one_without_a_name(
    chat: tuple[str, ...], label: str, name: str
) -> None:
    named = {(one.subject, one.value.split()[0]) for one in candidates(*chat)}
    assert (label, name) in named


@pytest.mark.parametrize(
    "chat",
    [
        ("I live in Leeds. My sister is coming.", "Leeds is cold."),
        ("My mum rang. Brilliant.",),
        ("My brother is here. API calls fail again.",),
        ("My wife is asleep. Thanks, Claude.",),
    ],
)
def test_not_every_large_word_is_a_name(chat: tuple[str, ...]) -> None:
    assert not [one for one in candidates(*chat) if one.relation == "name"]


def test_the_subject_left_out_is_the_last_one_spoken_of() -> None:
    found = {
        (one.subject, one.relation, one.value)
        for one in candidates("Got an apprentice of my own, Josh, good lad, supports Barnsley.")
    }
    assert ("Josh", "team", "Barnsley") in found
    alone = candidates("My brother rang. Works at Shopify.")
    assert ("my brother", "employer", "Shopify") in {
        (one.subject, one.relation, one.value) for one in alone
    }


@pytest.mark.parametrize(
    ("form", "base", "kind"),
    [
        ("drives", "drive", "third"),
        ("lived", "live", "past"),
        ("planned", "plan", "past"),
        ("worked", "work", "past"),
        ("studying", "study", "ing"),
        ("taken", "take", "participle"),
        ("graduated", "graduate", "past"),
        ("teaches", "teach", "third"),
        ("founded", "found", "past"),
        ("retired", "retire", "past"),
    ],
)
def test_verb_forms_lead_to_the_base(form: str, base: str, kind: str) -> None:
    assert lemma(form) == (base, kind)


@pytest.mark.parametrize("base", ["work", "live", "plan", "write", "study", "teach", "run", "fix"])
def test_past_forms_lead_back_to_their_base(base: str) -> None:
    assert lemma(past(base))[0] == base
    assert lemma(participle(base))[0] == base


@pytest.mark.parametrize(
    ("asked", "reply", "subject", "value"),
    [
        ("From policies? What do you sell?", "Yarn! So the sheep is perfect.", "user", "Yarn"),
        ("How long have you played golf?", "Twelve years.", "user", "twelve years"),
        ("And where is your band based?", "Ghent.", "my band", "Ghent"),
        ("Are you in Lagos?", "Yes, Surulere.", "user", "Surulere"),
        ("What do you think?", "Nonsense.", "user", ""),
        ("What is the name of the couple?", "Imogen, and they rang.", "user", ""),
    ],
)
def test_a_reply_in_a_word_is_read_by_the_question(
    asked: str, reply: str, subject: str, value: str
) -> None:
    turns = [
        Turn(1, "chat", 0, "user", "Hello.", "2025-05-12T07:40:00Z"),
        Turn(2, "chat", 1, "assistant", asked, "2025-05-12T07:40:00Z"),
        Turn(3, "chat", 2, "user", reply, "2025-05-12T07:40:00Z"),
    ]
    found = {(one.subject, one.value) for one in PatternExtractor().extract(turns, None)}
    assert (subject, value) in found if value else not found


@pytest.mark.parametrize(
    ("base", "form"),
    [("live", "living"), ("run", "running"), ("work", "working"), ("lie", "lying")],
)
def test_the_form_in_ing_is_spelt_right(base: str, form: str) -> None:
    assert gerund(base) == form


def test_a_relation_that_is_no_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="is no frame"):
        frame_relation("favourite colour")


FRAMES = (
    "what: supports",
    "what: paints on",
    "who: lives with",
    "where: drives the ferry at",
    "where: moved from",
    "when: is getting married in",
    "when: will retire on",
    "since when: has had the shop since",
    "how long: worked the docks for",
    "how often: goes swimming",
    "how many acres: farms",
    "what time: starts work at",
    "what: used to teach",
    "where: recorded my record in",
)


@pytest.mark.parametrize("relation", FRAMES)
@pytest.mark.parametrize("subject", ["user", "my sister", "my parents", "Kaito"])
def test_every_frame_has_a_dozen_wordings_without_the_value(subject: str, relation: str) -> None:
    asked = wordings(subject, relation, "Zanzibar")
    assert len(set(asked)) >= 12
    assert asked[0] == question(subject, relation, "Zanzibar")
    assert asked[0].endswith("?")
    assert "Zanzibar" in answer(subject, relation, "Zanzibar")
    for text in asked:
        assert "Zanzibar" not in text
        assert "{" not in text
        assert "  " not in text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120))
def test_any_text_can_be_read_as_a_verb_phrase(text: str) -> None:
    read(text)


_WORDS = st.sampled_from(
    sorted(
        words(
            "my wife he she Anna works has had been is was in at on since for 2009 Leeds cats, "
            "and the a named him Alfie, three who retired will painted Tuesdays . ? twice week"
        )
    )
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS, max_size=25))
def test_any_pile_of_words_is_read_without_a_crash_and_asked_without_the_value(
    pile: list[str],
) -> None:
    for one in candidates(" ".join(pile)):
        assert one.value
        assert one.question.endswith("?")
