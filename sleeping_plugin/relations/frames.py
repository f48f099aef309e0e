"""Open relations made from a whole verb phrase: "what: supports", "where: drives the ferry at".

A frame is a question word, a colon and a verb phrase in the third person, without the value that
is asked for. The first verb carries the tense, a preposition before the value stays at the end.

    question("Struan", "where: drives the ferry at", "Oban")   "Where does Struan drive the ferry?"
    answer("Struan", "where: drives the ferry at", "Oban")     "Struan drives the ferry at Oban."
"""

from __future__ import annotations

import re
from functools import cache

from sleeping_plugin.relations.grammar import words
from sleeping_plugin.relations.relation import Relation
from sleeping_plugin.relations.verbs import lemma, past

_FRAME = re.compile(
    r"(?P<wh>what time|what|who|where|when|since when|how long|how often|how far|"
    r"how many [a-z -]+|which [a-z -]+): (?P<phrase>\S.*)"
)
PREPOSITIONS = words(
    """
    in on at for from to with near by under over between across along about as into during until
    till of against after before since through behind above below around outside inside towards
    """
)
# "Where do I drive the ferry?" needs no "at", "What do I listen to?" needs its "to"
_ASKED_AWAY = {
    "where": words("in at on near by outside inside around above below behind under across"),
    "when": words("in on at during"),
    "what time": words("at around about"),
    "since when": words("since"),
    "how long": words("for"),
    "how often": words("on"),
}


def is_frame(relation: str) -> bool:
    """Tell whether a relation is a question word and a verb phrase."""
    return _FRAME.fullmatch(relation) is not None


@cache
def frame_relation(relation: str) -> Relation:
    """Return the relation of a frame, with every way to ask for what it leaves open."""
    match = _FRAME.fullmatch(relation)
    if match is None:
        raise ValueError(f"{relation!r} is no frame; write it as 'what: supports'")
    wh, phrase = match.group("wh"), match.group("phrase")
    verb, _, rest = phrase.partition(" ")
    rest, link = _link_of(re.sub(r"\b(?:my|our)\b", "{P}", rest))
    gap = "" if link in _ASKED_AWAY.get(wh, ()) else link
    after = " ".join(part for part in (rest, gap) if part)
    before = " ".join(part for part in (rest, link) if part)
    asked, stated = _tensed(verb, rest)
    many = wh.split()[-1] if wh.startswith("how many ") else ""
    value = f"{{V}} {wh.removeprefix('how many ')}" if many else "{V}"
    lead = wh[:1].upper() + wh[1:]
    return Relation(
        relation,
        tuple(
            _joined(ask, after) + "?"
            for ask in (f"{lead} {asked}", *_variants(wh, asked, stated, gap))
        ),
        _joined(f"{{S}} {stated}", before) + f" {value}.",
        tuple(_joined(clause, after) for clause in (f"{wh} {{S}} {stated}", *_clauses(wh, stated))),
        (),
        (_joined(f"{{S}} {stated}", before),),
        many=wh in ("what", "who"),
    )


def _joined(front: str, back: str) -> str:
    return f"{front} {back}".strip()


def _link_of(rest: str) -> tuple[str, str]:
    """Cut the preposition before the value off the end of a verb phrase."""
    front, _, last = rest.rpartition(" ")
    return (front, last) if last in PREPOSITIONS else (rest, "")


def _tensed(verb: str, rest: str) -> tuple[str, str]:
    """Return "{do} {S} drive" and "{drive}", by the tense of the first verb."""
    if verb == "used":
        return "did {S} use", "used"
    if verb == "is":
        return "{be} {S}", "{be}"
    if verb == "was":
        return "{was} {S}", "{was}"
    if verb in ("can", "will"):
        return f"{verb} {{S}}", verb
    if verb == "has" and lemma(rest.partition(" ")[0])[1] in ("past", "participle"):
        return "{have} {S}", "{have}"
    base, form = lemma(verb)
    if form == "past" or (form == "base" and past(base) == verb):
        return f"did {{S}} {base}", verb
    slot = f"{{{base}}}" if base.isascii() and base.isalpha() else verb
    return f"{{do}} {{S}} {base}", slot


def _variants(wh: str, asked: str, stated: str, gap: str) -> tuple[str, ...]:
    """Return other direct questions than the plain one."""
    if wh == "what":
        return (f"What is it that {{S}} {stated}", f"Which thing {asked}")
    if wh == "who":
        return (f"Who is it that {{S}} {stated}", f"Which person {asked}")
    if wh == "where" and gap:
        return (f"What place is it that {{S}} {stated}", f"Which place {asked}")
    if wh == "where":
        return (f"In which place {asked}", f"What is the place where {{S}} {stated}")
    if wh == "when":
        return (f"When exactly {asked}", f"When is it that {{S}} {stated}")
    if wh == "since when":
        return (f"From what year or date on {asked}", f"Since what time {asked}")
    if wh == "how long":
        return (f"For how long {asked}", f"For what length of time {asked}")
    if wh == "what time":
        return (f"At what time {asked}", f"At what hour {asked}")
    if wh == "how often":
        return (f"How frequently {asked}", f"How regularly {asked}")
    if wh.startswith("how many "):
        return (f"What number of {wh.removeprefix('how many ')} {asked}",)
    return (f"{wh.capitalize()} is it that {{S}} {stated}",)


def _clauses(wh: str, stated: str) -> tuple[str, ...]:
    if wh == "what":
        return (f"what it is that {{S}} {stated}",)
    if wh == "who":
        return (f"who it is that {{S}} {stated}",)
    return ()
