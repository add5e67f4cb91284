"""What kept results are called where several of them are seen, and what tells them apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from gridsal_core.methods import METHOD_INFOS
from gridsal_core.session.kept import KeptResult
from gridsal_core.settings import Settings
from gridsal_core.working_scale import size_told

ALIKE: Final = "same request and settings"

_SETTING_NAMES: Final = {
    "lam": "λ",
    "init": "start",
    "perturbation": "removed with",
    "times_input": "times the image",
}


def image_name(result: KeptResult) -> str:
    """Name the image, and the page if it is not the first."""
    if result.image_path is None:
        return "image"
    page = f", page {result.page + 1}" if result.page else ""
    return result.image_path.name + page


@dataclass(frozen=True)
class Choice:
    """A kept result that can be chosen: what it is called where there is little room, and in full.

    Parameters
    ----------
    identity
        Of the result.
    name
        Its number in the session, and the class.
    title
        Besides that its part, image and method.
    """

    identity: str
    name: str
    title: str


def choice(number: int, result: KeptResult) -> Choice:
    """Name a result in a list; numbers count from 1."""
    name = f"{number} · {result.class_info.name}"
    method = METHOD_INFOS[result.settings.method].title
    title = " · ".join((name, result.origin, image_name(result), method))
    return Choice(result.identity, name, title)


def in_common(results: Sequence[KeptResult]) -> str:
    """Say which class, image and network all of these are of, as far as that is one."""
    aspects = (lambda result: result.class_info.name, image_name, lambda result: result.network)
    values = [{aspect(result) for result in results} for aspect in aspects]
    return " · ".join(value for found in values if len(found) == 1 for value in found)


def told_apart(results: Sequence[KeptResult]) -> tuple[str, ...]:
    """Say for each result what of it is another than of some other one here.

    One alone is told in full: nothing is known to be common.
    """
    aspects = [*_ASPECTS, *_setting_aspects(results)]
    told: list[list[str]] = [[] for _ in results]
    for aspect in aspects:
        values = [aspect(result) for result in results]
        if len(results) == 1 or len(set(values)) > 1:
            for parts, value in zip(told, values, strict=True):
                if value:
                    parts.append(value)
    if len(results) > 1 and not any(told):
        return (ALIKE,) * len(results)
    return tuple(" · ".join(parts) for parts in told)


def _origin(result: KeptResult) -> str:
    return f"{result.origin}, {result.region_pixels:,} px"


def _network(result: KeptResult) -> str:
    return f"{result.network} {result.network_sha256[:6]}"


def _scale(result: KeptResult) -> str:
    return size_told(result.frame)


_ASPECTS: Final[tuple[Callable[[KeptResult], str], ...]] = (
    lambda result: result.class_info.name,
    _origin,
    image_name,
    _scale,
    _network,
)


def _setting_aspects(results: Sequence[KeptResult]) -> list[Callable[[KeptResult], str]]:
    """Return what tells the settings that differ; of one alone the method, λ and mask size."""
    names = [
        each.name
        for each in fields(Settings)
        if len({getattr(result.settings, each.name) for result in results}) > 1
    ]
    if len(results) == 1:
        names = ["method", "lam", "mask_size"]

    def aspect(name: str) -> Callable[[KeptResult], str]:
        return lambda result: setting_told(result.settings, name)

    return [aspect(name) for name in names]


def setting_told(settings: Settings, name: str) -> str:
    """Write one setting as the panel of settings calls it; empty where the method has none."""
    value = getattr(settings, name)
    if name == "method":
        return METHOD_INFOS[settings.method].title
    if name in ("lam", "steps", "learning_rate", "momentum", "init") and settings.is_gradient:
        return ""
    if name == "mask_size":
        return f"mask {value[0]} × {value[1]}"
    title = _SETTING_NAMES.get(name, name.replace("_", " "))
    if isinstance(value, bool):
        return f"{title} {'on' if value else 'off'}"
    return f"{title} {value:g}" if isinstance(value, float) else f"{title} {value}"
