"""Names what a date or a number belongs to: "exam date", "years at Lumenbase"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_EVENTS = tuple(
    (noun, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE))
    for noun, pattern in (
        ("wedding", r"weddings?|marry|marries|married|marriage|tie the knot|ties the knot"),
        ("half marathon", r"half marathon"),
        ("marathon", r"marathon"),
        ("race", r"race|races|half|10k|5k|triathlon|run(?:ning)?(?= (?:a|the|in))"),
        ("exam", r"exams?|finals?"),
        ("test", r"tests?|driving test|theory test"),
        ("interview", r"interviews?"),
        ("operation", r"operations?|surgery|surgeries|operated"),
        ("appointment", r"appointments?|check-?up|scan"),
        ("therapy", r"therapy"),
        ("birthday", r"birthday|bday"),
        ("party", r"party"),
        ("concert", r"concerts?|gigs?"),
        ("recital", r"recitals?"),
        ("show", r"shows?|exhibition|premiere|play opens"),
        ("match", r"match|cup final"),
        ("release", r"releases?|released|(?:comes?|coming|came) out|launch\w*|publish\w*"),
        ("flight", r"flights?|fly|flies|flying"),
        ("arrival", r"arrivals?|arrives?|arriving|lands?|landing"),
        ("departure", r"departures?|depart\w*|sets? off|leaves? for"),
        ("visit", r"visits?|visiting|comes? (?:over|to stay|to visit)"),
        ("trip", r"trips?|travel(?:s|ling|ing)?|journey|cruise"),
        ("holiday", r"holidays?|vacation"),
        ("leave",
            r"leave(?= (?:from|is|starts?|should|will|begins|for ten)|$|,)|annual leave|time "
            r"off"),
        ("due", r"due date|due|baby"),
        ("move", r"move|moves|moving|removal"),
        ("closure", r"closed|closing|shut"),
        ("opening", r"opens?|opening|reopen\w*"),
        ("course", r"course|class|classes|diploma|degree|apprenticeship|training"),
        ("lesson", r"lessons?"),
        ("rehearsal", r"rehears\w+"),
        ("graduation", r"graduat\w+"),
        ("retirement", r"retir\w+"),
        ("funeral", r"funeral"),
        ("christening", r"christen\w*|bapti[sz]\w*|baptism"),
        ("reunion", r"reunion"),
        ("meeting", r"meetings?|meets?"),
        ("deadline", r"deadlines?|hand in|submit\w*|submission|due"),
        ("delivery", r"deliver\w*"),
        ("pick-up", r"(?:pick(?:s|ing|ed)?|collect(?:s|ing)?) (?:it|him|her|them|up|the|my|our)"),
        ("hearing", r"hearing|trial|court"),
        ("conference", r"conference"),
        ("tournament", r"tournament"),
        ("shift", r"shifts?"),
        ("start", r"starts?|starting|begins?|beginning"),
        ("end", r"ends?|ending|finish\w*"),
    )
)  # fmt: skip
_SUFFIX = {"date": "date", "month": "month", "weekday": "day", "clock": "time", "year": "year"}
_NAMED = {"birthday": "birthday", "due": "due date", "start": "start date", "deadline": "deadline"}
_IDLE = frozenset(
    [
        "that",
        "this",
        "they",
        "them",
        "their",
        "there",
        "then",
        "than",
        "with",
        "from",
        "have",
        "been",
        "were",
        "will",
        "would",
        "should",
        "could",
        "about",
        "just",
        "said",
        "told",
        "mean",
        "meant",
        "actually",
        "sorry",
        "wait",
        "wrong",
        "mistake",
        "mistaken",
        "forgot",
        "correct",
        "correction",
        "moved",
        "changed",
        "pushed",
        "back",
        "forward",
        "shifted",
        "misspoke",
        "earlier",
        "before",
        "after",
        "again",
        "today",
        "tomorrow",
        "yesterday",
        "think",
        "know",
        "thought",
        "what",
        "when",
        "where",
        "which",
        "your",
        "year",
        "years",
        "month",
        "months",
        "week",
        "weeks",
        "days",
        "date",
        "time",
        "note",
        "please",
        "look",
        "looked",
        "checked",
        "well",
        "okay",
        "really",
        "still",
        "also",
        "only",
        "more",
        "days",
        "hours",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "good",
        "because",
        "course",
    ]
)
_COPULA = re.compile(
    r"(?:^|[,;:.] |\b(?:and|but|that|then|sorry|wait|no|actually|oh) )(?:(?:the|my|our|his"
    r"|her|their|its|this|[\w-]+'s) )?"
    r"(?P<np>[a-z][\w'-]*(?: [a-z][\w'-]*){0,2}?) (?:is|are|was|will be|should be|has been"
    r"|have been|starts?|begins?|falls?|takes place)\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?:^|[,;] )(?:(?:oh|wait|sorry|no|and|ps|about|also)\b[, ]*)*(?:the|my|our) "
    r"(?P<np>[a-z][\w-]*(?: [a-z][\w-]*)?):",
    re.IGNORECASE,
)
_OBJECT = re.compile(
    r"\b(?:the|an?|my|our|his|her|have|has|got|get|gets) (?P<np>(?:[\w-]+ ){0,2}?[\w-]+) "
    r"(?:is |are )?(?:on|in|at|from|until|till|by|for|every)(?: the)?\s*$",
    re.IGNORECASE,
)
_NOT_NOUN = re.compile(
    r"(?:it|that|this|he|she|they|we|i|you|there|what|who|which|everything|all|one|date|time"
    r"|day|here|now|mine|name|mistake|error|things?|answer|rest|so|and|but|no|wait|sorry"
    r"|actually|of|in|as|correct\w*|wrong)",
    re.IGNORECASE,
)


def event_in(text: str) -> str:
    """Return the event that a text speaks of, "" if there is none."""
    return next((noun for noun, pattern in _EVENTS if pattern.search(text)), "")


def topics(text: str) -> set[str]:
    """Return what two sentences share if they are about the same: events, and weighty words."""
    found = {noun for noun, pattern in _EVENTS if pattern.search(text)}
    for word in re.findall(r"[A-Za-z][\w'-]{3,}", text):
        plain = word.lower().removesuffix("'s")
        if plain not in _IDLE:
            found.add(plain.removesuffix("s"))
    return found


def has_own_topic(text: str) -> bool:
    """Tell whether a sentence says itself what it is about: "the gym is on Thursdays"."""
    return bool(event_in(text) or next(_nouns(text), ""))


def told_of(text: str) -> str:
    """Return the head of the noun that a plain statement opens with: "our concert is at 8 pm"."""
    opening = re.match(
        r"(?:(?:oh|ah|ugh|argh|ok|btw|by the way|ps|and|so|well|hey|about|no)\b[ ,:]*)*"
        r"(?:(?:the|my|our|his|her|their) )?(?:[\w-]+'s )?(?P<np>[a-z][\w-]*(?: "
        r"[a-z][\w-]*)?)(?: is|'s|s)"
        r"(?: now| on| at| in| from| moved to| the)*(?= \W?[\dA-Z]| [a-z]+ (?:past|to) )",
        text,
        re.IGNORECASE,
    )
    noun = _clean(opening.group("np")) if opening else ""
    return noun.split()[-1] if noun else ""


def name_of(kind: str, said: str, earlier: str, old: str, asked: str) -> str:
    """Return the relation of a value: by the noun it is said of now, then by what it was before."""
    if kind == "number":
        return _counted(said, earlier, old)
    if kind not in _SUFFIX:
        noun = next(_nouns(said), "") or next(_nouns(earlier), "")
        return noun
    front = earlier[: earlier.lower().rfind(old.lower())] if old else earlier
    direct = _OBJECT.search(front)
    spoken = _clean(direct.group("np")) if direct else ""
    noun = (
        next(_nouns(said), "") or event_in(said) or next(_nouns(earlier), "")
        or spoken or event_in(front) or event_in(earlier) or event_in(asked)
    )  # fmt: skip
    if noun in ("start", "end") and spoken:
        noun = f"{spoken} {noun}"
    return _NAMED.get(noun, f"{noun} {_SUFFIX[kind]}") if noun else ""


def _nouns(text: str) -> Iterator[str]:
    for pattern in (_LABEL, _COPULA):
        for match in pattern.finditer(text):
            noun = _clean(match.group("np"))
            if noun:
                yield noun


def _clean(noun: str) -> str:
    tokens = [
        t
        for t in noun.lower().split()
        if t not in ("the", "a", "an", "my", "our", "his", "her", "signed", "up", "of")
    ]
    tokens = [t for t in tokens if not _NOT_NOUN.fullmatch(t)]
    joined = " ".join(tokens[-2:])
    return (
        ""
        if not joined
        or (
            re.search(r"ing$|ly$", joined)
            and len(tokens) == 1
            and joined not in ("wedding", "meeting", "christening")
        )
        else joined
    )


def _counted(said: str, earlier: str, old: str) -> str:
    """Return "years at Lumenbase" for "six years at Lumenbase", "rent" for "the rent is 900"."""
    after = earlier[earlier.lower().rfind(old.lower()) + len(old) :]
    unit = re.match(
        r"[ -](?P<unit>[a-z]{3,})(?P<rest> (?:at|in|with|of|here|abroad|together|per|a) "
        r"?[\w' -]{0,24}?)?(?=$|[,.;!?)]| (?:and|but|so|because|down|now|when|who|which|by)\b)",
        after,
    ) or re.match(r"[ -](?P<unit>[a-z]{3,})(?P<rest>)", after)
    if unit and not re.fullmatch(
        r"and|or|is|at|in|on|of|for|now|with|by|to|from|years? old|old", unit.group("unit")
    ):
        word = unit.group("unit")
        if re.fullmatch(
            r"(?:year|month|week|day|hour|mile|kilometre|kilometer|minute|euro|pound|dollar"
            r"|kilo)s?",
            word,
        ):
            rest = unit.group("rest") or ""
            place = re.search(r" (?:at|in|with) [A-Z][\w-]+", earlier)
            return f"{word}{rest or (place.group() if place else '')}".strip()
        return f"number of {word}"
    front = earlier[: earlier.lower().rfind(old.lower())]
    if re.search(r"\bturn(?:s|ed|ing)? $", front):
        return "age"
    before = re.search(r"\b(?:the|my|our) (?P<np>(?:[\w-]+ )?[\w-]+) $", front)
    return (
        next(_nouns(said), "") or next(_nouns(earlier), "")
        or (_clean(before.group("np")) if before else "")
    )  # fmt: skip
