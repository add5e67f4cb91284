"""What a figure looks like, as one value: checked when it is made, and kept in files as JSON."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeGuard, get_args

from gridsal_core.errors import SettingsError

FigureKind = Literal["single", "pair", "what-if", "methods", "sheet"]
PanelName = Literal[
    "image", "explanation", "segmentation", "label", "perturbed", "changed", "after"
]
ColorMap = Literal["red", "viridis", "cividis", "inferno", "magma", "plasma"]
CaptionKind = Literal["auto", "text", "none"]
Letters = Literal["none", "(a)", "a)", "A"]
Unit = Literal["mm", "px"]
ChangeKind = Literal["remove", "keep"]

KINDS: Final[tuple[FigureKind, ...]] = get_args(FigureKind)
PANELS: Final[tuple[PanelName, ...]] = get_args(PanelName)
COLOR_MAPS: Final[tuple[ColorMap, ...]] = get_args(ColorMap)
CAPTIONS: Final[tuple[CaptionKind, ...]] = get_args(CaptionKind)
LETTERS: Final[tuple[Letters, ...]] = get_args(Letters)
CHANGES: Final[tuple[ChangeKind, ...]] = get_args(ChangeKind)
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
FONTS: Final = ("DejaVu Sans", "DejaVu Serif", "STIXGeneral")
"""Typefaces that come with matplotlib, and so are there on every machine."""

KIND_PANELS: Final[dict[FigureKind, tuple[PanelName, ...]]] = {
    "single": ("explanation", "segmentation", "label", "perturbed"),
    "pair": ("segmentation", "label", "explanation"),
    "what-if": ("explanation", "segmentation", "changed", "after"),
    "methods": ("image", "explanation"),
    "sheet": ("explanation",),
}
"""The panels that each kind shows unless others are asked for."""

MOST_EXPLANATIONS: Final[dict[FigureKind, int]] = {
    "single": 1,
    "pair": 4,
    "what-if": 4,
    "methods": 60,
    "sheet": 60,
}

MM_PER_INCH: Final = 25.4
SIZES: Final[dict[Unit, tuple[float, float]]] = {"mm": (20, 2000), "px": (100, 16_000)}
DPI: Final = (36, 1200)
FONT_SIZES: Final = (4.0, 40.0)
CONTOUR_WIDTHS: Final = (0.0, 10.0)
MOST_COLUMNS: Final = 20
MOST_CAPTION: Final = 2000


@dataclass(frozen=True)
class FigureSpec:
    """Everything that decides how a figure looks, besides the explanations in it.

    Parameters
    ----------
    kind
        `single` (one explanation; figures 1 and 5 of the paper), `pair` (the correct against the
        erroneous part, or any two to four; figure 5), `what-if` (before and after a change of the
        context; figure 2), `methods` (one request by several methods; figure 3), or `sheet` (up to
        60 maps).
    width, height
        Of the page in `unit`; exact. None: as wide, or as high, as the parts need; a height needs
        a width. Without either every image pixel is a square of whole dots.
    unit
        `mm`, or `px` of which `dpi` make an inch.
    dpi
        Dots per inch of a PNG, 36 to 1200; of a page without width, at least.
    font, font_size
        Typeface, and size of the body in points, 4 to 40; titles are larger, small print smaller.
    titles, letters
        Whether panels have titles, and what numbers them.
    color_map, opacity
        `red` grows over the image with the saliency; the others are perceptually uniform, fit for
        colour-blind eyes, and lie over the greyed image at one opacity. In (0, 1].
    contour_color, contour_width
        Of the outline of the request: `#rrggbb`, and points, 0 (none) to 10.
    legend, color_bar
        Whether classes and scale are explained.
    caption, caption_text
        `auto` says what was found, `text` says `caption_text`, `none` leaves it out.
    small_print
        Whether the settings that repeat the figure are under it.
    panels
        What to show; None: what the kind shows. What an explanation lacks is left out only then.
    changes
        Of a what-if: what is done to the context, `remove`, `keep` it with the object alone, or
        both.
    columns
        Panels in a row, 1 to 20; None: as many as can be read.

    Raises
    ------
    SettingsError
        If a value is of another kind, unknown or out of its range.
    """

    kind: FigureKind = "single"
    width: float | None = None
    height: float | None = None
    unit: Unit = "mm"
    dpi: int = 200
    font: str = FONTS[0]
    font_size: float = 8.0
    titles: bool = True
    letters: Letters = "none"
    color_map: ColorMap = "red"
    opacity: float = 0.8
    contour_color: str = "#0052ff"
    contour_width: float = 1.3
    legend: bool = True
    color_bar: bool = True
    caption: CaptionKind = "auto"
    caption_text: str = ""
    small_print: bool = True
    panels: tuple[PanelName, ...] | None = None
    changes: tuple[ChangeKind, ...] = ("remove",)
    columns: int | None = None

    def __post_init__(self) -> None:
        _one_of("kind of figure", self.kind, KINDS)
        _one_of("unit", self.unit, UNITS)
        _one_of("colour map", self.color_map, COLOR_MAPS)
        _one_of("caption", self.caption, CAPTIONS)
        _one_of("lettering of the panels", self.letters, LETTERS)
        for name in ("width", "height"):
            if getattr(self, name) is not None:
                _in_range(f"figure's {name}", getattr(self, name), SIZES[self.unit], self.unit)
        if self.height is not None and self.width is None:
            raise SettingsError("A figure of a given height needs a width too; give both.")
        _whole("resolution", self.dpi, DPI, "dots per inch")
        _in_range("font size", self.font_size, FONT_SIZES, "points")
        _in_range("contour's width", self.contour_width, CONTOUR_WIDTHS, "points")
        if not (_is_number(self.opacity) and 0 < self.opacity <= 1):
            raise SettingsError(f"The opacity is {self.opacity}; give a number above 0, up to 1.")
        if self.columns is not None:
            _whole("number of columns", self.columns, (1, MOST_COLUMNS), "columns")
        self._check_words()
        self._check_panels()

    def _check_words(self) -> None:
        color = self.contour_color
        if not (isinstance(color, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", color)):
            raise SettingsError(
                f"The contour's colour {color!r} is not understood; write it as #0052ff."
            )
        if not (isinstance(self.font, str) and 0 < len(self.font) <= 100):
            raise SettingsError(f"The font {self.font!r} is no name; choose {_listed(FONTS)}.")
        text = self.caption_text
        if not (isinstance(text, str) and len(text) <= MOST_CAPTION):
            raise SettingsError(f"The caption is no text of at most {MOST_CAPTION:,} characters.")
        for name in ("titles", "legend", "color_bar", "small_print"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name} is {getattr(self, name)!r}; give true or false.")

    def _check_panels(self) -> None:
        if self.panels is not None:
            _list_of("panel", self.panels, PANELS)
        _list_of("change of the context", self.changes, CHANGES)

    @property
    def shown_panels(self) -> tuple[PanelName, ...]:
        """The panels to show, in their order."""
        return self.panels or KIND_PANELS[self.kind]

    @property
    def size_inches(self) -> tuple[float | None, float | None]:
        """(width, height) of the page in inches, as far as they are given."""
        per_inch = MM_PER_INCH if self.unit == "mm" else self.dpi
        width, height = (None if n is None else n / per_inch for n in (self.width, self.height))
        return width, height

    @property
    def asked_changes(self) -> tuple[ChangeKind, ...]:
        """What the network has to be asked before the figure can be drawn."""
        return self.changes if {"changed", "after"} & set(self.shown_panels) else ()

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        values = asdict(self)
        for name in ("panels", "changes"):
            values[name] = None if values[name] is None else list(values[name])
        return values

    @classmethod
    def from_dict(cls, values: object) -> FigureSpec:
        """Inverse of `to_dict`; what is left out gets its default.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is of another kind or out of its range.
        """
        if not isinstance(values, dict):
            raise SettingsError("This is no description of a figure; make one in the composer.")
        known = set(cls.__dataclass_fields__)
        if unknown := sorted(str(name) for name in set(values) - known):
            raise SettingsError(
                f"A figure has no {unknown[0]!r}; it has {', '.join(cls.__dataclass_fields__)}."
            )
        plain = dict(values)
        for name in ("panels", "changes"):
            if isinstance(plain.get(name), list):
                plain[name] = tuple(plain[name])
        return cls(**plain)


def parse_size(text: str) -> tuple[float | None, float | None, Unit]:
    """Read `180mm`, `180x120mm`, `1920px`, `1920x1080px` as (width, height or None, unit).

    Raises
    ------
    SettingsError
        If it is none of these.
    """
    number = r"(\d+(?:\.\d+)?)"
    found = re.fullmatch(rf"{number}(?:[x×]{number})?\s*(mm|px|cm)", text.strip().lower())
    if found is None:
        raise SettingsError(
            f"The size {text!r} is not understood; write it as 180mm, 180x120mm or 1920x1080px."
        )
    width, height, unit = found.groups()
    factor = 10 if unit == "cm" else 1
    return (
        factor * float(width),
        None if height is None else factor * float(height),
        "px" if unit == "px" else "mm",
    )


def _one_of(name: str, value: object, known: tuple[str, ...]) -> None:
    if not isinstance(value, str) or value not in known:
        raise SettingsError(f"The {name} {value!r} is unknown; choose {_listed(known)}.")


def _list_of(name: str, values: object, known: tuple[str, ...]) -> None:
    if not (isinstance(values, tuple) and values):
        raise SettingsError(f"The figure has no {name}; choose from {_listed(known)}.")
    for value in values:
        _one_of(name, value, known)
    if len(set(values)) < len(values):
        raise SettingsError(f"The {name} is listed twice; list each once.")


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _in_range(name: str, value: object, limits: tuple[float, float], unit: str) -> None:
    low, high = limits
    if not (_is_number(value) and low <= value <= high):
        raise SettingsError(f"The {name} is {value}; give {low:g} to {high:g} {unit}.")


def _whole(name: str, value: object, limits: tuple[int, int], unit: str) -> None:
    if not isinstance(value, int):
        raise SettingsError(f"The {name} {value!r} is no whole number of {unit}.")
    _in_range(name, value, limits, unit)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
