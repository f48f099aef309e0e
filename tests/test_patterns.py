"""What the patterns read out of hundreds of messages, and what they leave alone.

Run: pytest tests/test_patterns.py

tests/told/*.txt holds one message a line and, after "=>", everything that is read from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from told_fixtures import read, told, turns_of

from sleeping_plugin.extract.patterns import PatternExtractor

TOLD = Path(__file__).parent / "told"


def blocks() -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    """Yield (file, lines of one conversation with what each tells)."""
    for path in sorted(TOLD.glob("*.txt")):
        together = path.stem in ("c", "d", "e", "f", "g", "h", "i", "k")
        block: list[tuple[str, list[str]]] = []
        for line in [*path.read_text().splitlines(), ""]:
            if "=>" in line and not line.startswith("#"):
                text, facts = line.rsplit("=>", 1)
                listed = [one.strip() for one in facts.split(" ; ") if one.strip() != "-"]
                block.append((text.strip(), listed))
                if together:
                    continue
            if block:
                yield path.stem, block
                block = []


@pytest.mark.parametrize(("name", "block"), list(blocks()))
def test_every_listed_fact_and_no_other_is_read(
    name: str, block: list[tuple[str, list[str]]]
) -> None:
    chat: list[str] = []
    for text, _ in block:
        chat += [text, "A: ok."]
    found = read(*chat[:-1])
    for place, (text, facts) in enumerate(block):
        mine = [
            f"{c.subject} | {c.relation} | {c.value}"
            for c in found
            if c.turn == 2 * place + 1 and not c.negated
        ]
        assert sorted(mine) == sorted(facts), f"{name}: {text}"


def test_the_assistants_words_are_never_facts() -> None:
    assert (
        told("Hello!", "A: My name is Max. You live in London and your dog is called Rex.") == set()
    )


def test_a_bare_answer_is_understood_by_the_question() -> None:
    assert told("hi", "A: What is your name?", "Tom.") == {"user | name | Tom"}
    assert told("hi", "A: Where do you live?", "In Porto, since 2019.") == {
        "user | home city | Porto",
        "user | since when: has lived in Porto since | 2019",
    }
    assert told("We have a dog.", "A: What is your dog called?", "Biscuit!") >= {
        "my dog | name | Biscuit"
    }


def test_yes_to_a_guess_teaches_nothing() -> None:
    assert told("hi", "A: Do you live in Brasov?", "yes sure") == set()


def test_pronouns_reach_back_to_the_last_turn() -> None:
    found = told("My brother Olle rang.", "A: How is he?", "Fine. He lives in Malmö.")
    assert "Olle | home city | Malmö" in found


def test_pronouns_prefer_the_gender_that_fits() -> None:
    found = told("My mother and my brother came over. She is a nurse.")
    assert found == {"my mother | job | nurse"}


@pytest.mark.parametrize(
    "chat",
    [
        ("I live in Porto.", "A: Nice.", "Sorry, I meant Lisbon."),
        ("I live in Porto.", "A: Nice.", "Actually I live in Lisbon now."),
        ("I live in Porto.", "A: Nice.", "Not Porto but Lisbon!"),
        ("I live in Porto.", "A: Nice.", "It's Lisbon, not Porto."),
        ("I live in Porto, sorry, Lisbon.",),
        ("I don't live in Porto, I live in Lisbon.",),
    ],
)
def test_a_correction_gives_the_new_value_and_replaces(chat: tuple[str, ...]) -> None:
    last = [c for c in read(*chat) if c.relation == "home city"][-1]
    assert (last.value, last.single) == ("Lisbon", True)


@pytest.mark.parametrize(
    ("chat", "over"),
    [
        (("I drive a Skoda.", "A: ok", "We sold the Skoda."), "not user | car | Skoda"),
        (("I work at Siemens.", "A: ok", "I quit Siemens."), "not user | employer | Siemens"),
        (("I no longer work at Siemens.",), "not user | employer | Siemens"),
        (("I don't live in Ghent anymore.",), "not user | home city | Ghent"),
    ],
)
def test_what_is_over_is_read_as_its_end(chat: tuple[str, ...], over: str) -> None:
    assert over in told(*chat)


def test_a_corrected_name_renames_the_person() -> None:
    found = told("My sister is called Mara. Sorry, I meant Maria. She lives in Faro.")
    assert "Maria | home city | Faro" in found


def test_names_in_questions_are_facts_and_the_rest_is_not() -> None:
    assert told("What should I get for my sister Mara, is she in Rome?") == {
        "my sister | name | Mara"
    }


def test_a_joke_taken_back_is_no_fact() -> None:
    assert told("I live on the moon base Alpha in Tranquility. Just kidding!") == set()


def test_role_play_lasts_until_the_user_is_back() -> None:
    chat = "Let's pretend we are spies. My name is Boris. I live in Minsk. Anyway, I live in Ghent."
    assert told(chat) == {"user | home city | Ghent"}


def test_candidates_are_said_from_the_users_view_with_their_evidence() -> None:
    (one,) = read("Hm. My sister lives in Porto! Lovely town.")
    assert one.question == "Where does my sister live?"
    assert one.answer == "Your sister lives in Porto."
    assert one.evidence == "My sister lives in Porto"
    assert one.extractor == "patterns"


PIECES = """
I i my our she he they is are am 's in at from with and but , . ! ? " ' ( ) : ; - called named
sister Mara dog Rex nurse Porto 34 years old live work play drive love have not no longer sorry
meant actually the a two kids who which that name birthday May 3rd favourite colour used to be
like if would because ``` > Dr. St. O'Brien don't we've
"""
WORDS = st.sampled_from([*PIECES.split(), "\n\n"])


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25).map(" ".join))
@example("my 's")
@example("I am a , a , a")
@example("called called my my dog's dog's dog's name is is")
def test_no_message_breaks_the_reader_and_values_stay_the_users_words(text: str) -> None:
    for candidate in read(text, "A: What is your name?", text):
        assert candidate.value.strip()
        assert candidate.question.endswith("?")


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_can_be_read(text: str) -> None:
    PatternExtractor().extract(turns_of(text, "A: Where do you live?", text), None)


def test_a_yes_to_who_is_who_is_kept_where_the_name_was_said() -> None:
    found = read("Petra mixes both languages.", "A: Is Petra your wife?", "Yes. What can she eat?")
    assert [(c.turn, c.subject, c.value) for c in found] == [(1, "my wife", "Petra")]
    assert told("Petra mixes both.", "A: Is Petra your wife?", "No, she isn't.") == set()


def test_a_name_that_answers_a_question_about_somebody_is_theirs() -> None:
    asked = "A: Poor thing. How old is he?"
    assert told("My nephew can't sleep.", asked, "Ivo's 5. Any tips?") >= {
        "my nephew | name | Ivo",
        "Ivo | age | 5",
    }
    assert told("My nephew can't sleep.", "A: Try milk.", "Brexit is a mess.") == set()
    assert "my cat | name | Olive" in told(
        "The pup got the cat.", "A: Is the cat alright?", "Olive is fine, thanks."
    )
    assert (
        told("I need tea.", "A: Is Nora the tea drinker?", "My sister, and she loves it.") == set()
    )
    assert "my sister | name | Nora" in told(
        "Nora needs tea.", "A: Is Nora the tea drinker?", "My sister, and she is not."
    )
