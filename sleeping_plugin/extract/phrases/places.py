"""Phrases for places and work: "that's where I live", "here in Prague", "shifts at Grady"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.people import CAP, is_name
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.rules.base import Found
from sleeping_plugin.relations.grammar import USER

_TO_RELATION = {
    "live": "home city", "live in": "home city", "grew up": "hometown", "grew up in": "hometown",
    "was born": "birthplace", "was born in": "birthplace", "am from": "hometown",
    "come from": "hometown", "work": "employer", "work for": "employer", "work at": "employer",
    "work in": "work city", "study": "school", "study at": "school", "go to": "school",
    "support": "team", "play for": "own team", "live on": "street", "play": "instrument",
    "speak": "language", "drive": "car", "am learning": "learning", "teach": "teach",
    "moved to": "home city", "employer": "employer", "hometown": "hometown",
    "home town": "hometown", "home": "home city", "company": "employer", "team": "team",
    "club": "team", "school": "school", "university": "school", "street": "street",
}  # fmt: skip
_SITE = (
    r"(?:company|chain|firm|place|shop|school|hospital|town|city|village|employer|office|bank|"
    r"university|team|club|studio|agency)"
)
_DOES = r"(?:work (?:for|at|in)|live in|work|live|grew up in|study at|go to|support|play for)"
_TOWNS = ("town", "city", "village")


@phrase(
    rf"^(?:[Gg]ood (?:morning|evening|afternoon|day)|[Hh]ello|[Hh]i|"
    rf"[Hh]owdy) from (?P<v>{CAP}.*)"
)
def _greets_from(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Good morning from Tromsø"."""
    if spoken.index == 0:
        yield mine("home city", spoken.place(match.group("v"), strict=True), 0.8)


@phrase(
    r"\b(?:[Mm]y|[Oo]ur) (?:(?:little|tiny|new|small|own|council|top|damp) )*(?:flat|"
    r"house|apartment|place|cottage|"
    r"home|studio|bungalow|bedsit|terrace|farmhouse) (?:is )?(?:up |down |over |out )?in (?P<v>.*)"
)
def _my_flat_in(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "my flat in Peckham gets no light"."""
    yield mine(
        "home city",
        spoken.place(re.split(r"\s(?:gets|has|is|and|was|needs)\s", match.group("v"))[0]),
    )


@phrase(
    r"\b(?:that|which|it|this) is (?:where (?:I|we) (?P<a>live|work|grew up|was born|am from|"
    rf"come from|study)|(?:the|my|a) (?:\w+ ){{0,2}}(?P<what>{_SITE})(?: that| where| which)? ",
    rf"(?:I|we) (?P<b>{_DOES})|my (?P<noun>employer|home ?town|home|school|company|team|club|",
    r"university|street))\b",
    ignore_case=True,
)
def _that_is_where(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Meridian gets nervous. That's the chain I work for."."""
    front = spoken.text[: match.start()] or spoken.previous
    proper = [
        one.group()
        for one in re.finditer(rf"(?:the )?{CAP}(?:[ -](?:of |de |the )?{CAP})*", front)
        if is_name(one.group().split()[-1])
    ]
    key = (match.group("a") or match.group("b") or match.group("noun")).lower()
    relation = _TO_RELATION[key]
    if key == "work" and match.group("what") in _TOWNS:
        relation = "work city"
    if proper:
        yield mine(relation, proper[-1])


@phrase(
    rf"^(?P<v>{CAP}.*?) is (?:where (?:I|we) (?P<a>live|work|grew up|was born|come from|study)|",
    rf"(?:the|my) (?:\w+ ){{0,2}}{_SITE}(?: that| where| which)? (?:I|we) (?P<b>work (?:for|at|in)|"
    r"live in|work|live|grew up in|study at|go to))\b",
)
def _is_where(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine(_TO_RELATION[match.group("a") or match.group("b")], match.group("v"))
    del spoken


@phrase(
    rf"(?P<v>{CAP}(?: {CAP})*(?: (?i:street|road|lane|avenue))?),? where (?:I|we) ",
    r"(?:(?:also|still|now|both|all) )?(?P<a>live|work|grew up|was born|study|teach)\b",
)
def _where_i_live(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I bike in from Delft, where I live with Joost"."""
    if is_name(match.group("v").split()[0]):
        road = re.search(r"(?i)(?:street|road|lane|avenue)$", match.group("v"))
        relation = _TO_RELATION.get(match.group("a"), "employer")
        yield mine("street" if road else relation, match.group("v"))
    del spoken


@phrase(
    r"\b(?:the|my) (?:company|firm|chain|school|place|shop|city|town|village|street|instrument|",
    r"language|car|sport|team|club|hospital|university|subject)(?: that| which| where)? (?:I|we) ",
    r"(?P<verb>work for|work at|live in|live on|play|speak|drive|support|study at|go to|am "
    r"learning|",
    r"teach|come from|was born in|grew up in|moved to) (?:is|are)(?: called| named)? (?P<v>.*)",
    ignore_case=True,
)
def _the_one_i(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "the company I work for is Siemens"."""
    relation = _TO_RELATION[match.group("verb").lower()]
    value = values.title(match.group("v")) or values.short_phrase(match.group("v"), 3)
    yield mine(relation, values.bare(value) if relation == "instrument" else value)
    del spoken


@phrase(
    r"(?:^|[,;] ?|\b(?:and|but) )(?P<noun>home|work) (?:is|has been)(?: now| still| always)?",
    r"(?P<at> in| at)? (?P<v>.*)",
    ignore_case=True,
)
def _home_is(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    told, near = values.place(match.group("v"), casual=spoken.user.casual)
    if match.group("noun").lower() == "home":
        yield mine("home area" if near else "home city", told)
    elif match.group("at") == " at" or re.match(CAP, match.group("v")):
        yield mine("employer", told)


@phrase(
    r"\b(?:used to live|lived|moved|grew up)\b.*?\b(?:now|today|these days)\b,? (?:I|we) ",
    r"(?:am|are|live) (?:now )?(?:in|at|near) (?P<v>.*)",
    ignore_case=True,
)
@phrase(
    r"\b(?:I|we) are? in (?P<v>[^,]+?),? in (?:a|an|our|my) (?:\w+ ){0,3}(?:house|flat|apartment)\b"
)
@phrase(
    r"^(?:(?:no|yes|nah|yeah|just|only|a|an|the|small|tiny|big|top|ground|first|second|floor|two|"
    r"one|",
    r"bed|bedroom|studio|terraced|detached|semi|little|old|rented|council)\b,? ?)*",
    r"(?:flat|house|apartment|bungalow|cottage|studio|bedsit|condo|farmhouse|room) in (?P<v>.*)",
    ignore_case=True,
)
def _now_in(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine("home city", spoken.place(match.group("v")))


@phrase(
    r"\b(?i:here in|back home in|over here in|down here in|up here in|(?:my|our) (?:flat|house|"
    r"home|",
    rf"place|apartment|garden|kitchen) in) (?P<v>{CAP}(?:[ -]{CAP})*)",
)
def _here_in(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if is_name(match.group("v").split()[-1]):
        yield mine("home city", match.group("v"), 0.8)
    del spoken


@phrase(r"^(?P<name>[^,]+),? and it is (?P<v>.*)")
def _and_it_is(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Earl, and it's Duluth": the answer to "What is your name, and where do you live?"."""
    asked = re.search(r"my name is", match.group("name"))
    if asked and re.match(CAP, match.group("v")):
        yield mine("home city", spoken.place(match.group("v"), strict=True))


@phrase(
    r"\b(?:I am|name is) [^,]+,(?: [^,]+,)? (?:now |currently |just )?",
    r"(?P<v>(?:living|based|working|studying|teaching) (?:in|at|as|for|near) .*|",
    r"(?:outside|near|from|in) (?:of )?[A-Z].*)",
)
def _living_in(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "name's Kit, living in Portland", "Dale here, outside of Ord"."""
    if re.search(r"\b(?:called|named) [A-Z]", match.group()):
        return  # "I'm writing about a nurse called Clara, 34, from Cork"
    here = spoken.user.here[:2]
    for one in spoken.user.cast.entities:
        if one.seen[:2] == here and one.kind == "person" and one.seen[2] < match.start("v"):
            return
    near = re.match(r"(?P<where>outside|near) (?:of )?(?P<v>.*)", match.group("v"))
    if near:
        told = spoken.place(near.group("v"), strict=True)
        lead = spoken.text[match.start("v") : spoken.text.index(told)] if told else ""
        yield mine("home area", f"{lead}{told}" if told else "")
    else:
        yield from spoken.says(f"am {match.group('v')}")


@phrase(
    r"\b(?:first|second|third|fourth|final|last|freshman|sophomore|junior|senior)(?:[- ]year)?",
    rf"(?: student)? (?:at|of) (?:the )?(?P<v>{CAP}(?: (?:of |de )?{CAP})*)",
    r"(?:,? (?:doing|studying|reading|in) (?P<s>[a-z]+(?: [a-z]+)?))?",
)
def _student_at(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    here = spoken.user.here[:2]
    if any(one.seen[:2] == here and one.kind == "person" for one in spoken.user.cast.entities):
        return
    yield mine("school", match.group("v"))
    if match.group("s") and match.group("s").split()[0] not in ("the", "my", "a"):
        yield mine("field of study", match.group("s"))


@phrase(
    r"\b(?:diploma|degree|course|master'?s|phd|doctorate|certificate|apprenticeship|bachelor'?s) ",
    rf"(?:in|on) (?P<s>[a-z]+(?: [a-z]+)?) at (?P<v>{CAP}(?:'s)?(?: (?:of )?{CAP})*)",
)
def _course_at(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    before = spoken.text[: match.start()]
    if re.search(r"\bI\b", before) and not re.search(r"\b(?:did|got|have|had)\b", before):
        yield mine("field of study", match.group("s"))
        yield mine("school", match.group("v"))


@phrase(
    r"\b(?:shifts?|my (?:new |old )?job|my work|night duty|on duty|placement|internship) at ",
    rf"(?P<v>(?i:the )?{CAP}.*)",
)
@phrase(rf"\bI am (?:on|in) [\w ]+,(?: [\w ]+,)? at (?P<v>the {CAP}.*)")
def _shifts_at(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine("employer", re.sub(r" in$", "", values.title(match.group("v"))))
    inner = re.search(r"\bin (?P<v>[A-Z].*)", match.group("v"))
    if inner:
        yield mine("work city", spoken.place(inner.group("v"), strict=True))


@phrase(
    r"\b(?:work|job|was|used to)\b.*\bnow (?:I am )?(?:at |for |with |in )?(?:an? |the )?",
    r"(?:(?:small|big|new|tiny|little) )?(?:firm|company|startup|shop|bank)?,? ?(?:called )?",
    rf"(?P<v>{CAP}.*)",
)
def _now_at(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if is_name(match.group("v").split()[0].strip(",")):
        yield mine("employer", values.title(match.group("v")))
    del spoken


@phrase(
    r"\bused to (?P<verb>support|live in|work at|work for|drive(?: an?)?|play(?: the)?|study) ",
    r".{1,40}?,? (?:but )?now (?:it is|I am at|I am in|I am on|we are in|I have) (?:an? |the )?",
    r"(?P<v>.*)",
    ignore_case=True,
)
def _now_it_is(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    key = re.sub(r" (?:an?|the)$", "", match.group("verb").lower())
    value = values.title(match.group("v")) or values.short_phrase(match.group("v"), 3)
    yield mine(_TO_RELATION.get(key, key), value)
    del spoken


@phrase(
    r"\b(?P<noun>flat|room|apartment|unit|plot|cabin|locker|berth|pitch|ward|house number) ",
    rf"(?:number |no\.? )?(?P<n>\d+\w?)(?: (?:at|on|in) (?P<at>{CAP}(?: {CAP})*))?",
)
def _numbered(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm Walter, plot 19 at Quarry Lane"."""
    if not re.search(r"\b(?:I am|I live|my name is|we live)\b", spoken.text):
        return
    yield mine(f"{match.group('noun')} number", match.group("n"))
    if match.group("at"):
        yield Found(f"my {match.group('noun')}", "location", match.group("at"), 0.85)


@phrase(
    rf"\b(?:started|starting|is|am|start) (?:just |now )?at (?P<v>{CAP}(?: {CAP})*),? (?:doing|"
    r"studying|reading) ",
    r"(?P<s>[a-z]+(?: [a-z]+)?)",
)
def _started_at(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Alfie has just started at Leeds, doing chemical engineering"."""
    here = spoken.user.here[:2]
    before = [
        one
        for one in spoken.user.cast.entities
        if one.seen[:2] == here and one.kind == "person" and one.seen[2] < match.start()
    ]
    subject = max(before, key=lambda one: one.seen).subject if before else USER
    yield Found(subject, "school", match.group("v"), 0.85)
    yield Found(subject, "field of study", values.cut(match.group("s")), 0.85)


@phrase(
    rf"(?:^|[,.] ?)(?P<v>{CAP}(?: {CAP})?)(?: is where I am)?,? (?:born and (?:bred|raised)|"
    r"through and through)\b"
)
def _born_and_bred(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Otley born and bred"."""
    if is_name(match.group("v").split()[0]):
        yield mine("hometown", match.group("v"))
    del spoken


@phrase(
    r"\bat (?:an?|the) (?:[\w'-]+ ){0,3}(?:studio|startup|start-up|company|firm|agency|shop|"
    r"bakery|school|bank|"
    rf"clinic|hospital|charity|publisher|brewery|restaurant|cafe|café) called (?P<v>{CAP}.*)"
)
def _at_one_called(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "dev by day, at a games studio called Tin Badger"."""
    here = spoken.user.here[:2]
    if not any(one.seen[:2] == here and one.kind == "person" for one in spoken.user.cast.entities):
        yield mine("employer", values.title(match.group("v")))


@phrase(r"^(?P<v>[\w' -]{3,30}?) by day\b")
def _by_day(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if is_occupation(values.bare(match.group("v"))):
        yield mine("job", values.bare(match.group("v")))
    del spoken
