"""Where workers on other machines leave what they finished: a folder or an fsspec URL."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import fsspec

from gridsal_core.errors import OutputError
from gridsal_core.survey.definition import Survey

_SUFFIX: Final = ".part"


class Parts:
    """The finished blocks of one survey that are not in its ledger yet, one file each.

    A file is there as a whole or not at all, so that a worker may be lost while it writes; and a
    driver that was lost finds what its workers finished.

    Parameters
    ----------
    url
        A folder that all machines see, or an fsspec URL such as `s3://bucket/survey`.
    survey
        Several surveys may share a folder.
    """

    def __init__(self, url: str, survey: Survey) -> None:
        told = json.dumps(survey.to_dict(), sort_keys=True).encode("utf-8", "surrogatepass")
        self._url = url
        self._mine = hashlib.sha256(told).hexdigest()[:16]
        with self._told():
            self._files, root = fsspec.core.url_to_fs(url)
            self._folder = f"{root.rstrip('/')}/{self._mine}"

    def write(self, names: tuple[str, ...], data: bytes) -> str:
        """Keep what became of a block of these images, and return its name."""
        digest = hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()
        name = digest[:32] + _SUFFIX
        with self._told():
            self._files.makedirs(self._folder, exist_ok=True)
            with self._files.open(f"{self._folder}/{name}.tmp", "wb") as file:
                file.write(data)
            self._files.mv(f"{self._folder}/{name}.tmp", f"{self._folder}/{name}")
        return name

    def read(self, name: str) -> bytes:
        """Return what was kept under a name."""
        with self._told():
            found: bytes = self._files.cat_file(f"{self._folder}/{name}")
        return found

    def remove(self, name: str) -> None:
        """Forget what is in the ledger by now."""
        with self._told():
            self._files.rm_file(f"{self._folder}/{name}")

    def names(self) -> list[str]:
        """Return the names of all that is there."""
        with self._told():
            if not self._files.exists(self._folder):
                return []
            found: list[Any] = self._files.ls(self._folder, detail=False)
        last = (str(path).rstrip("/").rpartition("/")[2] for path in found)
        return sorted(name for name in last if name.endswith(_SUFFIX))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn whatever a file system raises into an OutputError."""
        try:
            yield
        # Every file system has errors of its own.
        except Exception as error:
            raise OutputError(
                f"The store {self._url} cannot be used: {error}; give a folder that all machines "
                "see, or an fsspec URL."
            ) from error
