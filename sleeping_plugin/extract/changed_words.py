"""Corrections by a name or noun: "the viola, not the cello", "Leeds, sorry, Bradford"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz import fuzz

from sleeping_plugin.extract import values
from sleeping_plugin.extract.correction_cues import (
    FRONT,
    INLINE,
    STRONG,
    Change,
    Heard,
    Memory,
    holds,
    put,
)
from sleeping_plugin.extract.ordinary import is_order
from sleeping_plugin.extract.people import CAP
from sleeping_plugin.extract.sentences import Sentence
from sleeping_plugin.extract.typed_values import typed

_ASIDE = re.compile(
    r"^(?:(?:it|that|this|he|she|they) (?:is|was|are|should be) |to say |no,? |not "
    r"[^,]{1,30}, (?:but )?)+",
    re.I,
)


_LINK = re.compile(
    r"(?P<link>in|on|at|to|for|from|with|by|until|till|since|called|named|an?|the|my|our)\s+", re.I
)


def inline(heard: Heard) -> Change | None:
    """Read "on Wednesdays, sorry, on Tuesdays": the value before the hedge is the old one."""
    sentence = heard.sentence
    for hedge in reversed(list(INLINE.finditer(sentence.text))):
        front, back = sentence.text[: hedge.start()], sentence.text[hedge.end() :]
        if not front.strip():
            continue
        sure = bool(STRONG.search(hedge.group()))
        bare_no = re.search(r"\bno\s*$", hedge.group(), re.IGNORECASE)
        pair = _pair(front, back, sure=sure) if sure or not bare_no else None
        if pair:
            old, new, kind = pair
            renewed = put(front, old, new)
            source = replace(heard, sentence=replace(sentence, text=front))
            return Change(old, new, kind, source, renewed)
    return None


_PLACED = frozenset(["in", "on", "at", "to", "for", "from", "with", "by"])


def _pair(front: str, back: str, *, sure: bool = True) -> tuple[str, str, str] | None:
    """Return (old, new, kind) if ``back`` begins with what replaces something in ``front``."""
    back = _ASIDE.sub("", back)
    link = _LINK.match(back)
    bare = back[link.end() :] if link else back
    first = next(typed(bare), None)
    if first and first.start <= 4:
        olds = [
            one
            for one in typed(front)
            if one.kind == first.kind and one.text.lower() != first.text.lower()
        ]
        return (olds[-1].text, first.text, first.kind) if olds else None
    phrase = re.split(
        r"[,.;:!?(]|\s(?:and|but|because|they|which|who|so|is|was|are|I|we|he|she|it|not"
        r"|of course|since|now|actually|obviously|instead)\b",
        bare,
    )[0].strip()
    count = len(phrase.split())
    label = bare[len(phrase) :].lstrip().startswith(":")
    weak = not sure and not (link and link.group("link").lower() in _PLACED)
    if label or weak or not 1 <= count <= 4 or values.is_vague(phrase) or _NO_PHRASE.search(phrase):
        return None
    if link:
        spots = list(
            re.finditer(rf"\b{link.group('link')}\s+(?P<v>[^,.;]+)$", front, re.IGNORECASE)
        )
        old = spots[-1].group("v").strip() if spots else ""
        old = re.split(rf"\b{link.group('link')}\s+", old)[-1]
    elif phrase[:1].isupper():
        names = re.findall(rf"{CAP}(?: {CAP})*", front[1:])
        old = names[-1] if names else ""
    else:
        old = " ".join(front.split()[-count:])
        if (not front.startswith(old) and values.is_vague(old)) or is_order(phrase.split()[0]):
            return None  # "Actually make it blue"
    if (
        old[:1].isupper() != phrase[:1].isupper()
        or not old
        or old.lower() == phrase.lower()
        or len(old.split()) > 5
    ):
        return None
    return old, phrase, ""


_NO_PHRASE = re.compile(
    r"\b(?:I|you|he|she|it|we|they|this|that|what|who|when|where|why|how|if|do|does|did"
    r"|have|has|can|could|will|would|should|let|please"
    r"|thanks|thank|tell|give|not|never|just|more|too|again|yes|no|ok|okay|now|then|there"
    r"|here|forget|sure|fine|never mind)\b",
    re.IGNORECASE,
)


def fragment(sentence: Sentence, memory: Memory, turn: int) -> Change | None:
    """Read "No, sorry, PSV of course": what follows the hedge replaces something just said."""
    front = FRONT.match(sentence.text)
    if not front or not memory.heard or not STRONG.search(front.group()):
        return None
    for heard in reversed(memory.heard[-4:]):
        if turn - heard.turn > 1:
            break
        pair = _pair(heard.sentence.text, sentence.text[front.end() :])
        if pair:
            old, new, kind = pair
            renewed = put(heard.sentence.text, old, new)
            return Change(old, new, kind, heard, renewed, short=True)
    return None


DENIED = re.compile(
    r"\bnot (?:in |at |on |with |for |an? |the |my |called |from )*(?P<old>[\w'-]+(?: "
    r"[\w'-]+){0,2}?)(?=$|[,.;:!]| (?:at all|but|any ?more|it|that|this)\b)",
    re.IGNORECASE,
)


_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|used to be|was|swapped|replaced|sold|traded)(?: (?:in"
    r"|the|my|our|an?|old))* (?P<old>[\w'-]+)",
    re.I,
)


_STATED = re.compile(
    r"(?:^|[,;:] |\b(?:and|but|that|then) )(?:(?:it|that|this|he|she|they|mine|I|we) (?:is"
    r"|are|am|was|should be|meant|mean|do|does|play|drive|drives|have|has|live|work)"
    r"|the [\w -]{2,30}? is|(?:the |my |our |his |her )?(?P<noun>[a-z][\w-]*(?: "
    r"[a-z][\w-]*)?)(?: is| are|'s)|make (?:that|it)|I meant|I mean)"
    rf" (?:now |actually |really |only |called |named |an? |the |in |at |with |for |by "
    rf")*(?P<new>(?-i:{CAP}(?: {CAP})*)|(?-i:[a-z][\w'-]*(?: [a-z][\w'-]*)??))(?=$|[,.;:!]| "
    rf"(?:now|not|actually|instead|at all|though|these days|and|but|because|I)\b)",
    re.IGNORECASE,
)


_BEFORE_NOT = re.compile(
    rf"(?:^|[,;:] |\b(?:in|at|on|an?|the|is|are|called|named|with|for|to|meant|mean|play"
    rf"|drive)\s+)(?P<new>{CAP}(?: {CAP})*|[\w'-]+),? (?:and )?not\b"
)


def worded_change(
    sentence: Sentence, memory: Memory, turn: int, told: Sequence[str]
) -> Change | None:
    """Find a name or noun that this sentence denies, and what it puts in its place."""
    text = sentence.text
    olds = [m.group("old") for pattern in (DENIED, _INSTEAD) for m in pattern.finditer(text)]
    stated = [m for m in _STATED.finditer(text)]
    news = list(told)
    news += [m.group("new") for m in _BEFORE_NOT.finditer(text)] + [m.group("new") for m in stated]
    news = [
        n
        for n in news
        if not values.is_vague(n) and not _NO_PHRASE.search(n) and not _LOOSE.fullmatch(n)
    ]
    for old in dict.fromkeys(o for o in olds if not _NO_PHRASE.search(o) and len(o) > 2):
        source = _said(memory, old)
        for new in news:
            if (
                source
                and new.lower() != old.lower()
                and not holds(old, new)
                and old[:1].isupper() == new[:1].isupper()
            ):
                return Change(old, new, "", source, put(source.sentence.text, old, new))
    for match in stated:  # "the van is a Transit now", where "It is a Vivaro" was said of the van
        noun, new = match.group("noun"), match.group("new")
        if noun and new in news and new[:1].isupper() and len(noun) > 2:
            change = _of_noun(noun, new, memory)
            if change:
                return change
    return _of_last_fact(text, stated, news, memory, turn)


_SWITCHED = re.compile(
    r"\b(?:(?:switched|changed|swapped)(?: me| him| her| us)?|(?:moved|put) (?:me|him|her"
    r"|us))(?: over)?(?: from [\w-]+)? (?:to|onto) "
    r"(?P<new>[\w-]{4,})(?=$|[,.;:!]| (?:now|instead|last|this|because|and))",
    re.IGNORECASE,
)
_PLACE_SAID = re.compile(r"\b(?:is|am|are|works?|lives?) (?:now )?(?P<link>at|in|for|with) ")


def _of_last_fact(
    text: str, stated: Sequence[re.Match[str]], news: Sequence[str], memory: Memory, turn: int
) -> Change | None:
    """Read "I looked it up, it is O negative" after a message that told a single thing."""
    last = [fact for when, fact in memory.told if when == turn - 1]
    told = [fact for fact in last if fact.relation != "name"]
    old = (told if len(told) == 1 else last)[0].value if last else ""
    source = _said(memory, old)
    if source is None or (len(told) != 1 and len(last) != 1) or next(typed(old), None):
        return None
    for match in _SWITCHED.finditer(text):
        new = match.group("new")
        if new[:1].isupper() == old[:1].isupper() and not values.is_vague(new) and new != old:
            return Change(old, new, "", source, put(source.sentence.text, old, new))
    for match in stated:
        new = match.group("new")
        said = match.group().lower()
        points = bool(re.match(r"[,;: ]*(?:it|that|they|make) ", said))
        named = len(told) == 1 or "called" in said or fuzz.ratio(new.lower(), old.lower()) >= 60
        place = _PLACE_SAID.search(said)
        if place:
            points |= f" {place.group('link')} {old.lower()}" in source.sentence.text.lower()
        alike = new[:1].isupper() == old[:1].isupper() and named
        if points and new in news and alike and len(new.split()) <= len(old.split()) + 1:
            return Change(old, new, "", source, put(source.sentence.text, old, new))
    return None


_LOOSE = re.compile(
    r"(?:[a-z]+ing|[a-z]+ed|wrong|right|true|fine|good|bad|late|early|old|new|sorry|sure"
    r"|done|over|called|the|an?|in|at|on|own|only|also|very|so|still|really|not)",
    re.I,
)


def _said(memory: Memory, word: str) -> Heard | None:
    for heard in reversed(memory.heard):
        if holds(heard.sentence.text, word):
            return heard
    return None


def _of_noun(noun: str, new: str, memory: Memory) -> Change | None:
    """Find "It is a Vivaro" in a sentence about the noun, or right after one."""
    head = noun.split()[-1]
    for place in range(len(memory.heard) - 1, -1, -1):
        heard = memory.heard[place]
        earlier = memory.heard[place - 1].sentence.text if place else ""
        text = heard.sentence.text
        own = re.search(
            rf"\b{re.escape(head)} (?:is|was) (?:an? |the |called )?(?P<old>{CAP}(?: {CAP})*)",
            text,
            re.I,
        )
        its = re.search(
            rf"^(?:\w+, )?(?:it|she|he) (?:is|was) (?:an? |the |called "
            rf")?(?P<old>(?-i:{CAP}(?: {CAP})*))",
            text,
            re.I,
        )
        match = own or (its if holds(earlier, head) or holds(text, head) else None)
        if match and match.group("old") != new and match.group("old")[:1].isupper():
            renewed = f"my {noun} is a {new}"
            return Change(match.group("old"), new, "", heard, renewed)
    return None
