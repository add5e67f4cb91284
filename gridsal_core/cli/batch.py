"""Several explanations from the command line, those on images of one size as one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gridsal_core.cli.job import Job, new_notes, summary
from gridsal_core.cli.progress import Advance, progress
from gridsal_core.types import Snapshot

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork


def explain_jobs(network: SegmentationNetwork, jobs: Sequence[Job], *, quiet: bool) -> None:
    """Explain with progress on stderr, write the results, and print a line for each, in order.

    The files of a batch are written once it is done. Where a later one fails or is interrupted,
    the lines of those before it are printed all the same.

    Raises
    ------
    GridSalError
        Of the kind that fits what is wrong.
    """
    from gridsal_core.grid_saliency import explain_many

    lines: dict[int, str] = {}
    done, total = 0, sum(job.settings.planned for job in jobs)
    try:
        with progress(f"explaining {len(jobs)} requests", quiet=quiet) as advance:
            for numbers in _batches(network, jobs):
                some = [jobs[number] for number in numbers]
                requests = [job.request for job in some]
                # One size and one network suggest the same settings.
                settings = some[0].settings
                show = _shown(advance, done, total, len(some), quiet=quiet)
                found = explain_many(network, requests, settings, on_snapshot=show)
                done += settings.planned * len(some)
                advance(done, total, "steps")
                for number, job, explanation in zip(numbers, some, found, strict=True):
                    lines[number] = f"{job.image_name}, {summary(explanation)}"
                for job, explanation in zip(some, found, strict=True):
                    job.outputs.write(explanation)
    finally:
        # Not before: a bar on a terminal catches what is printed while it is shown.
        for number in sorted(lines):
            print(lines[number])


def _shown(
    advance: Advance, done: int, total: int, rows: int, *, quiet: bool
) -> Callable[[Snapshot], None]:
    """Make what shows the progress of a batch of `rows`, before which `done` steps were taken."""
    tell = new_notes(quiet=quiet)

    def show(snapshot: Snapshot) -> None:
        tell(snapshot)
        advance(done + rows * snapshot.step, total, "steps")

    return show


def _batches(network: SegmentationNetwork, jobs: Sequence[Job]) -> list[list[int]]:
    """Put the numbers of jobs of one size together, as many as memory is expected to hold."""
    from gridsal_core.measure import LEAST_PIXELS

    sizes: dict[tuple[int, ...], list[int]] = {}
    for number, job in enumerate(jobs):
        sizes.setdefault(job.request.region.shape, []).append(number)
    batches = []
    for (height, width), numbers in sizes.items():
        pixels = height * width
        # What fits is measured only where it may matter.
        is_small = pixels * len(numbers) <= LEAST_PIXELS
        most = len(numbers) if is_small else max(1, network.max_pixels // pixels)
        batches += [numbers[first : first + most] for first in range(0, len(numbers), most)]
    return batches
