"""Figures for papers: of every kind, of exactly the size asked for, with nothing cut off."""

from __future__ import annotations

import io
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from gridsal_core.errors import GridSalError, RequestError, SettingsError
from gridsal_core.figure import FigureSpec, compose, exhibit, exhibit_of_what_if, rendered
from gridsal_core.figure.exhibit import Exhibit
from gridsal_core.figure.pictures import scale_colors, with_saliency
from gridsal_core.figure.presets import (
    BUILT_IN,
    check_preset_name,
    find_preset,
    read_presets,
    write_presets,
)
from gridsal_core.figure.spec import COLOR_MAPS, KINDS, ColorMap, FigureKind, parse_size
from gridsal_core.palette import numbered_classes
from gridsal_core.types import ClassInfo, Prediction
from gridsal_core.whatif import WhatIf
from tests.core.test_figures import LONG_NAME, explanation

MM = 72 / 25.4
LONG = (ClassInfo("sky", (0, 0, 0)), ClassInfo(LONG_NAME, (9, 9, 9)))


def exhibits(
    count: int,
    size: tuple[int, int] = (30, 40),
    classes: tuple[ClassInfo, ...] = numbered_classes(3),
) -> list[Exhibit]:
    """Explanations of several images, told apart by method, class and image."""
    made = []
    for index in range(count):
        base = explanation(size, classes=classes)
        request = replace(base.request, image_path=Path(f"a_long_name_of_image_{index}.png"))
        request = replace(request, image=np.roll(request.image, index, axis=1))
        made.append(exhibit(replace(base, request=request)))
    return made


def parts() -> list[Exhibit]:
    """The correct and the erroneous part of one segment."""
    base = explanation()
    label = base.prediction.class_map.copy()
    return [
        exhibit(replace(base, request=replace(base.request, origin=origin)), label)
        for origin in ("correct part", "erroneous part")
    ]


def changed() -> Exhibit:
    base = explanation()
    after = np.roll(base.prediction.class_map, 1, axis=1)
    prediction = Prediction(after, np.ones(after.shape, np.float32))
    return exhibit_of_what_if(
        WhatIf("remove", base, base.request.image, prediction, score_before=0.9, score_after=0.2)
    )


def subject(kind: FigureKind) -> list[Exhibit]:
    return {
        "single": exhibits(1),
        "pair": parts(),
        "what-if": [changed()],
        "methods": exhibits(3),
        "sheet": exhibits(7),
    }[kind]


def titles(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts if text.get_fontweight() == "bold"]


def words(figure: Figure) -> str:
    said = " ".join(text.get_text() for text in figure.texts)
    return said.replace("\N{NO-BREAK SPACE}", " ")


def check_nothing_is_cut_or_covered(figure: Figure) -> None:
    with rc_context({"text.hinting": "none"}):
        renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # Matplotlib's
        page = figure.bbox
        texts = [text.get_window_extent(renderer) for text in figure.texts]
        axes = [each.get_tightbbox(renderer, bbox_extra_artists=[]) for each in figure.axes]
    for box in [*texts, *axes]:
        assert box is not None
        assert page.x0 - 1 <= box.x0 < box.x1 <= page.x1 + 1
        assert page.y0 - 1 <= box.y0 < box.y1 <= page.y1 + 1
    for one, other in itertools.combinations([*texts, *axes], 2):
        assert one is not None
        assert other is not None
        across = min(one.x1, other.x1) - max(one.x0, other.x0)
        down = min(one.y1, other.y1) - max(one.y0, other.y0)
        assert min(across, down) < 2, (one, other)


class TestSize:
    @pytest.mark.parametrize(("width", "height"), [(85.5, None), (180, 120)])
    def test_a_page_in_millimetres_is_exact(self, width: float, height: float | None) -> None:
        figure = compose(FigureSpec(width=width, height=height, dpi=300), exhibits(1))
        pdf, svg = rendered(figure, ".pdf"), rendered(figure, ".svg").decode()
        box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
        shown = re.search(r'<svg [^>]*?width="([\d.]+)pt"', svg)
        assert box is not None
        assert shown is not None
        assert float(box[1]) == pytest.approx(width * MM, abs=0.01)
        assert float(shown[1]) == pytest.approx(width * MM, abs=0.01)
        with Image.open(io.BytesIO(rendered(figure, ".png"))) as png:
            assert png.size[0] == round(width / 25.4 * 300)
            if height is not None:
                assert png.size[1] == round(height / 25.4 * 300)
                assert float(box[2]) == pytest.approx(height * MM, abs=0.01)

    @pytest.mark.parametrize("dpi", [72, 300])
    def test_a_page_in_dots_is_exact(self, dpi: int) -> None:
        spec = FigureSpec(
            width=1283, height=907, unit="px", dpi=dpi, font_size=max(4, 8 * 96 / dpi)
        )
        with Image.open(io.BytesIO(rendered(compose(spec, exhibits(1)), ".png"))) as png:
            assert png.size == (1283, 907)

    @pytest.mark.parametrize(
        "spec",
        [
            FigureSpec(width=20, height=20),
            FigureSpec(width=20, font_size=40),
            FigureSpec(kind="sheet", width=30, height=30),
            FigureSpec(width=2000, dpi=1200),
        ],
    )
    def test_what_cannot_be_drawn_is_refused_in_a_sentence(self, spec: FigureSpec) -> None:
        with pytest.raises(SettingsError, match=r"make .* (larger|smaller|wider)"):
            compose(spec, exhibits(1 if spec.kind == "single" else 40))


class TestNothingIsCut:
    @pytest.mark.parametrize("count", [1, 5, 24])
    @pytest.mark.parametrize("width", [40, 180, 600])
    def test_of_sheets(self, count: int, width: float) -> None:
        spec = FigureSpec(kind="sheet", width=width, letters="(a)", font_size=6, dpi=100)
        check_nothing_is_cut_or_covered(compose(spec, exhibits(count)))

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("size", [(85, None), (120, 300), (400, 150)])
    def test_of_any_kind(self, kind: FigureKind, size: tuple[float, float | None]) -> None:
        spec = FigureSpec(kind=kind, width=size[0], height=size[1], dpi=100, font="DejaVu Serif")
        check_nothing_is_cut_or_covered(compose(spec, subject(kind)))

    @pytest.mark.parametrize("classes", [LONG, numbered_classes(24)], ids=["long", "many"])
    @pytest.mark.parametrize("size", [(20, 160), (128, 24), (30, 40)])
    @pytest.mark.parametrize("width", [60, 180])
    def test_of_long_names_many_classes_and_odd_images(
        self, classes: tuple[ClassInfo, ...], size: tuple[int, int], width: float
    ) -> None:
        spec = FigureSpec(width=width, dpi=100, font="STIXGeneral", letters="A")
        check_nothing_is_cut_or_covered(compose(spec, exhibits(1, size, classes=classes)))

    def test_of_a_long_caption(self) -> None:
        text = "Wordy \ud800 " * 100 + "\n\n\tA second paragraph.\r\n"
        spec = FigureSpec(width=85, dpi=100, caption="text", caption_text=text)
        assert rendered(compose(spec, exhibits(1)), ".svg")
        check_nothing_is_cut_or_covered(compose(spec, exhibits(1)))


class TestKinds:
    @pytest.mark.parametrize("kind", ["single", "what-if"])
    @pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
    def test_the_bytes_are_the_same_every_time(self, kind: FigureKind, suffix: str) -> None:
        spec = FigureSpec(kind=kind, width=120, dpi=72)
        first, second = (rendered(compose(spec, subject(kind)), suffix) for _ in range(2))
        assert first == second

    def test_a_pair_shows_what_both_share_once_and_tells_them_apart(self) -> None:
        figure = compose(FigureSpec(kind="pair", width=400, letters="(a)"), parts())
        assert titles(figure) == [
            "(a) Segmentation",
            "(b) Ground truth",
            "(c) class 2, correct part",
            "(d) class 2, erroneous part",
        ]
        assert "Class 2, erroneous part: Context was needed." in words(figure)

    def test_before_and_after_says_what_flipped(self) -> None:
        figure = compose(FigureSpec(kind="what-if", width=400), [changed()])
        assert titles(figure)[2:] == ["Without the salient context", "Segmentation after"]
        assert "flipped" in words(figure)

    def test_methods_are_named_and_their_image_is_shown_once(self) -> None:
        base = explanation()
        compared = [
            exhibit(replace(base, settings=replace(base.settings, method=method)))
            for method in ("context", "grid", "vg-context")
        ]
        figure = compose(FigureSpec(kind="methods", width=400), compared)
        assert titles(figure) == [
            "Image",
            "Context explanation",
            "Grid saliency",
            "Vanilla Gradient, context",
        ]

    def test_several_images_are_rows_under_one_heading(self) -> None:
        base = explanation()
        other = replace(base, request=replace(base.request, image=1 - base.request.image))
        compared = [
            exhibit(replace(each, settings=replace(each.settings, method=method)))
            for each in (base, other)
            for method in ("context", "grid")
        ]
        figure = compose(FigureSpec(kind="methods", width=200), compared)
        assert titles(figure) == ["Image", "Context explanation", "Grid saliency"]
        tops = {round(axes.get_position().y1, 3) for axes in figure.axes[:6]}
        assert len(tops) == 2

    @pytest.mark.parametrize(
        ("kind", "count", "told"),
        [
            ("single", 0, "choose at least one"),
            ("single", 2, "holds one explanation"),
            ("pair", 1, "at least two"),
            ("sheet", 61, "at most 60"),
            ("what-if", 1, "open the network"),
        ],
    )
    def test_what_a_kind_cannot_hold_is_told(self, kind: FigureKind, count: int, told: str) -> None:
        with pytest.raises(RequestError, match=told):
            compose(FigureSpec(kind=kind), exhibits(1) * count)

    def test_only_chosen_panels_are_shown_and_what_lacks_is_told(self) -> None:
        spec = FigureSpec(panels=("image", "explanation"), width=200)
        assert titles(compose(spec, exhibits(1))) == ["Image", "Context explanation"]
        with pytest.raises(RequestError, match="no label map"):
            compose(replace(spec, panels=("label",)), exhibits(1))

    def test_parts_can_be_left_out(self) -> None:
        spec = FigureSpec(
            width=100,
            titles=False,
            legend=False,
            color_bar=False,
            caption="none",
            small_print=False,
            contour_width=0,
        )
        figure = compose(spec, exhibits(1))
        assert words(figure) == ""
        assert len(figure.axes) == 3


class TestLook:
    def test_text_is_text_in_svg_and_pdf(self) -> None:
        figure = compose(FigureSpec(width=180, font="DejaVu Serif"), exhibits(1))
        svg, pdf = rendered(figure, ".svg").decode(), rendered(figure, ".pdf")
        assert re.search(r"<text[^>]*DejaVu Serif[^>]*>Segmentation</text>", svg)
        assert b"/FontFile2" in pdf
        assert b"/ToUnicode" in pdf or b"/Type3" not in pdf

    @pytest.mark.parametrize("color_map", COLOR_MAPS[1:])
    def test_a_uniform_colour_map_covers_all_but_the_request(self, color_map: ColorMap) -> None:
        image = np.full((2, 2, 3), 200, np.uint8)
        region = np.array([[True, False], [False, False]])
        shown = with_saliency(image, np.eye(2, dtype=np.float32), color_map, 1.0, region)
        scale = scale_colors(color_map, 1.0)[0]
        assert shown[0, 0].tolist() == [200, 200, 200]
        assert shown[0, 1].tolist() == scale[0].tolist()
        assert shown[1, 1].tolist() == scale[-1].tolist()

    def test_a_font_that_is_not_there_is_told(self) -> None:
        with pytest.raises(SettingsError, match="not installed here"):
            compose(FigureSpec(font="No Such Face"), exhibits(1))


class TestSpec:
    @pytest.mark.parametrize("spec", [FigureSpec(panels=("image", "after")), *BUILT_IN.values()])
    def test_it_survives_json(self, spec: FigureSpec) -> None:
        assert FigureSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec

    @pytest.mark.parametrize(
        "values",
        [
            {"kind": "poster"},
            {"kind": ["single"]},
            {"width": 3},
            {"width": "wide"},
            {"width": float("nan")},
            {"height": 100},
            {"dpi": 20},
            {"dpi": 100.5},
            {"font_size": 400},
            {"font": ""},
            {"opacity": 0},
            {"opacity": True},
            {"contour_color": "blue"},
            {"contour_width": -1},
            {"color_map": "jet"},
            {"panels": []},
            {"panels": ["image", "image"]},
            {"panels": [3]},
            {"columns": 0},
            {"caption_text": 5},
            {"legend": "yes"},
            {"colour": 1},
            [],
            None,
        ],
    )
    def test_what_is_not_possible_is_refused_in_a_sentence(self, values: object) -> None:
        with pytest.raises(SettingsError) as caught:
            FigureSpec.from_dict(values)
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("180mm", (180, None, "mm")),
            ("18.5cm", (185, None, "mm")),
            ("180x120mm", (180, 120, "mm")),
            ("1920x1080px", (1920, 1080, "px")),
        ],
    )
    def test_sizes_are_read(self, text: str, found: tuple[float, float | None, str]) -> None:
        assert parse_size(text) == found

    @pytest.mark.parametrize("text", ["180", "x120mm", "a4", "-3mm", "180x120"])
    def test_other_sizes_are_refused(self, text: str) -> None:
        with pytest.raises(SettingsError, match="write it as 180mm"):
            parse_size(text)


class TestPresets:
    def test_saved_presets_come_back(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "presets.json"
        assert read_presets(path) == {}
        kept = {"Mine, ü": FigureSpec(kind="pair", width=120)}
        write_presets(kept, path)
        assert read_presets(path) == kept

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"a": 3}', b"\xff", b"[" * 100_000])
    def test_a_damaged_file_is_told(self, tmp_path: Path, data: bytes) -> None:
        path = tmp_path / "presets.json"
        path.write_bytes(data)
        with pytest.raises(SettingsError):
            read_presets(path)

    def test_a_preset_is_found_by_name_and_by_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GRIDSAL_CONFIG", str(tmp_path))
        write_presets({"Mine": FigureSpec(width=99)}, tmp_path / "figure_presets.json")
        one = tmp_path / "one.json"
        one.write_text(json.dumps(FigureSpec(dpi=600).to_dict()))
        assert find_preset("mine") == FigureSpec(width=99)
        assert find_preset("Slide, 16:9").unit == "px"
        assert find_preset(str(one)) == FigureSpec(dpi=600)
        for wrong in ("Yours", str(tmp_path / "gone.json")):
            with pytest.raises(GridSalError):
                find_preset(wrong)

    @pytest.mark.parametrize("name", ["", "  ", "x" * 61, "Slide, 16:9"])
    def test_some_names_are_refused(self, name: str) -> None:
        with pytest.raises(SettingsError):
            check_preset_name(name)
