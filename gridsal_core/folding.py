"""A copy of a network with its batch norms folded into the convolutions: the same answers, sooner.

In eval mode a batch norm is one scale and one shift for each channel, which the convolution before
it can carry. Which convolution that is, is seen on one pass, and not read from the architecture;
the copy is used only where scores and gradient on that pass's image are the network's own.
"""

from __future__ import annotations

import logging
from copy import deepcopy
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from gridsal_core.answers import answer, relative_difference
from gridsal_core.convolutions import quicken
from gridsal_core.model_output import pick

log = logging.getLogger(__name__)

# Rounding alone: with float32 the largest difference is some 1e-6 of the largest score.
SCORE_TOLERANCE: Final = 1e-4
GRADIENT_TOLERANCE: Final = 1e-3

_Convolution = nn.Conv2d | nn.ConvTranspose2d


class FoldedCopy:
    """A copy of a module as the module's weights were, in eval mode and frozen.

    Parameters
    ----------
    module
        The copy.
    original
        What it was copied from.
    """

    def __init__(self, module: nn.Module, original: nn.Module) -> None:
        self.module = module
        self._original = original
        self._weights = _tensors(original)
        self._versions = [weight._version for weight in self._weights]

    @property
    def is_current(self) -> bool:
        """Whether no tensor of the original was written to or replaced since.

        What is written past autograd, through `weight.data`, cannot be seen.
        """
        now = _tensors(self._original)
        return len(now) == len(self._weights) and all(
            weight is known and weight._version == version
            for weight, known, version in zip(now, self._weights, self._versions, strict=True)
        )


def folded_copy(module: nn.Module, probe: Tensor, element: int | str) -> FoldedCopy | None:
    """Copy a module, fold what can be folded, and compare the two on a probe.

    Parameters
    ----------
    module
        In eval mode and frozen; it is left as it is.
    probe
        (1, C, H, W), an input as the module gets it.
    element
        Which part of the output holds the scores; see `model_output.pick`.

    Returns
    -------
    None if there is nothing to be folded, or the copy does not answer as the module does.
    """
    if isinstance(module, torch.jit.ScriptModule) or not _norms(module):
        return None
    is_on_cpu = probe.device.type == "cpu"
    # What else is done on a CPU may be too much for a module that could be folded.
    for is_quick in (True, False) if is_on_cpu else (False,):
        try:
            copy = deepcopy(module)
            count = _fold(copy, probe)
            if not count:
                return None
            if is_on_cpu:
                # Convolutions are up to 1.4 times as fast there with the channels last.
                copy.to(memory_format=torch.channels_last)
            if is_quick:
                quicken(copy)
            difference = _difference(module, copy, probe, element)
        # A module may be anything: one that cannot be copied, or that runs only its own way, is
        # used as it is.
        except Exception as error:  # noqa: BLE001
            log.info("The batch norms are not folded: %s", error)
            continue
        if difference is not None and (
            difference[0] <= SCORE_TOLERANCE and difference[1] <= GRADIENT_TOLERANCE
        ):
            told = "%d batch norms are folded; differences on a probe: %.1e, %.1e."
            log.info(told, count, *difference)
            return FoldedCopy(copy, module)
        log.info("The batch norms are not folded: the answers would differ (%s).", difference)
    return None


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]


def _fold(module: nn.Module, probe: Tensor) -> int:
    """Fold in place; return how many batch norms went."""
    pairs = _pairs(module, probe)
    rests = {norm: rest for norm in pairs if (rest := _rest(norm)) is not None}
    for norm in rests:
        _take_over(pairs[norm], norm)
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.BatchNorm2d) and child in rests:
                setattr(parent, name, rests[child])
    return len(rests)


def _pairs(module: nn.Module, probe: Tensor) -> dict[nn.BatchNorm2d, _Convolution]:
    """Return each batch norm that is given what a convolution gave, where each runs but once."""
    made: dict[int, nn.Module] = {}
    kept: list[Tensor] = []  # as long as they live, no other tensor has their identity
    runs: dict[nn.Module, int] = {}
    pairs: dict[nn.BatchNorm2d, _Convolution] = {}

    def after(part: nn.Module, _inputs: object, output: object) -> None:
        runs[part] = runs.get(part, 0) + 1
        if _is_plain(part) and isinstance(output, Tensor):
            made[id(output)] = part
            kept.append(output)

    def before(part: nn.Module, inputs: tuple[object, ...]) -> None:
        if isinstance(part, nn.BatchNorm2d) and inputs and id(inputs[0]) in made:
            conv = made[id(inputs[0])]
            if isinstance(conv, _Convolution):
                pairs[part] = conv

    hooks = []
    for part in module.modules():
        if _is_plain(part) or isinstance(part, nn.BatchNorm2d):
            hooks += [part.register_forward_hook(after), part.register_forward_pre_hook(before)]
    with torch.no_grad():
        module(probe)
    for hook in hooks:
        hook.remove()
    return {norm: conv for norm, conv in pairs.items() if runs[norm] == runs[conv] == 1}


def _is_plain(part: nn.Module) -> bool:
    """Whether this is a convolution that uses its weights as they are; timm's only pads besides."""
    return type(part) in (nn.Conv2d, nn.ConvTranspose2d) or type(part).__name__ == "Conv2dSame"


def _rest(norm: nn.BatchNorm2d) -> nn.Module | None:
    """Return what a batch norm does besides normalising; None if that is not known."""
    if norm.running_mean is None or norm.running_var is None:
        return None
    if type(norm) is nn.BatchNorm2d:
        return nn.Identity()
    drop, act = getattr(norm, "drop", None), getattr(norm, "act", None)
    if type(norm).__name__ == "BatchNormAct2d" and isinstance(act, nn.Module):
        return nn.Sequential(drop, act) if isinstance(drop, nn.Module) else act
    return None


def _take_over(conv: _Convolution, norm: nn.BatchNorm2d) -> None:
    """Let a convolution scale and shift as the batch norm behind it does."""
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("a batch norm without statistics cannot be folded")
    weight, bias = fuse_conv_bn_weights(
        conv.weight,
        conv.bias,
        norm.running_mean,
        norm.running_var,
        norm.eps,
        norm.weight,
        norm.bias,
        transpose=isinstance(conv, nn.ConvTranspose2d),
    )
    conv.weight = nn.Parameter(weight.detach(), requires_grad=False)
    conv.bias = nn.Parameter(bias.detach(), requires_grad=False)


def _difference(
    module: nn.Module, copy: nn.Module, probe: Tensor, element: int | str
) -> tuple[float, float] | None:
    """Compare the outputs, and the input gradients of a sum of them, each relative to its size."""

    def run(part: nn.Module, pixels: Tensor) -> Tensor:
        output = pick(part(pixels), element)
        if output is None:
            raise _NoOutputError
        return output

    try:
        (own, own_gradient), (found, gradient) = (
            answer(partial(run, part), probe) for part in (module, copy)
        )
    except _NoOutputError:
        return None
    scores = (own - found).abs().max() / own.abs().max().clamp_min(1)
    return float(scores), relative_difference(own_gradient, gradient)


class _NoOutputError(Exception):
    """A module gives nothing that could be compared."""
