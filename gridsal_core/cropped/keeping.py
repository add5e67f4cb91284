"""A traced network that keeps no more than the gradient of its input needs."""

from __future__ import annotations

from torch import fx

from gridsal_core.convolutions import convolution, limited, limited_in_place
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
        elif node.target is aten.hardtanh.default:
            node.args, node.kwargs = tuple(arguments(node).values()), {}
            node.target = limited_in_place if _is_alone(node) else limited
        elif node.target is aten.relu.default and _is_alone(node):
            node.target = aten.relu_.default


def _is_alone(node: fx.Node) -> bool:
    """Whether nobody else, no gradient either, needs what a node is given."""
    (source,) = node.all_input_nodes
    return source.target is convolution and len(source.users) == 1
