"""What listeners hear of a night as a whole: that it began, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sleeping_plugin.records import SleepEvent

if TYPE_CHECKING:
    from sleeping_plugin.night import Night


class Reported:
    """Emits begin, and accepted, rejected or failed."""

    def __init__(self, night: Night) -> None:
        self._night = night

    def __enter__(self) -> None:
        self._night.plugins.emit(SleepEvent("begin", "", data={"kind": self._night.kind}))

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        run = getattr(self._night, "run", None)
        name = run.id if run else ""
        if kind is not None:
            self._night.plugins.emit(SleepEvent("failed", name, data={"error": str(error)}))
            return
        published = (run.done("publish") if run else None) or {}
        accepted = published.get("accepted")
        self._night.plugins.emit(
            SleepEvent("accepted" if accepted else "rejected", name, data=dict(published))
        )
