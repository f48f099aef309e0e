"""Rules for what somebody supports, loves, hates and fears."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import ACTIVITIES, FOODS, GAMES, LANGUAGES, SPORTS
from sleeping_plugin.extract.people import CAP, read_role
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule


@rule(
    r"(?:(?:am|is|are) <adv>(?:an? )?(?:(?:big|huge|lifelong|massive|die-hard|proud|"
    r"long-suffering|great|loyal|passionate|keen|season ticket holder|true) )*(?:fans?|"
    r"supporters?|followers?) of|support|supports|root for|roots for|cheer for|cheers for|follow|"
    r"follows|(?:have|has) (?:always )?supported|(?:am|is|are) rooting for) (?P<rest>.*)"
)
def _supports(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = re.sub(r"^the (?=[A-Z])", "the ", match.group("rest"))
    name = values.title(rest)
    if name:
        relation = "team" if "fan" not in match.group() else "fandom"
        yield found(said, relation, name)
    elif (
        said.casual
        and "support" in match.group()
        and not re.match(r"(?:the|my|a|an|this|that|it|him|her|them|you|your|all|our)\b", rest)
    ):
        yield found(said, "team", values.short_phrase(rest, 2))
    elif "fan" in match.group():
        phrase = values.short_phrase(rest, 4)
        if phrase:
            yield found(said, "likes", phrase, 0.8)


@rule(
    rf"{NOW} <adv>(?:an? )?(?:(?:big|huge|lifelong|massive|die-hard|proud|long-suffering|great|"
    rf"loyal|passionate|keen|total) )*(?P<v>(?:(?-i:{CAP}) ?){{1,3}})(?:fan|supporter|fans|"
    r"supporters|man|woman)\b"
)
def _is_fan(said: Said, match: re.Match[str]) -> Iterator[Found]:
    name = match.group("v").strip()
    if re.match(CAP + "$", name.split()[0]):
        yield found(said, "team", name)


@rule(
    r"(?:like|likes|love|loves|adore|adores) (?P<v>.*?) (?:the most|the best|best|most|more than "
    r"(?:anything|everything|any other \w+))(?: of (?:all )?(?P<of>[\w ]+?))?(?:,|$| but| and| "
    r"because)"
)
def _likes_most(said: Said, match: re.Match[str]) -> Iterator[Found]:
    thing = (match.group("of") or "").strip().lower()
    singular = {
        "foods": "food",
        "colours": "colour",
        "colors": "color",
        "seasons": "season",
        "animals": "animal",
        "books": "book",
        "films": "film",
        "movies": "movie",
        "drinks": "drink",
        "dishes": "dish",
        "flowers": "flower",
        "fruits": "fruit",
    }
    value = values.bare(match.group("v"))
    if 0 < len(value.split()) <= 5 and not values.is_vague(value):
        yield found(said, f"favourite {singular.get(thing, 'thing')}", value)


@rule(
    r"(?:can|must|should|may) not (?:really )?(?:eat|have|do|drink|touch|tolerate|"
    r"digest|stomach) (?P<rest>.*)"
)
def _can_not_eat(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.match(
        r"(?:it|that|this|them|anything|any|much|more|an?|my|your|without|another|enough|the)\b",
        match.group("rest"),
    ):
        return
    sure = re.match(r"\w+ not (?:really )?(?:eat|drink|digest)", said.text)
    for item in values.items(match.group("rest"), 3):
        if sure or set(item.lower().split()) & FOODS:
            yield found(
                said, "avoids drinking" if " drink " in match.group() else "avoids eating", item
            )


@rule(
    r"(?:can not stand|can not bear|can not abide|hate|hates|detest|detests|loathe|loathes|"
    r"dislike|dislikes|despise|despises|(?:do|does) not (?:really )?(?:like|eat|drink|enjoy)|"
    r"never (?:eat|drink)|(?:am|is) not (?:a (?:big )?fan of|fond of|keen on|into)) (?P<rest>.*)"
)
def _dislikes(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    verb = match.group()[: match.start("rest")].lower()
    if re.match(
        r"(?:it|that|this|them|him|her|to|when|how|the (?:way|idea|fact|thought)|my|his|being|"
        r"having|you|people|mondays?|myself|what|much|a lot|enough|well|any|anything|a thing)\b",
        rest,
    ):
        return
    for item in values.items(re.sub(r"^(?:any|the taste of|the smell of)\s+", "", rest), 3):
        lowered = item.lower()
        if item[:1].isupper() and "eat" not in verb and "drink" not in verb:
            break
        if lowered.endswith("ing") and len(lowered.split()) > 2:
            break
        if "eat" in verb:
            yield found(said, "avoids eating", item)
        elif "drink" in verb:
            yield found(said, "avoids drinking", item)
        else:
            yield found(said, "dislikes", item, 0.8)


@rule(
    rf"(?:{NOW} <adv>(?:afraid|scared|frightened|terrified) (?:of|from)|fear|fears|(?:have|has) "
    r"(?:an? )?(?:(?:terrible|real|huge|big|irrational) )?(?:fear|phobia) of) (?P<rest>.*)"
)
def _fears(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.match(
        r"(?:the (?:worst|exam|result|answer|future|interview)|my|losing|getting|being|what|it|"
        r"that|him|her|missing|failing|asking|making|forgetting)\b",
        match.group("rest"),
    ):
        return
    for item in values.items(match.group("rest"), 3):
        yield found(said, "fear", item)


@rule(
    r"(?:love|loves|adore|adores|like|likes|(?:am|is|are) <adv>(?:addicted to|obsessed with|crazy "
    r"about|fond of|into|mad about|a sucker for)) (?P<rest>.*)"
)
def _loves(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    if re.match(
        r"(?:it|that|this|these|those|them|him|her|to|when|how|the (?:way|idea|fact|thought|"
        r"sound|look|name|new|first|last|second|joke|one|part)|my|his|her|your|our|being|you|"
        r"people|myself|what|much|a lot|everything|all|any|both|every|one|a good|a nice|some|"
        r"\w+ing)\b",
        rest,
    ):
        return
    if read_role(values.bare(rest).lower()) and not re.match(r"(?:dogs|cats|horses|birds)\b", rest):
        return
    for item in values.items(rest, 3):
        if item.lower() in ACTIVITIES | SPORTS | GAMES:
            continue  # told as a hobby already
        if len(item.split()) <= 3 and (item[:1].islower() or item.split()[0].lower() in LANGUAGES):
            yield found(said, "likes", item, 0.75)
        else:
            break
