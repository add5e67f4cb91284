"""`gridsal explain`: one explanation, headless."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gridsal_core.cli.job import NetworkOptions, Outputs, compute, summary
from gridsal_core.cli.numbers import number, whole
from gridsal_core.cli.progress import say
from gridsal_core.cli.subject import Choice, Subject, make_request
from gridsal_core.errors import ImageError, RequestError
from gridsal_core.perturbation import parse_perturbation
from gridsal_core.settings import Settings, parse_init, parse_mask_size, suggest_settings
from gridsal_core.working_scale import parse_working_scale

SUGGESTED = "the model card's, else by the image's size"
_NETWORK = "Network"
_SETTINGS = "Settings"
_REQUEST = "Request"


def explain(
    model: Annotated[
        str, typer.Option(metavar="FILE|FOLDER|NAME", help="The network, see gridsal models.")
    ],
    image: Annotated[Path, typer.Option(help="The image.")],
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
        Path | None,
        typer.Option(
            help="Explain this region: a PNG of the whole image's size, non-zero inside.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y",
            help="Explain the predicted segment at this pixel of the whole image.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    segment_of: Annotated[
        str | None,
        typer.Option(
            metavar="CLASS",
            help="Explain the largest predicted segment of this class (name or index).",
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
        typer.Option(metavar="context|grid", help="Default: context.", rich_help_panel=_SETTINGS),
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
            "(pixels) or noise:SEED. Default: constant:mean.",
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
    device: Annotated[
        str,
        typer.Option(
            metavar="auto|cpu|cuda|cuda:N|mps",
            help="Where to compute; auto takes CUDA, else MPS, else the CPU.",
        ),
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Write the data here.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png|svg|pdf", help="Write the figure here.")
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE.png",
            help="Write the map alone here, at the whole image's size: 16-bit grey, white is 1.",
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Nothing on stderr but errors.")] = False,
) -> None:
    """Explain one region of one image.

    Give one of --region, --at and --segment-of.

    Progress goes to stderr, a one-line summary to stdout.

    Bad input ends with status 2 and one sentence.
    """
    given = _given(
        method=method,
        mask_size=None if mask_size is None else parse_mask_size(mask_size),
        lam=lam,
        steps=steps,
        learning_rate=lr,
        momentum=momentum,
        init=None if init is None else parse_init(init),
        perturbation=None if perturbation is None else parse_perturbation(perturbation),
        score=score,
        upsampling=upsampling,
    )
    Settings(**given)
    subject = Subject(image, _page(page), parse_working_scale(scale), allow_large)
    choice = Choice(region, None if at is None else _parse_point(at), segment_of, class_)
    if sum(way is not None for way in (region, at, segment_of)) != 1:
        raise RequestError(
            "Say what to explain with one of --region MASK.png, --at X,Y or --segment-of CLASS."
        )
    _explain_checked(
        NetworkOptions(model, device, weights, card, trust_code),
        subject,
        choice,
        given,
        Outputs(out, figure, map_),
        quiet,
    )


def _explain_checked(
    options: NetworkOptions,
    subject: Subject,
    choice: Choice,
    given: dict[str, Any],
    outputs: Outputs,
    quiet: bool,
) -> None:
    from dataclasses import replace

    from gridsal_core.images import image_info
    from gridsal_core.regions import read_region

    # Whatever can be wrong without the network is told before torch is imported.
    info = image_info(subject.image, subject.page, allow_large=subject.allow_large)
    painted = None
    if choice.region is not None:
        painted = read_region(choice.region, info.size, allow_large=subject.allow_large)
    outputs.check(subject.image, choice.region)
    network = options.open(quiet=quiet)
    for note in info.notes:
        say(f"note: {note}", quiet=quiet)
    request, notes = make_request(network, subject, choice, info.size, painted)
    for note in notes:
        say(f"note: {note}", quiet=quiet)
    height, width = request.region.shape
    settings = replace(suggest_settings(height, width, network.card.explain), **given)
    explanation = compute(network, request, settings, quiet=quiet)
    outputs.write(explanation)
    print(summary(explanation))


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


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
