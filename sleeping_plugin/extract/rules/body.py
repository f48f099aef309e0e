"""Rules for age, dates, body and health."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import CONDITIONS, DIETS, FOODS, HEALTH_ADJECTIVES, MONTHS
from sleeping_plugin.extract.rules.base import BE, NOW, Found, Said, found, rule

MONTH_NAME = re.compile(
    r"(?:early |late |mid-?)?(?:" + "|".join(sorted(MONTHS)) + r")\b", re.IGNORECASE
)

# ---------------------------------------------------------------- age, birthday, body


@rule(
    rf"(?:{NOW} <adv>(?:turning |gonna be |going to be )?|will (?:be|turn) |turns |(?:(?:have|"
    rf"has) )?"
    rf"(?:just |recently )?turned |have |has )(?:aged )?(?P<rest>\w.*)"
)
def _age(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is not None and said.who.kind == "thing":
        return
    have = re.match(r"(?:have|has)\b", said.text, re.IGNORECASE) and "turned" not in match.group()
    rest = match.group("rest")
    if have and not re.match(r"\w+ years(?! (?:of|experience|in|with|left|to|ago|at|as))", rest):
        return
    years = values.age(rest)
    if said.who is not None and not said.who.introduced and said.pronoun in ("who", "he", "she"):
        return  # "John is older than Mary, who is 12"
    if said.who is None and re.search(r"week|month|day", years):
        return  # "I'm pregnant, 22 weeks"
    digits = re.match(r"\d+", years)
    if not years or (digits and not 0 < int(digits.group()) < 116):
        return
    counted = re.match(rf"{re.escape(years)}\s*(?:of|in) ", rest)
    if counted and "month" not in years and "turn" not in match.group():
        return
    yield found(said, "age", years)


@rule(
    rf"{NOW} <adv>(?P<v>(?:\d+(?:[.,]\d+)? ?(?:cm|m|metres?|meters?|centimet\w+|feet|foot|ft|"
    r"')(?: ?\d+)?\"?(?: ?(?:inch\w*|in))?|(?:five|six|four) (?:foot|feet)(?: \w+)?))(?: "
    r"tall)?(?=$|[ ,.])"
)
def _height(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.is_person and not re.search(r"\b(?:away|deep|off|from|behind|long|wide)\b", said.text):
        yield found(said, "height", match.group("v").strip())


@rule(
    r"(?:wear|wears|take|takes|am|is|have|has) (?:a )?(?:shoe )?size "
    r"(?P<v>\d+(?:[.,]5)?)(?P<rest>.*)"
)
def _size(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if "dress" not in match.group("rest"):
        yield found(said, "shoe size", match.group("v"))


@rule(r"(?:celebrate|celebrates|have|has) (?:my|his|her|their) birthday (?:on|in) (?P<rest>.*)")
def _celebrates(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "birthday", values.date(match.group("rest")))


@rule(rf"{BE} <adv>allergic to (?P<rest>.*)")
def _allergic(said: Said, match: re.Match[str]) -> Iterator[Found]:
    for item in values.items(match.group("rest")):
        if not re.search(
            r"\b(?:mondays?|work|exercise|mornings?|maths?|bullshit|drama|housework|effort|"
            r"stupid\w*|people|nonsense|noise|jokes?|whining|idiots?|"
            r"(?:his|her|their|your|my)(?= ))\b",
            item,
            re.IGNORECASE,
        ):
            yield found(said, "allergy", values.bare(item))


@rule(
    r"(?:have got|has got|have|has|got|suffer from|suffers from) (?:a |an |my )?(?:(?:bad|severe|"
    r"serious|mild|terrible|strong|nasty|slight) )?(?P<v>(?!an? )[\w' -]{2,30}?) (?:allerg(?:y|"
    r"ies)|intolerance)\b(?! (?:question|test|season|med|tablet|shot|clinic))"
)
def _has_allergy(said: Said, match: re.Match[str]) -> Iterator[Found]:
    kind = "intolerance" if "intoler" in match.group() else "allergy"
    for item in values.items(match.group("v")):
        yield found(said, kind, item)


@rule(
    r"(?:have|has|got|have got|has got) (?:an? )?(?:\w+ )?(?:allergy|intolerance|allergic "
    r"reaction) (?:to|on|against) (?P<rest>.*)"
)
def _has_allergy_to(said: Said, match: re.Match[str]) -> Iterator[Found]:
    for item in values.items(match.group("rest")):
        yield found(said, "allergy", values.bare(item))


@rule(
    rf"{NOW} <adv>(?P<v>lactose|gluten|fructose|histamine|dairy|caffeine|egg|wheat)[- ]intolerant|"
    rf"{NOW} <adv>intolerant (?:to|of) (?P<w>.*)"
)
def _intolerant(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "intolerance", match.group("v") or values.short_phrase(match.group("w"), 3))


@rule(
    r"(?:have|has|have got|has got|suffer from|suffers from|live with|lives with|(?:was|were) "
    r"diagnosed with|(?:am|is) diagnosed with|struggle with|(?:have|has) been diagnosed with) "
    r"(?P<rest>.*)"
)
def _condition(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = values.short_phrase(match.group("rest"), 5)
    phrase = re.sub(r"^(?:an?|mild|severe|really|very|chronic|bad|my)\s+(?=\w)", "", phrase)
    lowered = set(re.findall(r"[\w']+", phrase.lower()))
    device = re.search(
        r"\b(?:hearing aids?|pacemaker|stoma|prosthe\w+|glass eye|cochlear implant|insulin pump|"
        r"epipen)\b",
        phrase.lower(),
    )
    ending = device or re.search(
        r"(?:osis|itis|emia|aemia|algia|pathy|plegia|syndrome|disease|disorder|"
        r"degeneration|failure|murmur|impairment|deficiency|palsy|ulcers?|kidney "
        r"stones|cancer|trait|stutter|stammer|lisp|squint|tremor|-danlos|phobia|"
        r"noea)$",
        phrase.lower(),
    )
    if device and re.match(r"an? ", match.group("rest")):
        phrase = f"{match.group('rest').split()[0]} {phrase}"
    if (lowered & CONDITIONS or ending) and said.is_person:
        yield found(said, "medical condition", phrase)


@rule(
    rf"{NOW} <adv>(?:a )?(?P<v>colou?r blind|(?:left|right) handed|(?:type (?:1|2|one|two) "
    rf")?(?:{'|'.join(sorted(HEALTH_ADJECTIVES))})(?: in (?:one|the|my|his|her) (?:\w+ )?(?:ear|"
    r"eye))?)\b"
)
def _health(said: Said, match: re.Match[str]) -> Iterator[Found]:
    likened = re.match(r" (?:as|like|to) (?!a result)(?:an? |the )?[a-z]", said.text[match.end() :])
    if not likened:  # "blind as a bat"
        yield found(said, "health", match.group("v"))


@rule(
    r"(?:am|is) (?:forbidden|not allowed|banned from|off|told to avoid|not supposed to "
    r"(?:eat|have|drink)) (?P<v>.*)"
)
def _forbidden(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I am forbidden grapefruit on account of my heart tablets"."""
    for item in values.items(re.split(r"\s(?:on account|due|since|by)\s", match.group("v"))[0], 3):
        if item.lower().split()[-1] in FOODS | {"grapefruit", "salt", "alcohol", "shellfish"}:
            yield found(said, "avoids eating", item, 0.85)


@rule(r"(?:am|is) [^,;]{0,30}?\bwith (?P<rest>(?:an? |my |his |her )?[\w' -]+)")
def _with_condition(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm 71 with a heart murmur"."""
    yield from _condition(said, match)


@rule(r"(?:am|is) <adv>(?:a )?(?P<v>type (?:1|2|one|two))(?=$|,| so\b| and\b)")
def _diabetes_type(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "diabetes type", match.group("v"))


@rule(
    r"(?:am|is|are) (?:\w+ )?(?:expecting|having|pregnant)\b.*? (?:in|on|around) "
    r"(?:the )?(?P<v>.*)"
)
@rule(r"(?:am|is) (?:\w+ )?due (?:in|on|at|around) (?:the )?(?P<v>.*)")
def _due(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "I'm pregnant too, due in November"."""
    when = values.date(match.group("v")) or MONTH_NAME.match(match.group("v"))
    if when and said.is_person:
        yield found(said, "due date", when if isinstance(when, str) else when.group())


@rule(
    rf"{NOW} <adv>(?:an? )?(?:strict |lifelong |committed |devout "
    rf")?(?P<v>{'|'.join(sorted(DIETS, key=len, reverse=True))})\b"
)
def _diet(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "diet", match.group("v"))


@rule(
    r"(?:eat|eats|follow|follows|keep|keeps) (?:(?:only|a|an|strictly|mostly) "
    rf")*(?P<v>{'|'.join(sorted(DIETS, key=len, reverse=True))})\b"
)
def _eats(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "diet", match.group("v"))


@rule(
    r"(?:take|takes|(?:am|is|are) (?:on|taking)) (?P<v>metformin|insulin|ibuprofen|warfarin|"
    r"levothyroxine|lithium|statins?|beta[- ]blockers?|blood thinners|antidepressants|sertraline|"
    r"ritalin|methylphenidate|omeprazole|\w+(?:pril|sartan|statin|mab|zole|ine|olol|pam))\b"
)
def _medicine(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if match.group("v").lower() not in (
        "line",
        "mine",
        "wine",
        "fine",
        "time",
        "medicine",
        "nine",
        "online",
        "vaccine",
        "routine",
        "cocaine",
        "caffeine",
        "machine",
        "magazine",
    ):
        yield found(said, "take", match.group("v"))


@rule(
    r"(?:take|takes) .*\b(?:pills?|tablets?|medicines?|medication|drops|"
    r"capsules?)\b.*?\b(?:called|named) (?P<v>\w+)"
)
def _takes_pill(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "take", match.group("v"))
