"""Label maps of known data sets, and colour PNGs: which class the network would call each pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gridsal_core.class_sets import CLASS_SETS
from gridsal_core.datasets.labels import read_label, read_label_map
from gridsal_core.errors import ImageError
from gridsal_core.palette import numbered_classes
from gridsal_core.types import ClassInfo

STREET = CLASS_SETS["Cityscapes"]
TWO = (ClassInfo("sea", (0, 0, 200)), ClassInfo("land", (0, 200, 0)))


def save(path: Path, pixels: Any) -> Path:  # noqa: ANN401 - whatever NumPy takes
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.array(pixels, np.uint8)).save(path)
    return path


class TestCityscapes:
    @pytest.fixture
    def ids(self, tmp_path: Path) -> Path:
        return save(tmp_path / "ulm_gtFine_labelIds.png", [[0, 7, 26, 29, 33]])

    def test_ids_become_train_ids_for_19_classes(self, ids: Path) -> None:
        np.testing.assert_array_equal(read_label(ids, classes=STREET), [[255, 0, 13, 255, 18]])

    @pytest.mark.parametrize("count", [34, 35])
    def test_a_network_of_all_ids_gets_them_as_they_are(self, ids: Path, count: int) -> None:
        read = read_label(ids, classes=numbered_classes(count))
        np.testing.assert_array_equal(read, [[0, 7, 26, 29, 33]])

    def test_without_a_network_nothing_is_changed(self, ids: Path) -> None:
        np.testing.assert_array_equal(read_label(ids), [[0, 7, 26, 29, 33]])

    def test_a_network_of_other_classes_is_not_compared_with_them(self, ids: Path) -> None:
        with pytest.raises(ImageError, match="ids up to 33 and the network has 11 classes"):
            read_label(ids, classes=CLASS_SETS["CamVid (11)"])

    def test_train_ids_are_classes_already(self, tmp_path: Path) -> None:
        path = save(tmp_path / "ulm_gtFine_labelTrainIds.png", [[0, 18, 255]])
        np.testing.assert_array_equal(read_label(path, classes=STREET), [[0, 18, 255]])

    def test_the_table_is_the_one_of_the_names(self, tmp_path: Path) -> None:
        path = save(tmp_path / "all_gtFine_labelIds.png", [range(34)])
        everything = CLASS_SETS["Cityscapes (34 label ids)"]
        for index, info in zip(read_label(path, classes=STREET)[0], everything, strict=True):
            names = [entry.name for entry in STREET]
            assert index == (names.index(info.name) if info.name in names else 255)


class TestAde20k:
    @pytest.mark.parametrize(
        "place",
        [
            "ADE_val_00000001.png",
            "annotations/training/x.png",
            "annotations/validation/x.png",
            "annotations/x.png",
            "x.png",
        ],
    )
    def test_other_is_ignored_and_the_rest_less_one(self, tmp_path: Path, place: str) -> None:
        path = save(tmp_path / place, [[0, 1, 150]])
        read = read_label(path, classes=CLASS_SETS["ADE20K"])
        np.testing.assert_array_equal(read, [[255, 0, 149]])

    @pytest.mark.parametrize("count", [150, 151])
    def test_labels_of_ones_own_are_not_shifted(self, tmp_path: Path, count: int) -> None:
        name = "x.png" if count == 150 else "ADE_val_00000001.png"
        path = save(tmp_path / name, [[0, 1, 149]])
        read = read_label(path, classes=numbered_classes(count))
        np.testing.assert_array_equal(read, [[0, 1, 149]])


class TestCocoStuff:
    def test_ids_are_counted_without_those_that_never_occur(self, tmp_path: Path) -> None:
        path = save(tmp_path / "stuffthingmaps/val2017/1.png", [[0, 10, 12, 89, 91, 181, 255]])
        read = read_label(path, classes=CLASS_SETS["COCO-Stuff"])
        np.testing.assert_array_equal(read, [[0, 10, 11, 79, 80, 170, 255]])

    @pytest.mark.parametrize(("name", "count"), [("1.png", 182), ("1_labelTrainIds.png", 171)])
    def test_classes_stay(self, tmp_path: Path, name: str, count: int) -> None:
        path = save(tmp_path / "stuffthingmaps/val2017" / name, [[0, 12, 170, 255]])
        read = read_label(path, classes=numbered_classes(count))
        np.testing.assert_array_equal(read, [[0, 12, 170, 255]])


class TestPascalVoc:
    def test_palette_indices_with_the_outline_ignored(self, tmp_path: Path) -> None:
        image = Image.fromarray(np.array([[0, 15, 255]], np.uint8)).convert("P")
        image.putpalette([part for info in CLASS_SETS["Pascal VOC"] for part in info.color])
        image.save(tmp_path / "2007_000032.png")
        read = read_label(tmp_path / "2007_000032.png", classes=CLASS_SETS["Pascal VOC"])
        np.testing.assert_array_equal(read, [[0, 15, 255]])


class TestColours:
    def test_the_colours_of_the_networks_classes(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", [[TWO[1].color, TWO[0].color]])
        read = read_label_map(path, classes=TWO)
        np.testing.assert_array_equal(read.classes, [[1, 0]])
        assert read.note == ""

    @pytest.mark.parametrize(
        "set_name", ["Cityscapes", "CamVid (32)", "COCO panoptic", "COCO-Stuff"]
    )
    def test_a_map_painted_in_a_known_set_is_read_back(self, tmp_path: Path, set_name: str) -> None:
        classes = CLASS_SETS[set_name]
        path = save(tmp_path / "a.png", [[info.color for info in classes]])
        np.testing.assert_array_equal(read_label(path, classes=classes)[0], range(len(classes)))

    def test_transparency_does_not_matter(self, tmp_path: Path) -> None:
        Image.new("RGBA", (2, 1), (*TWO[1].color, 0)).save(tmp_path / "a.png")
        np.testing.assert_array_equal(read_label(tmp_path / "a.png", classes=TWO), [[1, 1]])

    def test_strange_colours_are_ignored_and_counted(self, tmp_path: Path) -> None:
        row = [TWO[0].color] * 1500 + [(9, 9, 9)] * 1200
        read = read_label_map(save(tmp_path / "a.png", [row]), classes=TWO)
        assert (
            read.note == "1,200 pixels of a.png have a colour of no class and count as unlabelled."
        )
        assert (read.classes[0, 1500:] == 255).all()

    @pytest.mark.parametrize("void", [(0, 0, 0), (224, 224, 192)])
    def test_the_usual_colours_of_nothing_are_not_worth_a_word(
        self, tmp_path: Path, void: tuple[int, int, int]
    ) -> None:
        read = read_label_map(save(tmp_path / "a.png", [[void, void, TWO[0].color]]), classes=TWO)
        np.testing.assert_array_equal(read.classes, [[255, 255, 0]])
        assert read.note == ""

    def test_a_photograph_is_no_label_map(self, tmp_path: Path) -> None:
        noise = np.random.default_rng(0).integers(0, 255, (20, 20, 3))
        with pytest.raises(ImageError, match=r"100% of a\.png is painted in colours that no class"):
            read_label(save(tmp_path / "a.png", noise), classes=TWO)

    def test_of_two_classes_with_one_colour_the_first_is_meant(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", [[TWO[0].color]])
        assert read_label(path, classes=(*TWO, ClassInfo("sea too", TWO[0].color)))[0, 0] == 0

    def test_with_more_than_255_classes_255_is_one_of_them(self, tmp_path: Path) -> None:
        classes = numbered_classes(300)
        path = save(tmp_path / "a.png", [[classes[299].color, classes[255].color, (0, 0, 0)]])
        np.testing.assert_array_equal(read_label(path, classes=classes), [[299, 255, 65535]])

    def test_sizes_are_fitted_as_for_index_maps(self, tmp_path: Path) -> None:
        path = save(tmp_path / "a.png", [[TWO[1].color, TWO[0].color]])
        np.testing.assert_array_equal(read_label(path, (1, 4), TWO), [[1, 1, 0, 0]])


class TestCocoPanoptic:
    CATEGORIES = ({"id": 1, "name": "person"}, {"id": 92, "name": "banner"})
    SEGMENTS = ({"id": 5, "category_id": 92}, {"id": 70000, "category_id": 1})

    def make(self, tmp_path: Path, **changes: object) -> Path:
        annotation = {"file_name": "1.png", "image_id": 1, "segments_info": self.SEGMENTS}
        values = {
            "images": [{"id": 1, "height": 1, "width": 3, "file_name": "1.jpg"}],
            "annotations": [annotation],
            "categories": self.CATEGORIES,
            **changes,
        }
        description = tmp_path / "annotations" / "panoptic_val2017.json"
        description.parent.mkdir()
        description.write_text(json.dumps(values))
        # 70000 is 112 + 256 * 17 + 65536.
        pixels = [[(5, 0, 0), (112, 17, 1), (0, 0, 0)]]
        return save(tmp_path / "annotations" / "panoptic_val2017" / "1.png", pixels)

    def test_segments_become_the_places_of_their_categories(self, tmp_path: Path) -> None:
        path = self.make(tmp_path)
        np.testing.assert_array_equal(read_label(path, classes=TWO), [[1, 0, 255]])
        np.testing.assert_array_equal(read_label(path), [[1, 0, 255]])

    def test_an_image_without_segments(self, tmp_path: Path) -> None:
        path = self.make(tmp_path, annotations=[{"file_name": "1.png", "segments_info": []}])
        np.testing.assert_array_equal(read_label(path), [[255, 255, 255]])

    def test_a_network_of_other_classes_is_not_compared(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="has 2 categories and the network 19 classes"):
            read_label(self.make(tmp_path), classes=STREET)

    def test_a_png_that_the_file_does_not_know(self, tmp_path: Path) -> None:
        path = self.make(tmp_path, annotations=[])
        with pytest.raises(ImageError, match=r"panoptic_val2017\.json says nothing of 1\.png"):
            read_label(path)

    def test_a_missing_description_is_named(self, tmp_path: Path) -> None:
        path = self.make(tmp_path)
        (tmp_path / "annotations" / "panoptic_val2017.json").unlink()
        with pytest.raises(ImageError, match=r"put panoptic_val2017\.json beside that folder"):
            read_label(path, classes=TWO)

    def test_a_file_that_was_replaced_is_read_again(self, tmp_path: Path) -> None:
        path = self.make(tmp_path)
        read_label(path)
        description = tmp_path / "annotations" / "panoptic_val2017.json"
        swapped = [{"id": 92}, {"id": 1}]
        values = json.loads(description.read_text()) | {"categories": swapped}
        description.write_text(json.dumps(values))
        np.testing.assert_array_equal(read_label(path), [[0, 1, 255]])

    @pytest.mark.parametrize(
        "text",
        ["{", "[]", "[1, 2]", '"text"', "{}", "[" * 20000, '{"categories": [{"id": {}}]}', "\xff"],
    )
    def test_damage_is_told(self, tmp_path: Path, text: str) -> None:
        path = self.make(tmp_path)
        (tmp_path / "annotations" / "panoptic_val2017.json").write_bytes(text.encode("latin-1"))
        with pytest.raises(ImageError, match="is no COCO panoptic file or is damaged"):
            read_label(path)

    @pytest.mark.parametrize(
        "segment", [{"id": "x", "category_id": 1}, {"id": 5, "category_id": 7}, {"category_id": 1}]
    )
    def test_a_segment_that_makes_no_sense_is_told(
        self, tmp_path: Path, segment: dict[str, object]
    ) -> None:
        wrong = [{"file_name": "1.png", "segments_info": [segment]}]
        with pytest.raises(ImageError, match="is no COCO panoptic file or is damaged"):
            read_label(self.make(tmp_path, annotations=wrong))


class TestIndexMapsOfOtherClasses:
    def test_values_beyond_the_classes_are_told(self, tmp_path: Path) -> None:
        path = save(tmp_path / "x.png", [[0, 60, 120, 180]])
        note = read_label_map(path, classes=numbered_classes(4)).note
        assert note.startswith("75% of x.png holds 60, 120, 180, which is no class")

    @pytest.mark.parametrize("usual", [4, 255])
    def test_the_usual_values_of_nothing_are_not_worth_a_word(
        self, tmp_path: Path, usual: int
    ) -> None:
        path = save(tmp_path / "x.png", [[0, 3, usual, usual]])
        assert read_label_map(path, classes=numbered_classes(4)).note == ""
