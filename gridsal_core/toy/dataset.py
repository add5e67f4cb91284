"""Write a toy data set to a folder: images, labels, masks of the biased half, a manifest."""

from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final

from gridsal_core.errors import SettingsError
from gridsal_core.toy.classes import CLASS_NAMES
from gridsal_core.toy.files import (
    empty_subfolder,
    prepare_folder,
    write_grey,
    write_json,
    write_label,
    write_mask,
)
from gridsal_core.toy.material import Source, load_material
from gridsal_core.toy.mnist import Split
from gridsal_core.toy.scenes import Bias, ToyImage, generator, stream

MANIFEST_NAME: Final = "manifest.json"


def write_dataset(
    folder: Path,
    bias: Bias,
    *,
    split: Split,
    count: int,
    seed: int,
    overwrite: bool = False,
    source: Source | None = None,
) -> Iterator[int]:
    """Write `count` pictures, yielding how many are written after each.

    The folder then holds `images/`, `labels/` and `bias/` with PNG files of the same names, and
    `manifest.json`, written last: a folder without it is not complete. A mask in `bias/` is 255 on
    the half that holds the bias texture, without the object, and empty where neither half does.

    Parameters
    ----------
    folder : Path
        New or empty, unless `overwrite`.
    bias : Bias
        The rule the pictures follow (section 4.1).
    split : {"train", "test"}
        Whose scans and whose random numbers to use.
    count : int
        Number of pictures, at least 1.
    seed : int
        At least 0; the same seed gives the same pictures.
    overwrite : bool
        Replace what an earlier run wrote.
    source : Source, optional
        Digits and textures; by default the embedded ones.

    Raises
    ------
    SettingsError
        The count or the seed is too small, there is no such texture, or the source cannot be used.
    OutputError
        The folder is not empty or cannot be written.
    """
    if count < 1:
        raise SettingsError(f"{count} images cannot be made; choose a count of 1 or more.")
    material = load_material(split, source)
    material.check_texture(bias.texture)
    pictures = stream(generator(seed, split), material, bias)
    prepare_folder(folder, overwrite=overwrite)
    images, labels, masks = (empty_subfolder(folder, name) for name in ("images", "labels", "bias"))
    (folder / MANIFEST_NAME).unlink(missing_ok=True)
    digits = len(str(count))
    entries = []
    for number, picture in enumerate(islice(pictures, count), start=1):
        name = f"{number:0{digits}d}_digit{picture.digit}.png"
        write_grey(images / name, picture.image)
        write_label(labels / name, picture.label)
        write_mask(masks / name, picture.bias_mask)
        entries.append(describe(name, picture))
        yield number
    write_json(
        folder / MANIFEST_NAME,
        {
            "bias": asdict(bias),
            "split": split,
            "seed": seed,
            "source": asdict(source or Source()),
            "classes": list(CLASS_NAMES),
            "images": entries,
        },
    )


def describe(name: str, picture: ToyImage) -> dict[str, Any]:
    """Return what the manifest says of a picture."""
    return {
        "name": name,
        "digit": picture.digit,
        "foreground": picture.foreground,
        "upper": picture.upper,
        "lower": picture.lower,
        "bias_half": picture.bias_half,
    }
