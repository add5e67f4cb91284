"""The methods that make a map, by name: what the settings, the command line and the window list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Method = Literal[
    "context",
    "grid",
    "vg-context",
    "vg-grid",
    "sg-context",
    "sg-grid",
    "ig-context",
    "ig-grid",
]
Form = Literal["context", "grid"]
Family = Literal["perturbation", "gradient"]
Gradient = Literal["vanilla", "smooth", "integrated"]


@dataclass(frozen=True)
class MethodInfo:
    """What is known of a method without running it.

    Parameters
    ----------
    title
        Its name in the paper.
    family
        `perturbation` optimises a mask (eq. 2 and 3), `gradient` takes the mean of gradients
        (eq. 4 and 5).
    form
        Of a `context` map the region is no part; a `grid` map covers the whole image.
    gradient
        Which gradients are averaged; None for the perturbation family.
    """

    title: str
    family: Family
    form: Form
    gradient: Gradient | None = None


METHOD_INFOS: Final[dict[Method, MethodInfo]] = {
    "context": MethodInfo("Context explanation", "perturbation", "context"),
    "grid": MethodInfo("Grid saliency", "perturbation", "grid"),
    "vg-context": MethodInfo("Vanilla Gradient, context", "gradient", "context", "vanilla"),
    "vg-grid": MethodInfo("Vanilla Gradient, grid", "gradient", "grid", "vanilla"),
    "sg-context": MethodInfo("SmoothGrad, context", "gradient", "context", "smooth"),
    "sg-grid": MethodInfo("SmoothGrad, grid", "gradient", "grid", "smooth"),
    "ig-context": MethodInfo("Integrated Gradients, context", "gradient", "context", "integrated"),
    "ig-grid": MethodInfo("Integrated Gradients, grid", "gradient", "grid", "integrated"),
}
METHODS: Final[tuple[Method, ...]] = tuple(METHOD_INFOS)
