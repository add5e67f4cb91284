"""What a survey asks of an image: the four kinds of requests, and how large a region has to be."""

from __future__ import annotations

from typing import Final, Literal, get_args

from gridsal_core.errors import RequestError

RequestKind = Literal["predicted", "correct", "erroneous", "confusions"]
Section = Literal["predicted", "parts", "confusions"]

KINDS: Final[tuple[RequestKind, ...]] = get_args(RequestKind)
SECTIONS: Final[tuple[Section, ...]] = get_args(Section)
SECTION_OF: Final[dict[RequestKind, Section]] = {
    "predicted": "predicted",
    "correct": "parts",
    "erroneous": "parts",
    "confusions": "confusions",
}
SECTION_TITLES: Final[dict[Section, str]] = {
    "predicted": "Predicted segments",
    "parts": "Correct and erroneous parts of predicted segments",
    "confusions": "Intersections of a true and a predicted class",
}

# Of the paper's images of 1024 x 2048 pixels; other images need the same share of their area.
PAPER_AREA: Final = 1024 * 2048
PAPER_PIXELS: Final[dict[RequestKind, int]] = {
    "predicted": 10_000,
    "correct": 625,
    "erroneous": 625,
    "confusions": 625,
}


def parse_kinds(text: str) -> tuple[RequestKind, ...]:
    """Read one kind of requests, or several with commas, as in `predicted,confusions`.

    Raises
    ------
    RequestError
        If one is unknown.
    """
    words = [word.strip().lower() for word in text.split(",")]
    for word in words:
        if word not in KINDS:
            raise RequestError(
                f"The requests {word!r} are unknown; give {', '.join(KINDS)}, or several of them "
                "with commas."
            )
    return tuple(kind for kind in KINDS if kind in words)


def least_pixels(kind: RequestKind, size: tuple[int, int]) -> int:
    """Return how many pixels a region has to have in an image of this size (height, width).

    The paper's 10,000 (figure 6) and 625 (table 1) at 1024 x 2048, scaled with the image's area.
    """
    return max(1, round(PAPER_PIXELS[kind] * size[0] * size[1] / PAPER_AREA))
