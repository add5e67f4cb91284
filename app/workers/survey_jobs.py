"""A survey in the engine process, in slices: between two of them whoever waits is served.

The survey that is under way lives in this module, in the engine process only. It is not lost with
the process: what is finished stands in its folder.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from app.workers.jobs import Desk
from gridsal_core.errors import OutputError
from gridsal_core.survey.kinds import RequestKind

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork
    from gridsal_core.survey.data import Data
    from gridsal_core.survey.engine import Progress
    from gridsal_core.survey.ledger import Ledger

# Short enough that a click on Run is served soon, long enough that the way to the window and back
# costs nothing to speak of.
SLICE_SECONDS: Final = 0.15


@dataclass(frozen=True)
class SurveyAsked:
    """A new survey, as it is asked for in the window; the arguments of `begin_survey`.

    Parameters
    ----------
    images, labels
        As of `Data`.
    folder
        Where it is kept.
    kinds, requested, min_pixels, width, flips
        As of `Survey`.
    given
        The settings that are not those suggested for each image.
    """

    images: Path
    labels: str | None
    folder: Path
    kinds: tuple[RequestKind, ...]
    requested: tuple[int, ...]
    min_pixels: int | None
    width: int | None
    flips: bool
    given: Mapping[str, Any]


@dataclass(frozen=True)
class SurveyNews:
    """How far a survey is.

    Parameters
    ----------
    images, images_total
        Finished images, and all.
    items
        Finished requests, those of earlier runs included.
    rate
        Requests a minute while it was at work; 0 while that is not known.
    left
        Seconds of work that are left; None while that is not known.
    notes
        Why images were left out since the last news, one sentence each.
    is_done
        Whether nothing is left to do.
    """

    images: int
    images_total: int
    items: int
    rate: float = 0.0
    left: float | None = None
    notes: tuple[str, ...] = ()
    is_done: bool = False


@dataclass
class _Work:
    """The survey that is under way, and the seconds it was worked on."""

    folder: Path
    ledger: Ledger
    steps: Generator[Progress, None, None]
    news: SurveyNews
    seconds: float = 0.0

    def close(self) -> None:
        self.steps.close()
        self.ledger.close()


_under_way: list[_Work] = []


@dataclass(frozen=True)
class BeginSurvey:
    """Begin a survey, or go on with the same one; answered by SurveyNews."""

    asked: SurveyAsked

    def run(self, desk: Desk) -> SurveyNews:
        """Begin; see `begin_survey` for what it raises."""

        def opened(network: SegmentationNetwork) -> tuple[Data, Ledger]:
            from gridsal_core.survey.begin import begin_survey
            from gridsal_core.survey.data import Data

            asked = self.asked
            data = Data(asked.images, asked.labels)
            ledger = begin_survey(
                network,
                data,
                asked.folder,
                asked.kinds,
                asked.given,
                requested=asked.requested,
                min_pixels=asked.min_pixels,
                width=asked.width,
                flips=asked.flips,
            )
            return data, ledger

        return _begin(desk, self.asked.folder, opened)


@dataclass(frozen=True)
class ResumeSurvey:
    """Go on with the survey of a folder; answered by SurveyNews."""

    folder: Path

    def run(self, desk: Desk) -> SurveyNews:
        """Open it; see `resume_survey` for what it raises."""
        from gridsal_core.survey.begin import resume_survey

        return _begin(desk, self.folder, lambda network: resume_survey(network, self.folder))


@dataclass(frozen=True)
class SurveySlice:
    """Work on the survey of a folder for a moment; answered by SurveyNews."""

    folder: Path

    def run(self, desk: Desk) -> SurveyNews:
        """Work; see `survey_steps` for what it raises."""
        work = next((each for each in _under_way if each.folder == self.folder), None)
        if work is None:
            raise OutputError("The survey is not under way any more; resume it.")
        with ExitStack() as on_failure:
            on_failure.callback(_end)
            news = _worked(work)
            on_failure.pop_all()
        return news


@dataclass(frozen=True)
class EndSurvey:
    """Let go of the survey that is under way; what is finished is kept."""

    def run(self, desk: Desk) -> None:
        """End it, if there is one."""
        _end()


def _begin(
    desk: Desk, folder: Path, opened: Callable[[SegmentationNetwork], tuple[Data, Ledger]]
) -> SurveyNews:
    from gridsal_core.survey.engine import survey_steps

    _end()
    network = desk.network()
    data, ledger = opened(network)
    news = SurveyNews(0, len(data.names), ledger.item_count)
    _under_way.append(_Work(folder, ledger, survey_steps(network, data, ledger), news))
    return news


def _end() -> None:
    while _under_way:
        _under_way.pop().close()


def _worked(work: _Work) -> SurveyNews:
    began = monotonic()
    notes: tuple[str, ...] = ()
    while True:
        progress = next(work.steps, None)
        seconds = work.seconds + monotonic() - began
        if progress is None:
            _end()
            return replace(work.news, notes=notes, left=0.0, is_done=True)
        notes += progress.notes
        work.news = _news(progress, seconds)
        if seconds - work.seconds >= SLICE_SECONDS:
            work.seconds = seconds
            return replace(work.news, notes=notes)


def _news(progress: Progress, seconds: float) -> SurveyNews:
    """Say how far it is, by the time it was worked on: the core's clock does not stop."""
    left = progress.left
    if left is not None and progress.seconds > 0:
        left *= seconds / progress.seconds
    return SurveyNews(
        progress.images,
        progress.images_total,
        progress.items,
        60 * progress.fresh / seconds if seconds > 0 else 0.0,
        left,
    )
