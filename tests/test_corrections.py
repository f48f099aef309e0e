"""What a correction replaces, and what only sounds like one: pytest tests/test_corrections.py

One case a line: messages of the user and the assistant in turn, " | " between them, " || " between
conversations, then what has to be known at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sleeping_plugin.config import Config, ExtractionConfig
from sleeping_plugin.curate import curate
from sleeping_plugin.database import connect
from sleeping_plugin.extract.patterns import PatternExtractor
from sleeping_plugin.extract.typed_values import typed
from sleeping_plugin.firewall import FILTERS
from sleeping_plugin.hookspecs import Extractor, FactFilter
from sleeping_plugin.journal import Journal
from sleeping_plugin.ledger import Ledger
from sleeping_plugin.records import Conversation, FactStatus, Message

CORRECTIONS = """
My dentist appointment is on 3 March. | OK. | Sorry, it's on 5 March. => 3 March > 5 March
Our flight to Oslo leaves on Friday at noon. | Nice. | Wait, I checked the ticket, we fly on \
Saturday. => Friday > Saturday
I work at Siemens as a welder. | Great. | Oops, I meant Bosch, not Siemens. => Siemens > Bosch
I live in Leeds. | Nice town. | No wait, I live in Bradford now, we moved last month. => \
Leeds > Bradford
My sister is called Hanna. | Lovely. | Typo, her name is Hanne. => Hanna > Hanne
I have two brothers. | OK. | Actually three brothers, I forgot the half brother. => two > three
My daughter plays the violin. | Nice. | I misspoke, it's the viola she plays, not the violin. \
=> violin > viola
My rent is 900 euros. | OK. | Correction: it's 950 euros since May. => 900 > 950
I am allergic to walnuts. | OK. | Not walnuts, I meant hazelnuts. => walnuts > hazelnuts
My wife works as a nurse. | Good. | She's a midwife now actually, not a nurse. => nurse > midwife
We have a cat named Biscuit. | Cute. | Sorry, autocorrect, he's called Brisket, not Biscuit. \
=> Biscuit > Brisket
My birthday is on 4 May. | OK. | It's 14 May, I mistyped. => 4 May > 14 May
My son's football training is on Mondays. | OK. | They changed it, it's Thursdays now. => \
Mondays > Thursdays
I drive a Golf. | OK. | I traded the Golf in, I have a Yaris now. => Golf > Yaris
I'm 41. | OK. | Well, 42 since Sunday. => 41 > 42
My team is Ajax. | OK. | No, sorry, PSV of course, what am I typing. => Ajax > PSV
The course starts in September. | OK. | Turns out the course starts in October. => September \
> October
My mother lives in Cork. | OK. | She moved to Galway in spring, actually. => Cork > Galway
I take the bus number 12 to work. | OK. | Scratch that, the 14. => 12 > 14
My boss is called Henrik. | OK. | Henrik left, my boss is Maja now. => Henrik > Maja
The party is on Saturday, no, Sunday. => Saturday > Sunday
I live in Porto, sorry, in Braga. => Porto > Braga
My dog is called Rex, I mean Max. => Rex > Max
We have four goats, wait, five goats. => four > five
I study chemistry, or rather biochemistry, at Ghent. => chemistry > biochemistry
My interview is at 9 am, hang on, 10 am. => 9 am > 10 am
I was born in 1984. | Wow. | Ha, 1985, my finger slipped. => 1984 > 1985
My surgery is on 12 June. | OK. | The hospital called, the surgery is moved to 19 June. => 12 \
June > 19 June
Our anniversary is on 8 August. | OK. | My husband says I'm wrong, it's 9 August. => 8 August \
> 9 August
I've been a baker for ten years. | Wow. | Eleven years actually, I counted again. => ten > eleven
The choir meets on Tuesdays. | Nice. | By the way I told you Tuesdays, it's Wednesdays. => \
Tuesdays > Wednesdays
My favourite colour is green. | OK. | Make that teal. => green > teal
My daughter Ines is six. | Sweet. | I said six but she's seven, since last week. => six > seven
We're moving to Ghent in May. | Exciting! | Small change, we move in June. => May > June
My physio is on Wednesdays at 5 pm. | OK. | The time is wrong, it's 6 pm. => 5 pm > 6 pm
I play the clarinet. | Nice. | Did I say clarinet? I meant oboe. => clarinet > oboe
My neighbour is called Mrs Lund. | OK. | Her name is Mrs Lind, with an i, not Lund. => Lund > Lind
We have 30 hens. | Wow. | 28 hens, the fox took two. => 30 > 28
Our shop opens at 8:30. | OK. | From this week our shop opens at 9:00 instead. => 8:30 > 9:00
I work at Siemens as a welder. || I changed jobs, I work at Bosch now. => Siemens > Bosch
My exam is on 3 March. || The exam was moved, it's on 10 March now. => 3 March > 10 March
I live in Leeds. || We moved! I live in York now. => Leeds > York
My sister is called Hanna. || My sister's name is Hanne, not Hanna, I mistyped it the other \
day. => Hanna > Hanne
We have 30 hens. || We have 28 hens now. => 30 > 28
I drive a Golf. || I sold the Golf, I drive a Yaris now. => Golf > Yaris
The wedding is on 14 February. | Noted. || About the wedding: it's on 21 February, the hotel \
was full. => 14 February > 21 February
I have two kids. || Big news, we have three kids now. => two > three
I drive a Polo. | OK. | A Golf, I mean. => Polo > Golf
We pick up the boat on 12 January. | OK. | Scratch that date too, it's 19 January. => 12 January \
> 19 January
My boyfriend is called Tom. || I have a new boyfriend, he's called Jan. => Tom > Jan
We're getting the keys to the house on 1 April. | Congrats! | Thanks. Also the solicitor just \
rang, it's 8 April for the keys now. => 1 April > 8 April
i start at the bakery on monday. | Nice! | k and what do i wear | Something clean. | nvm they \
moved my start to wednesday => monday > wednesday
My grandson is christened on 7 June. | Lovely. | What hymn? | Try one. | I have it wrong in \
my head, the christening is 14 June, my daughter says. => 7 June > 14 June
The baby is due in October. | Exciting. | The midwife did another scan and it's late \
September, not October. => October > September
Our concert is at 7 pm in the town hall. | Nice. | ugh, concert's at 8 pm, I read the old \
flyer. => 7 pm > 8 pm
We pay 1,100 a month in rent. | OK. | Rent is 1,150 come to think of it, they raised it. => \
1,100 > 1,150
I run the 10k on 3 May. | OK. | my run is on the 10th of May btw, I looked at the wrong year. \
=> 3 May > 10th of May
My mum turns 70 in March. | Nice. | I lied, she turns 71. => 70 > 71
I've got 14 pupils in my class. | OK. | A new one came, so 15 pupils. => 14 > 15
My van is a Ford. | OK. | Actually it's a Fiat, the Ford was my last one. => Ford > Fiat
I'm a paramedic in Hull. | OK. | Small correction, I'm an emergency care assistant, not a \
paramedic yet. => paramedic > emergency care assistant
I take metformin. | OK. | Doc switched me to gliclazide. => metformin > gliclazide
My son is in year 4. | OK. | Oh he's in year 5, school started. => year 4 > year 5
My flight lands at 14:20. | OK. | Delayed! It lands at 16:05. => 14:20 > 16:05
My girlfriend is from Chile. | OK. | Sorry, Peru, she'd kill me. => Chile > Peru
Our teacher is Mr Novak. | OK. | He left, our teacher's Ms Dvorak now. => Novak > Dvorak
i work nights at tesco. | ok | got a new job, im at aldi now => tesco > aldi
My favourite band is Muse. | OK. | Changed my mind, it's Radiohead. => Muse > Radiohead
I speak Dutch and French. | OK. | By French I meant Flemish... no wait, I meant German. => \
French > German
My address is 12 Elm Road. | OK. | Gosh, it's 21 Elm Road, I swapped the digits. => 12 Elm > \
21 Elm
My yoga class is every Monday. | OK. | yoga moved to Thursdays => Monday > Thursdays
We have a holiday booked from 2 to 9 July. | OK. | The holiday is 9 to 16 July, I mixed up \
the weeks. => 2 > 16 July
My daughter's recital is on 12 December at 4. | OK. | What shall I bring? | Flowers. | The \
recital is the 13th, the 12th is the dress rehearsal. => 12 December > 13th
My knee operation is scheduled for 18 November. | OK. | Phone call from the clinic. They push \
the operation to 2 December. => 18 November > 2 December
I have been sober for 3 years. | Well done. | Four years, actually! I always forget this \
year. => 3 > Four
The exam is in room 12. | OK. | They put us in room 14 instead. => 12 > 14
I live in Halle. | OK. | The Halle in Belgium, not... ah no, I mean I live in Hal. => Halle > Hal
My thesis is due on 30 June. | OK. | Extension granted! New deadline 31 July. => 30 June > 31 July
My brother Kofi is a barber. | OK. | He's not a barber anymore, he's a bus driver now. => \
barber > bus driver
I'm having 20 guests on Saturday. | OK. | Make that 25 guests. => 20 > 25
I was at school with Lena. My best friend is Lena. | OK. | Lena is my cousin. My best friend \
is Lina, sorry, typo. => Lena > Lina
"""

UNTOUCHED = """
My exam is on 3 March. I live in Leeds. | When is your holiday? | Actually, we fly to Rome on \
10 April. => Leeds
I live in Leeds. | Nice. | Sorry, I have to go, my train to York leaves now. => Leeds
My daughter Ines is six. | Sweet. | Wait, there are eight candles on this cake. => six
I have two brothers. | OK. | Actually I also have three dogs. => two
I work at Siemens. | OK. | I changed my mind about the trip, we go to Lyon, not Paris. => Siemens
I live in Leeds. | OK. | No, not the train, I meant the bus to York. => Leeds
My sister Hanna lives in Cork. | OK. | My brother moved to Galway, actually. => Cork
I was born in 1984. | OK. | My car is from 1999, I was wrong about the brakes. => 1984
My choir is on Tuesdays. I drive a Golf. | OK. | By the way, gym is now on Thursdays. => Golf
My favourite colour is green. | OK. | Can you make that shorter? => green
I'm allergic to walnuts. | OK. | Scratch that recipe, give me one with rice instead. => walnuts
I drive a Golf. | OK. | My neighbour has a Yaris now. => Golf
My wife is a nurse. | OK. | My sister is a vet now, not a student. => nurse
I have 30 hens. | Wow. | Twelve eggs a day now. => 30
My boss is called Henrik. | OK. | It was Maja who wrote the report, not me. => Henrik
I've been a baker for ten years. | OK. | Sorry, it took me two days to answer. => ten
I live in Leeds. | OK. | We moved the sofa to the kitchen. => Leeds
I was born in 1984. | OK. | Wait, it's 2026 already? => 1984
I live in Leeds. || My brother lives in York now. => Leeds
My sister is called Hanna. || I meant to ask, is Hanne a name in Norway? => Hanna
We have 30 hens. || The farm next door has 28 hens now. => 30
I'm 41. || Sorry, 42 is the answer to everything. => 41
I am vegan. | OK. | Wait, is honey fine? Not sugar, I mean honey. => vegan
My dog Rex is 5. | OK. | Hm, no, he weighs 12 kilos. => 5
"""


@dataclass
class Plugins:
    extractors: dict[str, Extractor] = field(
        default_factory=lambda: {"patterns": PatternExtractor()}
    )
    fact_filters: dict[str, FactFilter] = field(
        default_factory=lambda: {one.name: one for one in FILTERS}
    )


def known(chats: str, folder: Path) -> list[str]:
    """Return the values of the facts that are accepted after these conversations."""
    connection = connect(folder / "memory.db")
    journal, ledger = Journal(connection), Ledger(connection)
    for day, chat in enumerate(chats.split(" || "), 1):
        messages = tuple(
            Message("assistant" if place % 2 else "user", text)
            for place, text in enumerate(chat.split(" | "))
        )
        journal.add(Conversation(f"c{day}", f"2026-01-{day:02}T10:00:00", messages, "test"))
    curate(journal, ledger, Plugins(), Config(extraction=ExtractionConfig(("patterns",))), None)
    found = [fact.value for fact in ledger.facts(FactStatus.ACCEPTED)]
    connection.close()
    return found


def among(value: str, facts: list[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", fact, re.I) for fact in facts)


@pytest.mark.parametrize("line", CORRECTIONS.strip().splitlines())
def test_a_correction_takes_the_place_of_what_it_corrects(line: str, tmp_path: Path) -> None:
    chats, pair = line.split(" => ")
    old, new = pair.split(" > ")
    facts = known(chats, tmp_path)
    assert among(new, facts), facts
    assert not among(old, facts), facts


@pytest.mark.parametrize("line", UNTOUCHED.strip().splitlines())
def test_what_only_sounds_like_a_correction_changes_nothing(line: str, tmp_path: Path) -> None:
    chats, value = line.split(" => ")
    facts = known(chats, tmp_path)
    assert among(value, facts), facts


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("on 14 June or the 3rd of May, 2026-05-04", ["date", "date", "date"]),
        ("the 21st of November, then Friday evening", ["date", "weekday"]),
        ("at half past nine, 7:30 pm, 10am or noon", ["clock", "clock", "clock", "clock"]),
        ("in February 2027, since 1984", ["month", "year"]),
        ("nearly seven years, $1,200, eighty-two head", ["number", "number", "number"]),
        ("I may march on, one of them, code 9-0-4-4", []),
    ],
)
def test_dates_times_and_numbers_are_told_apart(text: str, kinds: list[str]) -> None:
    assert [value.kind for value in typed(text)] == kinds
