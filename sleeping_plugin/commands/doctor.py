"""``sleeping doctor``: whether a model can be taught here, measured on the user's own file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from sleeping_plugin.base import recorded_base
from sleeping_plugin.checkup import MODEL_CHECKS, Finding, Patient, examine
from sleeping_plugin.context import Context
from sleeping_plugin.hookspecs import hookimpl
from sleeping_plugin.render import Result, make_table, plain, whole


@dataclass(frozen=True, slots=True)
class Diagnosis(Result):
    """What the checks found."""

    model: Path
    findings: tuple[Finding, ...]
    chosen: bool  # the home learns for this file already

    @property
    def exit_code(self) -> int:
        """Return the exit code of the cause that failed, 0 if none did."""
        return max(finding.exit_code for finding in self.findings)

    @property
    def verdict(self) -> str:
        """Return the last sentence."""
        if self.exit_code:
            return "It cannot be taught as it is."
        if self.chosen:
            return "All is well: `sleeping sleep` can teach it."
        return f"It can be taught: `sleeping init --model {self.model}`."

    def to_json(self) -> dict[str, Any]:
        """Return the verdict and every finding with its figures."""
        return {
            "ok": not self.exit_code,
            "model": self.model,
            "verdict": self.verdict,
            "findings": [plain(finding) for finding in self.findings],
        }

    def to_text(self) -> RenderableType:
        """Return one line for each finding, and the verdict."""
        rows = [
            (
                finding.check,
                Text("no", style="bold red") if finding.error else Text("ok", style="green"),
                finding.said,
            )
            for finding in self.findings
        ]
        table = make_table(("", "", ""), rows, show_header=False)
        return Group(whole(str(self.model)), table, whole(self.verdict))


@hookimpl
def register_commands(app: typer.Typer) -> None:
    """Add ``sleeping doctor``."""

    @app.command("doctor")
    def doctor(
        ctx: typer.Context,
        model: Annotated[
            Path | None,
            typer.Option("--model", help="A GGUF file; without it, the model that learns."),
        ] = None,
    ) -> Diagnosis:
        """Check that a model can be taught, and that its copy is the model that llama.cpp runs."""
        context = Context.of(ctx)
        path = context.base().path if model is None else model.expanduser().absolute()
        own = recorded_base(context.home)
        with context.progress(transient=True) as progress:
            patient = Patient(path, context.home, context.config, context.plugins, progress)
            findings = examine(patient, MODEL_CHECKS)
        return Diagnosis(path, findings, chosen=own is not None and own.path == path)
