"""Downloads: whole or not at all, gone on with where they broke off, stopped when asked."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridsal_core.downloads import (
    DownloadCancelledError,
    UnreachableError,
    download,
    hash_in_name,
    torchvision_place,
)
from gridsal_core.errors import CheckpointError
from tests.server import Server, serving

CONTENT = os.urandom(1_500_000)
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        running.files[f"/{NAME}"] = CONTENT
        yield running


def part_of(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


class TestAFile:
    def test_arrives_whole_with_its_progress_told(self, server: Server, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        target = tmp_path / "new" / NAME
        download(f"{server.url}/{NAME}", target, progress=lambda *state: told.append(state))
        assert target.read_bytes() == CONTENT
        assert told[0] == (0, len(CONTENT))
        assert told[-1] == (len(CONTENT), len(CONTENT))
        assert told == sorted(told)
        assert len(told) > 3
        assert [path.name for path in target.parent.iterdir()] == [NAME]

    def test_that_is_here_is_not_asked_for(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / NAME).write_bytes(b"here")
        download(f"{server.url}/{NAME}", tmp_path / NAME)
        assert server.asked == []
        assert (tmp_path / NAME).read_bytes() == b"here"

    def test_is_gone_on_with_where_it_broke_off(self, server: Server, tmp_path: Path) -> None:
        target = tmp_path / NAME
        server.break_after = 900_000
        with pytest.raises(CheckpointError, match=r"127\.0\.0\.1 broke off after 0\.9 MB; fetch"):
            download(f"{server.url}/{NAME}", target)
        assert not target.exists()
        assert part_of(target).stat().st_size == 900_000
        server.break_after = None
        told: list[tuple[int, int]] = []
        download(f"{server.url}/{NAME}", target, progress=lambda *state: told.append(state))
        assert server.asked[-1].range == "bytes=900000-"
        assert told[0] == (900_000, len(CONTENT))
        assert target.read_bytes() == CONTENT

    def test_starts_anew_on_a_server_that_knows_no_ranges(
        self, server: Server, tmp_path: Path
    ) -> None:
        target = tmp_path / NAME
        part_of(target).write_bytes(CONTENT[:1000])
        server.knows_ranges = False
        download(f"{server.url}/{NAME}", target)
        assert target.read_bytes() == CONTENT

    @pytest.mark.parametrize("before", [CONTENT, CONTENT + b"more"])
    def test_needs_no_more_than_the_check_of_a_whole_part(
        self, server: Server, tmp_path: Path, before: bytes
    ) -> None:
        target = tmp_path / NAME
        part_of(target).write_bytes(before)
        download(f"{server.url}/{NAME}", target)
        assert target.read_bytes() == CONTENT

    def test_of_another_content_than_its_name_states_is_thrown_away(
        self, server: Server, tmp_path: Path
    ) -> None:
        target = tmp_path / NAME
        server.files[f"/{NAME}"] = CONTENT[::-1]
        with pytest.raises(CheckpointError, match=r"not the file that was published; it was"):
            download(f"{server.url}/{NAME}", target)
        assert list(tmp_path.iterdir()) == []

    def test_with_a_wrong_part_is_thrown_away_too(self, server: Server, tmp_path: Path) -> None:
        target = tmp_path / NAME
        part_of(target).write_bytes(b"x" * 1000)
        with pytest.raises(CheckpointError, match="thrown away"):
            download(f"{server.url}/{NAME}", target)
        download(f"{server.url}/{NAME}", target)
        assert target.read_bytes() == CONTENT


class TestStopping:
    def test_keeps_what_came_and_goes_on_from_there(self, server: Server, tmp_path: Path) -> None:
        target = tmp_path / NAME
        done: list[int] = []
        with pytest.raises(DownloadCancelledError, match="stopped; fetch it again to go on"):
            download(
                f"{server.url}/{NAME}",
                target,
                progress=lambda have, _: done.append(have),
                is_cancelled=lambda: done[-1] >= 500_000,
            )
        kept = part_of(target).stat().st_size
        assert 500_000 <= kept < len(CONTENT)
        download(f"{server.url}/{NAME}", target)
        assert server.asked[-1].range == f"bytes={kept}-"
        assert target.read_bytes() == CONTENT


class TestWithoutInternet:
    def test_a_server_that_is_not_there_is_told_with_what_to_do_by_hand(
        self, tmp_path: Path
    ) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # not listening, so that it refuses
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/{NAME}"
            with pytest.raises(UnreachableError) as caught:
                download(url, tmp_path / NAME)
        assert str(caught.value) == (
            "127.0.0.1 does not answer; connect this computer to the internet. Or fetch "
            f"{url} on another computer and put it at {tmp_path / NAME}."
        )

    def test_a_server_that_never_answers_is_given_up_within_three_seconds(
        self, tmp_path: Path
    ) -> None:
        # The queue of one connection is full, so that the next one gets no answer at all.
        with socket.socket() as silent, socket.socket() as first, socket.socket() as second:
            silent.bind(("127.0.0.1", 0))
            silent.listen(0)
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(silent.getsockname())
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/{NAME}"
            started = time.monotonic()
            with pytest.raises(UnreachableError):
                download(url, tmp_path / NAME)
            assert time.monotonic() - started < 3

    def test_a_proxy_that_is_not_there_is_told_likewise(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
        with pytest.raises(UnreachableError, match=r"example\.org does not answer"):
            download(f"https://example.org/{NAME}", tmp_path / NAME)


class TestRefusals:
    def test_a_missing_file_is_told(self, server: Server, tmp_path: Path) -> None:
        with pytest.raises(CheckpointError, match=r"refuses .*/other\.pth \(404 Not Found\)"):
            download(f"{server.url}/other.pth", tmp_path / "other.pth")

    def test_a_place_that_cannot_be_written_is_told(self, server: Server, tmp_path: Path) -> None:
        (tmp_path / "folder").write_bytes(b"a file")
        target = tmp_path / "folder" / NAME
        with pytest.raises(CheckpointError, match=rf"{NAME} cannot be written .*; correct that"):
            download(f"{server.url}/{NAME}", target)

    def test_more_than_the_disk_has_room_for_is_not_begun(
        self, server: Server, tmp_path: Path
    ) -> None:
        server.claimed = 10**16
        with pytest.raises(CheckpointError, match=r"not enough room .*\(10000000000 MB are needed"):
            download(f"{server.url}/{NAME}", tmp_path / NAME)

    def test_a_disk_that_takes_no_more_is_told(self, server: Server, tmp_path: Path) -> None:
        resource = pytest.importorskip("resource", reason="Windows has no limit on file sizes")
        target = tmp_path / NAME
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (700_000, limits[1]))
        try:
            with pytest.raises(CheckpointError, match=r"cannot be written .*too large.*correct"):
                download(f"{server.url}/{NAME}", target)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        download(f"{server.url}/{NAME}", target)
        assert target.read_bytes() == CONTENT


class TestSecrets:
    def test_are_not_told_to_the_next_host(self, server: Server, tmp_path: Path) -> None:
        from gridsal_core.downloads import Remote, download_remote

        with serving() as other:
            other.files[f"/{NAME}"] = CONTENT
            # Another name of the same computer is another host.
            elsewhere = other.url.replace("127.0.0.1", "localhost")
            server.moved["/start"] = f"{elsewhere}/{NAME}"
            remote = Remote(f"{server.url}/start", headers={"Authorization": "Bearer secret"})
            download_remote(remote, tmp_path / NAME)
            assert [asked.token for asked in other.asked] == [""]
        assert [asked.token for asked in server.asked] == ["Bearer secret"]


class TestTwoAtOnce:
    def test_downloads_of_one_file_leave_one_whole_file(
        self, server: Server, tmp_path: Path
    ) -> None:
        target = tmp_path / NAME
        failures: list[CheckpointError] = []

        def run() -> None:
            try:
                download(f"{server.url}/{NAME}", target)
            except CheckpointError as error:
                failures.append(error)

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not target.exists():  # they may have spoilt each other's part, and said so
            assert failures
            download(f"{server.url}/{NAME}", target)
        assert target.read_bytes() == CONTENT


class TestNamesAndPlaces:
    def test_the_hash_in_a_name_is_the_one_torch_hub_takes(self) -> None:
        from torch.hub import HASH_REGEX

        names = ("fcn_resnet50_coco-1167a1af.pth", "net.pth")
        for name in names:
            found = HASH_REGEX.search(name)
            assert hash_in_name(name) == (found.group(1) if found else "")

    @pytest.mark.parametrize("variable", ["TORCH_HOME", "XDG_CACHE_HOME", None])
    def test_files_lie_where_torch_hub_keeps_them(
        self, variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import torch

        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        if variable is not None:
            monkeypatch.setenv(variable, str(tmp_path))
        place = torchvision_place(f"https://download.pytorch.org/models/{NAME}")
        assert place == Path(torch.hub.get_dir()) / "checkpoints" / NAME
