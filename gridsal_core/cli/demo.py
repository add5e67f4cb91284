"""`gridsal demo`: the embedded demo, in the window or, where there is no display, headless."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Protocol

import typer

from gridsal_core.cli.progress import say
from gridsal_core.demo import Demo, find_demo


class OpenWindow(Protocol):
    """Opens the window and returns when it was closed."""

    def __call__(
        self, model: str | Path | None, images: Path | None, session: Path | None = None
    ) -> int: ...


def command(open_window: OpenWindow | None) -> Callable[..., None]:
    """Make the command; `open_window` is None where there is no display to open it on."""

    def demo(
        headless: Annotated[
            bool, typer.Option("--headless", help="Do it without a window.")
        ] = False,
        out: Annotated[
            Path, typer.Option(help="Folder for the headless demo's figure and data.")
        ] = Path("out"),
    ) -> None:
        """Open the embedded demo; with no display, explain one of its segments headless."""
        found = find_demo()
        if open_window is not None and not headless:
            raise typer.Exit(open_window(found.model, found.images))
        if not headless:
            say("No display was found, so the demo runs without a window.")
        _explain_first(found, out)

    return demo


def _explain_first(demo: Demo, out: Path) -> None:
    from gridsal_core.atomic import make_folder
    from gridsal_core.checkpoints import load_network
    from gridsal_core.cli.job import Outputs, compute, summary
    from gridsal_core.datasets.folder import list_images
    from gridsal_core.images import read_image
    from gridsal_core.segments import foreground_segment
    from gridsal_core.settings import suggest_settings
    from gridsal_core.types import Request

    make_folder(out)
    image = list_images(demo.images)[0]
    outputs = Outputs(out / f"{image.stem}.npz", out / f"{image.stem}.png")
    outputs.check()
    say(f"Opening the demo network and {image.name}.")
    network = load_network(demo.model)
    pixels = read_image(image, network.card.input.channels)
    region, index = foreground_segment(network.predict(pixels).class_map)
    request = Request(pixels, region, index, "predicted segment", image)
    height, width = region.shape
    settings = suggest_settings(height, width, network.card.explain)
    explanation = compute(network, request, settings, quiet=False)
    written = outputs.write(explanation)
    print(summary(explanation))
    for path in written:
        print(path.resolve())
