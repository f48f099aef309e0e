"""Rules for places: where somebody lives, comes from, was born."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.people import CAP
from sleeping_plugin.extract.rules.base import NOW, Found, Said, found, rule
from sleeping_plugin.relations.grammar import USER

# ---------------------------------------------------------------- places


@rule(
    r"(?:live|lives|living|reside|resides|(?:am|is|are) <adv>(?:living|based|residing|settled|at "
    r"home)|"
    r"(?:have|has) (?:always |been )?(?:lived|living|been based)|have settled|settled|stay|stays|"
    r"(?:have|has|rent|rents|own|owns|share|shares|bought) (?:a |an |my |our |their |his |her "
    r")?(?:\w+ )?"
    r"(?:flat|house|apartment|place|home|cottage|farm|room|studio|houseboat|bungalow)) "
    r"(?P<rest>.*?\b(?:in|near|at|on|outside|out of|around|close to|by|just|not far|here in|over "
    r"in|down in|up in)\b.*)"
)
def _lives(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = match.group("rest")
    if re.search(
        r"\b(?:this|next|last) (?:week|month)|for (?:a|the) (?:week|weekend|few)|until", rest
    ):
        return
    street = re.search(
        rf"\b(?:on|in|at) (?P<v>(?:\d+ )?(?:the )?(?:(?-i:{CAP}) )+(?:Street|St|Road|Rd|Avenue|"
        r"Ave|Lane|Drive|Way|"
        r"Close|Crescent|Square|Terrace|Row|Boulevard|Court|Gardens|Place|Hill|Alley|Quay))\b",
        rest,
    ) or re.search(
        r"\b(?:on|in) (?P<v>(?:[\w]+(?:stra(?:ß|ss)e|gasse|weg|gata|gatan)|(?:rue|via|calle|"
        rf"rua) (?-i:{CAP})[\w ]*))",
        rest,
    )
    if street:
        yield found(said, "street", street.group("v"))
        rest = rest[street.end() :]
    if re.match(r"(?:with|without|alone)\b", rest) and not re.search(r"\bin\b", rest):
        return
    before = re.search(
        r"\b(?:in|near|at|outside|out of|around|close to|by|on|not far from)\s", rest
    )
    if before is None:
        return
    if re.match(r"(?:alone|together|with)\b", rest):
        rest = rest[before.start() :]
    word = before.group().strip().lower()
    told, near = values.place(
        rest[rest.index(before.group()) + len(before.group()) :], casual=said.casual
    )
    if not told:
        return
    if word == "on" and not re.search(r"\bon (?:the|an?) ", rest):
        return  # "she lives on Roquefort"
    if near or word in ("near", "outside", "close to", "by", "around", "not far from"):
        lead = word if word in ("near", "outside", "close to", "by", "not far from") else "near"
        yield found(said, "home area", f"{lead} {told}" if f"{lead} {told}" in said.text else told)
    else:
        nearer = re.search(
            rf"{re.escape(told)},? (?:too|as well|also|now)?,? ?(?:in|near) "
            rf"(?P<v>{CAP}(?: {CAP})*)",
            rest,
        )
        away = said.who is not None and said.who.kind == "thing"
        relation = "where: is based in" if away else "home city"
        yield found(said, relation, nearer.group("v") if nearer else told)


@rule(
    r"(?:(?:have|has) )?(?:just |recently |finally |since |also )?(?:moved|relocated|emigrated|"
    r"immigrated|"
    r"transferred|settled down|settled|ended up|landed|stayed|come|came over|moving)"
    r"(?: (?:back|here|over|out|down|up|away|house|again|home))*(?: from (?P<old>[\w' -]+?))?"
    r" (?:(?:out |back |over |down |up |behind |on )?(?:to|into|in)) (?P<rest>.*)"
)
def _moved(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if match.group().lower().startswith(("come", "came", "moving")):
        return
    told, _ = values.place(match.group("rest"), casual=said.casual)
    if told:
        yield found(said, "home city", told)


@rule(
    rf"(?:(?:{NOW}) <adv>(?:originally |proudly )?from|(?:come|comes|came) (?:(?:originally|up|"
    r"over|down|here|all the way) )*from|"
    r"hail from|hails from|"
    r"grew up (?:in|near|on)|(?:was|were|am|is|are) (?:raised|brought up|born and "
    r"bred) in|(?:have|has) my roots in) "
    r"(?P<rest>.*)"
)
def _is_from(said: Said, match: re.Match[str]) -> Iterator[Found]:
    if said.who is not None and said.who.kind == "thing":
        return
    told, _ = values.place(match.group("rest"), casual=said.casual)
    if told:
        yield found(said, "hometown", told)
        nearer = re.match(
            rf"{re.escape(told)}, (?:in|near) (?P<v>{CAP}(?: {CAP})*)", match.group("rest")
        )
        yield found(said, "hometown", nearer.group("v") if nearer else "")


@rule(r"(?:(?:was|were|am|is|are) )?<adv>born (?P<rest>.*)")
def _born(said: Said, match: re.Match[str]) -> Iterator[Found]:
    rest = re.sub(r"^(?:and (?:raised|bred|grew up) )", "", match.group("rest"))
    day = values.date(rest)
    if day and re.match(r"(?:.{0,40}\bon )?(?:the )?", rest) and re.search(r"\d|eve|day", day):
        yield found(said, "birthday", day)
    year = re.match(r"(?:back )?in ((?:19|20)\d\d)\b", rest)
    if year:
        yield found(said, "birth year", year.group(1))
        rest = rest[year.end() :]
    spot = re.search(r"\bin (?!19|20|the (?:year|summer|winter|spring))(.*)", rest)
    if spot and not re.match(
        r"(?:january|february|march|april|may|june|july|august|september|october|november|"
        r"december)\b",
        spot.group(1),
        re.IGNORECASE,
    ):
        told, _ = values.place(spot.group(1), casual=said.casual)
        if told:
            yield found(said, "birthplace", told)


@rule(
    r"(?:(?:am|is) <adv>)?(?:writing|write|calling|texting|typing|speaking|messaging)(?: to you| "
    r"this)? from (?P<rest>.*)"
)
def _writes_from(said: Said, match: re.Match[str]) -> Iterator[Found]:
    told, _ = values.place(match.group("rest"), casual=said.casual)
    if told and not re.search(
        r"\b(?:train|airport|hotel|bus|plane|holiday|station)\b", match.group("rest")
    ):
        yield found(said, "home city", told, 0.85)


_AWAY = re.compile(
    r"\b(?:holiday|vacation|conference|trip|visiting|travelling|traveling|airport|hotel|tonight|"
    r"today|tomorrow|yesterday|week|weekend|at the moment|right now|until|till|for (?:a|the|"
    r"work|two|"
    r"three)|this morning|meeting|next|when|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_NO_HOME = re.compile(
    r"^(?:[A-Z]{2}|HR|[A-Z]&[A-Z]|Year|Grade|Form|Class|Advanced|Sales|Marketing|Finance|Room|Ward|"
    r"Tesco|Asda|Aldi|Lidl|Costco|Walmart|Target|IKEA|Ikea|Starbucks|Excel|Word|Python|Java|"
    r"Windows|"
    r"Linux|Photoshop|Slack|Teams|Zoom|Recovery|Lent|Ramadan|Advent)\b|\b(?:Year|Class|Office|"
    r"Department|Meeting|Airport|Station|Hospital|Hotel)\b"
    r"|^(?:january|february|march|april|may|june|july|august|september|october|november|"
    r"december|mon|tues|wednes|thurs|fri|satur|sun)",
    re.IGNORECASE,
)


@rule(
    rf"{NOW} <adv>(?:still|now|out|over|back|down|up|living|settled)? ?(?P<link>in|near|outside|"
    r"just outside|close to|up in|down in|over in) (?:of )?(?P<rest>.*?)(?P<how> "
    r"(?:for (?:\w+ )?\w+ years|since \w+|now\b|with (?:my|his|her|their))|$)"
)
def _is_in(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "in Cork for fifteen years now", "she is out in Melbourne with her husband"."""
    sure = match.group("how") or re.match(
        r"\w+ (?:also |actually )?(?:now|still|out|over|back|down|up) ", said.text
    )
    ours = said.who and said.who.introduced and not said.who.label  # "our Sian"
    kin = ours or (
        said.who
        and re.search(
            r"(?:lad|boy|girl|eldest|youngest|kid|partner|ex|mother|father|mum|mom|dad|son|"
            r"daughter|brother|sister|parents|uncle|aunt|cousin|"
            r"niece|nephew)$",
            said.who.label,
        )
    )
    own = said.who is None and said.pronoun in ("i", "we") and not _AWAY.search(said.text)
    if not (sure or kin or own) or not said.is_person:
        return
    told, _ = values.place(match.group("rest"), casual=False)
    plain = re.match(
        rf"(?:the )?{re.escape(told)}(?=$|,| (?:so|and|but|now|here|where)\b)", match.group("rest")
    )
    if told and not (sure or kin) and (not plain or _NO_HOME.search(told)):
        return
    if told and match.group("link") in ("near", "outside", "just outside", "close to"):
        area = f"{match.group('link')} {told}"
        yield found(said, "home area", area if area in said.text else told, 0.85)
        return
    if told and not re.search(r"\b(?:Force|Army|Navy|Marines|Guard|Cav|Club|Team|Year)\b", told):
        yield found(said, "home city", told, 0.85)


@rule(rf"{NOW} <adv>(?P<link>in|on|at|near|under|above|behind|opposite|beside|inside) (?P<rest>.*)")
def _thing_is_in(said: Said, match: re.Match[str]) -> Iterator[Found]:
    """Read "my studio is on Agricola Street", "my flat is in Alfama"."""
    if said.who is None or said.who.kind != "thing":
        return
    told, _ = values.place(match.group("rest"), casual=said.casual)
    later = re.search(rf"\bin (?P<v>{CAP}.*)", match.group("rest"))
    if not told and later:
        told, _ = values.place(later.group("v"), casual=False)
    if not told:
        return
    head = said.who.label.split()[-1]
    if head in ("house", "flat", "apartment", "cottage", "home", "bungalow"):
        road = re.search(r"(?:Street|Road|Avenue|Lane|St|Rd|Ave)$", told)
        yield Found(USER, "street" if road else "home city", told)
    elif head in ("car", "phone", "laptop", "bike", "van", "computer", "tent", "tablet", "truck"):
        return
    else:
        yield Found(said.who.label, "location", told)
