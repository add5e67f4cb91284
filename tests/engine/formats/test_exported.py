"""Programs of torch.export: what they say, which sizes they take, and what they may not do."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch._export.serde.serialize import serialize
from torch.export import Dim

from gridsal_core import Request, Settings, explain, load_network
from gridsal_core.errors import CheckpointError
from tests.engine.formats.traced_networks import (
    EXAMPLE,
    Named,
    Skip,
    export_program,
    plain,
    rewritten,
)
from tests.engine.networks import box, random_image

GRAPH = "models/model.json"
STEPS_OF_FOUR = ({0: Dim("b", max=8), 2: 4 * Dim("h", max=32), 3: 4 * Dim("w", max=32)},)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_program(tmp_path_factory.mktemp("fixed") / "net.pt2")


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_program(
        tmp_path_factory.mktemp("stepped") / "net.pt2",
        dynamic=STEPS_OF_FOUR,
        example=(2, 3, 32, 48),
    )


def refusal(path: Path) -> str:
    """Return the one sentence with which a file is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_network(path, "cpu")
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 900
    return message


def with_graph(source: Path, path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Copy a program with another graph."""

    def changed(name: str, content: bytes) -> bytes:
        if not name.endswith(GRAPH):
            return content
        values = json.loads(content)
        change(values)
        return json.dumps(values).encode()

    return rewritten(source, path, changed)


class Poison:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return (Path.touch, (self.mark,))


def test_it_says_and_its_gradient_is_what_the_network_says(stepped: Path) -> None:
    network = load_network(stepped, "cpu")
    images = torch.rand(2, 3, 24, 40)
    here, there = images.clone().requires_grad_(), images.clone().requires_grad_()

    ours, theirs = network.outputs(here), plain()(there)

    np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-6)
    (got,) = torch.autograd.grad(ours.square().sum(), here)
    (expected,) = torch.autograd.grad(theirs.square().sum(), there)
    np.testing.assert_allclose(got, expected, atol=1e-6)
    assert len(network.classes) == 3


def test_steps_of_a_size_become_the_divisor(stepped: Path) -> None:
    network = load_network(stepped, "cpu")

    assert network.card.input.divisor == 4
    assert network.card.input.size is None
    assert network.predict(random_image(19, 30)).class_map.shape == (19, 30)


def test_a_size_beyond_the_exported_limit_is_told(stepped: Path) -> None:
    network = load_network(stepped, "cpu")
    with pytest.raises(CheckpointError, match=r"cannot take 32 x 200 pixels.* up to 128"):
        network.predict(random_image(200, 30))


def test_one_size_only_is_kept_in_the_card_and_said(fixed: Path) -> None:
    network = load_network(fixed, "cpu")

    assert network.card.input.size == EXAMPLE[2:]
    assert any("48 x 32 pixels only" in note for note in network.notes)
    assert network.predict(random_image(50, 70)).class_map.shape == (50, 70)


def test_a_program_for_one_image_explains_several_rows_at_once(fixed: Path) -> None:
    network = load_network(fixed, "cpu")
    images = torch.rand(3, *EXAMPLE[1:])

    together = network.outputs(images)

    np.testing.assert_allclose(together, torch.cat([network.outputs(row[None]) for row in images]))
    image = random_image(*EXAMPLE[2:])
    request = Request(image, box(EXAMPLE[2:], 4, 4, 20, 20), 1)
    result = explain(network, request, Settings(mask_size=(2, 3), steps=3, init=0.5))
    assert result.mask.std() > 0


def test_a_program_for_two_images_takes_one(tmp_path: Path) -> None:
    network = load_network(export_program(tmp_path / "n.pt2", example=(2, 3, 32, 48)), "cpu")
    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image), plain()(image), atol=1e-6)


def test_outputs_keep_their_names(tmp_path: Path) -> None:
    path = export_program(tmp_path / "n.pt2", Named().eval())
    (tmp_path / "n.gridsal.toml").write_text('[output]\nelement = "out"\n')

    network = load_network(path, "cpu")

    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image), plain()(image), atol=1e-6)


def test_a_program_exported_in_training_mode_runs_as_after_it(tmp_path: Path) -> None:
    network = load_network(export_program(tmp_path / "n.pt2", Skip().train()), "cpu")

    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image).detach(), plain()(image), atol=1e-6)
    assert any("training mode" in note for note in network.notes)


def test_a_program_taken_apart_into_core_operators(tmp_path: Path) -> None:
    program = torch.export.export(plain(), (torch.rand(EXAMPLE),)).run_decompositions()
    torch.export.save(program, tmp_path / "n.pt2")

    network = load_network(tmp_path / "n.pt2", "cpu")

    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image), plain()(image), atol=1e-5)


def old_file(path: Path, **changes: bytes) -> Path:
    """Write the layout that torch had up to 2.6."""
    parts = serialize(torch.export.export(plain(), (torch.rand(EXAMPLE),)))
    members = {
        "serialized_exported_program.json": parts.exported_program,
        "serialized_state_dict.pt": parts.state_dict,
        "serialized_constants.pt": parts.constants,
        "serialized_example_inputs.pt": parts.example_inputs,
        "version": b"8.4",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, changes.get(name.partition(".")[0], content))
    return path


def test_the_layout_of_older_torch(tmp_path: Path) -> None:
    network = load_network(old_file(tmp_path / "n.pt2"), "cpu")
    image = torch.rand(EXAMPLE)
    np.testing.assert_allclose(network.outputs(image), plain()(image), atol=1e-6)


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("channels = 1", "says 1 input channels and the network has 3"),
        ("size = [32, 64]", r"says size \[32, 64\]"),
        ("mean = [0.1, 0.2]", "mean has 2 values for 3 channels"),
    ],
)
def test_a_card_that_contradicts_the_program(
    fixed: Path, tmp_path: Path, card: str, told: str
) -> None:
    path = tmp_path / "n.pt2"
    path.write_bytes(fixed.read_bytes())
    (tmp_path / "n.gridsal.toml").write_text(f"[input]\n{card}\n")
    with pytest.raises(CheckpointError, match=told):
        load_network(path, "cpu")


def test_a_divisor_that_the_program_refuses(stepped: Path, tmp_path: Path) -> None:
    path = tmp_path / "n.pt2"
    path.write_bytes(stepped.read_bytes())
    (tmp_path / "n.gridsal.toml").write_text("[input]\ndivisor = 6\n")
    assert "says divisor 6 and the network takes sizes divisible by 4" in refusal(path)


def test_a_network_of_two_images(tmp_path: Path) -> None:
    class Two(nn.Module):
        def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return x + y

    program = torch.export.export(Two(), (torch.rand(EXAMPLE), torch.rand(EXAMPLE)))
    torch.export.save(program, tmp_path / "n.pt2")
    assert "takes 2 tensors" in refusal(tmp_path / "n.pt2")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_program_that_was_cut_off(fixed: Path, tmp_path: Path, share: float) -> None:
    whole = fixed.read_bytes()
    (tmp_path / "n.pt2").write_bytes(whole[: int(share * len(whole))])
    assert "is damaged" in refusal(tmp_path / "n.pt2")


def test_a_program_with_a_flipped_bit(fixed: Path, tmp_path: Path) -> None:
    content = bytearray(fixed.read_bytes())
    content[len(content) // 3] ^= 4
    (tmp_path / "n.pt2").write_bytes(content)
    assert "is damaged" in refusal(tmp_path / "n.pt2")


def call(graph: dict[str, Any], target: str, **inputs: dict[str, Any]) -> None:
    """Put a call before everything else."""
    named = [{"name": name, "arg": value, "kind": 1} for name, value in inputs.items()]
    node = {"target": target, "inputs": named, "outputs": [], "metadata": {}}
    graph["graph_module"]["graph"]["nodes"].insert(0, node)


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "torch.load",
        "torch.hub.load",
        "_operator.methodcaller",
        "math.__loader__.load_module",
        "torch.ops.load_library",
        "torch.ops.higher_order.triton_kernel_wrapper_functional",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.set_.source_Storage",
        "torch.ops.mine.run.default",
        "#extension:run",
    ],
)
def test_only_functions_of_tensors_are_called(fixed: Path, tmp_path: Path, target: str) -> None:
    mark = tmp_path / "mark"

    def change(graph: dict[str, Any]) -> None:
        call(graph, target, filename={"as_string": f"touch {mark}"}, shared={"as_bool": True})

    message = refusal(with_graph(fixed, tmp_path / "n.pt2", change))

    assert f"calls what GridSal does not run: {target.removeprefix('torch.ops.')}" in message
    assert not mark.exists()


def test_all_that_may_not_be_called_is_named_at_once(fixed: Path, tmp_path: Path) -> None:
    def change(graph: dict[str, Any]) -> None:
        call(graph, "torch.ops.mine.first.default")
        call(graph, "torch.ops.mine.second.default")

    message = refusal(with_graph(fixed, tmp_path / "n.pt2", change))
    assert "mine.first.default, mine.second.default" in message


def code(mark: Path) -> str:
    return f"__import__('pathlib').Path({str(mark)!r}).touch()"


def test_sizes_written_as_python_are_not_run(stepped: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    def change(graph: dict[str, Any]) -> None:
        for meta in graph["graph_module"]["graph"]["tensor_values"].values():
            for size in (*meta["sizes"], *meta["strides"]):
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = code(mark)
        graph["guards_code"] = [code(mark)]
        graph["range_constraints"] = {code(mark): {"min_val": 2, "max_val": 9}}

    load_network(with_graph(stepped, tmp_path / "n.pt2", change), "cpu").predict(IMAGE)

    assert not mark.exists()


def test_names_written_as_python_are_not_run(fixed: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    evil = f"x); {code(mark)}; ("

    def changed(name: str, content: bytes) -> bytes:
        if not name.endswith(GRAPH):
            return content
        return content.replace(b'"conv2d"', json.dumps(evil).encode())

    load_network(rewritten(fixed, tmp_path / "n.pt2", changed), "cpu").predict(IMAGE)

    assert not mark.exists()


IMAGE = random_image(*EXAMPLE[2:])


def test_pickled_example_inputs_are_not_read(fixed: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    poison = pickle.dumps(Poison(mark))

    def changed(name: str, content: bytes) -> bytes:
        return poison if "sample_inputs" in name else content

    load_network(rewritten(fixed, tmp_path / "n.pt2", changed), "cpu").predict(IMAGE)

    assert not mark.exists()


@pytest.mark.parametrize("part", ["weights", "constants"])
def test_pickled_parts_are_refused(fixed: Path, tmp_path: Path, part: str) -> None:
    mark = tmp_path / "mark"
    entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True}

    def changed(name: str, content: bytes) -> bytes:
        if not name.endswith(f"{part}_config.json"):
            return content
        values = json.loads(content)
        values["config"]["evil"] = {**entry, "tensor_meta": None}
        return json.dumps(values).encode()

    path = rewritten(fixed, tmp_path / "n.pt2", changed)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"net/data/{part}/opaque_obj_0", pickle.dumps(Poison(mark)))

    assert "holds the Python object evil" in refusal(path)
    assert not mark.exists()


@pytest.mark.parametrize("member", ["data/weights/model.pt", "data/constants/model.pt"])
def test_pickles_of_between_are_read_as_tensors_only(
    fixed: Path, tmp_path: Path, member: str
) -> None:
    mark = tmp_path / "mark"
    buffer = io.BytesIO()
    torch.save({"evil": Poison(mark)}, buffer)
    path = rewritten(fixed, tmp_path / "n.pt2", lambda _, content: content)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"net/{member}", buffer.getvalue())

    assert "holds Python objects beside tensors" in refusal(path)
    assert not mark.exists()


@pytest.mark.parametrize("member", ["serialized_state_dict", "serialized_constants"])
def test_pickles_in_the_old_layout_are_read_as_tensors_only(tmp_path: Path, member: str) -> None:
    mark = tmp_path / "mark"
    buffer = io.BytesIO()
    torch.save({"evil": Poison(mark)}, buffer)

    path = old_file(tmp_path / "n.pt2", **{member: buffer.getvalue()})

    assert "holds Python objects beside tensors" in refusal(path)
    assert not mark.exists()


def test_compiled_code_is_refused(fixed: Path, tmp_path: Path) -> None:
    path = rewritten(fixed, tmp_path / "n.pt2", lambda _, content: content)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/data/aotinductor/model/model.so", b"\x7fELF")
    assert "holds compiled code" in refusal(path)


def test_names_that_lead_out_are_refused(fixed: Path, tmp_path: Path) -> None:
    path = rewritten(fixed, tmp_path / "n.pt2", lambda _, content: content)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("net/../../evil", b"x")
    assert "leads out of the archive" in refusal(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda graph: graph.pop("graph_module"),
        lambda graph: graph.update(schema_version={"major": 9, "minor": 0}),
        lambda graph: graph["graph_module"]["graph"].update(nodes=7),
        lambda graph: graph["graph_module"]["graph"]["nodes"].reverse(),
        lambda graph: graph["graph_module"]["graph"].update(outputs=[]),
        lambda graph: graph["graph_module"]["signature"].update(input_specs=[]),
        lambda graph: graph["graph_module"]["graph"]["tensor_values"].clear(),
        lambda graph: graph["graph_module"]["graph"]["tensor_values"]["x"].update(
            sizes=[{"as_int": 2**40}] * 4
        ),
        lambda graph: call(graph, "torch.ops.aten.relu.default", self={"as_tensor": {"name": "?"}}),
        lambda graph: call(graph, "_operator.pow", a={"as_int": 9}, b={"as_int": 10**9}),
    ],
)
def test_graphs_that_are_none(
    fixed: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]
) -> None:
    assert refusal(with_graph(fixed, tmp_path / "n.pt2", change))
