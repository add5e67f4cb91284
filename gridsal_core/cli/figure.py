"""`gridsal figure`: figures for papers out of a session or of data files, without a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsal_core.cli.job import NetworkOptions
from gridsal_core.cli.numbers import number, whole
from gridsal_core.cli.opened import Images, Opened, Results, check_no_source, open_session
from gridsal_core.errors import CheckpointError, RequestError

if TYPE_CHECKING:
    from gridsal_core.figure import Exhibit, FigureSpec
    from gridsal_core.network import SegmentationNetwork
    from gridsal_core.session import SessionDocument


def figure(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SESSION.gridsal|DATA.npz...", help="A session, or files of gridsal explain."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FILE.png|svg|pdf", help="Write the figure here.")],
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="single|pair|what-if|methods|sheet",
            help="What the figure compares; by default single, or pair, or sheet, by the number.",
        ),
    ] = None,
    results: Results = "all",
    size: Annotated[
        str | None,
        typer.Option(metavar="180mm|180x120mm|1920px", help="Width, or width x height."),
    ] = None,
    dpi: Annotated[
        int | None,
        typer.Option(parser=whole("--dpi", 300), metavar="NUMBER", help="Dots per inch of a PNG."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|FILE.json", help="A saved look, to which the other options are added."
        ),
    ] = None,
    panels: Annotated[
        str | None, typer.Option(metavar="NAME,NAME", help="What to show, in this order.")
    ] = None,
    columns: Annotated[
        int | None,
        typer.Option(parser=whole("--columns", 3), metavar="NUMBER", help="Panels in a row."),
    ] = None,
    color_map: Annotated[
        str | None, typer.Option(metavar="red|viridis|cividis|inferno|magma|plasma")
    ] = None,
    opacity: Annotated[
        float | None,
        typer.Option(
            parser=number("--opacity", 0.8), metavar="NUMBER", help="Of the map, up to 1."
        ),
    ] = None,
    contour_color: Annotated[
        str | None, typer.Option(metavar="#RRGGBB", help="Of the request's outline.")
    ] = None,
    contour_width: Annotated[
        float | None,
        typer.Option(
            parser=number("--contour-width", 1), metavar="POINTS", help="0 draws no outline."
        ),
    ] = None,
    font: Annotated[str | None, typer.Option(metavar="NAME", help="Typeface.")] = None,
    font_size: Annotated[
        float | None,
        typer.Option(
            parser=number("--font-size", 8), metavar="POINTS", help="Size of the captions."
        ),
    ] = None,
    letters: Annotated[
        str | None, typer.Option(metavar="none|(a)|a)|A", help="What numbers the panels.")
    ] = None,
    caption: Annotated[
        str | None, typer.Option(metavar="auto|none|TEXT", help="What is said below.")
    ] = None,
    changes: Annotated[
        str | None,
        typer.Option("--change", metavar="remove|keep|remove,keep", help="Of what-if."),
    ] = None,
    titles: Annotated[
        bool | None, typer.Option("--titles/--no-titles", help="Titles of the panels.")
    ] = None,
    legend: Annotated[
        bool | None, typer.Option("--legend/--no-legend", help="Legend of the classes.")
    ] = None,
    color_bar: Annotated[
        bool | None, typer.Option("--color-bar/--no-color-bar", help="Scale of the saliency.")
    ] = None,
    small_print: Annotated[
        bool | None, typer.Option("--small-print/--no-small-print", help="Settings below.")
    ] = None,
    images: Images = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="FILE|FOLDER|NAME", help="Of what-if: the network, if it was moved."),
    ] = None,
    device: Annotated[str, typer.Option(help="Of what-if: where to compute.")] = "auto",
) -> None:
    """Draw a figure for a paper of results of a session, or of files of gridsal explain."""
    from gridsal_core.atomic import check_writable
    from gridsal_core.figure import check_suffix, compose, save_drawing

    asked = {
        "kind": kind,
        "dpi": dpi,
        "panels": _listed(panels),
        "columns": columns,
        "color_map": color_map,
        "opacity": opacity,
        "contour_color": contour_color,
        "contour_width": contour_width,
        "font": font,
        "font_size": font_size,
        "letters": letters,
        "changes": _listed(changes),
        "titles": titles,
        "legend": legend,
        "color_bar": color_bar,
        "small_print": small_print,
    }
    check_suffix(out)
    check_writable(out)
    spec = _spec(preset, asked | _sized(size) | _captioned(caption))
    check_no_source(out, sources)
    if all(source.suffix.lower() == ".npz" for source in sources):
        from gridsal_core.figure.record_file import exhibit_of_record

        shown: list[Exhibit] = [exhibit_of_record(source) for source in sources]
        spec = _of_kind(spec, kind, preset, len(shown))
    elif len(sources) == 1:
        opened = open_session(sources[0], results, images)
        spec = _of_kind(spec, kind, preset, len(opened.results))
        shown = list(_exhibits(opened, spec, model, device))
    else:
        raise RequestError("Give one session, or any number of .npz files.")
    save_drawing(compose(spec, shown), out)
    print(f"{len(shown)} explanation{'s' if len(shown) > 1 else ''} drawn into {out}")


def _exhibits(
    opened: Opened, spec: FigureSpec, model: str | None, device: str
) -> Iterator[Exhibit]:
    from gridsal_core.figure import exhibit

    network_of = _networks(opened.document, model, device)
    for kept in opened.results:
        found = opened.explanation(kept)
        shown = exhibit(found, opened.label(found))
        if spec.asked_changes:
            from gridsal_core.whatif import what_if

            network = network_of(found.provenance.checkpoint_sha256)
            shown = shown.changed_by([what_if(network, found, c) for c in spec.asked_changes])
        yield shown


def _networks(
    document: SessionDocument, model: str | None, device: str
) -> Callable[[str], SegmentationNetwork]:
    """Open the networks of a session when they are asked for, each once."""
    opened: dict[str, SegmentationNetwork] = {}

    def network_of(sha256: str) -> SegmentationNetwork:
        if sha256 in opened:
            return opened[sha256]
        entry = next((each for each in document.networks if each.sha256 == sha256), None)
        if model is not None:
            options = NetworkOptions(model, device)
        elif entry is not None:
            options = NetworkOptions(entry.source, device, weights=entry.weights)
        else:
            raise CheckpointError(
                "The session does not say where its network is; name it with --model."
            )
        network = options.open(quiet=True)
        if network.sha256 != sha256:
            raise CheckpointError(
                f"{network.card.name} is another network than the one that was explained; "
                "name that one with --model."
            )
        opened[sha256] = network
        return network

    return network_of


def _spec(preset: str | None, asked: dict[str, Any]) -> FigureSpec:
    from gridsal_core.figure.presets import find_preset
    from gridsal_core.figure.spec import FigureSpec

    base = FigureSpec() if preset is None else find_preset(preset)
    given = {name: value for name, value in asked.items() if value is not None}
    return replace(base, **given)


def _of_kind(spec: FigureSpec, kind: str | None, preset: str | None, count: int) -> FigureSpec:
    """Choose the kind by the number of explanations where nobody else did."""
    if kind is not None or (preset is not None and spec.kind != "single") or count <= 1:
        return spec
    return replace(spec, kind="pair" if count <= 4 else "sheet")


def _sized(text: str | None) -> dict[str, Any]:
    from gridsal_core.figure.spec import parse_size

    if text is None:
        return {}
    width, height, unit = parse_size(text)
    return {"width": width, "height": height, "unit": unit}


def _captioned(text: str | None) -> dict[str, Any]:
    if text is None or text in ("auto", "none"):
        return {"caption": text}
    return {"caption": "text", "caption_text": text}


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(word.strip() for word in text.split(","))
