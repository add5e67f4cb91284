"""Writing a traced network anew, so that every tensor is computed on its box alone."""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import prod
from typing import Final

import torch
from torch import Tensor, fx
from torch.fx.node import Argument

from gridsal_core.cropped.keeping import keep_less
from gridsal_core.cropped.needs import (
    Box2,
    Cut,
    arguments,
    aten,
    boxes,
    cut,
    factors,
    scalings,
    spatial_size,
    whole,
)
from gridsal_core.cropped.spans import Span

_ROWS: Final = 2
"""The axis of the rows in (B, C, H, W)."""


def traced(outputs: Callable[[Tensor], Tensor], images: Tensor) -> fx.GraphModule:
    """Trace what gives outputs for such images, as plain operators that change no tensor."""
    # Its import takes longer than most programs need it for.
    from torch.fx.experimental.proxy_tensor import make_fx

    trace = make_fx(
        torch.func.functionalize(lambda given: outputs(given)),
        tracing_mode="fake",
        _allow_non_fake_inputs=True,
    )
    module: fx.GraphModule = trace(images)
    # A batch norm's own statistics, say, would seem to be needed as a whole.
    module.graph.eliminate_dead_code()
    return module


def cut_to(trace: fx.GraphModule, box: Box2, *, keeps_less: bool = True) -> fx.GraphModule | None:
    """Return what gives the pixels of `box` of what `trace` gives; None if nothing is saved.

    Parameters
    ----------
    trace
        A graph of plain operators with the shapes of their results, as `traced` makes it, from
        (B, C, H, W) to (B, K, H, W).
    box
        Rows and columns of the output.
    keeps_less
        Whether it keeps no more than a gradient needs, see `keeping`; else it is made of plain
        operators, as a compiler likes them.
    """
    part = boxes(trace.graph, box)
    if not any(node.op == "call_function" for node in part):
        return None
    writer = _Writer(trace, part)
    for node in trace.graph.nodes:
        writer.write(node, box)
    if keeps_less:
        keep_less(writer.graph)
    module = fx.GraphModule(trace, writer.graph)
    module.graph.lint()
    module.recompile()
    return module


def cost(trace: fx.GraphModule, box: Box2) -> tuple[float, float]:
    """Return the multiplications of all convolutions, and of those that are left on `box`."""
    part = boxes(trace.graph, box)
    every, left = 0.0, 0.0
    for node in trace.graph.nodes:
        if node.target is not aten.convolution.default:
            continue
        weight = arguments(node)["weight"].meta["val"]
        size = spatial_size(node)
        if size is None:
            continue
        each = float(prod(weight.shape))
        every += each * size[0] * size[1]
        own = part.get(node)
        left += each * (size[0] * size[1] if own is None else own[0].length * own[1].length)
    return every, left


class _Writer:
    """The new graph, and what became of each node of the old one."""

    def __init__(self, trace: fx.GraphModule, part: dict[fx.Node, Box2]) -> None:
        self.graph = fx.Graph()
        self._matrices = 0
        self._trace, self._part = trace, part
        self._new: dict[fx.Node, fx.Node] = {}

    def write(self, node: fx.Node, output_box: Box2) -> None:
        """Add what stands for a node of the old graph."""
        if node.op == "output":
            (result,) = node.all_input_nodes
            self.graph.output(self._on(result, output_box))
            return
        box = self._part.get(node)
        how = None if box is None else cut(node, box)
        if box is None or how is None or how.kind == "input" or self._is_of_whole_tuple(node):
            # An input is there as a whole, whatever is needed of it; so is a part of what is whole.
            self._part.pop(node, None)
            self._new[node] = self._whole(node)
            return
        writers = {
            "same": self._same,
            "window": self._window,
            "pad": self._pad,
            "slice": self._slice,
            "bilinear": self._bilinear,
            "nearest": self._nearest,
        }
        self._new[node] = writers[how.kind](node, box, how)

    def _whole(self, node: fx.Node) -> fx.Node:
        """Do the same on all of it."""
        return self.graph.node_copy(node, lambda source: self._new[source])

    def _is_of_whole_tuple(self, node: fx.Node) -> bool:
        return node.target is operator.getitem and node.args[0] not in self._part

    def _call(self, function: Callable[..., object], *given: Argument) -> fx.Node:
        return self.graph.call_function(function, given)

    def _on(self, source: fx.Node, box: Box2) -> fx.Node:
        """Return a tensor of the old graph on a box, cut out of what there is of it."""
        there = self._part.get(source) or whole(source)
        if there is None:
            raise ValueError(f"{source} has no pixels")
        found = self._new[source]
        for axis, (have, want) in enumerate(zip(there, box, strict=True), start=_ROWS):
            if have != want:
                start = want.start - have.start
                found = self._call(aten.slice.Tensor, found, axis, start, start + want.length)
        return found

    def _same(self, node: fx.Node, _box: Box2, how: Cut) -> fx.Node:
        """Do the same on less."""
        return self.graph.node_copy(
            node,
            lambda source: (
                self._on(source, how.needs[source])
                if source in how.needs and spatial_size(source) is not None
                else self._new[source]
            ),
        )

    def _window(self, node: fx.Node, _box: Box2, how: Cut) -> fx.Node:
        ((source, part),) = how.needs.items()
        values = arguments(node)
        fill = -torch.inf if "kernel_size" in values else 0.0
        inner = self._padded(self._on(source, part), how.pads, fill)
        values["input" if "input" in values else "self"] = inner
        values["padding"] = [0, 0]
        given = [
            self._new[value] if isinstance(value, fx.Node) and value is not inner else value
            for value in values.values()
        ]
        return self.graph.create_node("call_function", node.target, tuple(given))

    def _padded(
        self, inner: fx.Node, pads: tuple[tuple[int, int], tuple[int, int]], value: float
    ) -> fx.Node:
        (top, bottom), (left, right) = pads
        if not any((top, bottom, left, right)):
            return inner
        return self._call(aten.constant_pad_nd.default, inner, [left, right, top, bottom], value)

    def _pad(self, node: fx.Node, _box: Box2, how: Cut) -> fx.Node:
        ((source, part),) = how.needs.items()
        return self._padded(self._on(source, part), how.pads, arguments(node)["value"])

    def _slice(self, node: fx.Node, _box: Box2, how: Cut) -> fx.Node:
        ((source, part),) = how.needs.items()
        return self._on(source, part)

    def _bilinear(self, node: fx.Node, box: Box2, how: Cut) -> fx.Node:
        ((source, part),) = how.needs.items()
        both = scalings(node)
        if both is None:
            raise ValueError(f"{node} resizes nothing")
        rows, columns = (
            self._matrix(scaling.weights(out), source)
            for scaling, out in zip(both, box, strict=True)
        )
        across = self._call(aten.t.default, columns)
        tall = self._call(torch.matmul, rows, self._on(source, part))
        return self._call(torch.matmul, tall, across)

    def _matrix(self, weights: list[list[float]], like: fx.Node) -> fx.Node:
        value = like.meta["val"]
        name = f"_matrix{self._matrices}"
        self._matrices += 1
        matrix = torch.tensor(weights, dtype=value.dtype, device=value.device)
        # The new module takes over what its graph names.
        self._trace.register_buffer(name, matrix)
        return self.graph.get_attr(name)

    def _nearest(self, node: fx.Node, box: Box2, how: Cut) -> fx.Node:
        ((source, part),) = how.needs.items()
        times = factors(node)
        if times is None:
            raise ValueError(f"{node} enlarges by no whole number")
        size = [span.length * each for span, each in zip(part, times, strict=True)]
        scales = [float(each) for each in times]
        enlarged = self._call(
            aten.upsample_nearest2d.default, self._on(source, part), size, *scales
        )
        found = enlarged
        for axis, (span, out, each) in enumerate(zip(part, box, times, strict=True), start=_ROWS):
            start = out.start - span.start * each
            if start or span.length * each != out.length:
                found = self._call(aten.slice.Tensor, found, axis, start, start + out.length)
        return found


def box_of(rows: slice, columns: slice) -> Box2:
    """Return a box from its two slices."""
    return Span(rows.start, rows.stop), Span(columns.start, columns.stop)
