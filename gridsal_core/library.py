"""Networks that are known by name: where they come from, what they weigh, whether they are here.

Nothing here imports torch, torchvision or transformers: the window's process reads this table and
fetches from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from gridsal_core.downloads import download, torchvision_place
from gridsal_core.errors import CheckpointError
from gridsal_core.hub_downloads import cached_folder, fetch_repository, hub_id

Kind = Literal["torchvision", "smp hub", "transformers"]

_TORCHVISION = "torchvision:"
_TORCHVISION_FILES = "https://download.pytorch.org/models/"
_VOC = "COCO, Pascal VOC classes"
_ADE = "ADE20K"
_CITY = "Cityscapes"
# The licences as the pages of the networks name them.
_BSD = "BSD 3-Clause"
_NVIDIA = "NVIDIA, non-commercial (other)"
_OTHER = "other; see its page"
_UNNAMED = "see its page"


@dataclass(frozen=True)
class LibraryEntry:
    """One network that is known by name.

    Parameters
    ----------
    source
        What `load_network` takes.
    title
        Its name for people.
    kind
        Where it comes from.
    data
        What it was trained on.
    classes
        How many classes it tells apart.
    bytes
        Size of its weights, as published: about, to three digits.
    license
        Of the weights, as its page names it.
    url
        The file of the weights, where there is just one; empty for a repository on the hub.
    """

    source: str
    title: str
    kind: Kind
    data: str
    classes: int
    bytes: int
    license: str
    url: str = ""

    @property
    def page(self) -> str:
        """The page that describes it."""
        if self.url:
            name = self.source.removeprefix(_TORCHVISION)
            family = name.partition("_")[0]
            return f"https://docs.pytorch.org/vision/stable/models/{family}.html"
        return f"https://huggingface.co/{self.source}"


def _torchvision(name: str, title: str, file: str, megabytes: float) -> LibraryEntry:
    return LibraryEntry(
        f"{_TORCHVISION}{name}",
        title,
        "torchvision",
        _VOC,
        21,
        round(megabytes * 2**20),  # torchvision counts in these
        _BSD,
        f"{_TORCHVISION_FILES}{file}",
    )


def _hub(
    source: str, title: str, data: str, megabytes: float, license_: str = _NVIDIA
) -> LibraryEntry:
    kind: Kind = "smp hub" if source.startswith("smp-hub/") else "transformers"
    classes = {_ADE: 150, _CITY: 19}[data]
    return LibraryEntry(source, title, kind, data, classes, round(megabytes * 1e6), license_)


LIBRARY: tuple[LibraryEntry, ...] = (
    _torchvision(
        "lraspp_mobilenet_v3_large",
        "LR-ASPP, MobileNetV3",
        "lraspp_mobilenet_v3_large-d234d4ea.pth",
        12.49,
    ),
    _torchvision(
        "deeplabv3_mobilenet_v3_large",
        "DeepLabV3, MobileNetV3",
        "deeplabv3_mobilenet_v3_large-fc3c493d.pth",
        42.301,
    ),
    _torchvision(
        "deeplabv3_resnet50",
        "DeepLabV3, ResNet-50",
        "deeplabv3_resnet50_coco-cd0a2569.pth",
        160.515,
    ),
    _torchvision(
        "deeplabv3_resnet101",
        "DeepLabV3, ResNet-101",
        "deeplabv3_resnet101_coco-586e9e4e.pth",
        233.217,
    ),
    _torchvision("fcn_resnet50", "FCN, ResNet-50", "fcn_resnet50_coco-1167a1af.pth", 135.009),
    _torchvision("fcn_resnet101", "FCN, ResNet-101", "fcn_resnet101_coco-7ecb50ca.pth", 207.711),
    _hub("smp-hub/segformer-b0-512x512-ade-160k", "SegFormer B0", _ADE, 15.0),
    _hub("smp-hub/segformer-b1-512x512-ade-160k", "SegFormer B1", _ADE, 54.9),
    _hub("smp-hub/segformer-b2-512x512-ade-160k", "SegFormer B2", _ADE, 110),
    _hub("smp-hub/segformer-b3-512x512-ade-160k", "SegFormer B3", _ADE, 189),
    _hub("smp-hub/segformer-b4-512x512-ade-160k", "SegFormer B4", _ADE, 257),
    _hub("smp-hub/segformer-b5-640x640-ade-160k", "SegFormer B5", _ADE, 339),
    _hub("smp-hub/segformer-b0-512x1024-city-160k", "SegFormer B0, 512 x 1024", _CITY, 14.9),
    _hub("smp-hub/segformer-b0-640x1280-city-160k", "SegFormer B0, 640 x 1280", _CITY, 14.9),
    _hub("smp-hub/segformer-b0-768x768-city-160k", "SegFormer B0, 768 x 768", _CITY, 14.9),
    _hub("smp-hub/segformer-b0-1024x1024-city-160k", "SegFormer B0", _CITY, 14.9),
    _hub("smp-hub/segformer-b1-1024x1024-city-160k", "SegFormer B1", _CITY, 54.7),
    _hub("smp-hub/segformer-b2-1024x1024-city-160k", "SegFormer B2", _CITY, 109),
    _hub("smp-hub/segformer-b3-1024x1024-city-160k", "SegFormer B3", _CITY, 189),
    _hub("smp-hub/segformer-b4-1024x1024-city-160k", "SegFormer B4", _CITY, 256),
    _hub("smp-hub/segformer-b5-1024x1024-city-160k", "SegFormer B5", _CITY, 338),
    _hub("smp-hub/upernet-swin-tiny", "UPerNet, Swin tiny", _ADE, 236, _UNNAMED),
    _hub("smp-hub/upernet-convnext-tiny", "UPerNet, ConvNeXt tiny", _ADE, 237, _UNNAMED),
    _hub("smp-hub/upernet-convnext-base", "UPerNet, ConvNeXt base", _ADE, 484, _UNNAMED),
    _hub("smp-hub/dpt-large-ade20k", "DPT large", _ADE, 1370, _UNNAMED),
    _hub("nvidia/segformer-b0-finetuned-ade-512-512", "SegFormer B0", _ADE, 15.0),
    _hub("nvidia/segformer-b2-finetuned-ade-512-512", "SegFormer B2", _ADE, 110),
    _hub("nvidia/segformer-b5-finetuned-ade-640-640", "SegFormer B5", _ADE, 339),
    _hub("nvidia/segformer-b0-finetuned-cityscapes-1024-1024", "SegFormer B0", _CITY, 15.0),
    _hub("nvidia/segformer-b1-finetuned-cityscapes-1024-1024", "SegFormer B1", _CITY, 54.8),
    _hub("nvidia/segformer-b2-finetuned-cityscapes-1024-1024", "SegFormer B2", _CITY, 110),
    _hub("nvidia/segformer-b3-finetuned-cityscapes-1024-1024", "SegFormer B3", _CITY, 189),
    _hub("nvidia/segformer-b5-finetuned-cityscapes-1024-1024", "SegFormer B5", _CITY, 339),
    _hub("openmmlab/upernet-convnext-tiny", "UPerNet, ConvNeXt tiny", _ADE, 241, "MIT"),
    _hub("openmmlab/upernet-swin-large", "UPerNet, Swin large", _ADE, 940, "MIT"),
    _hub(
        "facebook/mask2former-swin-tiny-cityscapes-semantic",
        "Mask2Former, Swin tiny",
        _CITY,
        190,
        _OTHER,
    ),
    _hub(
        "facebook/mask2former-swin-small-cityscapes-semantic",
        "Mask2Former, Swin small",
        _CITY,
        275,
        _OTHER,
    ),
    _hub("microsoft/beit-base-finetuned-ade-640-640", "BEiT base", _ADE, 900, "Apache 2.0"),
    _hub("Intel/dpt-large-ade", "DPT large", _ADE, 1370, "Apache 2.0"),
)

_BY_SOURCE = {entry.source: entry for entry in LIBRARY}


def find_entry(source: str) -> LibraryEntry | None:
    """Return what the library knows of a name, as `load_network` takes it."""
    return _BY_SOURCE.get(hub_id(source) or source)


def is_on_disk(entry: LibraryEntry) -> bool:
    """Whether all of it is on this computer, so that it opens without a network."""
    if entry.url:
        return torchvision_place(entry.url).is_file()
    return cached_folder(entry.source) is not None


def is_fetchable(source: str) -> bool:
    """Whether a source is a name that has to be fetched before it opens."""
    entry = find_entry(source)
    if entry is not None:
        return not is_on_disk(entry)
    name = hub_id(source)
    return name is not None and cached_folder(name) is None


def fetch(
    source: str,
    *,
    progress: Callable[[int, int], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> None:
    """Bring a network onto this computer; what an earlier try left is gone on with.

    Parameters
    ----------
    source
        A name of `LIBRARY`, or the id of another repository on the hub.
    progress
        Called with the bytes that are here and all bytes; the latter is 0 while it is not known.
    is_cancelled
        Asked between two pieces; what came so far stays, to be gone on with.

    Raises
    ------
    CheckpointError
        If the name is unknown, there is no internet, the server refuses, or the disk is full.
    DownloadCancelledError
        If it was cancelled.
    """
    entry = find_entry(source)
    if entry is not None and entry.url:
        download(
            entry.url, torchvision_place(entry.url), progress=progress, is_cancelled=is_cancelled
        )
        return
    name = hub_id(source)
    if name is None:
        raise CheckpointError(
            f"There is no network of the name {source} to fetch; gridsal models lists the names, "
            "and the id of a repository on the Hugging Face hub, as owner/name, is one too."
        )
    fetch_repository(name, progress=progress, is_cancelled=is_cancelled)
