"""The request: tools edit the region, undo takes it back, the class follows or is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QObject, QTimer

from app.controllers.region_edits import SAID_MS, RegionEditsController
from app.controllers.segments import NO_PREDICTION, SegmentsController
from app.main_window import MainWindow
from app.models.framing import is_whole
from app.models.region import RegionDocument
from app.models.session import Session
from app.settings import AppSettings
from app.tools.base import Combine, Tool
from app.tools.brush import BrushTool, EraserTool
from app.tools.outline import LassoTool, PolygonTool
from app.tools.pan import PanTool
from app.tools.pick import PickTool
from app.tools.rectangle import RectangleTool
from app.tools.smart import SmartTool
from app.views.legend_model import share_text
from gridsal_core.frames import Box
from gridsal_core.regions import polygon
from gridsal_core.segments import foreground_segment
from gridsal_core.smart_select import smart_select

# Longer than from one move of a brush to the next: it would be felt in the stroke.
TOLD_AFTER_MS = 120

Point = tuple[float, float]


class RequestController(QObject):
    """Owns the tools."""

    def __init__(self, window: MainWindow, session: Session, settings: AppSettings) -> None:
        super().__init__(window)
        self._window, self._session, self._settings = window, session, settings
        self._pick_first = False
        self._edits = RegionEditsController(window, session)
        self._segments = SegmentsController(window, session)
        self._tools = self._make_tools()
        # Counting pixels on every piece of a stroke would slow the brush on large images.
        self._teller = QTimer(self)
        self._teller.setSingleShot(True)
        self._teller.setInterval(TOLD_AFTER_MS)
        self._teller.timeout.connect(self._tell)
        for name in self._tools:
            window.action(name).triggered.connect(lambda _on=False, n=name: self.use_tool(n))
        window.brush_size.setValue(settings.brush_size)
        window.brush_size.valueChanged.connect(self._on_size_field)
        window.tool_options.tolerance.setValue(settings.smart_tolerance)
        window.tool_options.tolerance.valueChanged.connect(self._on_tolerance_field)
        window.request.class_chosen.connect(session.set_class)
        session.image_loaded.connect(self._tell)
        session.current_changed.connect(self._teller.start)
        session.current_changed.connect(self._edits.refresh)
        session.region_changed.connect(self._on_region)
        session.class_changed.connect(self._tell)
        session.label_changed.connect(self._tell)
        session.prediction_changed.connect(self._on_prediction)
        session.network_changed.connect(self._on_network)
        self.use_tool("pick")
        self._tell()

    @property
    def segments(self) -> SegmentsController:
        """Who makes segments and their parts the region."""
        return self._segments

    def pick_first_segment(self) -> None:
        """Pick a segment by itself once the next prediction is there: the demo starts so."""
        self._pick_first = True

    def pick_confusion(self, true_class: int, predicted: int) -> bool:
        """Make the largest part of a segment that is so confused the region; False if none is."""
        return self._segments.pick_confusion(true_class, predicted)

    def use_tool(self, name: str) -> None:
        """Give the left mouse button to a tool."""
        self._window.action(name).setChecked(True)
        self._window.canvas.set_tool(self._tools[name])
        self._window.tool_options.show_for(name)

    def _make_tools(self) -> dict[str, Tool]:
        return {
            "pick": PickTool(self._segments.pick, self._segments.pick_part),
            "brush": self._brush(BrushTool, "add"),
            "eraser": self._brush(EraserTool, "subtract"),
            "rectangle": RectangleTool(self._on_rectangle),
            "lasso": LassoTool(lambda points, how: self._on_outline(points, how, "Lasso")),
            "polygon": PolygonTool(
                lambda points, how: self._on_outline(points, how, "Polygon"),
                on_too_few=lambda: self._say("A polygon has three corners or more; click another."),
                pixel_size=lambda: 1 / self._window.canvas.zoom,
            ),
            "smart": SmartTool(
                self._on_smart,
                on_click=lambda: self._say("Drag a rectangle from the pixel to go by."),
                on_tolerance=self._change_tolerance,
            ),
            "pan": PanTool(self._window.canvas.pan_by),
        }

    def _brush(self, kind: type[BrushTool], how: Combine) -> BrushTool:
        return kind(
            "subtract" if how == "subtract" else "add",
            on_stroke_begin=self._on_stroke_begin,
            on_stroke=self._on_stroke,
            on_stroke_end=self._on_stroke_end,
            on_stroke_cancel=self._on_stroke_cancel,
            on_size=self._window.brush_size.setValue,
            size=self._settings.brush_size,
        )

    @property
    def _region(self) -> RegionDocument | None:
        return self._session.region

    def _on_rectangle(self, start: Point, end: Point, how: Combine) -> None:
        if self._region is not None:
            self._region.rectangle(start, end, how)

    def _on_outline(self, points: Sequence[Point], how: Combine, text: str) -> None:
        if self._region is None:
            return
        inside = polygon(points, self._region.mask.shape)
        if inside.any():
            self._region.combine(inside, how, "painted", text)
        else:
            self._say("The outline holds no pixel, nothing was changed; draw it larger.")

    def _on_smart(self, start: Point, end: Point, how: Combine) -> None:
        prediction, loaded, region = self._session.prediction, self._session.loaded, self._region
        if region is None or loaded is None:
            return
        if prediction is None:
            self._say(NO_PREDICTION)
            return
        tolerance = self._settings.smart_tolerance
        selected = smart_select(loaded.rgb, prediction.class_map, start, end, tolerance)
        region.combine(selected, how, "painted", "Smart select")
        self._say(f"Alike within ΔE {tolerance}: {np.count_nonzero(selected):,} pixels.")

    def _change_tolerance(self, by: int) -> None:
        field = self._window.tool_options.tolerance
        field.setValue(field.value() + by)

    def _on_tolerance_field(self, tolerance: int) -> None:
        self._settings.smart_tolerance = tolerance

    def _on_stroke_begin(self, how: Combine) -> None:
        if self._region is not None:
            self._region.begin_stroke(how)

    def _on_stroke(self, start: Point, end: Point, radius: float) -> None:
        if self._region is not None:
            self._region.stroke(start, end, radius)

    def _on_stroke_end(self) -> None:
        if self._region is not None:
            self._region.end_stroke()

    def _on_stroke_cancel(self) -> None:
        if self._region is not None:
            self._region.cancel_stroke()

    def _on_size_field(self, size: int) -> None:
        self._settings.brush_size = size
        for tool in self._tools.values():
            if isinstance(tool, BrushTool):
                tool.size = size
        self._window.canvas.refresh_cursor()

    def _on_region(self, box: Box) -> None:
        region = self._region
        if region is not None:
            self._window.canvas.set_region(region.mask, box)
        self._teller.start()

    def _on_network(self) -> None:
        network = self._session.network
        self._window.request.set_classes(network.classes if network is not None else ())
        self._tell()

    def _on_prediction(self) -> None:
        prediction, region = self._session.prediction, self._region
        if prediction is not None and region is not None and self._pick_first:
            self._pick_first = False
            if region.is_empty:
                segment, _ = foreground_segment(prediction.class_map)
                region.replace_with(segment, "predicted segment", "Pick segment")
        self._tell()

    def _say(self, sentence: str) -> None:
        self._window.status.showMessage(sentence, SAID_MS)

    def _tell(self) -> None:
        self._edits.refresh()
        self._window.request.set_region(self._describe())
        network, predicted = self._session.network, self._session.predicted_class
        name = network.classes[predicted].name if network and predicted is not None else ""
        item = self._session.item
        self._window.request.set_class(None if item is None else item.class_index, name)

    def _describe(self) -> str:
        region = self._region
        if region is None or region.is_empty:
            return ""
        count = region.pixel_count
        share = share_text(count / region.mask.size)
        loaded = self._session.loaded
        is_part = loaded is not None and not is_whole(loaded.frame)
        where = "crop window" if is_part else "image"
        text = f"{count:,} pixels, {share} of the {where} · {region.origin}"
        return text + self._describe_error()

    def _describe_error(self) -> str:
        """Say what an erroneous part truly is, and what it was taken for."""
        network, true = self._session.network, self._session.true_class
        predicted = self._session.predicted_class
        if network is None or true is None or predicted is None:
            return ""
        names = [network.classes[index].name for index in (true, predicted)]
        return f": truly {names[0]}, predicted {names[1]}"
