"""A traced network that keeps no more than the gradient of its input needs."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from torch import Tensor, fx

from gridsal_core.convolutions import convolution, limited, limited_between, limited_in_place
from gridsal_core.cropped.needs import arguments, aten


def keep_less(graph: fx.Graph) -> None:
    """Change the convolutions and ReLUs of a graph of plain operators, in place."""
    for node in graph.nodes:
        if node.target is aten.convolution.default:
            values = arguments(node)
            is_flat = len(values["stride"]) == 2
            if is_flat and not values.pop("transposed"):
                del values["output_padding"]
                node.target, node.args, node.kwargs = convolution, tuple(values.values()), {}
    # Afterwards, for it looks at what follows.
    for node in graph.nodes:
        if node.target in (aten.hardtanh.default, aten.relu.default):
            is_relu = node.target is aten.relu.default
            limits = (0.0, inf) if is_relu else tuple(arguments(node).values())[1:]
            node.target = _limit(node)
            node.args, node.kwargs = (node.args[0], *limits), {}


def _limit(node: fx.Node) -> Callable[[Tensor, float, float], Tensor]:
    """Choose how a ReLU limits: a tensor of its own, or that of a convolution, who needs it not."""
    (source,) = node.all_input_nodes
    if source.target is not convolution or len(source.users) > 1:
        return limited
    is_between = all(user.target is convolution for user in node.users) and len(node.users) == 1
    return limited_between if is_between else limited_in_place
