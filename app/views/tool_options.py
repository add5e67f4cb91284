"""What the tool in use can be set to, beside the tools: the size of a brush, a tolerance."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QSpinBox, QStackedWidget, QWidget

from app.tools.brush import MAX_SIZE, MIN_SIZE
from app.tools.smart import MAX_TOLERANCE, MIN_TOLERANCE
from app.views.forms import GAP, beside, hug

SIZED = ("brush", "eraser")


class ToolOptions(QStackedWidget):
    """One field at a time; they share a place, so that the tool bar keeps still."""

    def __init__(self) -> None:
        super().__init__()
        self.brush_size, self.tolerance = QSpinBox(), QSpinBox()
        self.brush_size.setRange(MIN_SIZE, MAX_SIZE)
        self.brush_size.setSuffix(" px")
        self.brush_size.setToolTip(
            f"Size of the brush and the eraser in image pixels, {MIN_SIZE} to {MAX_SIZE} ([ and ])"
        )
        self.tolerance.setRange(MIN_TOLERANCE, MAX_TOLERANCE)
        self.tolerance.setPrefix("ΔE ")
        self.tolerance.setToolTip(
            "How far a colour may be from the one where the drag begins, as a distance in CIELAB, "
            f"{MIN_TOLERANCE} to {MAX_TOLERANCE}: 2 can just be seen, 100 is black from white "
            "([ and ])"
        )
        self._sizes = self._add("Size", "Brush size", self.brush_size)
        self._tolerances = self._add("Tolerance", "Colour tolerance", self.tolerance)
        hug(self)

    def show_for(self, tool: str) -> None:
        """Show what the tool of that name can be set to; a size that means nothing is greyed."""
        self.setCurrentWidget(self._tolerances if tool == "smart" else self._sizes)
        self._sizes.setEnabled(tool in SIZED)

    def _add(self, text: str, name: str, field: QSpinBox) -> QWidget:
        label = QLabel(text)
        label.setBuddy(field)
        label.setToolTip(field.toolTip())
        label.setContentsMargins(GAP, 0, GAP // 2, 0)
        field.setAccessibleName(name)
        page = beside(label, field, stretch=(1,))
        self.addWidget(page)
        return page
