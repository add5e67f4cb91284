"""ONNX files: converted networks say what the file says, and what cannot be is told."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from gridsal_core import Request, Settings, explain, load_network
from gridsal_core.checkpoints.source import without_card
from gridsal_core.errors import CheckpointError
from tests.engine.formats.traced_networks import EXAMPLE, Named, export_onnx, plain
from tests.engine.networks import box, random_image

IMAGE = random_image(*EXAMPLE[2:])
FREE = ("b", 3, "h", "w")
WEIGHT = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)
CONVOLUTION = helper.make_node("Conv", ["x", "weight"], ["y"], pads=[1, 1, 1, 1])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_onnx(tmp_path_factory.mktemp("onnx") / "net.onnx")


def by_hand(
    path: Path,
    nodes: Sequence[onnx.NodeProto] = (CONVOLUTION,),
    *,
    shape: Sequence[str | int | None] = FREE,
    kind: int = TensorProto.FLOAT,
    result: int = TensorProto.FLOAT,
    rank: int = 4,
    weights: dict[str, np.ndarray] | None = None,
    more_inputs: Sequence[onnx.ValueInfoProto] = (),
    opset: int = 13,
) -> Path:
    """Write a graph from `x` to `y`; by default one convolution to two classes."""
    given = {"weight": WEIGHT} if weights is None else weights
    graph = helper.make_graph(
        list(nodes),
        "hand-made",
        [helper.make_tensor_value_info("x", kind, shape), *more_inputs],
        [helper.make_tensor_value_info("y", result, [None] * rank)],
        [numpy_helper.from_array(value, name) for name, value in given.items()],
    )
    domains = sorted({node.domain for node in nodes} - {""})
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(name, 1) for name in domains)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)
    return path


def refusal(path: Path) -> str:
    """Return the one sentence with which a file is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_network(path, "cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 900
    return message


@pytest.mark.parametrize(
    ("opset", "new"), [(11, False), (13, False), (17, False), (18, True), (20, True)]
)
def test_it_says_and_its_gradient_is_what_the_network_says(
    tmp_path: Path, opset: int, new: bool
) -> None:
    network = load_network(export_onnx(tmp_path / "n.onnx", opset=opset, new=new), "cpu")
    images = torch.rand(2, 3, 24, 40)
    here, there = images.clone().requires_grad_(), images.clone().requires_grad_()

    ours, theirs = network.outputs(here), plain()(there)

    np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-5)
    (got,) = torch.autograd.grad(ours.square().sum(), here)
    (expected,) = torch.autograd.grad(theirs.square().sum(), there)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_what_onnxruntime_says_is_confirmed_on_the_first_image(exported: Path) -> None:
    network = load_network(exported, "cpu")

    prediction = network.predict(random_image(19, 30))

    assert network.notes == without_card(None)
    assert network.card.input.divisor == 4
    assert prediction.class_map.shape == (19, 30)


def test_a_converted_network_that_differs_from_onnxruntime_says_by_how_much(
    tmp_path: Path,
) -> None:
    # torch knows no interpolation that starts at the corner of the first pixel.
    resize = helper.make_node(
        "Resize",
        ["half", "", "scales"],
        ["y"],
        mode="linear",
        coordinate_transformation_mode="asymmetric",
    )
    half = helper.make_node("Conv", ["x", "weight"], ["half"], pads=[1, 1, 1, 1], strides=[2, 2])
    scales = np.array([1, 1, 2, 2], np.float32)
    path = by_hand(
        tmp_path / "n.onnx", [half, resize], weights={"weight": WEIGHT, "scales": scales}
    )
    network = load_network(path, "cpu")
    assert network.notes == without_card(None)

    network.predict(IMAGE)

    note = network.notes[-1]
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    planes = IMAGE.transpose(2, 0, 1)[None]
    (expected,) = session.run(None, {"x": planes})
    apart = float(abs(network.outputs(torch.from_numpy(planes.copy())).numpy() - expected).max())
    assert f"differs from onnxruntime by up to {apart:.2g} on this image" in note
    network.predict(IMAGE)
    assert network.info.notes == (*without_card(None), note)


def test_one_size_and_one_image_only(tmp_path: Path) -> None:
    network = load_network(export_onnx(tmp_path / "n.onnx", dynamic=False), "cpu")

    assert network.card.input.size == EXAMPLE[2:]
    assert any("48 x 32 pixels only" in note for note in network.notes)
    images = torch.rand(3, *EXAMPLE[1:])
    np.testing.assert_allclose(network.outputs(images), plain()(images), atol=1e-5)
    assert network.predict(random_image(50, 70)).class_map.shape == (50, 70)
    result = explain(
        network,
        Request(IMAGE, box(EXAMPLE[2:], 4, 4, 20, 20), 1),
        Settings(mask_size=(2, 3), steps=3, init=0.5),
    )
    assert result.mask.std() > 0


def test_outputs_keep_their_names(tmp_path: Path) -> None:
    module = Named().eval().requires_grad_(requires_grad=False)
    path = tmp_path / "n.onnx"
    export_onnx(path, module, outputs=["aux", "out"])
    (tmp_path / "n.gridsal.toml").write_text('[output]\nelement = "out"\n')

    network = load_network(path, "cpu")
    network.predict(IMAGE)

    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image), plain()(image), atol=1e-5)
    assert all("differs" not in note for note in network.notes)


@pytest.mark.parametrize("channels", [1, 5])
def test_other_channels_are_read_from_the_graph(tmp_path: Path, channels: int) -> None:
    weight = np.ones((2, channels, 3, 3), np.float32)
    path = by_hand(tmp_path / "n.onnx", shape=("b", channels, "h", "w"), weights={"weight": weight})
    assert load_network(path, "cpu").card.input.channels == channels


def test_channels_that_come_last(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["first"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["first", "weight"], ["out"], pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["out"], ["y"], perm=[0, 2, 3, 1]),
    ]
    last = load_network(by_hand(tmp_path / "n.onnx", nodes, shape=(1, 32, 48, 3)), "cpu")
    first = load_network(by_hand(tmp_path / "m.onnx"), "cpu")

    images = torch.rand(2, 3, 32, 48)
    np.testing.assert_allclose(last.outputs(images), first.outputs(images), atol=1e-5)
    last.predict(IMAGE)
    assert last.card.input.channels == 3
    assert all("onnxruntime" not in note for note in last.notes)


def test_weights_on_either_side_of_a_product(tmp_path: Path) -> None:
    # As in attention, which multiplies from the left as well, with a sum that is no bias behind.
    left = np.random.default_rng(1).normal(size=(32, 32)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["left", "x"], ["product"]),
        helper.make_node("Add", ["product", "sum"], ["shifted"]),
        helper.make_node("Conv", ["shifted", "weight"], ["y"], pads=[1, 1, 1, 1]),
    ]
    weights = {"weight": WEIGHT, "left": left, "sum": np.full((1, 3, 1, 1), 0.5, np.float32)}
    network = load_network(
        by_hand(tmp_path / "n.onnx", nodes, shape=(1, 3, 32, 48), weights=weights), "cpu"
    )
    network.predict(IMAGE)
    assert all("onnxruntime" not in note for note in network.notes)


def test_normalisation_that_was_not_folded(tmp_path: Path) -> None:
    network = load_network(export_onnx(tmp_path / "n.onnx", fold=False), "cpu")

    network.predict(IMAGE)

    images = torch.rand(2, *EXAMPLE[1:])
    np.testing.assert_allclose(network.outputs(images), plain()(images), atol=1e-5)
    assert network.notes == without_card(None)


def test_names_that_the_converter_would_confuse(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "a.b"], ["out/0"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["out/0", "a_b"], ["forward"]),
        helper.make_node("Mul", ["forward", "a/b"], ["y"]),
    ]
    one = np.ones((1, 2, 1, 1), np.float32)
    weights = {"a.b": WEIGHT, "a_b": one, "a/b": 2 * one}
    network = load_network(by_hand(tmp_path / "n.onnx", nodes, weights=weights), "cpu")

    network.predict(IMAGE)

    assert network.notes == without_card(None)


def test_all_operators_that_are_not_covered_are_named_at_once(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("FusedConv", ["x", "weight"], ["a"], domain="com.microsoft"),
        helper.make_node("QuickGelu", ["a"], ["b"], domain="com.microsoft"),
        helper.make_node("Hardmax", ["b"], ["y"]),
    ]
    message = refusal(by_hand(tmp_path / "n.onnx", nodes))
    assert "Hardmax, com.microsoft.FusedConv, com.microsoft.QuickGelu" in message


class Poison:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("name", ["Load", "Save", "Compile", "Set_num_threads"])
def test_no_function_of_torch_is_called_by_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "evil.pt").write_bytes(pickle.dumps(Poison(tmp_path / "mark")))
    path = by_hand(
        tmp_path / "n.onnx",
        [helper.make_node(name, ["x"], ["a"], domain="mine"), CONVOLUTION],
    )
    assert f"mine.{name}" in refusal(path)
    assert not (tmp_path / "mark").exists()


def test_whole_numbers_have_no_gradient(tmp_path: Path) -> None:
    cast = helper.make_node("Cast", ["x"], ["z"], to=TensorProto.FLOAT)
    convolution = helper.make_node("Conv", ["z", "weight"], ["y"])
    path = by_hand(tmp_path / "n.onnx", [cast, convolution], kind=TensorProto.UINT8)
    assert "type uint8; export a network that takes" in refusal(path)


def test_classes_instead_of_scores_have_no_gradient(tmp_path: Path) -> None:
    convolution = helper.make_node("Conv", ["x", "weight"], ["z"])
    largest = helper.make_node("ArgMax", ["z"], ["y"], axis=1)
    path = by_hand(tmp_path / "n.onnx", [convolution, largest], result=TensorProto.INT64)
    assert "without its last ArgMax" in refusal(path)


def test_a_graph_of_two_inputs(tmp_path: Path) -> None:
    other = helper.make_tensor_value_info("z", TensorProto.FLOAT, FREE)
    assert "takes 2 tensors" in refusal(by_hand(tmp_path / "n.onnx", more_inputs=[other]))


def test_a_card_that_contradicts_the_graph(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "n.onnx")
    (tmp_path / "n.gridsal.toml").write_text("[input]\nchannels = 1\n")
    assert "says 1 input channels and the network has 3" in refusal(path)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off(exported: Path, tmp_path: Path, share: float) -> None:
    whole = exported.read_bytes()
    (tmp_path / "n.onnx").write_bytes(whole[: int(share * len(whole))])
    assert refusal(tmp_path / "n.onnx")


@pytest.mark.parametrize("content", [b"not a network", b"\x08" * 999, b"\x80\x02}q\x00."])
def test_a_file_of_something_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.onnx").write_bytes(content)
    assert "n.onnx" in refusal(tmp_path / "n.onnx")


def outside(path: Path, location: str, **places: str) -> Path:
    """Write a graph whose weight is said to be in another file."""
    model = onnx.load(by_hand(path))
    (tensor,) = model.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **places}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    path.write_bytes(model.SerializeToString())
    return path


def test_weights_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(WEIGHT.tobytes())
    network = load_network(outside(tmp_path / "n.onnx", "weights.bin"), "cpu")
    whole = load_network(by_hand(tmp_path / "m.onnx"), "cpu")

    network.predict(IMAGE)

    assert network.notes == without_card(None)
    images = torch.rand(1, 3, 16, 16)
    np.testing.assert_allclose(network.outputs(images), whole.outputs(images))
    before = network.sha256
    (tmp_path / "weights.bin").write_bytes((2 * WEIGHT).tobytes())
    assert load_network(tmp_path / "n.onnx", "cpu").sha256 != before


@pytest.mark.parametrize(
    "location", ["../secret.bin", "inner/../../secret.bin", "/etc/hostname", "C:\\x", "..\\x", ""]
)
def test_weights_that_lead_out_of_the_folder(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(WEIGHT.tobytes())
    assert "outside of its own folder" in refusal(outside(folder / "n.onnx", location))


def test_a_link_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    (tmp_path / "secret.bin").write_bytes(WEIGHT.tobytes())
    (folder / "weights.bin").symlink_to(tmp_path / "secret.bin")
    assert "leads out of its own folder" in refusal(outside(folder / "n.onnx", "weights.bin"))


def test_weights_that_are_not_there_or_too_short(tmp_path: Path) -> None:
    path = outside(tmp_path / "n.onnx", "weights.bin", offset="0", length=str(WEIGHT.nbytes))
    assert "needs weights.bin beside it" in refusal(path)
    (tmp_path / "weights.bin").write_bytes(WEIGHT.tobytes()[:-4])
    assert "weights.bin is damaged" in refusal(path)


@pytest.mark.parametrize("dims", [[2**40], [-1, 4], [2**20, 2**20, 2**20], [7]])
def test_a_tensor_of_another_size_than_its_bytes(tmp_path: Path, dims: list[int]) -> None:
    model = onnx.load(by_hand(tmp_path / "n.onnx"))
    model.graph.initializer[0].dims[:] = dims
    (tmp_path / "n.onnx").write_bytes(model.SerializeToString())
    assert refusal(tmp_path / "n.onnx")


def test_a_size_that_no_image_has(tmp_path: Path) -> None:
    path = by_hand(tmp_path / "n.onnx", shape=(1, 3, 2**30, 2**30))
    assert "which no image has" in refusal(path)
