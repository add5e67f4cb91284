"""Type: measured, broken into lines and shortened, so that no word is cut or lies over another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Literal

from gridsal_core.errors import SettingsError
from gridsal_core.figure.spec import FONTS

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

Role = Literal["title", "body", "small"]

# Of the size of the body.
_SIZES: Final[dict[Role, float]] = {"title": 9.5 / 8, "body": 1.0, "small": 6.5 / 8}
LEADING: Final = 1.4


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space, and only what can be drawn.

    A file's name may hold bytes that are no text; each becomes a question mark.
    """
    return " ".join(text.encode("utf-8", "replace").decode().split())


@dataclass(frozen=True)
class Lettering:
    """The typeface of a figure, and its sizes; lengths are in inches.

    Raises
    ------
    SettingsError
        If the typeface is not installed.
    """

    family: str
    body: float

    def __post_init__(self) -> None:
        _check_family(self.family)

    def points(self, role: Role) -> float:
        """Return the size of the type in points."""
        return self.body * _SIZES[role]

    def leading(self, role: Role) -> float:
        """Return the height of a line."""
        return LEADING * self.points(role) / 72

    def font(self, role: Role) -> FontProperties:
        """Return the type as matplotlib takes it; titles are bold."""
        return _font(self.family, self.points(role), role == "title")

    def width(self, text: str, role: Role) -> float:
        """Return the width of one line."""
        return _width(text, self.family, self.points(role), role == "title")

    def wrapped(self, text: str, role: Role, width: float) -> list[str]:
        """Break a text into lines of at most `width`; a longer word is shortened."""
        lines: list[str] = []
        for word in text.split(" "):
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, role) <= width:
                lines[-1] = longer
            else:
                lines.append(self.shortened(word, role, width))
        return lines

    def shortened(self, text: str, role: Role, width: float) -> str:
        """Return the text, cut with an ellipsis if it is wider than `width`."""
        if self.width(text, role) <= width:
            return text
        kept = text
        while kept and self.width(f"{kept}…", role) > width:
            kept = kept[:-1]
        return f"{kept.rstrip()}…"


@cache
def _check_family(family: str) -> None:
    from matplotlib.font_manager import FontProperties, findfont

    try:
        findfont(FontProperties(family=family), fallback_to_default=False)
    except ValueError:
        raise SettingsError(
            f"The font {family!r} is not installed here; choose {', '.join(FONTS[:-1])} or "
            f"{FONTS[-1]}, which come along."
        ) from None


@lru_cache(maxsize=256)
def _font(family: str, points: float, bold: bool) -> FontProperties:
    from matplotlib.font_manager import FontProperties

    # Signs that the typeface lacks are taken from the one that comes with matplotlib.
    families = list(dict.fromkeys((family, FONTS[0])))
    return FontProperties(family=families, size=points, weight="bold" if bold else "normal")


@lru_cache(maxsize=8192)
def _width(text: str, family: str, points: float, bold: bool) -> float:
    from matplotlib.textpath import text_to_path

    width, _, _ = text_to_path.get_text_width_height_descent(
        text, _font(family, points, bold), ismath=False
    )
    return float(width) / 72
