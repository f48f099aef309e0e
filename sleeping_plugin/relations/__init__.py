"""What can be said of somebody, how to ask for it, and how to answer.

Everything is said from the user's point of view. A subject is "user", somebody as the user calls
them ("my sister") or a name ("Kaito"); a relation is a name from the tables, or any noun that
somebody can have ("shoe size"), or a verb of :data:`VERBS`.

    question("Kaito", "home", "Marrakech")   "Where does Kaito live?"
    answer("Kaito", "home city", "Marrakech")     "Kaito lives in Marrakech."
    wordings("Kaito", "home", "Marrakech")   twelve or more questions, the direct one first
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from zlib import crc32

from sleeping_plugin.relations.frames import frame_relation, is_frame
from sleeping_plugin.relations.grammar import USER, capitalised, is_plural, plural, realise, words
from sleeping_plugin.relations.leisure import LEISURE, VERBS
from sleeping_plugin.relations.life import LIFE
from sleeping_plugin.relations.more import MORE
from sleeping_plugin.relations.naming import (
    OWN_NAME,
    PEOPLE,
    PERSON_NAME,
    PET_NAME,
    PETS,
    PLACES_AND_THINGS,
    ROLE_ASKS,
    SYNONYMS,
    THING_NAME,
)
from sleeping_plugin.relations.paraphrases import FAVOURITE, PARAPHRASES, ROLES
from sleeping_plugin.relations.relation import Relation

__all__ = [
    "CLOSED",
    "OPEN_ATTRIBUTES",
    "PEOPLE",
    "PETS",
    "RARE",
    "USER",
    "VERBS",
    "Relation",
    "answer",
    "find",
    "holds_many",
    "joint_answer",
    "question",
    "question_for",
    "wordings",
]

CLOSED: dict[str, Relation] = {relation.name: relation for relation in (*LIFE, *LEISURE)}
RARE: dict[str, Relation] = {relation.name: relation for relation in MORE}

OPEN_ATTRIBUTES = (
    "favourite colour", "favourite food", "favourite film", "favourite book", "favourite song",
    "favourite season", "favourite animal", "favourite drink", "shoe size", "waist size",
    "middle name", "last name", "nickname", "favourite cheese", "star sign", "eye colour",
    "hair colour", "dream job", "first job", "email provider", "postcode", "favourite band",
    "favourite dish", "bus line", "gym", "bank", "favourite flower", "ring size", "handicap",
)  # fmt: skip

_DIRECT = (
    "Quick question: {q}",
    "From what I have told you: {q}",
    "Without looking anything up, {q}",
    "Let me test your memory: {q}",
    "I keep mixing things up. {Q}",
    "Right, one more thing. {Q}",
    "Hey, {q}",
    "My mind has gone blank. {Q}",
    "I am filling in a form. {Q}",
    "A friend wants to know: {q}",
    "Remind me, {q}",
    "I need this for a letter. {Q}",
    "They are asking me at the desk. {Q}",
    "Sorry, but {q}",
)
_EMBEDDED = (
    "Do you remember {c}?",
    "Tell me {c}.",
    "I forgot {c}. Can you help me out?",
    "Could you say {c}?",
    "Please remind me {c}.",
    "Do you happen to know {c}?",
    "Someone asked me {c}. What should I reply?",
    "I would like to hear from you {c}.",
    "Can you recall {c}?",
    "I wonder if you still know {c}.",
)
_NOMINAL = (
    "{n}?",
    "What did I say about {n}?",
    "{N}, please.",
    "What was {n} again?",
    "Give me {n}.",
    "Which answer goes next to '{n}' in a form?",
)
_OPEN_FAVOURITE = (
    "Which {thing} {do} {S} like best?",
    "What {thing} {do} {S} prefer to all others?",
    "Which {thing} is number one for {O}?",
    "If {S} could pick any {thing}, which one would it be?",
    "Which {thing} would {S} choose first?",
    "What {thing} {do} {S} love the most?",
)


def find(subject: str, relation: str) -> Relation:
    """Return the closed relation of that name, or an open one made from its noun or verb."""
    if relation == "name":
        return _name_relation(subject)
    known = CLOSED.get(relation) or RARE.get(relation)
    if known is not None:
        return known
    if is_frame(relation):
        return frame_relation(relation)
    return _verb_relation(relation) if relation in VERBS else _noun_relation(relation)


def question(subject: str, relation: str, value: str) -> str:
    """Return the direct question, as the user would ask it: "What is my sister's name?"."""
    return _sentence(find(subject, relation).asks[0], subject, value)


def answer(subject: str, relation: str, value: str) -> str:
    """Return the reply, a full sentence with the value verbatim: "Your sister's name is Mara."."""
    return _sentence(find(subject, relation).tells, subject, value, tell=True)


def joint_answer(subject: str, relation: str, values: Sequence[str]) -> str:
    """Return one reply with all values that hold at once: "Your sons are called Leo and Max."."""
    template = find(subject, relation).tells
    if relation == "name" and subject != USER:
        template, subject = "{S} {be} called {V}.", plural(subject)
    rest = [realise("{a V}", "", v) if "{a V}" in template else v for v in values[1:]]
    rest = [f"the {v}" if "{the V}" in template else v for v in rest]
    listed = [values[0], *rest]
    joined = f"{', '.join(listed[:-1])} and {listed[-1]}" if len(listed) > 1 else listed[0]
    return _sentence(template, subject, joined, tell=True)


def question_for(subject: str, relation: str) -> str:
    """Return the direct question where no value is known, as for near-misses."""
    return question(subject, relation, "")


def holds_many(subject: str, relation: str) -> bool:
    """Tell whether several values may hold at once: hobbies, languages, names of friends."""
    if relation == "name":
        head = subject.split()[-1].lower() if subject != USER else "user"
        return head not in _ONE_ONLY
    return find(subject, relation).many or relation.startswith(_MANY_OPEN)


def wordings(subject: str, relation: str, value: str, *, alias: str = "") -> tuple[str, ...]:
    """Return 12 or more distinct questions for one fact, the direct one first.

    Mixed so that any prefix is varied. Which frames are used depends on subject and relation, so
    that the facts of one night differ. ``alias`` is another way to call the subject ("my sister"
    for "Mara") and adds a few questions that use it. The value occurs in none of them.
    """
    found = find(subject, relation)
    turn = crc32(f"{subject}|{relation}".encode())
    asks = [_sentence(ask, subject) for ask in found.asks]
    asks += [ask for ask in _role_asks(subject, relation) if ask not in asks]
    clauses = [realise(clause, subject) for clause in found.clauses]
    nouns = [realise("{P} " + noun, subject) for noun in found.nouns]
    stems = [_sentence(stem, subject) for stem in found.stems]
    framed: list[str] = []
    for i in range(4):
        framed.append(_frame(_EMBEDDED, turn + i, c=clauses[i % len(clauses)]))
        if nouns:
            framed.append(_frame(_NOMINAL, turn // 7 + i, n=nouns[i % len(nouns)]))
        else:  # a whole verb phrase is no noun: ask for it in a few more frames
            framed.append(_frame(_EMBEDDED, turn + i + 4, c=clauses[(i + 1) % len(clauses)]))
        if i < 3:
            framed.append(_frame(_DIRECT, turn // 11 + i, q=asks[(turn + i) % len(asks)]))
    asks += [_sentence(ask, subject) for ask in _paraphrases(found)]
    framed += [stems[0], *(f"Complete this sentence: {stem} ..." for stem in stems[-1:])]
    if alias:
        asks += [_sentence(ask, alias) for ask in found.asks[:3]]
        framed.append(_frame(_EMBEDDED, turn + 5, c=realise(found.clauses[0], alias)))
    return _mixed(asks, framed)


def _mixed(asks: list[str], framed: list[str]) -> tuple[str, ...]:
    """Interleave, direct question first, without repeats."""
    mixed: dict[str, None] = {}
    for i in range(max(len(asks), len(framed))):
        for pool in (asks, framed):
            if i < len(pool):
                mixed.setdefault(pool[i])
    return tuple(mixed)


def _frame(frames: tuple[str, ...], index: int, **parts: str) -> str:
    """Put a question, clause or noun into one frame, in lower case inside a sentence."""
    small = {key: _lowered(text) for key, text in parts.items()}
    large = {key.upper(): capitalised(text) for key, text in parts.items()}
    return frames[index % len(frames)].format(**small, **large)


def _lowered(text: str) -> str:
    """Lower the first letter of a question word, never of a name."""
    first = text.split(" ", 1)[0]
    lower = first.rstrip("',") in _QUESTION_WORDS
    return text[:1].lower() + text[1:] if lower else text


def _sentence(template: str, subject: str, value: str = "", *, tell: bool = False) -> str:
    return capitalised(realise(template, subject, value, tell=tell))


def _role_asks(subject: str, relation: str) -> tuple[str, ...]:
    """Return the questions that only this role has: "Who am I married to?"."""
    if relation != "name" or not subject.lower().startswith("my "):
        return ()
    role = subject[3:].lower()
    role = role if role in ROLE_ASKS else SYNONYMS.get(role, role)
    return ROLE_ASKS.get(role, ()) + ROLES.get(role, ())


def _paraphrases(relation: Relation) -> tuple[str, ...]:
    """Return questions in other words than the relation's own."""
    for kind, named in (("own", OWN_NAME), ("person", PERSON_NAME), ("pet", PET_NAME)):
        if relation is named:
            return PARAPHRASES[f"{kind} name"]
    favourite = _FAVOURITE.fullmatch(relation.name)
    if favourite:
        return tuple(ask.replace("{thing}", favourite.group(1)) for ask in FAVOURITE)
    return PARAPHRASES.get(relation.name, ())


@cache
def _name_relation(subject: str) -> Relation:
    if subject == USER:
        return OWN_NAME
    head = subject.lower().split()[-1]
    heads = {head, head.removesuffix("s")}
    if heads & PETS or "guinea pig" in subject.lower():
        return PET_NAME
    return THING_NAME if heads & PLACES_AND_THINGS else PERSON_NAME


@cache
def _verb_relation(verb: str) -> Relation:
    asks, nouns = VERBS[verb]
    return Relation(
        verb,
        (
            f"What {{do}} {{S}} {verb}?",
            *asks,
            f"What did I say {{S}} {{{verb}}}?",
            f"Which thing is it that {{S}} {{{verb}}}?",
            f"What sort of thing {{do}} {{S}} {verb}?",
        ),
        f"{{S}} {{{verb}}} {'{one V}' if verb in _ONE_AT_A_TIME else '{V}'}.",
        (f"what {{S}} {{{verb}}}", f"which things {{S}} {{{verb}}}"),
        nouns,
        (f"{{S}} {{{verb}}}",),
        many=True,
    )


@cache
def _noun_relation(noun: str) -> Relation:
    """Make the relation of "my <noun> is <value>"."""
    counted = re.fullmatch(r"number of (.+)", noun)
    if counted:
        return _count_relation(counted.group(1))
    if noun in PLACES_AND_THINGS | _OWNED:
        return _thing_relation(noun)
    be = "are" if _plural_noun(noun) else "is"
    be = "was" if noun.startswith(("former ", "first ", "maiden ", "old ")) else be
    asks: tuple[str, ...] = (f"What {be} {{P}} {noun}?",)
    favourite = _FAVOURITE.fullmatch(noun)
    if favourite:
        asks += tuple(ask.replace("{thing}", favourite.group(1)) for ask in _OPEN_FAVOURITE)
    asks += (
        f"Which {noun} {{do}} {{S}} have?",
        f"What did I tell you about {{P}} {noun}?",
        f"What would {{S}} put down as {{T}} {noun}?",
        f"What have I mentioned as {{P}} {noun}?",
    )
    return Relation(
        noun,
        asks,
        f"{{P}} {noun} {be} {{V}}.",
        (f"what {{P}} {noun} {be}", f"which {noun} {{S}} {{have}}"),
        (noun,),
        (f"{{P}} {noun} {be}",),
    )


def _count_relation(things: str) -> Relation:
    """Make the relation of "I have two brothers"."""
    return Relation(
        f"number of {things}",
        (
            f"How many {things} {{do}} {{S}} have?",
            f"What is the number of {{P}} {things}?",
            f"How large is the number of {things} {{S}} {{have}}?",
            f"What figure did I tell you for {{P}} {things}?",
        ),
        f"{{S}} {{have}} {{V}} {things}.",
        (f"how many {things} {{S}} {{have}}",),
        (f"number of {things}",),
        (f"Of {things}, {{S}} {{have}}",),
    )


def _thing_relation(thing: str) -> Relation:
    """Make the relation of "my truck is a Scania"."""
    return Relation(
        thing,
        (
            f"What kind of {thing} {{do}} {{S}} have?",
            f"What make or brand is {{P}} {thing}?",
            f"Which {thing} {{do}} {{S}} own?",
            f"What {thing} {{do}} {{S}} use?",
            f"What should I know about the make of {{P}} {thing}?",
        ),
        f"{{P}} {thing} is {{a V}}.",
        (f"what kind of {thing} {{S}} {{have}}", f"which {thing} {{S}} {{own}}"),
        (f"kind of {thing}", f"{thing} brand"),
        (f"{{P}} {thing} is a",),
    )


def _plural_noun(noun: str) -> bool:
    return is_plural(f"my {noun}")


_FAVOURITE = re.compile(r"(?:favou?rite|fave|fav|preferred) (.+)", re.IGNORECASE)
_QUESTION_WORDS = words(
    """
    What Who Where When Which How Whose Whom On In At By If Is Do Does Did To Since With My
    Counting As For From
    """
)
_OWNED = words(
    """
    truck lorry laptop tablet tractor mower keyboard camera watch pen piano violin cello trombone
    bass trumpet accordion headphones motorbike scooter telescope kiln oven synth amp racket camper
    campervan caravan tent
    """
)
_ONE_AT_A_TIME = words("run own drive restore build")  # "a pub", not "pub"
_MANY_OPEN = ("never does", "avoids", "pets", "group", "former", "number of", "old teaching")
_ONE_ONLY = words(
    """
    user wife husband spouse partner girlfriend boyfriend fiancé fiancée fiance fiancee gf bf hubby
    mother father mum mom mam dad mama papa mummy daddy mommy da boss manager landlord landlady
    half other boat car van band company shop bakery street school house employer firm business
    mother-in-law father-in-law supervisor headmaster head stepmother stepfather stepmum stepdad
    nickname mentor club choir team best
    """
)
