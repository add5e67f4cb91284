"""The image with the layers that lie over it, zoomed and panned as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSizeF, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.models.framing import is_whole
from app.models.picture import to_qimage
from app.views.canvas_layers import ImageLayer, IndexLayer, OutlineLayer, heat_table
from app.views.canvas_view import MAX_ZOOM, ZoomView
from app.views.class_layers import ErrorLayer, PredictionLayer
from app.views.detail_layer import DetailLayer, FrameLayer, TileSource
from gridsal_core.arrays import BoolArray, ByteArray, FloatArray, IndexArray
from gridsal_core.frames import Box, Frame
from gridsal_core.types import ClassInfo

Layer = Literal["image", "labels", "prediction", "errors", "perturbed", "heat", "region"]

DEFAULT_HEAT_OPACITY = 0.8


class LayeredView(ZoomView):
    """Shows one image and what is known about it.

    Layers from bottom to top: image, perturbed image, labels, prediction, errors, heat map, region
    outline.
    """

    heat_shown = Signal(bool)
    """Whether there is a heat map to be seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = DetailLayer()
        self._frame_layer = FrameLayer()
        self._perturbed = ImageLayer()
        self._labels = PredictionLayer()
        self._prediction = PredictionLayer()
        self._errors = ErrorLayer()
        self._heat = IndexLayer()
        self._region = OutlineLayer()
        self._layers: dict[Layer, ImageLayer | OutlineLayer] = {
            "image": self._image,
            "perturbed": self._perturbed,
            "labels": self._labels,
            "prediction": self._prediction,
            "errors": self._errors,
            "heat": self._heat,
            "region": self._region,
        }
        above = (item for name, item in self._layers.items() if name != "image")
        for item in (self._image, self._frame_layer, *above):
            self.add_layer(item)
        self._frame = Frame.whole((1, 1))
        self._perturbed.setVisible(False)
        self._errors.setVisible(False)
        self._labels.setVisible(False)
        self._picture_key = 0
        self._heat.set_table(heat_table(DEFAULT_HEAT_OPACITY))
        self.zoom_changed.connect(self._region.set_zoom)

    def set_image(self, rgb: ByteArray | None) -> None:
        """Show (H, W, 3) uint8, or the hint; everything known about the last image goes."""
        if rgb is None:
            self.set_picture((), Frame.whole((1, 1)))
        else:
            self.set_picture((to_qimage(rgb),), Frame.whole((rgb.shape[0], rgb.shape[1])))

    def set_picture(
        self, levels: Sequence[QImage], frame: Frame, tiles: TileSource | None = None
    ) -> None:
        """Show an image that is worked on at a frame, whose working pixels all layers have.

        Parameters
        ----------
        levels
            The whole image, its half, its quarter and so on, as far as they are there; the first
            may have fewer pixels than the image. Nothing shows the hint.
        frame
            The part that is worked on, and its size; the rest of the image is seen, dimmed.
        tiles
            Where the pixels come from that the levels lack.
        """
        is_same = bool(levels) and levels[0].cacheKey() == self._picture_key
        self.set_prediction(None, ())
        self.set_labels(None, ())
        self.set_errors(None)
        self.set_perturbed(None)
        self.set_heat(None)
        self.set_region(None)
        self._picture_key = levels[0].cacheKey() if levels else 0
        full = QSizeF(frame.full[1], frame.full[0]) if levels else QSizeF()
        self._image.set_picture(levels, full, tiles)
        old, self._frame = self._frame, frame
        self._place_frame(old if is_same else None)

    @property
    def image_zoom(self) -> float:
        """Screen pixels per pixel of the whole image: 1.0 is 100 %."""
        return self.zoom * self._frame.scale

    def set_image_zoom(self, factor: float) -> None:
        """Zoom to `factor` screen pixels per pixel of the whole image."""
        self.set_zoom(factor / self._frame.scale)

    def set_perturbed(self, rgb: ByteArray | None) -> None:
        """Set the perturbed image, shown in the image's place while its layer is visible."""
        self._perturbed.set_rgb(rgb)

    def set_prediction(self, class_map: IndexArray | None, classes: tuple[ClassInfo, ...]) -> None:
        """Lay (H, W) class indices over the image in the colours of the classes.

        What `set_class_visible` has hidden stays hidden until the classes change.
        """
        self._prediction.set_prediction(class_map, classes)

    def set_class_visible(self, index: int, is_visible: bool) -> None:
        """Show or hide one class of the prediction and of the labels."""
        self._prediction.set_class_visible(index, is_visible)
        self._labels.set_class_visible(index, is_visible)

    def set_prediction_opacity(self, opacity: float) -> None:
        """Set the opacity of the prediction, 0 to 1."""
        self._prediction.set_strength(opacity)

    def set_labels(self, label: IndexArray | None, classes: tuple[ClassInfo, ...]) -> None:
        """Lay (H, W) true classes over the image while their layer is visible.

        Pixels whose value is no class stay clear.
        """
        self._labels.set_prediction(label, classes)

    def set_labels_opacity(self, opacity: float) -> None:
        """Set the opacity of the labels, 0 to 1."""
        self._labels.set_strength(opacity)

    def set_errors(self, verdicts: ByteArray | None) -> None:
        """Lay (H, W) verdicts of `compare` over the image while their layer is visible."""
        self._errors.set_indices(verdicts)

    def set_errors_opacity(self, opacity: float) -> None:
        """Set the opacity of the errors, 0 to 1."""
        self._errors.set_strength(opacity)

    def set_heat(self, saliency: FloatArray | None) -> None:
        """Lay (H, W) saliency in [0, 1] over the image in red, on the fixed scale 0 to 1."""
        self._heat.set_fractions(saliency)
        self._tell_heat()

    def set_heat_opacity(self, opacity: float) -> None:
        """Set the opacity of the heat map at the value 1, from 0 to 1."""
        self._heat.set_table(heat_table(opacity))

    def set_region(self, region: BoolArray | None, box: Box | None = None) -> None:
        """Outline (H, W) pixels; `box` tells where they differ from the last call."""
        self._region.set_region(region, box)

    def set_layer_visible(self, layer: Layer, is_visible: bool) -> None:
        """Show or hide a layer; the perturbed image, the labels and the errors start hidden."""
        self._layers[layer].setVisible(is_visible)
        self._tell_heat()

    @property
    def is_empty(self) -> bool:
        """Whether there is no image."""
        return self._image.is_empty

    def image_size(self) -> QSizeF:
        """Return the size that the image is worked on at, in pixels; empty without an image."""
        height, width = self._frame.size
        return QSizeF() if self.is_empty else QSizeF(width, height)

    def _place_frame(self, old: Frame | None) -> None:
        """Put the image under the frame; of the same image as before, the same place is shown."""
        frame = self._frame
        center = self.to_image(QPointF(self.viewport().rect().center()))
        in_image = self._image.transform().inverted()[0].map(center)
        was_fitted, zoom = self.is_fitted, self.zoom
        self._image.set_frame(frame)
        inner = QRectF(QPointF(), self.image_size())
        is_part = not is_whole(frame)
        outer = self._image.mapRectToParent(self._image.boundingRect()) if is_part else inner
        self._frame_layer.set_rects(inner, outer)
        self.set_content(outer, MAX_ZOOM / frame.scale)
        if old is None or old == frame:
            return
        if is_part:
            self.show_rect(inner)
        elif not was_fitted:
            place = self._image.mapToParent(in_image)
            self.set_view(place.x(), place.y(), zoom * old.scale / frame.scale)

    def _tell_heat(self) -> None:
        self.heat_shown.emit(not self._heat.is_empty and self._heat.isVisible())
