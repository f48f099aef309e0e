"""From turns to facts: extract, merge, filter, and bring the ledger up to date.

One transaction for each conversation: its facts and the note that its turns were read appear
together, so a killed process reads them again and nothing is lost or doubled.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rapidfuzz import fuzz

from sleeping_plugin import relations
from sleeping_plugin.database import moment
from sleeping_plugin.errors import SleepingError
from sleeping_plugin.extract.amendments import CUE, older
from sleeping_plugin.extract.sentences import Sentence, sentences
from sleeping_plugin.extract.typed_values import typed
from sleeping_plugin.hookspecs import Extractor, FactFilter
from sleeping_plugin.journal import Journal
from sleeping_plugin.ledger import Ledger
from sleeping_plugin.records import (
    Candidate,
    Fact,
    FactStatus,
    Progress,
    Ruling,
    Turn,
    Verdict,
    silent,
)
from sleeping_plugin.relations.grammar import USER
from sleeping_plugin.runtime import Runtime

if TYPE_CHECKING:
    from sleeping_plugin.config import Config

log = logging.getLogger(__name__)

SAME_VALUE = 92  # rapidfuzz ratio from which two spellings are one value
MODEL = "model"
PATTERNS = "patterns"
_STRICT = {Ruling.ACCEPT: 0, Ruling.QUARANTINE: 1, Ruling.REJECT: 2}


class Readers(Protocol):
    """What curate needs of the loaded plugins."""

    extractors: dict[str, Extractor]
    fact_filters: dict[str, FactFilter]


@dataclass(slots=True)
class CurateResult:
    """Counts of one run."""

    conversations: int = 0
    turns: int = 0  # user turns read
    candidates: int = 0
    accepted: int = 0  # facts that are new
    repeated: int = 0  # known already: one more provenance
    quarantined: int = 0
    rejected: int = 0
    superseded: int = 0
    forgotten: int = 0  # candidates that a tombstone kept out
    reasons: Counter[str] = field(default_factory=Counter)  # why candidates were not accepted


def asks_a_model(config: Config) -> bool:
    """Tell whether one of the extractors reads with the model."""
    chosen = config.extraction
    return MODEL in chosen.extractors and chosen.model_facts != "off"


@contextmanager
def reading_model(config: Config, base: Path | None) -> Iterator[Runtime | None]:
    """Start the model that an extractor asks; give None if none does, or there is no base."""
    if base is None or not asks_a_model(config):
        yield None
        return
    with Runtime(base, context=config.model.context, threads=config.model.threads) as model:
        yield model


def curate(
    journal: Journal,
    ledger: Ledger,
    plugins: Readers,
    config: Config,
    model: Runtime | None,
    progress: Progress = silent,
) -> CurateResult:
    """Read the facts out of all pending turns into the ledger."""
    result = CurateResult()
    pending = journal.pending()
    for done, turns in enumerate(pending):
        progress("reading facts", done / len(pending))
        new = {turn.id for turn in turns} & journal.pending_ids()
        read = _extract(turns, new, plugins, config, model)
        with ledger.transaction():
            keeper = _Keeper(journal, ledger, result)
            candidates = merged(read)
            if PATTERNS in config.extraction.extractors:
                candidates += keeper.corrections(turns, new, candidates)
            for candidate in candidates:
                keeper.keep(candidate, _verdict(candidate, turns, plugins, config))
            journal.mark_extracted(new)
        result.conversations += 1
        result.turns += sum(turn.id in new and turn.role == "user" for turn in turns)
    progress("reading facts", 1.0)
    return result


def merged(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates in order of their turns, with what two extractors agree on as one.

    An agreement raises the confidence: it is wrong only if both are. Where they differ in words,
    what was read first (by the extractor named first) stays.
    """
    kept: list[Candidate] = []
    for candidate in candidates:
        twin = next((i for i, other in enumerate(kept) if _agree(other, candidate)), None)
        if twin is None:
            kept.append(candidate)
        elif kept[twin].extractor != candidate.extractor:
            both = 1 - (1 - kept[twin].confidence) * (1 - candidate.confidence)
            kept[twin] = replace(kept[twin], confidence=both)
    return sorted(kept, key=lambda candidate: candidate.turn)


def _extract(
    turns: Sequence[Turn],
    new: set[int],
    plugins: Readers,
    config: Config,
    model: Runtime | None,
) -> list[Candidate]:
    """Run the configured extractors; one that fails is named in the log and skipped."""
    found: list[Candidate] = []
    for name in config.extraction.extractors:
        extractor = plugins.extractors.get(name)
        if extractor is None:
            log.warning("There is no extractor %r; it is skipped.", name)
            continue
        if name == MODEL and config.extraction.model_facts == "off":
            continue
        try:
            read = extractor.extract(turns, model)
        except SleepingError:
            raise
        except Exception as error:  # the plugin boundary
            log.warning("The extractor %s failed and is skipped: %s", name, error, exc_info=True)
            continue
        found += [candidate for candidate in read if candidate.turn in new]
    return found


def _verdict(
    candidate: Candidate, turns: Sequence[Turn], plugins: Readers, config: Config
) -> Verdict:
    """Return the strictest ruling of all filters, and of the rule for the model's own finds."""
    turn = next(turn for turn in turns if turn.id == candidate.turn)
    strictest = Verdict(Ruling.ACCEPT)
    for name, one in plugins.fact_filters.items():
        try:
            verdict = one.judge(candidate, turn)
        except Exception as error:  # the plugin boundary
            log.warning("The fact filter %s failed: %s", name, error, exc_info=True)
            verdict = Verdict(Ruling.QUARANTINE, f"the filter {name} failed")
        if _STRICT[verdict.ruling] > _STRICT[strictest.ruling]:
            strictest = verdict
    alone = candidate.extractor == MODEL and config.extraction.model_facts == "quarantine"
    if strictest.ruling is Ruling.ACCEPT and alone:
        return Verdict(Ruling.QUARANTINE, "only the model found it")
    return strictest


class _Keeper:
    """Brings candidates into the ledger, one conversation at a time."""

    def __init__(self, journal: Journal, ledger: Ledger, result: CurateResult) -> None:
        self.journal = journal
        self.ledger = ledger
        self.result = result

    def corrections(
        self, turns: Sequence[Turn], new: set[int], candidates: Sequence[Candidate]
    ) -> list[Candidate]:
        """Return what these turns correct of facts that older conversations told."""
        said = [
            (turn, sentence)
            for turn in turns
            if turn.id in new and turn.role == "user"
            for sentence in sentences(turn.text)
            if CUE.search(sentence.text)
        ]
        if not said:
            return []
        here = {turn.id for turn in turns}
        slots = {(c.subject, c.relation) for c in candidates}
        known = [
            fact
            for fact in self.ledger.facts(FactStatus.ACCEPTED)
            if not here & set(fact.turns) and (fact.subject, fact.relation) not in slots
        ]
        told = [(f.value, self.ledger.provenance(f.id)[-1].evidence) for f in known]
        return [
            _corrected(known[index], value, turn, sentence)
            for turn, sentence in said
            for index, value in older(sentence, told)
        ]

    def keep(self, candidate: Candidate, verdict: Verdict) -> None:
        """Do what the verdict, the tombstones and the facts known so far ask for."""
        self.result.candidates += 1
        candidate = _of_successor(candidate)
        if verdict.ruling is Ruling.REJECT:
            self.result.rejected += 1
            self.result.reasons[verdict.reason] += 1
        elif candidate.negated:
            self._end(candidate)
        elif self._is_forgotten(candidate):
            self.result.forgotten += 1
        elif verdict.ruling is Ruling.QUARANTINE:
            self._add(candidate, FactStatus.QUARANTINED, verdict.reason)
            self.result.quarantined += 1
            self.result.reasons[verdict.reason] += 1
        else:
            self._accept(candidate)

    def _accept(self, candidate: Candidate) -> None:
        others = self._slot(candidate)
        known = next((f for f in others if same_value(f.value, candidate.value)), None)
        if known is not None:
            spelt = replace(candidate, subject=known.subject, value=known.value)
            self.ledger.add(spelt, FactStatus.ACCEPTED, known.wordings)
            self.result.repeated += 1
            return
        later = [f for f in others if candidate.single and self._later(f, candidate)]
        if later:  # an old chat that was imported late
            fact = self._add(candidate, FactStatus.QUARANTINED, "")
            self.ledger.supersede(fact.id, later[-1].id)
            self.result.superseded += 1
            return
        fact = self._add(candidate, FactStatus.ACCEPTED, "")
        if fact.status is not FactStatus.ACCEPTED:  # older than what superseded it
            return
        self.result.accepted += 1
        over = [old for old in others if _replaces(candidate, old)]
        for old in over:
            self.ledger.supersede(old.id, fact.id)
            self.result.superseded += 1
            if candidate.relation == "name":
                self._rename(old.value, fact)
        share_answer(self.ledger, fact)

    def _add(self, candidate: Candidate, status: FactStatus, reason: str) -> Fact:
        """Add a fact with the questions it is taught by; none of them asks for another fact."""
        alias = self._aliases(candidate.subject)
        asked = relations.wordings(
            candidate.subject, candidate.relation, candidate.value, alias=alias[0] if alias else ""
        )
        taken = {
            wording
            for fact in self.ledger.facts(FactStatus.ACCEPTED)
            if (fact.subject, fact.relation) != (candidate.subject, candidate.relation)
            for wording in fact.wordings
        }
        kept = [wording for wording in asked[1:] if wording not in taken]
        return self.ledger.add(candidate, status, [asked[0], *kept], reason)

    def _end(self, candidate: Candidate) -> None:
        """End the fact that is said to be over."""
        for fact in self._slot(candidate):
            if same_value(fact.value, candidate.value):
                self.ledger.set_status(fact.id, FactStatus.SUPERSEDED, "you said that it is over")
                share_answer(self.ledger, fact)
                self.result.superseded += 1

    def _slot(self, candidate: Candidate) -> list[Fact]:
        """Return the accepted facts that answer the same question, under every alias."""
        subjects = dict.fromkeys((candidate.subject, *self._aliases(candidate.subject)))
        return [
            fact
            for subject in subjects
            for fact in self.ledger.about(subject, candidate.relation, FactStatus.ACCEPTED)
        ]

    def _aliases(self, subject: str) -> list[str]:
        """Return how else the subject is called: "my sister" for "Mara", "Mara" for "my sister"."""
        if subject == USER:
            return []
        named = [f for f in self.ledger.facts(FactStatus.ACCEPTED) if f.relation == "name"]
        labels = [f.subject for f in named if f.value == subject and f.subject != USER]
        names = [f.value for f in named if f.subject == subject]
        return labels if len(labels) == 1 else names if len(names) == 1 else []

    def _is_forgotten(self, candidate: Candidate) -> bool:
        """Tell whether the user wanted this gone, under any name and in any spelling."""
        return any(
            same_value(fact.value, candidate.value)
            for subject in (candidate.subject, *self._aliases(candidate.subject))
            for fact in self.ledger.about(subject, candidate.relation, FactStatus.FORGOTTEN)
        )

    def _later(self, fact: Fact, candidate: Candidate) -> bool:
        """Tell whether a fact was said after the candidate."""
        said = [self.journal.turn(turn) for turn in fact.turns]
        told = self.journal.turn(candidate.turn)
        newest = max(((moment(turn.time), turn.id) for turn in said), default=None)
        return newest is not None and newest > (moment(told.time), told.id)

    def _rename(self, old: str, name: Fact) -> None:
        """Move what is known of "Maria" to "Mara", who was misspelt."""
        for fact in self.ledger.facts(FactStatus.ACCEPTED):
            if fact.subject != old and not fact.subject.startswith(f"{old}'s "):
                continue
            subject = name.value + fact.subject.removeprefix(old)
            moved = Candidate(
                subject=subject,
                relation=fact.relation,
                value=fact.value,
                question=relations.question(subject, fact.relation, fact.value),
                answer=relations.answer(subject, fact.relation, fact.value),
                turn=fact.turns[-1],
                evidence=self.ledger.provenance(fact.id)[-1].evidence,
                extractor=fact.extractor,
                confidence=1.0,
                single=fact.single,
            )
            new = self._add(moved, FactStatus.ACCEPTED, "")
            self.ledger.supersede(fact.id, new.id)


def share_answer(ledger: Ledger, fact: Fact) -> None:
    """Let the facts that hold at once answer their one question with all values and no others.

    To be called after ``fact``, which may be one of several, has come or gone.
    """
    together = ledger.about(fact.subject, fact.relation, FactStatus.ACCEPTED)
    if fact.single or all(one.id == fact.id for one in together):
        return
    values = [one.value for one in together]
    answer = (
        relations.joint_answer(fact.subject, fact.relation, values)
        if values[1:]
        else relations.answer(fact.subject, fact.relation, values[0])
    )
    for one in together:
        ledger.set_answer(one.id, answer)


def _of_successor(candidate: Candidate) -> Candidate:
    """Return what is said of "my new boyfriend" as said of "my boyfriend", whose place he takes."""
    role = re.fullmatch(
        r"my (?:new|current|present) (?P<role>.+)", candidate.subject, re.IGNORECASE
    )
    if role is None:
        return candidate
    subject = f"my {role.group('role')}"
    if candidate.relation == "name" and relations.holds_many(subject, "name"):
        return candidate  # one may have several friends
    return replace(
        candidate,
        subject=subject,
        question=relations.question(subject, candidate.relation, candidate.value),
        answer=relations.answer(subject, candidate.relation, candidate.value),
        single=candidate.single or candidate.relation == "name",
    )


def _corrected(fact: Fact, value: str, turn: Turn, sentence: Sentence) -> Candidate:
    """Return the fact with the value that ``sentence`` gives it."""
    return Candidate(
        subject=fact.subject,
        relation=fact.relation,
        value=value,
        question=relations.question(fact.subject, fact.relation, value),
        answer=relations.answer(fact.subject, fact.relation, value),
        turn=turn.id,
        evidence=sentence.raw,
        extractor=fact.extractor,
        confidence=0.8,
    )


def _replaces(candidate: Candidate, old: Fact) -> bool:
    """Tell whether one of several values is over by what is said: "Hanne, not Hanna", "28 hens"."""
    if candidate.single:
        return True
    denied = (
        rf"\b(?:not|no longer|instead of|rather than|used to "
        rf"be)\b[^.;,]{{0,24}}\b{re.escape(old.value)}\b"
    )
    if re.search(denied, candidate.evidence, re.IGNORECASE):
        return True
    new, known = _counted(candidate.value), _counted(old.value)
    return bool(new[0] and known[0]) and new[1] == known[1] and new[0] != known[0]


def _counted(value: str) -> tuple[str, str]:
    """Return (number, noun) of "30 hens", ("", "") of anything else."""
    first = next(typed(value), None)
    if first is None or first.kind != "number" or first.start:
        return "", ""
    return first.text.lower(), value[first.end :].strip(" -").lower()


def same_value(one: str, other: str) -> bool:
    """Tell whether two values are spellings of one: "Volvo" and "an old Volvo"."""
    a, b = _bare(one), _bare(other)
    if a == b or (len(a) > 4 and fuzz.ratio(a, b) >= SAME_VALUE and not _numbers(a, b)):
        return True
    short, long = sorted((a.split(), b.split()), key=len)
    return bool(short) and len(long) > len(short) and long[-len(short) :] == short


def _agree(one: Candidate, other: Candidate) -> bool:
    """Tell whether two candidates of a turn say the same."""
    if one.negated != other.negated or one.subject.casefold() != other.subject.casefold():
        return False
    if one.turn != other.turn or not same_value(one.value, other.value):
        return False
    return one.relation == other.relation or one.extractor != other.extractor


def _numbers(a: str, b: str) -> bool:
    return any(c.isdigit() for c in a + b)


def _bare(value: str) -> str:
    words = value.casefold().split()
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)


def counts(result: CurateResult) -> Mapping[str, int]:
    """Return the numbers of a result, without the reasons."""
    return {name: getattr(result, name) for name in CurateResult.__slots__ if name != "reasons"}
