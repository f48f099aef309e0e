"""Phrases for names: "Tom here", "call me Lou", a signature, "Canela is her name"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.attributes import attribute
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import CARS, NATIONALITIES
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import (
    CAP,
    NAME,
    is_name,
    may_be_lower_name,
    read_role,
    user_label,
)
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.rules.base import Found, said_of
from sleeping_plugin.relations.grammar import USER

_GREETING = (
    r"^(?:(?i:guten \w+|buongiorno|bonjour|hola|howdy|g'day|salut|alright|hallo|hi|"
    r"hiya|hello|hey|morning|good \w+|"
    r"evening|ok|so|oh)\b[,! ]*)?"
)
_OTHERS = (
    "everyone|everybody|people|friends|they|family|colleagues|mates|kids|pupils|students|folks|"
    "guys|most|all"
)
_SIGNED = re.compile(
    r"(?:(?:[Bb]est|[Kk]ind|[Ww]arm|[Kk]indest|[Ww]armest)(?: regards| wishes)?|[Rr]egards|"
    r"[Yy]ours(?: \w+)?|[Ss]incerely|[Ff]aithfully|[Ww]ith (?:best|kind|warm) \w+|[Gg]reetings|"
    rf"[Ll]ove|[Cc]heers|[Tt]hanks|[Tt]hank you),?\s*\n\s*(?P<v>{NAME})\s*$"
)


def signature(message: str) -> str:
    """Return the name that a letter is signed with, or ""."""
    match = _SIGNED.search(message.rstrip())
    return match.group("v") if match and is_name(match.group("v").split()[0]) else ""


@phrase(
    _GREETING,
    rf"(?:(?i:this is|it is|I am) )?(?P<v>{NAME}) (?:here|speaking|again)\b",
    in_questions=True,
)
@phrase(
    _GREETING,
    rf"(?:[Tt]his is|[Ii]t is me,?) (?P<v>{CAP})(?: (?:from|in) {CAP}[\w ]*)?\s*(?=$|,)",
    in_questions=True,
)
def _here(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    name = match.group("v")
    again = match.group().endswith("again") and match.group().startswith(name)
    if again or is_ordinary(name.split()[0]):
        return  # "Rain again", "Try again but shorter"
    if spoken.index <= 1 and is_name(name.split()[0]) and len(name.split()) <= 3:
        yield mine("name", name)


@phrase(
    rf"\b(?P<kind>[Ss]tage|[Rr]eal|[Pp]en|[Mm]aiden|[Mm]iddle|[Ll]ast|[Ff]ull) name(?: "
    rf"is|:|,)? (?P<v>{NAME})"
)
def _stage_name(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Stage name's Lady Lungs, real name Denise"."""
    before = spoken.text[: match.start()].lower()
    if re.search(r"\b(?:her|his|their|your|'s|the|its) $", before):
        return
    kind = match.group("kind").lower()
    yield mine("name" if kind in ("real", "full") else f"{kind} name", match.group("v"))


@phrase(
    rf"\b(?:drive|have|own|ride|got|bought) (?:an?|my|the) [\w' -]{{2,30}}? (?:called|"
    rf"named|nicknamed) (?P<v>{CAP})"
)
def _car_called(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I drive a Micra called Mavis"."""
    words_in = set(re.findall(r"[a-z-]+", match.group().lower()))
    first = re.search(r"\b(?:I|we|We)\b[^,;]*$", spoken.text[: match.start()])
    if (
        first
        and words_in & (CARS - {"golf", "polo", "swift", "mini"})
        and is_name(match.group("v"))
    ):
        yield Found("my car", "name", match.group("v"), 0.8)


@phrase(rf"^(?:[A-Za-z]+[,!]? )?(?:(?i:it is|its) )?(?i:me) again,? (?P<v>{CAP})$")
def _me_again(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Hi, me again, Anneke"."""
    if is_name(match.group("v")):
        yield mine("name", match.group("v"))
    del spoken


@phrase(rf"^(?P<v>(?:Dr|Doctor|Doc)\.? {CAP})$")
def _doctor_alone(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "My OB says maybe earlier. Dr. Lindqvist."."""
    yield Found("my doctor", "name", match.group("v"), 0.8)
    del spoken


@phrase(
    rf"(?:^|, ?|[.] )(?P<v>{CAP}) to (?:my|all my|most) (?:friends|mates|family|pals|"
    rf"grandkids|kids)\b"
)
def _nickname_to(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Deborah here, Deb to my friends"."""
    if is_name(match.group("v")):
        yield mine("nickname", match.group("v"))
    del spoken


@phrase(_GREETING, rf"(?:[Hh]ere is|[Tt]his is|[Hh]ere speaks) (?P<v>{NAME})(?=$|[,.]| from\b)")
def _here_is(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Guten Abend, here is Helga"."""
    if spoken.index <= 1 and is_name(match.group("v").split()[0]) and spoken.ends != "?":
        yield mine("name", match.group("v"), 0.8)


@phrase(r"^(?:(?:hi+|hey+|yo|hello|g'?day|ok|morning|evening)\b,? )?(?P<v>[a-z]{3,}) here\b")
@phrase(
    r"^(?:(?:hi|hey|hello|yo|ok|morning|evening)\b,? )?(?:its|it is|this is) "
    r"(?P<v>[a-z]+) (?:again|here|back)\b"
)
def _its_me_again(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "hey its marcus again"."""
    if is_occupation(match.group("v")) or match.group("v") in NATIONALITIES:
        return
    if spoken.user.casual and spoken.index == 0 and may_be_lower_name(match.group("v")):
        yield mine("name", match.group("v"), 0.8)


@phrase(
    r"(?:^|[,.;:-] ?|\b(?:and|but|so|just|please|can|may|could)\b) ?",
    rf"(?P<who>\b(?:(?:my|our) )?(?:\w+ )?(?:{_OTHERS}) )?(?:\w+ )?calls? me (?P<v>.*)",
    ignore_case=True,
)
def _call_me(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if re.search(
        r"\b(?:not|never|stop|who|he|she|you|my \w+|boss|mum|mom|dad) (?:\w+ )?call",
        match.group().lower() if not match.group("who") else "",
    ):
        return
    rest = re.sub(r"^(?:just|simply|the|usually|always|by my name) ", "", match.group("v"))
    read, _ = values.names(rest, casual=False, several=False)
    for name in read:
        yield mine("nickname" if match.group("who") else "name", name)
    del spoken


@phrase(
    rf"(?:^|[,.;] ?|\band )(?P<v>{NAME}) is (?P<whose>my|the|his|her|its|their) (?:real "
    rf"|first )?name\b"
)
def _is_the_name(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if not is_name(match.group("v").split()[0]):
        return
    if match.group("whose") in ("my", "the"):
        yield mine("name", match.group("v"))
        return
    entity = spoken.resolve(match.group("whose"), match.start())
    if entity and not entity.name:
        entity.name = match.group("v")
        yield Found(entity.label, "name", match.group("v"))


@phrase(r"(?:^|[,.;] ?|\band )(?:the )?(?:first )?name is (?P<v>.*)", ignore_case=True)
def _name_is(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "my baby is 7 months, name is Ibrahima" and "Name's Dewi"."""
    here = spoken.user.here[:2]
    before = [
        one
        for one in spoken.user.cast.entities
        if one.seen[:2] == here and not one.name and one.seen[2] < match.start()
    ]
    first_person = re.search(r"\bI am\b", spoken.text[: match.start()])
    if before or match.start() == 0 or first_person:
        who = before[-1] if before else None
        yield from attribute(spoken.about(who, f"is {match.group('v')}"), "name")


@phrase(rf"^(?P<v>{NAME}),? (?P<who>he|she|it) is called\b")
@phrase(rf"^(?P<v>{NAME}), (?P<who>he|she) is (?:an? |\w+ing\b|from\b|so\b|very\b|my\b|the\b)")
@phrase(rf"^(?P<v>{NAME}), bless (?P<who>him|her)\b")
def _he_is_called(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Moose, he's called", "Doris, bless her"."""
    entity = spoken.resolve(match.group("who"), 0)
    if entity and not entity.name and is_name(match.group("v").split()[0]):
        entity.name = match.group("v")
        yield Found(entity.label, "name", match.group("v"))


@phrase(r"\b[Mm]ine is (?:called|named) (?P<v>.*)")
def _mine_is_called(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "a limerick about a wet dog? Mine's called Barnaby"."""
    read = [read_role(word) for word in re.findall(r"[a-z]+", spoken.previous.lower())]
    kept = [one[0] for one in read if one and one[0].kind in ("pet", "thing")]
    names, _ = values.names(match.group("v"), casual=spoken.user.casual, several=False)
    if kept and names:
        label = user_label(kept[-1])
        spoken.user.cast.meet(label, kept[-1].kind, names[0], kept[-1].gender, spoken.user.here)
        yield Found(label, "name", names[0])


@phrase(
    r"\b(?i:I|we) (?i:have|got|own|adopted|keep|rescued|bought) (?i:an?|another|one|this) ",
    rf"(?P<what>[a-z][\w' -]{{1,25}}?),? (?i:called|named) (?P<v>{NAME})",
)
def _has_called(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I have a lagotto called Mocka": an animal or thing that we know no word for."""
    if not read_role(match.group("what")):
        label = f"my {match.group('what')}"
        spoken.user.cast.meet(label, "pet", match.group("v"), "", spoken.user.here)
        yield Found(label, "name", match.group("v"))


@phrase(
    r"\b(?i:I|we) (?i:have|got|own|adopted|keep|rescued) (?i:an?|another) (?:[a-z]+ ){0,2}?",
    rf"(?P<what>[a-z]+), (?P<v>{CAP})(?=$|, who\b|, which\b| who\b|, (?:a|the|and)\b)",
)
def _has_named(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "we have an old elkhound, Balder, who steals crusts"."""
    if not read_role(match.group("what")) and is_name(match.group("v")):
        label = f"my {match.group('what')}"
        spoken.user.cast.meet(label, "pet", match.group("v"), "", spoken.user.here)
        yield Found(label, "name", match.group("v"), 0.8)


@phrase(
    r"\b(?P<what>cat|dog|puppy|kitten|rabbit|parrot|hamster|horse|tortoise|ferret) "
    rf"\((?P<v>{CAP})\)"
)
def _pet_in_brackets(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "tiny house, huge cat (Mogwai)"."""
    if is_name(match.group("v")) and not re.search(r"\b(?:his|her|their|your)\b", spoken.text):
        label = f"my {match.group('what')}"
        spoken.user.cast.meet(label, "pet", match.group("v"), "", spoken.user.here)
        yield Found(label, "name", match.group("v"), 0.8)


@phrase(
    r"\b(?P<us>[Ww]e|I|[Oo]ur|[Mm]y)\b.*\ba (?:little |baby |wee |tiny )?(?P<what>girl|boy)(?:,| "
    rf"called| named) (?P<v>{CAP})"
)
def _a_girl(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "we had our first kid in March, a girl, Zara"."""
    had = re.search(r"\b(?:have|had|got|expecting|gave birth|baby|kid|child)\b", spoken.text)
    if had and is_name(match.group("v")) and not spoken.user.cast.named(match.group("v")):
        label = "my daughter" if match.group("what") == "girl" else "my son"
        gender = "f" if match.group("what") == "girl" else "m"
        spoken.user.cast.meet(label, "person", match.group("v"), gender, spoken.user.here)
        yield Found(label, "name", match.group("v"))


@phrase(
    r"\bthe (?P<noun>names?|colou?r|breed|age|make|brand|title) of (?P<whose>my|our|his|her|"
    r"their) ",
    r"(?P<what>[\w' -]+?) (?P<rest>(?:is|are) .*)",
    ignore_case=True,
)
def _name_of(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    owner = None
    if match.group("whose").lower() not in ("my", "our"):
        owner = spoken.resolve(match.group("whose"), match.start())
        if owner is None:
            return
    holder = owner.subject if owner else USER
    read = read_role(match.group("what"))
    if read and read[1] == len(match.group("what")):
        role = read[0]
        label = user_label(role, holder)
        entity = spoken.user.cast.meet(label, role.kind, "", role.gender, spoken.user.here)
        about = spoken.about(entity, match.group("rest"))
        yield from attribute(about, match.group("noun").lower().rstrip("s"))
    else:
        noun = f"{match.group('what')} {match.group('noun').lower()}"
        yield from attribute(spoken.about(owner, match.group("rest")), noun)


@phrase(
    r"\b(?:[Dd]r\.?|[Dd]oc(?:tor)?) (?P<v>[A-Z][\w'-]+)(?= (?:says|said|told|gives|gave|wants|"
    r"thinks|put|"
    r"prescribed|insists|tells|at the|is my)\b)"
)
def _doctor_says(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Dr Patel gives me the look": whose doctor, if not mine?"""
    if re.search(r"\b(?:me|I|my|us)\b|says no\b", spoken.text):
        yield Found("my doctor", "name", match.group().strip(), 0.8)


@phrase(r"\b[Ii]t is (?P<v>(?:Dr\.?|Doctor) [A-Z][\w'-]+)")
def _it_is_doctor(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if re.search(r"\bdoctor\b", f"{spoken.previous} {spoken.text}".lower()) or spoken.index == 1:
        yield Found("my doctor", "name", match.group("v"), 0.8)


@phrase(
    r"\b[Tt]he (?P<role>[a-z-]+(?: (?!is\b)[a-z-]+)?),? (?:is )?(?P<v>(?:Mr|Mrs|Ms|Miss|Dr|Doc|"
    r"Doctor|Prof|"
    r"Professor|Madame|Herr|Frau|Pastor|Father|Coach)\.? [A-Z][\w'-]+)(?=$|[,.;!?]| and\b| is\b| "
    r"says\b)",
    in_questions=True,
)
def _the_vet(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "the vet, Doc Swanson", "the sister is Mrs Quigley": whose, if not mine?"""
    words_in = match.group("role").split()
    read = read_role(match.group("role")) or read_role(words_in[-1])
    if (read and read[0].kind == "person") or is_occupation(match.group("role")):
        yield Found(f"my {match.group('role')}", "name", match.group("v"), 0.8)


@phrase(
    rf"\b[Tt]he (?P<role>groom|bride|bridegroom|best man|maid of honour|bridesmaid) is "
    rf"(?P<v>{CAP})(?P<more>,? .*)?$"
)
def _the_groom(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "the groom is Rangi, a marine biologist"."""
    name = match.group("v")
    if not is_name(name):
        return
    label = f"the {match.group('role')}"
    who = spoken.user.cast.meet(label, "person", name, "", spoken.user.here)
    yield Found(label, "name", name)
    aside = re.match(r", (?P<v>an? .*)", match.group("more") or "")
    if aside:
        yield from said_of(spoken.about(who, f"is {aside.group('v')}"))


@phrase(
    r"\b[Tt]he (?P<what>cats|dogs|kids|boys|girls|twins|horses|hens) are (?:called|named) (?P<v>.*)"
)
@phrase(
    r"\b[Tt]he (?P<what>cat|dog|puppy|kitten|parrot|rabbit|horse|hamster)(?:'s name is| is "
    r"(?:called|named)) (?P<v>.*)"
)
def _the_cat(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "the cats are called Plys and Knud": whose, if not mine?"""
    read = read_role(match.group("what"))
    elsewhere = re.match(r" (?:next|over|across|down|opposite)\b", spoken.text[match.end("what") :])
    if read is None or elsewhere:
        return
    label = user_label(read[0])
    names, _ = values.names(match.group("v"), casual=spoken.user.casual, several=read[0].plural)
    for name in names:
        if not spoken.user.cast.named(name):
            spoken.user.cast.meet(label, read[0].kind, name, "", spoken.user.here)
            yield Found(label, "name", name)
