"""All hooks of sleeping-plugin, in the order in which a day and a night call them.

A plugin is any module or object with functions of these names, marked with
:data:`hookimpl`. Built-ins (``sleeping_plugin.plugins.BUILTINS``) use the same door. Third parties
name a module in the entry-point group ``sleeping_plugin``. Each ``register_x(register)`` hook is
called once per command, after loading; the plugin calls ``register`` with any number of objects.
Where two plugins register the same ``name``, the one loaded last wins and the log says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

import pluggy

from sleeping_plugin.records import (
    NOTHING,
    BadRecord,
    Candidate,
    Conversation,
    Edits,
    Exam,
    Example,
    Fact,
    Factors,
    GateReport,
    Message,
    Progress,
    Proof,
    SecondMoment,
    Settled,
    SleepEvent,
    Turn,
    Verdict,
    Version,
)

if TYPE_CHECKING:
    import numpy as np
    import typer
    from numpy.typing import NDArray

    from sleeping_plugin.config import Config
    from sleeping_plugin.engine.backend import WorkingCopy
    from sleeping_plugin.engine.grid import Grid
    from sleeping_plugin.home import Home
    from sleeping_plugin.plugins import Plugins
    from sleeping_plugin.runtime import Runtime

PROJECT = "sleeping_plugin"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class ChatSource(Protocol):
    """Something that holds chats: a file, a database, a log."""

    name: str

    def read(self, location: str) -> Iterator[Conversation | BadRecord]:
        """Yield every conversation at ``location``; the journal drops what it has already seen."""


@runtime_checkable
class LiveChatSource(ChatSource, Protocol):
    """A chat source that can also listen to a model running in this process. Optional."""

    def attach(self, model: Any, record: Callable[[Sequence[Message]], None]) -> Callable[[], None]:
        """Call ``record`` after each answer of ``model`` with all messages and the answer.

        Returns what detaches it again. Whatever ``record`` raises must not disturb the chat.
        """


class Extractor(Protocol):
    """Reads facts out of the user's own words."""

    name: str

    def extract(self, turns: Sequence[Turn], model: Runtime | None) -> list[Candidate]:
        """Return candidates from the turns of one conversation, in order.

        ``turns`` holds every role, for context; candidates must come from user turns.
        ``model`` is a running model, or None where the caller could not afford one.
        """


class FactFilter(Protocol):
    """Rules on a candidate before it enters the ledger."""

    name: str

    def judge(self, candidate: Candidate, turn: Turn) -> Verdict:
        """Return the ruling; the strictest of all filters wins."""


class Backend(Protocol):
    """Makes working copies (torch, MLX)."""

    name: str

    def check(self, base: Path, digest: str, cache: Path) -> None:
        """Raise if no working copy can be made here: what is missing fails before the night."""

    def open(
        self,
        base: Path,
        digest: str,
        cache: Path,
        progress: Progress,
        master: Path | None = None,
    ) -> WorkingCopy:
        """Return the de-quantised twin of ``base``, cached under ``cache`` by ``digest``.

        ``master`` is the folder of the float weights that it was made from, which are then those
        of the copy; a base has one only where the backend is a `MasterBackend`.
        """


@runtime_checkable
class ProvingBackend(Backend, Protocol):
    """A backend that can hold its working copies against llama.cpp. Optional."""

    def prove(
        self,
        base: Path,
        digest: str,
        cache: Path,
        progress: Progress,
        master: Path | None = None,
    ) -> Proof:
        """Compare the copy of ``base`` with llama.cpp on the same file, on a few neutral chats.

        `sleeping doctor` calls it, after ``check``. The copy is made and cached as by ``open``.
        """


@runtime_checkable
class MasterBackend(ProvingBackend, Protocol):
    """A backend that can make copies of the float weights that a base was made from. Optional."""

    def find_master(self, named: str) -> Path:
        """Return the folder that ``named`` (a path, or the id of a model on a hub) means."""

    def check_master(self, base: Path, master: Path, progress: Progress) -> None:
        """Raise MasterDiffers unless ``base`` is what rounding makes of the master's weights."""


class Editor(Protocol):
    """Writes facts into weights without training (MEMIT)."""

    name: str

    def edit(
        self, copy: WorkingCopy, facts: Sequence[Fact], config: Config, progress: Progress
    ) -> Edits:
        """Return edits for all facts, solved jointly; the copy is left bit for bit as it was."""


class Consolidator(Protocol):
    """Trains an adapter on the night's material (LoRA)."""

    name: str

    def consolidate(
        self,
        copy: WorkingCopy,
        material: Sequence[Sequence[Example]],
        config: Config,
        progress: Progress,
    ) -> Factors:
        """Return the adapter's factors; the copy is left bit for bit as it was.

        ``material`` is one list of examples per epoch. Of those with the same ``group``, an epoch
        trains on one in ``config.adapter.candidates``, and on all that have none.
        """


class Exporter(Protocol):
    """Writes base + factors as files that a host loads."""

    name: str

    def check(self, base: Path) -> None:
        """Raise ModelError or UnsupportedModel if ``base`` could not be exported."""

    def export(
        self,
        base: Path,
        factors: Factors,
        folder: Path,
        metadata: Mapping[str, str],
        config: Config,
        progress: Progress,
        settled: Mapping[str, Settled] = NOTHING,
        like: Sequence[Path] = (),
        master: Path | None = None,
    ) -> tuple[list[Path], Path | None]:
        """Write into the empty ``folder``; return the model files, first shard first, and adapter.

        A tensor in ``settled`` is written as it is there. Any other changed tensor is rounded from
        the weights in ``master``, where that is given, and its factors.
        ``metadata`` follows the base's own in model and adapter. A pure function of its arguments:
        the same bytes every time. A file of ``like`` (those of other versions) that holds the very
        bytes that would be written may be linked to instead.
        """

    def round(
        self,
        base: Path,
        factors: Factors,
        moments: Mapping[str, SecondMoment],
        config: Config,
        progress: Progress,
        master: Path | None = None,
    ) -> Mapping[str, tuple[Grid, NDArray[np.int8]]]:
        """Return base + factors on the grids that the recipe asks for, and how codes moved.

        Tensors that are not settled are left out; ``moments`` says what reaches each tensor.
        """

    def export_adapter(self, base: Path, factors: Factors, path: Path) -> None:
        """Write ``factors`` as a LoRA over ``base`` that llama.cpp loads, to ``path``."""


class Gate(Protocol):
    """Judges a version in the form that is published."""

    name: str

    def judge(
        self, base: Path, files: Sequence[Path], exam: Exam, config: Config, progress: Progress
    ) -> GateReport:
        """Ask the files in a fresh process and compare with the base."""


class Host(Protocol):
    """A program that people chat in."""

    name: str

    def check(self, base: Path) -> None:
        """Raise SleepingError if this host could not publish a version of ``base``."""

    def advice(self, home: Home) -> str:
        """Return a sentence that says how to chat with what is in use."""

    def publish(self, version: Version | None, base: Path, home: Home) -> None:
        """Make ``version`` (None: the base) what the host serves. Idempotent.

        Called before the home's pointer moves, under its lock; where this raises, it does not move.
        """


@runtime_checkable
class ServingHost(Host, Protocol):
    """A host that `sleeping serve` starts, instead of a program that runs on its own. Optional."""

    def serve(
        self,
        home: Home,
        config: Config,
        plugins: Plugins,
        *,
        started: Callable[[str, str], None],
    ) -> None:
        """Serve the active version on loopback until interrupted, recording every chat.

        ``started`` is called once with the address and the model's name when requests can come.
        A version switched to meanwhile is picked up without a restart.
        """


@runtime_checkable
class OneFileHost(Host, Protocol):
    """A host that serves no version in several files; a night with a split export says so first."""

    one_file: Literal[True]


@hookspec
def register_chat_sources(register: Callable[[ChatSource], None]) -> None:
    """Add chat sources. ``sleeping import --source NAME`` reads the one of that name."""


@hookspec
def register_extractors(register: Callable[[Extractor], None]) -> None:
    """Add extractors. Those named in ``extraction.extractors`` run, in that order."""


@hookspec
def register_fact_filters(register: Callable[[FactFilter], None]) -> None:
    """Add fact filters. All of them judge every candidate; the strictest ruling wins."""


@hookspec
def register_backends(register: Callable[[Backend], None]) -> None:
    """Add working-copy backends. ``night.backend`` picks one."""


@hookspec
def register_editors(register: Callable[[Editor], None]) -> None:
    """Add editors. ``night.editor`` picks one."""


@hookspec
def register_consolidators(register: Callable[[Consolidator], None]) -> None:
    """Add consolidators. ``night.consolidator`` picks one."""


@hookspec
def register_exporters(register: Callable[[Exporter], None]) -> None:
    """Add exporters. ``night.exporter`` picks one."""


@hookspec
def register_gates(register: Callable[[Gate], None]) -> None:
    """Add gates. ``night.gate`` picks one."""


@hookspec
def register_hosts(register: Callable[[Host], None]) -> None:
    """Add hosts. ``model.host`` picks one."""


@hookspec
def register_commands(app: typer.Typer) -> None:
    """Add commands to ``sleeping``. Called once, when the command line is built."""


@hookspec
def sleep_event(event: SleepEvent) -> None:
    """Called at every event of a night: begin, each step done, accepted, rejected, failed.

    An exception here is reported with the plugin's name and does not stop the night.
    """
