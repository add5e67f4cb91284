"""Image folders: what is listed, in which order, and where its labels are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from natsort import natsorted, ns
from PIL import Image

from gridsal_core.datasets.folder import ImageListing, list_images, natural_key, scan_images
from gridsal_core.datasets.label_files import find_label
from gridsal_core.errors import ImageError


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def make_index(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(path)
    return path


def listed(folder: Path) -> list[str]:
    return [path.name for path in list_images(folder)]


class TestListing:
    def test_images_come_in_natural_order(self, tmp_path: Path) -> None:
        make(tmp_path, "a10.jpg", "a2.jpg", "B1.jpg", "a1.jpg")
        assert listed(tmp_path) == ["a1.jpg", "a2.jpg", "a10.jpg", "B1.jpg"]

    def test_paths_lie_in_the_folder_that_was_given(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg")
        assert list_images(tmp_path) == (tmp_path / "a.jpg",)

    def test_suffixes_count_in_any_case_and_other_files_do_not(self, tmp_path: Path) -> None:
        make(tmp_path, "a.JPG", "b.Png", "c.tiff", "notes.txt", "model.pt", "png")
        assert listed(tmp_path) == ["a.JPG", "b.Png", "c.tiff"]

    def test_hidden_files_and_folders_named_like_images_are_skipped(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", ".b.jpg", "._a.jpg")
        (tmp_path / "c.png").mkdir()
        assert listed(tmp_path) == ["a.jpg"]

    @pytest.mark.parametrize("child", ["images", "Images"])
    def test_a_folder_without_images_stands_for_its_child(self, tmp_path: Path, child: str) -> None:
        make(tmp_path, f"{child}/a.jpg", "labels/a.png", "readme.txt")
        assert list_images(tmp_path) == (tmp_path / child / "a.jpg",)

    def test_images_of_its_own_come_before_a_child(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", "images/b.jpg")
        assert listed(tmp_path) == ["a.jpg"]

    def test_files_are_listed_by_name_alone(self, tmp_path: Path) -> None:
        make(tmp_path, *(f"{i}{suffix}" for i in range(500) for suffix in (".jpg", ".png")))
        assert listed(tmp_path) == [f"{i}.jpg" for i in range(500)]


class TestOrder:
    @given(st.lists(st.text("aB0129_-. ", max_size=8)))
    def test_names_are_sorted_as_natsort_does(self, names: list[str]) -> None:
        expected = natsorted(sorted(names), alg=ns.IGNORECASE)
        assert sorted(sorted(names), key=natural_key) == expected

    def test_numbers_of_any_length_count_by_their_value(self) -> None:
        names = [f"a{number}.png" for number in (10**400, 10**399, 7)]
        assert sorted(names, key=natural_key) == names[::-1]


class TestSubFolders:
    def test_images_below_are_listed_in_order_with_their_folders(self, tmp_path: Path) -> None:
        make(tmp_path, "ulm/a10.png", "ulm/a2.png", "bonn 2/c.png", "bonn/deep/b.jpg", "bonn/c.png")
        expected = ("bonn/c.png", "bonn/deep/b.jpg", "bonn 2/c.png", "ulm/a2.png", "ulm/a10.png")
        listing = scan_images(tmp_path)
        assert listing.names == expected
        assert listing[3] == tmp_path / "ulm" / "a2.png"

    def test_images_of_its_own_are_all_that_counts(self, tmp_path: Path) -> None:
        make(tmp_path, "a.png", "more/b.png")
        assert scan_images(tmp_path).names == ("a.png",)

    def test_label_folders_and_hidden_ones_are_left_out(self, tmp_path: Path) -> None:
        others = ("gtFine", "labels", "SegmentationClass", "panoptic_val2017", ".cache", "Masks")
        make(tmp_path, "leftImg8bit/val/ulm/a.png", *(f"{other}/a.png" for other in others))
        assert scan_images(tmp_path).names == ("leftImg8bit/val/ulm/a.png",)

    def test_a_label_map_beside_its_image_is_left_out_there_too(self, tmp_path: Path) -> None:
        make(tmp_path, "x/a.jpg", "x/a.png", "y/b.png", "y/b_mask.png")
        assert scan_images(tmp_path).names == ("x/a.jpg", "y/b.png")

    def test_links_are_followed_once(self, tmp_path: Path) -> None:
        make(tmp_path, "data/x/a.png", "elsewhere/b.png")
        (tmp_path / "data" / "x" / "loop").symlink_to(tmp_path / "data")
        (tmp_path / "data" / "other").symlink_to(tmp_path / "elsewhere")
        assert scan_images(tmp_path / "data").names == ("other/b.png", "x/a.png")

    def test_a_search_that_takes_too_long_ends_with_a_sentence(self, tmp_path: Path) -> None:
        make(tmp_path, "x/a.png")
        with pytest.raises(ImageError, match=r"too many sub-folders .* choose the one that holds"):
            scan_images(tmp_path, seconds=-1)


class TestListings:
    def test_a_path_has_its_row(self, tmp_path: Path) -> None:
        listing = ImageListing(tmp_path, ("a.png", "x/b.png"))
        assert listing.row_of(tmp_path / "x" / "b.png") == 1
        assert listing.row_of(tmp_path / "b.png") is None
        assert listing.row_of(Path("/elsewhere/a.png")) is None
        assert tmp_path / "a.png" in listing
        assert tmp_path / "c.png" not in listing
        assert list(listing) == [tmp_path / "a.png", tmp_path / "x" / "b.png"]
        assert listing[:1] == (tmp_path / "a.png",)

    @pytest.mark.parametrize("names", [("a/1.png", "a/2.png"), ("a/1.png", "b/1.png"), ()])
    def test_any_paths_make_one(self, names: tuple[str, ...]) -> None:
        paths = [Path("/data") / name for name in names]
        listing = ImageListing.of(paths)
        assert list(listing) == paths
        assert [listing.row_of(path) for path in paths] == list(range(len(paths)))


class TestLabelsAreNotListed:
    def test_an_index_png_beside_a_photograph(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", "a.png", "b.png")
        assert listed(tmp_path) == ["a.jpg", "b.png"]

    @pytest.mark.parametrize("ending", ["_label", "_labels", "_mask"])
    @pytest.mark.parametrize("image", ["a.png", "a.jpg"])
    def test_a_marked_png_beside_its_image(self, tmp_path: Path, image: str, ending: str) -> None:
        make(tmp_path, image, f"a{ending}.png")
        assert listed(tmp_path) == [image]

    def test_a_marked_name_without_an_image_is_an_image(self, tmp_path: Path) -> None:
        make(tmp_path, "venetian_mask.png", "price_label.jpg", "price.jpg")
        assert listed(tmp_path) == ["price.jpg", "price_label.jpg", "venetian_mask.png"]

    def test_two_photographs_of_one_stem_are_both_listed(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg", "a.tif")
        assert listed(tmp_path) == ["a.jpg", "a.tif"]


class TestFolderErrors:
    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="gone does not exist; check its name"):
            list_images(tmp_path / "gone")

    def test_a_file(self, tmp_path: Path) -> None:
        make(tmp_path, "a.jpg")
        with pytest.raises(ImageError, match=r"a\.jpg is a file; choose the folder"):
            list_images(tmp_path / "a.jpg")

    @pytest.mark.parametrize("names", [(), ("a.txt",), ("images/a.txt",), ("labels/a.png",)])
    def test_no_images(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        make(tmp_path, *names)
        with pytest.raises(ImageError, match="holds no image; choose one with PNG"):
            list_images(tmp_path)

    def test_no_permission(self, tmp_path: Path) -> None:
        tmp_path.chmod(0)
        try:
            if os.access(tmp_path, os.R_OK):
                pytest.skip("this user may read everything")
            with pytest.raises(ImageError, match=r"cannot be read .* check its permissions"):
                list_images(tmp_path)
        finally:
            tmp_path.chmod(0o700)


class TestFindingALabel:
    @pytest.mark.parametrize(
        ("image", "label"),
        [
            ("a.jpg", "a.png"),
            ("a.png", "a_label.png"),
            ("a.png", "a_labels.png"),
            ("a.jpg", "a_mask.png"),
            ("images/a.jpg", "labels/a.png"),
            ("images/a.png", "label/a.png"),
            ("images/a.png", "masks/a.png"),
            ("images/a.jpg", "Annotations/a.png"),
            ("images/a.jpg", "gt/a_label.png"),
            ("a.png", "labels/a.png"),
        ],
    )
    def test_places(self, tmp_path: Path, image: str, label: str) -> None:
        make(tmp_path, image)
        make_index(tmp_path / label)
        assert find_label(tmp_path / image) == tmp_path / label

    def test_none(self, tmp_path: Path) -> None:
        make(tmp_path, "images/a.jpg")
        make_index(tmp_path / "labels" / "b.png")
        assert find_label(tmp_path / "images" / "a.jpg") is None

    def test_a_png_is_not_its_own_label(self, tmp_path: Path) -> None:
        assert find_label(make_index(tmp_path / "labels" / "a.png")) is None

    def test_a_colour_png_of_the_same_stem_is_no_label(self, tmp_path: Path) -> None:
        make(tmp_path, "images/a.jpg")
        Image.new("RGB", (2, 2)).save(tmp_path / "images" / "a.png")
        make_index(tmp_path / "labels" / "a.png")
        found = find_label(tmp_path / "images" / "a.jpg")
        assert found == tmp_path / "labels" / "a.png"

    def test_a_marked_file_beside_the_image_comes_first(self, tmp_path: Path) -> None:
        make(tmp_path, "images/a.jpg")
        make_index(tmp_path / "labels" / "a.png")
        beside = make_index(tmp_path / "images" / "a_mask.png")
        assert find_label(tmp_path / "images" / "a.jpg") == beside

    def test_a_relative_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make(tmp_path, "images/a.jpg")
        make_index(tmp_path / "labels" / "a.png")
        monkeypatch.chdir(tmp_path / "images")
        found = find_label(Path("a.jpg"))
        assert found is not None
        assert found.samefile(tmp_path / "labels" / "a.png")
