"""What is in a figure of each kind: panels with titles, classes, caption and small print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from gridsal_core.arrays import BoolArray, ByteArray, IndexArray
from gridsal_core.errors import RequestError
from gridsal_core.figure.exhibit import Change, Exhibit
from gridsal_core.figure.lettering import one_line
from gridsal_core.figure.pictures import FLIPPED, UNLABELLED, hatching, in_colors, with_saliency
from gridsal_core.figure.spec import MOST_EXPLANATIONS, FigureSpec, PanelName
from gridsal_core.figure.titles import titles_of
from gridsal_core.figure.words import settings_line
from gridsal_core.types import ClassInfo

_SHARED: Final[tuple[PanelName, ...]] = ("image", "segmentation", "label")
_MOST_TOLD: Final = 4
_CHANGED: Final = {
    "keep": "Object and salient context",
    "remove": "Without the salient context",
    "painted": "Without the painted context",
}
_TITLES: Final[dict[PanelName, str]] = {
    "image": "Image",
    "segmentation": "Segmentation",
    "label": "Ground truth",
    "perturbed": "Perturbed image",
    "after": "Segmentation after",
}


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture: its title, its (H, W, 3) pixels, and the (H, W) region outlined in it."""

    title: str
    pixels: ByteArray
    region: BoolArray


@dataclass(frozen=True, eq=False)
class Content:
    """All that a figure says.

    Parameters
    ----------
    panels
        In reading order.
    columns
        Panels that belong into one row, where the kind asks for it.
    classes
        For the legend; empty where no panel shows classes.
    has_scale
        Whether a panel shows a map.
    caption, small_print
        Empty where there is none.
    """

    panels: tuple[Panel, ...]
    columns: int | None
    classes: tuple[ClassInfo, ...]
    has_scale: bool
    caption: str
    small_print: str


def content_of(spec: FigureSpec, exhibits: Sequence[Exhibit]) -> Content:
    """Fill a figure.

    Raises
    ------
    RequestError
        If there are too few or too many explanations for its kind, or what a panel shows is not
        known of one of them.
    """
    _check_count(spec, len(exhibits))
    titles = titles_of(exhibits, spec.kind)
    scenes = _scenes(exhibits) if spec.kind in ("pair", "methods") else [[e] for e in exhibits]
    rows = [list(_scene_panels(spec, scene, titles, len(exhibits))) for scene in scenes]
    if not any(rows):
        raise RequestError("None of the chosen panels can be drawn; choose others.")
    lengths = {len(row) for row in rows}
    is_table = len(rows) > 1 and lengths != {1} and len(lengths) == 1
    panels = [panel for row in (_headed(rows) if is_table else rows) for panel in row]
    lettered = tuple(
        replace(panel, title=_lettered(spec, index, panel.title))
        for index, panel in enumerate(panels)
    )
    return Content(
        panels=lettered,
        columns=lengths.pop() if is_table else None,
        classes=_classes_shown(spec, exhibits) if spec.legend else (),
        has_scale=spec.color_bar and "explanation" in spec.shown_panels,
        caption=_caption(spec, exhibits, titles),
        small_print=_small_print(exhibits, titles) if spec.small_print else "",
    )


def _headed(rows: list[list[Panel]]) -> Iterator[list[Panel]]:
    """Let titles that stand above a column already stand there only."""
    yield rows[0]
    for row in rows[1:]:
        yield [
            replace(panel, title="" if panel.title == head.title else panel.title)
            for panel, head in zip(row, rows[0], strict=True)
        ]


def _check_count(spec: FigureSpec, count: int) -> None:
    most = MOST_EXPLANATIONS[spec.kind]
    if count == 0:
        raise RequestError("There is no explanation to draw; choose at least one.")
    if count > most:
        many = "one explanation" if most == 1 else f"at most {most} explanations"
        raise RequestError(
            f"A figure of the kind {spec.kind} holds {many}, not {count}; "
            "choose fewer, or another kind."
        )
    if spec.kind == "pair" and count < 2:
        raise RequestError("A pair needs at least two explanations; choose another one besides.")


def _scenes(exhibits: Sequence[Exhibit]) -> list[list[Exhibit]]:
    """Put those of the same pixels together, in the order in which they come."""
    scenes: list[list[Exhibit]] = []
    for exhibit in exhibits:
        for scene in scenes:
            if scene[0].shares_scene(exhibit):
                scene.append(exhibit)
                break
        else:
            scenes.append([exhibit])
    return scenes


def _scene_panels(
    spec: FigureSpec, scene: list[Exhibit], titles: dict[Exhibit, str], count: int
) -> Iterator[Panel]:
    for name in spec.shown_panels:
        shown = scene[:1] if name in _SHARED else scene
        for exhibit in shown:
            region = exhibit.region
            if name in _SHARED:
                region = np.logical_or.reduce([each.region for each in scene])
            for title, pixels in _PAINTERS[name](spec, exhibit):
                named = _named(spec, name, title, exhibit, titles, count)
                yield Panel(named, pixels, region)


def _named(
    spec: FigureSpec,
    name: PanelName,
    title: str,
    exhibit: Exhibit,
    titles: dict[Exhibit, str],
    count: int,
) -> str:
    """Return the title of a panel: what it shows, and of several explanations of which."""
    if not spec.titles:
        return ""
    if count == 1:
        return title
    if name == "explanation":
        return titles[exhibit]
    several_images = len({e.image_name for e in titles}) > 1
    if name in _SHARED:
        return f"{title}, {exhibit.image_name}" if several_images and exhibit.image_name else title
    return f"{title}: {titles[exhibit]}"


Painted = Iterator[tuple[str, ByteArray]]


def _paint_image(_spec: FigureSpec, exhibit: Exhibit) -> Painted:
    yield _TITLES["image"], exhibit.image


def _paint_explanation(spec: FigureSpec, exhibit: Exhibit) -> Painted:
    plain = exhibit.region if exhibit.settings.form == "context" else None
    yield (
        "Explanation" if spec.kind == "what-if" else exhibit.method_title,
        with_saliency(exhibit.image, exhibit.saliency, spec.color_map, spec.opacity, plain),
    )


def _paint_segmentation(spec: FigureSpec, exhibit: Exhibit) -> Painted:
    title = "Segmentation before" if spec.kind == "what-if" else _TITLES["segmentation"]
    yield title, in_colors(exhibit.class_map, exhibit.classes)


def _paint_label(spec: FigureSpec, exhibit: Exhibit) -> Painted:
    if exhibit.label is not None:
        yield _TITLES["label"], in_colors(exhibit.label, exhibit.classes)
    elif spec.panels is not None:
        raise RequestError(
            f"There is no label map of {exhibit.image_name or 'this image'}; leave its panel out."
        )


def _paint_perturbed(spec: FigureSpec, exhibit: Exhibit) -> Painted:
    if exhibit.perturbed is not None:
        yield _TITLES["perturbed"], exhibit.perturbed
    elif spec.panels is not None:
        raise RequestError(
            "The perturbed image is not known, since a data file does not hold it; "
            "leave its panel out, or use a session."
        )


def _paint_changed(_spec: FigureSpec, exhibit: Exhibit) -> Painted:
    for change in _changes(exhibit):
        yield _CHANGED[change.kind], change.image


def _paint_after(_spec: FigureSpec, exhibit: Exhibit) -> Painted:
    changes = _changes(exhibit)
    for change in changes:
        pixels = in_colors(change.class_map, exhibit.classes)
        pixels[hatching(change.flipped)] = FLIPPED
        title = _TITLES["after"]
        yield title if len(changes) == 1 else f"{title}: {change.kind}", pixels


_PAINTERS: Final[dict[PanelName, Callable[[FigureSpec, Exhibit], Painted]]] = {
    "image": _paint_image,
    "explanation": _paint_explanation,
    "segmentation": _paint_segmentation,
    "label": _paint_label,
    "perturbed": _paint_perturbed,
    "changed": _paint_changed,
    "after": _paint_after,
}


def _changes(exhibit: Exhibit) -> tuple[Change, ...]:
    if not exhibit.changes:
        raise RequestError(
            "What the network says of the changed image is not known; "
            "open the network that was explained, so that it can be asked."
        )
    return exhibit.changes


def _lettered(spec: FigureSpec, index: int, title: str) -> str:
    if spec.letters == "none":
        return title
    letter = "abcdefghijklmnopqrstuvwxyz"[index % 26] * (index // 26 + 1)
    shown = {"(a)": f"({letter})", "a)": f"{letter})", "A": letter.upper()}[spec.letters]
    return f"{shown} {title}".strip()


def _classes_shown(spec: FigureSpec, exhibits: Sequence[Exhibit]) -> tuple[ClassInfo, ...]:
    """Return the classes that appear in any panel, in the order of the networks."""
    found: dict[ClassInfo, None] = {}
    for exhibit in exhibits:
        known = (*exhibit.classes, UNLABELLED)
        indices = {
            min(index, len(known) - 1)
            for class_map in _class_maps(spec, exhibit)
            for index in np.unique(class_map).tolist()
        }
        found |= dict.fromkeys(known[index] for index in sorted(indices))
    return tuple(found)


def _class_maps(spec: FigureSpec, exhibit: Exhibit) -> Iterator[IndexArray]:
    if "segmentation" in spec.shown_panels:
        yield exhibit.class_map
    if "label" in spec.shown_panels and exhibit.label is not None:
        yield exhibit.label
    if "after" in spec.shown_panels:
        yield from (change.class_map for change in exhibit.changes)


def _caption(spec: FigureSpec, exhibits: Sequence[Exhibit], titles: dict[Exhibit, str]) -> str:
    if spec.caption != "auto":
        lines = spec.caption_text.strip().splitlines() if spec.caption == "text" else []
        return "\n".join(one_line(line) for line in lines)
    if "after" in spec.shown_panels:
        sentences = [f"{change.told} Hatched: flipped." for e in exhibits for change in e.changes]
        return " ".join(sentences)
    if len(exhibits) == 1:
        return f"{exhibits[0].class_name}: {exhibits[0].told}"
    if len(exhibits) > _MOST_TOLD:
        networks = ", ".join(dict.fromkeys(exhibit.network for exhibit in exhibits))
        return f"{len(exhibits)} explanations of {networks}, all on the scale from 0 to 1."
    return " ".join(f"{_capital(titles[e])}: {e.told}" for e in exhibits)


def _small_print(exhibits: Sequence[Exhibit], titles: dict[Exhibit, str]) -> str:
    """Say once what all have in common, and then of each what it has besides."""
    first = exhibits[0].parts
    common = [part for part in first if all(part in exhibit.parts for exhibit in exhibits)]
    if len(exhibits) == 1 or len(exhibits) > _MOST_TOLD:
        return settings_line(common)
    own = [
        f"{_capital(titles[e])}: {settings_line([p for p in e.parts if p not in common])}"
        for e in exhibits
        if len(e.parts) > len(common)
    ]
    return ". ".join([settings_line(common), *own])


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
