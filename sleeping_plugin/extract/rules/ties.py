"""Rules for belonging: nationality, faith, marriage, children, animals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.lexicon import NATIONALITIES, RELIGIONS, ZODIAC
from sleeping_plugin.extract.people import CAP, read_role, singular_label
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule

# ---------------------------------------------------------------- belonging


@rule(
    rf"{NOW} <adv>(?:an? )?(?P<half>half[- "
    rf"])?(?P<v>{'|'.join(sorted(NATIONALITIES, key=len, reverse=True))})(?P<rest>.*)"
)
def _nationality(said: Said, match: re.Match[str]) -> Iterator[Found]:
    after = match.group("rest")
    if not said.is_person or re.match(
        r"\s+(?!and\b|but\b|by\b|with\b|so\b|from\b|who\b|too\b|living\b|born\b)[a-z]", after
    ):
        return
    if re.match(r"[\w-]", after):
        return
    yield found(said, "nationality", match.group("v"), 0.85)


@rule(
    rf"{NOW} <adv>(?:an? )?(?:practising |practicing |devout |strict "
    rf")?(?P<v>{'|'.join(sorted(RELIGIONS, key=len, reverse=True))})\b(?! \w+(?:y|er|ist|or)\b)"
)
def _religion(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "religion", match.group("v"))


@rule(
    rf"{NOW} <adv>(?:(?:getting|to be) )?(?:married|engaged)(?: since \w+| in \w+){{0,3}},? (?:to|"
    rf"with) (?P<rest>.*)|{NOW} <adv>(?P<soon>marrying) (?P<whom>.*)"
)
def _married_to(said: Said, match: re.Match[str]) -> Iterator[Found]:
    told = match.group("rest") or match.group("whom")
    rest = re.sub(r"^(?:an?|the) (?:\w+ ){1,3}(?:called|named) ", "", told)
    read, _ = values.names(rest, casual=said.casual and "called" in told, several=False)
    if not read:
        return
    role = "spouse" if "married" in match.group() else "fiancé(e)"
    if role != "spouse" or re.search(r"getting|to be|marrying", match.group()):
        role = "fiancé"
    if said.who is None:
        for label in ("my wife", "my husband", "my partner"):
            if said.cast.of_label(label):
                role = label[3:]
    else:
        married = {"m": "wife", "f": "husband"}.get(said.who.gender, "spouse")
        role = married if role == "spouse" else "fiancé"
        lass = re.search(r"\b(lass|woman|girl|lady)\b|\b(lad|man|guy|bloke)\b", told)
        if lass and role != "fiancé":
            role = "wife" if lass.group(1) else "husband"
    label = f"my {role}" if said.who is None else f"{said.subject}'s {role}"
    gender = {"wife": "f", "husband": "m"}.get(role, "")
    said.cast.meet(label, "person", read[0], gender, said.here)
    yield Found(label, "name", read[0])


@rule(
    rf"(?:{NOW} <adv>(?:dating|seeing|going out with|in a relationship with|together with)|date|"
    r"dates|married) (?P<rest>.*)"
)
def _dating(said: Said, match: re.Match[str]) -> Iterator[Found]:
    read, _ = values.names(match.group("rest"), casual=False, several=False)
    if not read or (said.who is None and "married" in match.group() and said.pronoun == "we"):
        return
    role = "spouse" if match.group().startswith("married") else "partner"
    label = f"my {role}" if said.who is None else f"{said.subject}'s {role}"
    said.cast.meet(label, "person", read[0], "", said.here)
    yield Found(label, "name", read[0])


@rule(r"(?:got|were|was|have been|has been|are|am|is) (?:happily )?married (?P<rest>.*)")
def _wedding(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    day = values.date(rest)
    year = re.match(r"(?:back )?(?:in|since|from) ((?:19|20)\d\d)\b", rest)
    if day and re.search(r"\d", day) and re.match(r"(?:\w+ ){0,4}on ", rest):
        yield found(said, "anniversary", day)
    elif year:
        yield found(said, "wedding year", year.group(1))


@rule(
    r"(?:have|has|have got|has got|got|am the (?:\w+ )?(?:mother|father|mum|mom|dad|parent) of|am "
    r"an? (?:\w+ )?(?:mother|father|mum|mom|dad|parent) (?:of|to)|is an? (?:\w+ )?(?:mother|"
    r"father|mum|mom|dad) (?:of|to)) (?P<v>two|three|four|five|six|seven|eight|nine|ten|"
    r"\d+)(?P<of> (?P<mod>(?:\w+ ){0,2})(?P<role>kids|childs|children|sons|daughters|boys|girls|"
    r"brothers|sisters|siblings|grandchildren|grandkids|cats|dogs|horses|chickens|hens|rabbits|"
    r"goats|sheep|cows|bees|hives|beehives|ducks|parrots|budgies|hamsters|guinea pigs|alpacas|"
    r"donkeys|ponies|tortoises))?\b(?P<rest>.*)"
)
def _how_many(said: Said, match: re.Match[str]) -> Iterator[Found]:
    what = match.group("role") or (
        "children" if "of" in match.group().split(match.group("v"))[0] else ""
    )
    if not what or re.match(r"\s*(?:,|:|\(|-|called|named)?\s*" + CAP, match.group("rest")):
        return
    if re.match(r"\s*,?\s*(?:called|named)\b", match.group("rest")):
        return
    read = read_role(what.lower())
    label = singular_label(read[0]) if read else what
    named = [
        e
        for e in said.cast.entities
        if e.name and e.label.endswith(label) and e.seen[:2] == said.here[:2]
    ]
    if len(named) > 1:
        return  # their names say how many they are
    if what.lower() in ("kids", "children", "childs"):
        yield found(
            said, "number of children", match.group("v") + (f" {what}" if match.group("of") else "")
        )
    elif what.lower() in (
        "brothers",
        "sisters",
        "siblings",
        "sons",
        "daughters",
        "boys",
        "girls",
        "grandchildren",
        "grandkids",
    ):
        yield found(said, f"number of {what.lower()}", match.group("v"))
    else:
        yield found(said, "pets", f"{match.group('v')}{match.group('of') or ''}")


@rule(
    r"(?:have|has|have got|has got|got|own|owns|adopted|rescued|keep|keeps|bought|(?:have|has) "
    r"(?:just |recently )?(?:adopted|rescued|bought))(?: myself| ourselves)? (?:an?|one|another) "
    r"(?P<rest>.*)"
)
def _has_pet(said: Said, match: re.Match[str]) -> Iterator[Found]:
    read = read_role(match.group("rest"))
    if (
        read is None
        or read[0].kind != "pet"
        or read[0].plural
        or read[0].head in ("pet", "boxer", "pointer", "setter", "cow")
    ):
        return
    role, end = read
    after = match.group("rest")[end:]
    label = f"my {role.text}" if said.who is None else f"{said.subject}'s {role.text}"
    entity = said.cast.of_label(label)
    if entity and entity.name and entity.seen[:2] == said.here[:2]:
        return
    if not re.match(
        r"$|[,.;:!?(]| (?:and|who|that|which|called|named|with|at|in|for|from|to|but|because|since|"
        r"he|she|it|they|as|too|now|again|already|of|on|whose|I|we|my|our|living|sleeping)\b",
        after,
    ) or re.match(r" for (?:sale|my|a friend)", after):
        return
    if entity is None:
        said.cast.meet(label, "pet", "", role.gender, said.here)
    yield found(said, "pet", role.text)


@rule(
    rf"{NOW} <adv>(?:an? )?(?P<v>divorced|widowed|separated|widower|widow|single (?:mum|mom|"
    r"mother|dad|father|parent))\b"
)
def _marital(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.is_person:
        yield found(said, "marital status", match.group("v"), 0.85)


@rule(rf"{NOW} <adv>(?:an? |the )?(?P<v>only child)\b")
def _only_child(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "position among siblings", match.group("v"), 0.85)


@rule(rf"{NOW} <adv>(?:an? )?(?P<v>{'|'.join(sorted(ZODIAC))})\b")
def _star_sign(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if re.search(r"\ban? " + match.group("v"), said.text) and said.is_person:
        yield found(said, "star sign", match.group("v"))


@rule(
    r"(?:have|has|keep|keeps|own|owns|got)(?: got)? (?P<v>(?:some |a few |a couple of )?(?:hens|"
    r"chickens|sheep|goats|"
    r"cows|cattle|pigs|ducks|geese|rabbits|horses|bees|alpacas|ferrets|budgies|tortoises|donkeys|"
    r"ponies|"
    r"guinea pigs|goldfish|cats|dogs|parrots|pigeons|turkeys|quails|rats|mice|hamsters|gerbils|"
    r"snakes))\b"
)
def _has_animals(said: Said, match: re.Match[str]) -> Iterator[Found]:
    yield found(said, "pets", re.sub(r"^(?:some|a few|a couple of) ", "", match.group("v")), 0.85)
