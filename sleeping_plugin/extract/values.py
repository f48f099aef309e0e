"""Cuts the value out of what follows a verb: where a place, a job, a date or a list ends."""

from __future__ import annotations

import re

from sleeping_plugin.extract.lexicon import MONTHS, NUMBERS
from sleeping_plugin.extract.people import CAP, NAME, NOT_NAMES, TITLE, UP, is_name
from sleeping_plugin.relations.grammar import words

_HARD = (
    r"[;:!?()\[\]{}\"\u241f]|\s[-\u2013\u2014]+\s|\.{2,}|\u2026|"
    r"(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bSt)(?<!\bMrs)(?<!\bProf)(?<!\bEngr)(?<!\bRev)(?<!\bSgt)(?<!\bCapt)(?<!\bCol)\.(?=\s|$)|"
    r"[\U0001f300-\U0001faff\u2600-\u27bf]| [:;]-?[)(DPp]"
)
_SOFT_WORDS = words(
    """
    forever would could should because cause cos cuz since although though while when whenever
    where who whom whose which if until till after before that without unless whereas so but then
    than i we he she they you it my anyway actually btw lol haha hehe tho please thanks thank
    anymore nowadays currently already again today tonight tomorrow yesterday except instead yet
    ever too just like honestly basically obviously apparently now myself himself herself
    themselves
    """
)
_SOFT_PHRASES = (
    r"mostly|mainly|such as|including|especially|namely|by the way|no contest|hands down|for sure|"
    r"no doubt|without a doubt|any day|as well|these "
    r"days|right now|at the moment|you know|of course|no longer|any more|"
    r"any longer|and so|and then|for now|for (?:about |over |almost |nearly |more than )?(?:\w+ )?"
    r"(?:years?|months?|weeks?|ages|decades?|a living|a while|long|my sins|fun|the last|the past|"
    r"good)|"
    r"all (?:my|his|her|the|day|year)|every (?:day|week|year|month|morning|evening|night|summer|"
    r"winter|sunday|saturday|weekend|other|single|time)|once a|twice a|three times|as (?:i|you|he|"
    r"she|a|an|much|my)|"
    r"to be|with (?:my|his|her|our|their|a|an|the|two|three|some|no|all)|in (?:my|his|her|our) "
    r"(?:free|spare|own)|"
    r"the most|a lot|very much|so much|the best|best of|most of|more than|and (?:i|my|we|our|he|"
    r"she|"
    r"his|her|they|it|you|that|this|the rest|so|then|now|also|yes|no|not|have|has|am|is|are|was|"
    r"work|works|"
    r"live|lives|love|loves|like|likes|play|plays|hate|hates|speak|speaks|got|drive|drives|never|"
    r"always|just|still)\b|"
    r"this (?:year|week|month|morning|summer|winter|spring|autumn|weekend|time)|"
    r"last (?:year|week|month|summer|winter|spring|autumn|night)|"
    r"next (?:year|week|month|to|door)|(?:a|two|three|four|five|six|ten|\d+|few|couple of|many|"
    r"some) (?:years?|months?|weeks?|days?|decades?) (?:ago|now|already)|one year\b|since (?:\d+|"
    r"last)|"
    r"in (?:19|20)\d\d|up to|kind of|sort of|believe it or not|for what|if you|or so|or something|"
    r"and stuff|and such|and all|or whatever|same as|along with|among other"
)
_SOFT = re.compile(
    rf"(?:,)?\s(?:{_SOFT_PHRASES}|(?:{'|'.join(sorted(_SOFT_WORDS))})\b)|,\s*$", re.IGNORECASE
)
_HARD_RE = re.compile(_HARD)
_EDGE = " \t\n,.;:!?'\"-\u2013\u2014)("
_ARTICLE = re.compile(r"^(?:an?|the|some|this|that|my|our)\s+", re.IGNORECASE)
_NUMBER = (
    r"(?:\d{1,3}(?:[.,]\d+)?|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
    r"(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|"
    + "|".join(sorted(NUMBERS, key=len, reverse=True))
    + ")"
)
NUMBER = _NUMBER
AGE = re.compile(
    rf"(?P<v>{_NUMBER}(?: and a half)?)(?P<unit>[- ](?:years?|yrs?|ans|jahre|años|anni|"
    rf"months?|weeks?|days?))?"
    r"(?P<old>[- ]old| of age)?(?=$|[\s,.;!?)])",
    re.IGNORECASE,
)
_MONTH = r"(?:" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\.?"
DATE = re.compile(
    rf"(?P<v>(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (?:19|20)\d\d)?|"
    rf"{_MONTH} (?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?:,? (?:19|20)\d\d)?|"
    rf"(?:the )?(?:\w+-)?\w+(?:st|nd|rd|th) of {_MONTH}(?:,? (?:19|20)\d\d)?|"
    r"\d{1,2}[./]\d{1,2}[./](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d|\d{1,2}/\d{1,2}|"
    r"(?:christmas|new year's|valentine's|boxing|midsummer|halloween|leap)(?: eve| day)?|"
    r"halloween)\b",
    re.IGNORECASE,
)
YEAR = re.compile(r"(?P<v>(?:19|20)\d\d|'\d\d)\b")
_PLACE_LEAD = re.compile(
    r"^(?:(?:an?|the|in|at|my|our|very|quite|pretty|lovely|little|small|tiny|big|beautiful|sunny|"
    r"rainy|cold|old|quiet|nice|town|village|city|suburb|called|named|of|outskirts|center|centre|"
    r"heart|part|middle|south|north|east|west|southern|northern|eastern|western|house|flat|"
    r"apartment|farm|cottage|place|bit|outside|inside|just|right|near|close|to|by|not|far|from|"
    r"somewhere|countryside|around|area|region|hills|hill|mountains|above|below|side|edge|on|over|"
    r"down|up|here|back|"
    r"famous|busy|noisy|port|island|state|province|district|neighbourhood|neighborhood|studio|"
    r"room|bungalow|boat|houseboat|tenement|terrace|condo|duplex|townhouse|maisonette|caravan|"
    r"in the)\s+)+",
    re.IGNORECASE,
)
_PLACE = re.compile(
    rf"(?:the )?{CAP}(?:(?:[ -](?:de|da|do|del|di|la|le|el|al|of|upon|on|sur|am|an|im|der|den|the|"
    rf"en|e|y|a|du|des|st\.|los|las|lès|les|under|bei|ob|na)){{0,2}}[ -](?:{CAP}|\d+))*",
)
_NEAR = re.compile(
    r"\b(?:near|outside|close to|not far from|just outside|around|north of|south of|east of|west "
    r"of|"
    r"on the outskirts of|in the outskirts of|outside of|half an hour from|by)\s*$",
    re.IGNORECASE,
)
VAGUE = words(
    """
    it that this them these those one ones him her you me us here there something anything nothing
    everything someone anyone nobody everybody somewhere anywhere nowhere somebody things thing
    stuff lot lots bit kind sort way time today tomorrow yesterday tonight now later soon same such
    so too what whatever good bad fine okay ok great nice well better best worse right wrong true
    false sure sorry much many more most less few little all both either none neither yes no not
    very really quite yours mine ours theirs his hers work home bed hell trouble mess problem
    question idea only everyone people others day week month year moment minute hour lately below
    above upstairs downstairs indoors outdoors abroad evenings mornings afternoons earlies lates
    """
)


def cut(text: str) -> str:
    """Return the front of ``text`` up to the first sure end of a noun phrase; lists stay whole."""
    text = text.strip()
    for pattern in (_HARD_RE, _SOFT):  # a soft end needs a word before it
        found = pattern.search(" " + text if pattern is _SOFT else text)
        if found:
            at = found.start() - (1 if pattern is _SOFT else 0)
            text = text[: max(at, 0)]
    return text.strip(_EDGE) if not text.endswith("'s") else text.strip()


def first_item(text: str) -> str:
    """Return the part before the first comma."""
    return text.split(",", 1)[0].strip(_EDGE)


def bare(text: str) -> str:
    """Drop an article or possessive in front."""
    return _ARTICLE.sub("", text).strip()


def short_phrase(text: str, limit: int = 5) -> str:
    """Return the noun phrase at the start of ``text``, or "" if it is none or too long."""
    phrase = first_item(cut(text))
    phrase = re.sub(r"\s(?:and|or|in|on|at|for|with|of|to|from|by)$", "", phrase)
    count = len(phrase.split())
    return phrase if 0 < count <= limit and not is_vague(phrase) else ""


def is_vague(text: str) -> bool:
    """Tell whether ``text`` says nothing by itself: "it", "something", "good"."""
    inner = [
        word for word in bare(text.lower()).split() if word not in ("a", "the", "of", "very", "so")
    ]
    return not inner or all(word in VAGUE for word in inner)


def items(text: str, limit: int = 4) -> list[str]:
    """Split a list: "nuts, cats and dust" -> three items; items that are clauses end it."""
    listed: list[str] = []
    if not re.search(r"\s(?:and|or|&|plus|as well as)\s", cut(text)):
        text = text.split(",", 1)[0]
    for part in re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|&|or|plus|as well as)\s+", cut(text)):
        part = re.sub(
            r"^(?:both|also|mainly|mostly|even|especially|only|the)\s+", "", part.strip(_EDGE)
        )
        if not part or len(part.split()) > limit or is_vague(part):
            break
        listed.append(part)
    return listed


def age(text: str) -> str:
    """Return an age at the start of ``text``: "34", "seven", "8 months"; else ""."""
    match = AGE.match(text.strip())
    if not match:
        return ""
    unit, rest = (match.group("unit") or "").strip(" -"), text.strip()[match.end() :]
    if (
        unit
        and not match.group("old")
        and re.match(r"\s+(?:late|early|away|into|sober|clean)", rest)
    ):
        return ""
    if not unit and re.match(
        r"\s*(?:minutes?|hours?|days?|%|percent|euros?|dollars?|pounds?|kilos?|kg|lbs?|cm|m\b|feet|"
        r"foot|ft|km|miles?|metres?|meters?|o'clock|am\b|pm\b|of\b|times|steps|/|:|[a-z]+ (?:tall|"
        r"late|away)|"
        r"[a-hj-z]\w* )",
        rest,
        re.IGNORECASE,
    ):
        follows = re.match(r"\s+(\w+)", rest)
        if not follows or follows.group(1).lower() not in _AFTER_AGE:
            return ""
    if unit.lower().startswith(("m", "w", "d")):
        return f"{match.group('v')} {unit}"
    return match.group("v")


_AFTER_AGE = words(
    "and but so or now this next in on today already years year with married from living soon "
    "tomorrow by btw lol male female single work working since just because as"
)


def date(text: str) -> str:
    """Return the first date in ``text``, verbatim; else ""."""
    match = DATE.search(text)
    return match.group("v").strip(" .,") if match else ""


def place(text: str, *, casual: bool) -> tuple[str, bool]:
    """Return (place, is it only near there) from what follows "live in"; ("", False) if none."""
    text = re.split(_HARD, text, maxsplit=1)[0].strip()
    called = re.search(
        rf"\b(?:village|town|city|place|suburb|hamlet|island)\b.*?\b(?:called|named) (?={CAP})",
        text,
    )
    if called:
        text = text[called.end() :]
    lead = _PLACE_LEAD.match(text)
    after = text[lead.end() :] if lead else text
    match = _PLACE.match(after)
    if match and is_name(match.group().split()[-1]) and match.group().lower() not in NOT_NAMES:
        if re.match(
            r" (?:class|office|lessons?|mode|meeting|project|airport|team|time)\b",
            after[match.end() :],
        ):
            return "", False
        near = bool(lead and _NEAR.search(lead.group()))
        return match.group().strip(_EDGE), near
    if match and match.group().split()[0] == "The":
        return match.group(), False
    later = re.match(
        rf"(?:[a-z'-]+ ){{1,6}}?(?:in|near|at|by|outside|of) (?P<v>{_PLACE.pattern})", after
    )
    if later and is_name(later.group("v").split()[-1]):
        return later.group("v").strip(_EDGE), False
    if casual:
        phrase = re.split(r"\s(?:and|but|with|from|so|cos|cuz)\s", after)[0]
        phrase = short_phrase(phrase, 3)
        phrase = re.split(r"\s(?:and|but|with|in|on|at|for|near|working|right|not)\b", phrase)[0]
        if phrase and phrase == phrase.lower() and not (set(phrase.split()) & _NO_PLACE):
            return phrase, bool(lead and _NEAR.search(lead.group()))
    return "", False


_NO_PLACE = VAGUE | words(
    "flat house apartment village town city country mountains countryside fear peace harmony sin "
    "hope past future moment room basement tent hotel dorm hostel abroad alone together dream "
    "kitchen garden bubble present world poverty pyjamas denial a the an my own small big tiny"
)


def names(text: str, *, casual: bool, several: bool) -> tuple[list[str], int]:
    """Read one name or a list of names at the start of ``text``; return them and where they end."""
    found: list[str] = []
    at = 0
    while True:
        lead = re.compile(r"\s*['\"]?").match(text, at)
        begin = lead.end() if lead else at
        name = _name_at(text[begin:], casual=casual)
        if not name:
            break
        found.append(name)
        at = begin + len(name)
        quote = re.compile(r"['\"](?=\W|$)").match(text, at)
        at = quote.end() if quote else at
        extra = re.compile(
            rf"\s*\(([^)]{{1,20}})\)|\s+(?:over )?(?:in|from) {CAP}(?=,? and\b|, {CAP})"
        ).match(text, at)
        after = extra.end() if extra else at
        link = re.compile(r"\s*,\s*(?:and\s+)?(?:our\s+)?|\s+(?:and|&)\s+(?:our\s+)?").match(
            text, after
        )
        if not several or not link or not _name_at(text[link.end() :], casual=casual):
            break
        at = link.end()
    return found, at


def _name_at(text: str, *, casual: bool) -> str:
    match = re.match(NAME, text)
    if match:
        found = match.group().strip()
        while found and not is_name(found.split()[-1]):
            found = " ".join(found.split()[:-1])
        found = re.sub(r"'s$", "", found)
        styled = re.match(rf"{TITLE} (?=\S)", found)
        return found if found and (styled or is_name(found.split()[0])) else ""
    if casual:
        styled = re.match(
            r"(?:coach|mr|mrs|ms|miss|dr|prof|pastor|auntie|aunt|uncle)\.? [a-z]{2,}", text
        )
        if styled:
            return styled.group()
        lower = re.match(rf"[^\W\d_][\w'-]+(?![\w{UP}])", text)
        if lower and is_name(lower.group()) and lower.group() not in VAGUE:
            return lower.group()
    return ""


def title(text: str) -> str:
    """Return the name of a thing: capitalised words with small words between, or a quoted title."""
    quoted = re.match(r"\s*['\"]([^'\"]{1,60})['\"]", text)
    if quoted:
        return quoted.group(1)
    match = re.match(
        rf"\s*(?:[Tt]he )?{CAP}(?:'s)?(?:(?: (?:of|the|and|&|in|on|for|a|an|to|at|de|la|"
        rf"le|del|di|na|nan|"
        r"with|by|my|is))"
        rf"{{0,3}} (?:{CAP}(?:'s)?|\d+))*",
        text,
    )
    return match.group().strip() if match else ""
