"""Which requests a survey makes of an image, and what tells them apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gridsal_core.arrays import IndexArray
from gridsal_core.errors import OutputError, RequestError, SettingsError
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.items import Item, plan_image
from gridsal_core.survey.kinds import least_pixels, parse_kinds
from tests.survey.conftest import SIZE, Ask

maps = arrays(np.uint8, (6, 8), elements=st.integers(0, 2))
labels = arrays(np.uint8, (6, 8), elements=st.sampled_from([0, 1, 2, 255]))
SMALL = {"steps": 3, "mask_size": (2, 2)}


def plan(survey: Survey, class_map: IndexArray, label: IndexArray | None) -> tuple[Item, ...]:
    return plan_image(survey, "a.png", "content", class_map, label)


def test_regions_need_the_papers_share_of_the_image() -> None:
    assert least_pixels("predicted", (1024, 2048)) == 10_000
    assert least_pixels("confusions", (1024, 2048)) == 625
    assert least_pixels("predicted", (360, 480)) == 824
    assert least_pixels("erroneous", (360, 480)) == 51
    assert least_pixels("correct", (4, 4)) == 1


@given(maps, labels)
def test_confusions_cut_the_labelled_part_of_an_image_into_pairs_of_classes(
    asked: Ask, class_map: IndexArray, label: IndexArray
) -> None:
    survey = asked(("confusions",), min_pixels=1, given=SMALL)

    items = plan(survey, class_map, label)

    np.testing.assert_array_equal(sum(item.region.astype(int) for item in items), label < 3)
    for item in items:
        np.testing.assert_array_equal(
            item.region, (class_map == item.class_index) & (label == item.true_class)
        )
    assert len({(item.class_index, item.true_class) for item in items}) == len(items)


@given(maps, labels)
def test_correct_and_erroneous_parts_make_up_the_labelled_part_of_segments(
    asked: Ask, class_map: IndexArray, label: IndexArray
) -> None:
    survey = asked(("correct", "erroneous"), min_pixels=1, given=SMALL)

    items = plan(survey, class_map, label)

    np.testing.assert_array_equal(sum(item.region.astype(int) for item in items), label < 3)
    for item in items:
        assert set(class_map[item.region]) == {item.class_index}
        assert set(label[item.region]) == {item.true_class}
        assert (item.kind == "correct") == (item.class_index == item.true_class)


@given(maps, st.integers(1, 12))
def test_predicted_segments_are_connected_large_enough_and_all_there_are(
    asked: Ask, class_map: IndexArray, least: int
) -> None:
    from gridsal_core.segments import segment_at

    survey = asked(("predicted",), min_pixels=least, given=SMALL)

    items = plan(survey, class_map, None)

    asked_about = np.zeros(class_map.shape, bool)
    for item in items:
        y, x = np.argwhere(item.region)[0]
        np.testing.assert_array_equal(item.region, segment_at(class_map, int(x), int(y)))
        assert item.region.sum() >= least
        assert item.true_class is None
        asked_about |= item.region
    for y, x in np.argwhere(~asked_about):
        assert segment_at(class_map, int(x), int(y)).sum() < least


def test_only_requests_about_the_named_classes_are_made(asked: Ask) -> None:
    class_map = np.repeat(np.arange(3, dtype=np.uint8), 8)[None].repeat(12, 0)
    label = np.roll(class_map, 4, 1)

    predicted = plan(asked(("predicted",), requested=(1,)), class_map, label)
    confusions = plan(asked(("confusions",), requested=(1,)), class_map, label)

    assert [item.class_index for item in predicted] == [1]
    pairs = {(item.true_class, item.class_index) for item in confusions}
    assert pairs == {(0, 1), (1, 1), (1, 2)}


def test_an_item_has_the_same_identity_every_time_and_no_other_item_has_it(asked: Ask) -> None:
    class_map = np.zeros((12, 24), np.uint8)
    class_map[:, 12:] = 1
    label = class_map.copy()
    survey = asked(given=SMALL)
    changed: list[dict[str, Any]] = [
        {"network_sha256": "other"},
        {"card": survey.card.replace("hand-made", "made by hand")},
        {"given": {**survey.given, "steps": 4}},
        {"width": 5},
        {"flips": False},
    ]

    first = [item.identity for item in plan(survey, class_map, label)]
    again = [item.identity for item in plan(asked(given=SMALL), class_map, label)]
    others = [
        *(plan(replace(survey, **change), class_map, label) for change in changed),
        plan_image(survey, "b.png", "content", class_map, label),
        plan_image(survey, "a.png", "new content", class_map, label),
    ]

    assert first == again
    everything = first + [item.identity for items in others for item in items]
    assert len(set(everything)) == len(everything) == 6 * (1 + len(others))


def test_the_region_is_part_of_the_identity(asked: Ask) -> None:
    survey = asked(("predicted",), given=SMALL)
    one, other = np.zeros((2, 12, 24), np.uint8)
    other[0, 0] = 1
    first, second = (plan(survey, class_map, None)[0] for class_map in (one, other))
    assert first.class_index == second.class_index
    assert first.identity != second.identity


def test_a_definition_survives_being_written_down(asked: Ask) -> None:
    survey = asked(requested=(0, 2), width=7, scale=0.5)
    again = Survey.from_dict(survey.to_dict())
    assert again == survey
    again.check_same(survey)
    with pytest.raises(OutputError, match="description is damaged"):
        Survey.from_dict(survey.to_dict() | {"classes": 3})


def test_what_cannot_be_asked_is_refused(asked: Ask) -> None:
    with pytest.raises(RequestError, match="need label maps"):
        asked(("predicted", "confusions"), source="prediction")
    with pytest.raises(SettingsError, match="crop is not possible"):
        asked(scale="crop")
    with pytest.raises(SettingsError, match="0 pixels do not exist"):
        asked(min_pixels=0)
    with pytest.raises(SettingsError, match="baseline's width is 0"):
        asked(width=0)
    with pytest.raises(RequestError, match="'wrong' are unknown"):
        parse_kinds("predicted,wrong")
    assert parse_kinds("confusions, predicted") == ("predicted", "confusions")


def test_settings_that_are_given_win_over_the_suggested_ones(asked: Ask) -> None:
    settings = asked(given={"lam": 0.3}).settings(SIZE)
    assert (settings.lam, settings.steps, settings.mask_size) == (0.3, 3, (3, 4))
    assert settings.learning_rate == 0.2  # as suggested for small images
