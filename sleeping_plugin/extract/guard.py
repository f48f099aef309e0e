"""Tells what is stated as lasting and true from questions, wishes, hearsay and passing moods."""

from __future__ import annotations

import re

from sleeping_plugin.extract.clauses import Clause
from sleeping_plugin.extract.sentences import Sentence

_ASKS = re.compile(
    r"^(?:(?:so|and|but|or|well|ok|okay|hey|hi|hello|please|now|then|also|oh|ah|hm+|just|btw|by "
    r"the way|"
    r"quick question|tell me|ha|right|anyway|still|actually) )*"
    r"(?:what|who|whom|whose|which|where|when|why|how|is|are|am|was|were|do|does|did|can(?! not)|"
    r"could|would|will|"
    r"should|shall|may|might|have (?:i|you|we|they)|has|any|is not|are not|do not you|"
    r"know)\b(?!'s my| is my)",
    re.IGNORECASE,
)
_TOLD_YOU = re.compile(
    r"\b(?:did|have|has|do) (?:i|we) (?:ever |already |not )?(?:tell|told|mention|mentioned|say|"
    r"said)\b|"
    r"\bdid you know\b|\bdo you (?:know|remember)(?: that)?$|\byou know\b|\bremember that\b|"
    r"\bguess what\b",
    re.IGNORECASE,
)
_NOT_MEANT = re.compile(
    r"\b(?:if|unless|whether|wish(?:es|ed)?|imagines?|supposes?|pretends?|hopes|dreams|"
    r"assuming|in case|as if|as though|maybe|"
    r"perhaps|possibly|probably|might|would|could|should|may|hope|hoping|wonder|wondering|doubt|"
    r"not sure|do not think|does not think|dream|dreamt|dreamed|guess(?! what)|what|where|why|how|"
    r"when|whenever|who|"
    r"which|until|once|before(?! (?:this|that|then)\b)|never thought|people say|they say|rumour|"
    r"apparently|supposedly|"
    r"say|says|said|tells|told (?:me|her|him|us|them|everyone|people|my|the)|thinks?|believes?|"
    r"claims?|claimed|"
    r"thought|asked|asks|wrote|writes|heard|insists?|pretending|like when|sometimes i think|"
    r"feels? like|it is like|like$|not that|not because|instead of|call yourself|did you think|"
    r"want|wants|"
    r"wanted|going to|will|plan|planning|thinking of|act like|tell (?:him|her|them|my|the|"
    r"people)|will be)\b",
    re.IGNORECASE,
)
_FINE = re.compile(
    r"\b(?:i (?:told(?! (?:the|a|an|some|them|everyone|everybody|people|strangers)\b)|said"
    r"|mentioned|should (?:say|mention|add|tell|introduce)|must (?:say|admit|"
    r"confess)|may|think i (?:said|told|mentioned)|"
    r"might add|might mention|would say|will tell|can tell)|you should know|you might (?:want|"
    r"like) to know|you may|"
    r"(?:should|might|may|would) (?:help|be useful|also|probably) (?:to )?(?:know|mention)?|as "
    r"(?:i|you|we) \w+|"
    r"what (?:matters|helps) is|did i (?:tell|mention|say)|have i (?:told|mentioned)|did you know|"
    r"do you remember that|"
    r"if (?:it|that) (?:helps|matters|is relevant)|in case (?:it|that|you) \w+|guess what|"
    r"before i forget|before you ask|if you (?:must|want to|need to) (?:know|ask)|i think (?:i "
    r")?(?:told|mentioned|said))\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening|week|weekend)|for "
    r"(?:a|the) (?:week|weekend|"
    r"few days|moment|night|day)|on (?:holiday|vacation|a (?:business )?trip)|last night|for now|"
    r"until \w+|"
    r"temporarily|next (?:week|month|year))\b",
    re.IGNORECASE,
)
# Whatever stands in such a sentence, nobody vouches for it.
_ORACLE = re.compile(
    r"\W*(?:(?:and|so|but|lol|ha|apparently|well)\b,? )*(?:the|a|an|my|some|this|that|one"
    r"|her|his) (?:\w+ ){0,2}?"
    r"(?:quiz|horoscope|test|tarot\w*|fortune\w*|psychic|palm ?reader|app|bot|chatbot"
    r"|algorithm|game|website|site"
    r"|personality test|sign|poster|label|diary|bio|profile|advert|ad|article"
    r"|horoscope|internet|character|hero|heroine|narrator|legend|song|film|movie"
    r"|book)\b[^,.;]{0,20}?"
    r"\b(?:says?|said|thinks?|thought|claims?|claimed|told me|reckons?|goes|decided"
    r"|guessed|called me)\b|\W*(?:\w+, )?according to (?!me\b)",
    re.IGNORECASE,
)
# On a stage, in a picture, in a game.
_STAGED = re.compile(
    r"\W*in (?:the|my|our|this|that|a|an|his|her|their) (?:\w+ ){0,2}?(?:play|show|musical|panto\w*"
    r"|series|sketch|scene|photo|picture|video|exercise|example|improv|larp|movie|comic|cartoon)\b|"
    r".*\bI play (?:an?|the) [\w -]{2,40}? (?:named|called|who)\b",
    re.IGNORECASE,
)
_TIMELESS = frozenset({"age", "name", "car", "phone", "pet", "computer", "birthday"})
_PRONOUN_QUESTION = re.compile(r"^(?:am|is|are|do|does|did|was|were|have|has|can) ", re.IGNORECASE)


def is_statement(clause: Clause, sentence: Sentence, text: str) -> bool:
    """Tell whether the clause is said as a fact, going by what stands before it."""
    if _ORACLE.match(text) or _STAGED.match(text):
        return False
    if re.match(r"(?:almost|nearly) [a-z]+(?:ed|ame|ent)\b", clause.verb):
        return False
    before = clause.before
    if before == "that":  # "he told me that ... and that he ..."
        before = text[: clause.start].lower()
    own = clause.pronoun in ("he", "she") and re.search(
        rf"\b{clause.pronoun} says(?: that)?$", text[: clause.start].strip().lower()
    )
    fine = bool(own or _FINE.search(before) or _TOLD_YOU.search(before))
    if not fine and (_NOT_MEANT.search(before) or _ASKS.match(before)):
        return False
    if _is_if_clause(clause, text):
        return False
    if clause.pronoun in ("who", "which") and all(who and who.name for who in clause.subjects):
        return True
    return fine or not (sentence.ends == "?" and _in_question(clause, text))


def lasts(clause_text: str, relation: str) -> bool:
    """Tell whether what is said will still hold next week."""
    return relation in _TIMELESS or not _PASSING.search(clause_text)


def _is_if_clause(clause: Clause, text: str) -> bool:
    """Tell "and if he is tired, I am ..." by an "if" that opens this part of the sentence."""
    front = re.split(r"[,;:()]|\s[-\u2013\u2014]+\s", text[: clause.start])[-1].lower()
    if _FINE.search(front):
        return False
    return bool(re.search(r"\b(?:if|unless|imagine|suppose|wish|as if|what if)\b", front))


def _in_question(clause: Clause, text: str) -> bool:
    """Tell whether the clause belongs to the question that its sentence ends with."""
    parts = list(
        re.finditer(r"(?:^|[,;:]|\s[-\u2013\u2014]+\s|\b(?:and|but|so)\b)\s*([^,;:]*)", text)
    )
    asked_at = [part.start(1) for part in parts if _ASKS.match(part.group(1).strip())]
    imperative = [
        part.start(1)
        for part in parts
        if re.match(
            r"(?:please |so |and )*(?:tell|give|help|suggest|recommend|explain|write|find|show|"
            r"any|got any|"
            r"you (?:know|think|got|have)|right$|ideas|tips|advice|thoughts)\b",
            part.group(1).strip(),
            re.IGNORECASE,
        )
    ]
    if not asked_at and not imperative:
        return True
    first = min(asked_at + imperative)
    if clause.start < first:
        return False
    segment = max(
        (at for at in asked_at + [p.start(1) for p in parts] if at <= clause.start), default=0
    )
    own = text[segment : clause.start].strip()
    return segment in asked_at or bool(own and _ASKS.match(own))


def is_supposed(text: str, value: str) -> bool:
    """Tell whether ``value`` stands in a part of the sentence that is supposed, wished or heard."""
    at = text.lower().find(value.lower())
    if at < 0:
        return False
    front = text[:at]
    part = re.split(r"[,;:()]|\s[-\u2013\u2014]+\s|\b(?:but|so|because)\b", front)[-1]
    if _FINE.search(part) or _TOLD_YOU.search(part):
        return False
    return bool(
        re.search(
            r"\b(?:if|unless|wish|imagine|suppose|pretend|would|might|as if|as though|what if|"
            r"maybe)\b",
            part,
            re.IGNORECASE,
        )
    )


def is_asked(text: str, ends: str, value: str) -> bool:
    """Tell whether ``value`` stands in the questioning part of the sentence."""
    at = text.lower().find(value.lower())
    if ends != "?" or at < 0:
        return False
    if re.search(r"\w,? (?:who|which) \w+ [^,?]*$", text[:at]):
        return False
    parts = re.split(r"[,;:]|\s[-\u2013\u2014]+\s|\b(?:and|but|so)\b", text[:at])
    return any(_ASKS.match(part.strip()) for part in parts[-1:]) and not _TOLD_YOU.search(text[:at])
