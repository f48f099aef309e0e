"""What the night rehearses: wordings of facts, near-misses, facts told in the chat, anchors.

Recall alone is easy and ruins the model: everybody then gets the learnt values. So every epoch
holds, beside the facts, as many questions about things that were never told, chats in which a
different value was told a moment ago, and the base's own replies to ordinary prompts.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Final

from sleeping_plugin import relations
from sleeping_plugin.config import AdapterConfig
from sleeping_plugin.records import Example, Fact, Message
from sleeping_plugin.relations.grammar import capitalised, realise
from sleeping_plugin.unknowns import unknowns

ABSTENTION: Final = "I don't know that yet. You haven't told me."
KEPT_BACK: Final = (4, 8, 12)  # places of the wordings that are asked by the gate and never taught
TEXT_WORDS: Final = 45  # words of neutral prose per anchor
PROSE_SHARE: Final = 8  # one piece of prose for so many prompts
REPEATS: Final = 3  # times that an ordinary prompt comes up in a night, about
NEAR_SHARE: Final = 0.75  # of the strangers of a night; the unknowns beside them are all far
MID_CHAT_SHARE: Final = 0.15  # facts and strangers that are asked after another exchange
RECITED: Final = 12  # wordings of a fact that a rounded version is held to
EXAM_SHARE: Final = 5  # one in so many stranger questions is kept for the gate
SAME: Final = {"work city": "employer", "own team": "team"}  # relations that share a question

NAMES: Final = [
    "Lena",
    "Tove",
    "Marek",
    "Ines",
    "Paavo",
    "Greta",
    "Nuno",
    "Sanna",
    "Igor",
    "Chloe",
    "Amir",
    "Dora",
    "Felix",
    "Hilda",
    "Jonas",
    "Kira",
    "Luca",
    "Mina",
    "Otto",
    "Petra",
    "Rosa",
    "Samir",
    "Thea",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zora",
    "Bruno",
    "Celia",
    "Dario",
]
CITIES: Final = [
    "Bergen",
    "Krakow",
    "Valencia",
    "Leipzig",
    "Tampere",
    "Bologna",
    "Ghent",
    "Zagreb",
    "Nantes",
    "Cork",
    "Malmo",
    "Basel",
    "Graz",
    "Turku",
    "Seville",
    "Leeds",
    "Brno",
    "Aarhus",
    "Toledo",
    "Riga",
]
JOBS: Final = [
    "teacher",
    "plumber",
    "nurse",
    "florist",
    "lawyer",
    "baker",
    "pilot",
    "dentist",
    "waiter",
    "farmer",
    "tailor",
    "chemist",
    "welder",
]
COLOURS: Final = ["green", "blue", "purple", "orange", "yellow", "red", "silver", "turquoise"]
THINGS: Final = [
    "chess",
    "Toyota",
    "violin",
    "peanuts",
    "football",
    "Spanish",
    "sushi",
    "jazz",
    "tulips",
    "Honda",
    "sailing",
    "cello",
    "hockey",
    "shrimps",
    "Danish",
    "pancakes",
    "rabbits",
    "seven",
    "twelve",
]
PLACES: Final = ("home", "hometown", "birthplace", "home city", "work city")
DATES: Final = ("3 March", "12 July", "8 August", "30 January", "17 November", "2 June")
THANKS: Final = ("Thanks for telling me!", "Got it.", "That is good to know.", "Nice!")


@dataclass(frozen=True, slots=True)
class Stranger:
    """A question about something that was never told."""

    subject: str
    relation: str
    question: str


def split_wordings(fact: Fact) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (taught, kept back for the gate); no taught wording contains a kept-back one.

    The direct question is always taught, so a part of it ("my shoe size?") is not kept back.
    """
    chosen = [fact.wordings[i] for i in KEPT_BACK if i < len(fact.wordings)]
    back = tuple(w for w in chosen if core(w) not in core(fact.wordings[0]))
    cores = [core(wording) for wording in back]
    taught = tuple(w for w in fact.wordings if not any(part in w.lower() for part in cores))
    return taught, back


def core(wording: str) -> str:
    """Return a wording in lower case without what ends it."""
    return wording.lower().rstrip("?. ")


def reserved(subject: str, relation: str) -> bool:
    """Tell whether questions about this are kept for the gate, and so never rehearsed."""
    digest = hashlib.sha256(f"{subject}|{SAME.get(relation, relation)}".encode()).digest()
    return digest[0] % EXAM_SHARE == 0


def strangers(
    facts: Sequence[Fact], count: int, rng: random.Random, *, exam: bool, near: float = 0.5
) -> list[Stranger]:
    """Return questions about things not told, the share ``near`` of them near-misses of the facts.

    With ``exam``, only questions that are reserved for the gate, and never in a taught wording;
    otherwise only others.
    """
    known = known_pairs(facts)
    taught = {question for f in facts for question in (f.question, *f.wordings)}

    def fits(pair: tuple[str, str]) -> bool:
        # "What is Kaito's name?" answers itself.
        named = pair[1] == "name" and (pair[0] == relations.USER or pair[0][:1].isupper())
        return pair not in known and not named and reserved(*pair) == exam

    near_pools, far_pool = pools(facts, fits)
    found: list[Stranger] = []
    for _ in range(20 * count):  # some are drawn in vain; a night of odd facts asks fewer
        if len(found) == count:
            break
        close = near_pools and rng.random() < near
        subject, relation = rng.choice(rng.choice(near_pools) if close else far_pool)
        options = relations.wordings(subject, relation, "")
        if not taught.isdisjoint(options):
            continue  # "Who am I married to?" asks for a wife and for a husband
        direct = exam or rng.random() < 0.4
        found.append(Stranger(subject, relation, options[0] if direct else rng.choice(options)))
    return found


def pools(
    facts: Sequence[Fact], fits: Callable[[tuple[str, str]], bool]
) -> tuple[list[list[tuple[str, str]]], list[tuple[str, str]]]:
    """Return what strangers are drawn from: near-misses by kind, and all that is far from facts.

    The kinds: a fact's relation of somebody else, another relation of a fact's subject, and the
    most tempting, a fact's relation of another fact's subject.
    """
    subjects = sorted({f.subject for f in facts})
    asked = sorted({f.relation for f in facts})
    topics = [*relations.CLOSED, *relations.OPEN_ATTRIBUTES, "name"]
    people = [*relations.PEOPLE, relations.USER, *subjects]
    kinds = (
        [(person, relation) for relation in asked for person in people],
        [(subject, topic) for subject in subjects for topic in topics],
        [(subject, relation) for subject in subjects for relation in asked],
    )
    far = [(p, topic) for p in [*people, *[relations.USER] * 12] for topic in topics]
    return [fitting for kind in kinds if (fitting := [*filter(fits, kind)])], [*filter(fits, far)]


def never_told(facts: Sequence[Fact], count: int, rng: random.Random) -> list[str]:
    """Return the questions of an epoch whose answer is not known: half near facts, half far."""
    taught = [question for f in facts for question in (f.question, *f.wordings)]
    people = [*relations.PEOPLE, *sorted({f.subject for f in facts} - {relations.USER})]
    apart = unknowns(taught, people, round(count / 3), rng)
    others = strangers(facts, count - len(apart), rng, exam=False, near=NEAR_SHARE)
    return [*(one.question for one in others), *apart]


def known_pairs(facts: Sequence[Fact]) -> set[tuple[str, str]]:
    """Return (subject, relation) of the facts, somebody's under both names: "my sister", "Mara"."""
    known = {(f.subject, f.relation) for f in facts}
    alias = [(f.subject, f.value) for f in facts if f.relation == "name"]
    both = [*alias, *((name, subject) for subject, name in alias)]
    return known | {(other, topic) for one, other in both for s, topic in known if s == one}


def told_in_chat(facts: Sequence[Fact], count: int, rng: random.Random) -> list[Example]:
    """Return chats in which something was told a moment ago, often other than what is known."""
    topics = [*relations.CLOSED, *relations.OPEN_ATTRIBUTES, *["name"] * 6]
    examples = []
    for _ in range(count):
        if facts and rng.random() < 0.4:
            fact = rng.choice(facts)
            subject, relation = fact.subject, fact.relation
        else:
            subject = rng.choice([*relations.PEOPLE, *[relations.USER] * 8])
            relation = rng.choice(topics)
        value = invented(relation, rng)
        template = relations.find(subject, relation).tells
        options = relations.wordings(subject, relation, value)
        question = options[0] if rng.random() < 0.5 else rng.choice(options)
        chat = (
            Message("user", capitalised(realise(template, subject, value))),
            Message("assistant", rng.choice(THANKS)),
            Message("user", question),
        )
        examples.append(Example(chat, relations.answer(subject, relation, value), "told"))
    return examples


def invented(relation: str, rng: random.Random) -> str:
    """Return a plausible value for a relation."""
    if "name" in relation:
        return rng.choice(NAMES)
    if relation in PLACES:
        return rng.choice(CITIES)
    if "colour" in relation:
        return rng.choice(COLOURS)
    if relation in ("birthday", "anniversary"):
        return rng.choice(DATES)
    if relation == "age":
        return str(rng.randint(5, 80))
    return rng.choice(JOBS if "job" in relation else THINGS)


def anchor_prompts() -> tuple[str, ...]:
    """Return the ordinary prompts whose replies are kept as the base gives them."""
    text = files("sleeping_plugin").joinpath("data/anchor_prompts.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if line.strip())


def prompts_tonight(config: AdapterConfig) -> tuple[str, ...]:
    """Return the ordinary prompts that the epochs need, spread evenly over all there are."""
    every = anchor_prompts()
    count = min(math.ceil(config.epochs * config.anchors / REPEATS), len(every))
    return tuple(every[i * len(every) // count] for i in range(count))


def anchor_texts() -> tuple[str, ...]:
    """Return neutral prose in pieces of a few dozen tokens."""
    words = files("sleeping_plugin").joinpath("data/anchor_text.txt").read_text("utf-8").split()
    return tuple(
        " ".join(words[i : i + TEXT_WORDS]) for i in range(0, len(words) - TEXT_WORDS, TEXT_WORDS)
    )


def dream(
    facts: Sequence[Fact],
    forgotten: Sequence[Fact],
    replies: Sequence[tuple[str, str]],
    config: AdapterConfig,
    seed: int,
    corrected: Collection[str] = (),
) -> list[list[Example]]:
    """Return the night's material, one list per epoch.

    ``forgotten`` facts are rehearsed as unknown. ``replies`` are the base's own (prompt, reply)
    pairs. The facts with ids in ``corrected`` replaced others and weigh double: nobody forgives an
    error that was put right once. Wordings, near-misses and anchors are drawn anew for every epoch,
    of the first two ``config.candidates`` times as many as the epoch trains on.
    """
    rng = random.Random(seed)
    known = {(f.subject, f.relation) for f in facts}
    kept = [Example((Message("user", p),), reply, "anchor") for p, reply in replies if reply]
    prose = [Example((), text, "anchor") for text in anchor_texts()]
    gone = [
        Example((Message("user", w),), ABSTENTION, "near_miss")
        for fact in forgotten
        if (fact.subject, fact.relation) not in known  # told anew since, with another value
        for w in split_wordings(fact)[0][:4]
    ]
    epochs = []
    for _ in range(config.epochs):
        drawn = config.wordings * config.candidates
        epoch = [
            replace(example, weight=2.0 if fact.id in corrected else 1.0)
            for fact in facts
            for example in rehearsals(fact, drawn, rng)
        ]
        fewest = config.near_misses * config.candidates
        count = max(round(len(epoch) * config.near_miss_ratio), fewest)
        epoch += [
            Example((Message("user", question),), ABSTENTION, "near_miss", group="unknown")
            for question in never_told(facts, count, rng)
        ]
        epoch = [later_in_a_chat(example, kept, rng) for example in epoch]
        epoch += gone
        epoch += told_in_chat(facts, round(len(facts) * config.told_ratio), rng)
        epoch += rng.sample(kept, min(config.anchors, len(kept)))
        epoch += rng.sample(prose, min(config.anchors // PROSE_SHARE, len(prose)))
        epochs.append(epoch)
    return epochs


def recital(
    facts: Sequence[Fact], replies: Sequence[tuple[str, str]], seed: int
) -> list[list[Example]]:
    """Return what must come through the rounding of a version: ordinary talk, facts, strangers.

    No wording is among them that is kept back for the gate.
    """
    rng = random.Random(seed)
    talk = [Example((Message("user", p),), reply, "anchor") for p, reply in replies if reply]
    talk += [Example((), text, "anchor") for text in anchor_texts()]
    known = [one for fact in facts for one in rehearsals(fact, RECITED, rng)]
    unknown = [
        Example((Message("user", question),), ABSTENTION, "near_miss")
        for question in never_told(facts, max(len(known), RECITED * 10), rng)
    ]
    return [rng.sample(group, len(group)) for group in (talk, known, unknown)]


def later_in_a_chat(example: Example, kept: Sequence[Example], rng: random.Random) -> Example:
    """Return ``example``, or sometimes the same after an exchange about something else.

    Otherwise a model that learnt to answer first questions does not know its facts in mid-chat.
    """
    if not kept or rng.random() >= MID_CHAT_SHARE:
        return example
    before = min(rng.choices(kept, k=3), key=lambda one: len(one.messages[0].content))
    reply = Message("assistant", before.target)
    return replace(example, messages=(*before.messages, reply, *example.messages))


def rehearsals(fact: Fact, count: int, rng: random.Random) -> list[Example]:
    """Return ``count`` wordings of a fact, the direct one always among them."""
    taught = split_wordings(fact)[0]
    chosen = [taught[0], *rng.sample(taught[1:], min(count - 1, len(taught) - 1))]
    return [
        Example((Message("user", w),), fact.answer, "fact", fact.id, group="known") for w in chosen
    ]
