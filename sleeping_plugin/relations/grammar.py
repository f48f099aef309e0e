"""Turns a template into a sentence about a subject: persons, cases, verbs, articles.

Templates are written once for everybody. ``{S}`` ``{O}`` ``{P}`` are the subject as subject, as
object and as possessor, ``{T}`` the possessor once more ("their"). A lower-case word in braces is
a verb in its base form, inflected for the subject. ``{V}`` is the value, ``{a V}`` the value with
its article, ``{the V}`` the value with "the", ``{site V}`` a place of work ("a bakery", "Tesco").

    "Where {do} {S} live?"  ->  "Where do I live?" / "Where does my sister live?"
    "{S} {live} in {V}."    ->  "You live in Porto." / "Your sister lives in Porto."
"""

from __future__ import annotations

import re
from enum import Enum

USER = "user"


def words(text: str) -> frozenset[str]:
    """Return the words of a list written as text."""
    return frozenset(text.split())


PLURAL_HEADS = words(
    """
    parents grandparents kids children twins in-laws siblings people folks grandchildren
    grandkids mice fish geese sheep
    """
)
SINGULAR_IN_S = words(
    """
    boss bus tennis hostess waitress address class glass business process species series
    fitness illness mattress dress princess
    """
)
_IRREGULAR = {
    "be": ("am", "are", "is"),
    "was": ("was", "were", "was"),
    "have": ("have", "have", "has"),
    "do": ("do", "do", "does"),
    "own": ("own", "own", "owns"),
    "can": ("can", "can", "can"),
}
_SLOT = re.compile(r"\{([A-Za-z ]+)\}")
_DETERMINERS = re.compile(
    r"^(?:an?|the|my|your|our|his|her|their|some|one|two|three|four|five|\d+)\b", re.IGNORECASE
)
_A_ANYWAY = re.compile(r"^(?:uni(?![mn])|use|usu|euro|ufo|one\b|once\b|ubi|ute)", re.IGNORECASE)
_BARE = re.compile(
    r"^(?:retired|unemployed|self-employed|freelance|between jobs|on disability|head of|chief|"
    r"vice|co-owner of|owner of|director of|in )",
    re.IGNORECASE,
)


# What one works "at a" or "at an"; a name in lower case ("tesco") takes no article
_SITE = re.compile(
    r"^[a-z](?:.* )?(?:office|hospital|school|shop|store|bakery|factory|bank|library|museum|"
    r"restaurant|"
    r"caf[eé]|bar|pub|hotel|lab|warehouse|clinic|pharmacy|garage|nursery|university|"
    r"college|theatre|"
    r"supermarket|brewery|salon|surgery|farm|bookshop|mill|mine|shipyard|airport|"
    r"station|depot|prison|"
    r"zoo|gym|hospice|winery|shelter|academy|centre|center|firm|company|agency|charity|startup)$|"
    r"^(?:office|hospital|school|shop|bakery|factory|bank|library|museum|restaurant|"
    r"bar|pub|hotel|lab|"
    r"clinic|pharmacy|garage|nursery|farm|zoo|gym)$"
)


class Person(Enum):
    """Who the subject is in the sentence, as far as the verb cares."""

    I = 0  # noqa: E741 (the pronoun is the name of the person)
    YOU = 1
    THIRD = 2
    PLURAL = 3


def is_plural(subject: str) -> bool:
    """Tell whether ``subject`` takes a plural verb: "my parents", "Leo and Mia"."""
    if subject == USER:
        return False
    if re.search(r"\band\b|&", subject):
        return True
    words = subject.split()
    head = words[-1].lower() if words else ""
    if len(words) < 2 or not (
        words[0].lower() in ("my", "our", "your") or words[-2].endswith("'s")
    ):
        return False
    if head in PLURAL_HEADS or re.search(r"\ws-in-law$", head):
        return True
    plural_like = head.endswith("s") and not head.endswith(("ss", "us", "is", "'s"))
    return plural_like and head not in SINGULAR_IN_S and words[-1].islower()


def article(noun: str) -> str:
    """Return "a" or "an", as ``noun`` sounds."""
    if _A_ANYWAY.match(noun):
        return "a"
    if re.match(r"[A-Z]{2,}\b", noun):  # spelled letter by letter: an MRI, an HR manager
        return "an" if noun[0] in "AEFHILMNORSX" else "a"
    return "an" if re.match(r"[aeiouAEIOU]|hour|honest|heir|honou?r", noun) else "a"


def with_article(value: str, *, plural: bool = False) -> str:
    """Put "a" or "an" before a value that needs one: "nurse" -> "a nurse"."""
    if plural or _DETERMINERS.match(value) or _BARE.match(value):
        return value
    return f"{article(value)} {value}"


def conjugate(verb: str, person: Person) -> str:
    """Inflect ``verb`` (base form, present; "was" for the past of be)."""
    if verb in _IRREGULAR:
        first, second, third = _IRREGULAR[verb]
        return {Person.I: first, Person.THIRD: third}.get(person, second)
    if person is not Person.THIRD:
        return verb
    head, _, rest = verb.partition(" ")
    if re.search(r"(?:s|x|ch|sh|z|[^aeou]o)$", head):
        head += "es"
    elif re.search(r"[^aeiou]y$", head):
        head = head[:-1] + "ies"
    else:
        head += "s"
    return f"{head} {rest}".strip()


def possessive(noun: str) -> str:
    """Return "my sister's", "my parents'"."""
    return noun + "'" if is_plural(noun) and noun.endswith("s") else noun + "'s"


def plural(noun: str) -> str:
    """Return "my sisters", "my children", "my flies"."""
    if is_plural(noun):
        return noun
    if noun.endswith("child"):
        return noun + "ren"
    if noun.endswith("in-law"):
        return re.sub(r"([\w]+)(-in-law)$", r"\1s\2", noun)
    if re.search(r"[^aeiou]y$", noun):
        return noun[:-1] + "ies"
    return noun + ("es" if re.search(r"(?:s|x|ch|sh|z)$", noun) else "s")


def turned(text: str) -> str:
    """Say the user's words back: my -> your, our -> your."""
    return re.sub(r"\b(?:my|our)\b", "your", text, flags=re.IGNORECASE)


def capitalised(text: str) -> str:
    """Return ``text`` with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def realise(template: str, subject: str, value: str = "", *, tell: bool = False) -> str:
    """Fill ``template``; with ``tell`` the model speaks to the user, else the user speaks."""
    if subject == USER:
        person = Person.YOU if tell else Person.I
        forms = ("you", "you", "your") if tell else ("I", "me", "my")
    else:
        noun = turned(subject) if tell else subject
        person = Person.PLURAL if is_plural(subject) else Person.THIRD
        forms = (noun, noun, possessive(noun))

    def fill(match: re.Match[str]) -> str:
        slot = match.group(1)
        if slot in ("S", "O", "P"):
            return forms["SOP".index(slot)]
        if slot == "T":
            return forms[2] if subject == USER else "their"
        if slot == "V":
            return value
        if slot == "a V":
            return with_article(value, plural=person is Person.PLURAL)
        if slot == "one V":
            single = value[:1].islower() and not value.endswith("s") and " and " not in value
            return with_article(value) if single else value
        if slot == "site V":
            return with_article(value) if _SITE.search(value) else value
        if slot == "the V":
            return value if _DETERMINERS.match(value) else f"the {value}"
        return conjugate(slot, person)

    return _SLOT.sub(fill, template)
