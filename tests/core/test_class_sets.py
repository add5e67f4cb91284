"""Known names and colours: the sizes and some entries that everybody quotes, and one rule."""

from __future__ import annotations

import pytest

from gridsal_core.class_sets import CLASS_SETS, class_sets_for


def voc_color(index: int) -> tuple[int, int, int]:
    """The colour of VOC's rule: bits 0, 1 and 2 of the index are the high bits, and so on."""
    parts = [0, 0, 0]
    for place in range(8):
        for band in range(3):
            parts[band] |= (index >> (3 * place + band) & 1) << (7 - place)
    return parts[0], parts[1], parts[2]


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (19, ("Cityscapes",)),
        (34, ("Cityscapes (34 label ids)",)),
        (11, ("CamVid (11)",)),
        (12, ("CamVid (12, with unlabelled)",)),
        (32, ("CamVid (32)",)),
        (21, ("Pascal VOC",)),
        (150, ("ADE20K",)),
        (171, ("COCO-Stuff",)),
        (133, ("COCO panoptic",)),
        (2, ()),
        (0, ()),
    ],
)
def test_a_set_is_proposed_where_the_number_of_classes_fits(
    count: int, names: tuple[str, ...]
) -> None:
    assert class_sets_for(count) == names


@pytest.mark.parametrize("name", CLASS_SETS)
def test_names_are_there_and_differ(name: str) -> None:
    names = [info.name for info in CLASS_SETS[name]]
    assert len(set(names)) == len(names)
    assert all(entry == entry.strip() and entry for entry in names)


@pytest.mark.parametrize(
    ("set_name", "index", "name", "color"),
    [
        ("Cityscapes", 0, "road", (128, 64, 128)),
        ("Cityscapes", 13, "car", (0, 0, 142)),
        ("Cityscapes", 18, "bicycle", (119, 11, 32)),
        ("Cityscapes (34 label ids)", 7, "road", (128, 64, 128)),
        ("Cityscapes (34 label ids)", 26, "car", (0, 0, 142)),
        ("CamVid (11)", 4, "Pavement", (60, 40, 222)),
        ("CamVid (32)", 17, "Road", (128, 64, 128)),
        ("CamVid (32)", 30, "Void", (0, 0, 0)),
        ("Pascal VOC", 15, "person", (192, 128, 128)),
        ("ADE20K", 0, "wall", (120, 120, 120)),
        ("ADE20K", 2, "sky", (6, 230, 230)),
        ("ADE20K", 149, "flag", (92, 0, 255)),
        ("COCO panoptic", 0, "person", (220, 20, 60)),
        ("COCO panoptic", 80, "banner", (255, 255, 128)),
        ("COCO panoptic", 132, "rug-merged", (250, 141, 255)),
        ("COCO-Stuff", 79, "toothbrush", voc_color(90)),
        ("COCO-Stuff", 80, "banner", voc_color(92)),
        ("COCO-Stuff", 170, "wood", voc_color(182)),
    ],
)
def test_well_known_entries(
    set_name: str, index: int, name: str, color: tuple[int, int, int]
) -> None:
    entry = CLASS_SETS[set_name][index]
    assert (entry.name, entry.color) == (name, color)


def test_vocs_colours_follow_its_rule() -> None:
    colors = [info.color for info in CLASS_SETS["Pascal VOC"]]
    assert colors == [voc_color(index) for index in range(21)]


def test_the_classes_of_cityscapes_are_named_alike_in_both_sets() -> None:
    everything = {info.name: info.color for info in CLASS_SETS["Cityscapes (34 label ids)"]}
    assert all(everything[info.name] == info.color for info in CLASS_SETS["Cityscapes"])
