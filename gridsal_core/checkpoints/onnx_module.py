"""A converted ONNX graph as a module that hands out its outputs by name."""

from __future__ import annotations

import warnings

from torch import Tensor, nn


class OnnxModule(nn.Module):
    """Runs what the converter made.

    Parameters
    ----------
    converted
        The converter's module.
    outputs
        The graph's outputs by the names in the file; with one only, its tensor comes out bare.
    """

    def __init__(self, converted: nn.Module, outputs: tuple[str, ...]) -> None:
        super().__init__()
        self.converted = converted
        self._outputs = outputs

    def forward(self, images: Tensor) -> Tensor | dict[str, Tensor]:
        """Run on images of whatever layout the graph takes."""
        with warnings.catch_warnings():
            # It warns of each approximation, each time; the comparison tells what they amount to.
            warnings.simplefilter("ignore")
            found = self.converted(images)
        if isinstance(found, Tensor):
            return found
        return dict(zip(self._outputs, found, strict=True))
