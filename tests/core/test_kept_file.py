"""The file of one kept explanation: it comes back whole, and nothing else is taken for one."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridsal_core.errors import GridSalError, ImageError, SessionError
from gridsal_core.perturbation import Blur, ConstantColor, Noise, Robust
from gridsal_core.session.archive import read_result_thumbnail
from gridsal_core.session.kept_file import read_kept, write_kept
from gridsal_core.settings import Settings
from tests.core.kept import cut, made_explanation, save_picture, with_moved_image

QUANTUM = 1 / (2 * 65535) + 1e-7


def assert_same(left: object, right: object, where: str = "it") -> None:
    """Hold two values against each other, field by field and array by array."""
    assert type(left) is type(right), where
    if isinstance(left, np.ndarray):
        assert isinstance(right, np.ndarray)
        assert left.dtype == right.dtype, where
        if where.endswith(".perturbed"):
            np.testing.assert_allclose(left, right, rtol=0, atol=QUANTUM)
        else:
            np.testing.assert_array_equal(left, right, where)
    elif is_dataclass(left):
        for field in fields(left):
            values = getattr(left, field.name), getattr(right, field.name)
            assert_same(*values, f"{where}.{field.name}")
    else:
        assert left == right, where


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    return save_picture(tmp_path / "street.png")


@pytest.fixture
def kept(tmp_path: Path, picture: Path) -> Path:
    write_kept(made_explanation(picture), tmp_path / "kept.npz")
    return tmp_path / "kept.npz"


any_settings = st.builds(
    Settings,
    method=st.sampled_from(["context", "grid", "sg-context", "ig-grid", "vg-context"]),
    mask_size=st.tuples(st.integers(1, 8), st.integers(1, 10)),
    lam=st.floats(0, 10),
    steps=st.integers(1, 50),
    init=st.sampled_from(["auto", 0.25, 1.0]),
    perturbation=st.sampled_from(
        [ConstantColor(), ConstantColor((0.1, 0.2, 0.30000001)), Blur(2.5), Noise(7), Robust()]
    ),
    upsampling=st.sampled_from(["bilinear", "nearest"]),
    dilation=st.integers(0, 3),
    keep_best=st.booleans(),
)


@given(
    chosen=any_settings,
    steps=st.integers(0, 9),
    seed=st.integers(0, 99),
    is_cut=st.booleans(),
    follows=st.booleans(),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_explanation_comes_back_as_it_was(
    picture: Path, chosen: Settings, steps: int, seed: int, is_cut: bool, follows: bool
) -> None:
    frame = cut() if is_cut else None
    explanation = made_explanation(
        picture, settings=chosen, frame=frame, steps=steps, seed=seed, saliency_follows=follows
    )
    file = picture.parent / "kept.npz"

    write_kept(explanation, file)

    assert_same(explanation, read_kept(file))


def test_an_image_that_came_from_no_file_is_kept_along(tmp_path: Path) -> None:
    explanation = made_explanation(None)
    write_kept(explanation, tmp_path / "kept.npz")
    assert_same(explanation, read_kept(tmp_path / "kept.npz"))


def test_the_image_itself_is_not_in_the_file(kept: Path) -> None:
    with np.load(kept, allow_pickle=False) as archive:
        assert "image" not in archive.files
        assert json.loads(archive["meta"].tobytes())["image_path"].endswith("street.png")


def test_a_map_that_follows_from_its_mask_takes_no_room(kept: Path, picture: Path) -> None:
    with np.load(kept, allow_pickle=False) as archive:
        assert "saliency" not in archive.files
    write_kept(made_explanation(picture, saliency_follows=False), kept)
    with np.load(kept, allow_pickle=False) as archive:
        assert "saliency" in archive.files


def test_an_image_that_is_gone_is_told(kept: Path, picture: Path) -> None:
    picture.unlink()
    with pytest.raises(ImageError, match=r"street\.png does not exist; check"):
        read_kept(kept)


def test_an_image_that_was_changed_is_told(kept: Path, picture: Path) -> None:
    save_picture(picture, seed=1)
    with pytest.raises(SessionError, match=r"street\.png was changed since it was explained"):
        read_kept(kept)


def test_an_image_of_another_size_is_told(kept: Path, picture: Path) -> None:
    save_picture(picture, height=20)
    with pytest.raises(GridSalError, match=r"street\.png"):
        read_kept(kept)


def test_an_image_that_was_moved_is_read_from_its_new_place(kept: Path, picture: Path) -> None:
    there = picture.with_name("moved.png")
    picture.rename(there)
    again = read_kept(kept, image_path=there)
    assert_same(with_moved_image(made_explanation(there), there), again)


def test_the_thumbnail_shows_the_image_with_the_map(tmp_path: Path, picture: Path) -> None:
    mask = np.zeros((4, 5), np.float32)
    mask[0, 0] = 1
    explanation = made_explanation(picture)
    bright = replace(
        explanation,
        saliency=np.pad(np.ones((12, 32), np.float32), ((0, 12), (0, 0))),
        request=replace(explanation.request, image=np.full((24, 32, 3), 0.5, np.float32)),
    )
    folder = tmp_path / "session" / "explanations"
    folder.mkdir(parents=True)
    write_kept(bright, folder / f"{'a' * 32}.npz")
    shown = read_result_thumbnail(folder.parent, "a" * 32)
    assert shown.shape == (24, 32, 3)
    assert shown[0, 0, 0] > 180 > 80 > shown[0, 0, 1]
    assert tuple(shown[-1, -1]) == (128, 128, 128)


def damaged_member(kept: Path, name: str, data: bytes | None) -> None:
    """Put other bytes in a member's place, or leave it out."""
    with zipfile.ZipFile(kept) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    if data is None:
        del members[name]
    else:
        members[name] = data
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in members.items():
            archive.writestr(each, content)


def stored(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


WRONG = {
    "pickled": ("mask.npy", stored(np.array([{"a": 1}], object))),
    "other shape": ("mask.npy", stored(np.zeros((4, 6), np.float32))),
    "other type": ("mask.npy", stored(np.zeros((4, 5), np.float64))),
    "huge": (
        "losses.npy",
        stored(np.zeros((7, 3), np.float32)).replace(b"(7, 3)", b"(7777777, 3)"),
    ),
    "cut off": ("perturbed.npy", stored(np.zeros((24, 32, 3), np.uint16))[:-5]),
    "too long": ("perturbed.npy", stored(np.zeros((24, 32, 3), np.uint16)) + b"x"),
    "missing": ("confidence.npy", None),
    "not numpy": ("region.npy", b"\x00" * 50),
    "code": ("region.npy", b"\x93NUMPY\x01\x00\x20\x00{'descr': __import__('os'), }      \n"),
    "empty region": ("region.npy", stored(np.zeros(96, np.uint8))),
    "unknown class": ("class_map.npy", stored(np.full((24, 32), 9, np.uint8))),
    "no meta": ("meta.npy", None),
    "no JSON": ("meta.npy", stored(np.frombuffer(b"{", np.uint8))),
    "deep JSON": ("meta.npy", stored(np.frombuffer(b"[" * 100_000, np.uint8))),
    "stranger": ("../evil.npy", b"x"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_damaged_file_is_refused_in_a_sentence(
    kept: Path, wrong: tuple[str, bytes | None]
) -> None:
    damaged_member(kept, *wrong)
    if wrong[0].startswith(".."):
        assert read_kept(kept).steps == 7, "what is not asked for is not read"
        return
    with pytest.raises(SessionError, match=r"kept\.npz is damaged or no kept explanation"):
        read_kept(kept)


@given(at=st.floats(0, 1), byte=st.integers(0, 255))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_damage_ends_in_anything_but_a_sentence(kept: Path, at: float, byte: int) -> None:
    whole = kept.read_bytes()
    place = min(int(at * len(whole)), len(whole) - 1)
    broken = kept.with_name("broken.npz")
    broken.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
    with suppress(GridSalError):
        read_kept(broken)
    broken.write_bytes(whole[:place])
    with pytest.raises(SessionError):
        read_kept(broken)


META = {
    "newer": ({"version": 2}, "newer GridSal"),
    "no version": ({"version": None}, "damaged"),
    "too large": ({"size": [10**6, 10**6]}, "damaged"),
    "more cells than pixels": ({"cells": [99, 99]}, "damaged"),
    "no such class": ({"class_index": 2}, "damaged"),
    "unknown setting": ({"settings": {"speed": 3}}, "damaged"),
    "wrong setting": ({"settings": {"lam": "much"}}, "damaged"),
    "frame outside": ({"frame": [[24, 32], [0, 0, 99, 32], [24, 32]]}, "damaged"),
    "a stranger": ({"evil": 1}, "damaged"),
    "no path": ({"image_path": "a\0b"}, "damaged"),
}


@pytest.mark.parametrize(("change", "said"), META.values(), ids=META.keys())
def test_wrong_words_are_refused(kept: Path, change: dict[str, object], said: str) -> None:
    with np.load(kept, allow_pickle=False) as archive:
        meta = json.loads(archive["meta"].tobytes())
    data = json.dumps(meta | change).encode()
    damaged_member(kept, "meta.npy", stored(np.frombuffer(data, np.uint8)))
    with pytest.raises(SessionError, match=said):
        read_kept(kept)
