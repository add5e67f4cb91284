"""The eleven classes of the toy data set, with their colours."""

from typing import Final

CLASS_NAMES: Final = ("background", *(f"digit {digit}" for digit in range(10)))

# Paul Tol's "muted" scheme, safe for colour-blind eyes, over black.
CLASS_COLORS: Final = (
    "#000000",
    "#332288",
    "#117733",
    "#44aa99",
    "#88ccee",
    "#ddcc77",
    "#999933",
    "#cc6677",
    "#882255",
    "#aa4499",
    "#dddddd",
)
