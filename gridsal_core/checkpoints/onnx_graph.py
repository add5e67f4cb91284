"""What an ONNX graph takes and gives, and the spelling of it that the converter understands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gridsal_core.checkpoints.onnx_file import STANDARD_DOMAINS, graphs
from gridsal_core.checkpoints.sizes import Extent, InputShape
from gridsal_core.errors import CheckpointError

# Those of the converter that a gradient flows through or that compute shapes. Named one by one,
# since for any other name the converter calls whatever function of torch has that name.
OPERATORS = frozenset(
    [
        *("Abs", "Acos", "Acosh", "Add", "AffineGrid", "And", "ArgMax", "ArgMin", "Asin", "Asinh"),
        *("Atan", "Atanh", "Attention", "AveragePool", "BatchNormalization", "Cast", "CastLike"),
        *("Ceil", "Celu", "CenterCropPad", "Clip", "Col2Im", "Concat", "Constant"),
        *("ConstantOfShape", "Conv", "ConvTranspose", "Cos", "Cosh", "CumSum", "DeformConv"),
        *("DepthToSpace", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand"),
        *("EyeLike", "Flatten", "Floor", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm"),
        *("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "Greater", "GreaterOrEqual"),
        *("GridSample", "GroupNormalization", "HardSigmoid", "HardSwish", "Identity", "If"),
        *("InstanceNormalization", "IsInf", "IsNaN", "LRN", "LayerNormalization", "LeakyRelu"),
        *("Less", "LessOrEqual", "Log", "LogSoftmax", "LpNormalization", "LpPool", "MatMul", "Max"),
        *("MaxPool", "Mean", "MeanVarianceNormalization", "Min", "Mish", "Mod", "Mul", "Neg"),
        *("NonZero", "Not", "OneHot", "Or", "PRelu", "Pad", "Pow", "RMSNormalization", "Range"),
        *("Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax"),
        *("ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu"),
        *("Reshape", "Resize", "Round", "ScatterElements", "ScatterND", "Selu", "Shape"),
        *("Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Size", "Slice", "Softmax", "Softplus"),
        *("Softsign", "SpaceToDepth", "Split", "Sqrt", "Squeeze", "Sub", "Sum", "Swish", "Tan"),
        *("Tanh", "ThresholdedRelu", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze"),
        *("Upsample", "Where", "Xor"),
    ]
)
# What a picture has; tells (batch, height, width, channels) from the usual order.
_PICTURE_CHANNELS = (1, 3, 4)


@dataclass(frozen=True)
class Interface:
    """The one input of a graph and its outputs, as named in the file."""

    input: str
    dtype: str
    shape: InputShape
    channels_last: bool
    outputs: tuple[str, ...]


def interface(model: Any) -> Interface:  # noqa: ANN401 - onnx has no types
    """Read what a graph takes and gives.

    Raises
    ------
    CheckpointError
        If it does not take one image of floating-point numbers or gives no scores.
    """
    from onnx import TensorProto

    own = {tensor.name for tensor in model.graph.initializer}
    images = [value for value in model.graph.input if value.name not in own]
    if len(images) != 1:
        raise CheckpointError(
            f"The ONNX graph takes {len(images)} tensors; export a network that takes one image."
        )
    kind = images[0].type.tensor_type
    dtype = {1: "float32", 10: "float16", 11: "float64"}.get(kind.elem_type)
    rank = len(kind.shape.dim)
    if dtype is None or rank != 4:
        name = TensorProto.DataType.Name(kind.elem_type).lower()
        raise CheckpointError(
            f"The ONNX graph takes a tensor of {rank} dimensions and type {name}; export a network "
            "that takes (batch, channels, height, width) images of floating-point numbers, since "
            "others have no gradient."
        )
    _check_outputs(model)
    batch, *rest = (_extent(dim) for dim in kind.shape.dim)
    last, first = rest[2].fixed, rest[0].fixed
    channels_last = last in _PICTURE_CHANNELS and first not in _PICTURE_CHANNELS
    if channels_last:
        rest = [rest[2], *rest[:2]]
    shape = InputShape(batch, rest[0].fixed, *rest[1:])
    outputs = tuple(value.name for value in model.graph.output)
    return Interface(images[0].name, dtype, shape, channels_last, outputs)


def _extent(dim: Any) -> Extent:  # noqa: ANN401 - onnx has no types
    return Extent.exactly(dim.dim_value) if dim.dim_value > 0 else Extent()


def _check_outputs(model: Any) -> None:  # noqa: ANN401 - onnx has no types
    kinds = {value.type.tensor_type.elem_type for value in model.graph.output}
    # 0 is not told.
    if not kinds & {0, 1, 10, 11, 16}:
        raise CheckpointError(
            "The ONNX graph hands out whole numbers, as the class of each pixel, instead of "
            "scores, which have a gradient; export the network without its last ArgMax."
        )


def check_operators(model: Any) -> None:  # noqa: ANN401 - onnx has no types
    """Raise CheckpointError, naming all of them, if an operator is not covered."""
    unknown: set[str] = set()
    for graph in graphs(model.graph):
        for node in graph.node:
            if node.domain not in STANDARD_DOMAINS:
                unknown.add(f"{node.domain[:60]}.{node.op_type[:60]}")
            elif node.op_type not in OPERATORS:
                unknown.add(node.op_type[:60])
    if unknown:
        shown = ", ".join(sorted(unknown)[:20])
        more = f" and {len(unknown) - 20} more" if len(unknown) > 20 else ""
        raise CheckpointError(
            f"The ONNX graph uses operators that cannot be converted to a network with gradients: "
            f"{shown}{more}; export the network without them, or with torch.export.save."
        )


def respelled(model: Any) -> Any:  # noqa: ANN401 - onnx has no types
    """Return a copy with names of our own and weights where the converter looks for them.

    The converter makes attributes of the names, in which two can become one; it takes the weights
    of a convolution only from the graph's own tensors, not through the `Identity` nodes by which
    exporters share them; it does not know the flag of a normalisation that is still in training;
    and it rebuilds a `MatMul` with a weight of two dimensions only.
    """
    from onnx import ModelProto

    copy = ModelProto()
    copy.CopyFrom(model)
    _rename(copy)
    _constants_to_weights(copy.graph)
    _drop_aliases(copy.graph)
    _normalise_as_after_training(copy)
    _weights_of_matmul_to_constants(copy.graph)
    return copy


def _rename(model: Any) -> None:  # noqa: ANN401 - onnx has no types
    names: dict[str, str] = {"": ""}

    def ours(name: str) -> str:
        return names.setdefault(name, f"v{len(names)}")

    for graph in graphs(model.graph):
        for tensor in graph.initializer:
            tensor.name = ours(tensor.name)
        for value in (*graph.input, *graph.output):
            value.name = ours(value.name)
        del graph.value_info[:]
        for node in graph.node:
            node.input[:] = [ours(name) for name in node.input]
            node.output[:] = [ours(name) for name in node.output]
            # A first output that nobody wants still names the node for the converter.
            if not node.output[0]:
                node.output[0] = ours(f"\0{len(names)}")
            node.domain = ""
    for entry in model.opset_import:
        entry.domain = "" if entry.domain in STANDARD_DOMAINS else entry.domain


def _constants_to_weights(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    kept = []
    for node in graph.node:
        value = node.attribute[0] if node.op_type == "Constant" and node.attribute else None
        if value is not None and value.name == "value":
            value.t.name = node.output[0]
            graph.initializer.append(value.t)
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def _drop_aliases(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    weights = {tensor.name for tensor in graph.initializer}
    results = {value.name for value in graph.output}
    alias: dict[str, str] = {}
    kept = []
    for node in graph.node:
        node.input[:] = [alias.get(name, name) for name in node.input]
        plain = node.op_type == "Identity" and node.input[0] in weights
        if plain and node.output[0] not in results:
            alias[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    for inner in graphs(graph):
        for node in inner.node:
            node.input[:] = [alias.get(name, name) for name in node.input]
    del graph.node[:]
    graph.node.extend(kept)


def _normalise_as_after_training(model: Any) -> None:  # noqa: ANN401 - onnx has no types
    for graph in graphs(model.graph):
        for node in graph.node:
            if node.op_type == "BatchNormalization":
                kept = [entry for entry in node.attribute if entry.name != "training_mode"]
                del node.attribute[:]
                node.attribute.extend(kept)
                del node.output[1:]


def _weights_of_matmul_to_constants(graph: Any) -> None:  # noqa: ANN401 - onnx has no types
    from onnx import helper

    weights = {tensor.name: tensor for tensor in graph.initializer}
    made = []
    for node in graph.node:
        if node.op_type != "MatMul":
            continue
        for place, name in enumerate(node.input):
            if name in weights:
                node.input[place] = f"{name}m"
                made.append((f"{name}m", weights[name]))
    constants = [
        helper.make_node("Constant", [], [name], value=tensor)
        for name, tensor in dict(made).items()
    ]
    nodes = [*constants, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
