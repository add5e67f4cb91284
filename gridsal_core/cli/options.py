"""What to explain and how, as command-line options: the same for every command that explains."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from gridsal_core.cli.asked import Asked
from gridsal_core.cli.given import given_settings
from gridsal_core.cli.job import NetworkOptions
from gridsal_core.cli.numbers import number, whole
from gridsal_core.cli.quick_options import (
    ExecutionOption,
    OptimizerOption,
    PrecisionOption,
    PresetOption,
)
from gridsal_core.cli.subject import Choice, Subject
from gridsal_core.errors import ImageError, RequestError
from gridsal_core.methods import METHODS
from gridsal_core.working_scale import parse_working_scale

SUGGESTED = "the model card's, else by the image's size"
_NETWORK = "Network"
_SETTINGS = "Settings"
_REQUEST = "Request"
_GRADIENTS = "Gradient methods"
_DEVIATIONS = "Beyond the paper"
_SEVERAL = "Repeatable in gridsal explain."


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all options of `asked` besides its own; its first argument holds them."""

    @functools.wraps(command)
    def run(**values: Any) -> None:  # noqa: ANN401 - typer passes what the options hold
        shared = {name: values.pop(name) for name in _PARAMETERS}
        command(asked(**shared), **values)

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    sign(run, [*parameters().values(), *own])
    return run


def sign(run: Callable[..., None], chosen: Iterable[inspect.Parameter]) -> None:
    """Let typer see these parameters of a function, all of them by keyword."""
    named = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in chosen]
    run.__dict__.pop("__wrapped__", None)
    run.__dict__["__signature__"] = inspect.Signature(named)
    run.__annotations__ = {each.name: each.annotation for each in named}


def parameters() -> dict[str, inspect.Parameter]:
    """Return the options of `asked` by name, with their types."""
    hints = get_type_hints(asked, include_extras=True)
    return {name: each.replace(annotation=hints[name]) for name, each in _PARAMETERS.items()}


def asked(
    model: Annotated[
        str, typer.Option(metavar="FILE|FOLDER|NAME", help="The network, see gridsal models.")
    ],
    image: Annotated[list[Path], typer.Option(metavar="FILE", help=f"The image. {_SEVERAL}")],
    page: Annotated[
        int,
        typer.Option(
            parser=whole("--page", 1), metavar="NUMBER", help="Of an image of several, from 1."
        ),
    ] = 1,
    scale: Annotated[
        str,
        typer.Option(
            metavar="fit|crop|FRACTION|full",
            help="Working scale: fit reduces the image only if memory asks for it; crop works on "
            "a window around the request; a fraction such as 0.5; full.",
        ),
    ] = "fit",
    allow_large: Annotated[
        bool, typer.Option("--allow-large", help="Decode an image beyond the safe size.")
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Weights for a network that is given by name or by code.",
            rich_help_panel=_NETWORK,
        ),
    ] = None,
    card: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="The model card. Default: the one beside the network.",
            rich_help_panel=_NETWORK,
        ),
    ] = None,
    trust_code: Annotated[
        bool,
        typer.Option(
            "--trust-code",
            help="Allow Python code that comes with the network to run.",
            rich_help_panel=_NETWORK,
        ),
    ] = False,
    region: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="MASK.png",
            help="Explain this region: a PNG of the whole image's size, non-zero inside. "
            f"{_SEVERAL}",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y",
            help=f"Explain the predicted segment at this pixel of the whole image. {_SEVERAL}",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    segment_of: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CLASS",
            help=f"Explain the largest predicted segment of this class (name or index). {_SEVERAL}",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="NAME|INDEX",
            help="The class to explain. Default: the one predicted most in the region.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="|".join(METHODS),
            help="context and grid optimise a mask; vg, sg and ig are Vanilla Gradient, SmoothGrad "
            "and Integrated Gradients. Default: context.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    mask_size: Annotated[
        str | None,
        typer.Option(
            metavar="HxW",
            help=f"Mask resolution in cells, as 16x32. Default: {SUGGESTED}.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    lam: Annotated[
        float | None,
        typer.Option(
            parser=number("--lam", 0.01),
            metavar="NUMBER",
            help=f"λ, weight of the mask's sum, at least 0. Default: {SUGGESTED}.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            parser=whole("--steps", 80),
            metavar="NUMBER",
            help=f"Optimisation steps. Default: {SUGGESTED}.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    lr: Annotated[
        float | None,
        typer.Option(
            parser=number("--lr", 0.2),
            metavar="NUMBER",
            help=f"Learning rate, above 0. Default: {SUGGESTED}.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    momentum: Annotated[
        float | None,
        typer.Option(
            parser=number("--momentum", 0.5),
            metavar="NUMBER",
            help="Momentum, 0 to below 1. Default: 0.5.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="F|auto",
            help="Initial mask value, 0 to 1; auto tries 0.5 and 1. Default: auto.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    perturbation: Annotated[
        str | None,
        typer.Option(
            metavar="KIND:VALUE",
            help="constant:mean, constant:R,G,B (0 to 1), constant:black|grey|white, blur:SIGMA "
            "(pixels), noise:SEED, or several as robust:constant:mean+blur:10+noise:0. "
            "Default: constant:mean.",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(
            metavar="probability|logit", help="Default: probability.", rich_help_panel=_SETTINGS
        ),
    ] = None,
    upsampling: Annotated[
        str | None,
        typer.Option(
            metavar="bilinear|nearest", help="Default: bilinear.", rich_help_panel=_SETTINGS
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            parser=whole("--samples", 50),
            metavar="NUMBER",
            help="Copies of the image that SmoothGrad and Integrated Gradients average over. "
            "Default: 50.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = None,
    noise: Annotated[
        float | None,
        typer.Option(
            parser=number("--noise", 0.15),
            metavar="NUMBER",
            help="SmoothGrad's standard deviation, in image values. Default: 0.15.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=whole("--seed", 0),
            metavar="NUMBER",
            help="Of SmoothGrad's noise. Default: 0.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = None,
    times_input: Annotated[
        bool,
        typer.Option(
            "--times-input",
            help="Integrated Gradients times the image, the classic form.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = False,
    signed: Annotated[
        bool,
        typer.Option(
            "--signed",
            help="Keep the gradients' signs before the mean filter.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = False,
    unscaled: Annotated[
        bool,
        typer.Option(
            "--unscaled",
            help="Do not divide the map by its maximum over the image.",
            rich_help_panel=_GRADIENTS,
        ),
    ] = False,
    total_variation: Annotated[
        float | None,
        typer.Option(
            parser=number("--total-variation", 0.01),
            metavar="NUMBER",
            help="Weight of the differences of neighbouring cells. Default: 0, off.",
            rich_help_panel=_DEVIATIONS,
        ),
    ] = None,
    dilation: Annotated[
        int | None,
        typer.Option(
            parser=whole("--dilation", 4),
            metavar="PIXELS",
            help="Widen the region in what is kept, so that its outline is no cue. Default: 0.",
            rich_help_panel=_DEVIATIONS,
        ),
    ] = None,
    tolerance: Annotated[
        float | None,
        typer.Option(
            parser=number("--tolerance", 0.001),
            metavar="NUMBER",
            help="Stop once objective and mask change by less. Default: 0, never.",
            rich_help_panel=_DEVIATIONS,
        ),
    ] = None,
    coarse_to_fine: Annotated[
        bool,
        typer.Option(
            "--coarse-to-fine",
            help="Begin with a mask of a quarter of the cells a side, then half, then all.",
            rich_help_panel=_DEVIATIONS,
        ),
    ] = False,
    keep_best: Annotated[
        bool,
        typer.Option(
            "--keep-best",
            help="Keep the mask of the lowest objective on the way, not the last.",
            rich_help_panel=_DEVIATIONS,
        ),
    ] = False,
    preset: PresetOption = None,
    optimizer: OptimizerOption = None,
    precision: PrecisionOption = None,
    execution: ExecutionOption = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="auto|cpu|cuda|cuda:N|mps",
            help="Where to compute; auto takes CUDA, else MPS, else the CPU.",
        ),
    ] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", help="Nothing on stderr but errors.")] = False,
) -> Asked:
    """Check what was given, as far as that can be done without reading anything."""
    given = given_settings(
        method=method,
        mask_size=mask_size,
        lam=lam,
        steps=steps,
        lr=lr,
        momentum=momentum,
        init=init,
        perturbation=perturbation,
        score=score,
        upsampling=upsampling,
        samples=samples,
        noise=noise,
        seed=seed,
        times_input=times_input,
        signed=signed,
        unscaled=unscaled,
        total_variation=total_variation,
        dilation=dilation,
        tolerance=tolerance,
        coarse_to_fine=coarse_to_fine,
        keep_best=keep_best,
        preset=preset,
        optimizer=optimizer,
        precision=precision,
        execution=execution,
    )
    where = _page(page), parse_working_scale(scale), allow_large
    subjects = tuple(Subject(path, *where) for path in image)
    choices = (
        *(Choice(path, None, None, class_) for path in region or ()),
        *(Choice(None, _parse_point(text), None, class_) for text in at or ()),
        *(Choice(None, None, text, class_) for text in segment_of or ()),
    )
    if not choices:
        raise RequestError(
            "Say what to explain with one of --region MASK.png, --at X,Y or --segment-of CLASS."
        )
    return Asked(
        NetworkOptions(model, device, weights, card, trust_code), subjects, choices, given, quiet
    )


def _page(number: int) -> int:
    if number < 1:
        raise ImageError(f"There is no page {number}; pages count from 1.")
    return number - 1


def _parse_point(text: str) -> tuple[int, int]:
    try:
        x, y = (int(part) for part in text.split(","))
    except ValueError:
        raise RequestError(
            f"The point {text!r} is not understood; give image pixels as X,Y, as in --at 120,80."
        ) from None
    return x, y


_PARAMETERS = inspect.signature(asked).parameters
