"""`gridsal survey`: explanations over a whole data set, headless."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsal_core.cli.given import given_settings
from gridsal_core.cli.hands import HandsOptions
from gridsal_core.cli.job import NetworkOptions
from gridsal_core.cli.numbers import whole
from gridsal_core.cli.options import parameters, sign
from gridsal_core.cli.progress import progress, say
from gridsal_core.errors import ImageError, RequestError
from gridsal_core.types import find_class
from gridsal_core.working_scale import WorkingScale, parse_working_scale

if TYPE_CHECKING:
    from gridsal_core.survey.engine import Progress
    from gridsal_core.survey.ledger import Ledger
    from gridsal_core.survey.tables import Row, Table

app = typer.Typer(
    help="What context a network relies on, over a whole data set (section 5 of the paper).",
    no_args_is_help=True,
    invoke_without_command=True,
)

# A survey chooses images and regions by itself.
_NOT_SHARED = ("image", "page", "region", "at", "segment_of", "class_")
_NETWORK = ("model", "device", "weights", "card", "trust_code")
_OTHERS = ("scale", "allow_large", "quiet")

Parquet = Annotated[
    bool, typer.Option("--parquet", help="Write the tables as Parquet too; needs pyarrow.")
]


@dataclass(frozen=True)
class _Shared:
    """What the options say that a survey has in common with gridsal explain."""

    network: NetworkOptions
    given: dict[str, Any]
    scale: WorkingScale
    quiet: bool


def _with_settings(command: Any) -> Any:  # noqa: ANN401 - typer looks at what it returns
    """Give a command the options of gridsal explain but for images and requests."""
    shared = {name: each for name, each in parameters().items() if name not in _NOT_SHARED}
    del shared["allow_large"]
    # The commands below this one do not need it.
    model = shared["model"]
    shared["model"] = model.replace(
        default=None,
        annotation=Annotated[str | None, model.annotation.__metadata__[0]],
    )

    @functools.wraps(command)
    def run(**values: Any) -> None:  # noqa: ANN401 - typer passes what the options hold
        given = {name: values.pop(name) for name in shared}
        command(given, **values)

    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    sign(run, [own[0], *shared.values(), *own[1:]])
    return run


@app.callback()
@_with_settings
def survey(
    options: dict[str, Any],
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The images, read in natural order.")
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|PATTERN",
            help="Label maps: the folder of index PNGs named as the images, or a pattern with "
            "{stem}. Without them context counts by the prediction.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Results and report: new, empty, or of this survey to go on."
        ),
    ] = None,
    requests: Annotated[
        str,
        typer.Option(
            metavar="predicted|correct|erroneous|confusions",
            help="predicted segments (figure 6), their correct or their erroneous parts, or "
            "confusions: intersections of a true and a predicted class (table 1). Several with "
            "commas.",
        ),
    ] = "predicted",
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME",
            help="Only requests about these classes (names or indices). Default: all.",
        ),
    ] = None,
    min_pixels: Annotated[
        int | None,
        typer.Option(
            parser=whole("--min-pixels", 800),
            metavar="NUMBER",
            help="Leave smaller regions out, in working pixels. Default: the paper's 10,000 for "
            "segments and 625 for the others, scaled from 1024 x 2048 with the image's area.",
        ),
    ] = None,
    baseline_width: Annotated[
        int | None,
        typer.Option(
            parser=whole("--baseline-width", 20),
            metavar="PIXELS",
            help="How far a region is dilated for the baseline. Default: the side of a mask cell.",
        ),
    ] = None,
    flips: Annotated[
        bool,
        typer.Option(
            "--flips/--no-flips",
            help="Remove the salient context, and see how often the label flips.",
        ),
    ] = True,
    jobs: Annotated[
        int | None,
        typer.Option(
            parser=whole("--jobs", 2),
            metavar="NUMBER",
            help="Processes side by side, each with a network of its own; how many changes no "
            "digit. Default: one for each core, as far as the memory goes; one on a GPU. With Ray: "
            "workers; as many as the cluster has room for.",
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(metavar="local|ray", help="Work on this machine, or on a Ray cluster."),
    ] = "local",
    address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="Of the Ray cluster. Default: that of RAY_ADDRESS, else one of this machine.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="FOLDER|URL",
            help="Where Ray's workers leave what they finish: a folder that all machines see, or "
            "an fsspec URL. Default: the folder parts in --out.",
        ),
    ] = None,
    parquet: Parquet = False,
) -> None:
    """Explain every sufficiently large segment of a data set, and sum up what the maps show.

    Figures, tables and report.html are written to --out. Interrupted at any moment, the same
    command goes on where it was.
    """
    if context.invoked_subcommand is not None:
        return
    model = options["model"]
    for name, value in (("--model", model), ("--data", data), ("--out", out)):
        if value is None:
            raise RequestError(f"A survey needs {name}; see gridsal survey --help.")
    if data is None or out is None:
        return
    others = {"requests": requests, "classes": classes, "min_pixels": min_pixels}
    others |= {"width": baseline_width, "flips": flips}
    hands = HandsOptions(jobs, engine, address, store)
    _survey(_shared(options), data, labels, out, others, hands, parquet=parquet)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a survey.")],
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the images are now, if they were moved."),
    ] = None,
    parquet: Parquet = False,
) -> None:
    """Write tables, figures and report of a survey anew, finished or not."""
    from gridsal_core.datasets.folder import scan_images
    from gridsal_core.survey.ledger import Ledger
    from gridsal_core.survey.report import write_report

    with Ledger.open(folder) as ledger:
        try:
            images = scan_images(data or Path(ledger.place)).folder
        except ImageError:
            if data is not None:
                raise
            images = Path(ledger.place)
        _tell(folder, ledger, write_report(ledger, images, parquet=parquet))


@app.command()
def compare(
    one: Annotated[Path, typer.Argument(metavar="DIR_A", help="The survey of a network.")],
    other: Annotated[Path, typer.Argument(metavar="DIR_B", help="The survey of another one.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="For the results. Default: DIR_A_against_DIR_B."),
    ] = None,
    parquet: Parquet = False,
) -> None:
    """Compare what two networks look at on the same images: difference table, picture, report."""
    from gridsal_core.survey.ledger import Ledger
    from gridsal_core.survey.report import REPORT_NAME, write_difference

    folder = out or one.parent / f"{one.name}_against_{other.name}"
    with Ledger.open(one) as first, Ledger.open(other) as second:
        tables = write_difference(first, second, folder, parquet=parquet)
    for table in tables:
        for row in table.rows:
            marked = [
                f"{table.classes[index].name} {100 * each.value:+.0f}"
                for index, each in enumerate(row.contrasts)
                if each.is_significant
            ]
            told = ", ".join(marked) or "no significant difference"
            print(f"{table.name(row)}: {told}")
    print(folder / REPORT_NAME)


def _shared(options: dict[str, Any]) -> _Shared:
    model, device, weights, card, trust_code = (options[name] for name in _NETWORK)
    settings = {k: v for k, v in options.items() if k not in (*_NETWORK, *_OTHERS)}
    return _Shared(
        NetworkOptions(model, device, weights, card, trust_code),
        given_settings(**settings),
        parse_working_scale(options["scale"]),
        options["quiet"],
    )


def _survey(
    shared: _Shared,
    folder: Path,
    labels: str | None,
    out: Path,
    others: dict[str, Any],
    hands: HandsOptions,
    *,
    parquet: bool,
) -> None:
    """Run a survey and write its report."""
    from gridsal_core.survey.data import Data
    from gridsal_core.survey.files import check_parquet
    from gridsal_core.survey.kinds import parse_kinds

    # Whatever can be wrong without the network is told before torch is imported.
    if parquet:
        check_parquet()
    hands.check()
    kinds = parse_kinds(others.pop("requests"))
    data = Data(folder, labels)
    network = _here(shared.network, hands).open(quiet=shared.quiet)
    from gridsal_core.survey.begin import begin_survey
    from gridsal_core.survey.engine import run_survey
    from gridsal_core.survey.report import write_report

    names = others.pop("classes")
    given = [] if names is None else names.split(",")
    requested = {find_class(network.classes, name.strip()) for name in given}
    with begin_survey(
        network,
        data,
        out,
        kinds,
        shared.given,
        requested=tuple(sorted(requested)),
        side_by_side=True,
        scale=shared.scale,
        **others,
    ) as ledger:
        with progress("surveying", quiet=shared.quiet) as advance:

            def show(state: Progress) -> None:
                for note in state.notes:
                    say(f"note: {note}", quiet=shared.quiet)
                advance(state.images, state.images_total, _told(state))

            try:
                who = hands.hands(shared.network, network, data, ledger)
                run_survey(network, data, ledger, show, hands=who)
            except KeyboardInterrupt:
                say("What is finished is kept; the same command goes on.", quiet=shared.quiet)
                raise
        _tell(out, ledger, write_report(ledger, data.listing.folder, parquet=parquet))


def _here(network: NetworkOptions, hands: HandsOptions) -> NetworkOptions:
    """Say how to open the network where nothing is explained: the workers have the GPUs."""
    is_elsewhere = hands.engine == "ray" and network.device == "cuda"
    return replace(network, device="cpu") if is_elsewhere else network


def _told(state: Progress) -> str:
    words = [f"{state.items} requests"]
    if state.fresh:
        words.append(f"{state.rate:.1f} a minute")
    if state.left is not None:
        words.append(f"{_duration(state.left)} left")
    return ", ".join(words)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


def _tell(folder: Path, ledger: Ledger, tables: Sequence[Table]) -> None:
    """Sum up on stdout: a line for each row, then where the report is."""
    from gridsal_core.survey.report import REPORT_NAME
    from gridsal_core.survey.tables import why_empty

    if not tables:
        print(why_empty(ledger))
    for table in tables:
        for row in table.rows:
            print(f"{table.name(row)}, {row.items} requests: {_looked_at(table, row)}")
    print(folder / REPORT_NAME)


def _looked_at(table: Table, row: Row) -> str:
    if not row.cells:
        return "no map shows any context"
    order = sorted(range(len(row.cells)), key=lambda index: -row.cells[index].share.value)
    return ", ".join(
        f"{table.classes[index].name} {100 * row.cells[index].share.value:.0f} % "
        f"(baseline {100 * row.cells[index].baseline.value:.0f} %)"
        for index in order[:3]
        if row.cells[index].share.value > 0
    )
