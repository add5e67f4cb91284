"""Where label maps are: the layouts of known data sets, and patterns of the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from gridsal_core.datasets.label_files import find_label, label_place
from gridsal_core.errors import SettingsError

CITY = "leftImg8bit/val/ulm/ulm_1_leftImg8bit.png"


def make(folder: Path, *names: str, mode: str = "RGB") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".png"):
            Image.new(mode, (2, 2)).save(folder / name)
        else:
            (folder / name).touch()


class TestLayouts:
    @pytest.mark.parametrize(
        ("image", "label"),
        [
            (CITY, "gtFine/val/ulm/ulm_1_gtFine_labelIds.png"),
            (CITY, "gtFine/val/ulm/ulm_1_gtFine_labelTrainIds.png"),
            (CITY, "gtCoarse/val/ulm/ulm_1_gtCoarse_labelIds.png"),
            ("all/ulm_1_leftImg8bit.png", "all/ulm_1_gtFine_labelIds.png"),
            ("JPEGImages/2007_1.jpg", "SegmentationClass/2007_1.png"),
            ("images/training/ADE_train_1.jpg", "annotations/training/ADE_train_1.png"),
            ("images/val/a/b.png", "labels/val/a/b.png"),
            ("images/val/b.png", "masks/val/b_mask.png"),
            ("train2017/1.jpg", "panoptic_train2017/1.png"),
            ("train2017/1.jpg", "annotations/panoptic_train2017/1.png"),
            ("images/train2017/1.jpg", "annotations/panoptic_train2017/1.png"),
            ("train2017/1.jpg", "stuffthingmaps/train2017/1.png"),
            ("images/train2017/1.jpg", "stuffthingmaps/train2017/1_labelTrainIds.png"),
            ("images/a.jpg", "labels/a.png"),
            ("images/a.jpg", "images/a_mask.png"),
        ],
    )
    def test_places(self, tmp_path: Path, image: str, label: str) -> None:
        make(tmp_path, image, label)
        assert find_label(tmp_path / image) == tmp_path / label

    def test_an_image_has_no_label_where_only_others_have(self, tmp_path: Path) -> None:
        make(tmp_path, CITY, "gtFine/val/ulm/ulm_2_gtFine_labelIds.png")
        assert find_label(tmp_path / CITY) is None

    def test_ids_come_before_train_ids_which_small_networks_alone_can_use(
        self, tmp_path: Path
    ) -> None:
        names = [
            f"gtFine/val/ulm/ulm_1_gtFine_{kind}.png" for kind in ("labelTrainIds", "labelIds")
        ]
        make(tmp_path, CITY, *names)
        assert find_label(tmp_path / CITY) == tmp_path / names[1]

    @pytest.mark.parametrize(("classes", "folder"), [(171, "stuffthingmaps"), (133, "panoptic_")])
    def test_of_cocos_two_maps_the_network_decides(
        self, tmp_path: Path, classes: int, folder: str
    ) -> None:
        make(tmp_path, "val2017/1.jpg", "stuffthingmaps/val2017/1.png", "panoptic_val2017/1.png")
        found = find_label(tmp_path / "val2017" / "1.jpg", class_count=classes)
        assert found is not None
        assert found.relative_to(tmp_path).parts[0].startswith(folder)

    def test_an_index_map_is_preferred_to_a_painted_one(self, tmp_path: Path) -> None:
        make(tmp_path, "images/a.jpg", "images/a_label.png")
        make(tmp_path, "labels/a.png", mode="L")
        assert find_label(tmp_path / "images" / "a.jpg") == tmp_path / "labels" / "a.png"

    def test_a_painted_png_of_the_same_name_beside_a_photograph_is_a_picture(
        self, tmp_path: Path
    ) -> None:
        make(tmp_path, "a.jpg", "a.png")
        assert find_label(tmp_path / "a.jpg") is None


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "place"),
        [
            ("{stem}_gt.png", "leftImg8bit/val/ulm/ulm_1_leftImg8bit_gt.png"),
            ("../truth/{name}", "leftImg8bit/val/truth/ulm_1_leftImg8bit.png"),
            (
                "../../../gt/{parent}/{folder}/{stem-_leftImg8bit}_x.png",
                "gt/val/ulm/ulm_1_x.png",
            ),
            ("  {stem}.png  ", "leftImg8bit/val/ulm/ulm_1_leftImg8bit.png"),
            ("{stem-_other}.tif", "leftImg8bit/val/ulm/ulm_1_leftImg8bit.tif"),
        ],
    )
    def test_what_they_name(self, tmp_path: Path, pattern: str, place: str) -> None:
        assert label_place(tmp_path / CITY, pattern) == tmp_path / place

    def test_an_absolute_one_and_one_from_home(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        assert label_place(Path("/data/a.jpg"), "/gt/{stem}.png") == Path("/gt/a.png")
        assert label_place(Path("/data/a.jpg"), "~/gt/{stem}.png") == tmp_path / "gt" / "a.png"

    def test_the_pattern_alone_counts(self, tmp_path: Path) -> None:
        make(tmp_path, "images/a.jpg", "labels/a.png", "mine/a.png", mode="L")
        image = tmp_path / "images" / "a.jpg"
        assert find_label(image, "../mine/{stem}.png") == tmp_path / "mine" / "a.png"
        assert find_label(image, "../gone/{stem}.png") is None
        assert find_label(image, " ") == tmp_path / "labels" / "a.png"

    def test_an_image_is_not_its_own_label(self, tmp_path: Path) -> None:
        make(tmp_path, "a.png")
        assert find_label(tmp_path / "a.png", "{name}") is None

    @pytest.mark.parametrize(
        ("pattern", "sentence"),
        [
            ("../{city}/{stem}.png", r"has \{city\}, which is unknown; use \{stem\}"),
            ("{}/{stem}.png", r"has \{\}, which is unknown"),
            ("../labels/{stem.png", "has a brace without its partner"),
            ("stem}.png", "has a brace without its partner"),
            ("../labels/", r"names one file for all images; put \{stem\} in it"),
            ("../{folder}.png", "names one file for all images"),
        ],
    )
    def test_a_bad_one_gets_a_sentence(self, pattern: str, sentence: str) -> None:
        with pytest.raises(SettingsError, match=sentence):
            find_label(Path("a.jpg"), pattern)
