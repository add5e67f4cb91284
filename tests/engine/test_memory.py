"""Running out of memory: what is tried, in which order, and that the run comes to its end."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gridsal_core import Explanation, Request, Settings, Snapshot, explain
from gridsal_core.errors import DeviceError
from gridsal_core.grid_saliency import explain_many
from gridsal_core.memory import Means, is_out_of_memory, ladder
from gridsal_core.records import settings_record
from tests.engine.networks import Convolutions, box, random_image, wrap

CPU = torch.device("cpu")
SIZE = (40, 60)
REQUEST = Request(random_image(*SIZE), box(SIZE, 10, 12, 26, 30), class_index=1)
CHOSEN = Settings(mask_size=(4, 6), steps=4, lam=0.02, init="auto")


class Bounded(nn.Module):
    """Fails like a device whose memory holds so many pixels of a batch, and counts its calls."""

    def __init__(self, pixels: float, inner: nn.Module | None = None) -> None:
        super().__init__()
        self.pixels = pixels
        self.inner = inner or Convolutions(2)
        self.given: list[tuple[int, int, int]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.given.append((len(x), *x.shape[-2:]))
        if x.shape[0] * x.shape[2] * x.shape[3] > self.pixels:
            raise torch.OutOfMemoryError("out of memory: tried to allocate 2.00 GiB")
        out: Tensor = self.inner(x)
        return out


@pytest.fixture(scope="module")
def plenty() -> Explanation:
    return explain(wrap(Convolutions(2)), REQUEST, CHOSEN)


def means(device: str, rows: int, lowest: float) -> list[tuple[Means, str]]:
    return list(ladder(torch.device(device), rows, lowest))


def test_on_a_card_it_is_fewer_at_once_then_half_precision_then_a_smaller_scale_then_the_cpu() -> (
    None
):
    rungs = [rung for rung, _ in means("cuda", 4, 0.4)]

    on_card = [rung for rung in rungs if rung.device.type == "cuda"]
    assert [rung.at_once for rung in on_card] == [4, 2, 1, 1, 1, 1]
    assert [rung.half is not None for rung in on_card] == [False] * 3 + [True] * 3
    assert [rung.scale for rung in on_card] == pytest.approx([1, 1, 1, 1, 0.7, 0.49])
    on_cpu = rungs[len(on_card) :]
    assert on_cpu[0] == Means(CPU, 4)
    assert [rung.scale for rung in on_cpu] == pytest.approx([1, 1, 1, 0.7, 0.49])
    assert all(rung.half is None for rung in on_cpu)


def test_every_rung_but_the_first_is_told_in_a_sentence() -> None:
    (_, first), *rest = means("cuda", 2, 0.5)

    assert first == ""
    for (_, sentence), part in zip(
        rest,
        ("1 of 2 runs", "half precision", "70 %", "on the CPU", "1 of 2 runs", "70 %"),
        strict=True,
    ):
        assert sentence.startswith("The memory of the device ")
        assert part in sentence


def test_fewer_at_once_changes_no_number(plenty: Explanation) -> None:
    module = Bounded(SIZE[0] * SIZE[1])

    result = explain(wrap(module), REQUEST, CHOSEN)

    np.testing.assert_allclose(result.losses, plenty.losses, atol=1e-6)
    np.testing.assert_allclose(result.mask, plenty.mask, atol=1e-6)
    np.testing.assert_allclose(result.saliency, plenty.saliency, atol=1e-6)
    assert result.init == plenty.init
    assert [note for note in result.notes if "1 of 2 runs" in note] == list(result.notes)
    assert settings_record(result)["notes"] == list(result.notes)


def test_a_batch_of_requests_is_split_until_it_fits() -> None:
    requests = [replace(REQUEST, image=random_image(*SIZE, seed=seed)) for seed in range(5)]
    chosen = replace(CHOSEN, init=0.5)
    module = Bounded(2 * SIZE[0] * SIZE[1])

    results = explain_many(wrap(module), requests, chosen)

    for request, result in zip(requests, results, strict=True):
        alone = explain(wrap(Convolutions(2)), request, chosen)
        np.testing.assert_allclose(result.losses, alone.losses, atol=1e-5)
        np.testing.assert_array_equal(result.prediction.class_map, alone.prediction.class_map)
    assert "2 of 5 runs" in results[0].notes[-1]


def test_a_smaller_working_scale_still_answers_at_the_images_size(plenty: Explanation) -> None:
    module = Bounded(0.6 * SIZE[0] * SIZE[1])
    snapshots: list[Snapshot] = []

    result = explain(wrap(module), REQUEST, CHOSEN, on_snapshot=snapshots.append)

    assert module.given[-1] == (1, 28, 42)
    assert result.saliency.shape == result.prediction.class_map.shape == SIZE
    assert result.prediction.confidence.shape == SIZE
    assert result.perturbed.shape == REQUEST.image.shape
    assert result.request is REQUEST
    assert result.saliency[REQUEST.region].max() == 0
    np.testing.assert_array_equal(result.perturbed[REQUEST.region], REQUEST.image[REQUEST.region])
    assert result.steps == CHOSEN.steps
    assert np.abs(result.mask - plenty.mask).max() < 0.3
    assert "70 % of its scale" in result.notes[-1]
    assert snapshots[-1].notes == result.notes
    assert [snapshot.step for snapshot in snapshots] == [1, 2, 3, 4]


def test_at_full_scale_the_perturbed_image_is_the_blend_of_the_method() -> None:
    for method in ("context", "grid"):
        settings = replace(CHOSEN, method=method, init=0.5)
        tight = explain(wrap(Bounded(0.6 * SIZE[0] * SIZE[1])), REQUEST, settings)
        keep = tight.saliency.copy()
        if method == "context":
            keep[REQUEST.region] = 1
        expected = REQUEST.image * keep[..., None]  # the mean colour of this card is black

        np.testing.assert_allclose(tight.perturbed, expected, atol=1e-6)


def test_it_begins_again_at_step_one_where_memory_runs_out_on_the_way() -> None:
    class Shrinking(Bounded):
        def forward(self, x: Tensor) -> Tensor:
            if len(self.given) == 4:
                self.pixels = SIZE[0] * SIZE[1]
            return super().forward(x)

    snapshots: list[Snapshot] = []
    result = explain(wrap(Shrinking(1e9)), REQUEST, CHOSEN, on_snapshot=snapshots.append)

    steps = [snapshot.step for snapshot in snapshots]
    assert steps[-4:] == [1, 2, 3, 4]
    assert steps[0] == 1
    assert len(steps) > 4
    assert len(result.notes) == 1


def test_a_prediction_is_made_on_a_smaller_image_and_says_so() -> None:
    whole = wrap(Convolutions(2)).predict(REQUEST.image)

    prediction = wrap(Bounded(0.6 * SIZE[0] * SIZE[1])).predict(REQUEST.image)

    assert prediction.class_map.shape == prediction.confidence.shape == SIZE
    assert "70 % of its scale" in prediction.notes[-1]
    assert whole.notes == ()
    assert 0.5 <= prediction.confidence.min() <= prediction.confidence.max() <= 1


def test_when_nothing_helps_it_is_said_and_the_network_comes_back() -> None:
    module = Bounded(10).train()
    network = wrap(module)

    with pytest.raises(DeviceError, match="memory of the device cpu does not suffice"):
        explain(network, REQUEST, CHOSEN)
    with pytest.raises(DeviceError, match="memory of the device cpu does not suffice"):
        network.predict(REQUEST.image)
    assert module.training


def test_an_image_is_not_reduced_below_the_masks_cells() -> None:
    module = Bounded(10)
    with pytest.raises(DeviceError):
        explain(wrap(module), REQUEST, replace(CHOSEN, mask_size=(36, 50)))
    assert {given[1:] for given in module.given} == {SIZE}


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate "
            "memory: you tried to allocate 8589934592 bytes."
        ),
        RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"),
        RuntimeError("std::bad_alloc"),
        RuntimeError("could not create a primitive"),
    ],
)
def test_want_of_memory_is_known_by_its_many_names(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
        RuntimeError("could not create a primitive descriptor for a convolution forward"),
        ValueError("memory"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not is_out_of_memory(error)


LIMITED = """
import resource
import numpy as np
import torch
from gridsal_core import Request, Settings, explain
from tests.engine.networks import Convolutions, wrap

# A kernel of oneDNN that once got no memory for its code fails ever after, or ends the process.
torch.backends.mkldnn.set_flags(False)
network = wrap(Convolutions(2))
size = (600, 600)
region = np.zeros(size, bool)
region[:40, :40] = True
request = Request(np.full((*size, 3), 0.5, np.float32), region, 0)
explain(network, Request(np.ones((32, 32, 3), np.float32), region[:32, :32], 0),
        Settings(mask_size=(2, 2), steps=1))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100 * 2**20,) * 2)
result = explain(network, request, Settings(mask_size=(2, 2), steps=1, init="auto"))
print(result.saliency.shape, len(result.notes), result.notes[-1])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is Linux's")
def test_the_cpus_own_memory_runs_out_and_the_run_ends_well() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.startswith("(600, 600) ")
    assert "The memory of the device cpu did not suffice" in done.stdout
