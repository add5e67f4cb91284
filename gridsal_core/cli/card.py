"""`gridsal card`: what is known of a network, as a model card; the window's dialog, headless."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridsal_core.cli.numbers import whole
from gridsal_core.cli.progress import say
from gridsal_core.errors import CardNeededError, CheckpointError, OutputError, SettingsError
from gridsal_core.pipes import is_pipe

if TYPE_CHECKING:
    from gridsal_core.checkpoints.card import ModelCard

_BUILD = "What the weights belong to"
_INPUT = "Input"
_OUTPUT = "Output and classes"


@dataclass(frozen=True)
class Found:
    """A card as far as it is known; `problem` says why the network does not open with it."""

    card: ModelCard
    channels: int | None
    notes: tuple[str, ...]
    problem: str = ""


def card(
    model: Annotated[str, typer.Argument(metavar="FILE|FOLDER|NAME", help="The network.")],
    weights: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Weights for a network given by name or by code."),
    ] = None,
    library: Annotated[
        str | None,
        typer.Option(metavar="smp|torchvision|python", rich_help_panel=_BUILD),
    ] = None,
    architecture: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="As Unet or fcn_resnet50.", rich_help_panel=_BUILD),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="As resnet34.", rich_help_panel=_BUILD)
    ] = None,
    in_channels: Annotated[
        int | None,
        typer.Option(
            parser=whole("--in-channels", 3),
            metavar="NUMBER",
            help="Channels of the image.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    mean: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,C", help="In the range, one for each channel.", rich_help_panel=_INPUT
        ),
    ] = None,
    std: Annotated[
        str | None, typer.Option(metavar="A,B,C", help="Likewise.", rich_help_panel=_INPUT)
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option(
            "--range",
            metavar="LOW,HIGH",
            help="What black and white are to the network, as 0,255.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    order: Annotated[str | None, typer.Option(metavar="RGB|BGR", rich_help_panel=_INPUT)] = None,
    divisor: Annotated[
        int | None,
        typer.Option(
            parser=whole("--divisor", 32),
            metavar="NUMBER",
            help="Height and width must be divisible by it.",
            rich_help_panel=_INPUT,
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="HxW", help="The one size that it takes, as 512x512.", rich_help_panel=_INPUT
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            metavar="none|softmax|sigmoid",
            help="What the network ends in: none gives logits, the others probabilities.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    element: Annotated[
        str | None,
        typer.Option(
            metavar="INDEX|KEY",
            help="Of a tuple or dict that the network gives.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBER|FILE.txt",
            help="How many classes, or their names, one a line.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    class_set: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Names and colours of a known set, as Cityscapes.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call the network.")] = None,
    trust_code: Annotated[
        bool, typer.Option("--trust-code", help="Allow Python code to run that comes with it.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Write the card beside the network.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Write the card here instead.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a card that is there already.")
    ] = False,
) -> None:
    """Print the model card of a network: what its files tell, what can be guessed, what you say.

    A file that holds only weights opens once a card beside it says what network they belong to;
    --write puts it there.
    """
    given = _without_none(
        name=name,
        build=_without_none(library=library, architecture=architecture, encoder=encoder),
        input=_without_none(
            channels=in_channels,
            mean=_numbers("--mean", mean),
            std=_numbers("--std", std),
            range=_numbers("--range", value_range),
            order=order,
            divisor=divisor,
            size=_size(size),
        ),
        output=_without_none(
            kind=_kind(activation),
            element=_element(element),
            channels=int(classes) if classes is not None and classes.isdecimal() else None,
        ),
        classes=_classes(classes, class_set),
    )
    place = _place(model, weights, out) if write or out is not None else None
    if place is not None and place.exists() and not force:
        raise OutputError(f"{place} is there already; give --force to replace it.")
    found = _find(model, weights, given, trust_code)
    # Where a card was to be written, the problem is the error that ends the command.
    for note in (*found.notes, *([found.problem] if found.problem and place is None else [])):
        say(f"note: {note}")
    _propose_classes(found)
    _print_or_write(found, place)


def _find(source: str, weights: Path | None, given: dict[str, Any], trust_code: bool) -> Found:
    """Open the network with what is known and given; where that fails, return the best guess."""
    problems: tuple[str, ...] = ()
    first: ModelCard
    try:
        opened = _opened(source, weights, None, trust_code)
        if not given:
            return opened
        first = opened.card
    except CardNeededError as needed:
        first, problems = needed.proposal, needed.problems
    merged = _merged(first, given)
    # A library's default would be another network, and differ in every tensor.
    if problems and (gap := _gap(merged)):
        return Found(merged, merged.output.channels, problems, gap)
    try:
        return _opened(source, weights, merged, trust_code)
    except CardNeededError as needed:
        return Found(merged, merged.output.channels, problems, str(needed))
    except CheckpointError as error:
        if not problems:
            raise
        return Found(merged, merged.output.channels, problems, str(error))


def _gap(card: ModelCard) -> str:
    """Say what neither the weights nor the user told of the network; empty if all is known."""
    build = card.build
    if build is None or not build.architecture:
        return (
            "Nothing tells what network the weights belong to; give --architecture NAME and "
            "--encoder NAME."
        )
    if build.library == "smp" and not build.encoder:
        return f"Nothing tells the encoder of this {build.architecture}; give --encoder NAME."
    return ""


def _opened(source: str, weights: Path | None, card: ModelCard | None, trust_code: bool) -> Found:
    # Late: this imports torch, and a misspelt option is told before.
    from gridsal_core.checkpoints import load_network

    network = load_network(source, "cpu", weights=weights, card=card, trust_code=trust_code)
    return Found(network.card, len(network.classes), network.notes)


def _merged(card: ModelCard, given: dict[str, Any]) -> ModelCard:
    """Put what the user said over what is known or guessed.

    Raises
    ------
    SettingsError
        If it does not make a card.
    """
    from pydantic import ValidationError

    from gridsal_core.checkpoints.card import ModelCard, first_problem

    values = card.model_dump(exclude_unset=True, exclude_none=True)
    build = values.get("build", {})
    said = given.get("build", {})
    if any(build.get(key) != value for key, value in said.items()):
        build.pop("arguments", None)  # they belong to the network that was guessed
    if "classes" in given or given.get("output", {}).get("channels"):
        values.pop("classes", None)
    for key, value in given.items():
        old = values.get(key)
        values[key] = {**old, **value} if isinstance(old, dict) else value
    try:
        return ModelCard.model_validate(values)
    except ValidationError as error:
        raise SettingsError(
            f"The model card would be wrong at {first_problem(error)}; correct that option."
        ) from error


def _propose_classes(found: Found) -> None:
    from gridsal_core.class_sets import class_sets_for

    sets = class_sets_for(found.channels) if found.channels and not found.card.classes else ()
    if sets:
        say(
            f"note: The classes have no names; --class-set takes one of the sets with "
            f"{found.channels} classes: {', '.join(sets)}."
        )


def _print_or_write(found: Found, place: Path | None) -> None:
    import tomli_w

    from gridsal_core.checkpoints.card import write_card

    if place is not None and found.problem:
        raise CheckpointError(
            f"No card is written, since the network does not open: {found.problem}"
        )
    values = found.card.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    print(tomli_w.dumps(values), end="")
    if place is not None:
        write_card(found.card, place)
        say(f"Written to {place.resolve()}.")


def _place(source: str, weights: Path | None, out: Path | None) -> Path:
    from gridsal_core.checkpoints.card import card_place

    if out is not None:
        return out
    beside = Path(source) if Path(source).exists() else weights
    if beside is None:
        raise OutputError(
            f"{source} is no file that a card could be written beside; say where with --out FILE."
        )
    return card_place(beside)


def _classes(text: str | None, set_name: str | None) -> list[dict[str, str]] | None:
    """Return names and colours as the card has them; None if only their number is given."""
    from gridsal_core.class_sets import CLASS_SETS
    from gridsal_core.palette import numbered_classes

    if set_name is not None:
        known = {name.casefold(): classes for name, classes in CLASS_SETS.items()}
        if set_name.casefold() not in known:
            raise SettingsError(
                f"There is no class set {set_name!r}; choose one of: {', '.join(CLASS_SETS)}."
            )
        infos = [(info.name, info.color) for info in known[set_name.casefold()]]
    elif text is None or text.isdecimal():
        return None
    else:
        names = _names(Path(text))
        colors = [info.color for info in numbered_classes(len(names))]
        infos = list(zip(names, colors, strict=True))
    return [{"name": name, "color": f"#{bytes(color).hex()}"} for name, color in infos]


def _names(path: Path) -> list[str]:
    if is_pipe(path):
        raise SettingsError(f"The classes {path} are a pipe; give a file, a name on each line.")
    try:
        names = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The classes {str(path)!r} are neither a number nor a file of names that can be read "
            f"({error}); give one of these."
        ) from error
    if not names:
        raise SettingsError(f"{path} names no class; write one name a line.")
    return names


def _numbers(option: str, text: str | None) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SettingsError(
            f"{option} {text!r} is not understood; give numbers with commas, as 0.5,0.5,0.5."
        ) from None


def _size(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    height, cross, width = text.lower().partition("x")
    if not (cross and height.isdecimal() and width.isdecimal()):
        raise SettingsError(f"--size {text!r} is not understood; give HEIGHTxWIDTH, as 512x512.")
    return int(height), int(width)


def _kind(activation: str | None) -> str | None:
    kinds = {"none": "logits", "softmax": "probabilities", "sigmoid": "probabilities"}
    if activation is None:
        return None
    if activation.lower() not in kinds:
        raise SettingsError(
            f"There is no activation {activation!r}; choose one of: {', '.join(kinds)}."
        )
    return kinds[activation.lower()]


def _element(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _without_none(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value != {}}
