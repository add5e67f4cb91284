"""What every traced network needs around it: its sizes, its batch, its number type, its layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gridsal_core.checkpoints.sizes import InputShape


class TracedNetwork(nn.Module):
    """Makes any traced network take float32 (B, C, H, W) images of any number.

    Parameters
    ----------
    inner
        The network as it was traced.
    shape
        What it takes.
    dtype
        The type of numbers it takes.
    channels_last
        Whether it takes and gives (B, H, W, C).
    """

    def __init__(
        self,
        inner: nn.Module,
        shape: InputShape,
        *,
        dtype: torch.dtype = torch.float32,
        channels_last: bool = False,
    ) -> None:
        super().__init__()
        self.inner = inner
        self.shape = shape
        self._dtype = dtype
        self._channels_last = channels_last
        self.eval().requires_grad_(requires_grad=False)

    def forward(self, images: Tensor) -> Any:  # noqa: ANN401 - tensors in tuples and dicts
        """Run on (B, C, H, W); a network of a fixed batch gets the rows so many at a time.

        Raises
        ------
        CheckpointError
            If the network does not take images of this size.
        """
        height, width = images.shape[-2:]
        self.shape.check(height, width)
        images = images.to(self._dtype)
        if self._channels_last:
            images = images.permute(0, 2, 3, 1)
        at_once = self.shape.batch.fixed
        if at_once is None or at_once == len(images):
            output = self.inner(images)
        else:
            output = _joined([self._rows(rows, at_once) for rows in torch.split(images, at_once)])
        return _mapped(output, lambda part: self._usual(part, height, width))

    def _rows(self, rows: Tensor, at_once: int) -> Any:  # noqa: ANN401 - as forward
        count = len(rows)
        if count < at_once:
            rows = torch.cat((rows, rows[-1:].expand(at_once - count, -1, -1, -1)))
        return _mapped(self.inner(rows), lambda output: output[:count] if output.ndim else output)

    def _usual(self, output: Tensor, height: int, width: int) -> Tensor:
        # Exporters may have turned one end of the network only; the proportions tell.
        if self._channels_last and output.ndim == 4:
            turned = output.shape[1] * width == output.shape[2] * height
            output = output.permute(0, 3, 1, 2) if turned else output
        return output.float() if output.is_floating_point() else output


def _mapped(output: Any, change: Callable[[Tensor], Tensor]) -> Any:  # noqa: ANN401 - as forward
    if isinstance(output, Tensor):
        return change(output)
    if isinstance(output, (list, tuple)):
        return tuple(_mapped(part, change) for part in output)
    if isinstance(output, dict):
        return {key: _mapped(part, change) for key, part in output.items()}
    return output


def _joined(outputs: list[Any]) -> Any:  # noqa: ANN401 - tensors in tuples and dicts
    """Put the outputs of several runs under one another."""
    first = outputs[0]
    if isinstance(first, Tensor):
        return torch.cat(outputs) if first.ndim else first
    if isinstance(first, (list, tuple)):
        return tuple(_joined(list(parts)) for parts in zip(*outputs, strict=True))
    if isinstance(first, dict):
        return {key: _joined([output[key] for output in outputs]) for key in first}
    return first
