"""From the box of the output backwards: which box of every tensor in between is needed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import fx

from gridsal_core.cropped.spans import Scaling, Source, Span, Window, within

aten = torch.ops.aten

Box2 = tuple[Span, Span]
"""Rows and columns."""

# Where nearly all is needed, cutting costs more than it saves.
NEARLY_ALL: Final = 0.85

POINTWISE: Final[frozenset[str]] = frozenset(
    f"aten::{name}"
    for name in [
        "relu",
        "hardtanh",
        "sigmoid",
        "silu",
        "hardswish",
        "hardsigmoid",
        "leaky_relu",
        "elu",
        "gelu",
        "tanh",
        "mish",
        "softplus",
        "clone",
        "detach",
        "alias",
        "neg",
        "exp",
        "clamp",
        "clamp_min",
        "pow",
        "addcmul",
        "add",
        "sub",
        "mul",
        "div",
        "_to_copy",
    ]
)


@dataclass(frozen=True)
class Cut:
    """How a node is computed on its box: what it needs of its inputs, and what does it then.

    Parameters
    ----------
    kind
        Chooses how it is written; see `cutting`.
    needs
        The box of each input tensor that is cut.
    pads
        What is padded before and after that, of rows and of columns.
    """

    kind: str
    needs: dict[fx.Node, Box2]
    pads: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))


def spatial_size(node: fx.Node) -> tuple[int, int] | None:
    """Return the height and width of what a node gives, if that is (B, C, H, W)."""
    value = node.meta.get("val")
    if isinstance(value, (tuple, list)):
        value = value[0] if value else None
    if not isinstance(value, torch.Tensor) or value.ndim != 4:
        return None
    return int(value.shape[2]), int(value.shape[3])


def whole(node: fx.Node) -> Box2 | None:
    """Return the box of all pixels of a node, if it has pixels."""
    size = spatial_size(node)
    return None if size is None else (Span(0, size[0]), Span(0, size[1]))


def area(box: Box2) -> int:
    """Number of pixels of a box."""
    return box[0].length * box[1].length


def boxes(graph: fx.Graph, box: Box2) -> dict[fx.Node, Box2]:
    """Return the box of each node that is not needed as a whole; `box` is that of the output."""
    needed: dict[fx.Node, Box2] = {}
    is_whole: set[fx.Node] = set()
    for node in reversed(graph.nodes):
        if node.op == "output":
            needed[node.args[0]] = box
            continue
        want = needed.get(node)
        full = whole(node)
        if want is not None and full is not None and area(want) > NEARLY_ALL * area(full):
            want = None
        found = None if want is None or node in is_whole else cut(node, want)
        if found is None:
            is_whole.add(node)
            needed.pop(node, None)
            is_whole.update(node.all_input_nodes)
            continue
        for source, part in found.needs.items():
            before = needed.get(source)
            needed[source] = part if before is None else _union(before, part)
        # What is not cut, a weight or a mean over all pixels, is needed as it is.
        is_whole.update(set(node.all_input_nodes) - set(found.needs))
    return {node: part for node, part in needed.items() if node not in is_whole}


def cut(node: fx.Node, box: Box2) -> Cut | None:
    """Say how a node is computed on a box alone; None if it has to be computed whole."""
    if node.op == "placeholder":
        return Cut("input", {})
    if node.op != "call_function":
        return None
    if node.target is operator.getitem:
        parent, index = node.args
        if index != 0 or not isinstance(parent, fx.Node):
            return None
        return Cut("same", {parent: box})
    rule = _RULES.get(_name(node))
    if rule is not None:
        return rule(node, box)
    return _pointwise(node, box) if _name(node) in POINTWISE else None


def _name(node: fx.Node) -> str:
    schema = getattr(node.target, "_schema", None)
    return "" if schema is None else str(schema.name)


def arguments(node: fx.Node) -> dict[str, Any]:
    """Return the arguments of an operator by name and in its order, defaults included."""
    entries = node.target._schema.arguments  # type: ignore[union-attr]  # of an operator
    given = dict(zip((entry.name for entry in entries), node.args, strict=False)) | node.kwargs
    return {entry.name: given.get(entry.name, entry.default_value) for entry in entries}


def _pointwise(node: fx.Node, box: Box2) -> Cut | None:
    size = spatial_size(node)
    needs: dict[fx.Node, Box2] = {}
    for source in node.all_input_nodes:
        own = spatial_size(source)
        if own == size:
            needs[source] = box
        elif (own is not None and own != (1, 1)) or (own is None and _is_broadcast(source)):
            return None
    return Cut("same", needs)


def _norm(node: fx.Node, box: Box2) -> Cut | None:
    """In eval mode each channel is scaled and shifted, pixel by pixel."""
    first = node.args[0]
    if isinstance(first, fx.Node) and not arguments(node).get("training"):
        return Cut("same", {first: box})
    return None


def _is_broadcast(source: fx.Node) -> bool:
    """Whether a tensor of fewer axes may still tell pixels apart."""
    value = source.meta.get("val")
    if not isinstance(value, torch.Tensor):
        return False
    return any(length != 1 for length in value.shape[-2:])


def _cat(node: fx.Node, box: Box2) -> Cut | None:
    values = arguments(node)
    if values["dim"] not in (1, -3):
        return None
    return Cut("same", dict.fromkeys(values["tensors"], box))


def _windows(node: fx.Node) -> tuple[Window, Window]:
    """Return the kernel of a convolution or a pooling, along rows and columns."""
    values = arguments(node)
    if "weight" in values:
        sizes = tuple(values["weight"].meta["val"].shape[2:])
    else:
        sizes = _pair(values["kernel_size"])
    strides = _pair(values["stride"] or sizes)
    parts = zip(sizes, strides, _pair(values["padding"]), _pair(values["dilation"]), strict=True)
    rows, columns = (Window(*part) for part in parts)
    return rows, columns


def _window(node: fx.Node, box: Box2) -> Cut | None:
    values = arguments(node)
    if values.get("transposed") or values.get("ceil_mode"):
        return None
    source = values["input" if "input" in values else "self"]
    size = spatial_size(source)
    if size is None:
        return None
    found = [
        window.source(out, length)
        for window, out, length in zip(_windows(node), box, size, strict=True)
    ]
    return _padded_cut("window", source, found)


def _pad(node: fx.Node, box: Box2) -> Cut | None:
    values = arguments(node)
    source, pads = values["self"], values["pad"]
    size = spatial_size(source)
    if size is None or len(pads) > 4 or any(pad < 0 for pad in pads):
        return None
    found = [
        within(out.moved(-before), length)
        for out, before, length in zip(box, _pads_before(pads), size, strict=True)
    ]
    return _padded_cut("pad", source, found)


def _padded_cut(kind: str, source: fx.Node, found: list[Source | None]) -> Cut | None:
    rows, columns = found
    if rows is None or columns is None:
        return None
    pads = (rows.before, rows.after), (columns.before, columns.after)
    return Cut(kind, {source: (rows.span, columns.span)}, pads)


def _pads_before(pads: list[int]) -> tuple[int, int]:
    """Return how many rows and columns are put before, of the order that torch pads in."""
    return (pads[2] if len(pads) > 2 else 0), pads[0]


def _slice(node: fx.Node, box: Box2) -> Cut | None:
    values = arguments(node)
    source, axis = values["self"], values["dim"] % 4
    if spatial_size(source) is None or values["step"] != 1 or axis == 0:
        return None
    if axis == 1:
        return Cut("same", {source: box})
    start = values["start"] or 0
    if start < 0:
        return None
    moved = list(box)
    moved[axis - 2] = box[axis - 2].moved(start)
    return Cut("slice", {source: (moved[0], moved[1])})


def scalings(node: fx.Node) -> tuple[Scaling, Scaling] | None:
    """Return how a bilinear resizing goes, along rows and columns."""
    values = arguments(node)
    size, new = spatial_size(values["self"]), spatial_size(node)
    if size is None or new is None:
        return None
    given = (values.get("scales_h"), values.get("scales_w"))
    rows, columns = (
        Scaling(length, new_length, values["align_corners"], 1 / scale if scale else None)
        for length, new_length, scale in zip(size, new, given, strict=True)
    )
    return rows, columns


def _bilinear(node: fx.Node, box: Box2) -> Cut | None:
    found = scalings(node)
    if found is None:
        return None
    rows, columns = (scaling.source(out) for scaling, out in zip(found, box, strict=True))
    return Cut("bilinear", {arguments(node)["self"]: (rows, columns)})


def factors(node: fx.Node) -> tuple[int, int] | None:
    """Return by which whole numbers an image is enlarged to the nearest pixel, if so."""
    source = arguments(node)["self"]
    size, new = spatial_size(source), spatial_size(node)
    if size is None or new is None or new[0] % size[0] or new[1] % size[1]:
        return None
    return new[0] // size[0], new[1] // size[1]


def _nearest(node: fx.Node, box: Box2) -> Cut | None:
    found = factors(node)
    if found is None:
        return None
    rows, columns = (
        Span(out.start // times, -(-out.stop // times))
        for out, times in zip(box, found, strict=True)
    )
    return Cut("nearest", {arguments(node)["self"]: (rows, columns)})


def _union(first: Box2, second: Box2) -> Box2:
    return first[0].union(second[0]), first[1].union(second[1])


def _pair(values: Sequence[int]) -> tuple[int, int]:
    """Return one value for rows and one for columns; a single one is for both."""
    return values[0], values[-1]


_RULES: dict[str, Callable[[fx.Node, Box2], Cut | None]] = {
    "aten::native_batch_norm": _norm,
    "aten::_native_batch_norm_legit_no_training": _norm,
    "aten::convolution": _window,
    "aten::max_pool2d_with_indices": _window,
    "aten::constant_pad_nd": _pad,
    "aten::slice": _slice,
    "aten::cat": _cat,
    "aten::upsample_bilinear2d": _bilinear,
    "aten::upsample_nearest2d": _nearest,
}
