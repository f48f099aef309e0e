"""An outside plugin for tests: nights of seconds, and a process that dies where a test says.

SMALL_NIGHT=1 asks and rehearses less; nothing of the engine is replaced. SMALL_KILL ends the
process with SIGKILL, that is without a chance to clean up:

    event:STEP              when the listeners hear that STEP is done
    call:MODULE:NAME:N      at the Nth call of a function or method
    write:FILE:N            when the Nth atomic write of a file of that name is half done
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sleeping_plugin import atomic, dream, exam, memit, night
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.records import Exam, Fact, Probe, SleepEvent

PROMPTS, TEXTS, STRANGERS = 6, 4, 4
GENERAL = tuple(
    # What a model of two layers says to everything, so that the gate can count what is kept.
    Probe(question, ("and", "i"), "general")
    for question in ("What is the capital of France?", "How many legs does a dog have?")
)
DRIFT_TEXT = 1200  # characters

Set = Callable[[Any, str, Any], None]


def shrink(put: Set = setattr) -> None:
    """Let nights rehearse and ask a few things instead of hundreds."""
    prompts, texts = dream.anchor_prompts()[:PROMPTS], dream.anchor_texts()[:TEXTS]
    real = exam.make_exam

    def small_exam(facts: Sequence[Fact], forgotten: Sequence[Fact], seed: int) -> Exam:
        full = real(facts, forgotten, seed)
        probes = [probe for probe in full.probes if probe.kind != "general"]
        return Exam((*probes, *GENERAL), full.drift_text[:DRIFT_TEXT])

    for module in (dream, memit):
        put(module, "anchor_prompts", lambda: prompts)
        put(module, "anchor_texts", lambda: texts)
    put(exam, "STRANGERS", STRANGERS)
    put(night, "make_exam", small_exam)


def die() -> NoReturn:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL cannot be survived")


def die_at_call(module: str, name: str, count: int) -> None:
    """Replace a function by one whose call number ``count`` is the last thing that happens."""
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    owner = functools.reduce(getattr, path, owner)
    real = getattr(owner, last)
    calls = iter(range(1, count + 1))

    @functools.wraps(real)
    def deadly(*arguments: Any, **options: Any) -> Any:
        if next(calls, 0) == count:
            die()
        return real(*arguments, **options)

    setattr(owner, last, deadly)


def die_in_write(file: str, count: int) -> None:
    """Let the atomic write number ``count`` of files of that name end half-way."""
    real = atomic._write_synced
    calls = iter(range(1, count + 1))

    def deadly(path: Path, data: bytes) -> None:
        if path.name.startswith(f".{file}.") and next(calls, 0) == count:
            real(path, data[: len(data) // 2])
            die()
        real(path, data)

    atomic._write_synced = deadly


def arm(order: str) -> None:
    """Prepare what SMALL_KILL asks for; an event is left to the listener."""
    kind, *rest = order.split(":")
    if kind == "call":
        die_at_call(rest[0], rest[1], int(rest[2]))
    elif kind == "write":
        die_in_write(rest[0], int(rest[1]))


@hookimpl
def sleep_event(event: SleepEvent) -> None:
    """Die at the step that the test named."""
    if os.environ.get("SMALL_KILL") == f"event:{event.step or event.kind}":
        die()


if os.environ.get("SMALL_NIGHT"):
    shrink()
    arm(os.environ.get("SMALL_KILL", ""))
