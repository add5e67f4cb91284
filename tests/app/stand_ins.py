"""A network of two classes, an image, a prediction, an explanation: made up, for controllers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast
from unittest.mock import MagicMock

import numpy as np

from app.models.loaded_image import LoadedImage
from app.models.picture import Picture
from app.models.region import PAINTED
from app.models.run_request import RunRequest, run_request
from app.models.session import Session
from gridsal_core.arrays import BoolArray, IndexArray
from gridsal_core.frames import Frame, ImageView
from gridsal_core.settings import Settings
from gridsal_core.types import (
    ClassInfo,
    Explanation,
    NetworkInfo,
    Prediction,
    Provenance,
    Request,
    Scores,
)
from tests.app.mocked_window import MockedWindow, NotingEngine, PlayedTasks

SIZE = (8, 10)
SETTINGS = Settings(mask_size=(2, 2), steps=5)
CLASSES = (ClassInfo("road", (90, 60, 90)), ClassInfo("rider", (0, 120, 180)))
NETWORK = NetworkInfo(
    Path("street.pt"), "street", "a" * 64, CLASSES, channels=3, device="cpu", explain={}, notes=()
)
OTHER = replace(NETWORK, name="another", sha256="b" * 64, predictor="d" * 64)


def rectangle(rows: slice = slice(2, 5), columns: slice = slice(3, 7)) -> BoolArray:
    """A region."""
    region = np.zeros(SIZE, bool)
    region[rows, columns] = True
    return region


def class_map() -> IndexArray:
    """Road, with a rider on the pixels of `rectangle`."""
    return rectangle().astype(np.uint8)


def prediction() -> Prediction:
    """`class_map`, quite sure."""
    return Prediction(class_map(), np.ones(SIZE, np.float32))


def loaded_image(
    name: str = "a.png", label: IndexArray | None = None, frame: Frame | None = None, page: int = 0
) -> LoadedImage:
    """An image that is worked on, whose file nobody opens."""
    frame = frame or Frame.whole(SIZE)
    rgb = np.zeros((*frame.size, 3), np.uint8)
    picture = cast(Picture, MagicMock())
    return LoadedImage(Path(name), page, False, frame, rgb, picture, label)


def look_at(session: Session, name: str = "a.png", label: IndexArray | None = None) -> None:
    """Choose an image, have it read, and have it predicted if a network is open."""
    session.set_current(Path(name))
    loaded = loaded_image(name, label)
    session.set_loaded(loaded)
    if session.network is not None:
        session.add_prediction(session.network.predictor, loaded.view, prediction())


def request(name: str, network: NetworkInfo = NETWORK, settings: Settings = SETTINGS) -> RunRequest:
    """Ask why there is a rider."""
    view = ImageView(Path(f"{name}.png"))
    return run_request(network, view, rectangle(), 1, "painted", settings)


def explanation(
    name: str = "a",
    *,
    settings: Settings = SETTINGS,
    network: NetworkInfo = NETWORK,
    stopped: bool = False,
    region: BoolArray | None = None,
) -> Explanation:
    """Why there is a rider on an image."""
    image = np.zeros((*SIZE, 3), np.float32)
    path = Path(f"{name}.png")
    asked = Request(image, rectangle() if region is None else region, 1, "painted", path)
    return Explanation(
        request=asked,
        settings=settings,
        classes=CLASSES,
        mask=np.zeros(settings.mask_size, np.float32),
        saliency=np.zeros(SIZE, np.float32),
        perturbed=image,
        losses=np.zeros((2, 3), np.float32),
        score_history=np.zeros(2, np.float32),
        scores=Scores(0.9, 0.1, 0.8),
        residual=0.1,
        residual_without_context=0.8,
        prediction=prediction(),
        init=0.5,
        stopped=stopped,
        provenance=Provenance(network.name, "street.pt", network.sha256, "cpu", ()),
    )


def keep(session: Session, name: str = "a", settings: Settings = SETTINGS) -> str:
    """Keep an explanation, as a run would; returns its identity."""
    made = explanation(name, settings=settings)
    return session.add_result(ImageView(Path(f"{name}.png")), made).identity


@dataclass
class Room:
    """A session that looks at `a.png`, in a window of mocked views."""

    window: MockedWindow
    session: Session
    engine: NotingEngine
    tasks: PlayedTasks

    @property
    def mask(self) -> BoolArray:
        region = self.session.region
        assert region is not None
        return region.mask

    @property
    def origin(self) -> str:
        region = self.session.region
        assert region is not None
        return region.origin

    def paint(self, mask: BoolArray) -> None:
        region = self.session.region
        assert region is not None
        region.combine(mask, "replace", PAINTED, "Paint")

    def why_not(self, name: str) -> str:
        """Why an action cannot be used; empty if it can."""
        action = self.window.action(name)
        return "" if action.isEnabled() else action.toolTip()
