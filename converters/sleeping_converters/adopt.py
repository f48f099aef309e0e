"""``sleeping adopt``: join an exported file to the home that it came from.

A file without its folder lacks its factors and its judgement. So an adopted version cannot be
derived again, which `sleeping verify` says, and the gate judges it before it can be put in use.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from sleeping_converters.gguf_file import base_values, written_whole
from sleeping_converters.shards import NAME
from sleeping_plugin.atomic import disk_errors, require_space, staging_folder, sweep
from sleeping_plugin.base import Base, current_base
from sleeping_plugin.config import Config
from sleeping_plugin.context import Context, open_memory
from sleeping_plugin.errors import BaseChanged, ModelError, NoOrigin, UsageError
from sleeping_plugin.exam import make_exam
from sleeping_plugin.gguf_info import GGUFInfo, read_info
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Gate, hookimpl
from sleeping_plugin.origin import Origin, origin_of
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import FactStatus, GateReport, Progress, Version
from sleeping_plugin.render import Result
from sleeping_plugin.versions import Versions, file_digest

Outcome = Literal["known", "mended", "adopted"]


@dataclass(frozen=True, slots=True)
class Adopted(Result):
    """What became of the file."""

    version: Version
    outcome: Outcome

    def to_json(self) -> dict[str, Any]:
        """Return the id, what became of the file, and the judgement."""
        return {
            "version": self.version.id,
            "outcome": self.outcome,
            "accepted": self.version.accepted,
            "gate": dict(self.version.gate),
        }

    def to_text(self) -> str:
        """Return what became of the file, and what can be done with it."""
        name = self.version.id
        if self.outcome == "known":
            return f"{name} is among the versions already, and whole. Nothing was changed."
        if self.outcome == "mended":
            return f"{name} is whole again."
        if self.version.accepted:
            return f"{name} is adopted and accepted. Use it with `sleeping switch {name}`."
        reasons = "; ".join(map(str, self.version.gate.get("reasons", ())))
        return f"{name} is adopted, and cannot be put in use: {reasons}."


def adopt(home: Home, config: Config, plugins: Plugins, file: Path, progress: Progress) -> Adopted:
    """Join the exported ``file`` to the versions of ``home``.

    A version that is there and damaged gets its files back; one that is not there is added, and
    judged by the gate on the facts of this home. The file itself is only read. Raises NoOrigin
    for a file without ``sleeping.*`` keys, BaseChanged for one of another model, ModelError for a
    damaged one, UsageError for an adapter.
    """
    file = file.expanduser().absolute()
    info = read_info(file)
    origin = origin_of(info)
    if origin is None:
        raise NoOrigin(
            f"{file} does not say which version of which model it is: it was not exported by a "
            "night. To teach it, choose it with `sleeping init --model`."
        )
    if info.metadata.get("general.type") == "adapter":
        raise UsageError(
            f"{file} is the adapter of {origin.version}, which is nothing without its model. "
            "Adopt the model file of that version."
        )
    base = current_base(home, config, progress)
    if origin.base_digest != base.digest:
        raise BaseChanged(
            f"{file} was made from another model ({origin.base_digest[:19]}...) than {base.path} "
            f"({base.digest[:19]}...). Adopt it in the home of that model: `sleeping --home DIR "
            "adopt FILE`."
        )
    require_child(info, read_info(base.path))
    with home.lock("adopt"):
        known = Versions(home).stored(origin.version)
        if known is not None and not (known.get("adopted") and not known["accepted"]):
            return _restore(home, known, info)
        return _add(home, config, plugins, base, origin, info, progress)


def require_child(info: GGUFInfo, base: GGUFInfo) -> None:
    """Raise ModelError unless ``info`` is a file that an export of ``base`` could have written."""
    shapes = {tensor.name: tensor.shape for tensor in info.tensors}
    wrong = [t.name for t in base.tensors if shapes.pop(t.name, None) != t.shape] + list(shapes)
    values, own = base_values(info), base_values(base)
    wrong += [key for key in own if values.get(key) != own[key] and not key.startswith("split.")]
    if wrong:
        raise ModelError(
            f"{info.path} says that it was made from {base.path}, and its {wrong[0]} is another. "
            "It is damaged or was altered: copy it again from where it was made."
        )


def _restore(home: Home, known: dict[str, Any], info: GGUFInfo) -> Adopted:
    """Give a version that is there back what is missing or damaged, from files of its digests."""
    versions = Versions(home)
    folder, digests = versions.folder(known["id"]), known.get("digests", {})
    wanted = [digests.get(name) for name in known["files"]]
    bad = [
        number
        for number, name in enumerate(known["files"])
        if not (folder / name).is_file() or file_digest(folder / name) != wanted[number]
    ]
    if [file_digest(file) for file in info.files] != wanted:
        state = "and is damaged as well" if bad else "and is whole"
        raise ModelError(
            f"{info.path} says that it is {known['id']}, and does not hold its bytes. That version "
            f"is in {folder} {state}; the file was altered since it was exported."
        )
    require_space(folder, sum(info.files[number].stat().st_size for number in bad), known["id"])
    sweep(folder)
    for number in bad:  # one by one, each whole or not at all: until the last, it is as damaged
        path = folder / known["files"][number]
        with disk_errors(path), written_whole(path) as temporary:
            shutil.copyfile(info.files[number], temporary)
    return Adopted(versions.get(known["id"]), "mended" if bad else "known")


def _add(
    home: Home,
    config: Config,
    plugins: Plugins,
    base: Base,
    origin: Origin,
    info: GGUFInfo,
    progress: Progress,
) -> Adopted:
    """Add a version that is a copy of these files, with the judgement of the gate."""
    count = len(info.files)
    names = [NAME.format(n + 1, count) for n in range(count)] if count > 1 else ["model.gguf"]
    require_space(home.versions, info.size, "the copy of the version")
    with staging_folder(home.versions) as folder:
        for name, file in zip(names, info.files, strict=True):
            with disk_errors(folder / name):
                shutil.copyfile(file, folder / name)
                (folder / name).chmod(0o600)
        report = _judge(home, config, plugins, base, [folder / n for n in names], progress)
        manifest = {
            "id": origin.version,
            "accepted": report.accepted,
            "files": names,
            "adapter": None,
            "gate": report.to_json(),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "parent": origin.parent or None,
            "base_digest": origin.base_digest,
            "factors_digest": "",
            "recipe": {},
            "metadata": origin.to_metadata(),
            "facts": dict(report.facts),
            "adopted": True,
        }
        version = Versions(home).add(folder, manifest)
    with open_memory(home) as memory:
        memory.ledger.record_answers(version.id, report.answers)
    return Adopted(version, "adopted")


def _judge(
    home: Home,
    config: Config,
    plugins: Plugins,
    base: Base,
    files: Sequence[Path],
    progress: Progress,
) -> GateReport:
    """Ask the files what this home knows, as a night does before it publishes."""
    with open_memory(home) as memory:
        facts = memory.ledger.facts(FactStatus.ACCEPTED)
        forgotten = memory.ledger.facts(FactStatus.FORGOTTEN)
    if not facts:
        reason = "this home has no fact to ask it for; tell it some and adopt the file again"
        return GateReport(False, (reason,), {})
    gate: Gate = plugins.pick("gate", config.night.gate)
    exam = make_exam(facts, forgotten, config.night.seed)
    return gate.judge(base.path, files, exam, config, progress)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping adopt``."""

    @app.command("adopt")
    def adopt_(
        ctx: typer.Context,
        file: Annotated[Path, typer.Argument(help="A GGUF that a night has exported.")],
    ) -> Adopted:
        """Bring an exported file back among the versions, or mend a version with it.

        A file that is new here is judged by the gate, on the facts of this home.
        """
        context = Context.of(ctx)
        with context.progress(transient=True) as progress:
            return adopt(context.home, context.config, context.plugins, file, progress)
