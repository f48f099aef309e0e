"""Corrections: "sorry, Lisbon", "not X but Y", "I no longer work at": applied to what was said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.people import Cast
from sleeping_plugin.extract.rules import Found
from sleeping_plugin.extract.sentences import Sentence
from sleeping_plugin.extract.typed_values import suits
from sleeping_plugin.relations.grammar import USER

_CUE = re.compile(
    r"\b(?:actually|sorry|oops|correction|i meant|i mean|meant to say|wrong|my mistake|mistake|"
    r"mixed up|"
    r"not true|no longer|any ?more|instead|typo|scratch that|rather|wait|these days|now|changed|"
    r"new|switched|"
    r"moved|renamed)\b",
    re.IGNORECASE,
)
_NOT_BUT = re.compile(
    r"\bnot (?:in |at |on |a |an |called )?(?P<old>[\w' .-]+?),? but (?:rather )?(?:in |at |on |"
    r"a |an )?(?P<new>[\w' -]+)",
    re.IGNORECASE,
)
_NEW_NOT = re.compile(
    r"(?:^|[,;] ?|\b(?:it is|it was|that is|is|was|spelled|spelt|meant|mean|in|at|to|called) "
    r")(?P<new>[\w' -]{1,40}?),? (?:and )?not (?:in |at |on |a |an |the )?(?P<old>[\w'-]+(?: "
    r"[\w'-]+){0,2})",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"(?:^|[,;-] ?|\s)(?:(?:oops|oh|no|wait|sorry|ah|argh|hang on|hold on|ugh|damn)[,!.]* ?)*"
    r"(?P<cue>i meant(?: to (?:say|write|type))?|i mean|make that|correction|scratch "
    r"that(?=[,:!.-])|"
    r"(?:it|that|this) should (?:be|say|read|have been)|"
    r"(?:(?<=^)|(?<=[,;] )|(?<=no )|(?<=oh )|(?<=wait ))actually(?: it is)?|"
    r"(?:sorry|wait|no|oops|rather|edit)(?=[,:!.-]))[,:!.-]* +"
    r"(?:it is |that is |to say |in |at |on |called |an? |her name is |his name is |no,? )*"
    r"(?P<new>[^,;!?]{1,40})$",
    re.IGNORECASE,
)
_MEANT_BEHIND = re.compile(
    r"^(?:(?:oh|no|ah|well),? )*(?P<new>(?:an? |the )?[\w' -]{2,30}?),? "
    r"(?P<cue>I (?:mean|meant)|I should say|rather)$",
    re.IGNORECASE,
)
_DENIED_FIRST = re.compile(r"(?:\w+, )?not (?:the |an? )?(?P<old>[\w' -]{2,30}?),", re.IGNORECASE)
_IT_IS = re.compile(
    r"^(?:oh,? |ah,? )*(?:sorry|oops|wait|no|correction|my mistake|hang on|scratch that)\b.*\b"
    r"(?:it is|that is|they are|should be)(?: actually| really)? (?P<new>[^,;!?]{1,40})$",
    re.IGNORECASE,
)
_QUIT = re.compile(
    r"\b(?P<who>I|we|he|she) (?:just |recently |finally |have |has )*(?:quit|left|resigned from|"
    r"sold|"
    r"got rid of|gave up|stopped|divorced|broke up with|was fired from|was laid off from) "
    r"(?:my job at |working (?:at|for|as) |our |my |the |playing (?:the )?)?(?P<v>.*)",
    re.IGNORECASE,
)
_ENDED = re.compile(r"\b(?:no longer|any ?more|any longer)\b", re.IGNORECASE)


def ended_pieces(sentence: Sentence) -> Iterator[tuple[Sentence, bool]]:
    """Yield the parts of a sentence, each with whether it says that something is over."""
    text = sentence.text
    if not _ENDED.search(text) or re.search(r"\bnot (?:eat|drink|smoke|touch)\b", text):
        yield sentence, False
        return
    for part in re.split(r"(?<=[,;])\s+|\s+(?=(?:and|but|so) (?:I|we|he|she|my|now|i)\b)", text):
        if not _ENDED.search(part):
            yield replace(sentence, text=part.strip(" ,;")), False
            continue
        bare = re.sub(r"\s*\b(?:no longer|any ?more|any longer)\b", "", part, flags=re.IGNORECASE)
        bare = re.sub(r"\b(?:do|does) not ", "", bare)
        bare = re.sub(r"\b(am|is|are) not ", r"\1 ", bare)
        if bare.strip(" ,;") == part or not re.search(r"\bnot?\b|no longer", part):
            continue
        yield replace(sentence, text=bare.strip(" ,;")), True


_CONTRAST = re.compile(
    r"\b(?P<be>is|am|are|was) not (?P<how>called |named |from |in |at |an? )?[\w' -]{1,30}?,? "
    r"(?:but(?: rather)?|(?:it|he|she|that|I) (?:is|am)) "
    r"(?:called |named |from |in |at |an? )?(?P<new>[\w'-]+)",
    re.IGNORECASE,
)


def affirmed(text: str) -> str:
    """Turn "is not called Paul but Saul" into "is called Saul"."""
    return _CONTRAST.sub(lambda m: f"{m.group('be')} {m.group('how') or ''}{m.group('new')}", text)


def negate(fact: Found) -> Found:
    """Return the fact as something that is over."""
    return replace(fact, negated=True)


def apply(
    sentence: Sentence, found: list[Found], before: Sequence[Found], cast: Cast
) -> list[Found]:
    """Return the facts of a sentence, with what it corrects or ends among the facts before it."""
    text = sentence.text
    alive = [fact for fact in before if not fact.negated]
    fixed = list(_replaced(text, found, alive, sentence, cast))
    if fixed:
        corrected = {(fact.relation, fact.subject) for fact in fixed}
        news = {fact.value.lower() for fact in fixed}
        return fixed + [
            fact
            for fact in found
            if (fact.relation, fact.subject) not in corrected and fact.value.lower() not in news
        ]
    if _CUE.search(text):
        found = [replace(fact, replaces=True) if _clashes(fact, alive) else fact for fact in found]
    return found + list(_over(text, alive, cast))


def _clashes(fact: Found, before: Sequence[Found]) -> bool:
    return any(
        old.subject == fact.subject and old.relation == fact.relation and old.value != fact.value
        for old in before
    ) and fact.relation not in ("hobby", "likes", "dislikes", "language", "allergy", "pet")


def _replaced(
    text: str, found: Sequence[Found], before: Sequence[Found], sentence: Sentence, cast: Cast
) -> Iterator[Found]:
    """Yield new facts for "not X but Y", "Y, not X" and "sorry, I meant Y"."""
    for pattern in (_NOT_BUT, _NEW_NOT):
        for match in pattern.finditer(text):
            old, new = match.group("old").strip().lower(), match.group("new").strip()
            target = next((f for f in reversed([*before, *found]) if _same(f.value, old)), None)
            value = _shaped(new, target.value, sentence.casual) if target else ""
            fits = target is not None and suits(target.relation, target.value, new)
            if target and value and fits and not _same(value, target.value):
                yield from _fix(target, value, cast)
                return
    meant = _MEANT.search(text) or _IT_IS.search(text) or _MEANT_BEHIND.search(text)
    if not meant or sentence.ends == "?":
        return
    denied = _DENIED_FIRST.match(text)
    if denied and not any(_same(fact.value, denied.group("old").lower()) for fact in before):
        return  # "Not sugar, I mean honey", and nothing was sugar before
    cue = meant.groupdict().get("cue") or "sorry"
    sure = not re.match(r"actually|no$", cue, re.IGNORECASE)
    if values.date(meant.group("new")):
        pool = [fact for fact in [*before, *found] if values.date(fact.value)]
    else:
        pool = list(found) or list(before[-3:] if sure or len(text.split()) <= 6 else [])
    for target in reversed(pool):
        value = _shaped(meant.group("new"), target.value, sentence.casual)
        if not suits(target.relation, target.value, _whole(text, meant.start("new"))):
            continue
        if value and not _same(value, target.value) and (sure or target in before):
            yield from _fix(target, value, cast)
            return


def _whole(text: str, at: int) -> str:
    """Return what is said from ``at`` on, with the article before it."""
    article = re.search(r"\b(?:an?|the) $", text[:at])
    return (article.group() if article else "") + text[at:].strip()


def _fix(target: Found, value: str, cast: Cast) -> Iterator[Found]:
    """Yield the corrected fact; a corrected name renames the person."""
    subject = target.subject
    if target.relation == "name":
        entity = cast.named(target.value)
        if entity:
            entity.name = value
    yield replace(target, subject=subject, value=value, replaces=True, negated=False)


def _same(value: str, said: str) -> bool:
    value, said = values.bare(value.lower()), values.bare(said.lower())
    return value == said or (
        said.startswith(value + " ") and len(said.split()) <= len(value.split()) + 3
    )


def _shaped(new: str, old: str, casual: bool) -> str:
    """Return the new value if it has the shape of the old one, else ""."""
    new = re.sub(
        r"^(?:it|that|this|he|she) (?:is|was) (?:in |at |called )?", "", new, flags=re.IGNORECASE
    )
    new = values.bare(values.first_item(values.cut(new)))
    if not new or values.is_vague(new) or _NO_VALUE.match(new):
        return ""
    if any(c.isdigit() for c in old) or values.age(old):
        digits = re.match(r"(?:the )?\d[\w ./-]*", new)
        return digits.group().strip() if digits else new if values.age(new) == new else ""
    if old[:1].isupper():
        title = values.title(new)
        return title if title else (new if casual and len(new.split()) <= 2 else "")
    return new if new[:1].islower() and len(new.split()) <= len(old.split()) + 2 else ""


_NO_VALUE = re.compile(
    r"(?:wait|sorry|no|not|oops|wrong|oh|did|do|does|is|are|was|what|who|where|when|why|how|if|can|"
    r"could|would|will|just|let|please|thanks|never|maybe|see|look)\b|.*\b(?:I|you|he|she|we|them|"
    r"it|those|"
    r"they)\b",
    re.IGNORECASE,
)


def _over(text: str, before: Sequence[Found], cast: Cast) -> Iterator[Found]:
    """Yield the end of facts: "we sold the Skoda", "I quit Siemens"."""
    for match in _QUIT.finditer(text):
        who = match.group("who").lower()
        value = values.bare(values.first_item(values.cut(match.group("v"))))
        if not value:
            continue
        for fact in reversed(before):
            owner = fact.subject == USER if who in ("i", "we") else fact.subject != USER
            if owner and (_same(fact.value, value) or value.lower() in fact.value.lower().split()):
                yield negate(fact)
                break
    del cast
