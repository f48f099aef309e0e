"""Precision and recall of the deterministic extraction on conversations with known facts.

Run: python benchmarks/extraction.py [--quick] [--json] [--data FILE] [--verbose]

The conversations go the way of every import: journal (secrets redacted), patterns, firewall,
corrections, ledger. What is accepted at the end is compared with the facts that a person listed.
Exit code 0 if every "must" holds. Writes benchmarks/results/extraction.json, unless --data names
another file than the test set.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sleeping_plugin.config import Config, ExtractionConfig  # noqa: E402 (path first)
from sleeping_plugin.curate import curate  # noqa: E402
from sleeping_plugin.database import connect  # noqa: E402
from sleeping_plugin.extract.patterns import PatternExtractor  # noqa: E402
from sleeping_plugin.firewall import FILTERS  # noqa: E402
from sleeping_plugin.hookspecs import Extractor, FactFilter  # noqa: E402
from sleeping_plugin.journal import Journal  # noqa: E402
from sleeping_plugin.ledger import Ledger  # noqa: E402
from sleeping_plugin.records import Conversation, Fact, FactStatus, Message  # noqa: E402

DATA = ROOT / "benchmarks" / "data" / "conversations.json"
RESULTS = ROOT / "benchmarks" / "results" / "extraction.json"
KIN = (
    {
        "wife",
        "husband",
        "spouse",
        "partner",
        "girlfriend",
        "boyfriend",
        "fiance",
        "fiancee",
        "half",
        "fellow",
    },
    {
        "son",
        "lad",
        "boy",
        "kid",
        "child",
        "baby",
        "toddler",
        "newborn",
        "youngest",
        "eldest",
        "twin",
        "twins",
    },
    {
        "daughter",
        "lass",
        "girl",
        "kid",
        "child",
        "baby",
        "newborn",
        "youngest",
        "eldest",
        "twin",
        "twins",
    },
    {"mother", "mum", "mom", "mam", "mama", "mammy"},
    {"father", "dad", "papa", "da"},
    {"grandmother", "grandma", "abuela", "nonna", "gran", "granny", "nan", "nana", "oma"},
    {"grandfather", "grandpa", "grandad", "granddad", "opa"},
    {"friend", "mate", "buddy", "pal", "bestie"},
    {"colleague", "coworker", "co-worker", "workmate", "teammate"},
    {"boss", "manager", "supervisor", "head", "chief", "headmaster"},
    {"neighbour", "neighbor"},
    {"roommate", "flatmate", "housemate"},
    {"sibling", "brother", "sister"},
)


GRAND = {"grandson", "granddaughter", "grandchild", "nephew", "niece", "cousin"}


@dataclass
class Plugins:
    """The built-in extractor and filters, without the plugin manager."""

    extractors: dict[str, Extractor] = field(
        default_factory=lambda: {"patterns": PatternExtractor()}
    )
    fact_filters: dict[str, FactFilter] = field(
        default_factory=lambda: {one.name: one for one in FILTERS}
    )


@dataclass
class Score:
    """Counts over conversations."""

    gold: int = 0
    hit: int = 0
    told: int = 0
    right: int = 0
    forbidden: int = 0
    secrets: int = 0
    corrections: int = 0
    corrected: int = 0
    lines: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Return the share of accepted facts that are right."""
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Return the share of listed facts that were accepted."""
        return self.hit / self.gold if self.gold else 1.0


def extracted(conversations: Sequence[Mapping[str, Any]]) -> tuple[list[Fact], str]:
    """Return the accepted facts of conversations, and everything the database holds as text."""
    with tempfile.TemporaryDirectory() as folder:
        connection = connect(Path(folder) / "memory.db")
        journal, ledger = Journal(connection), Ledger(connection)
        for one in conversations:
            messages = tuple(Message(m["role"], m["content"]) for m in one["messages"])
            journal.add(Conversation(one["id"], one.get("time", ""), messages, "benchmark"))
        config = Config(extraction=ExtractionConfig(extractors=("patterns",)))
        curate(journal, ledger, Plugins(), config, None)
        facts = ledger.facts(FactStatus.ACCEPTED)
        dump = "\n".join(connection.iterdump())
        connection.close()
    return facts, dump


def normal(text: str) -> str:
    """Return ``text`` without case, accents, articles and punctuation."""
    plain = unicodedata.normalize(
        "NFKD", text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    words = re.findall(r"[\w'-]+", plain)
    return " ".join(word for word in words if word not in ("a", "an", "the", "my", "our"))


def same_value(value: str, gold: Mapping[str, Any]) -> bool:
    """Tell whether an extracted value is the listed one, or says little more than it."""
    got = normal(value)
    for wanted in map(normal, [gold["value"], *gold.get("accept", [])]):
        inside = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", got)
        if got == wanted or (inside and len(got.split()) <= len(wanted.split()) + 3):
            return True
    whole = normal(gold["value"])
    return bool(re.search(rf"(?<!\w){re.escape(got)}(?!\w)", whole)) and 2 * len(got) >= len(whole)


def same_subject(subject: str, gold: Mapping[str, Any], names: Mapping[str, set[str]]) -> bool:
    """Tell whether two facts are about the same person, whatever they call them."""
    mine, wanted = normal(subject), normal(str(gold["subject"]))
    if mine == wanted or wanted in names.get(mine, set()) or mine in names.get(wanted, set()):
        return True
    relation = normal(str(gold.get("relation", "")))
    if wanted == "user":  # "truck's name" of the user is the name of "my truck"
        return mine.split()[-1:] != [] and (mine.split()[-1] in relation or not _is_kin(mine))
    if mine == "user":
        return not _is_kin(wanted) and wanted.split()[-1] not in names
    if mine.startswith(f"{wanted}'s"):
        return True
    if "'s " in mine and relation == "name" and wanted.split()[-1] in GRAND:
        return True  # "Philippa's son" is a grandson
    if relation and relation.split()[-1] == mine.split()[-1]:
        return True  # "daycare teacher" of a daughter is "my daycare teacher"
    heads = {mine.split()[-1], wanted.split()[-1]}
    if any(heads <= group for group in KIN):
        return True
    first, second = mine.split()[-1], wanted.split()[-1]
    return first.startswith(second) or second.startswith(first)


def _is_optional(fact: Fact, one: str | Mapping[str, Any], names: Mapping[str, set[str]]) -> bool:
    """Tell whether a fact is one that may be known: a value, or a value of a subject."""
    if isinstance(one, str):
        return same_value(fact.value, {"value": one})
    return same_value(fact.value, one) and same_subject(fact.subject, one, names)


def _is_kin(text: str) -> bool:
    return any(text.split()[-1] in group for group in KIN)


def score(conversation: Mapping[str, Any], total: Score) -> None:
    """Add one conversation (or one day of several) to ``total``."""
    chats = conversation.get("conversations") or [conversation]
    facts, dump = extracted(chats)
    gold = list(conversation["facts"])
    names: dict[str, set[str]] = {}
    pairs = [(f.subject, f.value) for f in facts if f.relation == "name"]
    pairs += [(g["subject"], g["value"]) for g in gold if "name" in g["relation"].split()]
    for label, name in pairs:
        for word in {normal(name), normal(name).split()[0]}:
            names.setdefault(normal(label), set()).add(word)
            names.setdefault(word, set()).add(normal(label))
    total.lines.append(f"== {conversation.get('id', 'day')}")
    matched: set[int] = set()
    listed = {normal(str(one["subject"])) for one in gold}
    for fact in facts:
        hits = [
            i
            for i, one in enumerate(gold)
            if same_value(fact.value, one) and same_subject(fact.subject, one, names)
        ]
        matched |= set(hits)
        optional = any(_is_optional(fact, one, names) for one in conversation.get("optional", []))
        # A listed fact about "Kaito" says already that somebody goes by that name
        optional |= fact.relation == "name" and normal(fact.value) in listed
        mark = "ok " if hits else "opt" if optional else "BAD"
        if hits or not optional:
            total.told += 1
            total.right += bool(hits)
        total.lines.append(f"  {mark} {fact.subject} | {fact.relation} | {fact.value}")
        if (
            any(normal(fact.value) == normal(f) for f in conversation.get("forbidden", []))
            and not hits
        ):
            total.forbidden += 1
            total.lines.append(f"      forbidden: {fact.value}")
    total.gold += len(gold)
    total.hit += len(matched)
    total.lines += [
        f"  MISSED {one['subject']} | {one['relation']} | {one['value']}"
        for i, one in enumerate(gold)
        if i not in matched
    ]
    leaked = [s for s in conversation.get("secrets", []) if s in dump]
    total.secrets += len(leaked)
    total.lines += [f"  SECRET STORED {s}" for s in leaked]
    said = {normal(fact.value) for fact in facts}
    for one in conversation.get("corrections", []):
        total.corrections += 1
        old = any(
            re.search(rf"(?<!\w){re.escape(normal(one['old']))}(?!\w)", value) for value in said
        )
        new = any(
            re.search(rf"(?<!\w){re.escape(normal(one['new']))}(?!\w)", value) for value in said
        )
        total.corrected += new and not old
        if old or not new:
            total.lines.append(f"  CORRECTION {one['old']} -> {one['new']}: old {old}, new {new}")


def rows(total: Score) -> list[dict[str, Any]]:
    """Return the rows of the report: name, value, must, aim, ok."""
    table = (
        ("precision", round(total.precision, 4), ">= 0.90", ">= 0.97", total.precision >= 0.90),
        ("recall", round(total.recall, 4), ">= 0.75", ">= 0.95", total.recall >= 0.75),
        ("forbidden values learnt", total.forbidden, "= 0", "= 0", total.forbidden == 0),
        ("secrets stored", total.secrets, "= 0", "= 0", total.secrets == 0),
        (
            "corrections applied",
            round(total.corrected / total.corrections, 4) if total.corrections else 1.0,
            "= 1",
            "= 1",
            total.corrected == total.corrections,
        ),
        ("facts listed", total.gold, "", "", True),
        ("facts accepted", total.told, "", "", True),
    )
    return [
        {"name": name, "value": value, "must": must, "aim": aim, "ok": ok}
        for name, value, must, aim, ok in table
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=DATA, help="a file of conversations and facts")
    parser.add_argument("--quick", action="store_true", help="the first two conversations only")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--verbose", action="store_true", help="print every fact, hit and miss")
    options = parser.parse_args(arguments)
    data = json.loads(options.data.read_text())
    whole_day = "facts" in data
    conversations = [data] if whole_day else data["conversations"]
    total = Score()
    for conversation in conversations[: 2 if options.quick else None]:
        score(conversation, total)
    table = rows(total)
    report = {
        "schema": 1,
        "commit": _commit(),
        "machine": f"{platform.machine()} {platform.system()}, Python {platform.python_version()}",
        "rows": table,
    }
    if options.data == DATA and not options.quick:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    if options.verbose:
        print("\n".join(total.lines), file=sys.stderr)
    if options.json:
        print(json.dumps(report))
    else:
        for row in table:
            print(f"{row['name']:26} {row['value']:>8}  must {row['must']:8} aim {row['aim']}")
    return 0 if all(row["ok"] for row in table) else 1


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
