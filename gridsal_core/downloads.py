"""Fetching one file over HTTP: resumed where it broke off, checked, and moved into place whole."""

from __future__ import annotations

import errno
import hashlib
import http.client
import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
    build_opener,
    getproxies,
    proxy_bypass,
)

from gridsal_core.errors import CheckpointError

Told = Callable[[int, int], None]

PART = ".part"
PIECE = 1 << 18
# Seconds: for the first word with a server, and for each answer after that.
REACH_SECONDS = 2.5
ANSWER_SECONDS = 30.0
# torch.hub's rule: the file's name ends in the first digits of its SHA-256.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.[a-z]+$")
_FULL = (errno.ENOSPC, errno.EDQUOT)


class DownloadCancelledError(CheckpointError):
    """The user cancelled a download; what came so far stays, to be gone on with."""


class UnreachableError(CheckpointError):
    """The server does not answer: most likely there is no internet."""


@dataclass(frozen=True)
class Remote:
    """A file on a server.

    Parameters
    ----------
    url
        Where it is.
    size
        In bytes, if that is known beforehand.
    sha256
        Hexadecimal digits that its SHA-256 must begin with; empty if that is not known.
    headers
        What the server must be told besides; not passed on to another host.
    """

    url: str
    size: int | None = None
    sha256: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def torchvision_place(url: str) -> Path:
    """Return where torch.hub keeps the file of this address, so that both find it."""
    home = os.environ.get("TORCH_HOME")
    if home is None:
        cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
        home = str(Path(cache) / "torch")
    return Path(home).expanduser() / "hub" / "checkpoints" / url.rpartition("/")[2]


def hash_in_name(name: str) -> str:
    """Return the digits of the SHA-256 that a file name states, empty if it states none."""
    found = _HASH_IN_NAME.search(name)
    return found.group(1) if found else ""


def download(
    url: str,
    target: Path,
    *,
    progress: Told | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> None:
    """Fetch the file of an address, checked against the hash in its name if there is one.

    Raises
    ------
    CheckpointError
        If there is no internet, the server refuses, the file is not what it should be, or it
        cannot be written.
    DownloadCancelledError
        If it was cancelled.
    """
    remote = Remote(url, sha256=hash_in_name(target.name))
    try:
        download_remote(remote, target, progress=progress, is_cancelled=is_cancelled)
    except UnreachableError as error:
        raise UnreachableError(
            f"{error} Or fetch {url} on another computer and put it at {target}."
        ) from error


def download_remote(
    remote: Remote,
    target: Path,
    *,
    progress: Told | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> None:
    """Fetch a file to `target`, which appears only when all of it is there and checked.

    Raises
    ------
    CheckpointError
        If the server does not answer (`UnreachableError`) or refuses, the file is not what it
        should be, or it cannot be written.
    DownloadCancelledError
        If it was cancelled.
    """
    if target.is_file():
        return
    part = target.with_name(target.name + PART)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if remote.size is None or not part.is_file() or part.stat().st_size != remote.size:
            _fill(part, remote, progress or _quiet, is_cancelled or _never)
        _check(part, remote)
        os.replace(part, target)
    except HTTPError as error:
        raise refusal(remote.url, error) from error
    except URLError as error:
        raise no_answer(remote.url) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError) as error:
        raise _broken_off(remote.url, part) from error
    except OSError as error:
        # Another process may have fetched it at the same time, and be done.
        if not target.is_file():
            raise _cannot_write(target, error) from error


def reach(url: str) -> None:
    """See that a server can be reached at all, which without internet may take a resolver minutes.

    Raises
    ------
    UnreachableError
        If it does not answer in `REACH_SECONDS`.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    # Behind a proxy, the proxy finds the host, not this computer.
    if parts.scheme in getproxies() and not proxy_bypass(host):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    answered: list[bool] = []

    def knock() -> None:
        try:
            socket.create_connection((host, port), REACH_SECONDS).close()
        except OSError:
            return
        answered.append(True)

    # A look-up of a name cannot be told to stop; the thread is left to it.
    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    knocking.join(REACH_SECONDS)
    if not answered:
        raise no_answer(url)


def open_url(url: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    """Ask for an address; the caller closes what comes."""
    response: http.client.HTTPResponse = _opener().open(
        Request(url, headers=dict(headers)),  # noqa: S310 (addresses of ours and of the hub)
        timeout=ANSWER_SECONDS,
    )
    return response


def no_answer(url: str) -> UnreachableError:
    """The server could not be reached."""
    return UnreachableError(
        f"{urlsplit(url).hostname} does not answer; connect this computer to the internet."
    )


def refusal(url: str, error: HTTPError) -> CheckpointError:
    """The server answered, with a refusal."""
    return CheckpointError(
        f"{urlsplit(url).hostname} refuses {url} ({error.code} {error.reason}); try again later."
    )


def _fill(part: Path, remote: Remote, progress: Told, is_cancelled: Callable[[], bool]) -> None:
    """Bring a part up to its full length."""
    reach(remote.url)
    have = part.stat().st_size if part.is_file() else 0
    wanted = {**remote.headers, **({"Range": f"bytes={have}-"} if have else {})}
    try:
        response = open_url(remote.url, wanted)
    except HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        # There is nothing beyond the part: it is whole, or it is of another file.
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return
        part.unlink()
        have = 0
        response = open_url(remote.url, remote.headers)
    with response:
        if not _goes_on_at(response, have):
            have = 0
        rest = response.length
        total = (0 if rest is None else have + rest) or remote.size or 0
        _check_room(part.parent, total - have)
        with part.open("ab" if have else "wb") as file:
            done = _copy(response, file, have, total, progress, is_cancelled)
    if total and done < total:
        raise ConnectionError(f"{done} of {total} bytes")


def _goes_on_at(response: http.client.HTTPResponse, start: int) -> bool:
    # A server that knows no ranges sends all of it again, with status 200.
    told = response.headers.get("Content-Range", "")
    return response.status == http.client.PARTIAL_CONTENT and told.startswith(f"bytes {start}-")


def _copy(
    response: http.client.HTTPResponse,
    file: BinaryIO,
    done: int,
    total: int,
    progress: Told,
    is_cancelled: Callable[[], bool],
) -> int:
    progress(done, total)
    while True:
        if is_cancelled():
            raise DownloadCancelledError("The download was stopped; fetch it again to go on.")
        piece = response.read1(PIECE)
        if not piece:
            return done
        file.write(piece)
        done += len(piece)
        progress(done, total)


def _check(part: Path, remote: Remote) -> None:
    wrong = remote.size is not None and part.stat().st_size != remote.size
    if not wrong and remote.sha256:
        with part.open("rb") as file:
            digits = hashlib.file_digest(file, "sha256").hexdigest()
        wrong = not digits.startswith(remote.sha256)
    if wrong:
        part.unlink()
        raise CheckpointError(
            f"What came from {remote.url} is not the file that was published; it was thrown "
            "away. Fetch it again."
        )


def _check_room(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, f"{needed / 1e6:.0f} MB are needed")


def _broken_off(url: str, part: Path) -> CheckpointError:
    have = part.stat().st_size if part.is_file() else 0
    return CheckpointError(
        f"The connection to {urlsplit(url).hostname} broke off after {have / 1e6:.1f} MB; fetch it "
        "again to go on from there."
    )


def _cannot_write(target: Path, error: OSError) -> CheckpointError:
    if error.errno in _FULL:
        return CheckpointError(
            f"There is not enough room on the disk for {target} ({error.strerror}); make room and "
            "fetch it again."
        )
    return CheckpointError(
        f"{target} cannot be written ({error}); correct that and fetch it again."
    )


class _OwnHeaders(HTTPRedirectHandler):
    """Redirects, without telling the next host what was meant for the first, as a token."""

    def redirect_request(
        self,
        req: Request,
        fp: object,
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> Request | None:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]  # a stream of bytes, named nowhere
        if following is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            following.remove_header("Authorization")
        return following


def _opener() -> OpenerDirector:
    return build_opener(_OwnHeaders)


def _quiet(done: int, total: int) -> None:
    """Tell nobody."""


def _never() -> bool:
    return False
