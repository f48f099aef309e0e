"""Reads any plain statement that no rule knows: verb, object, and when, where and how long.

A small grammar of what follows a subject: a verb group, perhaps an object, then phrases that start
with a preposition. Each part that names something is a fact whose relation is the rest of the
verb phrase (:mod:`sleeping_plugin.relations.frames`). What passes, what is felt or said, and what
names nothing by itself is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import LANGUAGES, MONTHS, WEEKDAYS
from sleeping_plugin.extract.people import CAP, is_name, read_role
from sleeping_plugin.extract.rules.base import Found, Said
from sleeping_plugin.extract.verbs import ADVERBS, BASE
from sleeping_plugin.relations.grammar import Person, conjugate, words
from sleeping_plugin.relations.verbs import lemma, participle

CONFIDENCE = 0.75
_ADVERBS = re.compile(ADVERBS, re.IGNORECASE)
_PASSING_VERBS = words(
    """
    be have do get go come say tell ask talk reply answer mention explain call think know believe
    guess suppose hope wish want need mean feel seem look sound appear wonder worry remember forget
    understand realise realize notice see hear find try keep let make put give take bring show use
    start begin stop finish continue wait stay leave send write read check promise expect plan
    decide agree complain moan laugh cry smile joke swear bet claim reckon insist prefer like love
    hate enjoy adore dislike mind care thank appreciate apologise apologize beg pray must shall
    suggest recommend happen matter depend deserve owe lie sit stand sleep die live work cost
    weigh measure rain snow hurt ache itch itch break lose fail miss run turn set end fall blame
    doubt fear regret admit accept refuse allow cause force help change move follow add cheer
    follow lead pass print copy type click open close push pull hold carry pick drop throw catch
    cut hit kick fix clean wash order pay spend save borrow lend steal kill disagree hang touch
    buzz smell taste suck rock rule struggle quit reread misspeak fetch stick
    """
)
# What happened once and is still true: worth a fact in the past tense
_EVENTS = words(
    """
    bear found build make record release publish write paint compose invent design open start
    begin launch establish buy inherit adopt rescue get move emigrate immigrate graduate retire
    marry divorce separate meet join win lose die pass serve train study work live teach learn
    grow sing play lecture drive run manage swim sail row cycle climb compete box dance act fly
    volunteer coach star qualify leave quit sell give break sign earn finish restore come
    date arrive settle transfer enlist
    """
)
_GOING_ON = words(
    """
    train study learn build restore write expect marry get move retire open start graduate record
    direct rehearse star prepare teach do play run save
    """
)
_TIME_WORDS = MONTHS | WEEKDAYS | words("spring summer autumn winter fall christmas easter")
_YEAR = r"(?:(?:19|20)\d\d|'\d\d)"
_NUMBER = values.NUMBER
_DURATION = re.compile(
    rf"(?:about |over |almost |nearly |more than |around |the (?:last|past) "
    rf")?(?P<v>(?:(?:nearly|over|"
    rf"almost|about) )?(?:{_NUMBER}|an?|\d+)(?: and a half)?(?:-odd)? "
    r"(?:years?|months?|decades?))(?: now)?\b",
    re.IGNORECASE,
)
_SINCE = re.compile(
    rf"(?P<v>(?:(?:early|late|about|around) )?(?:(?:the )?(?:spring|summer|autumn|"
    rf"winter|fall) (?:of )?)?"
    rf"(?:(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.? )?{_YEAR}|"
    rf"(?:last |this )?(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})\b|"
    r"(?:secondary |primary |high |middle )?school|university|college|childhood)(?![\w-])",
    re.IGNORECASE,
)
_WEEKDAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_WHEN = re.compile(
    rf"(?P<v>(?:the )?\d{{1,2}}(?:st|nd|rd|th)|(?:(?:every|most|the (?:first|second|"
    rf"third|last)|alternate) )?{_WEEKDAY}"
    rf"(?:(?:,? and |, | & |/){_WEEKDAY})*(?: (?:mornings?|afternoons?|evenings?|nights?))?|"
    rf"weekends|weekday\w* ?\w*|{_YEAR}|"
    rf"(?:the )?(?:early |late |mid-?)?(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
    rf"(?: (?:of )?{_YEAR})?|(?:spring|summer|autumn|winter)(?: (?:of )?{_YEAR})?)(?![\w-])",
    re.IGNORECASE,
)
_OFTEN = re.compile(
    r"(?P<v>(?:once|twice|three times|four times|five times|six times) an? (?:day|week|month|year)|"
    r"every (?:day|morning|evening|night|week|month|year|summer|winter|spring|autumn|other \w+|"
    rf"{_WEEKDAY}|second \w+|\w+ (?:days|weeks|months)))\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?P<v>(?:half (?:past )?|quarter (?:past|to) )?(?:\d{1,2}(?:[:.]\d\d)? ?(?:am|pm)?|five|six|"
    r"seven|eight|nine|ten|eleven|noon|midnight|four)(?: o'clock| in the morning| at "
    r"night| sharp)?)"
    r"(?=$|[,.;]| )",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s(?=(?:in|on|at|for|from|to|with|near|by|under|over|since|between|across|along|about|"
    r"as|into|during|until|till|against|after|before|through|behind|above|below|around|outside|"
    r"inside|towards|every|once|twice|three times)\s)",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"[;:!?()\[\]{}\"\u241f]|\s[-\u2013\u2014]+\s|\.\s|"
    r",?\s(?:because|cause|cos|so|although|though|while|when|whenever|where|which|who|whom|whose|"
    r"if|that|but|than|unless|and (?:I|we|he|she|they|it|you|my|our|his|her|their|that|the|so|then|"
    r"now|also|has|have|is|am|are|was|were|can|will|would)|and [a-z]+s (?:a|an|the|in|at|to|for|my|"
    r"his|her|on|with|it|me)|what|how|why|"
    rf"and (?:{'|'.join(sorted(BASE | _PASSING_VERBS - {'like', 'sail'}))})\b)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:I|you|he|she|it|we|they|me|him|her|us|them|this|that|these|those|my|your|his|our|their|"
    r"its|mine|there|here|myself|himself|herself|something|anything|everything|nothing|someone|"
    r"somebody|anyone|everyone|everybody|nobody|one|ones|thing|things|stuff|other|others|same|"
    r"each|both|all|any|more|much|less|enough|again|away|up|down|out|off|back|too|not|never|"
    r"no|today|tonight|tomorrow|yesterday|now|lot|lots|bit|way|ways|half|rest|most|"
    r"another|everywhere|somewhere|anywhere|nowhere|only|earlier|ever)\b",
    re.IGNORECASE,
)
_PASSING = re.compile(
    r"\b(?:today|tonight|tomorrow|yesterday|right now|at the moment|this (?:morning|afternoon|"
    r"evening|week|weekend|time|month)|last (?:night|week)|next (?:week|month|year)|for now|"
    r"just now|ago|soon|later|maybe|perhaps|probably|might|would|could|should|will|not|never|"
    r"if|hardly|barely|going to|about to|trying to|supposed to|want|please|used to be|must|shall|"
    r"(?:has|have|had) to|should|best|worst|script|file|folder|code|function|database|server|query|"
    r"command|error|bug)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A prepositional phrase: "on", "Thursdays"."""

    link: str
    text: str


@dataclass(frozen=True, slots=True)
class Predicate:
    """A verb phrase, read: "drives", "the ferry", ("at", "Oban")."""

    verb: str  # as frames have it: "drives", "recorded", "has worked", "is stationed"
    base: str
    tense: str  # present, past, perfect, going, state, passive
    object: str
    phrases: tuple[Phrase, ...]

    def frame(self, *parts: str) -> str:
        """Return the verb phrase with some of its parts."""
        return " ".join(part for part in (self.verb, *parts) if part)


def open_facts(said: Said, before: str = "") -> Iterator[Found]:
    """Yield what a clause states, as facts whose relation is a frame.

    ``before`` is what stands between the clause and the comma or conjunction in front of it.
    """
    text = _STOPS.split(said.text, maxsplit=1)[0].strip(" ,.")
    if not text or _PASSING.search(f"{before} " + re.sub(r"^will (?=[a-z]+ )", "", text)):
        return
    main, *asides = re.split(r",\s+", text)
    predicate = read(main)
    if predicate is None:
        return
    for aside in asides[:2]:
        more = _SPLIT.split(" " + aside)[1:] if _SPLIT.match(" " + aside) else []
        predicate = Predicate(
            predicate.verb,
            predicate.base,
            predicate.tense,
            predicate.object,
            (*predicate.phrases, *_phrases(more)),
        )
    for relation, value in _facts(predicate, said):
        own = re.search(r"\b(?:my|our)\b", relation) and said.who is not None
        if not own and value and len(value.split()) <= 6:
            yield Found(said.subject, relation, value, CONFIDENCE)


def read(text: str) -> Predicate | None:
    """Read a verb phrase from its verb on; None if it is none that we know."""
    front, *rest = _SPLIT.split(text)
    front = _ADVERBS.sub("", front, count=1) if _ADVERBS.match(front) else front
    tokens = [token for token in front.split() if token.lower() not in _LIGHT]
    if not tokens or not re.fullmatch(r"[a-z][a-z'-]*", tokens[0], re.IGNORECASE):
        return None
    first = tokens[0].lower()
    if first == "will" and len(tokens) > 1:
        base, form = lemma(tokens[1])
        thing = " ".join(tokens[2:])
        if form == "base" and base in _SCHEDULED:
            return Predicate(f"will {base}", base, "going", thing, _phrases(rest))
    if first in _MODALS:
        return None
    base, form = lemma(first)
    second, kind = lemma(tokens[1]) if len(tokens) > 1 else ("", "")
    if first == "used" and len(tokens) == 1 and rest and rest[0].startswith("to "):
        inner = read(rest[0].removeprefix("to ") + " " + " ".join(rest[1:]))
        if inner is None or inner.base == "be":
            return None
        return Predicate(f"used to {inner.base}", inner.base, "past", inner.object, inner.phrases)
    if base == "be":
        be = "was" if form == "past" else "is"
        if kind in ("past", "participle") and tokens[1].lower() not in ("married", "tired"):
            return Predicate(
                f"{be} {tokens[1].lower()}", second, "passive", " ".join(tokens[2:]), _phrases(rest)
            )
        if kind == "ing":
            return Predicate(
                f"{be} {tokens[1].lower()}", second, "going", " ".join(tokens[2:]), _phrases(rest)
            )
        return Predicate(be, "be", "state", " ".join(tokens[1:]), _phrases(rest))
    if base == "have" and kind in ("past", "participle"):
        return Predicate(
            f"has {tokens[1].lower()}", second, "perfect", " ".join(tokens[2:]), _phrases(rest)
        )
    if form == "past":
        return Predicate(first, base, "past", " ".join(tokens[1:]), _phrases(rest))
    if form in ("base", "third"):
        verb = conjugate(base, Person.THIRD)
        return Predicate(verb, base, "present", " ".join(tokens[1:]), _phrases(rest))
    return None


def _phrases(parts: list[str]) -> tuple[Phrase, ...]:
    found = []
    for part in parts:
        link, _, text = part.strip().partition(" ")
        if link.lower() in ("every", "once", "twice", "three"):
            link, text = "", part.strip()
        found.append(Phrase(link.lower(), text.strip(" ,.")))
    return tuple(found)


def _facts(said: Predicate, about: Said) -> Iterator[tuple[str, str]]:
    """Yield (relation, value) for each part that names something."""
    thing = noun_phrase(said.object)
    framed = _framed_object(said.object)
    tied = said.object == "" or framed is not None
    if thing and _object_lasts(said):
        yield from _object_facts(said, thing)
    if not tied:
        return
    front = framed or ""
    links: list[str] = []
    for phrase in said.phrases:
        yield from _phrase_facts(said, phrase, front, about)
        inner = noun_phrase(phrase.text)
        if not inner:
            break
        links.append(f"{phrase.link} {phrase.text}")
        front = " ".join(part for part in (framed or "", *links) if part)
        if len(front.split()) > 7 or _PRONOUN.search(re.sub(r"\b(?:my|our)\b", "", front)):
            break


def _object_lasts(said: Predicate) -> bool:
    """Tell whether what somebody does to an object says something of them for good."""
    if said.tense == "present":
        return said.base not in _PASSING_VERBS
    return said.verb.startswith("used to ")


def _object_facts(said: Predicate, thing: str) -> Iterator[tuple[str, str]]:
    counted = re.fullmatch(
        rf"(?P<n>(?:{_NUMBER}|\d[\d,.]*)(?:[ -](?:{_NUMBER}))*) (?P<noun>[a-z-]+s)", thing, re.I
    )
    if counted:
        yield f"how many {counted.group('noun')}: {said.verb}", counted.group("n")
        return
    for item in values.items(said.object, 5) or [thing]:
        yield f"what: {said.verb}", re.sub(r"^(?:an?|some) ", "", item)


def _phrase_facts(
    said: Predicate, phrase: Phrase, front: str, about: Said
) -> Iterator[tuple[str, str]]:
    event = said.base in _EVENTS
    lasting = (
        (said.tense == "present" and (said.base not in _PASSING_VERBS or event or front))
        or (said.tense in ("past", "passive", "perfect") and event)
        or (said.tense == "passive" and said.verb.startswith("is "))
        or (said.tense == "going" and said.base in _GOING_ON)
        or said.verb.startswith("used to")
    )
    text = phrase.text
    duration = _DURATION.match(text) if phrase.link == "for" else None
    since = _SINCE.match(text) if phrase.link == "since" else None
    if duration and said.base not in ("wait", "look", "think", "want", "try"):
        if said.base in ("be", "have") and not front:
            return
        over = said.tense in ("past", "passive") or said.verb == "was"
        verb = said.verb if over else _perfect(said)
        yield f"how long: {_with(verb, front)} for", duration.group("v")
        return
    if since and said.tense != "past" and (front or said.base not in ("be", "have")):
        yield f"since when: {_with(_perfect(said), front)} since", since.group("v")
        return
    if not lasting:
        return
    often = _OFTEN.match(text) if not phrase.link else None
    if often and said.tense == "present" and said.base not in ("be", "have"):
        yield f"how often: {_with(said.verb, front)}", often.group("v")
        return
    when = (
        values.DATE.match(text) or _WHEN.match(text) if phrase.link in ("in", "on", "at") else None
    )
    weekly = when and re.search(r"day|week", when.group("v"), re.IGNORECASE)
    dated = when and values.DATE.match(when.group("v"))
    if when and (said.tense != "present" or weekly or (dated and said.base in _SCHEDULED)):
        if said.base == "be" and said.tense != "passive" and not front:
            return
        yield f"when: {_with(said.verb, front)} {phrase.link}", when.group("v").strip(" ,.")
        return
    clock = _CLOCK.match(text) if phrase.link == "at" and said.tense == "present" else None
    if clock and not re.match(r"\d+ [a-z]", text):
        yield f"what time: {_with(said.verb, front)} at", clock.group("v")
        return
    if phrase.link in _PLACE_LINKS and said.base not in _NO_PLACE:
        told, _ = values.place(text, casual=False)
        if told and text.startswith(told) and told.lower() not in _TIME_WORDS | LANGUAGES:
            told += "'s" if text[len(told) :].startswith("'s") else ""
            far = phrase.link in ("from", "to", "on", "by")
            if not far or said.base in ("move", "emigrate", "fly", "sail", "commute", "travel"):
                yield f"where: {_with(said.verb, front)} {phrase.link}", told
            return
    thing = noun_phrase(text)
    if not thing:
        return
    if phrase.link in ("in", "at", "for") and _SITE.search(thing) and said.base in _AT_SITES:
        yield f"where: {_with(said.verb, front)} {phrase.link}", thing
        return
    tied = _TIED.get(said.base, _TIED_ANYWAY if said.base not in _PASSING_VERBS else frozenset())
    if not front and phrase.link in tied and said.tense in ("present", "passive"):
        for item in values.items(text, 5) or [thing]:
            yield f"what: {said.verb} {phrase.link}", re.sub(r"^(?:an?|some) ", "", item)


_PLACE_LINKS = words("in at near from to on outside by")
_NO_PLACE = words("be live come hail work")
_TIED_ANYWAY = words("for about with")
_SCHEDULED = words(
    "retire marry arrive fly leave start open move graduate return land come release publish turn "
    "finish close travel sail go begin"
)
_AT_SITES = words("work volunteer teach help serve train practise practice study man run lecture")
_SITE = re.compile(
    r"\b(?:office|hospital|school|shop|store|bakery|factory|bank|library|museum|"
    r"restaurant|caf[eé]|bar|"
    r"pub|hotel|lab|warehouse|clinic|pharmacy|garage|nursery|university|college|theatre|theater|"
    r"supermarket|brewery|salon|surgery|farm|bookshop|mill|mine|shipyard|airport|"
    r"station|depot|prison|"
    r"zoo|gym|hospice|winery|shelter|academy|centre|center|kitchen|church|docks|"
    r"harbour|harbor|firm|"
    r"company|agency|charity|council|co-op)$"
)
_LIGHT = words(
    "also always usually often sometimes still just really currently now mostly actually"
)
_MODALS = words("can could will would shall should may might must let")
_TIED = {
    base: words(links)
    for base, links in (
        ("paint", "on"), ("listen", "to"), ("suffer", "from"), ("belong", "to"), ("believe", "in"),
        ("specialise", "in"), ("specialize", "in"), ("compete", "in"), ("perform", "in with"),
        ("volunteer", "at for with"), ("report", "to"), ("train", "for with"), ("vote", "for"),
        ("root", "for"), ("commute", "to from"), ("deal", "in with"), ("trade", "in"),
        ("invest", "in"), ("major", "in"), ("write", "about for"), ("dance", "in with"),
        ("sing", "in with"), ("play", "in for with"), ("swim", "in for with"), ("row", "for"),
        ("race", "in"), ("lecture", "on in"), ("swear", "by"), ("obsess", "with"),
        ("struggle", "with"), ("date", "from"),
    )
}  # fmt: skip


def _with(verb: str, front: str) -> str:
    return f"{verb} {front}".strip()


def _perfect(said: Predicate) -> str:
    """Return "has worked" for "works"."""
    if said.tense == "perfect":
        return said.verb
    if said.tense == "present" or said.tense == "state":
        return f"has {participle(said.base)}"
    if said.verb.startswith("is "):
        return "has been " + said.verb.removeprefix("is ")
    return said.verb


def noun_phrase(text: str) -> str:
    """Return ``text`` without its article if it is a noun phrase that names something, else ""."""
    phrase = values.first_item(values.cut(text)) if text else ""
    if not phrase or (phrase != text.strip(" ,.") and not text.startswith(phrase)):
        return ""
    bare = re.sub(r"^(?:an?|some|the|his|her|their|its)\s+", "", phrase)
    large = re.search(rf"(?-i:{CAP})", bare)
    definite = re.match(r"(?:the|his|her|their|its)\s", phrase)
    if definite and not large:
        return ""
    if _PRONOUN.search(bare) or values.is_vague(bare) or not 0 < len(bare.split()) <= 5:
        return ""
    last = bare.split()[-1].lower()
    if last.endswith("ly") or last in _NO_HEAD or not re.search(r"[^\W\d]", bare):
        return ""
    role = read_role(bare.lower())
    if role and role[0].kind == "person" and role[1] == len(bare):
        return ""
    if bare.split()[0].lower() in _NO_FRONT or (large and not is_name(large.group())):
        return ""
    return bare


_NO_HEAD = words(
    """
    and or of in on at to for with from by the a an is are was were has have do does very so as
    then well fine good bad great nice okay hard fast slow early late home alone together
    better worse best worst problem problems question questions help advice idea ideas time fun
    money trouble luck sense place people person everyone day week month year moment reason
    difference mistake mistakes point flat house room bed role look break nap walk bus lot living
    free ages
    """
)
_NO_FRONT = words("to how what why when where if like very so too really quite as than much many")


def _framed_object(text: str) -> str | None:
    """Return the object as part of a frame: what may stand between the verb and the question."""
    if not text:
        return ""
    if len(text.split()) > 5 or re.search(r"[^\w' -]", text):
        return None
    inner = re.sub(r"^(?:(?:my|our)|(?:his|her|their)(?= own\b))\s+", "", text)
    if _PRONOUN.search(inner) or inner.split()[0].lower() in _NO_FRONT:
        return None
    if inner.split()[-1].lower() in _NO_HEAD - {"home"}:
        return None
    return text
