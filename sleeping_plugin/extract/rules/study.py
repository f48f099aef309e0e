"""Rules for learning and teaching: school, subject, degree."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import LANGUAGES
from sleeping_plugin.extract.people import CAP
from sleeping_plugin.extract.rules.base import Found, Said, found, rule
from sleeping_plugin.extract.rules.work import employer_in
from sleeping_plugin.relations.grammar import words

_SUBJECTS = words(
    """
    maths math mathematics physics chemistry biology geography history english german french
    spanish italian latin art music drama pe science sciences literature philosophy ethics religion
    economics politics computing programming informatics sociology psychology law medicine
    engineering architecture theology linguistics pottery yoga pilates dance ballet piano violin
    guitar swimming karate judo chess drawing painting cooking sewing ceramics first second third
    fourth fifth sixth primary kindergarten year grade reception preschool
    """
)


@rule(r"(?:(?:am|is|are) <adv>)?(?:teach|teaches|teaching|taught|lecture|lectures) (?P<rest>.*)")
def _teaches(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    past = said.text.lower().startswith("taught")
    if re.match(r"(?:at|in the|there|on)\b", rest):
        return
    if re.match(r"(?:myself|himself|herself|how|me|you|us|him|her|them|my|that)\b", rest):
        return
    phrase = re.split(r"\s(?:at|in|to|on|for)\s", values.cut(re.sub(r"^(?:in|on) ", "", rest)))[0]
    taught = [
        item
        for item in values.items(phrase, 4)
        if set(item.lower().split()) & (_SUBJECTS | LANGUAGES) or not said.casual
    ]
    for item in taught[:3]:
        if (
            not re.search(
                r"\b(?:kids|children|people|students|pupils|teenagers|adults|lesson|class|"
                r"classes|school)\b",
                item,
                re.IGNORECASE,
            )
            or set(item.lower().split()) & _SUBJECTS
        ):
            yield found(said, "old teaching subject" if past else "teach", item)
    at = re.search(r"\sat (?P<v>.*)", values.cut(rest))
    if at and re.search(CAP, at.group("v").split(" in ")[0]):
        yield from employer_in(said, at.group("v"), strict=False)
    inner = re.search(r"\sin (?P<v>.*)", values.cut(rest))
    told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
    if told:
        yield found(said, "work city", told, 0.85)


@rule(
    r"(?:(?:am|is|are) <adv>(?:at [\w' ]+?,? )?(?:studying|reading(?= (?:law|history|english|"
    r"physics|maths|medicine|classics|philosophy|chemistry|biology|geography)\b)|majoring in|"
    r"doing (?:a|my|his|her|their) (?:\w+ )?(?:phd|master'?s|bachelor'?s|degree|doctorate|ba|bsc|"
    r"msc|ma) (?:in|on)|training (?:as|to be|to become) an?|an? (?P<year>[\w-]+ )?student of|"
    r"learning to be an?)|"
    r"(?:have|has) (?:been studying)|study|studies|major in|majors in|majored in|specialise in|"
    r"specialises in|(?:have|has)(?: got)? a (?:\w+ )?(?:degree|phd|doctorate|diploma|master'?s|"
    r"bachelor'?s) in|(?:did|got) (?:a|my|his|her) (?:\w+ )?(?:degree|phd|doctorate|master'?s) in|"
    r"studied|graduated in) (?P<rest>.*)"
)
def _studies(said: Said, match: re.Match[str]) -> Iterator[Found]:
    at = re.search(
        r"\bat (?P<at>(?:the )?[\w' ]+?)(?: in (?P<city>[\w ]+?))?,? (?:studying|doing)\b",
        said.text,
    )
    if at and not re.match(r"(?:home|the moment|night|least)\b", at.group("at")):
        if re.search(CAP, at.group("at")) or said.casual:
            yield found(said, "school", values.bare(values.cut(at.group("at"))))
        yield found(said, "study city", at.group("city") or "")
    verb, rest = match.group()[: match.start("rest")].lower(), match.group("rest")
    past = bool(re.match(r"studied|majored|graduated|did|got|(?:have|has) a", verb))
    if re.match(r"(?:at|in)\s", rest):
        yield from _school(said, rest, past=past)
        return
    training = re.search(r"training|learning to be", verb)
    phrase = re.split(
        r"\s(?:at|in|for|with|abroad|there|full-time|part-time|here|online|to)\s?",
        values.first_item(values.cut(rest)),
    )[0]
    plainly = re.match(r"the [a-z]", phrase)  # "I study the menu"
    phrase = re.sub(r"^the\s+", "", phrase)
    if plainly and not re.search(r"(?:ology|ics|history|law|arts|sciences|classics)\b", phrase):
        return
    if (
        phrase
        and len(phrase.split()) <= 5
        and not values.is_vague(phrase)
        and not re.match(r"(?:hard|abroad|a lot|for|all|my|every|together|too|online|at)\b", phrase)
    ):
        if training:
            yield found(said, "future job", phrase)
        else:
            yield found(said, "degree" if past else "field of study", phrase)
    yield from _school(said, " " + rest, past=past)


def _school(said: Said, text: str, *, past: bool) -> Iterator[Found]:
    """Yield the school after "at" and the city after "in"."""
    text = values.cut(text)
    at = re.search(r"(?:^|\s)at (?P<v>.*)", text)
    if at:
        front = re.split(r"\s(?:in|on|for|near)\s", values.first_item(at.group("v")))[0]
        if re.search(CAP, front) or re.search(
            r"\b(?:university|college|school|conservatory|academy|conservatoire|institute)\b", front
        ):
            yield found(said, "alma mater" if past else "school", re.sub(r"^(?:an?)\s+", "", front))
    inner = re.search(r"(?:^|\s)in (?P<v>.*)", text)
    told, _ = values.place(inner.group("v"), casual=said.casual) if inner else ("", False)
    if told:
        yield found(said, "alma mater city" if past else "study city", told)


@rule(
    r"(?:(?:am|is|are) <adv>(?:now )?(?:at|in) (?:the |a |an |my )?(?P<place>(?:\w+ "
    r"){0,3}(?:university|uni|college|school|conservatory|conservatoire|academy|institute)(?: of "
    r"[\w ]+?)?))(?:,| and| now|$| in| studying| where)(?P<rest>.*)"
)
def _at_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.search(CAP, match.group("place")):
        yield found(said, "school", match.group("place").strip())
    study = re.search(r"(?:studying|doing|reading) (?P<v>.*)", match.group("rest"))
    if study:
        phrase = re.split(
            r"\s(?:at|in|for|with)\s", values.first_item(values.cut(study.group("v")))
        )[0]
        yield found(said, "field of study", re.sub(r"^the\s+", "", phrase))
        inner = re.search(r"\sin (?P<v>.*)", study.group("v"))
        told, _ = values.place(inner.group("v"), casual=False) if inner else ("", False)
        if told:
            yield found(said, "study city", told)


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:do|does|doing|make|makes|making|pursue|pursues|"
    r"pursuing|finishing|completing) "
    r"(?:the|an?|my|his|her) (?:(?:[a-z]+ )?(?:master(?:'s|s)?|phd|doctorate|"
    r"bachelor(?:'s|s)?|degree|"
    r"apprenticeship|diploma) (?:of|in|on) (?:an? )?(?P<v>.*)|(?P<own>[a-z]+ "
    r"studies)\b(?P<after>.*))"
)
def _does_a_degree(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I do the master of robotics here", "is pursuing his medical studies at Nagpur"."""
    phrase = match.group("own") or values.first_item(values.cut(match.group("v")))
    phrase = re.split(r"\s(?:at|in|for|with|here|there|since)\b", phrase)[0]
    if phrase and len(phrase.split()) <= 4 and not values.is_vague(phrase):
        yield found(said, "field of study", phrase)
    rest = match.group("after") or match.group("v")
    at = re.search(rf"\b(?:at|in) (?P<v>(?-i:{CAP}).*)", rest or "")
    if at:
        yield found(said, "study city", values.place(at.group("v"), casual=False)[0], 0.85)


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:do|does|doing|on|taking|taking up|finishing|starting|"
    r"halfway through) "
    r"(?:an?|my|the|his|her) (?P<v>[a-z]+(?: [a-z]+)?) (?:course|degree|apprenticeship|"
    r"diploma|a-level)\b"
    r"(?P<rest>.*)"
)
def _on_a_course(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I do my plastering course at Coleg Llandrillo"."""
    if match.group("v") not in (
        "new",
        "short",
        "online",
        "crash",
        "first",
        "second",
        "golf",
        "main",
    ):
        yield found(said, "field of study", match.group("v"))
        yield from _school(said, match.group("rest"), past=False)


_STUDIED = re.compile(
    r"(?:nursing|medicine|dentistry|midwifery|law|history|english|maths|mathematics|"
    r"music|art|drama|"
    r"architecture|engineering|philosophy|accounting|accountancy|business|marketing|computing|"
    r"economics|politics|finance|geography|chemistry|theology|joinery|plumbing|catering|childcare|"
    r"hairdressing|teaching|design|fashion|journalism|\w+(?:ology|ics|istry|graphy|nomy|science|"
    r"sciences|engineering|studies|nursing|law|design))$"
)


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:doing|does|do|did|(?:(?:am|is|are) )?off to "
    r"(?P<to>[\w' ]+?) to (?:do|study)) "
    r"(?:an? |her |his |my )?(?:degree in |a-levels in |apprenticeship in "
    r")?(?P<v>[a-z]+(?: [a-z]+)?)"
    r"(?=$|,| at\b| in\b| now\b| and\b| so\b)(?P<rest>.*)"
)
def _does_nursing(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "she is doing nursing in Limerick", "I'm off to Bristol to do physics"."""
    if not _STUDIED.match(match.group("v")) or not said.is_person:
        return
    yield found(said, "field of study", match.group("v"))
    yield from _school(said, match.group("rest"), past=False)
    if match.group("to"):
        yield found(said, "study city", values.place(match.group("to"), casual=said.casual)[0])


@rule(
    r"(?:am|is|are) <adv>(?:in|starting|going into|entering) (?:the |his |her |my )?"
    r"(?P<v>\d+(?:st|nd|rd|th) grade|(?:first|second|third|fourth|fifth|sixth|seventh|"
    r"eighth|ninth|tenth|"
    r"eleventh|twelfth) (?:grade|form|year)|year (?:\d+|[a-z]+)|grade \d+|primary \d|"
    r"kindergarten|sixth form|"
    r"(?:senior|junior|final|freshman|sophomore) year)\b"
)
def _in_grade(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "im in 8th grade", "Danylo is in year four"."""
    if said.is_person:
        yield found(said, "school year", match.group("v"))


@rule(r"(?:am|is|are) <adv>reading (?P<v>[a-z]+(?: (?:and )?[a-z]+)?) at (?P<at>[A-Z].*)")
def _reads_at(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "field of study", match.group("v"))
    yield found(said, "school", values.title(match.group("at")))


@rule(
    rf"(?:am|is|are) <adv>(?:(?:away|off|still|now|up|over|down) )?at (?:the )?(?:uni|"
    rf"university|college|"
    rf"school|boarding school|art school|drama school|med school|law school) in "
    rf"(?P<v>(?-i:{CAP}).*)"
)
def _at_uni_in(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "study city", values.place(match.group("v"), casual=False)[0])


@rule(r"(?:go|goes|went|attend|attends|attended|graduated from) (?:to )?(?P<rest>.*)")
def _goes_to_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    front = re.split(
        r"\s(?:in|on|for|near|with|by|every)\s", values.first_item(values.cut(match.group("rest")))
    )[0]
    if re.search(CAP, front) and re.search(
        r"\b(?:university|uni|college|school|academy|high|gymnasium|institute|conservatory|"
        r"grammar|primary|elementary|eth|mit|ucl|lse|oxford|cambridge|harvard|yale|stanford)\b",
        front,
        re.IGNORECASE,
    ):
        past = re.match(r"went|attended|graduated", said.text, re.IGNORECASE)
        yield found(said, "alma mater" if past else "school", re.sub(r"^(?:an?|the)\s+", "", front))
    if match.group().lower().startswith("graduated from") and re.search(CAP, front):
        yield found(said, "alma mater", re.sub(r"^(?:the)\s+", "", front))


@rule(
    r"(?:start|starts|started|goes|go|enrolled|enrols) (?:school )?(?:at|to|in) "
    rf"(?P<v>(?-i:{CAP})(?: (?:of )?(?-i:{CAP}))*? (?:Elementary|Primary|Academy|High|School|"
    r"College|Kindergarten|Nursery|University|Grammar|Middle School|High School))"
)
def _starts_school(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "school", match.group("v"))


@rule(
    r"(?:have|has)(?: got)? an? (?:\w+ )?(?:degree|phd|diploma|doctorate|master's) from (?:the "
    r")?(?P<at>[A-Z][\w ]+?)"
    r" in (?P<v>[a-z]+(?: [a-z]+)?)"
)
def _degree_from(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "degree", match.group("v"))
    yield found(said, "alma mater", match.group("at"))


@rule(
    r"(?:give|gives|offer|offers|(?:am|is) giving) (?P<v>[\w' -]{3,25}?) (?:lessons|classes|"
    r"courses|workshops)\b(?P<rest>.*)"
)
def _gives_lessons(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I give swimming lessons to toddlers at the municipal pool in Turku"."""
    subject = re.sub(r"^(?:some|private|weekly|online|free|the|a few|group) ", "", match.group("v"))
    if subject not in ("private", "online", "extra", "free", "my", "the"):
        yield found(said, "teach", subject)
    at = re.search(r"\bat (?P<v>.*)", match.group("rest"))
    if at:
        yield from employer_in(said, at.group("v"), strict=False)
    inner = re.search(r"\bin (?P<v>[A-Z].*)", match.group("rest"))
    if inner:
        yield found(said, "work city", values.place(inner.group("v"), casual=False)[0], 0.85)
