"""Rules for what somebody owns and uses: car, phone, computer, bike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import (
    BIKES,
    CARS,
    COMPUTERS,
    PHONES,
)
from sleeping_plugin.extract.people import CAP
from sleeping_plugin.extract.rules.base import Found, Said, found, rule
from sleeping_plugin.relations.grammar import words

# "driving test", "phone call": about the thing, and not the thing
_NO_CAR = words(
    """
    problem question accident lesson licence license ride test loan park tyre insurance
    crash theory case charger app number call screen contract tour trip course lane
    """
)
# Words that name a thing of this kind only beside a brand or a name
_GENERIC = words(
    """
    car van truck bus taxi focus leaf jazz smart mini golf polo pickup wagon ev estate
    hybrid zoe swift genesis surface mac framework bike bicycle motorbike laptop computer pc
    smartphone android desktop raspberry triumph canyon trek fiesta forester civic
    convertible tractor pixel galaxy lotus accord mg defender
    """
)
# Big things that people own
_OWNED = words(
    """
    campervan motorhome houseboat sailboat sailing narrowboat caravan tractor yacht kayak
    canoe greenhouse allotment telescope kiln loom
    """
)


@rule(
    r"(?:(?:am|is|are) <adv>driving|drive|drives|own|owns|bought|(?:have|has)(?: got)?|got|"
    r"(?:have|has) (?:just |recently )?(?:bought|got)|switched to|traded (?:it|the [\w ]+?|my [\w "
    r"]+?) (?:in )?for|upgraded to|replaced (?:it|the [\w ]+?|my [\w ]+?) with)"
    r"(?: around| about)?(?: in)? (?:an?|my|our|his|her|the) (?P<rest>.*)"
)
def _has_thing(said: Said, match: re.Match[str]) -> Iterator[Found]:
    verb = match.group().lower()
    phrase = re.split(
        r"\s(?:with|in|at|from|of|on|by|named|called|out|around|down|back|into)\s",
        values.first_item(values.cut(match.group("rest"))),
    )[0]
    phrase = re.sub(r"\s(?:called|named|now|here|around|too|home|to|that)$", "", phrase)
    tokens = [re.sub(r"'s?$", "", word) for word in re.findall(r"[\w'š-]+", phrase.lower())]
    if not tokens or len(tokens) > 6:
        return
    phrase = re.sub(r"^same ", "", phrase)
    drives = "driv" in verb
    last = tokens[-1]
    if set(tokens) & _NO_CAR:
        return
    if drives and (last in CARS or set(tokens) & CARS or re.search(CAP, phrase)):
        relation = (
            "drive"
            if last in ("bus", "taxi", "lorry", "tram", "tractor")
            or (last == "truck" and len(tokens) == 1)
            else "car"
        )
        yield found(said, relation, phrase)
        return
    if drives:
        return
    named = (set(tokens) & (CARS - _GENERIC)) or (
        set(tokens) & _GENERIC and re.search(CAP, phrase) and set(tokens) & CARS
    )
    if named and not set(tokens) & PHONES - _GENERIC:
        yield found(said, "car", phrase)
    elif set(tokens) & (PHONES - _GENERIC) or (set(tokens) & PHONES and re.search(CAP, phrase)):
        yield found(said, "phone", phrase)
    elif set(tokens) & (COMPUTERS - _GENERIC) or (
        set(tokens) & COMPUTERS and re.search(CAP, phrase)
    ):
        yield found(said, "computer", phrase)
    elif set(tokens) & (BIKES - _GENERIC) or (set(tokens) & BIKES and re.search(CAP, phrase)):
        yield found(said, "bike", phrase)
    elif set(tokens) & _OWNED and len(tokens) <= 4 and last not in ("trip",):
        yield found(said, "own", phrase)


@rule(r"(?:ride|rides) (?:an?|my|his|her) (?P<rest>.*)")
def _rides(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = values.short_phrase(match.group("rest"), 4)
    phrase = re.split(r"\s(?:to|in|on)\b", phrase)[0]
    if (
        phrase
        and (re.search(CAP, phrase) or set(phrase.lower().split()) & BIKES)
        and phrase.lower() not in ("bike", "bicycle")
    ):
        yield found(said, "bike", phrase)


@rule(r"(?:use|uses|type on|work on|code on) (?:an?|my|only an?) (?P<rest>.*)")
def _uses(said: Said, match: re.Match[str]) -> Iterator[Found]:
    phrase = values.short_phrase(re.split(r" (?:with|and|for) ", match.group("rest"))[0], 4)
    tokens = set(phrase.lower().split())
    if tokens & (PHONES - {"android", "smartphone", "galaxy", "pixel"}) or (
        tokens & PHONES and re.search(CAP, phrase)
    ):
        yield found(said, "phone", phrase)
    elif (
        re.fullmatch(r"(?!new|old|work|slow|my)\w+ laptop", phrase)
        or tokens & (COMPUTERS - {"laptop", "pc", "desktop", "surface", "framework"})
        or (tokens & COMPUTERS and re.search(CAP, phrase))
    ):
        yield found(said, "computer", phrase)
