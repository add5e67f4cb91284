"""What the canvas, the legend and the result panel show of the session."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from app.actions import allow
from app.actions.reasons import NO_RESULT
from app.controllers.runs import RunController
from app.main_window import MainWindow
from app.models.framing import full_pixel
from app.models.picture import to_rgb8
from app.models.session import Session
from app.workers.tiles import TileLoader
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.reading import read_explanation
from gridsal_core.types import Explanation


class DisplayController(QObject):
    """Keeps the views true to the session."""

    def __init__(self, window: MainWindow, session: Session, runs: RunController) -> None:
        super().__init__(window)
        self._window, self._session, self._runs = window, session, runs
        self._tiles = TileLoader(self)
        self._tiles.failed.connect(lambda sentence: window.status.showMessage(sentence, 10000))
        window.closing.connect(self._tiles.shut_down)
        canvas = window.canvas
        canvas.hovered.connect(self._on_hover)
        canvas.left.connect(lambda: window.status.set_pixel(""))
        canvas.zoom_changed.connect(self._on_zoom)
        window.layers.visible_changed.connect(canvas.set_layer_visible)
        window.layers.opacity_changed.connect(self._on_opacity)
        window.legend.class_visible_changed.connect(canvas.set_class_visible)
        window.legend.class_activated.connect(session.set_class)
        for name in window.layers.boxes:
            action = window.action(f"toggle_{name}")
            action.triggered.connect(lambda _on=False, n=name: window.layers.toggle(n))
        for name, act in (
            ("zoom_in", lambda: canvas.zoom_by(1.25)),
            ("zoom_out", lambda: canvas.zoom_by(0.8)),
            ("fit", canvas.fit),
            ("actual", lambda: canvas.set_image_zoom(1.0)),
        ):
            window.action(name).triggered.connect(act)
        session.current_changed.connect(self._on_current)
        session.image_loaded.connect(self._on_image)
        session.network_changed.connect(self._on_network)
        session.prediction_changed.connect(self._on_prediction)
        session.result_changed.connect(self._on_result)
        session.region_changed.connect(self._show_outdated)
        session.class_changed.connect(self._show_outdated)
        self._show_result()

    def _on_current(self) -> None:
        if self._session.current is not None:
            self._window.canvas.set_hint("Reading the image…", self._session.current.name)
        self._window.status.set_pixel("")
        # Those of the last image would stand beside the next one until it is predicted.
        self._window.legend.set_shares(None)

    def _on_image(self) -> None:
        loaded, region = self._session.loaded, self._session.region
        if loaded is None or region is None:
            return
        picture = loaded.picture
        self._tiles.use(picture if picture.has_details else None)
        tiles = self._tiles if picture.has_details else None
        self._window.canvas.set_picture(picture.levels, loaded.frame, tiles)
        self._on_zoom()
        self._window.canvas.set_region(region.mask)
        self._show_result()
        # Red over class colours reads badly: the map has the image to itself where there is one.
        boxes, has_result = self._window.layers.boxes, self._session.result_identity is not None
        others = [boxes["errors"], boxes["labels"]]
        if has_result:
            for box in others:
                box.setChecked(False)
        is_covered = any(box.isChecked() for box in others)
        boxes["prediction"].setChecked(not has_result and not is_covered)

    def _on_network(self) -> None:
        network = self._session.network
        self._window.legend.set_classes(network.classes if network is not None else ())
        self._show_result()

    def _on_prediction(self) -> None:
        prediction, network = self._session.prediction, self._session.network
        if prediction is None or network is None:
            self._window.canvas.set_prediction(None, ())
            self._window.legend.set_shares(None)
            return
        self._window.canvas.set_prediction(prediction.class_map, network.classes)
        counts = np.bincount(prediction.class_map.ravel(), minlength=len(network.classes))
        shares = (counts / prediction.class_map.size).astype(np.float32)
        self._window.legend.set_shares(shares)

    def _on_result(self, image: object) -> None:
        if image == self._session.current and not self._runs.is_shown:
            self._show_result()
            column = self._window.explain_column
            # Who is at the settings already keeps them in sight.
            if not self._window.settings.isAncestorOf(QApplication.focusWidget() or column):
                column.reveal(self._window.result, self._window.result.verdict)

    def _show_result(self) -> None:
        window, result = self._window, self._session.result
        window.layers.set_has_result(result is not None)
        for name in ("export_figure", "copy_figure", "toggle_perturbed"):
            allow(window.action(name), "" if result is not None else NO_RESULT)
        if result is None:
            window.result.set_result(None, None)
            window.canvas.set_perturbed(None)
            window.canvas.set_heat(None)
            window.plot.clear()
        else:
            self._show_explanation(result)
        if self._runs.show_run():
            window.result.set_result(None, None)

    def _show_explanation(self, result: Explanation) -> None:
        window = self._window
        window.canvas.set_heat_label(METHOD_INFOS[result.settings.method].title)
        window.canvas.set_heat(result.saliency)
        window.canvas.set_perturbed(to_rgb8(result.perturbed))
        window.result.set_result(
            read_explanation(result), result.scores, result.settings.is_gradient
        )
        window.plot.set_curves(result.losses, result.score_history, result.settings.planned)
        window.plot.set_target(result.scores.image)
        self._show_outdated()

    def _show_outdated(self) -> None:
        """Say so when the map on the canvas does not belong to the region any more."""
        result, region = self._session.result, self._session.region
        if result is None or region is None:
            return
        # The class is looked at last: it counts the region's pixels, too slow for every brush move.
        is_same = np.array_equal(region.mask, result.request.region) and (
            self._session.class_index in (None, result.request.class_index)
        )
        self._window.result.set_outdated(not is_same)

    def _on_opacity(self, layer: str, opacity: float) -> None:
        canvas = self._window.canvas
        set_opacity = {
            "heat": canvas.set_heat_opacity,
            "prediction": canvas.set_prediction_opacity,
            "errors": canvas.set_errors_opacity,
            "labels": canvas.set_labels_opacity,
        }
        set_opacity[layer](opacity)

    def _on_zoom(self) -> None:
        self._window.status.set_zoom(self._window.canvas.image_zoom)

    def _on_hover(self, x: int, y: int) -> None:
        self._window.status.set_pixel(self._describe_pixel(x, y))

    def _describe_pixel(self, x: int, y: int) -> str:
        session = self._session
        if session.loaded is None:
            return ""
        value = ", ".join(str(v) for v in session.loaded.rgb[y, x])
        column, row = full_pixel(x, y, session.loaded.frame)
        parts = [f"x {column}  y {row}", f"value {value}"]
        network, prediction = session.network, session.prediction
        if network is not None and prediction is not None:
            name = network.classes[prediction.class_map[y, x]].name
            parts.append(f"predicted {name} {prediction.confidence[y, x]:.2f}")
        if session.loaded.label is not None:
            parts.append(f"true {self._class_name(int(session.loaded.label[y, x]))}")
        result = session.result
        if result is not None:
            parts.append(f"saliency {result.saliency[y, x]:.2f}")
        return "   ·   ".join(parts)

    def _class_name(self, index: int) -> str:
        network = self._session.network
        if network is None or index >= len(network.classes):
            return f"{index} (no class)"
        return network.classes[index].name
