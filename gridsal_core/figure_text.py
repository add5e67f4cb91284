"""The words of a figure: caption and settings, measured and broken into lines."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gridsal_core.methods import METHOD_INFOS
from gridsal_core.reading import read_explanation
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation
from gridsal_core.working_scale import size_told

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

_NO_BREAK = "\N{NO-BREAK SPACE}"


def caption(explanation: Explanation) -> str:
    """Say what was found, with the score on the image, on the object alone and as perturbed."""
    scores = explanation.scores
    if explanation.settings.is_gradient:
        return (
            f"{one_line(explanation.class_name)}: {read_explanation(explanation).headline} "
            f"Mean {explanation.settings.score} in the region: {scores.image:.3f} on the image."
        )
    return (
        f"{one_line(explanation.class_name)}: {read_explanation(explanation).headline} "
        f"Mean {explanation.settings.score} in the region: {scores.image:.3f} on the image, "
        f"{scores.object_alone:.3f} on the object alone, {scores.perturbed:.3f} on the perturbed "
        f"image (residual {explanation.residual:.3f})."
    )


def settings_line(explanation: Explanation) -> str:
    """Return what is needed to repeat the explanation; lines break only between two settings."""
    settings = explanation.settings
    parts = [
        f"{settings.method} method",
        f"mask {settings.mask_size[0]}x{settings.mask_size[1]}",
        *(_of_gradients(explanation) if settings.is_gradient else _of_optimisation(explanation)),
        f"perturbation {settings.perturbation}",
        f"region: {explanation.request.origin}",
        f"network {one_line(explanation.provenance.network)}",
    ]
    if explanation.provenance.checkpoint_sha256:
        parts.append(f"weights {explanation.provenance.checkpoint_sha256[:8]}")
    if explanation.request.image_path is not None:
        page = f" page {explanation.request.page + 1}" if explanation.request.page else ""
        parts.append(f"image {one_line(explanation.request.image_path.name)}{page}")
    if size := size_told(explanation.request.frame):
        parts.append(size)
    parts += [one_line(note).rstrip(".") for note in explanation.notes]
    return " · ".join(parts).replace(" ", _NO_BREAK).replace(f"·{_NO_BREAK}", "· ")


def _of_optimisation(explanation: Explanation) -> list[str]:
    settings = explanation.settings
    init = f"{explanation.init:g}" + (" (auto)" if settings.init == "auto" else "")
    parts = [
        f"λ {settings.lam:g}",
        _taken(explanation, "steps"),
        f"learning rate {settings.learning_rate:g}",
        f"momentum {settings.momentum:g}",
        f"initial value {init}",
    ]
    beyond = [f"{name.replace('_', ' ')} {_value(settings, name)}" for name in settings.deviations]
    return [*parts, *([f"beyond the paper: {', '.join(beyond)}"] if beyond else [])]


def _of_gradients(explanation: Explanation) -> list[str]:
    settings = explanation.settings
    kind = METHOD_INFOS[settings.method].gradient
    parts = [] if kind == "vanilla" else [_taken(explanation, "gradients")]
    if kind == "smooth":
        parts += [f"noise {settings.noise:g}", f"seed {settings.seed}"]
    if kind == "integrated" and settings.times_input:
        parts.append("times the image")
    parts += ["absolute" if settings.absolute else "signed"]
    return [*parts, "scaled by the maximum" if settings.scaled else "unscaled"]


def _taken(explanation: Explanation, unit: str) -> str:
    planned = f"{explanation.settings.planned} {unit}"
    if explanation.converged_at is not None:
        return f"converged after {explanation.converged_at} of {planned}"
    return f"stopped after {explanation.steps} of {planned}" if explanation.stopped else planned


def _value(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return "on" if value is True else f"{value:g}"


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space, and only what can be drawn.

    A file's name may hold bytes that are no text; each becomes a question mark.
    """
    return " ".join(text.encode("utf-8", "replace").decode().split())


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Return the width in inches of one line in points `size`."""
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(text, font(size, bold), ismath=False)
    return float(width) / 72


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Break a text into lines of at most `width` inches; a longer word is shortened."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(shortened(word, size, width))
    return lines


def shortened(text: str, size: float, width: float) -> str:
    """Return the text, cut with an ellipsis if it is wider than `width` inches."""
    if text_width(text, size) <= width:
        return text
    kept = text
    while kept and text_width(f"{kept}…", size) > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


@cache
def font(size: float, bold: bool = False) -> FontProperties:
    """Return the typeface that comes with matplotlib, so that figures look alike everywhere."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
