"""Folded batch norms: a copy that answers as the network does, and is dropped once it does not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gridsal_core import Request, Settings, explain
from gridsal_core.folding import FoldedCopy, folded_copy
from gridsal_core.network import SegmentationNetwork
from tests.engine.networks import box, random_image, wrap

REQUEST = Request(random_image(24, 24), box((24, 24), 4, 4, 12, 12), class_index=1)
SETTINGS = Settings(mask_size=(3, 3), steps=8, lam=0.01, init=0.5)
CLASSES = 3


def _norm(channels: int, seed: int) -> nn.BatchNorm2d:
    """A batch norm as training leaves it: no number in it is 0 or 1."""
    dice = torch.Generator().manual_seed(seed)
    norm = nn.BatchNorm2d(channels)
    norm.running_mean = torch.randn(channels, generator=dice)
    norm.running_var = torch.rand(channels, generator=dice) + 0.2
    norm.weight.data = torch.randn(channels, generator=dice)
    norm.bias.data = torch.randn(channels, generator=dice)
    return norm


class Usual(nn.Module):
    """Convolutions, down and up again, each with a batch norm behind it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.down = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.first = _norm(8, 1)
        self.grouped = nn.Conv2d(8, 8, 3, padding=1, groups=4)
        self.second = _norm(8, 2)
        self.up = nn.ConvTranspose2d(8, 6, 2, stride=2, bias=False)
        self.third = _norm(6, 3)
        self.head = nn.Conv2d(6, CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(self.down(x)).relu()
        x = self.second(self.grouped(x)).tanh() + x
        out: Tensor = self.head(self.third(self.up(x)).relu())
        return out


class NormFirst(nn.Module):
    """The batch norm comes before the convolution, which therefore cannot carry it."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = _norm(3, 1)
        self.conv = nn.Conv2d(3, CLASSES, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(self.norm(x))
        return out


class AlsoUsedRaw(nn.Module):
    """What the convolution gives is used before and behind the batch norm."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, CLASSES, 3, padding=1)
        self.norm = _norm(CLASSES, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        out: Tensor = self.norm(x) + x
        return out


class Twice(nn.Module):
    """One convolution serves two batch norms."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.first, self.second = _norm(3, 1), _norm(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.second(self.conv(self.first(self.conv(x)).relu()))
        return out


def frozen(module: nn.Module) -> nn.Module:
    return module.eval().requires_grad_(False)


def probe() -> Tensor:
    return torch.rand((1, 3, 24, 24), generator=torch.Generator().manual_seed(0))


def fold(module: nn.Module) -> FoldedCopy | None:
    return folded_copy(frozen(module), probe(), 0)


def norms_in(module: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in module.modules())


def test_the_copy_has_no_batch_norm_left_and_answers_alike() -> None:
    module = Usual()
    folded = fold(module)
    assert folded is not None
    assert norms_in(folded.module) == 0
    assert norms_in(module) == 3
    images = torch.rand((2, 3, 32, 48), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(folded.module(images), module(images), rtol=1e-4, atol=1e-5)


def test_timms_batch_norm_keeps_its_activation() -> None:
    import timm

    torch.manual_seed(0)
    module = timm.create_model("mobilenetv3_small_050", features_only=True, pretrained=False)
    folded = folded_copy(frozen(module), torch.rand((1, 3, 64, 64)), 4)
    assert folded is not None
    assert norms_in(folded.module) < norms_in(module)


@pytest.mark.parametrize("kind", [NormFirst, AlsoUsedRaw, Twice])
def test_what_cannot_be_folded_is_left_as_it_is(kind: type[nn.Module]) -> None:
    assert fold(kind()) is None


def test_a_script_module_is_left_as_it_is() -> None:
    traced: nn.Module = torch.jit.trace(frozen(Usual()), probe())  # type: ignore[no-untyped-call]  # torch's
    assert fold(traced) is None


def test_an_explanation_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    sped_up = wrap(Usual(), CLASSES)
    second = explain(sped_up, REQUEST, SETTINGS)
    assert sped_up.is_sped_up
    monkeypatch.setattr("gridsal_core.lending.folded_copy", lambda *_args: None)
    plain = wrap(Usual(), CLASSES)
    first = explain(plain, REQUEST, SETTINGS)
    assert not plain.is_sped_up
    np.testing.assert_allclose(first.mask, second.mask, atol=1e-4)
    assert first.scores.image == pytest.approx(second.scores.image, abs=1e-5)


def outputs(network: SegmentationNetwork) -> Tensor:
    with network.borrowed(), torch.no_grad():
        return network.outputs(network.to_tensor(REQUEST.image))


def test_weights_that_change_afterwards_count() -> None:
    module = Usual()
    network = wrap(module, CLASSES)
    explain(network, REQUEST, SETTINGS)
    before = outputs(network)
    with torch.no_grad():
        module.down.weight.mul_(-1)
    after = outputs(network)
    assert not torch.allclose(before, after)
    is_stale = not network.is_sped_up
    assert is_stale
    with torch.no_grad():
        torch.testing.assert_close(after, frozen(module)(network.to_tensor(REQUEST.image)))
    explain(network, REQUEST, SETTINGS)
    assert network.is_sped_up
    torch.testing.assert_close(outputs(network), after, rtol=1e-4, atol=1e-5)


def test_weights_that_are_replaced_afterwards_count() -> None:
    module = Usual()
    network = wrap(module, CLASSES)
    explain(network, REQUEST, SETTINGS)
    before = outputs(network)
    module.down.weight = nn.Parameter(-module.down.weight.detach())
    assert not torch.allclose(before, outputs(network))
    is_stale = not network.is_sped_up
    assert is_stale


class WritesToItsRelu(nn.Module):
    """What it does with the result of its ReLU6 leaves it only what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.limit = nn.Conv2d(3, 2, 1), _norm(2, seed=1), nn.ReLU6()

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.limit(self.norm(self.conv(x)))
        found += 1
        return found


def test_what_bears_no_more_than_folding_is_folded() -> None:
    folded = fold(WritesToItsRelu())
    assert folded is not None
    assert norms_in(folded.module) == 0


def test_in_train_mode_the_module_itself_is_used() -> None:
    network = wrap(Usual(), CLASSES)
    explain(network, REQUEST, SETTINGS)
    network.module.train()
    runs: list[nn.Module] = []
    hook = network.module.register_forward_hook(lambda part, _in, _out: runs.append(part))
    network.outputs(network.to_tensor(REQUEST.image))
    hook.remove()
    assert runs == [network.module]
