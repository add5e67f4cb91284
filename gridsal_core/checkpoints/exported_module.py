"""Running the steps of an exported program, so that gradients flow back to the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gridsal_core.checkpoints.exported_graph import OwnDevice, Program, Ref


class ProgramModule(nn.Module):
    """The steps of a program, one after the other, on whatever device the module is.

    Parameters
    ----------
    program
        What runs.
    tensors
        Weights, buffers and constants by the names that the program gives them.

    Raises
    ------
    KeyError
        If a tensor is missing.
    """

    def __init__(self, program: Program, tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        self._program = program
        self._places: dict[str, str] = {}
        for number, (value, tensor) in enumerate(program.tensors.items()):
            # Names of our own: those in the file can be anything.
            place = f"tensor_{number}"
            self.register_buffer(place, tensors[tensor])
            self._places[value] = place

    def forward(self, image: Tensor) -> Any:  # noqa: ANN401 - tensors in tuples and dicts
        """Run on (B, C, H, W); returns what the network handed out when it was exported."""
        program = self._program
        values: dict[str, Any] = {
            name: getattr(self, place) for name, place in self._places.items()
        }
        values |= program.constants
        values[program.input] = image
        for step in program.steps:
            result = step.function(
                *_filled(step.args, values, image.device),
                **_filled(step.kwargs, values, image.device),
            )
            results = (result,) if step.single else result
            for name, value in zip(step.outputs, results or (), strict=False):
                if name is not None:
                    values[name] = value
            for name in step.last_used:
                del values[name]
        return _filled(program.outputs, values, image.device)


def _filled(part: Any, values: dict[str, Any], device: torch.device) -> Any:  # noqa: ANN401 - as it came
    """Put the values in place of the references, at any depth."""
    if isinstance(part, Ref):
        return values[part.name]
    if isinstance(part, OwnDevice):
        return device
    if isinstance(part, list):
        return [_filled(entry, values, device) for entry in part]
    if isinstance(part, tuple):
        return tuple(_filled(entry, values, device) for entry in part)
    if isinstance(part, dict):
        return {key: _filled(entry, values, device) for key, entry in part.items()}
    return part
