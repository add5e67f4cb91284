"""Which part of an input a part of an output depends on, along one axis.

Spans are half-open and in pixels of their own tensor. What lies beyond a tensor's ends is padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor


@dataclass(frozen=True)
class Span:
    """Pixels start to stop - 1 of one axis."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of pixels."""
        return self.stop - self.start

    def union(self, other: Span) -> Span:
        """Return the smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.stop, other.stop))

    def moved(self, by: int) -> Span:
        """Return the span so many pixels further on."""
        return Span(self.start + by, self.stop + by)


@dataclass(frozen=True)
class Source:
    """A span of the input, and how many pixels of padding come before and after it."""

    span: Span
    before: int
    after: int


@dataclass(frozen=True)
class Window:
    """The kernel of a convolution or a pooling along one axis."""

    size: int
    stride: int
    padding: int
    dilation: int

    def source(self, out: Span, length: int) -> Source | None:
        """Return what `out` is computed from, of an input of `length`; None if padding alone."""
        start = out.start * self.stride - self.padding
        stop = (out.stop - 1) * self.stride - self.padding + self.dilation * (self.size - 1) + 1
        return within(Span(start, stop), length)


def within(span: Span, length: int) -> Source | None:
    """Divide a span into what lies in an input of `length`, and padding; None if padding alone."""
    inside = Span(max(span.start, 0), min(span.stop, length))
    if inside.length <= 0:
        return None
    return Source(inside, inside.start - span.start, span.stop - inside.stop)


@dataclass(frozen=True)
class Scaling:
    """Bilinear resizing along one axis.

    Parameters
    ----------
    length, new_length
        Of the input and of the output, in pixels.
    align_corners
        Whether the first and last pixels' centres stay where they are.
    scale
        Input pixels for each output pixel where that was given and not computed from the lengths.
    """

    length: int
    new_length: int
    align_corners: bool
    scale: float | None = None

    def position(self, pixel: int) -> float:
        """Return where an output pixel looks in the input, from 0 to length - 1."""
        if self.align_corners:
            step = (self.length - 1) / (self.new_length - 1) if self.new_length > 1 else 0.0
            return pixel * step
        step = self.length / self.new_length if self.scale is None else self.scale
        return max((pixel + 0.5) * step - 0.5, 0.0)

    def source(self, out: Span) -> Span:
        """Return the input pixels that `out` looks at."""
        first = floor(self.position(out.start))
        last = floor(self.position(out.stop - 1)) + 1
        return Span(min(first, self.length - 1), min(last + 1, self.length))

    def weights(self, out: Span) -> list[list[float]]:
        """Return the rows of the matrix from `source(out)` to `out`."""
        source = self.source(out)
        rows = []
        for pixel in range(out.start, out.stop):
            position = self.position(pixel)
            low = min(floor(position), self.length - 1)
            high, share = min(low + 1, self.length - 1), position - low
            row = [0.0] * source.length
            row[low - source.start] += 1 - share
            row[high - source.start] += share
            rows.append(row)
        return rows
