"""Whether a converted network says what onnxruntime says of the same file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gridsal_core.checkpoints.files import one_line
from gridsal_core.checkpoints.onnx_graph import Interface

TOLERANCE = 1e-3


def runtime_check(content: bytes, interface: Interface) -> Callable[[Tensor, object], str | None]:
    """Return a function that compares one output of the converted network with onnxruntime's.

    Parameters
    ----------
    content
        The model as it was converted, of which onnxruntime makes its own network.
    interface
        What the graph takes.

    Returns
    -------
    Gets (1, C, H, W) as the network got it and what it made of it; returns None if they differ by
    at most 1e-3, else a sentence for the user.
    """

    def check(inputs: Tensor, output: object) -> str | None:
        try:
            expected = _run(content, interface, inputs)
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no class in common
            return (
                f"onnxruntime does not run this network ({one_line(error)}), so the converted one "
                "could not be compared with it."
            )
        difference = _difference(expected, output)
        if difference <= TOLERANCE:
            return None
        return (
            f"The converted network differs from onnxruntime by up to {difference:.2g} on this "
            "image; explanations show the converted one."
        )

    return check


def _run(content: bytes, interface: Interface, inputs: Tensor) -> list[npt.NDArray[Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    image = inputs.detach().cpu().numpy().astype(interface.dtype)
    if interface.channels_last:
        image = image.transpose(0, 2, 3, 1)
    rows = interface.shape.batch.fixed or 1
    image = np.ascontiguousarray(np.repeat(image[:1], rows, axis=0))
    results: list[npt.NDArray[Any]] = session.run(list(interface.outputs), {interface.input: image})
    return results


def _difference(expected: list[npt.NDArray[Any]], output: object) -> float:
    """Return the largest difference of the first row over all outputs that are numbers."""
    found = list(output.values()) if isinstance(output, dict) else [output]
    largest = 0.0
    for theirs, ours in zip(expected, found, strict=False):
        if not (isinstance(ours, Tensor) and ours.is_floating_point()):
            continue
        here = ours.detach().float().cpu().numpy()
        there = np.asarray(theirs, np.float32)
        if here.ndim == there.ndim == 4 and here.shape[1:] != there.shape[1:]:
            there = there.transpose(0, 3, 1, 2)
        if here.shape[1:] != there.shape[1:]:
            return float("inf")
        apart = np.abs(here[:1] - there[:1])
        # Where both are infinite, or neither is a number, they agree.
        same = (here[:1] == there[:1]) | (np.isnan(here[:1]) & np.isnan(there[:1]))
        apart = np.where(same, 0, np.nan_to_num(apart, nan=np.inf))
        largest = max(largest, float(apart.max(initial=0)))
    return largest
