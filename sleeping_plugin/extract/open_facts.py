"""Reads any plain statement that no rule knows: verb, object, and when, where and how long.

A small grammar of what follows a subject: a verb group, perhaps an object, then phrases that start
with a preposition. Each part that names something is a fact whose relation is the rest of the
verb phrase (:mod:`sleeping_plugin.relations.frames`). What passes, what is felt or said, and what
names nothing by itself is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import LANGUAGES, MONTHS, NATIONALITIES, WEEKDAYS
from sleeping_plugin.extract.people import CAP, is_name, read_role
from sleeping_plugin.extract.rules.base import Found, Said
from sleeping_plugin.extract.verbs import ADVERBS, BASE
from sleeping_plugin.relations.grammar import Person, conjugate, words
from sleeping_plugin.relations.verbs import gerund, lemma, participle

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
    follow lead pass print copy type click open close push pull hold pick drop throw catch
    cut hit kick fix clean wash order pay spend save borrow lend steal kill disagree hang touch
    buzz smell taste suck rock rule struggle quit reread misspeak fetch stick
    tag require request seek attach enclose refer name
    """
)
# What happened once and is still true: worth a fact in the past tense
_EVENTS = words(
    """
    bear found build make record release publish write paint compose invent design open start
    begin launch establish buy inherit adopt rescue get move emigrate immigrate graduate retire
    marry divorce separate meet join win lose die pass serve train study work live teach learn
    grow sing play lecture drive run manage swim sail row cycle climb compete box dance act fly
    volunteer coach star qualify leave quit sell give sign earn finish restore come
    date arrive settle transfer enlist ordain christen baptise diagnose promote elect hire appoint
    discharge evacuate raise educate knight widow
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
    r"(?P<v>(?:once|twice|[a-z0-9]+ times) an? (?:day|week|month|year)|"
    r"(?:every|each) (?:day|morning|evening|night|week|month|year|summer|winter|spring|"
    r"autumn|(?:other|first|second|last) \w+|"
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
_TIMED = re.compile(
    r"\s?(?:(?:in|on|at|since|for|until|till) )?(?:"
    + "|".join(one.pattern for one in (values.DATE, _WHEN, _OFTEN, _DURATION)).replace(
        "?P<v>", "?:"
    )
    + ")",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s(?=(?:in|on|at|for|from|to|with|near|by|under|over|since|between|across|along|about|"
    r"as|into|during|until|till|against|after|before|through|behind|above|below|around|outside|"
    r"inside|towards|every|each|once|twice|(?:three|four|five|six|\d) times)\s)",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"[;:!?()\[\]{}\"\u241f]|\s[-\u2013\u2014]+\s|\.\s|"
    r",?\s(?:because|cause|cos|so|although|though|while|when|whenever|where|which|who|whom|whose|"
    r"if|that|but|than|unless|and (?:I|we|he|she|they|it|you|my|our|his|her|their|that|the|so|then|"
    r"now|also|has|have|is|am|are|was|were|can|will|would)|and [a-z]+s (?:a|an|the|in|at|to|for|my|"
    r"his|her|on|with|it|me)|what|how|why|"
    rf"and (?:{'|'.join(sorted(BASE | _PASSING_VERBS - {'like', 'sail'}))}))\b",
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
    r"on (?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day(?! (?:night|morning)s)|"
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
    if re.match(rf"turns? {_NUMBER}\b", text, re.IGNORECASE):
        return  # an age
    if not text or _PASSING.search(f"{before} " + re.sub(r"^will (?=[a-z]+ )", "", text)):
        return
    main, *asides = re.split(r",\s+", text)
    predicate = read(main)
    thing = said.who is not None and said.who.kind != "person"
    if predicate is None or (thing and predicate.tense == "state" and predicate.object):
        return
    told: list[tuple[str, str]] = []
    for aside in asides[:3]:
        if re.fullmatch(
            rf"{_DURATION.pattern}(?:(?<=years) (?:on|in|at|with|of) .*)?", aside, re.IGNORECASE
        ):
            aside = f"for {aside}"
        if _SPLIT.match(" " + aside):
            more = _phrases(_SPLIT.split(" " + aside)[1:])
            predicate = replace(predicate, phrases=(*predicate.phrases, *more))
        elif re.match(r"(?:stationed|based|built|made|working|studying|training|posted)\b", aside):
            over = re.match(r"built|made|founded|recorded|printed", aside)
            beside = read(f"{'was' if over else 'is'} {aside}")
            told += _facts(beside) if beside else []
    for relation, value in [*_facts(predicate), *told]:
        own = re.search(r"\b(?:my|our)\b", relation) and said.who is not None
        if not own and value and len(value.split()) <= 6:
            yield Found(said.subject, relation, value, CONFIDENCE)


def read(text: str) -> Predicate | None:
    """Read a verb phrase from its verb on; None if it is none that we know."""
    front, *rest = _SPLIT.split(text)
    if rest and rest[0].strip().lower() in _PARTICLES:
        front, rest = f"{front} {rest[0].strip()}", rest[1:]  # "came over", "in 2018"
    front = _ADVERBS.sub("", front, count=1) if _ADVERBS.match(front) else front
    tokens = [token for token in front.split() if token.lower() not in _LIGHT]
    if not tokens or not re.fullmatch(r"[a-z][a-z'-]*", tokens[0], re.IGNORECASE):
        return None
    if len(tokens) > 1 and tokens[1].lower() in _PARTICLES:
        inner = read(" ".join([tokens[0], *tokens[2:], *(part.strip() for part in rest)]))
        if inner is None or inner.tense not in ("present", "past") or inner.object:
            return None
        return replace(inner, verb=f"{inner.verb} {tokens[1].lower()}")
    if len(tokens) > 2 and _DURATION.fullmatch(" ".join(tokens[2:])):
        rest = [f"for {' '.join(tokens[2:])}", *rest]  # "been married forty years"
        tokens = tokens[:2]
    first = tokens[0].lower()
    if first in _NEVER_VERBS or _DENIED.fullmatch(first):
        return None
    if first == "used" and len(tokens) == 1 and rest and rest[0].startswith("to "):
        inner = read(rest[0].removeprefix("to ") + " " + " ".join(rest[1:]))
        if inner is None or inner.base in ("be", "live", "work", "have", "do", "think"):
            return None
        return Predicate(f"used to {inner.base}", inner.base, "past", inner.object, inner.phrases)
    return _inflected(first, tokens, _phrases(rest))


def _inflected(first: str, tokens: list[str], phrases: tuple[Phrase, ...]) -> Predicate | None:
    """Return the predicate of a verb group, by the form of its verbs."""
    second, kind = lemma(tokens[1]) if len(tokens) > 1 else ("", "")
    beyond = " ".join(tokens[2:])
    if first == "will" and kind == "base" and second in _SCHEDULED:
        return Predicate(f"will {second}", second, "going", beyond, phrases)
    if first in _MODALS:
        return None
    base, form = lemma(first)
    done = kind in ("past", "participle")
    if base == "be":
        verb = "was" if form == "past" else "is"
        if (done and tokens[1].lower() not in ("married", "tired")) or kind == "ing":
            tense = "passive" if done else "going"
            return Predicate(f"{verb} {tokens[1].lower()}", second, tense, beyond, phrases)
        return Predicate(verb, "be", "state", " ".join(tokens[1:]), phrases)
    if base == "have" and tokens[1:2] == ["got"]:
        return Predicate("has", "have", "present", beyond, phrases)
    if base == "have" and done:
        return Predicate(f"has {tokens[1].lower()}", second, "perfect", beyond, phrases)
    thing = re.sub(r" (?:over|up|down|out|back|here|there)$", "", " ".join(tokens[1:]))
    if form == "past":
        return Predicate(first, base, "past", thing, phrases)
    if form in ("base", "third"):
        return Predicate(conjugate(base, Person.THIRD), base, "present", thing, phrases)
    return None


def _phrases(parts: list[str]) -> tuple[Phrase, ...]:
    found: list[Phrase] = []
    for part in parts:
        link, _, text = part.strip().partition(" ")
        if link.lower() in ("every", "each", "once", "twice") or text.startswith("times "):
            link, text = "", part.strip()
        if found and re.match(r"(?:in the (?:morning|afternoon|evening)|at night)$", part.strip()):
            found[-1] = Phrase(found[-1].link, f"{found[-1].text} {part.strip()}")  # "at 2", ...
            continue
        found.append(Phrase(link.lower(), text.strip(" ,.")))
    return tuple(found)


def _facts(said: Predicate) -> Iterator[tuple[str, str]]:
    """Yield (relation, value) for each part that names something."""
    thing = noun_phrase(said.object)
    framed = _framed_object(said.object)
    if said.tense == "state" and re.match(CAP, said.object):
        return  # "I'm Solveig, in Cork for fifteen years"
    tied = said.object == "" or framed is not None
    if said.verb.startswith("used to ") and not said.object and said.base in _PASTIMES:
        yield "former habit", said.base
    if thing and _object_lasts(said):
        yield from _object_facts(said, thing)
    if not tied:
        return
    front = framed or ""
    for phrase in said.phrases:
        yield from _phrase_facts(said, phrase, front)
        if _TIMED.match(f"{phrase.link} {phrase.text}"):
            continue  # "in September" says nothing of where
        inner = noun_phrase(phrase.text)
        longer = " ".join([front, phrase.link, phrase.text])
        if inner and len(longer.split()) <= 7 and not _PRONOUN.search(_OWN.sub("", longer)):
            front = longer.strip()


def _object_lasts(said: Predicate) -> bool:
    """Tell whether what somebody does to an object says something of them for good."""
    if said.tense == "present":
        return said.base not in _PASSING_VERBS
    if said.tense == "past" and said.base in _CAREER:
        return True
    growing = said.tense == "going" and said.base in _RAISED
    return growing or said.verb.startswith("used to ")


def _object_facts(said: Predicate, thing: str) -> Iterator[tuple[str, str]]:
    counted = re.fullmatch(
        rf"(?P<n>(?:{_NUMBER}|\d[\d,.]*)(?:[ -](?:and |hundred|thousand|{_NUMBER}))*) "
        rf"(?P<noun>[a-z-]+s)",
        thing,
        re.I,
    )
    if counted:
        yield f"how many {counted.group('noun')}: {said.verb}", counted.group("n")
        return
    if _IDIOMS.match(f"{said.base} {thing}"):
        return
    for item in values.items(said.object, 5) or [thing]:
        yield f"what: {said.verb}", item


def _phrase_facts(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    """Return what one phrase tells: how long, how often, when, where, or with what."""
    found = _how_long(said, phrase, front)
    if found or not _lasting(said, front):
        return found
    for reader in (_how_often, _when, _where, _tied):
        found = reader(said, phrase, front)
        if found:
            return found
    return []


def _lasting(said: Predicate, front: str) -> bool:
    """Tell whether the time and place of what is said are worth a fact."""
    event = said.base in _EVENTS and not (said.object and said.base in ("move", "leave", "pass"))
    if said.base in _SIGHTED and not _OWN.match(said.object):
        return False
    if said.base in _MENTAL or (said.base == "get" and not _GOT.match(said.object)):
        return False
    framed = bool(said.object and front)
    return bool(
        (said.tense == "present" and (said.base not in _PASSING_VERBS or event or framed))
        or (said.tense in ("past", "passive", "perfect") and event)
        or (said.tense == "passive" and said.verb.startswith("is "))
        or (said.tense == "going" and said.base in _GOING_ON)
        or said.verb.startswith("used to")
    )


def _how_long(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    bare = said.base in ("be", "have") and not front
    since = _SINCE.match(phrase.text) if phrase.link == "since" else None
    if since and said.tense != "past" and not bare:
        return [(f"since when: {_with(_perfect(said), front)} since", since.group("v"))]
    lasts = phrase.link in ("for", "since")  # "since 17 years", say those who learn English
    duration = _DURATION.match(phrase.text) if lasts else None
    if not duration or bare or said.base in ("wait", "look", "think", "want", "try"):
        return []
    if not front and len(said.phrases) > 1:
        return []
    over = said.tense == "past" or said.verb.split()[0] == "was"
    verb = said.verb if over else _perfect(said)
    return [(f"how long: {_with(verb, front)} for", duration.group("v"))]


def _how_often(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    often = _OFTEN.match(phrase.text) if not phrase.link else None
    if not often or said.tense != "present" or said.base in ("be", "have"):
        return []
    if not front and said.base in _COMMON:
        return []
    return [(f"how often: {_with(said.verb, front)}", often.group("v"))]


def _when(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    if said.base == "have" and not _HELD_WEEKLY.search(phrase.text):
        return []  # "I have a meeting at 3"
    clock = _CLOCK.match(phrase.text) if phrase.link == "at" else None
    if clock and said.tense == "present":
        after = phrase.text[clock.end() :]
        if not re.match(r" (?!on\b|every\b|in\b|for\b|at\b)[a-z]", after):
            return [(f"what time: {_with(said.verb, front)} at", clock.group("v"))]
    if phrase.link not in ("in", "on", "at"):
        return []
    dated = values.DATE.match(phrase.text)
    when = dated or _WHEN.match(phrase.text)
    if not when:
        return []
    day = when.group("v").strip(" ,.")
    weekly = re.search(r"days\b|week|every", day, re.IGNORECASE)
    if re.search(r"day\b", day, re.IGNORECASE) and not weekly:
        return []  # "on Tuesday" is over next week
    coming = (dated or day.lower().split()[-1] in MONTHS) and said.base in _SCHEDULED
    if said.tense == "present" and not weekly and not coming:
        return []
    if said.base == "be" and not front:
        return []
    return [(f"when: {_with(said.verb, front)} {phrase.link}", day)]


def _where(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    text, link = phrase.text, phrase.link
    if link in _PLACE_LINKS and said.base not in _NO_PLACE:
        told, _ = values.place(text, casual=False)
        named = re.sub(r"^the (?=[A-Z])", "", text)
        if told and named.startswith(told) and told.lower() not in _TIME_WORDS | LANGUAGES:
            told = text[: len(text) - len(named)] + told
            told += "'s" if text[len(told) :].startswith("'s") else ""
            far = link in ("from", "to", "on", "by")
            if said.base == "come" and link != "to":
                return []  # a matter of the home town
            moving = said.base in _MOVING and (said.tense != "present" or said.base == "commute")
            if moving and re.search(r"\bto\b", front):
                return []
            return [(f"where: {_with(said.verb, front)} {link}", told)] if not far or moving else []
    site = noun_phrase(re.sub(r"^the (?=[a-z])", "", text))
    if re.fullmatch(r"an? [a-z]+(?: (?:my|him|her|our)sel(?:f|ves))?", text):
        return []  # "teaches at a school": which?
    if not site or not _SITE.search(site):
        return []
    if link == "for" and not front and said.tense == "present":
        return [(f"who: {said.verb} for", text)]
    if link in ("in", "at", "for") and _goes_on_there(said):
        return [(f"where: {_with(said.verb, front)} {link}", text)]
    return []


def _tied(said: Predicate, phrase: Phrase, front: str) -> list[tuple[str, str]]:
    """Read "paints on ceramic", where the verb and the preposition belong together."""
    known = frozenset() if said.base in _PASSING_VERBS else _TIED_ANYWAY
    thing = noun_phrase(phrase.text)
    if thing and front and phrase.link == "for" and re.match(rf"{CAP}", thing):
        return [(f"who: {_with(said.verb, front)} for", thing)] if said.tense == "present" else []
    if front or not thing or phrase.link not in _TIED.get(said.base, known):
        return []
    if said.tense not in ("present", "passive", "going"):
        return []
    if said.tense == "going" and said.base == "write":
        return []  # "I'm writing about a nurse"
    return [
        (f"what: {said.verb} {phrase.link}", item)
        for item in values.items(phrase.text, 5) or [thing]
    ]


_COMMON = words("drive go come do work eat get see walk use")
_MOVING = words("move emigrate fly sail commute travel come")
_PLACE_LINKS = words("in at near from to on outside by above below behind around")
_NO_PLACE = words("be live hail work")
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
_PARTICLES = words("over through by along around in on up down out off back here there")
_DENIED = re.compile(r"(?:ha[vsd]e?|did|do|does|is|are|was|were|ca|wo|would|could|should)n'?t")
_NEVER_VERBS = words(
    "ever even never quite rather almost nearly both all each such well better best less more most "
    "maybe perhaps thus hence just only once twice else"
)
_LIGHT = words(
    "ever also always usually often sometimes still just really currently now mostly actually"
)
_RAISED = words("plant farm grow build restore raise milk")
_OWN = re.compile(r"\b(?:my|our)\b")
_CAREER = words(
    "command captain head edit conduct direct found publish record compose invent win "
    "design co-found "
    "patent excavate"
)
_PASTIMES = words(
    "row box swim run smoke dance sing fence paint climb surf ski sail ride act cycle "
    "fish hunt wrestle "
    "skate sculpt juggle busk"
)
_MENTAL = words(
    "think know believe guess suppose hope wish want need mean feel seem look sound wonder worry "
    "forget remember wait"
)
_HELD_WEEKLY = re.compile(r"days\b|\bevery\b|week|month", re.IGNORECASE)
_IDIOMS = re.compile(
    r"play (?:dumb|fair|safe|along|hard|nice|dead|tricks|catch|god|favourites)$|"
    r"eat (?:breakfast|lunch|dinner|supper)$"
)
_SIGHTED = words("see hear notice find spot watch")
_GOT = re.compile(r"(?:married|engaged|divorced|an?|my|our|the|his|her|two|three)\b")
_STATIVE = words("live be have know own belong support love like hate keep hold see want need rent")
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
        ("work", "on"), ("retire", "from"),
        ("struggle", "with"), ("date", "from"),
    )
}  # fmt: skip


def _goes_on_there(said: Predicate) -> bool:
    """Tell whether somebody does this for longer at one place."""
    return (
        said.tense in ("present", "perfect", "going")
        and said.base not in _PASSING_VERBS - _AT_SITES
    )


def _with(verb: str, front: str) -> str:
    return f"{verb} {front}".strip()


def _perfect(said: Predicate) -> str:
    """Return "has worked" for "works"."""
    if said.tense == "perfect":
        return said.verb
    if said.tense == "present" and said.base not in _STATIVE:
        return " ".join([f"has been {gerund(said.base)}", *said.verb.split()[1:]])
    if said.tense in ("present", "state"):
        return " ".join([f"has {participle(said.base)}", *said.verb.split()[1:]])
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
    if re.match(r"the [a-z]", phrase) and _BIG_EVENT.search(phrase):
        phrase = phrase.removeprefix("the ")
        bare = phrase
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
    named = large and (is_name(large.group()) or large.group().lower() in NATIONALITIES)
    if bare.split()[0].lower() in _NO_FRONT or (large and not named):
        return ""
    return bare


_BIG_EVENT = re.compile(
    r"\b(?:exam|marathon|half|race|championships?|test|diploma|certificate|degree|"
    r"tournament|contest|cup|"
    r"finals?|triathlon|regatta|festival)$"
)
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
