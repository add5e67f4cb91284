"""What one optimisation step costs over a bare pass of the same network."""

from __future__ import annotations

import statistics

from benchmarks.table import Column, Value
from benchmarks.window import Subject, timed
from gridsal_core.datasets.folder import list_images

COLUMNS = (
    Column("network", width=8),
    Column("image", width=10),
    Column("bare ms", ".1f", 9),
    Column("step ms", ".1f", 9),
    Column("ratio", ".2f", 6),
)


def step_row(subject: Subject, repeats: int) -> tuple[Value, ...]:
    """Time the two passes in turn, so that a change of the machine's speed meets both."""
    import torch
    from torch.nn import functional

    from gridsal_core.checkpoints import load_network
    from gridsal_core.images import read_image
    from gridsal_core.optimize import descend
    from gridsal_core.preparing import prepare
    from gridsal_core.segments import foreground_segment
    from gridsal_core.settings import Settings, suggest_settings
    from gridsal_core.types import Request

    network = load_network(subject.model)
    image = read_image(list_images(subject.images)[0], network.card.input.channels)
    height, width = image.shape[:2]
    region, index = foreground_segment(network.predict(image).class_map)
    suggested = suggest_settings(height, width, network.card.explain)
    settings = Settings(**{**vars(suggested), "init": 1.0, "steps": repeats + 3})
    divisor = network.card.input.divisor
    inputs = functional.pad(
        network.to_tensor(image), (0, -width % divisor, 0, -height % divisor)
    ).requires_grad_(True)
    cotangent = torch.ones_like(network.module(inputs.detach()))
    with network.borrowed():
        with torch.no_grad():
            problem = prepare(network, [Request(image, region, index)], settings).problem
        steps = descend(problem, torch.ones(1, *settings.mask_size, device=network.device))

        def bare() -> None:
            torch.autograd.grad(network.module(inputs), inputs, cotangent)

        pairs = [(timed(bare), timed(lambda: next(steps))) for _ in range(repeats + 3)][3:]
    bare_ms = statistics.median(pair[0] for pair in pairs)
    step_ms = statistics.median(pair[1] for pair in pairs)
    ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
    return subject.name, f"{width}x{height}", bare_ms, step_ms, ratio
