"""Predictions on a folder against its label maps: counts, the matrix, and what is kept of them."""

from __future__ import annotations

import csv
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gridsal_core.arrays import ByteArray
from gridsal_core.checkpoints.card import InputCard, ModelCard
from gridsal_core.comparison import compare
from gridsal_core.errors import OutputError, RequestError
from gridsal_core.evaluation.cache import CountsCache
from gridsal_core.evaluation.confusion import Confusion, write_confusion
from gridsal_core.evaluation.counts import ImageCounts, count_pixels
from gridsal_core.evaluation.folder import FolderStatistics
from gridsal_core.evaluation.predictions import PredictionsCache
from gridsal_core.evaluation.stamps import FileState, Stamp, predictor_key
from gridsal_core.frames import Frame
from gridsal_core.types import ClassInfo, Prediction

CLASSES = 3
SKY, ROAD, CAR = range(CLASSES)
VOID = 255
NAMES = tuple(ClassInfo(name, (0, 0, 0)) for name in ("sky", "road", "car"))
STAMP = Stamp(Frame.whole((2, 2)), FileState(10, 20), Path("/l/a.png"), FileState(30, 40))

maps = hnp.arrays(np.uint8, (4, 5), elements=st.integers(0, CLASSES - 1))
labels = hnp.arrays(np.uint8, (4, 5), elements=st.sampled_from([SKY, ROAD, CAR, 3, VOID]))


def matrix(counts: ImageCounts) -> list[list[int]]:
    full = np.zeros((CLASSES + 1) * CLASSES, int)
    full[counts.codes] = counts.pixels
    rows: list[list[int]] = full.reshape(CLASSES + 1, CLASSES).tolist()
    return rows


def counted(true: list[int], predicted: list[int]) -> ImageCounts:
    label, class_map = (np.array([each], np.uint8) for each in (true, predicted))
    return count_pixels(class_map, label, CLASSES)


class TestCounts:
    def test_rows_are_true_columns_predicted_and_the_last_row_is_unlabelled(self) -> None:
        counts = counted([SKY, SKY, ROAD, VOID, 3], [SKY, CAR, ROAD, ROAD, CAR])
        assert matrix(counts) == [[1, 0, 1], [0, 1, 0], [0, 0, 0], [0, 1, 1]]
        assert counts.is_labelled

    def test_without_a_label_map_every_pixel_is_unlabelled(self) -> None:
        counts = count_pixels(np.array([[SKY, CAR, CAR]], np.uint8), None, CLASSES)
        assert matrix(counts) == [[0] * 3, [0] * 3, [0] * 3, [1, 0, 2]]
        assert not counts.is_labelled

    @given(maps, labels)
    def test_no_pixel_is_lost(self, class_map: ByteArray, label: ByteArray) -> None:
        assert count_pixels(class_map, label, CLASSES).pixels.sum() == class_map.size

    def test_sizes_must_agree(self) -> None:
        with pytest.raises(RequestError, match=r"is 2 x 1 pixels and the prediction 3 x 1"):
            count_pixels(np.zeros((1, 3), np.uint8), np.zeros((1, 2), np.uint8), CLASSES)

    def test_more_than_255_classes(self) -> None:
        counts = count_pixels(
            np.array([[299, 7]], np.uint16), np.array([[7, 65535]], np.uint16), 300
        )
        assert counts.codes.tolist() == [7 * 300 + 299, 300 * 300 + 7]


class TestFolder:
    @pytest.fixture
    def folder(self) -> FolderStatistics:
        """Of four images: half wrong, all correct, without labels, and not predicted."""
        known = FolderStatistics(4, CLASSES)
        known.add(0, counted([SKY, SKY, ROAD, VOID, CAR], [SKY, CAR, CAR, ROAD, CAR]))
        known.add(1, counted([SKY, ROAD], [SKY, ROAD]))
        known.add(2, count_pixels(np.array([[CAR, ROAD]], np.uint8), None, CLASSES))
        return known

    def test_it_knows_which_images_were_predicted_and_labelled(
        self, folder: FolderStatistics
    ) -> None:
        assert folder.known.tolist() == [True, True, True, False]
        assert folder.labelled.tolist() == [True, True, False, False]

    def test_the_error_is_a_share_of_the_labelled_pixels(self, folder: FolderStatistics) -> None:
        assert [folder.error_share(row) for row in range(4)] == [0.5, 0.0, None, None]
        assert np.array_equal(folder.error_shares, [0.5, 0, np.nan, np.nan], equal_nan=True)

    def test_a_confusion_is_found(self, folder: FolderStatistics) -> None:
        assert folder.pixels_of(ROAD, CAR).tolist() == [1, 0, 0, 0]
        assert folder.shares_of(ROAD, CAR).tolist() == [0.25, 0, 0, 0]

    def test_a_predicted_class_is_found_also_without_labels(self, folder: FolderStatistics) -> None:
        assert folder.pixels_of(None, CAR).tolist() == [3, 0, 1, 0]
        assert folder.shares_of(None, CAR) == pytest.approx([0.6, 0, 0.5, 0])

    def test_a_true_class_is_found(self, folder: FolderStatistics) -> None:
        assert folder.pixels_of(ROAD, None).tolist() == [1, 1, 0, 0]

    def test_the_matrix_is_that_of_the_labelled_images(self, folder: FolderStatistics) -> None:
        confusion = folder.confusion
        assert confusion.images == 2
        assert confusion.labelled.tolist() == [[2, 0, 1], [0, 1, 1], [0, 0, 1]]
        assert confusion.counts[-1].tolist() == [0, 1, 0]

    def test_an_image_counts_once(self, folder: FolderStatistics) -> None:
        before = folder.confusion.counts
        folder.add(1, counted([SKY], [CAR]))
        assert np.array_equal(folder.confusion.counts, before)

    def test_many_images_are_searched_at_once(self) -> None:
        known = FolderStatistics(20_000, CLASSES)
        for row in range(20_000):
            known.add(row, counted([row % 3, VOID], [CAR, SKY]))
        began = time.perf_counter()
        found = known.pixels_of(ROAD, CAR)
        assert time.perf_counter() - began < 0.1
        assert np.flatnonzero(found)[:3].tolist() == [1, 4, 7]


class TestConfusion:
    def test_each_row_adds_up_to_one(self) -> None:
        counts = np.array([[3, 0, 1], [0, 0, 0], [0, 2, 2], [9, 9, 9]])
        shares = Confusion(counts, 1).shares
        assert shares[0].tolist() == [0.75, 0, 0.25]
        assert np.isnan(shares[1]).all()
        assert shares[2].tolist() == [0, 0.5, 0.5]

    @given(maps, labels)
    def test_of_one_image_the_iou_is_that_of_the_error_view(
        self, class_map: ByteArray, label: ByteArray
    ) -> None:
        known = FolderStatistics(1, CLASSES)
        known.add(0, count_pixels(class_map, label, CLASSES))
        found, expected = known.confusion, compare(class_map, label, CLASSES)
        iou = [None if np.isnan(value) else value for value in found.iou.tolist()]
        assert iou == [None if e is None else pytest.approx(e) for e in expected.iou]
        assert found.mean_iou == (
            None if expected.mean_iou is None else pytest.approx(expected.mean_iou)
        )

    def test_the_file_holds_counts_and_iou(self, tmp_path: Path) -> None:
        confusion = Confusion(np.array([[3, 0, 1], [0, 0, 0], [0, 0, 0], [0, 5, 0]]), 1)
        write_confusion(confusion, NAMES, tmp_path / "c.csv")
        with open(tmp_path / "c.csv", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == ["true / predicted", "sky", "road", "car", "IoU"]
        assert rows[1] == ["sky", "3", "0", "1", "0.750000"]
        assert rows[2] == ["road", "0", "0", "0", ""]
        assert rows[-1] == ["unlabelled", "0", "5", "0", ""]

    def test_a_file_that_cannot_be_written_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError):
            write_confusion(Confusion(np.zeros((4, 3), int), 0), NAMES, tmp_path / "no" / "c.csv")


class TestKey:
    def test_it_tells_networks_preprocessing_and_label_places_apart(self) -> None:
        card = ModelCard()
        keys = {
            predictor_key("a", card, ""),
            predictor_key("b", card, ""),
            predictor_key("a", card, "../{stem}.png"),
            predictor_key("a", ModelCard(input=InputCard(mean=(0.5,))), ""),
        }
        assert len(keys) == 4
        assert predictor_key("a", ModelCard(name="other"), "") in keys


class TestCache:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "new" / "cache.sqlite"

    def kept(self, place: Path, folder: str = "/d", key: str = "k") -> dict[str, ImageCounts]:
        cache = CountsCache(place)
        found = {
            name: counts
            for name, stamp, counts in cache.folder(key, Path(folder), CLASSES)
            if stamp == STAMP
        }
        cache.close()
        return found

    def put(self, place: Path, *names: str, folder: str = "/d") -> None:
        cache = CountsCache(place)
        for name in names:
            cache.put("k", Path(folder), name, STAMP, counted([SKY, ROAD], [SKY, CAR]))
        cache.close()

    def test_what_was_put_is_there_the_next_time(self, place: Path) -> None:
        self.put(place, "a.png", "ulm/b.png")
        found = self.kept(place)
        assert sorted(found) == ["a.png", "ulm/b.png"]
        assert matrix(found["a.png"]) == matrix(counted([SKY, ROAD], [SKY, CAR]))
        assert found["a.png"].is_labelled

    def test_other_folders_and_networks_know_nothing_of_it(self, place: Path) -> None:
        self.put(place, "a.png")
        assert self.kept(place, folder="/e") == {}
        assert self.kept(place, key="other") == {}

    def test_a_name_that_is_no_text_is_kept(self, place: Path) -> None:
        name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
        self.put(place, name)
        assert list(self.kept(place)) == [name]

    def test_a_damaged_file_is_a_miss_and_is_begun_anew(self, place: Path) -> None:
        place.parent.mkdir()
        place.write_bytes(b"this is no database at all" * 100)
        assert self.kept(place) == {}
        self.put(place, "a.png")
        assert list(self.kept(place)) == ["a.png"]

    def test_a_file_that_is_cut_off_is_a_miss(self, place: Path) -> None:
        self.put(place, *(f"{n}.png" for n in range(200)))
        whole = place.read_bytes()
        place.write_bytes(whole[: len(whole) // 2 - 100])
        assert len(self.kept(place)) < 200
        self.put(place, "a.png")
        assert "a.png" in self.kept(place)

    def test_counts_that_cannot_be_are_a_miss(self, place: Path) -> None:
        self.put(place, "a.png", "b.png", "c.png", "d.png")
        database = sqlite3.connect(place)
        database.execute("UPDATE counts SET data = x'00112233' WHERE image = x'612e706e67'")
        database.execute("UPDATE counts SET stamp = '[1, 2]' WHERE image = x'622e706e67'")
        database.execute("UPDATE counts SET data = 7 WHERE image = x'632e706e67'")
        database.commit()
        database.close()
        assert list(self.kept(place)) == ["d.png"]

    def test_a_place_that_cannot_be_used_is_a_miss(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("in the way")
        self.put(tmp_path / "file" / "cache.sqlite", "a.png")
        assert self.kept(tmp_path / "file" / "cache.sqlite") == {}
        self.put(tmp_path, "a.png")
        assert self.kept(tmp_path) == {}

    def test_it_is_bounded_and_drops_what_was_written_first(self, place: Path) -> None:
        cache = CountsCache(place, capacity_bytes=60_000)
        for number in range(600):
            cache.put("k", Path("/d"), f"{number}.png", STAMP, counted([SKY], [CAR]))
        names = [name for name, _, _ in cache.folder("k", Path("/d"), CLASSES)]
        assert cache.used_bytes < 150_000
        cache.close()
        assert "599.png" in names
        assert "0.png" not in names
        assert 100 < len(names) < 600


class TestPredictions:
    STAMP = Stamp(Frame.whole((3, 4)), FileState(10, 20))

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "predictions.sqlite"

    @pytest.fixture
    def prediction(self) -> Prediction:
        generator = np.random.default_rng(1)
        return Prediction(
            generator.integers(0, CLASSES, (3, 4)).astype(np.uint8),
            generator.random((3, 4), np.float32),
            ("made on a smaller image",),
        )

    def kept(self, place: Path, stamp: Stamp = STAMP, image: bytes = b"/d/a.png") -> bool:
        cache = PredictionsCache(place)
        found = cache.get("k", image, stamp, CLASSES)
        cache.close()
        return found is not None

    def test_the_classes_are_kept_as_they_are(self, place: Path, prediction: Prediction) -> None:
        cache = PredictionsCache(place)
        cache.put("k", b"/d/caf\xe9.png", self.STAMP, prediction)
        found = cache.get("k", b"/d/caf\xe9.png", self.STAMP, CLASSES)
        cache.close()
        assert found is not None
        assert np.array_equal(found.class_map, prediction.class_map)
        assert found.class_map.dtype == np.uint8
        assert np.abs(found.confidence - prediction.confidence).max() <= 0.5 / 255 + 1e-6
        assert found.notes == prediction.notes

    def test_another_file_frame_or_damage_is_a_miss(
        self, place: Path, prediction: Prediction
    ) -> None:
        cache = PredictionsCache(place)
        for name in (b"a", b"b", b"c", b"d"):
            cache.put("k", b"/d/%s.png" % name, self.STAMP, prediction)
        assert cache.get("k", b"/d/a.png", self.STAMP, int(prediction.class_map.max())) is None
        cache.close()
        assert self.kept(place)
        assert not self.kept(place, Stamp(self.STAMP.frame, FileState(10, 21)))
        assert not self.kept(place, Stamp(Frame.whole((4, 3)), FileState(10, 20)))
        database = sqlite3.connect(place)
        database.execute("UPDATE predictions SET data = x'0011' WHERE image = x'2f642f622e706e67'")
        database.execute("UPDATE predictions SET head = '7' WHERE image = x'2f642f632e706e67'")
        database.commit()
        database.close()
        names = (b"a", b"b", b"c", b"d")
        found = [self.kept(place, image=b"/d/%s.png" % name) for name in names]
        assert found == [True, False, False, True]
        place.write_bytes(b"no database" * 1000)
        assert not self.kept(place)
