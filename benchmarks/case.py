"""`python -m benchmarks.case WHAT ...`: one measurement of `speed`, in a process of its own.

A process keeps what it once had: memory, and how its C library goes about with it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import psutil

from benchmarks import speed
from benchmarks.naive import naive_masks
from gridsal_core.allocator import keep_freed_memory
from gridsal_core.threads import sleep_while_idle

if TYPE_CHECKING:
    from torch import Tensor

PEAK_STEPS = 3
WARM_UP = 2
FLOOR_EVERY = 4
EVERY_SECONDS = 0.002
MB = 1e6

_Result = TypeVar("_Result")


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.case", description=__doc__)
    parser.add_argument("what", choices=("times", "naive-peak", "our-peak"))
    parser.add_argument("--demo", action="store_true", help="the demo's network")
    parser.add_argument("--model", type=Path, help="a street network; without it the paper's")
    parser.add_argument("--images", type=Path, help="its images")
    parser.add_argument("--share", type=float, default=0.1, help="of the image that R covers")
    parser.add_argument("--steps", type=int, default=80, help="that are timed")
    options = parser.parse_args()
    sleep_while_idle()
    # The engine takes pains for a short run that would not pay there; see `cropped.outputs`.
    planned = max(options.steps, speed.LEAST_STEPS)
    if options.demo:
        case = speed.demo_case(planned)
    elif options.model is None:
        case = speed.paper_case(options.share, planned)
    else:
        case = speed.street_case(options.model, options.images, options.share, planned)
    if options.what == "times":
        found = times(case, options.steps)
    else:
        found = {"MB": peak(case, is_naive=options.what == "naive-peak")}
    print(json.dumps(found))


def times(case: speed.Case, steps: int) -> dict[str, float | str | None]:
    """Time the naive loop's steps, then ours and the floor's in turn, and compare the masks."""
    import torch

    from gridsal_core.grid_saliency import explain_steps
    from gridsal_core.preparing import prepare

    naive = naive_masks(case.module, case.network, case.request, case.settings)
    naive_ms = []
    for _ in range(steps):
        theirs, spent = timed(lambda: next(naive))
        naive_ms.append(spent)
    naive.close()
    keep_freed_memory()
    ours = explain_steps(case.network, case.request, case.settings)
    snapshot, spent = timed(lambda: next(ours))
    our_ms, floor_ms = [spent], []
    with case.network.borrowed():
        with torch.no_grad():
            start = prepare(case.network, [case.request], case.settings)
        run, pixels = start.problem.outputs_on_box, start.images.requires_grad_(True)
        cotangent = torch.ones_like(run(pixels.detach()))
        for step in range(1, steps):
            snapshot, spent = timed(lambda: next(ours))
            our_ms.append(spent)
            if step % FLOOR_EVERY == 0:
                _, spent = timed(lambda: torch.autograd.grad(run(pixels), pixels, cotangent))
                floor_ms.append(spent)
        ours.close()
    height, width = case.request.region.shape
    difference = naive_difference = None
    if case.is_trained:
        difference = float(np.abs(theirs.numpy() - snapshot.mask).max())
        naive_difference = float((theirs - with_one_thread(case, steps)).abs().max())
    return {
        "network": case.name,
        "image": f"{width}x{height}",
        "region": 100 * float(case.request.region.mean()),
        "naive": statistics.median(naive_ms[WARM_UP:]),
        "ours": statistics.median(our_ms[WARM_UP:]),
        "floor": statistics.median(floor_ms),
        "run": sum(naive_ms) / sum(our_ms),
        "difference": difference,
        "naive_difference": naive_difference,
    }


def with_one_thread(case: speed.Case, steps: int) -> Tensor:
    """Return the naive loop's mask when a single thread computes: its rounding is another."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        masks = naive_masks(case.module, case.network, case.request, case.settings)
        return list(islice(masks, steps))[-1]
    finally:
        torch.set_num_threads(before)


def peak(case: speed.Case, *, is_naive: bool) -> float:
    """Return the megabytes by which the process grows at most during three steps."""
    from gridsal_core.grid_saliency import explain_steps

    asked = case.network, case.request, case.settings
    if is_naive:
        steps = naive_masks(case.module, *asked)
        return growth(lambda: list(islice(steps, PEAK_STEPS))) / MB
    keep_freed_memory()
    ours = explain_steps(*asked)
    return growth(lambda: list(islice(ours, PEAK_STEPS))) / MB


def timed(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """Return what a call gives, and the milliseconds that it takes."""
    began = time.perf_counter()
    result = work()
    return result, 1000 * (time.perf_counter() - began)


def growth(work: Callable[[], object]) -> int:
    """Return by how many bytes the resident memory grew at most while `work` ran."""
    process = psutil.Process()
    before = most = process.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(EVERY_SECONDS):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        work()
    finally:
        done.set()
        watcher.join()
    return max(most, process.memory_info().rss) - before


if __name__ == "__main__":
    main()
