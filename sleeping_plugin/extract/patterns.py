"""The deterministic extractor: reads facts out of the user's sentences, without a model.

The path of one conversation: user turns -> sentences in the user's own voice (voice, sentences) ->
clauses with their subjects resolved (clauses, people) -> rules for each way of saying a lasting
thing (rules, attributes, special) -> what is only asked, wished or heard is dropped (guard) ->
corrections are applied to what was said before (corrections) -> candidates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sleeping_plugin import relations
from sleeping_plugin.extract import amendments, corrections, values
from sleeping_plugin.extract.attributes import attribute
from sleeping_plugin.extract.clauses import Clause, Reader
from sleeping_plugin.extract.dialogue import completed
from sleeping_plugin.extract.guard import is_statement, lasts
from sleeping_plugin.extract.jobs import is_occupation
from sleeping_plugin.extract.lexicon import BREEDS
from sleeping_plugin.extract.open_facts import open_facts
from sleeping_plugin.extract.ordinary import is_ordinary
from sleeping_plugin.extract.people import CAP, Cast, Entity, Place, read_role, user_label
from sleeping_plugin.extract.phrases import Spoken, signature, spoken_facts
from sleeping_plugin.extract.phrases.late import may_name
from sleeping_plugin.extract.rules import Found, Said, said_of
from sleeping_plugin.extract.sentences import Sentence, sentences
from sleeping_plugin.extract.strangers import is_fiction, names_stranger, speaks_of, strangers_in
from sleeping_plugin.extract.verbs import BASE, PAST, THIRD
from sleeping_plugin.extract.voice import own_words
from sleeping_plugin.hookspecs import Extractor, hookimpl
from sleeping_plugin.records import Candidate, Turn
from sleeping_plugin.relations.grammar import USER
from sleeping_plugin.relations.verbs import lemma

if TYPE_CHECKING:
    from sleeping_plugin.runtime import Runtime

_VERB_FORMS = "|".join(
    sorted(BASE | THIRD | (PAST - {"met", "retired"}) | {"am", "are"}, key=len, reverse=True)
)
_VERB_FORMS += "|retired(?= (?:in|from|at|last|early|after))"  # not "a retired teacher"
_PARTS = re.compile(
    r"(?:,?\s+(?:and|but|&)\s+(?:then |also |now |still |currently |both )?|"
    rf",\s+)(?=(?:{_VERB_FORMS})\s)",
    re.IGNORECASE,
)
_COMPLEMENTS = re.compile(r",\s*(?:and\s+|but\s+)?|\s+(?:and|but)\s+(?:also\s+|now\s+)?")
_STRONG_COMPLEMENT = re.compile(
    r"(?:(?:also|now|currently|originally) )?(?:an? |the (?:head|owner)|from |based |living |"
    r"working |studying |learning |married |engaged |allergic |"
    r"\d+\b(?! (?:and|or))|born |raised in |originally |in (?=[A-Z])|obsessed with |into |crazy "
    r"about |mad "
    r"about |fond of |vegetarian|vegan|retired|(?:twenty|thirty|forty|fifty|sixty|seventy|"
    r"eighty)\b|"
    r"lactose|left-handed|doing |due (?:in|on) |settled in |posted |stationed |"
    r"colou?r[- ]blind|mad on |blind|deaf|diabetic|coeliac|celiac|keen on |big on |"
    r"teaching |training )",
    re.IGNORECASE,
)


class PatternExtractor:
    """Finds facts with patterns; needs no model and gives the same result every time."""

    name = "patterns"

    def extract(self, turns: Sequence[Turn], model: Runtime | None) -> list[Candidate]:
        """Return the facts that the user states in these turns of one conversation."""
        del model
        cast = Cast()
        told: list[tuple[Turn, Sentence, Found]] = []
        memory = amendments.Memory()
        asked = ""
        number = 0  # of the user's turns, by which pronouns reach back
        for turn in turns:
            if turn.role != "user":
                asked = turn.text if turn.role == "assistant" else asked
                continue
            cast.asked = asked
            told += [
                (*_where_said(turn, sentence, fact, turns), fact)
                for sentence, said in _turn_facts(turn, number, asked, cast, told, memory)
                for fact in (said, *_breed(said))
            ]
            asked = ""
            number += 1
        return [
            _candidate(turn, sentence, fact) for turn, sentence, fact in _telling(_distinct(told))
        ]


def _breed(fact: Found) -> Iterator[Found]:
    """Yield that Tyson is a staffy if "my staffy" is called Tyson."""
    noun = fact.subject.removeprefix("my ").lower()
    if fact.relation == "name" and noun.split()[-1] in BREEDS and not fact.negated:
        yield Found(fact.value, "breed", noun, 0.8)


def _where_said(
    turn: Turn, sentence: Sentence, fact: Found, turns: Sequence[Turn]
) -> tuple[Turn, Sentence]:
    """Return where a name stands: "Yes." to "Is Nesrin your wife?" is about one said before."""
    value = re.compile(rf"\b{re.escape(fact.value)}\b", re.IGNORECASE)
    if fact.relation in ("name", "breed") and not value.search(turn.text):
        for one in reversed(turns[: turns.index(turn)]):
            for before in sentences(one.text) if one.role == "user" else []:
                if value.search(before.raw):
                    return one, before
    return turn, sentence


def _turn_facts(
    turn: Turn,
    number: int,
    asked: str,
    cast: Cast,
    earlier: Sequence[tuple[Turn, Sentence, Found]],
    memory: amendments.Memory,
) -> Iterator[tuple[Sentence, Found]]:
    """Yield the facts of one user turn, sentence by sentence."""
    before = [fact for _, _, fact in earlier]
    previous = ""
    if names_stranger(asked, cast):
        known = [one for one in cast.entities if speaks_of(asked, one.label, one.name)]
        if not known:
            cast.strangers.append(((number, -1, 0), ""))
    for sentence in completed(sentences(turn.text), asked, cast):
        found = list(_sentence_facts(sentence, cast, number, previous))
        found = corrections.apply(sentence, found, before, cast)
        heard = amendments.Heard(number, sentence, asked)
        found = amendments.amend(
            heard, found, before, cast, memory, lambda s: _sentence_facts(s, cast, number, "")
        )
        previous = sentence.text
        for fact in found:
            before.append(fact)
            if fact.relation != "name":
                cast.taken |= set(fact.value.lower().split())
            yield sentence, fact
    signed = signature(own_words(turn.text))
    if signed and not any(f.subject == USER and f.relation == "name" for f in before):
        yield Sentence(signed, signed, 0, "", False), Found(USER, "name", signed, 0.85)


def _sentence_facts(sentence: Sentence, cast: Cast, turn: int, previous: str) -> Iterator[Found]:
    for piece, negated in corrections.ended_pieces(sentence):
        piece = replace(piece, text=corrections.affirmed(piece.text))
        reader = Reader(piece, cast, turn)
        cast.strangers += [(reader.here(at), sex) for at, sex in strangers_in(reader.text, cast)]
        cast.hear(reader.text, turn, piece.index)
        clauses: list[Clause] = []
        facts: list[Found] = []
        for clause in reader.clauses():
            clauses.append(clause)
            for fact in _clause_facts(clause, reader):
                facts.append(fact)
                yield corrections.negate(fact) if negated else fact
        yield from _livelihood(clauses, facts)
        if negated:
            continue
        user = Said(None, "", piece.casual, cast, (turn, piece.index, 0))
        for fact in (
            *_mentions(reader, clauses),
            *spoken_facts(Spoken(reader.text, previous, user, piece.index, piece.ends)),
        ):
            facts.append(fact)
            yield fact
        yield from _open_facts(clauses, reader, facts)


def _open_facts(
    clauses: Sequence[Clause], reader: Reader, told: Sequence[Found]
) -> Iterator[Found]:
    """Yield what clauses say beyond the rules: values that nothing else in the sentence has."""
    said = {word for fact in told for word in _weighty(fact.value)}
    for clause in clauses:
        if not clause.known or not is_statement(clause, reader.sentence, reader.text):
            continue
        if clause.noun and (clause.subjects[0] or lemma(clause.verb.split(" ")[0])[0] == "be"):
            continue
        for who, part in _predicates(clause):
            part = _with_topic(part, reader, clause.start)
            day = _DAY_AHEAD.fullmatch(clause.before)
            if day:
                part = f"{part} {'on ' if day.group('v').endswith('s') else ''}{day.group('v')}"
            if clause.noun:  # "my choir meets on Wednesdays"
                who = Entity(f"my {clause.noun.lower()}", "thing")
            about = Said(
                who,
                part,
                reader.sentence.casual,
                reader.cast,
                reader.here(clause.start),
                plural=clause.plural,
                pronoun=clause.pronoun,
            )
            for fact in open_facts(about, clause.before):
                if not said & _weighty(fact.value):
                    said |= _weighty(fact.value)
                    yield fact


_DAY_AHEAD = re.compile(
    r"(?:on )?(?P<v>(?:mon|tues|wednes|thurs|fri|satur|sun)days|"
    r"every (?:mon|tues|wednes|thurs|fri|satur|sun)day)"
)


def _with_topic(part: str, reader: Reader, at: int) -> str:
    """Say what "it" is: "have had it since 2009" of a shop is "have had my shop since 2009"."""
    if not re.match(r"[a-z]+ (?:[a-z]+ )?it\b", part):
        return part
    topic = reader.cast.resolve("it", reader.here(at))
    here = reader.here(at)
    if (
        topic is None
        or topic.kind != "thing"
        or topic.before(here)[0] != here[0]
        or not topic.label.startswith("my ")
    ):
        return part
    return re.sub(r"\bit\b", topic.label, part, count=1)


def _predicates(clause: Clause) -> Iterator[tuple[Entity | None, str]]:
    """Yield the first subject with each verb phrase of its clause."""
    who = clause.subjects[0]
    about = Said(who, clause.verb, False, Cast(), (0, 0, 0), plural=clause.plural)
    for number, part in enumerate(_PARTS.split(clause.verb)):
        if not number or _may_follow(part, about):
            yield who, part


def _weighty(value: str) -> set[str]:
    """Return the words of a value that carry it."""
    return {
        word for word in re.findall(r"[\w']+", value.lower()) if len(word) > 3 or word.isdigit()
    }


def _mentions(reader: Reader, clauses: Sequence[Clause]) -> Iterator[Found]:
    """Yield what was said on the way: names beside roles, asides such as ", a nurse,"."""
    for label, name, place, extra in reader.told:
        if place in reader.introduced:
            before = [clause for clause in clauses if clause.start <= place]
            if before and not is_statement(before[-1], reader.sentence, reader.text):
                continue  # "he told me that he has a wife called Emma"
        if name:
            yield Found(label, "name", name, place=place)
            if extra:
                yield Found(name, "age", extra, place=place)
            continue
        entity = reader.cast.of_label(label) or reader.cast.named(label)
        if entity is None:
            continue
        if extra.startswith("lives in "):
            yield Found(entity.subject, "home city", extra.removeprefix("lives in "), 0.8)
            continue
        said = f"is {extra}" if not re.match(r"(?:who|which|that|whose)\b", extra) else ""
        ours = re.fullmatch(rf"(?:my|our) (?P<v>{CAP})", extra)
        if ours and not entity.name:
            entity.name = ours.group("v")
            yield Found(entity.label, "name", entity.name, 0.85, place=place)
            continue
        age = re.fullmatch(r"(?:aged? )?(\d{1,2})(?: (?:years|months)(?: old)?)?", extra)
        if age and entity.introduced:
            yield Found(entity.subject, "age", extra.removeprefix("aged ").removesuffix(" old"))
        elif not entity.introduced:
            continue  # "Mary, who is 12": nobody of the user's
        elif re.fullmatch(r"\d+ (?:year|yr)s?", extra):
            yield Found(entity.subject, "age", extra)
        elif said:
            about = Said(entity, said, reader.sentence.casual, reader.cast, reader.here(place))
            yield from said_of(about)


def _clause_facts(clause: Clause, reader: Reader) -> Iterator[Found]:
    if not is_statement(clause, reader.sentence, reader.text):
        return
    for who in clause.subjects:
        named = _named_on_the_way(clause, who, reader) if who is not None else None
        if named:
            yield named
            who = reader.cast.named(named.value) or who
        said = Said(
            who,
            clause.verb,
            reader.sentence.casual,
            reader.cast,
            reader.here(clause.start),
            clause.known or named is not None,
            clause.plural,
            clause.pronoun,
            reader.sentence.index <= 1 and not _words_before(clause, reader),
        )
        if clause.noun:
            for fact in attribute(said, clause.noun):
                favourite = fact.relation.startswith(("favourite", "favorite"))
                if clause.known or favourite or _sure_stranger(fact, clause):
                    yield fact
            continue
        for fact in _verb_facts(said):
            stranger = not clause.known and who is not None and named is None
            made_up = stranger and is_fiction(reader.text)
            if stranger and (made_up or not _sure_stranger(fact, clause)):
                continue
            if lasts(clause.verb, fact.relation):
                if who is not None and not who.introduced:
                    who.introduced = True
                    reader.cast.remember(who)
                yield fact


def _named_on_the_way(clause: Clause, who: Entity, reader: Reader) -> Found | None:
    """Return the name fact in "My wife will correct it, Hélène is a translator".

    Somebody without a name is mentioned, then a name does what only people do.
    """
    here = reader.here(clause.start)
    if clause.known or who.introduced or not who.name or clause.pronoun != who.name:
        return None
    if not may_name(who.name, reader.cast, casual=False) or clause.plural:
        return None
    waiting = reader.cast.unnamed(here)
    if waiting is None or not _may_be_called(waiting, clause, reader):
        return _named_of_several(who, reader, here)
    over = lemma(clause.verb.split(" ")[0])[1] == "past" and waiting.before(here)[0] != here[0]
    over = over or bool(re.match(r"(?:was|were|had)\b", clause.verb))
    if (over and not re.match(r"\w+ an? ", clause.verb)) or is_ordinary(who.name.split()[0]):
        return None  # "My coach says so too. Virat was rejected once"
    waiting.name = who.name
    waiting.mention(here)
    reader.cast.entities = [one for one in reader.cast.entities if one is not who]
    return Found(waiting.label, "name", who.name, 0.8)


def _may_be_called(waiting: Entity, clause: Clause, reader: Reader) -> bool:
    """Tell whether the name in front of this clause may be that of ``waiting``."""
    here = reader.here(clause.start)
    asked = re.search(r"\b(?:he|she|him|her|his|they)\b", reader.cast.asked, re.IGNORECASE)
    if waiting.before(here)[0] != here[0]:
        return bool(asked)
    if waiting.sure:
        return True
    spoken = re.search(r"\b(?:he|she|him|her|his)\b", reader.text, re.IGNORECASE)
    return bool(spoken or "because" in reader.text[: clause.start])


def _named_of_several(who: Entity, reader: Reader, here: Place) -> Found | None:
    """Return the name fact in "Two sons: Simon is an actuary and Peter teaches"."""
    group = reader.cast.several(here)
    read = read_role(group.label.removeprefix("my ")) if group else None
    if group is None or read is None or read[0].kind == "thing":
        return None
    who.label, who.introduced, who.kind = user_label(read[0]), True, read[0].kind
    reader.cast.remember(who)
    group.mention(here)
    return Found(who.label, "name", who.name, 0.8)


_IDLE = re.compile(
    r"(?:am|have|need|want|hope|would|like|think|know|love|was|got|live|wonder|mean|guess|believe|"
    r"feel|"
    r"just|can|do|did|had|has|will|could|should|might|look|try|work|came|come|went|go|found|saw|"
    r"heard|read|use|hate|prefer|forgot|forget|remember|promise|swear|must|write|speak|thought|"
    r"made|"
    r"require|request|seek|attach|enclose|started|moved|said|told|see|wish|apologise|"
    r"apologize|understand|admit|suppose|say|ask|get|"
    r"give)\b"
)


def _livelihood(clauses: Sequence[Clause], facts: Sequence[Found]) -> Iterator[Found]:
    """Yield what somebody does for a living, said as they give their name: "and I bind books"."""
    if not any(fact.subject == USER and fact.relation == "name" for fact in facts):
        return
    for clause in clauses:
        phrase = values.first_item(values.cut(clause.verb))
        told = any(fact.value.lower() in clause.verb.lower() for fact in facts)
        short = re.match(r"[a-z]+ (?!to\b|it\b|you\b|the\b|my\b)(?:[\w'-]+ ?){1,4}$", phrase)
        if clause.pronoun == "i" and short and not told and not _IDLE.match(phrase):
            yield Found(USER, "livelihood", phrase, 0.8)


_GREETING = re.compile(
    r"^(?:(?:hi+|hiya|hell+o+|hey+|heya|yo+|sup|so|ok|morning|evening|good \w+|there|"
    r"all|howdy|g'?day|salut|"
    r"alright|hallo|hola)\b[,! ]*)+",
    re.IGNORECASE,
)


def _words_before(clause: Clause, reader: Reader) -> str:
    """Return what stands before the clause, but for a greeting."""
    return _GREETING.sub("", reader.text[: clause.start]).strip()


def _sure_stranger(fact: Found, clause: Clause) -> bool:
    """Tell whether a fact about a name that nobody introduced is worth keeping."""
    present = not re.match(r"(?:was|were|had|lived|worked|studied|grew|moved|got)\b", clause.verb)
    close = fact.relation in ("home city", "job", "employer", "allergy", "age", "diet")
    return present and close and len(fact.subject.split()) == 1 and fact.relation != "age"


def _verb_facts(said: Said) -> Iterator[Found]:
    """Yield the facts of a verb phrase and of those that share its subject."""
    parts = _PARTS.split(said.text)
    seen: set[tuple[str, str, str]] = set()

    def fresh(facts: Iterator[Found]) -> Iterator[Found]:
        for fact in facts:
            key = (fact.subject, fact.relation, fact.value.lower())
            if key not in seen:
                seen.add(key)
                yield fact

    for number, part in enumerate(parts):
        if number and not _may_follow(part, said):
            continue
        yield from fresh(said_of(_with(said, part)))
        be = re.match(r"(?:am|is|are)\b ?", part)
        if not be or re.search(r"\b(?:called|named) [A-Z]", part):
            continue  # "I'm writing about a nurse called Clara, 34"
        for complement in _COMPLEMENTS.split(part[be.end() :])[1:]:
            if re.match(rf"{values.NUMBER} years\b(?! old)", complement, re.IGNORECASE):
                continue  # "a plumber, 22 years"
            job = is_occupation(values.first_item(values.cut(complement)))
            if job or _STRONG_COMPLEMENT.match(complement):
                yield from fresh(said_of(_with(said, be.group() + complement)))


def _may_follow(part: str, said: Said) -> bool:
    """Tell whether a verb phrase after "and" can have the same subject, by its verb's form."""
    verb = part.split()[0].lower() if part else ""
    if said.who is None or said.plural:
        return verb not in THIRD or verb in BASE
    return verb in THIRD or verb in PAST


def _with(said: Said, text: str) -> Said:
    return replace(said, text=text)


def _distinct(
    told: Sequence[tuple[Turn, Sentence, Found]],
) -> Iterator[tuple[Turn, Sentence, Found]]:
    """Drop what the same turn says twice."""
    seen: set[tuple[int, str, str, str, bool]] = set()
    for turn, sentence, fact in told:
        key = (turn.id, fact.subject.lower(), fact.relation, fact.value.lower(), fact.negated)
        if key not in seen:
            seen.add(key)
            yield turn, sentence, fact


def _telling(
    told: Iterable[tuple[Turn, Sentence, Found]],
) -> Iterator[tuple[Turn, Sentence, Found]]:
    """Drop what a name says better: "I have a parrot" beside "my parrot is called Duchess"."""
    kept = list(told)
    named = {fact.subject.split()[-1] for _, _, fact in kept if fact.relation == "name"}
    for turn, sentence, fact in kept:
        vague = fact.relation in ("pet", "group") and fact.value.split()[-1] in named
        if fact.value and not vague:
            yield turn, sentence, fact


_HABIT = re.compile(
    rf"(?:{'|'.join(sorted(BASE | THIRD, key=len, reverse=True))}) (?:in|the|an?|at|"
    rf"with|on|my|his|her|to|along|"
    r"around|up|for)\b",
    re.IGNORECASE,
)


def _candidate(turn: Turn, sentence: Sentence, fact: Found) -> Candidate:
    value = fact.value.strip()
    if fact.relation == "hobby" and _HABIT.match(value):
        fact = replace(fact, relation="habit")  # "swims in the sea", not "chess"
    many = relations.holds_many(fact.subject, fact.relation)
    return Candidate(
        subject=fact.subject,
        relation=fact.relation,
        value=value,
        question=relations.question(fact.subject, fact.relation, value),
        answer=relations.answer(fact.subject, fact.relation, value),
        turn=turn.id,
        evidence=sentence.raw,
        extractor=PatternExtractor.name,
        confidence=fact.confidence,
        single=fact.replaces or not many,
        negated=fact.negated,
    )


@hookimpl
def register_extractors(register: Callable[[Extractor], None]) -> None:
    """Register the pattern extractor."""
    register(PatternExtractor())


__all__ = ["Entity", "PatternExtractor", "register_extractors"]
