"""The words of a figure: what was found, and what is needed to repeat it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gridsal_core.figure.lettering import one_line
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.reading import read_explanation
from gridsal_core.settings import Settings
from gridsal_core.types import Explanation
from gridsal_core.working_scale import size_told

_NO_BREAK: Final = "\N{NO-BREAK SPACE}"


def caption(explanation: Explanation) -> str:
    """Say what was found, with the score on the image, on the object alone and as perturbed."""
    scores = explanation.scores
    if explanation.settings.is_gradient:
        return (
            f"{read_explanation(explanation).headline} "
            f"Mean {explanation.settings.score} in the region: {scores.image:.3f} on the image."
        )
    return (
        f"{read_explanation(explanation).headline} "
        f"Mean {explanation.settings.score} in the region: {scores.image:.3f} on the image, "
        f"{scores.object_alone:.3f} on the object alone, {scores.perturbed:.3f} on the perturbed "
        f"image (residual {explanation.residual:.3f})."
    )


def settings_parts(explanation: Explanation) -> tuple[str, ...]:
    """Return what is needed to repeat the explanation, part by part."""
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
    return tuple(parts)


def settings_line(parts: Sequence[str]) -> str:
    """Join the parts so that lines break only between two of them."""
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
