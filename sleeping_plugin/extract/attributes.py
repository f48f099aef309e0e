"""Reads "my <noun> is <value>": names, closed relations by their nouns, and open ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import LANGUAGES, MONTHS, NUMBERS
from sleeping_plugin.extract.people import CAP, is_name, read_role
from sleeping_plugin.extract.rules.base import Found, Said, found
from sleeping_plugin.relations.grammar import USER, words

_IS = re.compile(
    r"(?P<be>is|are|was|were|has always been|have always been|has been|will always be)"
    r"(?P<called> called| named)? (?:(?:also|actually|now|still|just|currently|always|definitely|"
    r"probably|hands down|without a doubt|by far|of course|obviously|simply|it is|that|:|in fact|"
    r"really|the one and only) )*"
    r"(?P<v>\S.*)",
    re.IGNORECASE,
)
_SAME = {
    "job": words("job profession occupation work trade career living day-job"),
    "birthday": words("birthday bday b-day dob"),
    "age": words("age"),
    "hometown": words("hometown"),
    "birthplace": words("birthplace"),
    "employer": words("employer workplace"),
    "team": words("team club"),
    "diet": words("diet"),
    "height": words("height"),
    "anniversary": words("anniversary"),
    "nationality": words("nationality citizenship"),
    "religion": words("religion faith"),
    "instrument": words("instrument"),
    "sport": words("sport"),
    "street": words("street road"),
    "hobby": words("hobby hobbies pastime passion passions love"),
    "allergy": words("allergy allergies"),
}
_PHRASES = {
    "date of birth": "birthday",
    "home town": "hometown",
    "home city": "home city",
    "place of birth": "birthplace",
    "birth place": "birthplace",
    "home": "home city",
    "house": "home city",
    "flat": "home city",
    "apartment": "home city",
    "native language": "native language",
    "mother tongue": "native language",
    "mother language": "native language",
    "native tongue": "native language",
    "first language": "native language",
    "wedding anniversary": "anniversary",
    "line of work": "job",
    "day job": "job",
    "great love": "hobby",
    "great passion": "hobby",
    "main hobby": "hobby",
    "biggest hobby": "hobby",
    "big passion": "hobby",
    "big hobby": "hobby",
    "shoe size": "shoe size",
    "favourite team": "team",
    "favorite team": "team",
    "office": "work city",
    "major": "field of study",
    "biggest fear": "fear",
    "greatest fear": "fear",
    "phobia": "fear",
}
_OPEN_HEADS = words(
    """
    colour color size type sign number food dish meal book film movie song band singer author
    writer season animal drink flower fruit vegetable game team country city place dessert snack
    show series artist composer painter actor actress poet poem album genre subject tree bird
    holiday day month time spot cafe restaurant bar shop store brand model breed nickname surname
    name street gym bank doctor line bus tram handicap degree major minor specialty speciality
    instrument language dialect accent club group league belt grade rank position rating pronouns
    star cake pie tea coffee wine beer cheese soup bread pizza topping flavour flavor sauce spice
    perfume scent smell word phrase quote hero heroine character museum park beach lake river
    mountain island village stone gem metal shape toy sweet sweets chocolate biscuit cookie style
    weather hobby sport exercise discipline stroke event recipe plant herb shrub rose tool fabric
    yarn stitch camera lens guitar piano opera musical play symphony dance route trail walk class
    year generation town plate timezone zone allergy character weapon console pattern mascot
    publisher dentist label hospital ward brewery charity church parish temple mosque supplier
    """
)
_NEVER = words(
    """
    plan plans idea question problem problems point guess goal day week weekend life mood hope
    issue concern thought thoughts fault turn mind apologies dinner lunch breakfast head back knee
    knees stomach throat feet foot leg legs arm arms hand hands eyes skin situation experience
    opinion view impression understanding mistake bad priority suggestion answer reason excuse
    request wish dream dreams secret trouble advice code password pin login username account card
    combination email mail flight train appointment deadline exam meeting interview presentation
    talk speech task homework project current budget order internet connection favour favor heart
    soul nerves patience brain memory battery screen feeling feelings take bet main biggest worst
    ex-problem trip holiday vacation journey stop next room luggage bag suitcase first
    """
)
_DAY = "(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?"
_DAYS = rf"{_DAY}(?:(?:,? and |, | & ){_DAY})*(?: (?:mornings?|afternoons?|evenings?|nights?))?"
_HELD = words(
    """
    gig concert show wedding exam operation surgery appointment interview graduation exhibition
    recital match race trial defence viva party reunion performance premiere
    """
)
_LOWER_HEADS = words(
    """
    colour color size type sign number breed nickname degree major minor specialty speciality
    instrument language dialect handicap accent pronouns belt grade level class subject sport
    discipline position exercise dish meal animal bird flower season drink food fruit vegetable gem
    metal stone tree genre style medium hobby allergy topping game character weapon
    """
)
_NO_KIND = words(
    """
    mess joke disaster nightmare problem dream secret mystery lie wreck shambles bit lot success
    failure question surprise pleasure challenge waste shame pain must priority bonus plus risk
    moron genius liar good bad thing one man woman person while year week day month miracle
    """
)
_PASSING_VALUES = re.compile(
    r"^(?:not|very|so|too|really|quite|pretty|a bit|a little|always|never|gone|broken|dead|sick|"
    r"ill|"
    r"tired|full|empty|better|worse|fine|good|great|bad|nice|ok|okay|late|early|ready|done|over|"
    r"here|"
    r"there|coming|going|getting|being|doing|making|driving|killing|kind of|sort of|about to|due|"
    r"in\b(?! (?:the )?[A-Z])|on (?!the \d|[A-Z\d])|at (?!the |[A-Z])|that|to\b|how|what|when|"
    r"where|why|because|if|my|your|his|her|our|their|"
    r"this|these|those|it|also|still|only|just|more|less|much|the same|the best|the worst|the "
    r"(?:most|only|first|last|one|way|problem|reason))\b",
    re.IGNORECASE,
)


def attribute(said: Said, noun: str) -> Iterator[Found]:
    """Yield what "<owner>'s <noun> is <value>" says."""
    match = _IS.match(said.text)
    if match is None:
        return
    noun = re.sub(
        r"^(?:own|current|new|real|actual|full-time|very|all-time|personal) ",
        "",
        noun.strip().lower().strip("'\""),
    )
    rest = match.group("v")
    past = match.group("be").lower() in ("was", "were")
    if noun in ("name", "first name", "full name", "names", "given name", "christian name"):
        yield from _name(said, rest)
        return
    relation = _PHRASES.get(noun) or next(
        (key for key, nouns in _SAME.items() if noun in nouns), ""
    )
    if match.group("called") and said.who is None:
        value = values.title(rest) or values.short_phrase(rest, 3)
        if re.search(r"\b(?:medicine|medication|pills?|tablets?|drops)$", noun):
            yield found(said, "take", value)
        elif not set(noun.split()) & _NEVER:
            yield Found(f"my {noun}", "name", value, 0.85)
        return
    if relation:
        yield from _closed(said, relation, noun, rest, past)
        return
    topic = re.match(r"(?:about|on) (?P<v>.*)", rest)
    if topic and noun.split()[-1] in (
        "thesis",
        "dissertation",
        "phd",
        "research",
        "book",
        "novel",
        "blog",
        "podcast",
    ):
        yield found(said, f"{noun} topic", values.short_phrase(topic.group("v"), 5))
        return
    day = re.match(r"(?:on |in )?(?P<v>.*)", rest)
    dated = values.DATE.match(day.group("v")) if day else None
    if dated and dated.end() >= 4 and len(noun.split()) <= 3 and not noun.endswith("s"):
        yield found(said, noun if noun.endswith("date") else f"{noun} date", dated.group("v"))
        return
    held = re.match(
        rf"(?:at|in) (?P<v>(?:the )?(?-i:{CAP})[\w' ]*?)(?= on\b| in\b|$|,)(?P<rest>.*)", rest
    )
    if held and held.group("v").lower().split()[0] in MONTHS:
        held = None
    if held and said.who is None and len(noun.split()) <= 2 and noun.split()[-1] in _HELD:
        yield Found(f"my {noun}", "where: is at", held.group("v"), 0.8)
        later = re.search(r"\b(?:on|in) (?P<v>.*)", held.group("rest"))
        on_day = values.DATE.match(later.group("v")) if later else None
        yield found(said, f"{noun} date", on_day.group("v") if on_day else "")
        return
    weekly = re.match(rf"on (?P<v>(?:every )?{_DAYS})(?=$|[,.;]| at\b| in\b| from\b)", rest)
    again = weekly and re.search(r"days|every|and|,|&", weekly.group("v"), re.IGNORECASE)
    if weekly and again and len(noun.split()) <= 3:
        yield found(said, f"{noun} day", weekly.group("v"))
        return
    titled = re.search(rf"\b(?:called|named) (?P<v>{CAP}.*)", rest)
    if titled and re.match(r"an? ", rest) and said.who is None:
        label = f"my {noun}"
        said.cast.meet(label, "thing", values.title(titled.group("v")), "n", said.here)
        yield Found(label, "name", values.title(titled.group("v")))
        return
    if past and not re.match(
        r"(?:maiden name|first (?:job|car|pet|school|teacher|language))", noun
    ):
        return
    if is_occupation(noun) and re.match(CAP, rest):  # "our fiddler is Sunna"
        read, _ = values.names(rest, casual=False, several=False)
        owner = f"{said.subject}'s" if said.who else "my"
        for name in read:
            said.cast.meet(f"{owner} {noun}", "person", name, "", said.here)
            yield Found(f"{owner} {noun}", "name", name)
        return
    yield from _open(said, noun, rest)


def _name(said: Said, rest: str) -> Iterator[Found]:
    rest = re.sub(r"^(?:it is|is|actually|spelled|spelt)\s+", "", rest)
    if said.who is not None and said.who.kind == "thing":
        value = values.title(rest) or (values.short_phrase(rest, 3) if said.casual else "")
        if value:
            said.who.name = value
            yield Found(said.who.label, "name", value)
        return
    several = said.who is not None and said.who.gender == "p"
    read, _ = values.names(rest, casual=said.casual, several=several)
    if not read and said.who is not None and said.who.kind == "pet":
        read = [word] if (word := values.short_phrase(rest, 2)) else []
    for name in read:
        if said.who is None:
            yield found(said, "name", name)
            return
        label = said.who.label
        if several:
            front, _, role = label.partition(" ")
            label = f"{front} {re.sub('s$', '', role)}"
        elif not said.who.name or not said.who.label:
            said.who.name = name
        yield Found(label or said.subject, "name", name)


def _closed(said: Said, relation: str, noun: str, rest: str, past: bool) -> Iterator[Found]:
    if past and relation not in ("birthplace", "anniversary", "hometown"):
        return
    if relation in ("birthday", "anniversary"):
        yield found(said, relation, values.date(rest))
    elif relation == "age":
        yield found(said, relation, values.age(rest))
    elif relation in ("home city", "hometown", "birthplace", "work city"):
        if noun in ("house", "flat", "apartment", "office") and not re.match(
            r"(?:in|on|at|near)\b", rest
        ):
            return
        street = re.match(
            rf"(?:on|in|at) (?P<v>(?:\d+ )?(?:(?-i:{CAP}) )+(?:Street|St|Road|Rd|Avenue|Ave|Lane|"
            r"Way|Square))\b",
            rest,
        )
        if street:
            yield found(said, "street", street.group("v"))
            return
        told, _ = values.place(rest, casual=said.casual)
        if told:
            yield found(said, relation, told)
    elif relation == "job":
        phrase = values.bare(values.first_item(values.cut(rest)))
        if (
            phrase
            and len(phrase.split()) <= 5
            and (is_occupation(phrase) or not _PASSING_VALUES.match(phrase))
        ):
            place = re.match(r"(?:at|for|with) (?P<v>.*)", rest)
            if place:
                yield found(said, "employer", values.title(place.group("v")))
            elif is_occupation(phrase) or re.match(r"[a-z]+ing \w", phrase):
                yield found(said, "job", re.split(r"\s(?:at|in|for)\s", phrase)[0])
    elif relation in ("hobby", "allergy", "fear"):
        rest = re.sub(r"^(?:my|our) (?!private|own|business|secret|only)", "", rest)
        if _PASSING_VALUES.match(rest) and not re.match(r"the ", rest):
            return
        for item in values.items(rest, 4):
            yield found(said, relation, values.bare(item))
    elif relation == "native language":
        for item in values.items(rest, 2):
            if item.split()[-1].lower() in LANGUAGES:
                yield found(said, relation, item)
    elif relation == "height":
        yield found(said, relation, values.short_phrase(rest, 3))
    else:
        phrase = values.short_phrase(rest, 5)
        if phrase and not _PASSING_VALUES.match(rest):
            yield found(said, relation, values.bare(phrase))


def _open(said: Said, noun: str, rest: str) -> Iterator[Found]:
    """Yield an open relation, if the noun or the value looks like one that lasts."""
    noun_words = noun.split()
    if re.search(r"\b(?:about|with|for|on|part|thing)\b", noun):
        return
    if (
        noun in ("favourite", "favorite", "fav", "fave")
        or len(noun_words) > 5
        or set(noun_words) & _NEVER
    ):
        return
    if noun_words[0] in ("and", "or", "is", "to", "of", "that", "the") or re.search(
        r"\b(?:i|we|you|is|are)\b", noun
    ):
        return
    if _PASSING_VALUES.match(rest):
        return
    favourite = re.match(
        r"(?:favou?rite|fave|fav|preferred|least favou?rite|lucky|go-to|dream|ideal)\b", noun
    )
    head = re.sub(r"s$", "", noun_words[-1])
    known = bool(favourite) or head in _OPEN_HEADS or noun_words[-1] in _OPEN_HEADS
    titled = values.title(values.bare(rest))
    numbered = re.match(
        r"(?:number |no\.? |the )?(?P<v>\d[\d.,/-]*\w*|"
        + "|".join(NUMBERS)
        + r")\b(?P<unit> \w+)?",
        rest,
    )
    if favourite and re.match(r"(?:to |when |that )", rest):
        return
    if titled and (known or not favourite) and is_name(titled.split()[0]):
        value = titled
        if head == "type" and len(values.short_phrase(rest, 3)) > len(titled):
            value = values.short_phrase(rest, 3)
    elif numbered and known:
        value = values.short_phrase(rest, 3)
    elif known:
        phrase = values.first_item(values.cut(rest))
        if not favourite and head not in _LOWER_HEADS and noun_words[-1] not in _LOWER_HEADS:
            return
        value = values.bare(re.split(r"\s(?:because|with|for|when)\s", phrase)[0])
        limit = 7 if favourite else 5
        if len(value.split()) > limit or values.is_vague(value):
            return
    elif re.match(r"an? (?:[a-z-]+ ){0,2}[a-z-]+(?:$|[,.]| (?:on|with|from|called|in)\b)", rest):
        value = values.short_phrase(values.bare(rest), 4)
        value = re.split(r"\s(?:on|with|from|called|in)\s", value)[0]
        if not value or value.split()[-1] in _NO_KIND or is_occupation(value):
            return
    else:
        return
    yield found(
        said,
        re.sub(r"^(?:fave|fav|favorite) ", "favourite ", noun)
        if noun.startswith(("fave ", "fav "))
        else noun,
        value,
        0.85,
    )


def reversed_attribute(said: Said, noun: str, value: str) -> Iterator[Found]:
    """Yield what "<value> is my <noun>" says."""
    last = noun.lower().split()[-1]
    if last in ("hero", "heroine"):
        return  # "Klopp is my hero"
    known = last in _OPEN_HEADS or last.rstrip("s") in _OPEN_HEADS or _named_noun(noun.lower())
    if not known:
        return
    read = read_role(noun.lower())
    if read and read[0].kind != "thing" and read[1] == len(noun):
        return
    about = Said(said.who, f"is {value}", said.casual, said.cast, said.here)
    yield from attribute(about, noun)


def _named_noun(noun: str) -> bool:
    """Tell whether a noun names a relation, or a favourite."""
    favourite = re.match(r"(?:favou?rite|fave|fav|go-to|lucky|dream|least favou?rite)\b", noun)
    return bool(favourite) or noun in _PHRASES or any(noun in group for group in _SAME.values())


def owner_label(said: Said) -> str:
    """Return "user" or the label of the owner."""
    return said.who.label if said.who else USER
