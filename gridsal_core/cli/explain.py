"""`gridsal explain`: one explanation, headless."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsal_core.arrays import BoolArray, IndexArray
from gridsal_core.cli.numbers import number, whole
from gridsal_core.errors import RequestError
from gridsal_core.perturbation import parse_perturbation
from gridsal_core.settings import Settings, parse_init, parse_mask_size, suggest_settings
from gridsal_core.types import RegionOrigin, find_class

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

SUGGESTED = "the model card's, else by the image's size"
_SETTINGS = "Settings"
_REQUEST = "Request"


def explain(
    model: Annotated[Path, typer.Option(help="The network: a save_pretrained folder.")],
    image: Annotated[Path, typer.Option(help="The image.")],
    region: Annotated[
        Path | None,
        typer.Option(
            help="Explain this region: a PNG of the image's size, non-zero inside.",
            rich_help_panel=_REQUEST,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="X,Y",
            help="Explain the predicted segment at this image pixel.",
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
        str, typer.Option(metavar="auto|cpu|cuda", help="Where to compute.")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.npz", help="Write the data here.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(metavar="FILE.png|svg|pdf", help="Write the figure here.")
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
    point = None if at is None else _parse_point(at)
    if sum(choice is not None for choice in (region, at, segment_of)) != 1:
        raise RequestError(
            "Say what to explain with one of --region MASK.png, --at X,Y or --segment-of CLASS."
        )
    _explain_checked(
        model, image, region, point, segment_of, class_, given, device, out, figure, quiet
    )


def _explain_checked(
    model: Path,
    image: Path,
    region: Path | None,
    point: tuple[int, int] | None,
    segment_of: str | None,
    class_: str | None,
    given: dict[str, Any],
    device: str,
    out: Path | None,
    figure: Path | None,
    quiet: bool,
) -> None:
    from dataclasses import replace

    from gridsal_core.images import image_size, read_image
    from gridsal_core.regions import read_region
    from gridsal_core.segments import majority_class
    from gridsal_core.types import Request

    # Whatever can be wrong without the network is told before torch is imported.
    size = image_size(image)
    painted = None if region is None else read_region(region, size)
    from gridsal_core.cli.job import Outputs, compute, summary, tell_notes

    outputs = Outputs(out, figure)
    outputs.check(image, region)
    from gridsal_core.checkpoints import load_network

    network = load_network(model, device)
    tell_notes(network, quiet=quiet)
    pixels = read_image(image, network.card.input.channels)
    class_map = network.predict(pixels).class_map
    origin: RegionOrigin = "file" if painted is not None else "predicted segment"
    if painted is None:
        painted = _segment(network, class_map, point, segment_of)
    chosen = (
        find_class(network.classes, class_)
        if class_ is not None
        else majority_class(class_map, painted)
    )
    settings = replace(suggest_settings(*size, network.card.explain), **given)
    request = Request(pixels, painted, chosen, origin, image)
    explanation = compute(network, request, settings, quiet=quiet)
    outputs.write(explanation)
    print(summary(explanation))


def _segment(
    network: SegmentationNetwork,
    class_map: IndexArray,
    point: tuple[int, int] | None,
    segment_of: str | None,
) -> BoolArray:
    from gridsal_core.segments import largest_segment, segment_at

    if point is not None:
        return segment_at(class_map, *point)
    index = find_class(network.classes, str(segment_of))
    return largest_segment(class_map, index, network.classes[index].name)


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
