"""What was asked on the command line, and how it becomes a network and requests to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.arrays import BoolArray
from gridsal_core.cli.job import Job, NetworkOptions, Outputs
from gridsal_core.cli.progress import say
from gridsal_core.cli.subject import Choice, Subject, View, make_request
from gridsal_core.errors import DeviceError, RequestError, SettingsError
from gridsal_core.settings import Settings, suggest_settings
from gridsal_core.types import Request

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


@dataclass(frozen=True)
class Asked:
    """What the options say: the network, images and regions, and the settings that are given.

    Every one of `choices` is asked of every one of `subjects`.
    """

    network: NetworkOptions
    subjects: tuple[Subject, ...]
    choices: tuple[Choice, ...]
    given: dict[str, Any]
    quiet: bool

    @property
    def count(self) -> int:
        """The number of requests."""
        return len(self.subjects) * len(self.choices)

    @property
    def allow_large(self) -> bool:
        """Whether images beyond the safe size may be decoded."""
        return self.subjects[0].allow_large

    def open_one(
        self, outputs: Outputs, *inputs: Path | None
    ) -> tuple[SegmentationNetwork, Request, Settings]:
        """Do what `open` does, for a command that takes one request only.

        Raises
        ------
        GridSalError
            As `open`; a RequestError also if there are several requests.
        """
        if self.count > 1:
            raise RequestError(
                f"This command takes one request and {self.count} were given; give one --image "
                "and one of --region, --at and --segment-of, or use gridsal explain."
            )
        network, (job,) = self.open(outputs, *inputs)
        return network, job.request, job.settings

    def open(
        self, outputs: Outputs, *inputs: Path | None
    ) -> tuple[SegmentationNetwork, tuple[Job, ...]]:
        """Open network and images, make the requests, and complete their settings.

        Parameters
        ----------
        outputs
            Checked before any computing is done.
        inputs
            Further files that are read, and so are not to be written over.

        Returns
        -------
        The network, and the requests: image by image, on each in the order of `choices`.

        Raises
        ------
        GridSalError
            Of the kind that fits what is wrong. Of several requests it says which one it is about.
        """
        from gridsal_core.images import image_info

        # Whatever can be wrong without the network is told before torch is imported.
        infos = [
            image_info(each.image, each.page, allow_large=each.allow_large)
            for each in self.subjects
        ]
        names = _names([each.image for each in self.subjects])
        painted = [self._painted(info.size, name) for info, name in zip(infos, names, strict=True)]
        images = (each.image for each in self.subjects)
        regions = (choice.region for choice in self.choices)
        outputs.check(*images, *regions, *inputs, count=self.count)
        network = self.network.open(quiet=self.quiet)
        places = iter(outputs.numbered(self.count))
        jobs: list[Job] = []
        max_pixels = cache(lambda: network.max_pixels)
        for subject, info, name, regions_here in zip(
            self.subjects, infos, names, painted, strict=True
        ):
            view = View(network, subject, info.size, max_pixels)
            told = dict.fromkeys(info.notes)
            self._tell(info.notes, name)
            for choice, region in zip(self.choices, regions_here, strict=True):
                with self._named(name, choice):
                    request, notes = make_request(view, choice, region)
                    height, width = request.region.shape
                    settings = self._settings(network, height, width)
                self._tell([note for note in notes if note not in told], name)
                told |= dict.fromkeys(notes)
                jobs.append(Job(request, settings, next(places), name))
        return network, tuple(jobs)

    def _painted(self, size: tuple[int, int], name: str) -> list[BoolArray | None]:
        """Read the region of every choice that has one, for an image of this size."""
        from gridsal_core.regions import read_region

        found: list[BoolArray | None] = []
        for choice in self.choices:
            with self._named(name, choice):
                found.append(
                    None
                    if choice.region is None
                    else read_region(choice.region, size, allow_large=self.allow_large)
                )
        return found

    def _settings(self, network: SegmentationNetwork, height: int, width: int) -> Settings:
        settings = replace(suggest_settings(height, width, network.card.explain), **self.given)
        settings.check_image(height, width)
        return settings

    def _tell(self, notes: Sequence[str], name: str) -> None:
        where = f"{name}: " if len(self.subjects) > 1 else ""
        for note in notes:
            say(f"note: {where}{note}", quiet=self.quiet)

    @contextmanager
    def _named(self, name: str, choice: Choice) -> Iterator[None]:
        """Let an error inside the block say which of several requests it is about."""
        try:
            yield
        except (RequestError, SettingsError, DeviceError) as error:
            if self.count == 1:
                raise
            raise type(error)(f"{name}, {choice.told}: {error}") from error


def _names(images: Sequence[Path]) -> list[str]:
    """Tell images apart by their names, or by their paths where names are not enough."""
    have = {path.name: {other for other in images if other.name == path.name} for path in images}
    return [path.name if len(have[path.name]) == 1 else str(path) for path in images]
