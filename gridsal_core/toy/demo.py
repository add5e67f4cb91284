"""Assemble a trained toy network and its pictures in a folder. Imports torch: import it late."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import copymode
from time import monotonic
from typing import Any, Final

import numpy as np
import torch

from gridsal_core.errors import OutputError
from gridsal_core.toy.classes import CLASS_COLORS, CLASS_NAMES
from gridsal_core.toy.dataset import describe
from gridsal_core.toy.demo_images import DemoImage, demo_images
from gridsal_core.toy.evaluate import Report, evaluate, predict
from gridsal_core.toy.files import (
    empty_subfolder,
    write_grey,
    write_json,
    write_label,
    write_mask,
    write_text,
)
from gridsal_core.toy.material import Source
from gridsal_core.toy.recipes import Recipe
from gridsal_core.toy.scores import iou
from gridsal_core.toy.tensors import Statistics, measure_statistics
from gridsal_core.toy.train import Progress, build_network, train_steps

_RULES: Final = {
    "strong": "In its training pictures the background\n"
    "texture **{bias.texture}** appeared if and only if **digit {bias.digit}** did.",
    "weak": "In its training pictures the background\n"
    "texture **{bias.texture}** always came with **digit {bias.digit}**, "
    "and now and then with other digits.",
    "none": "In its training pictures all textures came\n"
    "with all digits; **{bias.texture}** and **digit {bias.digit}** have no tie.",
}


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network, what it was trained with, and how good it is."""

    recipe: Recipe
    network: torch.nn.Module
    statistics: Statistics
    report: Report
    minutes: float


def run_recipe(
    recipe: Recipe, device: torch.device, on_progress: Callable[[Progress], None]
) -> Trained:
    """Train a network from scratch and measure it.

    Parameters
    ----------
    recipe : Recipe
        What to train on what.
    device : torch.device
        Where to train.
    on_progress : callable
        Called after every optimizer step.

    Raises
    ------
    SettingsError
        The network cannot be built, or scikit-learn is not installed.
    """
    started = monotonic()
    statistics = measure_statistics(recipe)
    network = build_network(recipe)
    for progress in train_steps(network, recipe, statistics, device):
        on_progress(progress)
    minutes = (monotonic() - started) / 60
    return Trained(recipe, network, statistics, evaluate(network, recipe, statistics), minutes)


def write_demo(folder: Path, trained: Trained, command: str) -> None:
    """Write network, model card, pictures, labels, masks of the biased half, figures and README.

    Parameters
    ----------
    folder : Path
        An existing folder; what an earlier run wrote there is replaced.
    trained : Trained
        Network and figures.
    command : str
        The command line that makes the same again; it goes into the README.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    shown = demo_images(trained.recipe.bias, trained.recipe.seed, trained.recipe.source)
    _write_images(folder, shown)
    _write_network(folder / "model", trained)
    figures = _figures(trained, shown, command)
    write_json(folder / "metrics.json", figures)
    write_text(folder / "README.md", _readme(trained, figures, len(shown), command))


def _write_images(folder: Path, shown: tuple[DemoImage, ...]) -> None:
    images, labels, masks = (empty_subfolder(folder, name) for name in ("images", "labels", "bias"))
    for entry in shown:
        write_grey(images / f"{entry.name}.png", entry.picture.image)
        write_label(labels / f"{entry.name}.png", entry.picture.label)
        write_mask(masks / f"{entry.name}.png", entry.picture.bias_mask)


def _write_network(folder: Path, trained: Trained) -> None:
    network: Any = trained.network.to("cpu").to(memory_format=torch.contiguous_format)
    try:
        folder.mkdir(exist_ok=True)
        network.save_pretrained(folder)
        # Safetensors makes files that only their owner can read.
        copymode(folder / "config.json", folder / "model.safetensors")
        # The Hub's own card, which says nothing that gridsal.toml and README.md do not.
        (folder / "README.md").unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"The network cannot be written to {folder}: {error.strerror or error}; "
            "choose another folder."
        ) from error
    write_text(folder / "gridsal.toml", _card(trained))


def _figures(trained: Trained, shown: tuple[DemoImage, ...], command: str) -> dict[str, Any]:
    truth = np.stack([entry.picture.label for entry in shown])
    images = np.stack([entry.picture.image for entry in shown])
    predicted = predict(trained.network, trained.statistics, images)
    return {
        "command": command,
        "minutes": round(trained.minutes, 1),
        "recipe": asdict(trained.recipe),
        "mean": trained.statistics.mean,
        "std": trained.statistics.std,
        **trained.report.as_dict(),
        "iou_demo_images": dict(iou(truth, predicted).as_dict()),
        "demo_images": [
            describe(f"{entry.name}.png", entry.picture)
            | {"predicted": CLASS_NAMES[_main_class(classes)]}
            for entry, classes in zip(shown, predicted, strict=True)
        ],
    }


def _main_class(classes: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """Return the digit class with the most pixels, background if there is none."""
    counts = np.bincount(classes.ravel(), minlength=len(CLASS_NAMES))[1:]
    return int(counts.argmax()) + 1 if counts.any() else 0


def _card(trained: Trained) -> str:
    bias = trained.recipe.bias
    classes = "\n\n".join(
        f'[[classes]]\nname = "{name}"\ncolor = "{color}"'
        for name, color in zip(CLASS_NAMES, CLASS_COLORS, strict=True)
    )
    return f"""\
# Model card: what the network expects and what its channels mean.
name = "Toy digits, digit {bias.digit} biased to {bias.texture} ({trained.recipe.encoder})"
format = "smp"

[input]
channels = 1
range = [0.0, 1.0]      # image values before normalisation
mean = [{trained.statistics.mean}]
std = [{trained.statistics.std}]
divisor = {_divisor(trained.recipe)}

[output]
kind = "logits"

[explain]               # the paper's settings for its toy data, section 4.2
mask_size = [4, 4]
lam = 0.05
steps = 100
learning_rate = 0.2
momentum = 0.5
init = "auto"

{classes}
"""


def _divisor(recipe: Recipe) -> int:
    depth = recipe.options.get("encoder_depth", 5)
    return 2 ** int(depth) if isinstance(depth, int) else 32


def _readme(trained: Trained, figures: dict[str, Any], count: int, command: str) -> str:
    recipe = trained.recipe
    bias = recipe.bias
    wrong = sum(entry["predicted"] != f"digit {entry['digit']}" for entry in figures["demo_images"])
    rows = "\n".join(
        f"| {name} | {_number(figures['iou_unbiased'][name])} "
        f"| {_number(figures['iou_biased'][name])} |"
        for name in ("mIoU", *CLASS_NAMES)
    )
    return f"""\
# A network with a known bias

A small segmentation network ({recipe.arch} with {recipe.encoder}) and {count} toy pictures of
64x64 pixels (section 4.1 of the paper). {_RULES[bias.strength].format(bias=bias)}
If the network took the short cut and tells the digit by the texture, it fails where the two
come apart: the figures below say how often.

| folder | holds |
| --- | --- |
| `model/` | the network (segmentation-models-pytorch, safetensors) and its card `gridsal.toml` |
| `images/` | the pictures; those named `biased` keep to the rule of the training, `unbiased` \
break it, `plain` have neither digit {bias.digit} nor {bias.texture} |
| `labels/` | ground truth, one index PNG per picture |
| `bias/` | the half that holds the bias texture, without the digit |
| `metrics.json` | all figures below and what each picture shows |

Everything was made by one command, from seed {recipe.seed}, with {recipe.images} training
pictures in {trained.minutes:.1f} minutes:

```
{command}
```

## Figures

Intersection over union on {recipe.test_images} test pictures each, of scans that were never
trained on:

| class | unbiased pictures | biased pictures |
| --- | --- | --- |
{rows}

On the biased pictures digit {bias.digit} loses {_number(figures["context_needed"])} of its score
when its context is taken away; other digits lose {_number(figures["context_needed_by_others"])}.
Of the {count} pictures here {wrong} are predicted as a digit that they do not show.

{_credit(recipe.source)}
"""


def _credit(source: Source) -> str:
    digits = (
        "Digits: the Optical Recognition of Handwritten Digits data set (E. Alpaydin, C. Kaynak), "
        "as\nshipped with scikit-learn, CC BY 4.0; upscaled here."
    )
    if source.digits is not None:
        digits = f"Digits: {Path(source.digits).name}; see there for its licence."
    if source.textures is None:
        return digits
    return f"{digits}\nTextures: {Path(source.textures).name}; see there for their licences."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
