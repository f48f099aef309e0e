"""Corrections by a value of the same kind: "sorry, it is 21 June", "28 hens now"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sleeping_plugin.extract.correction_cues import (
    NEAR,
    Change,
    Heard,
    Memory,
)
from sleeping_plugin.extract.events import has_own_topic, told_of, topics
from sleeping_plugin.extract.sentences import Sentence
from sleeping_plugin.extract.typed_values import Typed, typed


def typed_change(
    sentence: Sentence, memory: Memory, turn: int, *, least: float = 0.0
) -> Change | None:
    """Find the value of the same kind, said of the same thing or said just before."""
    here = list(typed(sentence.text))
    about = topics(sentence.text)
    for new in news_in(sentence.text, here):
        best: tuple[float, Heard, Typed] | None = None
        link = _link_before(sentence.text, new)
        for back, heard in enumerate(reversed(memory.heard)):
            for old in typed(heard.sentence.text):
                if not _same_kind(old, new) or old.text.lower() == new.text.lower():
                    continue
                score = _score(old, new, heard, sentence, about, turn, here)
                if score > least or score == least > 0:
                    score += 0.5 * (old.kind == new.kind)
                    score += 0.7 * (_link_before(heard.sentence.text, old) == link)
                if score >= least and score > 0 and (best is None or score - back / 100 > best[0]):
                    best = score - back / 100, heard, old
        if best:
            _, heard, old = best
            text = heard.sentence.text
            value = new.text.lower() if old.text.islower() else new.text  # "Eleven years"
            tail = _shared_tail(text[old.end :], sentence.text[new.end :])
            renewed = text[: old.start] + value + text[old.end :]
            return Change(old.text + tail, value + tail, new.kind, heard, renewed)
    return None


def _shared_tail(one: str, other: str) -> str:
    """Return the capitalised words that follow both values: "12 Elm Road", "21 Elm Road"."""
    match = re.match(r"(?: [A-Z][\w'-]*)+", one)
    return match.group() if match and other.startswith(match.group()) else ""


def restated(sentence: Sentence, memory: Memory) -> Change | None:
    """Read "the concert is at 8 pm" after "our concert is at 7 pm": nothing is called wrong."""
    noun = told_of(sentence.text)
    here = list(typed(sentence.text))
    if not noun or not here:
        return None
    new = here[0]
    for heard in reversed(memory.heard):
        olds = [one for one in typed(heard.sentence.text) if one.kind == new.kind]
        same = told_of(heard.sentence.text) == noun
        sum_ = new.kind == "number" and len(new.text) > 2 and noun in topics(heard.sentence.text)
        if len(olds) == 1 and (same or sum_) and olds[0].text.lower() != new.text.lower():
            text, old = heard.sentence.text, olds[0]
            renewed = text[: old.start] + new.text + text[old.end :]
            return Change(old.text, new.text, new.kind, heard, renewed)
    return None


_MAKES = re.compile(r"^\W*$|\b(?:so|now|makes? (?:it|that)?|making)\s+$", re.IGNORECASE)


def recounted(sentence: Sentence, memory: Memory) -> Change | None:
    """Read "28 hens, the fox took two" after "we have 30 hens"."""
    values = [one for one in typed(sentence.text) if one.kind == "number"]
    new = next((one for one in values if _MAKES.search(sentence.text[: one.start])), None)
    if new is None or not _unit(sentence.text, new):
        return None
    for heard in reversed(memory.heard):
        for old in typed(heard.sentence.text):
            same = _unit(heard.sentence.text, old) == _unit(sentence.text, new)
            if old.kind == "number" and same and old.text.lower() != new.text.lower():
                text = heard.sentence.text
                renewed = text[: old.start] + new.text + text[old.end :]
                return Change(old.text, new.text, "number", heard, renewed)
    return None


def _is_fragment(text: str) -> bool:
    """Tell whether a sentence is a value and little more: "Well, 42 since Sunday"."""
    first = next(typed(text), None)
    return first is not None and first.start <= 12 and len(text.split()) <= 6


def _score(
    old: Typed, new: Typed, heard: Heard, sentence: Sentence, about: set[str], turn: int,
    here: Sequence[Typed],
) -> float:  # fmt: skip
    """Say how sure it is that ``new`` replaces ``old``; 0 for not at all."""
    if _of_another(sentence.text, new, heard.sentence.text):
        return 0
    explicit = any(one.text.lower() == old.text.lower() for one in here)
    shared = about & (topics(heard.sentence.text) | topics(heard.asked))
    near = turn - heard.turn <= NEAR
    unit_old, unit_new = _unit(heard.sentence.text, old), _unit(sentence.text, new)
    if new.kind == "number":
        if unit_old and unit_new and unit_old != unit_new:
            return 0
        if unit_old and unit_old == unit_new:
            return 4 + len(shared)
        if explicit:
            return 3 + len(shared)
        told = re.search(
            r"(?:\b(?:is|are|it|that|actually|sorry|wait|no|meant|mean|nearly|have)|,|^)\s*$",
            sentence.text[: new.start],
            re.IGNORECASE,
        )
        alone = near and bool(told) and (turn == heard.turn or _is_fragment(sentence.text))
        return 2.0 if shared and near else 1.0 if alone else 0
    if new.kind == "year" and not explicit and not _POINTED.search(sentence.text[: new.start]):
        return 0
    if old.kind != new.kind:
        return 2 + len(shared) if shared else 0
    if explicit:
        return 4 + len(shared)
    if shared:
        return 2 + len(shared)
    if not has_own_topic(heard.sentence.text):  # "From 4 August, for ten days."
        return 1.0 if near else 0.5 if old.kind == new.kind else 0
    return 1.0 if near and not has_own_topic(sentence.text) else 0


_POINTED = re.compile(
    r"(?:\b(?:it|that) (?:is|was)|\bmeant|\bmean|\bsorry|\bno|\bin|\bactually|^\w{0,4}),? *$",
    re.IGNORECASE,
)
_HOLDER = re.compile(
    r"\b(?:the|an?|my|our|his|her|their) (?P<who>[\w -]{2,30}?) (?:has|have|had|got|owns?"
    r"|keeps?|lives?|works?"
    r"|drives?|is from|was born)\b(?! (?:moved|changed|put|pushed|shifted|rescheduled"
    r"|postponed|been))",
    re.IGNORECASE,
)


def _of_another(text: str, new: Typed, earlier: str) -> bool:
    """Tell whether a value is of somebody or something that the earlier sentence was not about."""
    holder = _HOLDER.search(re.split(r"[,;:.]", text[: new.start])[-1])
    if holder is None:
        return False
    words = re.findall(r"[a-z]{3,}", holder.group("who").lower())
    return bool(words) and not any(word in earlier.lower() for word in words)


def _link_before(text: str, value: Typed) -> str:
    """Return the preposition before a value."""
    found = re.search(r"(\w+)(?: the)?\s*$", text[: value.start])
    return found.group(1).lower() if found else ""


def _unit(text: str, value: Typed) -> str:
    """Return the noun that a number counts."""
    after = re.match(
        r"[ -]+(?!of\b|at\b|in\b|and\b|or\b|is\b|by\b|on\b|I\b|now\b|to\b|for\b)([a-z]{3,})",
        text[value.end :],
    )
    return after.group(1).removesuffix("s") if after and value.kind == "number" else ""


def _same_kind(old: Typed, new: Typed) -> bool:
    return old.kind == new.kind or {old.kind, new.kind} == {"date", "month"}


def news_in(text: str, here: Sequence[Typed]) -> list[Typed]:
    """Return the values that may be the new one, the most likely first; none that is denied."""
    fit = []
    for one in here:
        front = text[: one.start].lower()
        if re.search(
            r"\b(?:not|instead of|rather than|no longer|isn't|than|said|told you|told"
            r"|wrote|typed)(?: (?:on|in|at|the|it was|until|about))*\s*$",
            front,
        ):
            continue
        span = re.search(r"\bfrom\s*(?:the )?$", front) and re.match(
            r" (?:to|until|till)\b", text[one.end :]
        )
        if span or re.match(r"(?:'s|\u2019s| is| was)\b (?:the|a|my|when|only)", text[one.end :]):
            continue
        fit.append(one)
    told = (
        r"(?:\b(?:is|be|are|to|meant|mean|now|on|until|till|at|in|it|that|sorry|no"
        r"|actually|wait|say|rather|but|the|nearly|almost|have|run)|[,:]|^)\s*(?:the )?$"
    )
    return sorted(
        fit, key=lambda one: (not re.search(told, text[: one.start], re.IGNORECASE), one.start)
    )
