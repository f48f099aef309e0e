"""The night, read downwards: :func:`sleep` is the story, each step below it is one paragraph.

Every step writes what it decided to the run record before the next begins. A night that is killed
goes on after its last finished step the next time; until the last step but one, nothing that a
host could load has changed.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sleeping_plugin import atomic, dissolve, dream, factors, settle
from sleeping_plugin.base import Base, checked_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import Memory, open_memory
from sleeping_plugin.curate import curate, reading_model
from sleeping_plugin.dissolve import Score
from sleeping_plugin.engine.memory import give_back
from sleeping_plugin.errors import CannotUnlearn, NothingToLearn, SleepingError
from sleeping_plugin.exam import make_exam
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Exporter
from sleeping_plugin.night_events import Reported
from sleeping_plugin.origin import Origin, recipe_digest
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.preflight import check_host
from sleeping_plugin.records import (
    NOTHING,
    Edits,
    Fact,
    FactStatus,
    GateReport,
    LowRank,
    Message,
    Progress,
    SleepEvent,
    Version,
)
from sleeping_plugin.runs import Run, open_run, unfinished
from sleeping_plugin.runtime import Runtime
from sleeping_plugin.scoring import says
from sleeping_plugin.versions import Versions, version_id

log = logging.getLogger(__name__)

Kind = Literal["full", "nap"]
Outcome = Mapping[str, Any]
REPLY_TOKENS = 16  # of the base's own replies: how one begins decides what it becomes


@dataclass(frozen=True, slots=True)
class NightResult:
    """What a night came to."""

    version: Version | None
    accepted: bool
    gate: GateReport | None
    seconds: float
    run: str
    message: str
    facts: Mapping[str, str] = field(default_factory=dict)  # fact id -> learnt, missed

    def to_json(self) -> dict[str, Any]:
        """Return the result as ``sleeping sleep --json`` prints it."""
        return {
            "version": self.version.id if self.version else None,
            "accepted": self.accepted,
            "gate": self.gate.to_json() if self.gate else {},
            "seconds": round(self.seconds, 1),
            "run": self.run,
            "message": self.message,
            "facts": dict(self.facts),
        }


def sleep(
    home: Home, config: Config, plugins: Plugins, progress: Progress, *, kind: Kind = "full"
) -> NightResult:
    """Teach all accepted facts and publish the result if the gate accepts it.

    A nap edits the version in use and does not train. Raises SleepingError before anything has
    changed; a night that the gate rejects is no error.
    """
    started = time.monotonic()
    with home.lock("sleep"), open_memory(home) as memory:
        night = Night(home, config, plugins, memory, progress, kind)
        with Reported(night):
            night.preflight()
            night.curate()
            night.audit()
            night.dream()
            if kind == "full":
                night.consolidate()
            night.dissolve()
            night.edit()
            night.choose()
            night.settle()
            night.export()
            night.validate()
            night.publish()
            return night.report(time.monotonic() - started)


class Night:
    """One night at work. Small decisions lie in the run record, big arrays beside it."""

    def __init__(
        self,
        home: Home,
        config: Config,
        plugins: Plugins,
        memory: Memory,
        progress: Progress,
        kind: Kind,
    ) -> None:
        self.home, self.config, self.plugins = home, config, plugins
        self.memory, self.progress, self.kind = memory, progress, kind
        self.versions = Versions(home)
        self._copy: Any = None
        self.base: Base
        self.run: Run
        self.facts: list[Fact] = []
        self.forgotten: list[Fact] = []

    # preflight: everything that can fail cheaply fails here

    def preflight(self) -> None:
        """Check disk, base, exporter and host; find a night to resume."""
        config = self.config
        atomic.sweep(self.home.versions)
        atomic.require_space(self.home.root, int(config.night.min_free_gb * 1e9), "the night")
        self.base = checked_base(self.home, config, self.progress)
        self.exporter.check(self.base.path)
        check_host(self.plugins, config, self.base.path)
        for part in ("editor", "consolidator", "gate"):
            self.plugins.pick(part, getattr(config.night, part))
        backend = self.plugins.pick("backend", config.night.backend)
        backend.check(self.base.path, self.base.copy_digest, self.home.cache)
        self.parent = self.parent_tonight()
        self.run = open_run(self.home, self.key(), self.kind)
        atomic.sweep(self.run.folder)
        if self.run.resumed:
            log.info("the night %s goes on where it was stopped", self.run.id)

    def parent_tonight(self) -> Version | None:
        """Return the version that this night begins from; None for the base.

        That is the one in use, but for a night that was stopped after it had published.
        """
        parent = self.versions.active()
        stopped = unfinished(self.home)
        if stopped and parent and stopped["steps"].get("export", {}).get("id") == parent.id:
            before = stopped["made_of"]["parent"]
            parent = self.versions.get(before) if before else None
        if parent is not None and parent.base_digest != self.base.digest:
            return None  # learnt for another model: this night begins from the base
        return parent

    def key(self) -> dict[str, Any]:
        """Return what this night is made of: another night of the same key is this one."""
        config = replace(self.config, serve=type(self.config.serve)())
        return {
            "kind": self.kind,
            "base": self.base.copy_digest,
            "config": asdict(config),
            "parent": self.parent.id if self.parent else "",
            "facts": [[f.id, f.status, f.updated] for f in self.memory.ledger.facts()],
        }

    # curate: journal -> facts

    def curate(self) -> None:
        """Read facts out of turns that were not read yet, and fix what tonight is about."""
        ledger = self.memory.ledger

        def read() -> Outcome:
            config, journal = self.config, self.memory.journal
            if journal.pending():
                with reading_model(config, self.base.path) as model:
                    curate(journal, ledger, self.plugins, config, model, self.progress)
                # Written with this step: what was read tonight does not make it another night.
                self.run.rekey(self.key())
            return {
                "facts": [f.id for f in ledger.facts(FactStatus.ACCEPTED)],
                "forgotten": [f.id for f in ledger.facts(FactStatus.FORGOTTEN)],
            }

        decided = self.step("curate", read)
        by_id = {fact.id: fact for fact in ledger.facts()}
        self.facts = [by_id[i] for i in decided["facts"] if i in by_id]
        self.forgotten = [by_id[i] for i in decided["forgotten"] if i in by_id]
        if not self.facts:
            self.run.close({"accepted": False, "reason": "no facts"})
            raise NothingToLearn(
                "There is no accepted fact to teach. Chat first, or bring chats in with"
                " `sleeping import FILE.jsonl`; `sleeping facts` shows what is known."
            )
        if self.kind == "nap":
            self.refuse_to_unlearn()
        self.exam = make_exam(self.facts, self.forgotten, self.config.night.seed)

    def refuse_to_unlearn(self) -> None:
        """Raise CannotUnlearn if the version in use knows what is forgotten: a nap only adds."""
        known = self.taught_before()
        still = [fact.question for fact in self.forgotten if fact.id in known]
        if still:
            self.run.close({"accepted": False, "reason": "a nap cannot unlearn"})
            raise CannotUnlearn(
                f"A nap adds to the version in use, which still knows what you had forgotten"
                f" ({still[0]}). Type `sleeping sleep`: a whole night leaves it out."
            )

    # audit: what does the version in use still know?

    def audit(self) -> None:
        """Ask the version in use every fact, for the record; a nap edits those that it lacks."""

        def ask() -> Outcome:
            version = self.parent
            chats = [[Message("user", fact.question)] for fact in self.facts]
            model_in_use = version.files[0] if version else self.base.path
            with Runtime(model_in_use, threads=self.config.model.threads) as model:
                answers = model.ask_many(chats, max_tokens=32, progress=self.progress)
            recalled = {}
            with self.memory.ledger.transaction():
                for fact, answer in zip(self.facts, answers, strict=True):
                    recalled[fact.id] = says(answer, (fact.value,))
                    self.memory.ledger.record_recall(
                        fact.id,
                        version.id if version else "base",
                        fact.question,
                        answer,
                        recalled[fact.id],
                    )
            return {"recalled": recalled}

        self.step("audit", ask)

    # dream: what tonight rehearses

    def dream(self) -> None:
        """Collect the base's own replies to ordinary prompts, once for each base."""

        def collect() -> Outcome:
            prompts = dream.prompts_tonight(self.config.adapter)
            file = self.base_cache() / "replies.json"
            known: dict[str, str] = {}
            with suppress(SleepingError):
                known = atomic.read_json(file)
            missing = [prompt for prompt in prompts if prompt not in known]
            if missing:
                chats = [[Message("user", prompt)] for prompt in missing]
                with Runtime(self.base.path, threads=self.config.model.threads) as model:
                    replies = model.ask_many(chats, max_tokens=REPLY_TOKENS, progress=self.progress)
                known |= dict(zip(missing, replies, strict=True))
                atomic.write_json(file, known)
            return {"replies": len(known)}

        self.step("dream", collect)

    # consolidate: LoRA on all kept facts, from the pristine base, edits off

    def consolidate(self) -> None:
        """Train tonight's adapter."""

        def train() -> Outcome:
            known: dict[str, str] = atomic.read_json(self.base_cache() / "replies.json")
            replies = [(p, known[p]) for p in dream.prompts_tonight(self.config.adapter)]
            replaced = self.memory.ledger.facts(FactStatus.SUPERSEDED)
            material = dream.dream(
                self.facts,
                self.forgotten,
                replies,
                self.config.adapter,
                self.config.night.seed,
                {fact.superseded_by for fact in replaced if fact.superseded_by},
            )
            trainer = self.plugins.pick("consolidator", self.config.night.consolidator)
            adapter = trainer.consolidate(self.working_copy(), material, self.config, self.progress)
            factors.save(self.run.folder / "adapter.npz", adapter)
            return {"examples": sum(map(len, material)), "digest": factors.digest(adapter)}

        self.step("consolidate", train)

    # dissolve: what the adapter carries alone needs no edit

    def dissolve(self) -> None:
        """Ask the adapter alone, edits off: each fact goes up a stage, holds, or goes back.

        A nap trains nothing, so there the audit has told what is lacking.
        """
        self.let_go()

        def judge() -> Outcome:
            before = self.memory.ledger.stages(self.parent.id) if self.parent else {}
            if self.kind == "nap":
                recalled = (self.run.done("audit") or {})["recalled"]
                lacking = [fact.id for fact in self.facts if not recalled.get(fact.id)]
                return {"stages": {f.id: before.get(f.id, 0) for f in self.facts}, "lacks": lacking}
            alone = self.score(self.learnt())
            stages = dissolve.next_stages(before, alone.facts)
            lacking = dissolve.lacking(stages, alone.facts)
            return {"stages": stages, "lacks": lacking, "score": asdict(alone)}

        self.step("dissolve", judge)

    # edit: one joint solve over the facts that the adapter lacks

    def edit(self) -> None:
        """Solve MEMIT edits, over what is learnt, for the facts that are lacking there."""

        def solve() -> Outcome:
            lacking = self.dissolved()["lacks"]
            facts = [fact for fact in self.facts if fact.id in lacking]
            if not facts or not self.config.edit.enabled:
                return {"facts": []}
            editor = self.plugins.pick("editor", self.config.night.editor)
            copy = self.working_copy()
            with copy.applied(self.learnt()):
                edits = editor.edit(copy, facts, self.config, self.progress)
            factors.save(self.run.folder / "edits.npz", edits.factors)
            return {"facts": [f.id for f in facts], "owners": {**edits.owners}}

        self.step("edit", solve)
        self.let_go()

    # choose: the sum ships only where it is better than the adapter alone

    def choose(self) -> None:
        """Ask the sum of adapter and scaled edits; keep the better of the two. A nap is a sum."""

        def judge() -> Outcome:
            chosen, ships, scores = self.learnt(), "adapter alone", {}
            edits, stages = self.edits(), self.dissolved()["stages"]
            if self.kind == "nap":
                chosen = factors.combine(chosen, edits.scaled(dict.fromkeys(stages, 1.0)))
                ships = "sum"
            elif edits.factors:
                total = factors.combine(chosen, edits.scaled(dissolve.scales(stages)))
                alone, both = Score(**self.dissolved()["score"]), self.score(total)
                scores = {"adapter alone": asdict(alone), "sum": asdict(both)}
                if both.merit > alone.merit:
                    chosen, ships = total, "sum"
            factors.save(self.run.folder / "factors.npz", chosen)
            return {"ships": ships, "scores": scores}

        self.step("choose", judge)

    def score(self, change: Mapping[str, LowRank]) -> Score:
        """Ask the base with this change as an adapter."""
        with atomic.staging_folder(self.run.folder) as folder:
            adapter = folder / "adapter.gguf"
            self.exporter.export_adapter(self.base.path, change, adapter)
            threads = self.config.model.threads
            return dissolve.score(
                self.base.path, adapter, self.exam, self.progress, threads=threads
            )

    # settle: where the tensors keep their types, what was learnt goes into their blocks

    def settle(self) -> None:
        """Round to the types of the base, if the recipe keeps them, so that the night survives."""

        def fit() -> Outcome:
            if not settle.wanted(self.config):
                return {"digest": ""}
            known: dict[str, str] = atomic.read_json(self.base_cache() / "replies.json")
            settled = settle.settle(
                self.working_copy(),
                self.exporter,
                self.base.path,
                factors.load(self.run.folder / "factors.npz"),
                dream.recital(self.facts, list(known.items()), self.config.night.seed),
                self.config,
                self.progress,
                self.base.master_folder,
            )
            settle.save(self.run.folder / settle.SETTLED, settled)
            return {"digest": settle.digest(settled)}

        self.step("settle", fit)
        self.let_go()

    # export: the files that a host will load

    def export(self) -> None:
        """Write the version's files; untouched tensors stay byte for byte."""

        def write() -> Outcome:
            checked_base(self.home, self.config, self.progress)  # still what was learnt from?
            chosen = factors.load(self.run.folder / "factors.npz")
            recipe, settled = self.recipe(), NOTHING
            if "settled" in recipe:
                settled = settle.load(self.run.folder / settle.SETTLED)
            identity = version_id(self.base.digest, factors.digest(chosen), recipe)
            parent = self.parent.id if self.parent else ""
            origin = Origin(identity, self.base.digest, recipe_digest(recipe), parent)
            metadata = origin.to_metadata()
            with atomic.staging_folder(self.run.folder) as folder:
                files, adapter = self.exporter.export(
                    *(self.base.path, chosen, folder, metadata, self.config, self.progress),
                    settled=settled,
                    like=self.versions.files_from(self.base.digest),
                    master=self.base.master_folder,
                )
                factors.save(folder / "factors.npz", chosen)
                if settled:
                    settle.save(folder / settle.SETTLED, settled)
                whole = self.run.folder / "version"
                with atomic.disk_errors(whole):
                    if whole.exists():  # written, but the night was killed before it said so
                        shutil.rmtree(whole)
                atomic.publish_folder(folder, whole)
            return {
                "id": identity,
                "recipe": recipe,
                "metadata": metadata,
                "factors_digest": factors.digest(chosen),
                "files": [file.name for file in files],
                "adapter": adapter.name if adapter else None,
            }

        self.step("export", write)

    def recipe(self) -> dict[str, Any]:
        """Return what, besides base and factors, determines the bytes of a version."""
        recipe = {"exporter": self.config.night.exporter, **asdict(self.config.export)}
        settled = (self.run.done("settle") or {}).get("digest", "")
        more = {"settled": settled, "master": self.base.master_digest}
        return recipe | {name: digest for name, digest in more.items() if digest}

    # validate: the gate asks the very files that would be published

    def validate(self) -> None:
        """Let the gate judge, and store the version with its judgement."""

        def judge() -> Outcome:
            exported = self.run.done("export") or {}
            folder = self.run.folder / "version"
            gate = self.plugins.pick("gate", self.config.night.gate)
            files = [folder / name for name in exported["files"]]
            report: GateReport = gate.judge(
                self.base.path, files, self.exam, self.config, self.progress
            )
            report = self.still_wanted(report)
            return {"report": asdict(report)}

        self.step("validate", judge)

    def still_wanted(self, report: GateReport) -> GateReport:
        """Return the report; a rejection if a fact was forgotten while this night ran."""
        gone = {fact.id for fact in self.memory.ledger.facts(FactStatus.FORGOTTEN)}
        lost = [fact.question for fact in self.facts if fact.id in gone]
        if not lost:
            return report
        reason = f"forgotten while this night ran: {', '.join(lost)}"
        return replace(report, accepted=False, reasons=(*report.reasons, reason))

    # publish: a new version, the pointer moved only if it was accepted

    def publish(self) -> None:
        """Keep the version; put it in use if the gate accepted it."""

        def keep() -> Outcome:
            report, exported = self.gate_report(), self.run.done("export") or {}
            folder = self.run.folder / "version"
            if folder.is_dir():
                atomic.sweep(folder)
                self.versions.add(folder, self.manifest(report, exported))
            version = self.versions.get(exported["id"])
            if report.accepted:
                self.memory.ledger.set_stages(version.id, self.dissolved()["stages"])
                host = self.plugins.pick("host", self.config.model.host)
                self.versions.switch(
                    version, lambda one: host.publish(one, self.base.path, self.home)
                )
            return {"version": version.id, "accepted": report.accepted}

        self.step("publish", keep)

    def manifest(self, report: GateReport, exported: Outcome) -> dict[str, Any]:
        """Return everything that is written down about the new version."""
        return {
            "id": exported["id"],
            "accepted": report.accepted,
            "files": exported["files"],
            "adapter": exported["adapter"],
            "gate": report.to_json(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "parent": self.parent.id if self.parent else None,
            "base_digest": self.base.digest,
            "factors_digest": exported["factors_digest"],
            "recipe": exported["recipe"],
            "metadata": exported["metadata"],
            "facts": {**self.taught_before(), **report.facts},
            "seed": self.config.night.seed,
            "run": self.run.id,
            "ships": (self.run.done("choose") or {})["ships"],
        }

    def taught_before(self) -> dict[str, bool]:
        """Return the facts that a nap's version knows from the version that it began with."""
        if self.kind == "full" or self.parent is None:
            return {}
        return dict(self.versions.manifest(self.parent.id)["facts"])

    # report: what was learnt, what was lost, what it cost

    def report(self, seconds: float) -> NightResult:
        """Write the outcome into ledger and run record, and return it."""
        report = self.gate_report()
        version = self.versions.get((self.run.done("publish") or {})["version"])

        def record() -> Outcome:
            self.memory.ledger.record_answers(version.id, report.answers)
            return {}

        self.step("report", record)
        learnt = sum(report.facts.values())
        message = (
            f"Learnt {learnt} of {len(self.facts)} facts; {version.id} is now in use."
            if report.accepted
            else f"{version.id} was rejected and changes nothing: {'; '.join(report.reasons)}."
        )
        self.run.close({"version": version.id, "accepted": report.accepted, "seconds": seconds})
        known = {f: "learnt" if ok else "missed" for f, ok in report.facts.items()}
        return NightResult(version, report.accepted, report, seconds, self.run.id, message, known)

    # what the steps share

    @property
    def exporter(self) -> Exporter:
        """Return the configured exporter."""
        found: Exporter = self.plugins.pick("exporter", self.config.night.exporter)
        return found

    def step(self, name: str, work: Callable[[], Outcome]) -> Outcome:
        """Do one step, or take it from the record, and tell the listeners."""
        self.progress(name, 0.0)
        decided = self.run.step(name, work)
        self.progress(name, 1.0)
        self.plugins.emit(SleepEvent("step", self.run.id, name, decided))
        return decided

    def working_copy(self) -> Any:
        """Return the working copy, opened when a step first needs it."""
        if self._copy is None:
            backend = self.plugins.pick("backend", self.config.night.backend)
            self._copy = backend.open(
                *(self.base.path, self.base.copy_digest, self.home.cache, self.progress),
                master=self.base.master_folder,
            )
        return self._copy

    def let_go(self) -> None:
        """Let go of the working copy: what is asked next is llama.cpp, which needs the memory."""
        self._copy = None
        give_back()

    def base_cache(self) -> Path:
        """Return the folder of what the base alone gives."""
        folder = self.home.cache / self.base.digest.replace(":", "-")
        with atomic.disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
        atomic.sweep(folder)
        return folder

    def learnt(self) -> dict[str, LowRank]:
        """Return tonight's adapter; in a nap, the change of the version in use."""
        if self.kind == "full":
            return factors.load(self.run.folder / "adapter.npz")
        if self.parent is None:
            return {}
        return factors.load(self.versions.folder(self.parent.id) / "factors.npz")

    def dissolved(self) -> Outcome:
        """Return the stages, what is lacking and the adapter's score, as tonight's step decided."""
        return self.run.done("dissolve") or {}

    def edits(self) -> Edits:
        """Return tonight's edits; none if no fact got one."""
        solved = self.run.done("edit") or {}
        if not solved.get("facts"):
            return Edits({}, {})
        owners = {name: tuple(ids) for name, ids in solved["owners"].items()}
        return Edits(factors.load(self.run.folder / "edits.npz"), owners)

    def gate_report(self) -> GateReport:
        """Return what the gate said tonight."""
        found = (self.run.done("validate") or {})["report"]
        several = {name: tuple(found[name]) for name in ("reasons", "answers")}
        return GateReport(**{**found, **several})
