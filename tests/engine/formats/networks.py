"""Small networks and the files they are saved in, for the tests of bare weights and scripts."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from torch import Tensor, nn

SMALL_ENCODER = "tu-tf_mobilenetv3_small_minimal_100"


def plain_network(channels: int = 3, classes: int = 4) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, classes, 1)
    ).eval()


def smp_network(architecture: str = "Unet", **options: object) -> nn.Module:
    """Build a small random network."""
    torch.manual_seed(0)
    given = {"encoder_name": SMALL_ENCODER, "encoder_weights": None, "classes": 3, **options}
    build: Callable[..., nn.Module] = getattr(smp, architecture)
    return build(**given).eval()


def save(content: object, path: Path, *, zipped: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    return path


def script(module: nn.Module, path: Path) -> Path:
    compile_: Callable[[nn.Module], torch.jit.ScriptModule] = torch.jit.script
    with warnings.catch_warnings():
        # torch recommends torch.export instead; here it is the old form that is opened.
        warnings.simplefilter("ignore")
        compile_(module).save(str(path))
    return path


def rezip(
    source: Path,
    path: Path,
    change: Callable[[str, bytes], Mapping[str, bytes]],
    compression: int = zipfile.ZIP_STORED,
) -> Path:
    """Copy an archive; `change` says what becomes of each member. Checksums are right again."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", compression) as new:
        for name in old.namelist():
            for changed, data in change(name, old.read(name)).items():
                new.writestr(changed, data)
    return path


def prefixed(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}
