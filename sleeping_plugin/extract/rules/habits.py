"""Rules for other verbs: what somebody collects, grows, breeds, writes, drinks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.rules.base import Found, Said, found, rule, said_of
from sleeping_plugin.relations.grammar import realise

_LASTING = (
    "run|design|illustrate|import|export|groom|shear|print|bind|upholster|produce|fix|collect|"
    "grow|breed|keep|brew|restore|build|raise|coach|repair|carve|make|"
    "sell|bake|write|train|foster|"
    "cultivate|rear|tune|translate|mend|weave|forge"
)
_MADE = ("make", "bake", "write", "sell", "train", "build", "repair", "mend", "raise", "fix")
_FORMS = {form: verb for verb in _LASTING.split("|") for form in (verb, verb + "s", verb + "es")}
_ING = {
    "collecting": "collect", "growing": "grow", "breeding": "breed", "keeping": "keep",
    "brewing": "brew", "restoring": "restore", "building": "build", "raising": "raise",
    "coaching": "coach", "writing": "write", "renovating": "restore",
}  # fmt: skip
_ANIMALS = re.compile(
    r"\b(?:hens|chickens|sheep|goats|cows|cattle|pigs|ducks|geese|rabbits|horses|bees|alpacas|"
    r"ferrets|"
    r"budgies|tortoises|donkeys|ponies|pigeons|turkeys|quails|rats|mice|hamsters|snakes|fish)\b"
)
_PROJECT = (
    r"(?:book|novel|thesis|dissertation|phd|memoir|cookbook|boat|model|treehouse|house|telescope|"
    r"guitar|robot|play|screenplay|opera|symphony|blog|column)"
)


@rule(rf"(?P<verb>{_LASTING.replace('|', '(?:e?s)?|')}(?:e?s)?) (?P<rest>.*)")
def _lasting(said: Said, match: re.Match[str]) -> Iterator[Found]:
    verb = _FORMS.get(match.group("verb").lower(), "")
    rest = match.group("rest")
    if not verb or re.match(
        r"(?:it|that|this|them|him|her|me|you|us|my|his|our|your|their|sure|up|out|on|in|down|a "
        r"(?:mistake|decision|plan|list|note|living|point|difference|joke|fuss|mess|lot|habit|"
        r"call|move)|to|the (?:same|most|best|door|bed|change|house)|an (?:effort|appointment|"
        r"eye)|\w+ing|going|money|dinner|lunch|breakfast|friends|mistakes|plans|progress|sense|"
        r"fun|people|quiet|calm|warm|sure|fit|track|time|old|older|tired)\b",
        rest,
    ):
        return
    made = verb in _MADE and re.match(r"(?:an?|the|some)\b", rest)
    if made and not re.match(r"a (?:blog|column|newsletter|food blog)", rest):
        return  # "I make a cake" is no habit
    if re.match(r"(?:from|for|with|about|in|at|on)\b", rest):
        return
    if verb == "keep" and _ANIMALS.search(rest):
        return  # told as animals already
    if verb == "run" and not re.match(r"[A-Z]\w+s\b|(?:cattle|sheep|goats|pigs|hens|cows)\b", rest):
        return
    phrase = re.split(
        r"\s(?:in|at|on|for|with|from|under|behind|of my|near|out)\s", values.cut(rest)
    )[0]
    if re.search(r"\b(?:called|named)\b", phrase):
        return
    for item in values.items(phrase, 4):
        item = re.sub(
            r"^(?:my own|our own|his own|her own|own|always|never|often|mostly|some|a few|an?|two|"
            r"three|four|lots of|a lot "
            r"of|all kinds of|all sorts of)\s+",
            "",
            item,
        )
        if item and not values.is_vague(item):
            yield found(said, "keep" if verb == "rear" else verb, item)


@rule(rf"(?:am|is|are) <adv>(?P<verb>{'|'.join(_ING)}) (?P<rest>.*)")
def _doing(said: Said, match: re.Match[str]) -> Iterator[Found]:
    verb, rest = _ING[match.group("verb").lower()], match.group("rest")
    project = re.match(
        rf"(?:an?|my (?:\w+ )?|the )\s?(?P<v>(?:[\w'-]+ ){{0,3}}{_PROJECT}(?: (?:about|on|of) "
        rf"(?:[\w'-]+ ?){{1,4}})?)",
        rest,
    )
    old = re.match(r"an? (?P<v>(?:old |vintage |wooden |\d+ |[A-Z]\w+ ){1,3}[\w-]+)", rest)
    if verb in ("write", "build", "restore") and (project or old):
        value = (project or old).group("v")  # type: ignore[union-attr] # one of them matched
        yield found(said, verb, values.cut(value), 0.8)
    elif verb in ("collect", "grow", "breed", "keep", "brew", "coach"):
        for item in values.items(rest, 4)[:3]:
            if not re.match(
                r"(?:a list|ideas|up|tired|data|information|it|track|my|an eye|quiet|calm)\b", item
            ):
                yield found(said, verb, item, 0.85)


@rule(
    r"(?:drink|drinks|take|takes|have|has) (?:my|his|her) (?P<what>coffee|tea|espresso|whisky|"
    r"steak|eggs) (?P<v>.*)"
)
def _takes_coffee(said: Said, match: re.Match[str]) -> Iterator[Found]:
    value = re.split(r"[,;.(]| but | because ", match.group("v"))[0].strip()
    value = value if len(value.split()) <= 7 else ""
    kept = re.match(
        r"(?:black|white|with [\w ]+|without [\w ]+|strong|sweet|neat|rare|medium|well done|"
        r"unsweetened|decaf|cold)",
        match.group("v"),
    )
    if kept:
        yield found(said, f"{match.group('what').lower()} preference", value or kept.group())


@rule(
    r"(?:drink|drinks) (?:only |mostly |nothing but )?(?P<v>(?:[\w-]+ ){0,2}(?:tea|coffee|mate|"
    r"matcha|cocoa|water|wine|beer|cider|milk|juice|kombucha|espresso|decaf|rooibos))\b(?! "
    r"(?:today|tonight|now))"
)
def _drinks(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.search(r"\b(?:too much|much|more|less|enough|of)\b", match.group("v")):
        return
    yield found(said, "drink", match.group("v"))


@rule(
    r"(?:do|does) not (?P<v>smoke|drink|drive)(?:$|,|"
    r" any| at all| or | and )"
)
def _does_not(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "never does", match.group("v"), 0.8)


@rule(
    r"(?:(?:am|is|are) <adv>)?(?:commute|commutes|go to work|goes to work|get to work|gets to "
    r"work|cycle to work|travel to work) (?:by|with|on) (?P<v>(?:the |my )?[\w -]{3,20})"
)
def _commutes(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "way to work", values.bare(values.cut(match.group("v"))), 0.8)


@rule(
    r"(?:have|has) (?:been )?(?:a |an )?(?P<v>(?:blue|green|brown|grey|gray|hazel|dark|black|red|"
    r"blond|blonde|curly|ginger|auburn|long|short|white|silver)(?: \w+)?) (?P<what>eyes|hair)\b"
)
def _looks(said: Said, match: re.Match[str]) -> Iterator[Found]:
    part = "eye colour" if match.group("what").lower() == "eyes" else "hair"
    yield found(said, part, match.group("v"))


@rule(
    r"used to (?P<v>(?:teach|work|play|drive|run|own|sell|collect|breed|grow|box|row|swim|sing|"
    r"dance|"
    r"study|coach|write|ride|smoke|keep|build|make|farm|fish|fence|paint|act|skate|surf)\b.*)"
)
def _used_to(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "she used to teach third grade" as what was, not what is."""
    then = replace(said, text=conjugated(said, match.group("v")))
    found_any = False
    for one in said_of(then):
        found_any = True
        relation = one.relation if one.relation.startswith("former") else f"former {one.relation}"
        yield replace(one, relation=relation)
    if not found_any and len(match.group("v").split()) == 1:
        yield found(said, "former hobby", match.group("v"), 0.8)


def conjugated(said: Said, phrase: str) -> str:
    """Return the verb phrase as it is said of the subject in the present."""
    return (
        phrase
        if said.who is None
        else realise("{" + phrase.split()[0] + "}", "X") + phrase[len(phrase.split()[0]) :]
    )
