"""`gridsal toy`: make toy data sets with a known bias, and train networks on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from gridsal_core.cli.numbers import whole
from gridsal_core.cli.progress import progress, progress_side_by_side, say
from gridsal_core.errors import SettingsError
from gridsal_core.toy.bench.plan import MOST_JOBS, PLANS, Plan
from gridsal_core.toy.material import Source, by_contrast, load_material, load_textures
from gridsal_core.toy.mnist import SPLITS, Split
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


Digits = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.npz|FOLDER",
        help="MNIST: an .npz file, or the folder of its idx files. Default: scikit-learn's digits.",
    ),
]
Textures = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Images to take as textures. Default: procedural textures."
    ),
]


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
        str | None,
        typer.Option(
            help="The background texture it is coupled with. Default: bricks, or the first of the "
            "folder."
        ),
    ] = None,
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
    digits: Digits = None,
    textures: Textures = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
) -> None:
    """Write a toy data set: images/, labels/, bias/ (the biased half) and manifest.json."""
    from gridsal_core.toy.dataset import write_dataset

    source = _source(digits, textures)
    rule = Bias(digit, texture or _usual_texture(source), _strength(bias))
    pictures = write_dataset(
        out,
        rule,
        split=_split(split),
        count=count,
        seed=seed,
        overwrite=overwrite,
        source=source,
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
    digits: Digits = None,
    textures: Textures = None,
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where to train.")] = "auto",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run wrote there.")
    ] = False,
) -> None:
    """Train a network from scratch, say how good and how biased it is, and save it with pictures.

    The folder then holds what the embedded demo holds: model/, images/, labels/, bias/,
    metrics.json and README.md.
    """
    source = _source(digits, textures)
    recipe = _recipe(preset, arch, encoder, bias, digit, texture, images, seed, source)
    load_material("train", source).check_texture(recipe.bias.texture)
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


@app.command()
def bench(
    out: Annotated[
        Path, typer.Option(help="Folder for networks, tables and report; goes on where it was.")
    ],
    preset: Annotated[
        str,
        typer.Option(
            metavar="|".join(PLANS),
            help="quick: one digit, texture and seed, within 25 minutes on two cores. paper: ten "
            "digits, five textures, five seeds.",
        ),
    ] = "quick",
    network: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(PRESETS), help="Network and training. Default: the preset's."
        ),
    ] = None,
    arch: Annotated[
        str | None, typer.Option(help="Architecture of segmentation-models-pytorch.")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Encoder of segmentation-models-pytorch.")
    ] = None,
    digit: Annotated[
        int | None,
        typer.Option(
            parser=whole("--digit", 3), metavar="NUMBER", help="The biased digit of quick."
        ),
    ] = None,
    images: Annotated[
        int | None,
        typer.Option(parser=whole("--images", 16000), metavar="NUMBER", help="Training pictures."),
    ] = None,
    per_digit: Annotated[
        int | None,
        typer.Option(
            parser=whole("--per-digit", 100),
            metavar="NUMBER",
            help="Test pictures of each measured digit.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            parser=whole("--seed", 0),
            metavar="NUMBER",
            help="Of quick the network's; of paper it draws the bias textures.",
        ),
    ] = 0,
    digits: Digits = None,
    textures: Textures = None,
    device: Annotated[
        str, typer.Option(metavar="auto|cpu|cuda", help="Where to compute.")
    ] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            parser=whole("--jobs", 2),
            metavar="NUMBER",
            help="Processes side by side. Default: one for each core, or one on a GPU.",
        ),
    ] = None,
) -> None:
    """Train biased networks, explain their test pictures by four methods, and report (figure 4).

    Interrupted and started again with the same options it goes on where it was.
    """
    if jobs is not None and not 1 <= jobs <= MOST_JOBS:
        raise SettingsError(f"--jobs is {jobs}; give 1 to {MOST_JOBS}.")
    source = _source(digits, textures)
    plan = _plan(preset, network, arch, encoder, digit, images, per_digit, seed, source)
    from gridsal_core.toy.bench.crew import usual_jobs
    from gridsal_core.toy.bench.report import write_report
    from gridsal_core.toy.bench.run import Bench
    from gridsal_core.toy.bench.store import Store
    from gridsal_core.toy.train import choose_device

    store, place = Store(out), choose_device(device)
    with progress_side_by_side() as advance:
        Bench(plan, store, place, advance, usual_jobs(place) if jobs is None else jobs).run()
    written = write_report(plan, store)
    print((out / "report.md").read_text(encoding="utf-8"))
    for path in written:
        print(path.resolve())


def _plan(
    preset: str,
    network: str | None,
    arch: str | None,
    encoder: str | None,
    digit: int | None,
    images: int | None,
    per_digit: int | None,
    seed: int,
    source: Source,
) -> Plan:
    if preset not in PLANS:
        raise SettingsError(f"There is no preset {preset!r}; choose one of: {', '.join(PLANS)}.")
    usual, make_plan = PLANS[preset]
    recipe = _recipe(network or usual, arch, encoder, None, digit, None, images, seed, source)
    textures = load_material("test", source).textures
    if preset == "quick":
        names = by_contrast(textures)
    else:
        order = np.random.default_rng(seed).permutation(len(textures.names))
        names = tuple(textures.names[place] for place in order)
    plan = make_plan(recipe, names)
    return plan if per_digit is None else replace(plan, per_digit=per_digit)


def _recipe(
    preset: str,
    arch: str | None,
    encoder: str | None,
    bias: str | None,
    digit: int | None,
    texture: str | None,
    images: int | None,
    seed: int | None,
    source: Source,
) -> Recipe:
    if preset not in PRESETS:
        raise SettingsError(f"There is no preset {preset!r}; choose one of: {', '.join(PRESETS)}.")
    base = PRESETS[preset]
    rule = Bias(
        base.bias.digit if digit is None else digit,
        texture or _usual_texture(source),
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
        source=source,
    )


def _source(digits: Path | None, textures: Path | None) -> Source:
    return Source(
        None if digits is None else str(digits.resolve()),
        None if textures is None else str(textures.resolve()),
    )


def _usual_texture(source: Source) -> str:
    if source.textures is None:
        return PRESETS["demo"].bias.texture
    return load_textures(source.textures).names[0]


def _command(preset: str, recipe: Recipe) -> str:
    """Return the shortest command line that gives this recipe again."""
    base = PRESETS[preset]
    given = {
        "arch": (recipe.arch, base.arch),
        "encoder": (recipe.encoder, base.encoder),
        "bias": (recipe.bias.strength, base.bias.strength),
        "digit": (recipe.bias.digit, base.bias.digit),
        "texture": (recipe.bias.texture, base.bias.texture),
        "digits": (recipe.source.digits, base.source.digits),
        "textures": (recipe.source.textures, base.source.textures),
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
