"""Turns a reply in fragments into a sentence, by the question it answers.

"Yarn!" after "What do you sell?" is "I sell Yarn"; "Ghent." after "Where is the band based?" is
"my band is based in Ghent". The words of the value stay the user's own.
"""

from __future__ import annotations

import re

from sleeping_plugin.extract.lexicon import NUMBERS
from sleeping_plugin.extract.people import CAP, Cast, is_name, read_role
from sleeping_plugin.relations.grammar import Person, conjugate
from sleeping_plugin.relations.verbs import past

_ASKED = re.compile(
    r"\b(?P<wh>what time|what(?: kinds? of| sort of)?(?: [a-z]+){0,2}?|which(?: [a-z]+){1,2}|where|"
    r"who|when|since when|how long|how often|how old|how many(?: [a-z]+){1,2}) "
    r"(?P<aux>do|does|did|have|has|is|are|was|were) "
    r"(?P<who>you|he|she|they|it|(?:your|the) [a-z]+(?: [a-z]+)??)"
    r"(?: (?P<rest>[a-z' -]+?))?(?: now| then| these days| exactly| anyway)?\?$",
    re.IGNORECASE,
)
_LINKED = re.compile(r"^(?:in|on|at|for|since|from|with|to|by|near)\b", re.IGNORECASE)
_VAGUE_VERBS = re.compile(
    r"^(?:think|want|need|mean|say|feel|know|like me|prefer me|suggest|remember|plan|hope|expect|"
    r"see|have in mind|wish|call (?:it|that)|make of|do\b(?! for))"
)


_AFFIRMS = re.compile(
    r"(?:yes|yep|yeah|yup|aye|ya|yah|indeed|correct|right|exactly|sure|of course|(?:he|she|it) is|"
    r"that is (?:right|correct|him|her|the one))\b",
    re.IGNORECASE,
)
_IS_YOUR = re.compile(rf"\b(?:[Ii]s|[Ww]as) (?P<n>{CAP}) (?:also )?your (?P<r>[a-z][a-z -]*?)\?$")
_OF_NAME = re.compile(rf"\b(?:[Ii]s|[Dd]oes|[Dd]id|[Hh]as|[Ww]as|[Ww]ill|[Cc]an) (?P<n>{CAP})\b")
_MY_ROLE = re.compile(
    r"(?:(?:no|oh|yes|ha|well)\b[,!.]? )*(?:(?:he|she|that|it) is )?(?:my|the) "
    r"(?P<r>[a-z][a-z -]*?)(?=$|,| (?:and|but|who)\b)",
    re.IGNORECASE,
)
_OF_ROLE = re.compile(
    r"\b(?:is|was|does|did|has|can|will) (?:the|your) (?P<r>[a-z]+(?: [a-z]+)?)\b", re.IGNORECASE
)
_NAME_DOES = re.compile(
    r"(?:(?:oh|ah|well|yes|yeah|no|nope|nah|ha|aye|lol)\b[,!]? )*"
    rf"(?P<n>{CAP}) (?:is|was|has|does|did|will|can|loves|likes|wants|works|lives|turned|just|only|"
    r"still|never|always)\b"
)


def who_is_who(reply: str, question: str, cast: Cast | None) -> str:
    """Return "Nesrin is my wife" for "Yes" after "Is Nesrin your wife?", and its likes; "" else."""
    asked, told = _IS_YOUR.search(question), ""
    name, role = (asked.group("n"), asked.group("r")) if asked else ("", "")
    if asked and not _AFFIRMS.match(reply):
        role = ""
    if not asked:
        of_name, my_role = _OF_NAME.search(question), _MY_ROLE.match(reply)
        of_role, does = _OF_ROLE.search(question), _NAME_DOES.match(reply)
        if of_name and my_role:
            name, role = of_name.group("n"), my_role.group("r")
        elif of_role and does:
            name, told = does.group("n"), of_role.group("r").lower()
    read = read_role(role or told)
    if not read or read[0].kind == "thing" or not is_name(name):
        return ""
    known = cast.of_label(f"my {read[0].text}") if cast else None
    met = cast.named(name) if cast else None
    if (known and known.name) or (met and met.label) or read[0].plural:
        return ""
    whole = role or told[: read[1]]
    return f"{name} is my {whole}" if read[1] == len(whole) else ""


def as_statement(reply: str, question: str) -> str:
    """Return ``reply``, a few words, as the statement that answers ``question``; "" if none."""
    match = _ASKED.search(question.strip())
    if match is None:
        return ""
    wh, aux = match.group("wh").lower(), match.group("aux").lower()
    who, rest = match.group("who").lower(), (match.group("rest") or "").strip()
    if reply.split()[0].lower() in NUMBERS or _LINKED.match(reply):
        reply = reply[0].lower() + reply[1:]
    if _VAGUE_VERBS.match(rest) or (not rest and who == "you"):
        return ""
    told = re.match(
        r"(?:based|called|named|from|made|built|born|about|due|[a-z]+ing|[a-z]+ed)\b", rest
    )
    if aux in ("is", "are", "was", "were") and who != "you" and not told:
        return ""
    if not rest and (who in ("it", "they") or who.startswith("the ")):
        return ""
    subject = "I" if who == "you" else re.sub(r"^(?:your|the)\b", "my", who)
    verb, _, after = rest.partition(" ")
    if aux == "did":
        predicate = f"{past(verb)} {after}"
    elif aux == "does":
        predicate = f"{conjugate(verb, Person.THIRD)} {after}"
    elif aux == "do":
        predicate = rest
    else:
        predicate = f"{'am' if subject == 'I' and aux == 'are' else aux} {rest}"
    if wh.startswith("how many "):
        reply = f"{reply} {wh.removeprefix('how many ')}"
    return " ".join(f"{subject} {predicate} {_link(wh, reply)} {reply}".split())


def _link(wh: str, reply: str) -> str:
    """Return the preposition that the answer to a question word needs."""
    if _LINKED.match(reply):
        return ""
    if wh == "where":
        return "in"
    if wh == "how long":
        return "for"
    if wh == "since when":
        return "since"
    if wh == "what time":
        return "at"
    if wh == "when":
        return "on" if re.search(r"day\b|\d{1,2}(?:st|nd|rd|th)\b|^\d{1,2} ", reply) else "in"
    return ""
