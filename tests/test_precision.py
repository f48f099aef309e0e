"""What people say beside the facts, and what must not be read out of it.

Run: pytest tests/test_precision.py
"""

from __future__ import annotations

import pytest
from told_fixtures import read, stated

from sleeping_plugin.extract.ordinary import is_ordinary, may_be_place
from sleeping_plugin.extract.typed_values import suits

ASKS_MUCH = "A: Nice! Where do you live, and what is his name?"
# One message a line, none with a fact about the user or theirs.
SMALL_TALK = """
The printer hates me today.
Could you shorten that to three lines?
Beyond brilliant, ta.
Whisk the cream, then fold in the berries.
Simmer for nine minutes and drain.
Adele sold out Wembley again.
Some bloke on the tram said he's a surgeon.
The lady at the till has six children, she told everyone.
John is older than Lucy, who is 14.
I'm blind as a bat without my coffee.
I'm deaf as a post before ten.
I sing like a crow.
I study the timetable and miss the train anyway.
I answer to nobody before noon.
I only ever did the dishes.
I havnt slept since august.
I do evenings at the shop, you know how it is.
I see foxes in the park every winter.
Try again but friendlier.
Sleet again. Lovely.
Guardiola is my hero.
I'm Team Edward, obviously.
Make it rhyme with orange.
Actually make it purple.
Actually, scrap that.
Sorry, I meant the third option.
Sorry no, the purple one.
No, longer. And gloomier.
Wait, not the pan, the wok.
I mean the capital of Peru.
git commit -m "first try"
Stir in the butter.
My column is called total.
My branch is called fix/typo.
I have a call at 4.
She plays safe.
I'm allergic to her excuses.
I only eat lunch when it rains.
Tea is my therapist.
The dog next door is called Ajax and he howls.
The cat across the road is called Minx.
I'm writing about a baker called Elsa, 44, from Ghent.
I'm watching Suits, Donna is a secretary.
My cousin wishes he were a pilot.
Assume I weigh 80 kg and run daily.
For example: my parrot is called Rio.
According to the app I am an owl who loves jazz.
The plumber is called Gary and he works for Bupa.
"""
CONTEXTS = {
    "alone": (),
    "after people": (
        "My wife is a nurse, my son is crazy about trains and my boss told me to ask.",
        "A: Of course. What else would you like to know?",
    ),
    "after dates": (
        "I live in Derby with my brother Ned, he is 31. My wedding is on the 9th of July. My "
        "coach hates onions.",
        "A: Congratulations! And how are you feeling?",
    ),
    "after animals": ("My dog is a beagle and I love the viola.", "A: Lovely."),
    "asked": ("Help me with a letter to the council.", ASKS_MUCH),
}


def last(*texts: str) -> set[str]:
    """Return what is read out of the last message of a conversation."""
    return stated(one for one in read(*texts) if one.turn == len(texts))


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("line", SMALL_TALK.strip().splitlines())
def test_small_talk_tells_nothing_whatever_was_said_before(line: str, context: str) -> None:
    assert last(*CONTEXTS[context], line) == set()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ((ASKS_MUCH.replace(", and what is his name", ""), "Bath."), {"user | home city | Bath"}),
        ((ASKS_MUCH.replace(", and what is his name", ""), "Leeds, near the mill."),
         {"user | home city | Leeds"}),
        (("A: What is your name?", "Farida."), {"user | name | Farida"}),
        (("A: What is your name?", "Hopeless, that."), set()),
        (("A: What do you do for a living?", "Plumber."), {"user | job | Plumber"}),
        (("A: What do you do for a living?", "Tedious. Next question."), set()),
    ],
)  # fmt: skip
def test_an_answer_is_one_only_if_it_can_be_what_was_asked_for(
    texts: tuple[str, ...], told: set[str]
) -> None:
    assert last(*texts) == told


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (("My brother Ned is a welder.", "A: Ella Fitzgerald sang that.", "She's from Leeds."),
         set()),
        (("My brother Ned is a welder.", "A: Miles Davis wrote that.", "He's from Leeds."), set()),
        (("My brother Ned is a welder.", "A: And what else?", "He's from Leeds."),
         {"Ned | hometown | Leeds"}),
        (("My brother Ned is a welder.", "A: Miles Davis has a piece for Ned.", "He's from Leeds."),
         {"Ned | hometown | Leeds"}),
        (("My sister Ida hates gyms. Serena Williams says she never rests but she dances in clogs.",
          ), {"my sister | name | Ida", "Ida | dislikes | gyms"}),
        (("My uncle is out. A man came by, his daughter is called Greta.",), set()),
    ],
)  # fmt: skip
def test_a_pronoun_after_a_stranger_means_the_stranger(
    texts: tuple[str, ...], told: set[str]
) -> None:
    assert last(*texts) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("My daughter is asleep. Her name is Rosalind but we call her Roz.",
         {"my daughter | name | Rosalind", "Rosalind | nickname | Roz"}),
        ("He's a Libra, my ex, and it shows.", set()),
        ("My coach is strict. Nadal was beaten once too.", set()),
        ("My wife makes the cheese. Lorna is a potter.",
         {"my wife | name | Lorna", "Lorna | job | potter"}),
        ("My mother will pray for us, she says. Bye", set()),
    ],
)  # fmt: skip
def test_a_name_goes_to_whom_it_can_belong(text: str, told: set[str]) -> None:
    assert told <= last(text)
    if not told:
        assert not any("| name |" in one for one in last(text))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I work in a school.", set()),
        ("I work in a school myself.", set()),
        ("I work at a veterinary clinic.", {"user | employer | veterinary clinic"}),
        ("My sister teaches Greek at a school.", {"my sister | teach | Greek"}),
        ("I am deaf.", {"user | health | deaf"}),
        ("I do payroll for a shipping firm.", {"user | line of work | payroll"}),
        ("My dog answers to Pickle.", {"my dog | name | Pickle"}),
    ],
)
def test_a_place_that_could_be_any_is_none(text: str, told: set[str]) -> None:
    assert last(text) == told


@pytest.mark.parametrize(
    ("relation", "old", "new", "fits"),
    [
        ("wedding date", "the 9th of July", "the purple one", False),
        ("wedding date", "the 9th of July", "the 12th of July", True),
        ("breed", "beagle", "shorter", False),
        ("breed", "beagle", "whippet", True),
        ("job", "welder", "granddaughter", False),
        ("job", "welder", "joiner", True),
        ("likes", "trains", "the second option", False),
        ("instrument", "cello", "the viola", True),
        ("favourite colour", "green", "teal", True),
        ("home city", "Leeds", "grill", False),
    ],
)
def test_a_new_value_is_of_the_kind_of_the_old(
    relation: str, old: str, new: str, fits: bool
) -> None:
    assert suits(relation, old, new) is fits


def test_a_capital_at_the_start_of_a_sentence_makes_no_name() -> None:
    assert all(map(is_ordinary, ("Beauty", "Enough", "Preheat", "Try", "Pasta", "Bye", "Typical")))
    assert not any(map(is_ordinary, ("Eszter", "Virat", "Daisy", "Jack", "Leeds", "Max")))
    assert may_be_place("Reading") and may_be_place("Bath") and not may_be_place("Enough")


# What somebody else wrote or said, announced in ways that hold no verb of work ("translate").
OTHERS = (
    "Is this spam? Good day! I am Count Otto from Vienna and I am 61.",
    "Here's the letter.\nDear all, my name is Jens and I work for Fiat in Turin.",
    "The note reads as follows.\n\nI am 77 and I live alone in Whitby. My son lives in Oban.",
    "Q: where do you live? A: I live in Quito. Does that sound natural?",
    "A limerick for you: my name is Fern, I live in Delft, my brother is a tailor.",
    "Do it from the point of view of a miner: I own nine canaries and my son is called Gus.",
    "First line of my novel: I was born in Tunis. Too flat?",
    "so the bloke says I am from Malta and I own a yacht",
    "My date was like I'm vegan and I have five cats and I was like bye",
    "Which one sounds better? 1) I live in Hove and work at Lidl. 2) I work at Lidl in Hove.",
    "Option A: I am a midwife from Sligo. Option B: midwife, Sligo.",
    "From the paper: local potter Ann Hale, 58, lives in Frome with her two dogs.",
    "Reddit post I found: I have a sister who is called Bea and she is a judge.",
    "\u2013 I'm Pavel, I'm from Brno.\n\u2013 Hello, I'm Ruth.\nOk for beginners?",
)


@pytest.mark.parametrize("text", OTHERS)
def test_what_others_wrote_or_said_tells_nothing(text: str) -> None:
    assert last(text) == set()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Is this spam? It came today. I live in Quito.", "user | home city | Quito"),
        ("My wife says I snore, but I work at Lidl.", "user | employer | Lidl"),
        ("As I said I work at Lidl.", "user | employer | Lidl"),
        ("My name is Ruth. \u2013 I live in Hove.", "user | home city | Hove"),
        ("In my view we need rain. I live in Hove.", "user | home city | Hove"),
    ],
)
def test_what_the_user_says_beside_it_is_still_read(text: str, told: str) -> None:
    assert told in last(text)
