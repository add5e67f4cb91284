"""The names that the window proposes are names that the installed libraries know."""

from __future__ import annotations

import segmentation_models_pytorch as smp
import timm
from segmentation_models_pytorch.encoders import encoders
from torchvision.models import list_models, segmentation

from gridsal_core.checkpoints.names import (
    SMP_ARCHITECTURES,
    SMP_ENCODERS,
    TORCHVISION_ARCHITECTURES,
)


def test_every_architecture_of_the_libraries_is_proposed() -> None:
    known = list_models(module=segmentation)
    assert sorted(TORCHVISION_ARCHITECTURES) == sorted(known)
    assert all(isinstance(getattr(smp, name), type) for name in SMP_ARCHITECTURES)


def test_every_encoder_that_is_proposed_exists_and_none_of_smps_own_is_missing() -> None:
    assert set(encoders) <= set(SMP_ENCODERS)
    others = [name for name in SMP_ENCODERS if name not in encoders]
    assert all(name.removeprefix("tu-") in timm.list_models() for name in others)
