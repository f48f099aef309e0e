"""``sleeping init``: choose the model that learns, after checking all that a night will need."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from sleeping_plugin.atomic import write_text
from sleeping_plugin.base import Base, hash_master, hash_model, record_base, recorded_base
from sleeping_plugin.checkup import prove_copy
from sleeping_plugin.config import Config, default_text
from sleeping_plugin.context import Context
from sleeping_plugin.errors import ModelError, StateError, UsageError
from sleeping_plugin.gguf_info import read_info, require_chat, require_supported
from sleeping_plugin.home import Home
from sleeping_plugin.hookspecs import Backend, Exporter, Host, MasterBackend, hookimpl
from sleeping_plugin.origin import require_untaught
from sleeping_plugin.plugins import Plugins
from sleeping_plugin.records import Progress, Version, silent
from sleeping_plugin.render import Result
from sleeping_plugin.settings_file import with_value
from sleeping_plugin.versions import Versions

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Initialised(Result):
    """The model that this home learns for."""

    home: Path
    model: Path
    architecture: str
    digest: str
    host: str
    config: Path
    advice: str  # how to chat with it
    master: Path | None  # the float weights that it was made from

    def to_text(self) -> str:
        """Return what was chosen, and what to do next."""
        floats = f" from its float weights in {self.master}" if self.master else ""
        return (
            f"{self.model.name} ({self.architecture}) will learn{floats}, for the host"
            f" {self.host}.\n"
            f"Everything is kept in {self.home}; the settings are in {self.config.name} there.\n"
            f"{self.advice} Bring in older chats with `sleeping import CHATS.jsonl`."
        )


def initialise(
    home: Home,
    config: Config,
    plugins: Plugins,
    model: Path,
    host: str,
    *,
    force: bool = False,
    progress: Progress = silent,
    master: str = "",
) -> Initialised:
    """Make ``model`` the one that ``home`` learns for; nothing is written before all checks pass.

    ``master`` names the float weights that it was made from: a folder, or the id of a model on a
    hub. Raises UsageError if the home has learnt for other bytes, unless ``force``; ModelError,
    UnsupportedModel, NoChatTemplate or AlreadyTaught for a model that cannot be taught;
    MasterDiffers for float weights that it was not made from.
    """
    model = model.expanduser().absolute()
    model = _not_through(home, model)
    if Path(os.path.realpath(model)).is_relative_to(os.path.realpath(home.versions)):
        raise UsageError(
            f"{model} is a version that was made here. Choose the file that it was made from; "
            "`sleeping switch` puts a version in use."
        )
    info = read_info(model)
    require_untaught(info)
    require_supported(info)
    require_chat(info)
    exporter: Exporter = plugins.pick("exporter", config.night.exporter)
    chosen: Host = plugins.pick("host", host)
    exporter.check(model)
    chosen.check(model)
    base = hash_model(model, progress)
    before = recorded_base(home)
    changed = before is not None and before.digest != base.digest
    if changed and not force:
        raise UsageError(
            f"{home.root} already learns for {before.path if before else ''}. Give {model.name} a "
            "home of its own with --home DIR, or start anew here with --force: the facts stay, "
            "the versions of the old model are no longer used."
        )
    if master:
        base = _with_master(home, config, plugins, base, master, progress)
    with home.lock("init"):
        versions = Versions(home)

        def publish(version: Version | None) -> None:
            chosen.publish(version, model, home)

        try:
            versions.switch(None if changed else versions.active(), publish)
        except (StateError, ModelError) as error:  # what was in use is damaged
            log.warning("%s The base is put in use.", error)
            versions.switch(None, publish)
        _write_config(home, config, base, host)
        record_base(home, base)
    return Initialised(
        *(home.root, model, info.architecture, base.digest, host, home.config_file),
        advice=chosen.advice(home),
        master=base.master_folder,
    )


def _with_master(
    home: Home, config: Config, plugins: Plugins, base: Base, named: str, progress: Progress
) -> Base:
    """Return ``base`` with the float weights ``named``, after proving that it was made from them.

    The proof leaves their working copy in the cache, where the first night looks for it.
    """
    backend: Backend = plugins.pick("backend", config.night.backend)
    if not isinstance(backend, MasterBackend):
        raise UsageError(
            f"The backend {backend.name} takes no float weights. Leave --master out, or set "
            "night.backend to torch."
        )
    folder = backend.find_master(named)
    backend.check_master(base.path, folder, progress)
    base = replace(base, master=hash_master(folder, progress))
    prove_copy(backend, base, home.cache, progress)
    return base


def _not_through(home: Home, model: Path) -> Path:
    """Return ``model``, or where it leads if a link in the home is on the way.

    A host keeps a link there to what is in use, which is another file tomorrow.
    """
    hop = model
    for _ in range(40):  # as many as the kernel follows
        if not hop.is_symlink():
            break
        if Path(os.path.realpath(hop.parent)).is_relative_to(os.path.realpath(home.root)):
            return Path(os.path.realpath(model))
        hop = hop.parent / hop.readlink()
    return model


def _write_config(home: Home, config: Config, base: Base, host: str) -> None:
    """Write the values into the file, and leave all else in it as the user wrote it."""
    values: dict[str, Any] = {"path": str(base.path), "host": host}
    if base.master or config.model.master:
        values["master"] = str(base.master_folder or "")
    if home.config_file.exists():
        text = home.config_file.read_text(encoding="utf-8")
        for name, value in values.items():
            text = with_value(text, "model", name, value)
    else:
        text = default_text(Config(model=replace(Config().model, **values)))
    write_text(home.config_file, text)


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping init``."""

    @app.command("init")
    def init(
        ctx: typer.Context,
        model: Annotated[Path, typer.Option("--model", help="The GGUF file of your model.")],
        host: Annotated[str, typer.Option("--host", help="Where you chat with it.")] = "llama-cpp",
        force: Annotated[bool, typer.Option("--force", help="Replace another model.")] = False,
        master: Annotated[
            str,
            typer.Option(
                "--master",
                help="The float weights that it was made from: a folder, or the id of a model on"
                " the Hugging Face hub.",
            ),
        ] = "",
    ) -> Initialised:
        """Choose the model that learns. The file itself is never changed."""
        context = Context.of(ctx)
        with context.progress(transient=True) as progress:
            return initialise(
                *(context.home, context.config, context.plugins, model, host),
                force=force,
                progress=progress,
                master=master,
            )
