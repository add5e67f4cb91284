"""Paging through a folder: what was asked is kept, what was only looked at is not."""

from __future__ import annotations

import gc
import weakref

from tests.driver import Driver


def test_images_that_were_only_looked_at_leave_nothing_behind(demo: Driver) -> None:
    places, pictures = [], []
    for _ in range(4):
        demo.action("next")
        demo.wait(lambda: demo.session.prediction is not None)
        places.append((demo.loaded.path, demo.loaded.page))
        pictures.append(weakref.ref(demo.loaded.picture))
    assert not set(places[:-1]) & set(demo.session.items)
    assert places[-1] in demo.session.items

    def are_gone() -> bool:
        gc.collect()
        return all(picture() is None for picture in pictures[:-2])

    demo.wait(are_gone)


def test_an_image_on_which_something_was_asked_is_remembered(demo: Driver) -> None:
    demo.action("rectangle")
    demo.drag((4, 4), (8, 8), (12, 10))
    count = demo.region.pixel_count
    for _ in range(2):
        demo.action("next")
        demo.wait(lambda: demo.session.prediction is not None)
    for _ in range(2):
        demo.action("previous")
        demo.wait(lambda: demo.session.prediction is not None)
    assert demo.region.pixel_count == count > 0
