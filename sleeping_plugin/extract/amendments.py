"""Corrections of what was said before, whatever it was: found in the words, not in the facts.

"The exam is on 14 June. ... Sorry, it is 21 June, they moved it." The new value is of the same kind
as an old one that stands in an earlier sentence about the same thing. That sentence is read again
with the new value in the place of the old; where nothing reads it, the event or the thing itself
makes the fact ("exam date").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sleeping_plugin.extract import values
from sleeping_plugin.extract.events import has_own_topic, name_of, topics
from sleeping_plugin.extract.people import CAP, Cast, read_role
from sleeping_plugin.extract.rules import Found
from sleeping_plugin.extract.sentences import Sentence, expand
from sleeping_plugin.extract.typed_values import Typed, typed
from sleeping_plugin.relations.grammar import USER

_HEDGE = (
    r"(?:no|nope|nah|sorry|wait|oops|whoops|scratch that|strike that|correction|i mean(?:t)?"
    r"(?: to (?:say|write|type))?|i should say|or rather|rather|actually|make (?:that|it)|hang on|hold on"
    r"|my mistake|my bad|not true|i lie|i tell a lie|er|um|edit|wrong|pardon|excuse me|apologies)"
)
CUE = re.compile(
    rf"^(?:(?:oh|ah|hm+|ok|well|and|but|so|also|ps|argh|ugh|damn|please note|note)\b[ ,:.!]*)*{_HEDGE}\b(?! (?:i can|i do|idea"
    r"|problem|worries|need|thanks|one|way|about|for (?:the|being|my))\b)|"
    r"\b(?:misspoke|mistaken|mistakenly|mistyped|i mean(?:t)?\b|my mistake|a mistake|an error|mix(?:ed)? (?:it |them |that )?up"
    r"|mix-up|wrong|typo|scratch that|strike that|correction|corrections?|i (?:told|said|wrote|typed|gave) (?:you )?"
    r"|i'd said|turns out|chang(?:ed|e)|slipped|fat finger|autocorrect|what am i (?:typing|saying)|moved|postponed|put off|pushed (?:it |that |them )?(?:back|forward|to)|brought (?:it )?forward"
    r"|reschedul\w+|delayed|shifted|make that|should (?:be|read|say|have been)|supposed to be|double[- ]checked"
    r"|(?:just|have|i've) (?:checked|looked|counted|reread|asked|heard)|(?:just )?(?:looked|checked)\b|recount\w*|counted again"
    r"|not any ?more|no longer|instead|i forgot|forgot(?:ten)? (?:the|that|to|about)|keep forgetting|in fact|to be (?:exact|precise)"
    r"|got (?:that|it|this) wrong|let me correct|correct (?:the|that|this|it|my)|update|swapped|switched|replaced|traded"
    r"|not .{1,30},? but|rather than|(?:is|are|am|was) now\b|now (?:is|it is)|(?<=\w )now(?=$|[,.;])|^(?:about|re|regarding) (?:the|my|our)\b|^(?:well|ha|hm+|huh),? (?=\d|[a-z]+ (?:since|now)))",
    re.IGNORECASE,
)
_INLINE = re.compile(
    rf"(?:\s*[,;:(.\u2026\u2013\u2014-]+\s*)(?:(?:oh|ah|er|um|well|but|and)\b[ ,]*)*(?:{_HEDGE}\b[,:.! \u2026-]*)+",
    re.IGNORECASE,
)
_FRONT = re.compile(
    rf"^\W*(?:(?:oh|ah|er|um|well|but|and|so)\b[ ,]*)*(?:{_HEDGE}\b[,:.! \u2026-]*)+", re.I
)
_ASIDE = re.compile(
    r"^(?:(?:it|that|this|he|she|they) (?:is|was|are|should be) |to say |no,? |not [^,]{1,30}, (?:but )?)+",
    re.I,
)
_LINK = re.compile(
    r"(?P<link>in|on|at|to|for|from|with|by|until|till|since|called|named|an?|the|my|our)\s+", re.I
)
_REACH = 40  # turns that an older conversation lies back, to say so
_LONGEST = 400  # sentences heard that a correction may go back to
_NEAR = 2  # turns back within which the same kind of value is enough


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence of the user, and the question that it may answer."""

    turn: int
    sentence: Sentence
    asked: str = ""


@dataclass(slots=True)
class Memory:
    """What the user said so far in one conversation."""

    heard: list[Heard] = field(default_factory=list)
    told: list[tuple[int, Found]] = field(default_factory=list)
    settled: bool = False  # the last sentence corrected something

    def hear(self, heard: Heard) -> None:
        """Keep a sentence, as corrections may come back to it."""
        self.heard.append(heard)
        del self.heard[:-_LONGEST]


Reread = Callable[[Sentence], Iterable[Found]]


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for an old one that stands in an earlier sentence."""

    old: str
    new: str
    kind: str  # of both values, "" for names and nouns
    source: Heard  # with the old value
    renewed: str  # the text of that sentence with the new value in its place


def amend(
    heard: Heard, found: list[Found], before: Sequence[Found], cast: Cast, memory: Memory,
    reread: Reread,
) -> list[Found]:  # fmt: skip
    """Return the facts of a sentence, what it corrects included; keep the sentence in memory."""
    done = any(fact.replaces for fact in found)
    values_now = [fact.value for fact in found if not fact.negated]
    change = None if done else _inline(heard) or _across(heard, memory, values_now)
    memory.hear(heard)
    memory.settled = done or change is not None
    if change is None and not done and _ANNOUNCED.search(heard.sentence.text):
        found = [*found, *_announced(heard.sentence, found, cast)]
    if change is not None:
        found = list(_applied(change, heard.sentence, found, before, cast, reread))
    memory.told += [(heard.turn, fact) for fact in found if not fact.negated]
    return found


def _applied(
    change: Change, sentence: Sentence, found: Sequence[Found], before: Sequence[Found],
    cast: Cast, reread: Reread,
) -> Iterator[Found]:  # fmt: skip
    """Yield the new facts, then the end of every fact that holds the old value."""
    stale = [
        f
        for f in before
        if not f.negated and _holds(f.value, change.old) and not _holds(f.value, change.new)
    ]
    fresh = [
        f for f in found if not (_holds(f.value, change.old) and not _holds(f.value, change.new))
    ]
    told = [f for f in fresh if _holds(f.value, change.new) and not f.negated]
    if not told:
        told = list(_renewed(change, stale, sentence, cast, reread))
        fresh += told
    for fact in fresh:
        yield replace(fact, replaces=True) if fact in told else fact
    for fact in stale:
        same = any((f.subject, f.relation) == (fact.subject, fact.relation) for f in told)
        if not same and not any(f.negated and f.value == fact.value for f in fresh):
            yield replace(fact, negated=True)


def _renewed(
    change: Change, stale: Sequence[Found], sentence: Sentence, cast: Cast, reread: Reread
) -> Iterator[Found]:
    """Yield the facts that the old sentence holds with the new value, the best reading first."""
    for text in _tails(change):
        read = reread(replace(sentence, text=text, ends="."))
        facts = [f for f in read if _holds(f.value, change.new) and not f.negated]
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


_ANNOUNCED = re.compile(
    r"\b(?:moved|changed|postponed|pushed|brought forward|rescheduled|delayed|shifted|should be"
    r"|misspoke|mistaken|a mistake|an error|wrong|correction|i meant|turns out|not .{1,20} but)\b|(?<=\w )now(?=$|[,.;])",
    re.IGNORECASE,
)


def _announced(sentence: Sentence, found: Sequence[Found], cast: Cast) -> Iterator[Found]:
    """Yield the new date of something that was said to have moved, though nobody heard the old."""
    if sentence.ends == "?":
        return
    for new in _news(sentence.text, list(typed(sentence.text)))[:1]:
        if new.kind in ("number", "year") or any(_holds(f.value, new.text) for f in found):
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
        if entity and entity.kind != "thing":
            return entity.subject
    pronoun = re.search(r"\b(?:he|she)\b", front, re.IGNORECASE)
    people = [e for e in cast.entities if e.kind == "person" and e.introduced]
    if pronoun and people:
        wanted = "m" if pronoun.group().lower() == "he" else "f"
        fitting = [e for e in people if e.gender in (wanted, "")]
        return max(fitting or people, key=lambda e: e.seen).subject
    return USER


# --- a correction within one sentence ---------------------------------------------------------


def _inline(heard: Heard) -> Change | None:
    """Read "on Wednesdays, sorry, on Tuesdays": the value before the hedge is the old one."""
    sentence = heard.sentence
    for hedge in reversed(list(_INLINE.finditer(sentence.text))):
        front, back = sentence.text[: hedge.start()], sentence.text[hedge.end() :]
        if not front.strip():
            continue
        sure = bool(_STRONG.search(hedge.group()))
        bare_no = re.search(r"\bno\s*$", hedge.group(), re.IGNORECASE)
        pair = _pair(front, back, sure=sure) if sure or not bare_no else None
        if pair:
            old, new, kind = pair
            renewed = _put(front, old, new)
            source = replace(heard, sentence=replace(sentence, text=front))
            return Change(old, new, kind, source, renewed)
    return None


_PLACED = frozenset("in on at to for from with by".split())


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
        r"[,.;:!?(]|\s(?:and|but|because|they|which|who|so|is|was|are|I|we|he|she|it|not|of course|since|now|actually|obviously|instead)\b",
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
    if (
        old[:1].isupper() != phrase[:1].isupper()
        or not old
        or old.lower() == phrase.lower()
        or len(old.split()) > 5
    ):
        return None
    return old, phrase, ""


_NO_PHRASE = re.compile(
    r"\b(?:I|you|he|she|it|we|they|this|that|what|who|when|where|why|how|if|do|does|did|have|has|can|could|will|would|should|let|please"
    r"|thanks|thank|tell|give|not|never|just|more|too|again|yes|no|ok|okay|now|then|there|here|forget|sure|fine|never mind)\b",
    re.IGNORECASE,
)


def _put(text: str, old: str, new: str) -> str:
    """Return ``text`` with the last ``old`` replaced by ``new``."""
    at = text.lower().rfind(old.lower())
    return text[:at] + new + text[at + len(old) :]


# --- a correction of an earlier sentence ------------------------------------------------------


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
        return _recounted(sentence, memory)
    return (
        _typed_change(sentence, memory, turn)
        or _fragment(sentence, memory, turn)
        or _worded_change(sentence, memory, turn, told)
    )


def _recounted(sentence: Sentence, memory: Memory) -> Change | None:
    """Read "28 hens, the fox took two" after "we have 30 hens"."""
    new = next(typed(sentence.text), None)
    if new is None or new.kind != "number" or new.start > 0 or not _unit(sentence.text, new):
        return None
    for heard in reversed(memory.heard):
        for old in typed(heard.sentence.text):
            same = _unit(heard.sentence.text, old) == _unit(sentence.text, new)
            if old.kind == "number" and same and old.text.lower() != new.text.lower():
                text = heard.sentence.text
                renewed = text[: old.start] + new.text + text[old.end :]
                return Change(old.text, new.text, "number", heard, renewed)
    return None


def _fragment(sentence: Sentence, memory: Memory, turn: int) -> Change | None:
    """Read "No, sorry, PSV of course": what follows the hedge replaces something just said."""
    front = _FRONT.match(sentence.text)
    if not front or not memory.heard or not _STRONG.search(front.group()):
        return None
    for heard in reversed(memory.heard[-4:]):
        if turn - heard.turn > 1:
            break
        pair = _pair(heard.sentence.text, sentence.text[front.end() :])
        if pair:
            old, new, kind = pair
            return Change(old, new, kind, heard, _put(heard.sentence.text, old, new))
    return None


def _is_fragment(text: str) -> bool:
    """Tell whether a sentence is a value and little more: "Well, 42 since Sunday"."""
    first = next(typed(text), None)
    return first is not None and first.start <= 12 and len(text.split()) <= 6


_STRONG = re.compile(
    r"\b(?:sorry|wait|oops|whoops|scratch|strike|correction|mean|meant|should say|rather|make|mistake|bad|lie|typo|pardon)\b",
    re.I,
)


def _typed_change(
    sentence: Sentence, memory: Memory, turn: int, *, least: float = 0.0
) -> Change | None:
    """Find the value of the same kind, said of the same thing or said just before."""
    here = list(typed(sentence.text))
    about = topics(sentence.text)
    for new in _news(sentence.text, here):
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
            renewed = text[: old.start] + new.text + text[old.end :]
            return Change(old.text, new.text, new.kind, heard, renewed)
    return None


def _score(
    old: Typed, new: Typed, heard: Heard, sentence: Sentence, about: set[str], turn: int,
    here: Sequence[Typed],
) -> float:  # fmt: skip
    """Say how sure it is that ``new`` replaces ``old``; 0 for not at all."""
    explicit = any(one.text.lower() == old.text.lower() for one in here)
    shared = about & (topics(heard.sentence.text) | topics(heard.asked))
    near = turn - heard.turn <= _NEAR
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
    if old.kind != new.kind:
        return 2 + len(shared) if shared else 0
    if explicit:
        return 4 + len(shared)
    if shared:
        return 2 + len(shared)
    if not has_own_topic(heard.sentence.text):  # "From 4 August, for ten days."
        return 1.0 if near else 0.5 if old.kind == new.kind else 0
    return 1.0 if near and not has_own_topic(sentence.text) else 0


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


def _news(text: str, here: Sequence[Typed]) -> list[Typed]:
    """Return the values that may be the new one, the most likely first; none that is denied."""
    fit = []
    for one in here:
        front = text[: one.start].lower()
        if re.search(
            r"\b(?:not|instead of|rather than|no longer|isn't|than|said|told you|told|wrote|typed)(?: (?:on|in|at|the|it was|until|about))*\s*$",
            front,
        ):
            continue
        span = re.search(r"\bfrom\s*(?:the )?$", front) and re.match(
            r" (?:to|until|till)\b", text[one.end :]
        )
        if span or re.match(r"(?:'s|\u2019s| is| was)\b (?:the|a|my|when|only)", text[one.end :]):
            continue
        fit.append(one)
    told = r"(?:\b(?:is|be|are|to|meant|mean|now|on|until|till|at|in|it|that|sorry|no|actually|wait|say|rather|but|the|nearly|almost|have|run)|[,:]|^)\s*(?:the )?$"
    return sorted(
        fit, key=lambda one: (not re.search(told, text[: one.start], re.IGNORECASE), one.start)
    )


_DENIED = re.compile(
    r"\bnot (?:in |at |on |with |for |an? |the |my |called |from )*(?P<old>[\w'-]+(?: [\w'-]+){0,2}?)(?=$|[,.;:!]| (?:at all|but|any ?more|it|that|this)\b)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"\b(?:instead of|rather than|used to be|was|swapped|replaced|sold|traded)(?: (?:in|the|my|our|an?|old))* (?P<old>[\w'-]+)",
    re.I,
)
_STATED = re.compile(
    r"(?:^|[,;:] |\b(?:and|but|that|then) )(?:(?:it|that|this|he|she|they|mine|I|we) (?:is|are|am|was|should be|meant|mean|do|does|play|drive|drives|have|has|live|work)"
    r"|the [\w -]{2,30}? is|(?:the |my |our |his |her )?(?P<noun>[a-z][\w-]*(?: [a-z][\w-]*)?) (?:is|are)|make (?:that|it)|I meant|I mean)"
    rf" (?:now |actually |really |only |called |named |an? |the |in |at |with |for |by )*(?P<new>(?-i:{CAP}(?: {CAP})*)|(?-i:[a-z][\w'-]*(?: [a-z][\w'-]*)?))(?=$|[,.;:!]| (?:now|not|actually|instead|at all|though|these days|and|but|because|I)\b)",
    re.IGNORECASE,
)
_BEFORE_NOT = re.compile(
    rf"(?:^|[,;:] |\b(?:in|at|on|an?|the|is|are|called|named|with|for|to|meant|mean|play|drive)\s+)(?P<new>{CAP}(?: {CAP})*|[\w'-]+),? (?:and )?not\b"
)


def _worded_change(
    sentence: Sentence, memory: Memory, turn: int, told: Sequence[str]
) -> Change | None:
    """Find a name or noun that this sentence denies, and what it puts in its place."""
    text = sentence.text
    olds = [m.group("old") for pattern in (_DENIED, _INSTEAD) for m in pattern.finditer(text)]
    stated = [m for m in _STATED.finditer(text)]
    news = list(told)
    news += [m.group("new") for m in _BEFORE_NOT.finditer(text)] + [m.group("new") for m in stated]
    news = [
        n
        for n in news
        if not values.is_vague(n) and not _NO_PHRASE.search(n) and not _LOOSE.fullmatch(n)
    ]
    for old in dict.fromkeys(olds):
        source = _said(memory, old)
        for new in news:
            if (
                source
                and new.lower() != old.lower()
                and not _holds(old, new)
                and old[:1].isupper() == new[:1].isupper()
            ):
                return Change(old, new, "", source, _put(source.sentence.text, old, new))
    for match in stated:  # "the van is a Transit now", where "It is a Vivaro" was said of the van
        noun, new = match.group("noun"), match.group("new")
        if noun and new in news and new[:1].isupper() and len(noun) > 2:
            change = _of_noun(noun, new, memory)
            if change:
                return change
    return _of_last_fact(stated, news, memory, turn)


def _of_last_fact(
    stated: Sequence[re.Match[str]], news: Sequence[str], memory: Memory, turn: int
) -> Change | None:
    """Read "I looked it up, it is O negative" after a message that told a single thing."""
    last = [fact for when, fact in memory.told if when == turn - 1]
    if len(last) != 1 or last[0].relation == "name":
        return None
    old = last[0].value
    source = _said(memory, old)
    for match in stated:
        new = match.group("new")
        it = re.match(r"[,;: ]*(?:it|that|they|make) ", match.group(), re.IGNORECASE)
        alike = new[:1].isupper() == old[:1].isupper() and not next(typed(old), None)
        if it and source and new in news and alike and len(new.split()) <= len(old.split()) + 1:
            return Change(old, new, "", source, _put(source.sentence.text, old, new))
    return None


_LOOSE = re.compile(
    r"(?:[a-z]+ing|[a-z]+ed|wrong|right|true|fine|good|bad|late|early|old|new|sorry|sure|done|over|called|the|an?|in|at|on|own|only|also|very|so|still|really|not)",
    re.I,
)


def _said(memory: Memory, word: str) -> Heard | None:
    for heard in reversed(memory.heard):
        if _holds(heard.sentence.text, word):
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
            rf"^(?:\w+, )?(?:it|she|he) (?:is|was) (?:an? |the |called )?(?P<old>(?-i:{CAP}(?: {CAP})*))",
            text,
            re.I,
        )
        match = own or (its if _holds(earlier, head) or _holds(text, head) else None)
        if match and match.group("old") != new and match.group("old")[:1].isupper():
            renewed = f"my {noun} is a {new}"
            return Change(match.group("old"), new, "", heard, renewed)
    return None


def _holds(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(value.lower())}(?![\w-])", text.lower()) is not None


# --- a correction of what an older conversation told -------------------------------------------


def older(sentence: Sentence, told: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """Yield (index, new value) of what a sentence corrects among (value, evidence) of old facts.

    It has to name the old value, or what that was the value of: nothing is said "just before".
    """
    if sentence.ends == "?" or not CUE.search(sentence.text):
        return
    memory = Memory()
    for _, evidence in told:
        memory.hear(Heard(-_REACH, Sentence(expand(evidence), evidence, 0, ".", False)))
    change = _typed_change(sentence, memory, 0, least=2.0) or _worded_change(
        sentence, memory, 0, ()
    )
    if change is None:
        return
    for index, (value, evidence) in enumerate(told):
        if evidence == change.source.sentence.raw and _holds(value, change.old):
            yield index, change.new


__all__ = ["CUE", "Change", "Heard", "Memory", "amend", "older"]
