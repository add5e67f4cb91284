"""Figures: drawn from the data, exact in their pixels, the same every time."""

from __future__ import annotations

import base64
import io
import itertools
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gridsal_core.arrays import ByteArray, IndexArray
from gridsal_core.errors import ImageError, OutputError
from gridsal_core.figure import FigureSpec, compose, exhibit, rendered, save_figure
from gridsal_core.figure.pictures import SALIENCY_RED
from gridsal_core.palette import numbered_classes
from gridsal_core.settings import Settings
from gridsal_core.types import (
    ClassInfo,
    Explanation,
    Prediction,
    Provenance,
    Request,
    Scores,
)

SUFFIXES = (".png", ".svg", ".pdf")
LONG_NAME = "a class whose name goes on and on, with $x_1$ and _underscores_ and more of it"


def explanation(
    size: tuple[int, int] = (30, 40),
    channels: int = 3,
    classes: tuple[ClassInfo, ...] = numbered_classes(3),
    saliency: float = 0.5,
) -> Explanation:
    """Explain the last class, a block in the middle; every class has its column of pixels."""
    rng = np.random.default_rng(0)
    height, width = size
    class_map = np.broadcast_to(np.arange(width) % len(classes), size).astype(np.uint8)
    region = np.zeros(size, np.bool_)
    region[height // 3 : height // 2, width // 3 : width // 2] = True
    settings = Settings(mask_size=(4, 4))
    return Explanation(
        request=Request(
            rng.random((*size, channels), np.float32), region, len(classes) - 1, "painted"
        ),
        settings=settings,
        classes=classes,
        mask=np.full((4, 4), saliency, np.float32),
        saliency=np.where(region, 0, saliency).astype(np.float32),
        perturbed=rng.random((*size, channels), np.float32),
        losses=np.zeros((settings.steps, 3), np.float32),
        score_history=np.zeros(settings.steps, np.float32),
        scores=Scores(image=0.912, object_alone=0.134, perturbed=0.887),
        residual=0.031,
        residual_without_context=0.8,
        prediction=Prediction(class_map, np.ones(size, np.float32)),
        init=0.5,
        stopped=False,
        provenance=Provenance("Unet", "net.pt", "0123456789abcdef", "cpu", ()),
    )


def draw_explanation(explanation: Explanation, label: IndexArray | None = None) -> Figure:
    return compose(FigureSpec(), [exhibit(explanation, label)])


def figure_png(explanation: Explanation) -> bytes:
    return rendered(draw_explanation(explanation), ".png")


def embedded_images(path: Path) -> list[ByteArray]:
    """Return the pictures inside an SVG, as (H, W, 3) uint8, in the order they are drawn."""
    codes = re.findall(r'"data:image/png;base64,([^"]+)"', path.read_text())
    return [
        np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert("RGB")) for code in codes
    ]


def numbered(pixels: np.ndarray) -> np.ndarray:
    """Return one number for the colour of each pixel, in 0..255 a channel."""
    return (pixels.astype(np.int64) @ (65536, 256, 1)).ravel()


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


class TestFiles:
    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_the_same_explanation_gives_the_same_bytes(self, tmp_path: Path, suffix: str) -> None:
        for name in "ab":
            save_figure(explanation(), tmp_path / f"{name}{suffix}")
        first, second = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()
        assert first.stat().st_size > 1000

    def test_the_kind_of_file_is_chosen_by_the_suffix(self, tmp_path: Path) -> None:
        for name, start in (("a.PNG", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")):
            save_figure(explanation(), tmp_path / name)
            assert (tmp_path / name).read_bytes().startswith(start)
        assert len(list(tmp_path.iterdir())) == 3

    @pytest.mark.parametrize("name", ["a.jpg", "a", "a.png.txt"])
    def test_other_suffixes_are_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(OutputError, match=r"\.png, \.svg or \.pdf"):
            save_figure(explanation(), tmp_path / name)
        assert list(tmp_path.iterdir()) == []

    def test_a_missing_folder_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(OutputError, match=r"a\.png cannot be saved: .* does not exist"):
            save_figure(explanation(), tmp_path / "gone" / "a.png")

    def test_the_clipboard_gets_the_same_png(self, tmp_path: Path) -> None:
        save_figure(explanation(), tmp_path / "a.png")
        assert figure_png(explanation()) == (tmp_path / "a.png").read_bytes()

    def test_figures_can_be_drawn_in_several_threads(self) -> None:
        with ThreadPoolExecutor(3) as pool:
            drawn = list(pool.map(figure_png, [explanation()] * 3))
        assert set(drawn) == {figure_png(explanation())}


class TestPixels:
    def test_every_image_pixel_is_a_block_of_equal_dots(self) -> None:
        example = explanation()
        dots = np.asarray(Image.open(io.BytesIO(figure_png(example))).convert("RGB"))
        colors, counts = np.unique(numbered(dots), return_counts=True)
        found = dict(zip(colors.tolist(), counts.tolist(), strict=True))
        away_from_the_outline = numbered(np.rint(example.perturbed[20:] * 255))
        sizes = {found.get(color, 0) for color in away_from_the_outline.tolist()}
        assert len(sizes) == 1
        assert (sizes.pop() ** 0.5).is_integer()

    def test_vector_figures_hold_the_images_own_pixels(self, tmp_path: Path) -> None:
        example = explanation()
        save_figure(example, tmp_path / "a.svg")
        pictures = embedded_images(tmp_path / "a.svg")
        np.testing.assert_array_equal(pictures[2], np.rint(example.perturbed * 255))
        colors = np.array([info.color for info in example.classes])
        np.testing.assert_array_equal(pictures[1], colors[example.prediction.class_map])

    def test_an_empty_map_looks_empty(self, tmp_path: Path) -> None:
        example = explanation(saliency=0)
        save_figure(example, tmp_path / "a.svg")
        shown = embedded_images(tmp_path / "a.svg")[0]
        np.testing.assert_array_equal(shown, np.rint(example.request.image * 255))

    def test_red_grows_with_saliency_on_a_fixed_scale(self, tmp_path: Path) -> None:
        share = []
        for saliency in (0.25, 0.5, 1.0):
            example = explanation(saliency=saliency)
            save_figure(example, tmp_path / "a.svg")
            shown = embedded_images(tmp_path / "a.svg")[0] / 255
            moved = np.abs(shown - example.request.image).sum()
            share.append(moved / np.abs(SALIENCY_RED - example.request.image).sum())
        assert share[0] < share[1] < share[2]
        assert share[0] / share[2] == pytest.approx(0.25, rel=0.02)
        assert share[1] / share[2] == pytest.approx(0.5, rel=0.02)

    def test_the_region_itself_is_never_red_in_a_context_explanation(self, tmp_path: Path) -> None:
        example = explanation(saliency=1)
        save_figure(example, tmp_path / "a.svg")
        region = example.request.region
        shown = embedded_images(tmp_path / "a.svg")[0][region]
        np.testing.assert_array_equal(shown, np.rint(example.request.image[region] * 255))

    @pytest.mark.parametrize(("channels", "shown"), [(1, [0, 0, 0]), (4, [0, 1, 2])])
    def test_images_of_other_channels(
        self, tmp_path: Path, channels: int, shown: list[int]
    ) -> None:
        example = explanation(channels=channels)
        save_figure(example, tmp_path / "a.svg")
        expected = np.rint(example.perturbed[..., shown] * 255)
        np.testing.assert_array_equal(embedded_images(tmp_path / "a.svg")[2], expected)


class TestWords:
    def test_the_caption_gives_class_and_scores(self) -> None:
        said = " ".join(words(draw_explanation(explanation())))
        for part in ("class 2", "Context explanation", "0.912", "0.134", "0.887", "0.031"):
            assert part in said

    def test_the_small_print_gives_what_is_needed_to_repeat_it(self) -> None:
        said = " ".join(words(draw_explanation(explanation()))).replace("\N{NO-BREAK SPACE}", " ")
        for part in (
            "λ 0.01",
            "mask 4x4",
            "80 steps",
            "learning rate 1",
            "momentum 0.5",
            "initial value 0.5 (auto)",
            "perturbation constant:mean",
            "network Unet",
            "weights 01234567",
        ):
            assert part in said

    def test_an_empty_map_with_a_residual_is_not_an_answer(self) -> None:
        example = replace(explanation(saliency=0), residual=0.7)
        assert any("Not converged" in text for text in words(draw_explanation(example)))

    def test_a_stopped_run_says_so(self) -> None:
        example = replace(explanation(), stopped=True, score_history=np.zeros(7, np.float32))
        said = " ".join(words(draw_explanation(example))).replace("\N{NO-BREAK SPACE}", " ")
        assert "stopped after 7 of 80 steps" in said

    def test_only_classes_that_appear_are_in_the_legend(self) -> None:
        example = explanation(classes=numbered_classes(5))
        class_map = np.where(example.prediction.class_map == 1, 3, 0).astype(np.uint8)
        example = replace(example, prediction=replace(example.prediction, class_map=class_map))
        shown = words(draw_explanation(example))
        assert {"class 0", "class 3"} <= set(shown)
        assert not {"class 1", "class 2", "class 4"} & set(shown)

    @pytest.mark.parametrize("suffix", SUFFIXES)
    def test_names_that_are_no_text_are_drawn_as_far_as_they_are(
        self, tmp_path: Path, suffix: str
    ) -> None:
        name = os.fsdecode(b"n\xff.png")
        example = explanation(classes=(ClassInfo("a", (1, 2, 3)), ClassInfo(name, (4, 5, 6))))
        example = replace(
            example,
            request=replace(example.request, image_path=Path(name)),
            provenance=replace(example.provenance, network=name),
        )

        save_figure(example, tmp_path / f"a{suffix}")

        said = " ".join(words(draw_explanation(example))).replace("\N{NO-BREAK SPACE}", " ")
        assert (tmp_path / f"a{suffix}").stat().st_size > 1000
        assert "image n?.png" in said
        assert "network n?.png" in said

    def test_names_are_text_and_never_formulas(self) -> None:
        classes = (ClassInfo("$\\undefined$", (1, 2, 3)), ClassInfo("_hidden", (4, 5, 6)))
        example = explanation(classes=classes)
        assert {"$\\undefined$", "_hidden"} <= set(words(draw_explanation(example)))
        assert figure_png(example)


class TestGroundTruth:
    def test_a_label_map_is_one_more_panel(self, tmp_path: Path) -> None:
        example = explanation()
        label: IndexArray = np.ones((30, 40), np.uint8)
        label[0, 0] = 255
        save_figure(example, tmp_path / "a.svg", label)
        shown = embedded_images(tmp_path / "a.svg")[2]
        assert shown[1, 1].tolist() == list(example.classes[1].color)
        assert {"Ground truth", "unlabelled"} <= set(words(draw_explanation(example, label)))

    def test_a_label_map_of_another_size_is_refused(self) -> None:
        with pytest.raises(ImageError, match=r"label map is 7 x 5 pixels .* image is 40 x 30"):
            draw_explanation(explanation(), np.zeros((5, 7), np.uint8))


@pytest.mark.parametrize("size", [(30, 40), (20, 160), (128, 24), (5, 5)])
@pytest.mark.parametrize(
    ("classes", "labelled"),
    [
        (numbered_classes(2), False),
        (numbered_classes(24), False),
        (numbered_classes(24), True),
        ((ClassInfo("sky", (0, 0, 0)), ClassInfo(LONG_NAME, (9, 9, 9))), False),
    ],
    ids=["two classes", "many classes", "many classes and four panels", "a long name"],
)
def test_nothing_overlaps_and_nothing_is_cut_off(
    size: tuple[int, int], classes: tuple[ClassInfo, ...], labelled: bool
) -> None:
    example = explanation(size, classes=classes)
    figure = draw_explanation(example, example.prediction.class_map if labelled else None)
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # Matplotlib's
    page = figure.bbox
    texts = [text.get_window_extent(renderer) for text in figure.texts]
    axes = [each.get_tightbbox(renderer, bbox_extra_artists=[]) for each in figure.axes]
    for box in texts:
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1
    for one, other in itertools.combinations([*texts, *axes], 2):
        assert one is not None
        assert other is not None
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(across, down) < 2, (one, other)


def test_neither_pyplot_nor_torch_is_imported() -> None:
    code = """
import sys
import gridsal_core.datasets.folder, gridsal_core.datasets.labels, gridsal_core.segments
from tests.core.test_figures import explanation, figure_png
figure_png(explanation())
print([name for name in ("matplotlib.pyplot", "torch", "PySide6") if name in sys.modules])
"""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"
