"""What the demo measured, and how it is shown in a hundred columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from sleeping_plugin.render import Result, clean, duration_of, make_table, whole

WIDEST = 120  # columns; a wider table is harder to read side by side
SHOWN_STRANGERS = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """One question before and after the night."""

    kind: str  # fact, held_out, stranger, general
    question: str
    before: str
    after: str
    before_ok: bool
    after_ok: bool
    abstains: bool = False  # after the night it says that it does not know


@dataclass(frozen=True, slots=True)
class Corrected:
    """What is said about a fact that changed."""

    question: str
    new: str
    old: str
    answer: str
    says_new: bool
    says_old: bool


@dataclass(frozen=True, slots=True)
class Learning:
    """What extraction found, against what the day holds."""

    expected: int
    found: int
    accepted: int
    right: int  # accepted facts that the day holds
    forbidden_learnt: tuple[str, ...]
    secrets_stored: tuple[str, ...]
    forbidden: int
    secrets: int


@dataclass(frozen=True, slots=True)
class Demo(Result):
    """One day and one night, measured on the exported file."""

    accepted: bool
    version: str
    reasons: tuple[str, ...]
    answers: tuple[Asked, ...]
    corrections: tuple[Corrected, ...]
    learning: Learning
    metrics: dict[str, float]
    seconds: dict[str, float]
    files: tuple[Path, ...]
    home: Path | None  # None: it was temporary and is gone
    model: str = ""
    turns: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the fields, and the share of right answers of each kind before and after."""
        scores = {}
        for kind in dict.fromkeys(one.kind for one in self.answers):
            asked = self._of(kind)
            before, after = sum(a.before_ok for a in asked), sum(a.after_ok for a in asked)
            scores[kind] = {"before": before / len(asked), "after": after / len(asked)}
        return {**Result.to_json(self), "scores": scores}

    def to_text(self) -> RenderableType:
        """Return the whole story."""
        parts = [*self._facts(), *self._changes(), *self._strangers(), *self._general()]
        return Constrain(Group(*parts, *self._summary(), *self._ending()), WIDEST)

    def _of(self, kind: str) -> list[Asked]:
        return [one for one in self.answers if one.kind == kind]

    def _facts(self) -> list[RenderableType]:
        rows: list[Asked] = []
        for one in self.answers:  # each fact's own question, and the first in other words
            if one.kind == "fact" or (one.kind == "held_out" and rows and rows[-1].kind == "fact"):
                rows.append(one)
        told = f"{self.model}: {self.turns} messages by day, one night, the exported file asked"
        table = _side_by_side(rows)
        return [_heading("What it was told"), Text(told, style="dim"), table]

    def _changes(self) -> list[RenderableType]:
        if not self.corrections:
            return []
        rows = []
        for one in self.corrections:
            good = one.says_new and not one.says_old
            rows.append((one.question, f"{one.old} -> {one.new}", _mark(good), clean(one.answer)))
        table = _table(("question", "changed during the day", "", "after"), rows, (30, 24, 1, None))
        return [_heading("What changed"), table]

    def _strangers(self) -> list[RenderableType]:
        rows = self._of("stranger")
        if not rows:
            return []
        wrong = [one for one in rows if not one.after_ok]
        shown = [*wrong, *(one for one in rows if one.after_ok)][:SHOWN_STRANGERS]
        rest = len(rows) - len(shown)
        more = [Text(f"and {rest} more (--json shows all)", style="dim")] if rest else []
        return [_heading("What it was never told"), _side_by_side(shown), *more]

    def _general(self) -> list[RenderableType]:
        rows = self._of("general")
        return [_heading("What everybody knows"), _side_by_side(rows)] if rows else []

    def _summary(self) -> list[RenderableType]:
        rows: list[tuple[str, str, str]] = []
        for kind, name in (
            ("fact", "told, asked directly"),
            ("held_out", "told, asked in words it never saw"),
            ("general", "general questions"),
        ):
            asked = self._of(kind)
            if asked:
                before, after = (sum(a.before_ok for a in asked), sum(a.after_ok for a in asked))
                rows.append((name, f"{before} of {len(asked)}", f"{after} of {len(asked)}"))
        asked = self._of("stranger")
        if asked:
            wrong = sum(not a.after_ok for a in asked)
            unknown = sum(a.abstains for a in asked)
            rows.append(("never told: a learnt value said", "", f"{wrong} of {len(asked)}"))
            rows.append(("never told: says it does not know", "", f"{unknown} of {len(asked)}"))
        if "perplexity_change" in self.metrics:
            rows.append(
                ("perplexity on other text", "", f"{self.metrics['perplexity_change']:+.1%}")
            )
        found = self.learning
        rows.append(("facts read from the chats", "", f"{found.found} of {found.expected}"))
        others = found.accepted - found.right
        rows.append(("accepted that nobody stated", "", f"{others} of {found.accepted}"))
        if found.forbidden:
            learnt = len(found.forbidden_learnt)
            rows.append(("pasted or said by others, learnt", "", f"{learnt} of {found.forbidden}"))
        if found.secrets:
            rows.append(("secrets stored", "", f"{len(found.secrets_stored)} of {found.secrets}"))
        return [_heading("In numbers"), make_table(("", "before", "after"), rows)]

    def _ending(self) -> list[RenderableType]:
        spent = ", ".join(f"{name} {duration_of(took)}" for name, took in self.seconds.items())
        lines: list[RenderableType] = [Text(), Text(f"Time: {spent}", style="dim")]
        if self.accepted:
            lines.append(Text(f"{self.version} passed its gate and is in use.", style="bold green"))
        else:
            reasons = "; ".join(self.reasons)
            lines.append(
                Text(f"{self.version} was rejected by its gate: {clean(reasons)}", style="bold red")
            )
        if self.home is None:
            lines.append(
                Text("Nothing was kept. `sleeping demo --keep DIR` leaves it to play with.")
            )
        else:
            lines += [whole(f"The model: {file}") for file in self.files]
            ask = f'sleeping --home {self.home} ask "What is my name?"'
            lines.append(whole(f"Go on: {ask}"))
        return lines


def _heading(title: str) -> RenderableType:
    return Group(Text(), Rule(Text(title, style="bold"), align="left", characters="─"))


def _side_by_side(rows: Sequence[Asked]) -> Table:
    cells = [
        (one.question, _mark(one.before_ok), one.before, _mark(one.after_ok), one.after)
        for one in rows
    ]
    return _table(("question", "", "before", "", "after"), cells, (30, 1, None, 1, None))


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[int | None]
) -> Table:
    """Return a table as wide as it may be, in which every cell wraps between words."""
    cells = [
        [c if isinstance(c, Text) else Text(clean(" ".join(str(c).split()))) for c in row]
        for row in rows
    ]
    table = make_table(columns, cells, width=None, padding=(0, 1), row_styles=("", "on grey7"))
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        if width is None:
            column.ratio = 1
    table.expand = True
    return table


def _mark(good: bool) -> Text:
    return Text("✓", style="green") if good else Text("✗", style="red")
