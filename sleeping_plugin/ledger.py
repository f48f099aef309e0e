"""What was learnt: the facts, where each was said, what became of it and how it was recalled.

A fact's id is the digest of its normalised (subject, relation, value), so the same fact from two
conversations is one fact with two provenances. No row is ever deleted: a fact that changed is
superseded, one that the user wants gone is a tombstone, which old turns do not raise.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from sleeping_plugin.database import moment, now, rows, storable, transaction, write_many
from sleeping_plugin.errors import NotFound
from sleeping_plugin.records import Candidate, Fact, FactStatus
from sleeping_plugin.redact import redact

EDIT_SCALE = (1.0, 0.5, 0.1, 0.0)
"""Scale of a fact's edit at each stage, where the adapter alone still lacks the fact."""

_FACT = """SELECT facts.*, (
        SELECT json_group_array(turn) FROM
        (SELECT turn FROM provenance WHERE fact = facts.id ORDER BY turn)
    ) AS turns FROM facts"""
# A name that fits several facts means the one that is most alive.
_ALIVE = list(FactStatus)


@dataclass(frozen=True, slots=True)
class Provenance:
    """One turn that states a fact."""

    turn: int
    evidence: str  # the user's words
    extractor: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Recall:
    """One question to a version about one fact, and what came of it."""

    fact: str
    version: str
    question: str
    answer: str
    recalled: bool
    time: str


def fact_id(subject: str, relation: str, value: str) -> str:
    """Return the id of the fact: "f-" and 10 hex digits."""
    content = json.dumps([_normal(subject), _normal(relation), _normal(value)])
    return "f-" + hashlib.sha256(content.encode()).hexdigest()[:10]


class Ledger:
    """The ledger in an open database (:func:`sleeping_plugin.database.connect`)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def transaction(self) -> AbstractContextManager[None]:
        """Make the writes within, to the journal too, appear together or not at all."""
        return transaction(self._connection)

    def facts(self, *statuses: FactStatus) -> list[Fact]:
        """Return the facts of these statuses (of all, if none is given), oldest first."""
        return self._select("", [], statuses)

    def about(self, subject: str, relation: str, *statuses: FactStatus) -> list[Fact]:
        """Return the facts with this subject and relation, oldest first."""
        return self._select("slot = ?", [_slot(subject, relation)], statuses)

    def get(self, name: str) -> Fact:
        """Return the fact of that id, or whose id begins so, or that answers that question.

        NotFound if there is none, with the nearest, or if several fit, with their ids.
        """
        exact = self._select("id = ?", [name], ())
        if exact:
            return exact[0]
        facts = self.facts()
        prefix = name.lower().removeprefix("f-")
        found = []
        if re.fullmatch(r"[0-9a-f]{3,10}", prefix):
            found = [fact for fact in facts if fact.id.startswith(f"f-{prefix}")]
        wanted = _normal(name)
        found = found or [
            fact for fact in facts if wanted in map(_normal, (fact.question, *fact.wordings))
        ]
        if not found:
            raise NotFound(_unknown(name, facts))
        alive = min(_ALIVE.index(fact.status) for fact in found)
        found = [fact for fact in found if _ALIVE.index(fact.status) == alive]
        if len(found) > 1:
            several = ", ".join(f"{fact.id} ({fact.value})" for fact in found)
            raise NotFound(f"{name!r} fits several facts: {several}. Type the id of one.")
        return found[0]

    def provenance(self, identity: str) -> list[Provenance]:
        """Return where a fact was said, in order of the turns."""
        found = rows(
            self._connection,
            "SELECT turn, evidence, extractor, confidence FROM provenance WHERE fact = ?"
            " ORDER BY turn",
            (identity,),
        )
        return [Provenance(*row) for row in found]

    def add(
        self,
        candidate: Candidate,
        status: FactStatus,
        wordings: Sequence[str],
        reason: str = "",
    ) -> Fact:
        """Store the fact of ``candidate``, or one more provenance of it; return it as it is then.

        A forgotten fact stays forgotten. A quarantined one that is now accepted is accepted. A
        superseded one that is accepted again comes back only if it was said after what superseded
        it, so that reading an old chat late does not turn back time.
        """
        subject, relation, value = map(
            _clean, (candidate.subject, candidate.relation, candidate.value)
        )
        identity = fact_id(subject, relation, value)
        with self.transaction():
            known = self._select("id = ?", [identity], ())
            raised = known and status is FactStatus.ACCEPTED and self._rises(known[0], candidate)
            if not known or raised:
                self._write(identity, (subject, relation, value), candidate, status, reason)
                self.set_wordings(identity, wordings)
            rows(
                self._connection,
                "INSERT INTO provenance VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (
                    identity,
                    candidate.turn,
                    _clean(candidate.evidence),
                    candidate.extractor,
                    candidate.confidence,
                ),
            )
            return self._one(identity)

    def supersede(self, old: str, new: str) -> None:
        """Note that ``new`` replaces ``old``. A forgotten fact stays forgotten."""
        with self.transaction():
            self._one(new)
            if self._one(old).status is not FactStatus.FORGOTTEN and old != new:
                rows(
                    self._connection,
                    "UPDATE facts SET status = ?, superseded_by = ?, reason = '', updated = ?"
                    " WHERE id = ?",
                    (FactStatus.SUPERSEDED, new, now(), old),
                )

    def set_status(self, identity: str, status: FactStatus, reason: str = "") -> Fact:
        """Set a status by hand: accept a quarantined fact, end one without a successor."""
        with self.transaction():
            self._one(identity)
            rows(
                self._connection,
                "UPDATE facts SET status = ?, superseded_by = NULL, reason = ?, updated = ?"
                " WHERE id = ?",
                (status, _clean(reason), now(), identity),
            )
            return self._one(identity)

    def forget(self, identity: str) -> Fact:
        """Make a fact a tombstone: it is never taught again, and never raised by a turn."""
        return self.set_status(identity, FactStatus.FORGOTTEN)

    def set_wordings(self, identity: str, wordings: Sequence[str]) -> None:
        """Set the questions a fact is taught with, the direct one first; repeats are dropped."""
        kept = list(dict.fromkeys(map(_clean, wordings)))
        with self.transaction():
            self._one(identity)
            rows(
                self._connection,
                "UPDATE facts SET wordings = ?, updated = ? WHERE id = ?",
                (json.dumps(kept, ensure_ascii=False), now(), identity),
            )

    def set_answer(self, identity: str, answer: str) -> None:
        """Set the answer a fact is taught with, where facts that hold at once share a question."""
        with self.transaction():
            self._one(identity)
            rows(
                self._connection,
                "UPDATE facts SET answer = ?, updated = ? WHERE id = ?",
                (_clean(answer), now(), identity),
            )

    def record_recall(
        self, fact: str, version: str, question: str, answer: str, recalled: bool
    ) -> None:
        """Add a recall test to the history of ``fact``. Many belong into one transaction."""
        rows(
            self._connection,
            "INSERT INTO recalls (fact, version, question, answer, recalled, time)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (fact, version, _clean(question), _clean(answer), recalled, now()),
        )

    def record_answers(self, version: str, answers: Iterable[Mapping[str, Any]]) -> None:
        """Add what the gate asked about facts to their history, in one transaction."""
        with self.transaction():
            for one in answers:
                if one["fact"]:
                    self.record_recall(
                        one["fact"], version, one["question"], one["answer"], one["said"]
                    )

    def recalls(self, fact: str) -> list[Recall]:
        """Return every recall test of a fact, oldest first."""
        found = rows(
            self._connection,
            "SELECT fact, version, question, answer, recalled, time FROM recalls WHERE fact = ?"
            " ORDER BY key",
            (fact,),
        )
        return [Recall(**{**dict(row), "recalled": bool(row["recalled"])}) for row in found]

    def stages(self, version: str) -> dict[str, int]:
        """Return the stage of each fact in a version; {} for the base."""
        found = rows(
            self._connection,
            "SELECT fact, stage FROM stages WHERE version = ? ORDER BY fact",
            (version,),
        )
        return {row["fact"]: row["stage"] for row in found}

    def set_stages(self, version: str, stages: Mapping[str, int]) -> None:
        """Set the stage (0 to 3) of each fact in a version; those not named have none there."""
        with self.transaction():
            rows(self._connection, "DELETE FROM stages WHERE version = ?", (version,))
            values = [(version, fact, stage) for fact, stage in stages.items()]
            write_many(self._connection, "INSERT INTO stages VALUES (?, ?, ?)", values)

    def _select(
        self, condition: str, values: Sequence[str], statuses: Sequence[FactStatus]
    ) -> list[Fact]:
        conditions = [condition] if condition else []
        if statuses:
            conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
        where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        statement = f"{_FACT}{where} ORDER BY key"
        return [_fact(row) for row in rows(self._connection, statement, [*values, *statuses])]

    def _one(self, identity: str) -> Fact:
        found = self._select("id = ?", [identity], ())
        if not found:
            raise NotFound(f"There is no fact {identity!r}. Type `sleeping facts` to see all.")
        return found[0]

    def _write(
        self,
        identity: str,
        triple: tuple[str, str, str],
        candidate: Candidate,
        status: FactStatus,
        reason: str,
    ) -> None:
        time = now()
        rows(
            self._connection,
            """INSERT INTO facts (id, slot, subject, relation, value, question, answer, status,
                created, updated, wordings, reason, single, extractor)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET question = excluded.question, answer = excluded.answer,
                status = excluded.status, updated = excluded.updated, reason = excluded.reason,
                single = excluded.single, extractor = excluded.extractor, superseded_by = NULL""",
            (
                identity,
                _slot(*triple[:2]),
                *triple,
                _clean(candidate.question),
                _clean(candidate.answer),
                status,
                time,
                time,
                _clean(reason),
                candidate.single,
                candidate.extractor,
            ),
        )

    def _rises(self, fact: Fact, candidate: Candidate) -> bool:
        """Say whether accepting ``candidate`` makes the known ``fact`` accepted."""
        if fact.status is not FactStatus.SUPERSEDED:
            return fact.status is FactStatus.QUARANTINED
        said, seen, successor = set(fact.turns), {fact.id}, fact.superseded_by
        while successor is not None and successor not in seen:
            later = self._one(successor)
            said.update(later.turns)
            seen.add(successor)
            successor = later.superseded_by
        times = {
            row["id"]: moment(row["time"])
            for row in rows(
                self._connection,
                "SELECT id, time FROM turns WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps([*said, candidate.turn]),),
            )
        }
        first = moment("")
        last = max(((times.get(turn, first), turn) for turn in said), default=(first, -1))
        return (times.get(candidate.turn, first), candidate.turn) > last


def _normal(text: str) -> str:
    """Return what two spellings of the same words share."""
    plain = (
        unicodedata.normalize("NFKC", text)
        .casefold()
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    words = " ".join(plain.split())
    bare = re.sub(r"^(?:a|an|the)\s+(?=\w)", "", words.strip(" .,;:!?\"'()[]"))
    return bare or words


def _slot(subject: str, relation: str) -> str:
    return json.dumps([_normal(subject), _normal(relation)])


def _clean(text: str) -> str:
    return redact(storable(text))


def _unknown(name: str, facts: Sequence[Fact]) -> str:
    questions = {fact.id: fact.question for fact in facts}
    near = process.extractOne(name, questions, scorer=fuzz.WRatio, score_cutoff=60)
    hint = f" The nearest is {near[2]}: {near[0]!r}." if near else ""
    return f"There is no fact {name!r}.{hint} Type `sleeping facts` to see all."


def _fact(row: sqlite3.Row) -> Fact:
    return Fact(
        id=row["id"],
        subject=row["subject"],
        relation=row["relation"],
        value=row["value"],
        question=row["question"],
        answer=row["answer"],
        status=FactStatus(row["status"]),
        turns=tuple(json.loads(row["turns"])),
        created=row["created"],
        updated=row["updated"],
        wordings=tuple(json.loads(row["wordings"])),
        reason=row["reason"],
        single=bool(row["single"]),
        extractor=row["extractor"],
        superseded_by=row["superseded_by"],
    )
