"""Corrections of what was said before, whatever it was: found in the words, not in the facts.

"The exam is on 14 June. ... Sorry, it is 21 June, they moved it." The new value is of the same kind
as an old one that stands in an earlier sentence about the same thing. That sentence is read again
with the new value in the place of the old; where nothing reads it, the event or the thing itself
makes the fact ("exam date").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from sleeping_plugin.extract.changed_values import news_in, recounted, restated, typed_change
from sleeping_plugin.extract.changed_words import DENIED, fragment, inline, worded_change
from sleeping_plugin.extract.correction_cues import (
    ANNOUNCED,
    CUE,
    REACH,
    Change,
    Heard,
    Memory,
    holds,
)
from sleeping_plugin.extract.events import name_of, topics
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import CAP, Cast, read_role
from sleeping_plugin.extract.rules import Found
from sleeping_plugin.extract.sentences import Sentence, expand
from sleeping_plugin.extract.typed_values import suits, typed
from sleeping_plugin.relations.grammar import USER

Reread = Callable[[Sentence], Iterable[Found]]


def amend(
    heard: Heard, found: list[Found], before: Sequence[Found], cast: Cast, memory: Memory,
    reread: Reread,
) -> list[Found]:  # fmt: skip
    """Return the facts of a sentence, what it corrects included; keep the sentence in memory."""
    done = any(fact.replaces for fact in found)
    values_now = [fact.value for fact in found if not fact.negated]
    change = inline(heard) or _across(heard, memory, values_now)
    if done and change and not any(f.replaces and holds(f.value, change.new) for f in found):
        change = None
    memory.hear(heard)
    memory.settled = done or change is not None
    if change is None and not done and ANNOUNCED.search(heard.sentence.text):
        found = [*found, *_announced(heard.sentence, found, cast)]
    if change is not None:
        if change.kind == "number":  # another six, of somebody else, stays what it is
            about = topics(change.source.sentence.text)
            before = [
                fact
                for turn, fact in memory.told
                if turn == change.source.turn or topics(fact.relation) & about
            ]
        found = list(_applied(change, heard.sentence, found, before, cast, reread))
    memory.told += [(heard.turn, fact) for fact in found if not fact.negated]
    return found


def _applied(
    change: Change, sentence: Sentence, found: Sequence[Found], before: Sequence[Found],
    cast: Cast, reread: Reread,
) -> Iterator[Found]:  # fmt: skip
    """Yield the new facts, then the end of every fact that holds the old value."""
    new = change.new
    if re.search(rf"\bthe {re.escape(new)}", sentence.text, re.IGNORECASE):
        new = f"the {new}"
    stale = [
        f
        for f in before
        if not f.negated and holds(f.value, change.old) and not holds(f.value, change.new)
    ]
    if stale and not any(suits(fact.relation, fact.value, new) for fact in stale):
        yield from found
        return
    fresh = [
        f for f in found if not (holds(f.value, change.old) and not holds(f.value, change.new))
    ]
    told = [f for f in fresh if holds(f.value, change.new) and not f.negated]
    if change.short and stale:  # "Sorry, Peru, she would kill me" names nobody
        for fact in told:
            entity = cast.named(fact.value) if fact.relation == "name" else None
            if entity is not None:
                entity.name = ""
        fresh, told = [f for f in fresh if f not in told], []
    if not told:
        renewed = _renewed(change, stale, sentence, cast, reread)
        told = [fact for fact in renewed if suits(fact.relation, change.old, new)]
        fresh += told
    slots = {(f.subject, f.relation) for f in told}
    left = [f for f in stale if (f.subject, f.relation) not in slots]
    if left and not holds(sentence.text, change.old):
        # What is not named cannot be ended: the old fact itself takes the new value.
        told = [replace(fact, value=change.new, negated=False) for fact in left]
        fresh = [f for f in fresh if f.replaces or not holds(f.value, change.new)] + told
        left = []
    for fact in fresh:
        yield replace(fact, replaces=True) if fact in told else fact
    for fact in left:
        if not any(f.negated and f.value == fact.value for f in fresh):
            yield replace(fact, negated=True)


def _renewed(
    change: Change, stale: Sequence[Found], sentence: Sentence, cast: Cast, reread: Reread
) -> Iterator[Found]:
    """Yield the facts that the old sentence holds with the new value, the best reading first."""
    for text in _tails(change):
        read = reread(replace(sentence, text=text, ends="."))
        facts = [f for f in read if holds(f.value, change.new) and not f.negated]
        for fact in facts:
            grounded = fact.value.lower() in sentence.text.lower()
            yield fact if grounded else replace(fact, value=change.new)
        if facts:
            return
    if stale:
        for fact in stale:
            yield replace(fact, value=change.new, negated=False)
        return
    relation = name_of(
        change.kind, sentence.text, change.source.sentence.text, change.old, change.source.asked
    )
    if relation:
        yield Found(_subject(change, cast), relation, change.new, 0.8)


def _announced(sentence: Sentence, found: Sequence[Found], cast: Cast) -> Iterator[Found]:
    """Yield the new date of something that was said to have moved, though nobody heard the old."""
    if sentence.ends == "?":
        return
    for new in news_in(sentence.text, list(typed(sentence.text)))[:1]:
        if new.kind in ("number", "year") or any(holds(f.value, new.text) for f in found):
            return
        relation = name_of(new.kind, sentence.text, "", "", "")
        if relation:
            heard = Heard(0, sentence)
            change = Change("", new.text, new.kind, heard, sentence.text)
            yield Found(_subject(change, cast), relation, new.text, 0.8, replaces=True)


def _tails(change: Change) -> Iterator[str]:
    """Yield the renewed sentence, then what stands after "that" and the like before the value."""
    yield change.renewed
    at = change.renewed.rfind(change.new)
    for join in reversed(
        list(re.finditer(r"\b(?:that|because|and|but|since|as)\b|[,;:]", change.renewed[:at]))
    ):
        yield change.renewed[join.end() :].strip()


def _subject(change: Change, cast: Cast) -> str:
    """Return whom the old sentence is about: the one named or pointed at before the value."""
    front = change.renewed[: change.renewed.rfind(change.new)]
    if re.search(r"\b(?:I|we|my|our|me|us)\b", front, re.IGNORECASE):
        label = re.search(r"\b(?:my|our) (?P<role>[^,.;]+)", front, re.IGNORECASE)
        role = read_role(label.group("role")) if label else None
        if not role or re.search(r"\b(?:I|we)\b", front):
            return USER
        entity = cast.of_label(f"my {role[0].text}")
        return entity.subject if entity and entity.kind == "person" else USER
    for name in re.findall(CAP, front):
        entity = cast.named(name)
        if entity and entity.kind != "thing" and not is_ordinary(name):
            return entity.subject
    pronoun = re.search(r"\b(?:he|she|his|her)\b", front, re.IGNORECASE)
    people = [e for e in cast.entities if e.kind == "person" and e.introduced]
    if pronoun and people:
        wanted = "m" if pronoun.group().lower() in ("he", "his") else "f"
        fitting = [e for e in people if e.gender in (wanted, "")]
        return max(fitting or people, key=lambda e: e.seen).subject
    return USER


def _across(heard: Heard, memory: Memory, told: Sequence[str]) -> Change | None:
    """Find the earlier sentence whose value this one replaces; ``told`` are values it states."""
    sentence, turn = heard.sentence, heard.turn
    previous = memory.heard[-1] if memory.heard and memory.heard[-1].turn == turn else None
    announced = (
        previous is not None
        and not memory.settled
        and previous.sentence.index == sentence.index - 1
        and bool(CUE.search(previous.sentence.text))
    )
    if sentence.ends == "?":
        return None
    if not (announced or CUE.search(sentence.text)):
        denied = DENIED.search(sentence.text)
        return (
            recounted(sentence, memory)
            or restated(sentence, memory)
            or (typed_change(sentence, memory, turn, least=3.0) if denied else None)
            or (worded_change(sentence, memory, turn, told) if denied else None)
        )
    return (
        typed_change(sentence, memory, turn)
        or fragment(sentence, memory, turn)
        or worded_change(sentence, memory, turn, told)
    )


def older(sentence: Sentence, told: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """Yield (index, new value) of what a sentence corrects among (value, evidence) of old facts.

    It has to name the old value, or what that was the value of: nothing is said "just before".
    """
    if sentence.ends == "?" or not CUE.search(sentence.text):
        return
    memory = Memory()
    for _, evidence in told:
        memory.hear(Heard(-REACH, Sentence(expand(evidence), evidence, 0, ".", False)))
    change = typed_change(sentence, memory, 0, least=2.0) or worded_change(sentence, memory, 0, ())
    if change is None:
        return
    for index, (value, evidence) in enumerate(told):
        if evidence == change.source.sentence.raw and holds(value, change.old):
            yield index, change.new


__all__ = ["CUE", "Change", "Heard", "Memory", "amend", "older"]
