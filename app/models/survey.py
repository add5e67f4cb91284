"""The survey that the window shows, and how far it is if it is under way."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from app.models.running import duration
from app.workers.survey_jobs import SurveyNews

SurveyPhase = Literal["idle", "running", "paused", "stopped", "done"]

ACTIVE: Final[tuple[SurveyPhase, ...]] = ("running", "paused")


class SurveyState(QObject):
    """One survey at a time: its folder, its phase, and the newest news of it."""

    folder_changed = Signal()
    """Another survey is shown, or none."""
    changed = Signal()
    """The phase, the news, or what it waits for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder: Path | None = None
        self.phase: SurveyPhase = "idle"
        self.news: SurveyNews | None = None
        self.waits_for = ""
        """What it waits for while it is running, in a few words; empty if for nothing."""

    @property
    def is_active(self) -> bool:
        """Whether it is under way, also while it is paused."""
        return self.phase in ACTIVE

    def show(self, folder: Path | None) -> None:
        """Turn to another survey, which is not under way."""
        self.folder, self.phase, self.news, self.waits_for = folder, "idle", None, ""
        self.folder_changed.emit()
        self.changed.emit()

    def set_phase(self, phase: SurveyPhase) -> None:
        """Begin, hold or end it."""
        self.phase, self.waits_for = phase, ""
        self.changed.emit()

    def set_news(self, news: SurveyNews) -> None:
        """Take over how far it is."""
        self.news = news
        self.changed.emit()

    def set_waits_for(self, what: str) -> None:
        """Say what it waits for."""
        if what != self.waits_for:
            self.waits_for = what
            self.changed.emit()

    @property
    def text(self) -> str:
        """How far it is, in words."""
        news = self.news
        if news is None:
            if not self.is_active:
                return "Not under way. Resume survey does what is new or left."
            return f"Waits for {self.waits_for}." if self.waits_for else "Beginning…"
        parts = [
            f"{news.images:,} of {news.images_total:,} images done",
            "1 request" if news.items == 1 else f"{news.items:,} requests",
        ]
        if self.phase == "paused":
            return " · ".join((*parts, "paused"))
        if self.phase == "stopped":
            return " · ".join((*parts, "stopped; what is finished is kept"))
        if self.waits_for:
            return " · ".join((*parts, f"waits for {self.waits_for}"))
        if news.rate > 0:
            parts.append(f"{news.rate:.0f} a minute")
        if news.left is not None:
            parts.append(f"{duration(news.left)} left")
        return " · ".join(parts)
