"""Of what the page Compare is made: views that move together, and what tells maps apart."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.models.class_rows import ClassRow, class_rows, shortened
from app.models.compare_panels import ComparePanels
from app.models.map_picture import map_picture
from app.models.told_apart import ALIKE, told_apart
from app.views.map_view import MapView
from app.views.view_link import ViewLink
from gridsal_core import Explanation, Settings
from gridsal_core.frames import Box, Frame
from gridsal_core.session.kept import KeptResult, kept_result
from gridsal_core.statistics import ClassVotes
from gridsal_core.types import ClassInfo
from tests.core.test_figures import explanation
from tests.driver import there


def on_file(name: str, size: tuple[int, int] = (60, 90), frame: Frame | None = None) -> Explanation:
    """An explanation of an image file that need not be there."""
    base = explanation(size)
    return replace(base, request=replace(base.request, image_path=Path(name), frame=frame))


def view_of(qtbot: QtBot, found: Explanation) -> MapView:
    view = MapView("A map")
    qtbot.addWidget(view)
    view.resize(300, 200)
    view.show()
    view.set_picture(map_picture(found))
    return view


class TestLinkedViews:
    def test_views_of_one_size_show_the_same_after_any_gesture(self, qtbot: QtBot) -> None:
        """No drift: after two hundred gestures on either view both show the same pixels."""
        views = [view_of(qtbot, on_file("a.png")) for _ in range(2)]
        owner = QWidget()
        qtbot.addWidget(owner)
        ViewLink(views, owner)
        chance = random.Random(0)  # noqa: S311 - the same gestures each time
        for _ in range(200):
            view = chance.choice(views)
            about = QPointF(chance.uniform(0, 300), chance.uniform(0, 200))
            if chance.random() < 0.5:
                view.zoom_by(chance.choice([0.8, 1.25]), about)
            else:
                view.pan_by(QPointF(chance.uniform(-9, 9), chance.uniform(-9, 9)))
            first, second = (there(each.place) for each in views)
            pixel = 1 / views[0].zoom
            assert views[0].zoom == pytest.approx(views[1].zoom)
            assert abs(first.across - second.across) * 90 <= pixel
            assert abs(first.down - second.down) * 60 <= pixel

    def test_views_of_other_sizes_show_the_same_share_of_their_images(self, qtbot: QtBot) -> None:
        small, large = (view_of(qtbot, on_file("a.png", (h, 2 * h))) for h in (60, 240))
        owner = QWidget()
        qtbot.addWidget(owner)
        ViewLink([small, large], owner)
        small.zoom_by(3, QPointF(40, 150))
        assert large.zoom == pytest.approx(small.zoom / 4)
        one, other = there(small.place), there(large.place)
        assert (one.across, one.down) == pytest.approx((other.across, other.down), abs=0.01)

    def test_unlinked_views_stay_and_linked_again_they_come_along(self, qtbot: QtBot) -> None:
        views = [view_of(qtbot, on_file("a.png")) for _ in range(2)]
        owner = QWidget()
        qtbot.addWidget(owner)
        link = ViewLink(views, owner)
        link.set_on(False)
        before = views[1].zoom
        views[0].zoom_by(4, QPointF(150, 100))
        assert views[1].zoom == before
        link.set_on(True)
        assert views[1].zoom == pytest.approx(views[0].zoom)

    def test_a_fitted_view_makes_the_others_fit_and_a_resize_moves_nobody(
        self, qtbot: QtBot
    ) -> None:
        views = [view_of(qtbot, on_file("a.png")) for _ in range(2)]
        owner = QWidget()
        qtbot.addWidget(owner)
        ViewLink(views, owner)
        views[0].zoom_by(3, QPointF(10, 10))
        zoom = views[1].zoom
        views[0].resize(200, 150)
        assert views[1].zoom == zoom
        views[0].fit()
        assert views[1].is_fitted

    def test_keys_pan_zoom_and_fit(self, qtbot: QtBot) -> None:
        view = view_of(qtbot, on_file("a.png"))
        QTest.keyClick(view, Qt.Key.Key_Plus)
        QTest.keyClick(view, Qt.Key.Key_Plus)
        place = there(view.place)
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert there(view.place).across > place.across
        QTest.keyClick(view, Qt.Key.Key_0)
        assert view.is_fitted

    def test_a_window_of_an_image_lies_at_its_place_in_the_whole(self, qtbot: QtBot) -> None:
        frame = Frame((100, 200), Box(10, 20, 50, 80), (20, 30))
        view = view_of(qtbot, on_file("a.png", (20, 30), frame))
        assert there(view.picture).rect == QRectF(20, 10, 60, 40)
        corner = view.to_viewport(QPointF(20, 10))
        assert view.to_image(corner) == QPointF(20, 10)


class TestClassRows:
    CLASSES = tuple(ClassInfo(name, (0, 0, 0)) for name in ("Road", "Car", "Sky"))

    def votes(self, *weights: float) -> tuple[ClassVotes, tuple[ClassInfo, ...]]:
        return ClassVotes(weights, 0, "labels"), self.CLASSES

    def test_the_largest_share_in_any_map_comes_first(self) -> None:
        rows = class_rows([self.votes(1, 3, 0), self.votes(9, 1, 0)])
        assert [(row.name, row.shares) for row in rows] == [
            ("Road", (0.25, 0.9)),
            ("Car", (0.75, 0.1)),
        ]

    def test_a_class_of_another_network_is_the_same_by_its_name(self) -> None:
        other = (ClassVotes((1, 1), 0, "labels"), (ClassInfo("road", (1, 1, 1)), self.CLASSES[2]))
        rows = class_rows([self.votes(1, 0, 1), other])
        assert [(row.name, row.shares) for row in rows] == [
            ("Road", (0.5, 0.5)),
            ("Sky", (0.5, 0.5)),
        ]

    def test_an_empty_map_and_an_empty_panel_have_no_shares(self) -> None:
        rows = class_rows([self.votes(0, 0, 0), None, self.votes(1, 0, 0)])
        assert [(row.name, row.shares) for row in rows] == [("Road", (None, None, 1.0))]

    @given(st.lists(st.floats(0, 1), min_size=1, max_size=9), st.integers(1, 9))
    def test_summed_up_the_shares_are_what_they_were(self, shares: list[float], most: int) -> None:
        rows = [ClassRow("a", (0, 0, 0), (share, None)) for share in shares]
        short = shortened(rows, most)
        assert len(short) == min(most, len(rows))
        assert sum(row.shares[0] or 0 for row in short) == pytest.approx(sum(shares))


class TestToldApart:
    def kept(self, **changed: object) -> KeptResult:
        base = on_file("street.png")
        settings = Settings.from_dict(base.settings.to_dict() | changed)
        return kept_result(replace(base, settings=settings))

    def test_only_what_differs_is_told(self) -> None:
        assert told_apart([self.kept(), self.kept(lam=0.05)]) == ("λ 0.01", "λ 0.05")
        masks = told_apart([self.kept(), self.kept(mask_size=[8, 8])])
        assert masks == ("mask 4 × 4", "mask 8 × 8")

    def test_of_a_gradient_method_no_weight_is_told(self) -> None:
        told = told_apart([self.kept(lam=0.05), self.kept(method="vg-context")])
        assert told == ("Context explanation · λ 0.05", "Vanilla Gradient, context")

    def test_the_same_twice_is_said(self) -> None:
        assert told_apart([self.kept(), self.kept()]) == (ALIKE, ALIKE)

    def test_two_images_are_told_by_their_names(self) -> None:
        pair = [kept_result(on_file(name)) for name in ("a.png", "b.png")]
        assert told_apart(pair) == ("a.png", "b.png")


class TestPanels:
    def test_there_are_two_to_four(self) -> None:
        panels = ComparePanels()

        def shown() -> list[str | None]:
            return list(panels.panels)

        panels.show(["a", "b", "c", "d", "e"])
        assert shown() == ["a", "b", "c", "d"]
        for _ in range(3):
            panels.close(0)
        assert shown() == [None, "d"]
        panels.add()
        panels.include("x")
        assert shown() == ["x", "d", None]
        panels.swap(0, 2)
        assert shown() == [None, "d", "x"]
        panels.forget("d")
        assert shown() == [None, None, "x"]

    def test_nothing_is_told_when_nothing_changed(self) -> None:
        panels = ComparePanels()
        told: list[None] = []
        panels.changed.connect(lambda: told.append(None))
        panels.clear()
        panels.put(0, None)
        assert told == []
