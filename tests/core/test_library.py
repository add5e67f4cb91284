"""The table of networks that are known by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gridsal_core.downloads import UnreachableError, torchvision_place
from gridsal_core.errors import CheckpointError
from gridsal_core.library import LIBRARY, fetch, find_entry, is_fetchable, is_on_disk

TORCHVISION = [entry for entry in LIBRARY if entry.kind == "torchvision"]


def test_every_name_is_there_once() -> None:
    names = [entry.source for entry in LIBRARY]
    assert len(names) == len(set(names))
    assert {entry.kind for entry in LIBRARY} == {"torchvision", "smp hub", "transformers"}


def test_torchvision_is_listed_as_torchvision_itself_describes_it() -> None:
    from torchvision.models import get_model_weights, list_models, segmentation

    known = {f"torchvision:{name}": name for name in list_models(module=segmentation)}
    assert {entry.source for entry in TORCHVISION} == set(known)
    for entry in TORCHVISION:
        weights = next(iter(get_model_weights(known[entry.source])))
        assert entry.url == weights.url
        assert entry.classes == len(weights.meta["categories"])
        assert entry.bytes == pytest.approx(weights.meta["_file_size"] * 2**20, abs=1)


@pytest.mark.parametrize("data", ["ADE20K", "Cityscapes"])
def test_class_counts_are_those_of_the_data(data: str) -> None:
    from gridsal_core.class_sets import CLASS_SETS

    counts = {entry.classes for entry in LIBRARY if entry.data == data}
    assert counts == {len(CLASS_SETS[data])}


def test_pages_are_addresses() -> None:
    assert TORCHVISION[-1].page.endswith("/models/fcn.html")
    assert all(entry.page.startswith("https://") for entry in LIBRARY)


def test_a_prefix_makes_no_difference() -> None:
    name = "smp-hub/upernet-convnext-tiny"
    entry = find_entry(name)
    assert entry is not None
    assert find_entry(f"hf:{name}") == entry
    assert find_entry("owner/name") is None


def test_what_lies_in_torch_hubs_folder_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    entry = TORCHVISION[0]
    assert not is_on_disk(entry)
    assert is_fetchable(entry.source)
    place = torchvision_place(entry.url)
    place.parent.mkdir(parents=True)
    place.write_bytes(b"weights")
    assert is_on_disk(entry)
    assert not is_fetchable(entry.source)


def test_paths_and_other_names_are_not_fetched(tmp_path: Path) -> None:
    for source in (str(tmp_path), "weights/missing.pt", "file.py:build", "unet", "./a/b", "~/a"):
        assert not is_fetchable(source)
    with pytest.raises(CheckpointError, match="no network of the name unet to fetch; gridsal mod"):
        fetch("unet")


def test_no_internet_is_told_with_the_address_and_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    entry = TORCHVISION[0]
    with pytest.raises(UnreachableError) as caught:
        fetch(entry.source)
    assert entry.url in str(caught.value)
    assert str(torchvision_place(entry.url)) in str(caught.value)


def test_the_table_needs_no_torch() -> None:
    code = (
        "import sys; from gridsal_core.library import LIBRARY, is_on_disk; "
        "[is_on_disk(entry) for entry in LIBRARY]; "
        "print([name for name in ('torch', 'torchvision', 'transformers', "
        "'segmentation_models_pytorch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
