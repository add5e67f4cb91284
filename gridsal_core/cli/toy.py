"""`gridsal toy`: make toy data sets with a known bias, and train networks on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gridsal_core.cli.numbers import whole
from gridsal_core.cli.progress import progress, say
from gridsal_core.errors import SettingsError
from gridsal_core.toy.digits import SPLITS, Split
from gridsal_core.toy.recipes import PRESETS, Recipe
from gridsal_core.toy.scenes import STRENGTHS, Bias, Strength

if TYPE_CHECKING:
    from gridsal_core.toy.evaluate import Report
    from gridsal_core.toy.train import Progress

app = typer.Typer(
    help="Toy pictures with a bias of known strength, and networks that learn it "
    "(section 4.1 of the paper).",
    no_args_is_help=True,
)

_BIAS_HELP = (
    "strong: the texture appears if and only if the digit does. weak: always with the digit, now "
    "and then with others. none: all textures with all digits."
)


@app.command()
def make(
    out: Annotated[Path, typer.Option(help="Folder for the data set, new or empty.")],
    bias: Annotated[str, typer.Option(metavar="|".join(STRENGTHS), help=_BIAS_HELP)] = "strong",
    digit: Annotated[
        int,
        typer.Option(
            parser=whole("--digit", 3), metavar="NUMBER", help="The biased digit, 0 to 9."
        ),
    ] = 3,
    texture: Annotated[
        str, typer.Option(help="The background texture it is coupled with.")
    ] = PRESETS["demo"].bias.texture,
    count: Annotated[
        int,
        typer.Option(parser=whole("--count", 100), metavar="NUMBER", help="Number of pictures."),
    ] = 100,
    split: Annotated[
        str,
        typer.Option(metavar="|".join(SPLITS), help="Test pictures show scans of their own."),
    ] = "train",
    seed: Annotated[
        int,
        typer.Option(
            parser=whole("--seed", 0),
            metavar="NUMBER",
            help="The same seed gives the same pictures.",
        ),
    ] = 0,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
) -> None:
    """Write a toy data set: images/, labels/, bias/ (the biased half) and manifest.json."""
    from gridsal_core.toy.dataset import write_dataset

    rule = Bias(digit, texture, _strength(bias))
    pictures = write_dataset(
        out, rule, split=_split(split), count=count, seed=seed, overwrite=overwrite
    )
    with progress("Making pictures") as advance:
        for done in pictures:
            advance(done, count, "")
    print(out.resolve())


@app.command()
def train(
    out: Annotated[
        Path,
        typer.Option(help="Folder for network, card, pictures and figures, new or empty."),
    ],
    preset: Annotated[
        str, typer.Option(metavar="|".join(PRESETS), help="Where the other options start from.")
    ] = "demo",
    arch: Annotated[
        str | None, typer.Option(help="Architecture of segmentation-models-pytorch.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Encoder of segmentation-models-pytorch.")
    ] = None,
    bias: Annotated[str | None, typer.Option(metavar="|".join(STRENGTHS), help=_BIAS_HELP)] = None,
    digit: Annotated[
        int | None,
        typer.Option(
            parser=whole("--digit", 3), metavar="NUMBER", help="The biased digit, 0 to 9."
        ),
    ] = None,
    texture: Annotated[
        str | None, typer.Option(help="The background texture it is coupled with.")
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(
            parser=whole("--images", 16000),
            metavar="NUMBER",
            help="Training pictures; each is made fresh and seen once.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=whole("--seed", 0), metavar="NUMBER", help="Seed of pictures and weights."
        ),
    ] = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to train.")] = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
) -> None:
    """Train a network from scratch, say how good and how biased it is, and save it with pictures.

    The folder then holds what the embedded demo holds: model/, images/, labels/, bias/,
    metrics.json and README.md.
    """
    recipe = _recipe(preset, arch, encoder, bias, digit, texture, images, seed)
    # Torch takes seconds to import; a misspelt option is told before.
    from gridsal_core.toy.demo import run_recipe, write_demo
    from gridsal_core.toy.files import prepare_folder
    from gridsal_core.toy.train import choose_device

    place = choose_device(device)
    prepare_folder(out, overwrite=overwrite)
    say(f"Training {recipe.arch} with {recipe.encoder} on {recipe.images} pictures ({place}).")
    with progress("Training") as advance:

        def told(state: Progress) -> None:
            advance(state.step, state.steps, f"loss {state.loss:.3f}")

        trained = run_recipe(recipe, place, told)
    write_demo(out, trained, _command(preset, recipe))
    _print_report(trained.report, recipe.bias)
    print(out.resolve())


def _recipe(
    preset: str,
    arch: str | None,
    encoder: str | None,
    bias: str | None,
    digit: int | None,
    texture: str | None,
    images: int | None,
    seed: int | None,
) -> Recipe:
    if preset not in PRESETS:
        raise SettingsError(f"There is no preset {preset!r}; choose one of: {', '.join(PRESETS)}.")
    base = PRESETS[preset]
    rule = Bias(
        base.bias.digit if digit is None else digit,
        texture or base.bias.texture,
        _strength(bias or base.bias.strength),
    )
    # Depth and widths suit the preset's network only.
    other_network = arch is not None or encoder is not None
    return replace(
        base,
        bias=rule,
        arch=arch or base.arch,
        encoder=encoder or base.encoder,
        options={} if other_network else base.options,
        images=base.images if images is None else images,
        seed=base.seed if seed is None else seed,
    )


def _command(preset: str, recipe: Recipe) -> str:
    """Return the shortest command line that gives this recipe again."""
    base = PRESETS[preset]
    given = {
        "arch": (recipe.arch, base.arch),
        "encoder": (recipe.encoder, base.encoder),
        "bias": (recipe.bias.strength, base.bias.strength),
        "digit": (recipe.bias.digit, base.bias.digit),
        "texture": (recipe.bias.texture, base.bias.texture),
        "images": (recipe.images, base.images),
        "seed": (recipe.seed, base.seed),
    }
    options = [f"--{name} {value}" for name, (value, usual) in given.items() if value != usual]
    return " ".join(["gridsal toy train --preset", preset, *options, "--out DIR"])


def _strength(text: str) -> Strength:
    for strength in STRENGTHS:
        if strength == text:
            return strength
    raise SettingsError(f"There is no bias {text!r}; choose one of: {', '.join(STRENGTHS)}.")


def _split(text: str) -> Split:
    for split in SPLITS:
        if split == text:
            return split
    raise SettingsError(f"There is no split {text!r}; choose one of: {', '.join(SPLITS)}.")


def _print_report(report: Report, bias: Bias) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"IoU on test pictures; digit {bias.digit} biased to {bias.texture}")
    for heading in ("class", "unbiased", "biased"):
        table.add_column(heading, justify="left" if heading == "class" else "right")
    biased = report.biased.as_dict()
    for name, value in report.unbiased.as_dict().items():
        table.add_row(name, _number(value), _number(biased[name]))
    console = Console()
    console.print(table)
    console.print(
        f"Score lost without context, on biased pictures: digit {bias.digit} "
        f"{_number(report.context_needed)}, others {_number(report.context_needed_by_others)}."
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
