"""Where it computes, on whatever devices are there."""

from __future__ import annotations

import psutil
import pytest
import torch

from gridsal_core import cuda
from gridsal_core.devices import (
    available_devices,
    device_info,
    half_type,
    release_memory,
    resolve_device,
)
from gridsal_core.errors import DeviceError
from tests.engine.networks import OwnPixel, wrap

HERE = [name for name in available_devices() if name != "auto"]


def test_auto_is_cuda_then_mps_then_the_cpu() -> None:
    if torch.cuda.is_available():
        best = "cuda"
    else:
        best = "mps" if torch.backends.mps.is_available() else "cpu"
    assert resolve_device("auto").type == best


@pytest.mark.parametrize("name", HERE)
def test_every_device_that_is_offered_can_be_had_and_tells_its_memory(name: str) -> None:
    device = resolve_device(name)
    info = device_info(device)

    assert device.type == name.partition(":")[0]
    assert info.name == str(device)
    assert 0 < info.free_bytes <= info.total_bytes


def test_the_cpus_memory_is_not_more_than_the_machine_has() -> None:
    info = device_info(torch.device("cpu"))
    assert 0 < info.total_bytes <= psutil.virtual_memory().total


@pytest.mark.parametrize("name", ["tpu", "", "CPU", "cuda:", "cuda:x", "cpu:0"])
def test_an_unknown_device_is_told(name: str) -> None:
    with pytest.raises(DeviceError, match="is unknown; choose auto, cpu, cuda, mps"):
        resolve_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
@pytest.mark.parametrize("name", ["cuda", "cuda:0"])
def test_a_missing_cuda_device_is_told(name: str) -> None:
    with pytest.raises(DeviceError, match="no CUDA device that PyTorch can use here; choose auto"):
        resolve_device(name)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_cuda_device_that_is_not_there_is_told() -> None:
    with pytest.raises(DeviceError, match="no CUDA device number 99"):
        resolve_device("cuda:99")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an MPS device here")
def test_a_missing_mps_device_is_told() -> None:
    with pytest.raises(DeviceError, match="no MPS device"):
        resolve_device("mps")


@pytest.mark.parametrize("name", HERE)
def test_half_precision_is_for_graphics_cards_alone(name: str) -> None:
    half = half_type(resolve_device(name))
    assert half is None if name == "cpu" else half in (torch.float16, torch.bfloat16)


def test_giving_memory_back_is_harmless_on_every_machine() -> None:
    release_memory()
    assert cuda.device_count() == (torch.cuda.device_count() if torch.cuda.is_available() else 0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_what_pytorch_holds_in_reserve_counts_as_free() -> None:
    device = torch.device("cuda")
    release_memory()
    before, _ = cuda.memory(device)
    held = torch.empty(64 * 1024**2, device=device)
    during, _ = cuda.memory(device)
    del held
    after, _ = cuda.memory(device)

    assert before - during >= 200 * 1024**2
    assert after - during >= 200 * 1024**2
    assert cuda.device_name(device)


@pytest.mark.parametrize("name", HERE)
def test_an_open_network_tells_its_device_and_what_is_free_on_it(name: str) -> None:
    network = wrap(OwnPixel())
    with network.moved_to(resolve_device(name)):
        info = network.info

    assert info.device.partition(":")[0] == name.partition(":")[0]
    assert info.free_bytes > 0
    assert network.device.type == "cpu"
