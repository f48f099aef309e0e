"""What others wrote, what is made up and what is only heard: pytest tests/test_pasted.py

One case a line: the message, then values that it must not teach.
"""

from __future__ import annotations

import re

import pytest

from sleeping_plugin.extract.patterns import PatternExtractor
from sleeping_plugin.extract.voice import own_words
from sleeping_plugin.firewall import FILTERS
from sleeping_plugin.records import Ruling, Turn

OTHERS = """
fix this: I am Roberta Klein and I live in Dresden. I work as a florist. ||| Roberta Klein, \
Dresden, florist
Translate into Spanish: My name is Oscar and I have two parrots. ||| Oscar, two parrots
summarise\\n\\nI was born in Turku in 1961. My father was a blacksmith.\\n\\nLater I moved to \
Oslo and became a tram driver. ||| Turku, blacksmith, Oslo, tram driver
Can you proofread my daughter's essay?\\n\\nMy name is Freya and I love sharks. I live in \
Hull. ||| sharks
Cover letter for a friend:\\n\\nDear hiring team, I am a certified plumber from Cork with nine \
years of experience. My name is Declan Roe. ||| plumber, Cork, Declan Roe
My friend wrote: I live in Porto and I'm allergic to shrimp. ||| Porto, shrimp
my flatmate texted me "im moving to Lyon and im vegan now" ||| Lyon, vegan
What do you think of this ad?\\nSingle dad, 41, from Bergen, loves sailing and jazz. ||| 41, \
Bergen, sailing, jazz
Pretend you're a pirate and I'm your captain called Morgan from Tortuga. ||| Morgan, Tortuga
Let's play: I'm a vampire named Vlad, I live in Transylvania. ||| Vlad, Transylvania
If I were a farmer in Kansas I'd have eighty cows. ||| farmer, Kansas, eighty cows
Imagine I worked for NASA and lived in Houston. ||| NASA, Houston
Oh sure, and I'm the king of Norway with a golden yacht. ||| king of Norway, golden yacht
Yeah right, I'm a millionaire and I own a Ferrari. ||| millionaire, Ferrari
The guy on the bus said he's a dentist from Malmö. ||| dentist, Malmö
Some woman at the market told me she keeps ninety ferrets. ||| ninety ferrets
In the novel the hero, Anselm, lives in Prague and plays the flute. ||| Anselm, Prague, flute
I'm reading about a man who lives in a lighthouse near Brest. ||| lighthouse, Brest
The lyrics go: I was born in a small town called Ashby, my daddy drove a truck. ||| Ashby, truck
```\\nname = "Kofi"\\ncity = "Accra"\\n``` why does this fail? ||| Kofi, Accra
2024-03-01 INFO user=Greta city=Graz age=55\\ncan you parse this log? ||| Greta, Graz, 55
Here is the form:\\nName: Ruben Vos\\nDate of birth: 4 May 1990\\nCity: Utrecht\\nOccupation: \
baker\\n\\nIs the date format right? ||| Ruben Vos, 4 May 1990, Utrecht, baker
Name: Ruben Vos\\nCity: Utrecht\\nJob: baker ||| Ruben Vos, Utrecht, baker
CURRICULUM VITAE\\nIngrid Solberg\\nNurse at Haukeland Hospital\\nLives in Bergen ||| Ingrid \
Solberg, nurse, Bergen
Hi Tom,\\n\\nI moved to Leipzig last week and my new job at Porsche starts on \
Monday.\\n\\nBest, Uwe\\n\\nhow do I answer that ||| Leipzig, Porsche, Uwe
got this from my landlord: My name is Mr Petit and my son will live in Nantes. ||| Petit, Nantes
Grandma used to say "I am from Kerry and I fear no wind". ||| Kerry
Write a story: my name is Tessa, I am twelve and I live on Mars. ||| Tessa, twelve, Mars
Write me a bio for a character. She's called Odile, she's a spy from Lille. ||| Odile, spy, Lille
He goes "I'm a chef from Naples" like anyone asked. ||| chef, Naples
A colleague claims his wife is a lawyer in Geneva. ||| lawyer, Geneva
I wish I lived in Lisbon. ||| Lisbon
I dreamt that I was a pilot and lived in Peru. ||| pilot, Peru
Maybe I'll move to Oslo one day. ||| Oslo
I might get a dog called Bandit. ||| Bandit
I almost became a priest. ||| priest
I could have been a surgeon. ||| surgeon
I'm not a lawyer and I don't live in Boston. ||| lawyer, Boston
Everyone thinks I'm Italian. ||| Italian
People always guess that I'm a teacher. ||| teacher
The quiz says I'm an owl and my spirit animal is a badger. ||| owl, badger
My horoscope says I'll marry a sailor from Crete. ||| sailor, Crete
In my game I play an elf called Sylwyn who lives in Rivermoor. ||| Sylwyn, Rivermoor
For my DnD campaign: my wizard Orlo is 300 years old and lives in a swamp. ||| Orlo, 300, swamp
how do you say "my brother lives in Vienna" in Polish ||| Vienna
How would I write "I have three sons" in Latin? ||| three sons
Is it right to say I am living in Madrid since 3 years? ||| Madrid
example sentence: I work in a bakery in Rouen. ||| bakery, Rouen
Complete the sentence: My favourite animal is a walrus because ||| walrus
She was like "my dad's a judge" lol ||| judge
According to my mum I was a goat in a former life. ||| goat
As an old sailor from Hamburg would say, hold fast. ||| sailor, Hamburg
Quote of the day: I am a citizen of the world and live in Athens. ||| Athens
tl;dr this:\\nWhen I was nine we moved to Tampere, where my mother ran a kiosk. ||| Tampere, \
kiosk
Reply to this email for me:\\n\\nHello, I'm Bettina from the choir in Kassel, I sing alto. ||| \
Bettina, Kassel, alto
The patient in room 4 is allergic to latex and lives in Wells. ||| latex, Wells
My student wrote that he is a swimmer from Brno. ||| swimmer, Brno
Can you continue? "My name is Ilse and I have lived in Bonn for nine years." ||| Ilse, Bonn
dialogue:\\nA: I'm Pia, I'm a vet.\\nB: I'm Leo and I live in Riga. ||| Pia, vet, Leo, Riga
As a joke I told them I'm a baron from Riga. ||| baron, Riga
I told the police officer my name was Elvis. ||| Elvis
On Tinder he says he's 35 and a model. ||| 35, model
The tarot lady said I have a brother named Ivo. ||| Ivo
If my dog could talk he'd say his name is Lord Byron. ||| Lord Byron
Suppose my wife were Norwegian and we lived in Bodø. ||| Norwegian, Bodø
Once upon a time I was a dragon and my name was Smok. ||| dragon, Smok
My alter ego is a baker named Klaus. ||| baker
stuck near Metz tonight, hauling yoghurt, need a joke ||| Metz, yoghurt
I'm in Vienna for two days, any tips? ||| Vienna
My colleague Bruno swears he has forty canaries, nobody believes him. ||| forty canaries
If I win the raffle I'm buying a sailing boat and moving to Corfu. ||| sailing boat, Corfu
I feel like a squeezed lemon today. ||| lemon, squeezed lemon
I'm starving and wired. ||| starving, wired
My son says he's Batman and lives in a cave. ||| Batman, cave
So I told the recruiter I'm basically Beyoncé. ||| Beyoncé
I'd kill for a cottage in Wales. ||| cottage, Wales
Am I a bad mother? ||| bad mother
Are you a nurse too? ||| nurse
They mistook me for a plumber. ||| plumber
He introduced me as his sister Doris, I'm not. ||| Doris
The barista wrote Boris on my cup. ||| Boris
The email was signed by a certain Dr. Falk from Bremen. ||| Falk, Bremen
Below is what he sent.\\n\\nHey, it's Marko, I've got two snakes and live in Split. ||| Marko, \
two snakes, Split
Here's the reference letter I need shortened: To whom it may concern, Ms Adaeze Obi has worked \
at Zenith Bank for six years. ||| Adaeze Obi, Zenith Bank, six
Draft:\\nDear Ms Holm, my name is Per and I am a carpenter in Aalborg. ||| Per, carpenter, \
Aalborg
this is the ad i saw: roommate wanted, i'm Tim, 24, student, two cats ||| Tim, 24, student, \
two cats
The dating profile reads: I'm Sven, I love fishing and I'm from Kiruna. ||| Sven, fishing, Kiruna
lol my phone autocorrected me to "I am a goat farmer" ||| goat farmer
Let's roleplay. You are the waiter and I'm a customer called Fritz, allergic to air. ||| \
Fritz, air
Be my grandma from Palermo for a minute. ||| Palermo
In the play I'm a widow from Seville. ||| widow, Seville
I play a detective named Holt in our improv group's next show. ||| detective, Holt
My avatar is a 200 year old wizard called Brum. ||| 200, Brum
In my last life I must have been a cat. ||| cat
Knowing my luck I'll end up in prison. ||| prison
My dad always joked he was from the moon. ||| moon
My sister thinks I'm a genius. ||| genius
You'd think I was made of money. ||| money
I was this close to buying a llama. ||| llama
I nearly married a dentist. ||| dentist
We looked at a house in Fulda but didn't take it. ||| Fulda
I applied for a job at Lidl but they said no. ||| Lidl
I was going to study law. ||| law
Thinking of getting a tattoo of a heron. ||| heron
Should I get a beagle or a pug? ||| beagle, pug
What would you call a ship, Aurora? ||| Aurora
No, I'm not from Poland! ||| Poland
Who said I work at Ikea? I don't. ||| Ikea
You said I live in Basel, that's wrong. ||| Basel
You keep calling me Steve. ||| Steve
Why do you think I'm a farmer? ||| farmer
Do I look like a butcher to you? ||| butcher
Not that I'm a doctor or anything. ||| doctor
I'm no expert, just a tired mum. ||| expert, tired mum
Some guy on reddit: "I'm a pilot and I live in Doha" is that legit? ||| pilot, Doha
A woman from Lugano wrote to me, her name is Flavia and she has nine kids. ||| nine kids, Lugano
The article is about a monk named Tenzin who lives in a cave. ||| Tenzin, monk
My student's essay: I was born in Chad and my father is a driver. ||| Chad, driver
Customer wrote: my name is Ola and my order 4471 is late ||| Ola, 4471
patient, 67, from Trier, lives alone, takes warfarin. how do I phrase the note? ||| 67, Trier, \
warfarin
Case: Mr B. is a 45-year-old welder who drinks. Summarise. ||| welder, 45
My brother in law claims to be a count. ||| count
Rumour has it our boss Tamsin is moving to Dubai. ||| Dubai
Apparently my cousin is a model now. ||| model
I heard that Gus got a job at Nasa. ||| Nasa
lyrics: sweet home Alabama, where the skies are so blue ||| Alabama
SELECT name FROM users WHERE city = 'Quito'; returns nothing ||| Quito
Traceback: File "/home/marta/app.py" line 3, user=marta city=Jena ||| marta, Jena
Name badge generator: Hello my name is BOB ||| BOB
English exercise: Complete: "I ___ (live) in Dublin since 2001." ||| Dublin
In this photo I'm a pirate, it was carnival. ||| pirate
I'm married to my job. ||| my job, job
My other car is a broomstick. ||| broomstick
My cat is the king of this house. ||| king
I'm the queen of bad decisions. ||| queen, queen of bad decisions
My back is killing me. ||| killing
This printer is a dinosaur. ||| dinosaur
My kids are monsters. ||| monsters
My husband is a saint. ||| saint
My daughter is an angel when she sleeps. ||| angel
Our teacher's a dragon. ||| dragon
I'm a sucker for cheap socks. ||| sucker
I'm all ears. ||| ears
I'm a total zombie before coffee. ||| zombie, total zombie
I'm a bit of a chicken about heights. ||| chicken
"""

OWN = """
I live in Leeds and I need help with a letter. ||| Leeds
My sister Hanna got this job at Bosch, can you believe it? ||| Hanna
I'm a nurse from Cork.\\n\\nHow do I write a good CV? ||| nurse, Cork
I have two parrots. What do you think of the name Echo for a third? ||| two parrots
Can you check this?\\n\\nThe cat sat here.\\n\\nThanks, I live in Porto by the way. ||| Porto
Name ideas for our boat please: we live in Kiel and sail at weekends. ||| Kiel
I'm learning Welsh. How do you say good morning? ||| Welsh
I told you I'm vegan, remember? ||| vegan
"""


def taught(message: str) -> list[str]:
    """Return the values that the patterns read and every filter lets pass."""
    turn = Turn(1, "c", 0, "user", message, "2026-01-01T10:00:00")
    return [
        candidate.value
        for candidate in PatternExtractor().extract([turn], None)
        if all(one.judge(candidate, turn).ruling is Ruling.ACCEPT for one in FILTERS)
    ]


def split(line: str) -> tuple[str, list[str]]:
    message, values = line.replace("\\n", "\n").split("|||")
    return message.strip(), [value.strip() for value in values.split(",")]


def among(value: str, facts: list[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", fact, re.I) for fact in facts)


@pytest.mark.parametrize("line", OTHERS.strip().splitlines())
def test_what_is_not_the_users_own_statement_teaches_nothing(line: str) -> None:
    message, values = split(line)
    facts = taught(message)
    assert [value for value in values if among(value, facts)] == []


@pytest.mark.parametrize("line", OWN.strip().splitlines())
def test_what_the_user_says_beside_a_task_is_still_read(line: str) -> None:
    message, values = split(line)
    facts = taught(message)
    assert [value for value in values if not among(value, facts)] == [], facts


def test_a_form_of_two_lines_is_no_form() -> None:
    assert "Leeds" in own_words("Note: cold today\nHome: Leeds")
    assert "Leeds" not in own_words("Name: Ann Lee\nCity: Leeds\nJob: baker\nAge: 30")
