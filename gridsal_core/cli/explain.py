"""`gridsal explain`, `gridsal what-if` and `gridsal check`: explanations, headless."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gridsal_core.cli.asked import Asked
from gridsal_core.cli.batch import explain_jobs
from gridsal_core.cli.job import Outputs, compute, summary
from gridsal_core.cli.numbers import whole
from gridsal_core.cli.options import with_options
from gridsal_core.cli.progress import progress, say
from gridsal_core.errors import RequestError, SettingsError


@with_options
def explain(
    asked: Asked,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz",
            help="Write the data here; of several requests as FILE_1.npz, FILE_2.npz, ...",
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png|svg|pdf",
            help="Write the figure here; of several, one each, as --out.",
        ),
    ] = None,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map",
            metavar="FILE.png",
            help="Write the map alone here, at the whole image's size: 16-bit grey, white is 1; "
            "of several, one each, as --out.",
        ),
    ] = None,
) -> None:
    """Explain one region of an image, or several regions of several images in one call.

    Give one of --region, --at and --segment-of; or any number of them, which are explained on every
    --image. Requests on images of one size are computed together.

    Progress goes to stderr, a one-line summary of each request to stdout.

    Of several requests the summaries begin with image and class, and the files are numbered in the
    same order: image by image, on each every --region, then every --at, then every --segment-of.

    Bad input ends with status 2 and one sentence, before anything is computed.
    """
    network, jobs = asked.open(Outputs(out, figure, map_))
    if len(jobs) > 1:
        explain_jobs(network, jobs, quiet=asked.quiet)
        return
    (job,) = jobs
    explanation = compute(network, job.request, job.settings, quiet=asked.quiet)
    job.outputs.write(explanation)
    print(summary(explanation))


@with_options
def what_if(
    asked: Asked,
    change: Annotated[
        str,
        typer.Option(
            metavar="keep|remove|painted",
            help="keep the object and the salient context alone, remove the salient context, or "
            "remove what --painted marks.",
        ),
    ] = "remove",
    painted: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK.png", help="Context to remove: of the image's size, non-zero inside."
        ),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png|svg|pdf", help="Write before and after side by side here."),
    ] = None,
) -> None:
    """Explain a region, change its context, predict again, and say which pixels flip (figure 2).

    Takes the options of gridsal explain, for one request.
    """
    from gridsal_core.whatif import KINDS, told

    kind = next((each for each in KINDS if each == change), None)
    if kind is None:
        raise SettingsError(f"The change {change!r} is unknown; choose {', '.join(KINDS)}.")
    if (kind == "painted") != (painted is not None):
        raise RequestError(
            "--painted MASK.png and --change painted belong together; give both or none."
        )
    outputs = Outputs(figure=figure)
    network, request, settings = asked.open_one(outputs, painted)
    marked = None
    if painted is not None:
        from gridsal_core.regions import read_region
        from gridsal_core.working_scale import region_in_frame

        full = request.frame.full if request.frame is not None else request.region.shape
        marked = read_region(painted, (full[0], full[1]), allow_large=asked.allow_large)
        if request.frame is not None:
            marked = region_in_frame(marked, request.frame)
    from gridsal_core import whatif

    explanation = compute(network, request, settings, quiet=asked.quiet)
    result = whatif.what_if(network, explanation, kind, marked)
    if figure is not None:
        from gridsal_core.figure import FigureSpec, compose, exhibit_of_what_if, save_drawing

        drawn = compose(FigureSpec(kind="what-if"), [exhibit_of_what_if(result)])
        save_drawing(drawn, figure)
    print(told(result))


@with_options
def check(
    asked: Asked,
    orders: Annotated[
        int,
        typer.Option(
            parser=whole("--orders", 5), metavar="NUMBER", help="Random orders to compare with."
        ),
    ] = 5,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Write the curves here.")
    ] = None,
) -> None:
    """Say how far a map can be trusted: insertion and deletion curves, and shuffled weights.

    Takes the options of gridsal explain, for one request.
    """
    from gridsal_core.atomic import check_writable
    from gridsal_core.checks.check import check_explanation
    from gridsal_core.checks.result import write_curves

    if not 1 <= orders <= 1000:
        raise SettingsError(f"{orders} random orders are not possible; give 1 to 1,000.")
    if out is not None:
        check_writable(out)
    network, request, settings = asked.open_one(Outputs())
    explanation = compute(network, request, settings, quiet=asked.quiet)
    print(summary(explanation))
    say("Measuring curves, and explaining the network with shuffled weights.", quiet=asked.quiet)
    with progress("checking", quiet=asked.quiet) as advance:
        found = check_explanation(
            network,
            explanation,
            random_orders=orders,
            on_progress=lambda done, total: advance(done, total, ""),
        )
    print(found.text)
    if out is not None:
        write_curves(found, out)
