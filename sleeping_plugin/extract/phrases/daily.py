"""Phrases for daily life: car, hobby, team, star sign, job in passing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sleeping_plugin.extract import values
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import CARS, GAMES, SPORTS, ZODIAC
from sleeping_plugin.extract.people import CAP, is_name, read_role
from sleeping_plugin.extract.phrases.base import Spoken, mine, phrase
from sleeping_plugin.extract.rules.base import Found
from sleeping_plugin.relations.grammar import words

_MAKES = CARS - words(
    """
    car van truck bus taxi focus leaf jazz smart mini golf polo pickup wagon ev estate hybrid zoe
    swift genesis surface tractor lorry convertible accord civic fiesta defender lotus mg up seat
    transit sprinter ford camper campervan hatchback minivan dodge jeep beetle benz alfa aston
    acura crown suv outback forester passat astra jaguar range
    """
)
_GENERIC_MAKES = (
    CARS
    - _MAKES
    - words("accord civic fiesta defender jeep beetle outback forester passat astra jaguar transit")
)
_AGED = (
    r"(?:(?:old|new|little|trusty|ancient|beat-up|battered|rusty|second-hand|used|white|black|red|"
    r"blue|green|grey|gray|silver|yellow) )*"
)
_BRANDED = (
    r"(?:pen|watch|camera|bike|bicycle|guitar|piano|violin|sewing machine|phone|laptop|tractor|"
    r"mower|oven|van|truck|motorbike|headphones|keyboard|synth|bass|amp|telescope|kiln|racket|skis)"
)
_TABLE_GAMES = (
    GAMES | SPORTS | words("cribbage rummy euchre pinochle canasta whist ludo gin boules")
)
_VEHICLES = re.compile(
    r"\b(?:car|van|truck|engine|exhaust|drive|garage|clutch|tyre|mot|brake)", re.I
)
_NO_EVENT = words(
    """
    it that this today tomorrow yesterday he she who which there date birthday bday born what when
    i my his her their your anniversary and name they we was is one day
    meeting call deadline webinar delivery party
    """
)
_IDLE = (
    r"(?:go|am|have|need|work|want|do not|can|will|would|just|get|feel|stay|sleep|drink|eat|be|do|"
    r"think|see|meet)\b"
)


@phrase(r"^(?P<v>[A-Za-z]+)$")
def _star_sign(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if match.group("v").lower() in ZODIAC:
        yield mine("star sign", match.group("v"), 0.8)
    del spoken


@phrase(rf"\b(?:[Mm]y|[Oo]ur) (?P<v>{_AGED}(?P<make>[A-Za-z]+)(?: (?:[A-Z]\w*|\d+))*)")
def _my_car(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "my corsa clicks", "two hours in my old Mazda"."""
    if match.group("make").lower() in _MAKES:
        yield mine("car", match.group("v"))
    del spoken


@phrase(
    rf"(?<!like )(?<!about )\b[Tt]he (?P<v>(?P<make>{CAP})(?: (?:[A-Z]\w*|\d+))*) (?=is|"
    rf"has|needs|will|broke|died|was|had)"
)
def _the_camry(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "the Camry has to go to the mechanic": whose, if not mine?"""
    told = match.group("make").lower() in CARS - _GENERIC_MAKES
    if told and not re.search(r"\b(?:his|her|their|your|should I|buy|new)\b", spoken.text):
        yield mine("car", match.group("v"), 0.8)


@phrase(
    r"\b[Ii]t is an? (?:old |new )?(?P<v>(?:\d{4} )?(?P<make>[A-Za-z-]+)(?: "
    r"[A-Z0-9]\w*)?)(?=$|[,.;]| and\b| with\b)"
)
def _it_is_a_car(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "did it on the van exhaust, it's a 2009 Vivaro"."""
    if spoken.resolve("it", match.start()):
        return  # a rule reads it of "my van"
    talk = f"{spoken.previous} {spoken.text[: match.start()]}"
    if match.group("make").lower() in CARS - _GENERIC_MAKES and re.search(_VEHICLES, talk):
        yield mine("car", match.group("v"), 0.8)


@phrase(r"\bnow (?:it is|I have|we have|I drive) an? (?P<v>[\w -]+)", ignore_case=True)
def _now_a_car(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    if set(match.group("v").lower().split()) & _MAKES:
        yield mine("car", values.short_phrase(match.group("v"), 4))
    del spoken


@phrase(
    rf"\b(?:[Mm]y|[Oo]ur) (?:(?:old|new|trusty|little) )*(?P<v>{CAP}(?: {CAP})?) ",
    rf"(?P<noun>{_BRANDED})\b",
)
def _my_brand(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I will not give up my Parker pen"."""
    if is_name(match.group("v").split()[0]):
        yield mine(match.group("noun"), match.group("v"))
    del spoken


@phrase(
    r"(?:^|\b(?:nah|no|yes|its|it is) )(?P<v>[A-Za-z]+(?: [A-Z][a-z]+)?) (?:till|til|until) I "
    r"die\b",
    ignore_case=True,
)
@phrase(rf"\b(?:as|being|As|Being) an? (?:\w+ ){{0,2}}?(?P<v>{CAP}(?: {CAP})?) (?:fan|supporter)\b")
@phrase(r"^(?P<v>[A-Za-z]+(?: [A-Za-z]+)?) fan (?:since|for life|till|until|all my life)\b")
@phrase(rf"\b[Ss]upporting (?P<v>(?:the )?{CAP}(?: {CAP})*) (?:is|means|has been)\b")
def _fan_of(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine("team", match.group("v"))
    del spoken


@phrase(
    r"\b(?:in (?:my|our|the) (?:free|spare) time|on (?:my|our) days? off|for fun|to relax|to "
    r"unwind|"
    r"after work|at (?:the )?weekends?|on (?:sundays|saturdays|weekends)|in the evenings?|"
    r"when I am not working|by night),? (?:I|we) (?:(?:like|love) to |usually |mostly |always |"
    r"often )?",
    rf"(?P<v>(?!{_IDLE})[a-z]+(?: [\w'-]+){{0,3}}?)",
    r"(?=$|[,;]| (?:with|in|at|on|and|because|to|for|but)\b)",
    ignore_case=True,
)
def _at_leisure(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine("hobby", match.group("v"))
    del spoken


@phrase(
    r"\b(?:I|we) (?P<v>(?!am|are|have|work|go|do|get|can|need|will|meet|see|call|visit|start|"
    r"finish|"
    r"sleep|feel|think|hate|want|love|like|teach)[a-z]+ (?!only\b|the\b|my\b|it\b|to\b|"
    r"a\b|up\b|in\b|at\b|on\b|"
    r"for\b)"
    r"[a-z]+)(?: on)? (?:mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|",
    r"weekends)(?: nights?| mornings?| evenings?)?\b",
    ignore_case=True,
)
def _every_sunday(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "I pitch horseshoes Sunday nights"."""
    yield mine("hobby", match.group("v"))
    del spoken


@phrase(r"\bgot (?:me|us) (?:into|hooked on|interested in) (?P<v>.*)", ignore_case=True)
def _got_me_into(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    yield mine("hobby", values.short_phrase(match.group("v"), 3))
    del spoken


@phrase(r"\b(?:meet|join|see|meeting) .{2,40}? for (?P<v>[a-z]+)\b")
@phrase(r"\b(?:beats?|play|plays|playing|against) me at (?P<v>[a-z]+)\b")
def _for_a_game(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "on Fridays I meet Raquel for bridge"."""
    if match.group("v") in _TABLE_GAMES:
        yield mine("hobby", match.group("v"))
    del spoken


@phrase(
    r"^(?:(?:hi|hello|hey|ok|so|yo|good \w+)\b[,!. ]*)?(?P<v>[\w' -]{3,40}?) here\b",
    ignore_case=True,
    in_questions=True,
)
def _job_here(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "Retired maths teacher here"."""
    job = values.bare(match.group("v"))
    if is_occupation(job) and len(job.split()) <= 4:
        yield mine("job", job)
    del spoken


@phrase(
    r"(?:^|, |\b)(?:as|being|speaking as|coming from) an? (?P<v>[\w' -]+?)",
    r"(?P<after>(?: (?:at|in|from|for) [\w' ]+?)?),? (?:I|my|we)\b",
    ignore_case=True,
    in_questions=True,
)
def _as_a_nurse(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    job = values.bare(match.group("v"))
    if is_occupation(job) and not re.search(r"\b(?:kid|child|teenager|student once)\b", job):
        yield from spoken.says(f"am a {job}{match.group('after')}")


@phrase(
    r"\b(?:[Bb]efore (?:that|this|then)|[Pp]reviously|[Bb]ack then),? I (?P<v>(?:sold|taught|"
    r"drove|ran|",
    r"cleaned|repaired|built|made|wrote|cooked|managed|fixed|designed|delivered|painted) [\w' ]+)",
    in_questions=True,
)
def _before_that(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "before that I sold insurance"."""
    yield mine("former livelihood", values.cut(match.group("v")))
    del spoken


@phrase(
    r"\b(?:was|were|served|been) in the (?P<v>Army|Navy|Air Force|Marines|Coast Guard|RAF|"
    r"Bundeswehr)\b"
)
def _served(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    here = spoken.text[: match.start()].rstrip()
    if here.endswith("I"):
        yield mine("military service", match.group("v"))


@phrase(
    r"(?:^|[,;:] |\b(?:and|but|so) )(?:[Tt]he |[Oo]ur )?(?P<noun>[A-Za-z][a-z]+(?: "
    r"[a-z]+)?) (?:is|was) (?:on |in )?",
    rf"(?P<v>{values.DATE.pattern.replace('?P<v>', '?:')})",
    ignore_case=True,
)
def _event_date(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "surgery was march 9", "the wedding is on 21 February"."""
    noun = match.group("noun").lower()
    others = [one for one in spoken.user.cast.entities if one.introduced and one.kind == "person"]
    if noun == "wedding" and others:
        return  # whose wedding is it?
    plain = noun.split()[-1] not in _NO_EVENT and noun.split()[0] not in _NO_EVENT
    if plain and re.search(r"[a-z]{3}|\d[./-]\d", match.group("v"), re.IGNORECASE):
        yield mine(f"{noun} date", match.group("v"), 0.8)
    del spoken


@phrase(r"\b(?P<who>[Hh]e|[Ss]he) is (?P<v>[\w -]+?), (?:just )?(?:like me|same as me|as am I)\b")
def _like_me(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "she's left-handed, like me"."""
    if not read_role(match.group("v")):
        yield from spoken.says(f"am {match.group('v')}")


@phrase(
    r"\b[Ww]hat I (?:really )?(?:love|like|enjoy|eat|drink|read)\b(?: (?:the )?(?:most|best|most "
    r"gladly))? is (?P<v>[a-z].*)"
)
def _what_i_love(spoken: Spoken, match: re.Match[str]) -> Iterator[Found]:
    """Read "what I eat most gladly is fish soup"."""
    value = values.short_phrase(match.group("v"), 4)
    if value and not re.match(r"(?:that|how|when|to|your|this)\b", value):
        yield mine("likes", values.bare(value), 0.8)
    del spoken
