"""Repositories of the hub, served by a server on this computer in the hub's own way."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants, hf_hub_download

from gridsal_core import load_network
from gridsal_core.downloads import DownloadCancelledError
from gridsal_core.errors import CheckpointError
from gridsal_core.hub_downloads import cached_folder, fetch_repository
from gridsal_core.library import fetch, is_fetchable
from tests.engine.networks import random_image
from tests.engine.saved import CARD, save_network
from tests.server import REVISION, Server, serving

NAME = "somebody/street.scenes"
PARTS = ["config.json", "model.safetensors"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_network(tmp_path_factory.mktemp("smp") / "saved", card=CARD)


@pytest.fixture
def hub(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving() as server:
        server.add_repository(NAME, folder)
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HF_TOKEN", "hf_secret")
        yield server


class TestOpening:
    @pytest.mark.parametrize("source", [NAME, f"hf:{NAME}"])
    def test_an_id_opens_like_the_folder_it_is(
        self, hub: Server, folder: Path, source: str
    ) -> None:
        network = load_network(source)
        local = load_network(folder)
        image = random_image(64, 96)
        assert np.array_equal(network.predict(image).confidence, local.predict(image).confidence)
        assert [entry.name for entry in network.classes] == ["ground", "Tree", "sky"]
        assert str(network.source) == source
        assert network.sha256 == local.sha256
        assert network.card.name == "saved"

    def test_only_what_is_needed_is_fetched(self, hub: Server) -> None:
        assert hub.files.keys() >= {f"/{NAME}/resolve/{REVISION}/README.md"}
        load_network(NAME)
        assert hub.names_asked() == ["main", "config.json", "gridsal.toml", "model.safetensors"]

    def test_what_is_here_opens_without_the_hub(self, hub: Server) -> None:
        load_network(NAME)
        hub.asked.clear()
        assert not is_fetchable(NAME)
        load_network(NAME)
        assert hub.asked == []

    def test_the_hubs_own_library_finds_what_was_fetched(self, hub: Server) -> None:
        place = fetch_repository(NAME)
        assert cached_folder(NAME) == place
        for part in PARTS:
            path = hf_hub_download(NAME, part, local_files_only=True)
            assert Path(path) == place / part

    def test_without_a_card_it_is_called_by_its_name(self, hub: Server, tmp_path: Path) -> None:
        bare = save_network(tmp_path / "bare")
        hub.add_repository("somebody/unet-v1.5", bare)
        assert load_network("somebody/unet-v1.5").card.name == "unet-v1.5"

    def test_weights_besides_are_refused(self, hub: Server, folder: Path) -> None:
        with pytest.raises(CheckpointError, match="brings its own weights; leave out"):
            load_network(NAME, weights=folder / "model.safetensors")


class TestFetching:
    def test_tells_all_bytes_of_all_files(self, hub: Server, folder: Path) -> None:
        told: list[tuple[int, int]] = []
        fetch(NAME, progress=lambda *state: told.append(state))
        parts = [*PARTS, "gridsal.toml"]
        total = sum((folder / part).stat().st_size for part in parts)
        assert told[-1] == (total, total)
        assert told == sorted(told)

    def test_goes_on_where_it_broke_off(self, hub: Server) -> None:
        hub.break_after = 300_000
        with pytest.raises(CheckpointError, match=r"broke off after 0\.3 MB; fetch it again to go"):
            fetch(NAME)
        assert is_fetchable(NAME)
        hub.break_after = None
        fetch(NAME)
        assert hub.asked[-1].range == "bytes=300000-"
        assert not is_fetchable(NAME)

    def test_goes_on_after_a_stop(self, hub: Server) -> None:
        done: list[int] = [0]
        with pytest.raises(DownloadCancelledError):
            fetch(
                NAME,
                progress=lambda have, _: done.append(have),
                is_cancelled=lambda: done[-1] > 200_000,
            )
        assert is_fetchable(NAME)
        fetch(NAME)
        assert hub.asked[-1].range.startswith("bytes=")
        load_network(NAME)

    def test_a_spoilt_file_is_thrown_away(self, hub: Server) -> None:
        path = f"/{NAME}/resolve/{REVISION}/model.safetensors"
        right = hub.files[path]
        hub.files[path] = right[:-1] + bytes([right[-1] ^ 1])
        with pytest.raises(CheckpointError, match="not the file that was published"):
            fetch(NAME)
        hub.files[path] = right
        load_network(NAME)

    def test_weights_in_several_files_come_whole(
        self, hub: Server, folder: Path, tmp_path: Path
    ) -> None:
        parts = tmp_path / "parts"
        parts.mkdir()
        shutil.copy(folder / "config.json", parts)
        index = '{"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}'
        (parts / "model.safetensors.index.json").write_text(index)
        for number in (1, 2):
            (parts / f"model-{number}-of-2.safetensors").write_bytes(bytes([number]) * 5000)
        hub.add_repository("somebody/parts", parts)
        place = fetch_repository("somebody/parts")
        assert {path.name for path in place.iterdir()} == {path.name for path in parts.iterdir()}
        (place / "model-2-of-2.safetensors").unlink()
        assert cached_folder("somebody/parts") is None

    def test_pickles_come_only_where_there_is_nothing_else(
        self, hub: Server, folder: Path, tmp_path: Path
    ) -> None:
        both = tmp_path / "both"
        shutil.copytree(folder, both)
        (both / "pytorch_model.bin").write_bytes(b"a pickle")
        hub.add_repository("somebody/both", both)
        fetch_repository("somebody/both")
        assert "pytorch_model.bin" not in hub.names_asked()


class TestRefusals:
    def test_no_internet_is_told_at_once(
        self, hub: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
        started = time.monotonic()
        with pytest.raises(CheckpointError) as caught:
            load_network(NAME)
        assert time.monotonic() - started < 3
        assert str(caught.value) == (
            f"{NAME} is not on this computer, and 127.0.0.1 does not answer; connect this computer "
            "to the internet. Or give the folder of a network that is here."
        )

    def test_offline_by_the_users_wish_asks_nobody(
        self, hub: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        with pytest.raises(CheckpointError, match=f"{NAME} is not .* HF_HUB_OFFLINE is set"):
            load_network(NAME)
        assert hub.asked == []

    def test_an_unknown_id_is_told(self, hub: Server) -> None:
        with pytest.raises(
            CheckpointError, match="no file or folder a/b, and the Hugging Face hub"
        ):
            load_network("a/b")

    @pytest.mark.parametrize(
        ("code", "sentence"),
        [
            (401, "no public network of that name; check the spelling, or run hf auth login"),
            (403, "owner of somebody/street.scenes asks who fetches it; accept the terms"),
            (503, r"refuses somebody/street.scenes \(503 Service Unavailable\); try again later"),
        ],
    )
    @pytest.mark.parametrize("place", ["/api", f"/{NAME}"])
    def test_a_refusal_says_what_to_do(
        self, hub: Server, code: int, sentence: str, place: str
    ) -> None:
        hub.refused[place] = code
        with pytest.raises(CheckpointError, match=sentence):
            load_network(NAME)

    @pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"sha": "1", "siblings": [1]}'])
    def test_an_answer_that_is_none_is_told(self, hub: Server, answer: bytes) -> None:
        hub.files[f"/api/models/{NAME}/revision/main"] = answer
        with pytest.raises(CheckpointError, match=r"answer for .* is not understood; check HF_END"):
            load_network(NAME)

    @pytest.mark.parametrize("missing", PARTS)
    def test_a_repository_without_a_network_is_told(
        self, hub: Server, folder: Path, tmp_path: Path, missing: str
    ) -> None:
        less = tmp_path / "less"
        shutil.copytree(folder, less)
        (less / missing).unlink()
        hub.add_repository("somebody/less", less)
        with pytest.raises(CheckpointError, match=f"somebody/less .* has no {missing}, so"):
            load_network("somebody/less")

    @pytest.mark.parametrize("source", ["runs/best.pth", "./runs/best", "~/runs/best", "/a/b"])
    def test_a_missing_path_is_no_id(self, hub: Server, source: str) -> None:
        with pytest.raises(CheckpointError, match="There is no network at"):
            load_network(source)
        assert hub.asked == []

    def test_the_token_goes_to_the_hub_and_not_to_where_its_files_are(self, hub: Server) -> None:
        with serving() as store:
            path = f"/{NAME}/resolve/{REVISION}/model.safetensors"
            store.files["/blob"] = hub.files.pop(path)
            hub.moved[path] = store.url.replace("127.0.0.1", "localhost") + "/blob"
            load_network(NAME)
            assert [asked.token for asked in store.asked] == [""]
        assert {asked.token for asked in hub.asked} == {"Bearer hf_secret"}
