"""Phrases that say who is who: "Rafael is my husband", "Waffles, that's our cat", "aged 9"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.attributes import reversed_attribute
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import CAP, NAME, Entity, is_name, read_role, user_label
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.rules.base import Found
from sleeping_plugin.extract.values import NUMBER
from sleeping_plugin.relations.grammar import USER

_ROLE_ENDS = r"(?P<what>[\w -]+?)(?=$|,| (?:and|but|who|has|is)\b)"
_LATER = r"(?:was|had|did|got|learned|started|moved|left|met|became|lost|will|would)"
_KIDS = re.compile(
    r"\b(?:kids|children|wee ones|little ones|three of them|two of them|four of them|twins|boys|"
    r"girls|grandkids|grandchildren|picky eaters)\b",
    re.IGNORECASE,
)


def role_of(spoken: Spoken, name: str, what: str, owner: Entity | None, at: int) -> Iterator[Found]:
    """Yield that ``name`` is the owner's ``what``, if that is a role."""
    read = read_role(what)
    if read is None:
        return
    role, rest = read[0], what[read[1] :].strip()
    if is_occupation(name.strip()):  # "Vet's my daughter"
        label = user_label(role, owner.subject if owner else USER)
        kept = spoken.user.cast.meet(label, role.kind, "", role.gender, (*spoken.user.here[:2], at))
        yield Found(kept.subject, "job", name.strip().lower())
        return
    if rest and not re.match(r"(?:from|at|in|and|who|of (?:mine|ours)|next door)\b", rest):
        return
    names, end = values.names(name, casual=False, several=role.plural)
    if not names or end < len(name.strip()):
        return
    cast, here = spoken.user.cast, spoken.user.here
    for one in names:
        label = user_label(role, owner.subject if owner else USER)
        known = cast.named(one)
        if known is not None and (not known.label or known.label.startswith("the ")):
            known.label = label
        gender = role.gender if role.gender != "p" else ""
        cast.meet(label, role.kind, one, gender, (here[0], here[1], at))
        yield Found(label, "name", one)


@phrase(rf"(?P<v>{NAME}),? (?:that is|this is|he is|she is|is) (?:my|our) {_ROLE_ENDS}")
@phrase(
    rf"(?<![\w'])(?P<v>{NAME})(?:,| \(|,? -)\s?(?:who is )?(?:my|our) (?P<what>[\w -]+?)(?=,|\)| "
    r"-|$)"
)
def _is_my_role(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    counted = re.search(r"\b(?:an?|the) $", spoken.text[: match.start()])  # "he's a Libra, my ex"
    if counted or (match.start() == 0 and is_ordinary(match.group("v").split()[0])):
        return  # "Wine is my therapist"
    told = list(role_of(spoken, match.group("v"), match.group("what"), None, match.start()))
    yield from told or reversed_attribute(spoken.user, match.group("what"), match.group("v"))


@phrase(rf"\b(?P<who>he|she|it|that) is (?:my|our) {_ROLE_ENDS}", ignore_case=True)
def _she_is_my(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    pronoun = match.group("who").lower()
    who = spoken.resolve("who" if pronoun == "that" else pronoun, match.start())
    if who and who.name and not re.search(CAP, spoken.text[: match.start()][-25:]):
        yield from role_of(spoken, who.name, match.group("what"), None, match.start())


@phrase(
    r"^(?:(?:and|oh|so|well|anyway|also|yes|no|btw|by the way|actually)\b,? )*",
    r"(?P<v>[^,;:?]{2,60}?),? (?:is|are|was) (?:(?:both|also|still|now|actually|currently) )*",
    r"(?P<whose>my|our|his|her|their) (?P<what>[^,;:?]{2,60}?)(?=$|,|;| (?:and|but|because|so|who|"
    r"which|from|in|at|since|these|too|by far|of all|ever|now|though|anyway|as)\b)",
    ignore_case=True,
)
def _is_my(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "pottery is my hobby", "Ana is her sister"."""
    value = re.sub(
        r"^(?:and|but|so|because|that|this|it|he|she|there)\b,?\s*", "", match.group("v")
    ).strip()
    owner = None
    if match.group("whose").lower() not in ("my", "our"):
        owner = spoken.resolve(match.group("whose"), match.start("whose"))
        if owner is None:
            return
    if not value or re.search(
        r"\b(?:if|whether|what|who|where|which|how|think|said|says|I|you|my|this|that|it|he|she|"
        r"they)\b",
        value,
        re.IGNORECASE,
    ):
        return
    if re.search(CAP, value) and not (match.start("v") == 0 and is_ordinary(value.split()[0])):
        yield from role_of(spoken, value, match.group("what"), owner, match.start("v"))
    yield from reversed_attribute(spoken.about(owner, ""), match.group("what"), value)


@phrase(
    r"\bnothing (?:beats|is better than|better than) (?:an? |the |some )?(?P<v>[\w' -]+?), ",
    r"(?:that|it) is my (?P<what>[\w -]+)",
    ignore_case=True,
)
def _nothing_beats(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield from reversed_attribute(spoken.user, match.group("what"), match.group("v"))


@phrase(rf"(?P<n>{CAP})(?:,? of|,? aged?|,) (?P<v>{NUMBER})(?= years\b|$|[,.;)]| and\b)")
@phrase(rf"(?P<n>{CAP})(?:,? who is|,? aged| \(|,)? ?(?P<v>\d{{1,2}})(?=\)|,| and\b| years|$)")
def _aged(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Leo (6) and Mia (4)", "Aisulu 9"."""
    entity = spoken.user.cast.named(match.group("n"))
    compared = re.search(r"\bas [a-z]+ as $|\bthan $", spoken.text[: match.start()])
    if entity and not compared:
        yield Found(entity.subject, "age", match.group("v"))


@phrase(
    rf"\bat (?P<v>{NUMBER})(?: years old)?,? (?P<who>she|he|I)\b(?! {_LATER}\b)",
    ignore_case=True,
)
def _at_age(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "at eighty-one she still swims"."""
    who = None
    if match.group("who").lower() != "i":
        who = spoken.resolve(match.group("who"), match.start("who"))
    years = match.group("v")
    if (who or match.group("who").lower() == "i") and (not years.isdigit() or int(years) > 2):
        yield Found(who.subject if who else USER, "age", years)


@phrase(r"\b(?:I|me)\b[^,]*,(?: [^,]+,)? at (?P<v>(?:\w+ty)(?:-\w+)?|\d\d)(?=$|[,.])")
def _at_my_age(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I have gout, imagine, at fifty-three"."""
    if re.fullmatch(NUMBER, match.group("v"), re.IGNORECASE):
        yield mine("age", match.group("v"), 0.8)
    del spoken


@phrase(rf"(?:^|[,:;] (?:and )?|\band )(?P<n>{CAP}) is (?P<v>{NUMBER})(?=$|[,.;]| and\b)")
@phrase(rf"(?:[,:;] (?:and )?|\band )(?P<n>{CAP}), (?P<v>{NUMBER})(?=$|[,.;]| and\b|, who)")
@phrase(rf"(?:[,:;] (?:and )?|\band )(?P<n>{CAP}), who is (?P<v>{NUMBER})(?=$|[,.;]| and\b)")
@phrase(rf"\bthere is (?P<n>{CAP}), (?:he|she) is (?P<v>{NUMBER})(?=$|[,.;]| and\b)")
def _children_with_ages(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "three of them: Cara is thirteen, Oisin's ten"."""
    name, cast = match.group("n"), spoken.user.cast
    known = cast.named(name)
    if known is not None and known.label:
        yield Found(known.subject, "age", match.group("v"))
    elif is_name(name) and _KIDS.search(f"{spoken.previous} {spoken.text}"):
        cast.meet("my kid", "person", name, "", (*spoken.user.here[:2], match.start()))
        yield Found("my kid", "name", name, 0.8)
        yield Found(name, "age", match.group("v"), 0.8)


@phrase(rf"^(?P<names>{CAP}(?:, {CAP})*,? and {CAP})(?:$|,| are\b)")
def _named_children(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "They are twins. Defne and Deniz, they are six"."""
    group = re.search(
        r"\b(?P<role>twins|kids|children|boys|girls|sons|daughters|cats|dogs|brothers|sisters)\b",
        spoken.previous,
        re.IGNORECASE,
    )
    names, end = values.names(match.group("names"), casual=False, several=True)
    cast = spoken.user.cast
    if not group or len(names) < 2 or end < len(match.group("names")):
        return
    if any(cast.named(name) for name in names):
        return
    read = read_role(group.group("role").lower())
    for name in names if read else []:
        label = user_label(read[0]) if read else ""
        cast.meet(label, "person", name, "", (*spoken.user.here[:2], match.start()))
        yield Found(label, "name", name, 0.85)
    years = re.match(rf",? they are (?P<v>{NUMBER})\b", spoken.text[match.end() - 1 :])
    for name in names if years else []:
        yield Found(name, "age", years.group("v") if years else "", 0.85)


@phrase(
    r"\b(?P<whose>my|his|her)(?P<role> [\w -]+?'s)? (?:\d+\w* )?birthday\b[^.;]{0,40}?",
    r"\b(?:on|is|it is) (?P<v>.*)",
    ignore_case=True,
)
def _birthday_on(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    day = values.date(match.group("v"))
    owner = None
    if match.group("whose").lower() != "my":
        owner = spoken.resolve(match.group("whose"), match.start())
        if owner is None:
            return
    subject = owner.subject if owner else USER
    if match.group("role"):
        read = read_role(match.group("role").strip())
        if read is None:
            return
        subject = user_label(read[0], subject)
        known = spoken.user.cast.of_label(subject)
        subject = known.subject if known else subject
    yield Found(subject, "birthday", day)


@phrase(
    r"\bmy (?:\d\d(?:st|nd|rd|th)|thirtieth|fortieth|fiftieth)(?: birthday)?(?: "
    r"is)?(?: on)? (?P<v>.*)"
)
def _my_thirtieth(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "it's my 30th on 14 Feb"."""
    if values.DATE.match(match.group("v")):
        yield mine("birthday", values.date(match.group("v")))
    del spoken


@phrase(
    r"\b(?P<who>he|she|who|I) (?:(?:turns|is turning|will be|am turning|turn) )\w[\w-]*(?: years "
    r"old)? ",
    r"(?:on|this) (?P<v>.*)",
)
def _turns_on(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "he turns 40 on the 23rd of August"."""
    who = None if match.group("who") == "I" else spoken.resolve(match.group("who"), match.start())
    if who or match.group("who") == "I":
        yield Found(who.subject if who else USER, "birthday", values.date(match.group("v")))


@phrase(r"^(?P<n>\w+)!* (?P<next>\w+) (?:on|in) (?P<v>.*)", ignore_case=True)
@phrase(r"^(?P<next>(?:\d\d|\w+teen|twenty\w*|thirty\w*|forty\w*)) on (?P<v>.*)", ignore_case=True)
def _next_age_on(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "fifteen!! sixteen on november 2"."""
    if re.fullmatch(NUMBER, match.group("next"), re.IGNORECASE) and re.match(
        values.DATE, match.group("v")
    ):
        yield mine("birthday", values.date(match.group("v")))
    del spoken


@phrase(
    r"^(?:(?:oh|and|also|ok) )?(?P<v>[a-z]{3,}) (?:our|my) (?P<what>[a-z]+)(?= (?:is|was|says|"
    r"will|wants|loves|has)\b)"
)
def _nico_our_singer(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "nico our singer is gonna love it", from somebody who writes without capitals."""
    read = read_role(match.group("what"))
    if spoken.user.casual and read and read[0].kind != "thing" and is_name(match.group("v")):
        label = user_label(read[0])
        here = (*spoken.user.here[:2], match.start())
        spoken.user.cast.meet(label, read[0].kind, match.group("v"), read[0].gender, here)
        yield Found(label, "name", match.group("v"), 0.8)
