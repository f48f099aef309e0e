"""How people say that something they said was wrong, and what a correction is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sleeping_plugin.extract.rules import Found
from sleeping_plugin.extract.sentences import Sentence

HEDGE = (
    r"(?:no|nope|nah|sorry|wait|oops|whoops|(?:scratch|strike) that"
    r"(?: (?:date|time|day|number|bit|last one))?(?: too)?(?=\s*(?:$|[,.:;!-]))"
    r"|correction|i mean(?:t)?"
    r"(?: to (?:say|write|type))?|i should say|or rather|rather|actually|make (?:that|it)"
    r"|hang on|hold on"
    r"|my mistake|my bad|not true|i lie|i tell a lie|er|um|edit|wrong|pardon|excuse me|apologies)"
)


CUE = re.compile(
    rf"^(?:(?:oh|ah|hm+|ok|well|and|but|so|also|ps|argh|ugh|damn|please note"
    rf"|note)\b[ ,:.!]*)*{HEDGE}\b(?! (?:i can|i do|idea"
    r"|problem|worries|need|thanks|one|way|about|for (?:the|being|my))\b)|"
    r"\b(?:misspoke|mistaken|mistakenly|mistyped|i mean(?:t)?\b|my mistake|a mistake|an "
    r"error|mix(?:ed)? (?:it |them |that )?up"
    r"|mix-up|wrong|typo|(?:scratch|strike) that(?=\s*(?:$|[,.:;!-]))|correction"
    r"|corrections?|i (?:told|said"
    r"|wrote|typed|gave) (?:you )?"
    r"|i'd said|turns out|chang(?:ed|e)|i lied?|renamed|new (?:date|deadline|time|day|job"
    r"|name|teacher|boss)|extension|slipped|fat finger|autocorrect|what am i (?:typing"
    r"|saying)|moved|postponed|put off|push(?:ed|es)? (?:it |that |them |the \w+ )?(?:back"
    r"|forward|to)"
    r"|brought (?:it )?forward"
    r"|reschedul\w+|delayed|shifted|make that|should (?:be|read|say|have been)|supposed to "
    r"be|double[- ]checked"
    r"|(?:just|have|i've) (?:checked|looked|counted|reread|asked|heard)|(?:just "
    r")?(?:looked|checked)\b|recount\w*|counted again"
    r"|not any ?more|no longer|instead|i forgot|forgot(?:ten)? (?:the|that|to|about)|keep "
    r"forgetting|in fact|to be (?:exact|precise)"
    r"|got (?:that|it|this) wrong|let me correct|correct (?:the|that|this|it|my)|update"
    r"|swapped|switched|replaced|traded"
    r"|not .{1,30},? but|rather than|(?:is|are|am|was) now\b|now (?:is|it is)|(?<=\w "
    r")now(?=$|[,.;])|^(?:about|re|regarding) (?:the|my|our)\b|^(?:well|ha|hm+|huh),? "
    r"(?=\d|[a-z]+ (?:since|now)))",
    re.IGNORECASE,
)


INLINE = re.compile(
    rf"(?:\s*[,;:(.\u2026\u2013\u2014-]+\s*)(?:(?:oh|ah|er|um|well|but"
    rf"|and)\b[ ,]*)*(?:{HEDGE}\b[,:.! \u2026-]*)+",
    re.IGNORECASE,
)


FRONT = re.compile(
    rf"^\W*(?:(?:oh|ah|er|um|well|but|and|so)\b[ ,]*)*(?:{HEDGE}\b[,:.! \u2026-]*)+", re.I
)


STRONG = re.compile(
    r"\b(?:sorry|wait|oops|whoops|scratch|strike|correction|mean|meant|should say|rather"
    r"|make|mistake|bad|lie|typo|pardon)\b",
    re.I,
)


ANNOUNCED = re.compile(
    r"\b(?:moved|changed|postponed|pushed|brought forward|rescheduled|delayed|shifted|should be"
    r"|misspoke|mistaken|a mistake|an error|wrong|correction|i meant|turns out|not .{1,20} "
    r"but)\b|(?<=\w )now(?=$|[,.;])|^(?:about|re|regarding) (?:the|my|our)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence of the user, and the question that it may answer."""

    turn: int
    sentence: Sentence
    asked: str = ""


@dataclass(slots=True)
class Memory:
    """What the user said so far in one conversation."""

    heard: list[Heard] = field(default_factory=list)
    told: list[tuple[int, Found]] = field(default_factory=list)
    settled: bool = False  # the last sentence corrected something

    def hear(self, heard: Heard) -> None:
        """Keep a sentence, as corrections may come back to it."""
        self.heard.append(heard)
        del self.heard[:-LONGEST]


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for an old one that stands in an earlier sentence."""

    old: str
    new: str
    kind: str  # of both values, "" for names and nouns
    source: Heard  # with the old value
    renewed: str  # the text of that sentence with the new value in its place
    short: bool = False  # the new value stands alone: "Sorry, Peru"


def put(text: str, old: str, new: str) -> str:
    """Return ``text`` with the last ``old`` replaced by ``new``."""
    spots = list(re.finditer(rf"(?<![\w-]){re.escape(old)}(?![\w-])", text, re.IGNORECASE))
    return text[: spots[-1].start()] + new + text[spots[-1].end() :] if spots else text


def holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(value.lower())}(?![\w-])", text.lower()) is not None


REACH = 40  # turns that an older conversation lies back, to say so


LONGEST = 400  # sentences heard that a correction may go back to


NEAR = 2  # turns back within which the same kind of value is enough
