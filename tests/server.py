"""A real HTTP server on this computer: files, ranges, faults, and the part of the hub we use."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REVISION = "0123456789abcdef0123456789abcdef01234567"
# Files of this size and more are named after their SHA-256 on the hub, smaller ones as git does.
LARGE = 4096


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    range: str
    token: str


@dataclass
class Server:
    """What is served, what goes wrong, and what was asked.

    Parameters
    ----------
    files
        Contents by path.
    moved
        Redirects: a path to an address.
    refused
        Status codes by the beginning of a path.
    break_after
        Bytes of a body after which the connection is closed.
    knows_ranges
        Whether a request for a part of a file is understood.
    claimed
        The length that is told of a body, where that is not the true one.
    hold_after
        Bytes of a body after which nothing more comes until `released`; `holding` tells of it.
    """

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    break_after: int | None = None
    knows_ranges: bool = True
    claimed: int | None = None
    hold_after: int | None = None
    holding: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    asked: list[Asked] = field(default_factory=list)

    def add_repository(self, name: str, folder: Path) -> None:
        """Serve a folder as a repository of the hub."""
        siblings: list[dict[str, object]] = []
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            self.files[f"/{name}/resolve/{REVISION}/{path.name}"] = content
            git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
            entry: dict[str, object] = {
                "rfilename": path.name,
                "size": len(content),
                "blobId": git.hexdigest(),
            }
            if len(content) >= LARGE:
                entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest()}
            siblings.append(entry)
        answer = {"id": name, "sha": REVISION, "siblings": siblings}
        self.files[f"/api/models/{name}/revision/main"] = json.dumps(answer).encode()

    def names_asked(self) -> list[str]:
        """Return the last part of every path that was asked for, in order."""
        return [asked.path.rpartition("/")[2] for asked in self.asked]


@contextmanager
def serving() -> Iterator[Server]:
    """Run a server until the block ends."""
    http = _Patient(("127.0.0.1", 0), _Handler)
    server = Server(f"http://127.0.0.1:{http.server_address[1]}")
    http.RequestHandlerClass = type("Bound", (_Handler,), {"server_state": server})
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        http.shutdown()
        http.server_close()
        thread.join()


class _Patient(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that went away, as one that is stopped does."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # a socket


class _Handler(BaseHTTPRequestHandler):
    server_state: Server

    def do_GET(self) -> None:
        state, path = self.server_state, self.path.partition("?")[0]
        wanted = self.headers.get("Range", "")
        token = self.headers.get("Authorization", "")
        state.asked.append(Asked(self.command, path, wanted, token))
        for beginning, code in state.refused.items():
            if path.startswith(beginning):
                self.send_error(code)
                return
        if path in state.moved:
            self.send_response(302)
            self.send_header("Location", state.moved[path])
            self.end_headers()
            return
        if path not in state.files:
            self.send_error(404)
            return
        self._send(state, state.files[path], wanted)

    def _send(self, state: Server, content: bytes, wanted: str) -> None:
        start = int(wanted.removeprefix("bytes=").rstrip("-") or 0) if state.knows_ranges else 0
        if start >= len(content) > 0:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(self.server_state.claimed or len(body)))
        if start:
            end = len(content) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(content)}")
        self.end_headers()
        if state.hold_after is not None and len(body) > state.hold_after:
            self.wfile.write(body[: state.hold_after])
            self.wfile.flush()
            state.holding.set()
            state.released.wait(60)
            self.close_connection = True
            return
        self.wfile.write(body[: state.break_after])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing on stderr."""
