"""Networks on the Hugging Face hub, fetched into the hub's own cache.

The hub's library throws away what came when a download stops, so the files are fetched here, which
goes on where it stopped; they are put where that library looks for them, and it finds them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from gridsal_core.downloads import (
    Remote,
    Told,
    UnreachableError,
    download_remote,
    no_answer,
    open_url,
    reach,
)
from gridsal_core.errors import CheckpointError

CONFIG = "config.json"
SINGLE = ("model.safetensors", "pytorch_model.bin")
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
_BESIDE = ("preprocessor_config.json", "processor_config.json", "gridsal.toml")
_SCHEMES = ("hf", "transformers")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
# A path that ends like this is a file that is missing, not a name.
_FILES = (
    *(".pt", ".pth", ".ckpt", ".bin", ".safetensors", ".ts", ".pt2", ".onnx", ".pkl", ".h5"),
    *(".tar", ".zip", ".json", ".toml", ".yaml", ".py", ".png", ".jpg", ".jpeg", ".tif", ".tiff"),
)


@dataclass(frozen=True)
class _File:
    """A file of a repository: its name, its size, and its name in the cache, which is its hash."""

    name: str
    size: int
    blob: str


def hub_id(source: str) -> str | None:
    """Return the `owner/name` that a source means; None if it is a path or another kind of name."""
    scheme, colon, name = source.partition(":")
    if colon and scheme in _SCHEMES:
        return name if _ID.fullmatch(name) else None
    if not _ID.fullmatch(source) or source.lower().endswith(_FILES):
        return None
    return None if Path(source).exists() else source


def cached_folder(name: str) -> Path | None:
    """Return the folder of a repository in the hub's cache, if all that is needed is there."""
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(name, CONFIG)
    if not isinstance(config, str):
        return None
    folder = Path(config).parent
    return folder if weight_files(folder) else None


def fetch_repository(
    name: str,
    *,
    progress: Told | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Fetch what is needed of a repository, and return its folder in the hub's cache.

    Raises
    ------
    CheckpointError
        If there is no internet, no such repository, no permission, or nothing in it to open.
    DownloadCancelledError
        If it was cancelled.
    """
    from huggingface_hub import constants, get_token

    here = cached_folder(name)
    if here is not None:
        return here
    if constants.HF_HUB_OFFLINE:
        raise UnreachableError(
            f"{name} is not on this computer, and HF_HUB_OFFLINE is set, so that nothing is "
            "fetched; unset it, or give the folder of a network that is here."
        )
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    revision, files = _listing(constants.ENDPOINT, name, headers)
    wanted = _choose(name, files)
    place = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"
    total = sum(file.size for file in wanted)
    before = 0
    for file in wanted:
        remote = Remote(
            f"{constants.ENDPOINT}/{name}/resolve/{revision}/{file.name}",
            file.size,
            # Only large files are named after their SHA-256; the others after git's hash.
            file.blob if len(file.blob) == 64 else "",
            headers,
        )
        blob = place / "blobs" / file.blob
        try:
            download_remote(
                remote,
                blob,
                progress=_shifted(progress, before, total),
                is_cancelled=is_cancelled,
            )
        except CheckpointError as error:
            raise _explained(name, error) from error
        _link(blob, place / "snapshots" / revision / file.name)
        before += file.size
    _write_text(place / "refs" / "main", revision)
    return place / "snapshots" / revision


def _listing(endpoint: str, name: str, headers: Mapping[str, str]) -> tuple[str, dict[str, _File]]:
    """Ask the hub for the newest revision of a repository and the files in it."""
    url = f"{endpoint}/api/models/{name}/revision/main?blobs=true"
    try:
        reach(url)
        with open_url(url, headers) as response:
            answer: Any = json.load(response)
        files = [
            _File(entry["rfilename"], int(entry["size"]), _blob(entry))
            for entry in answer["siblings"]
        ]
        return str(answer["sha"]), {file.name: file for file in files}
    except HTTPError as error:
        raise _refused(name, error) from error
    except (UnreachableError, URLError, ConnectionError, TimeoutError) as error:
        raise _offline(name, no_answer(url)) from error
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise CheckpointError(
            f"The hub's answer for {name} is not understood; check HF_ENDPOINT, or try again later."
        ) from error


def _blob(entry: dict[str, Any]) -> str:
    lfs = entry.get("lfs")
    digits = str(lfs["sha256"] if lfs else entry["blobId"])
    if not re.fullmatch(r"[0-9a-f]{40,64}", digits):  # it becomes a file's name
        raise ValueError(digits)
    return digits


def _choose(name: str, files: dict[str, _File]) -> list[_File]:
    """Pick the config, the preprocessing and one form of the weights, at best safetensors."""
    weights = next(([files[single]] for single in SINGLE if single in files), None)
    if weights is None:
        weights = next((_shards(index, files) for index in INDEXES if index in files), None)
    if weights is None or CONFIG not in files:
        missing = SINGLE[0] if CONFIG in files else CONFIG
        raise CheckpointError(
            f"{name} on the Hugging Face hub has no {missing}, so it is not a network that GridSal "
            "can open; choose another one."
        )
    beside = [files[other] for other in (CONFIG, *_BESIDE) if other in files]
    return beside + weights


def _shards(index: str, files: dict[str, _File]) -> list[_File]:
    stem, _, ending = index.removesuffix(".index.json").rpartition(".")
    pattern = re.compile(rf"{re.escape(stem)}-\d+-of-\d+\.{re.escape(ending)}")
    return [files[index], *(file for name, file in files.items() if pattern.fullmatch(name))]


def weight_files(folder: Path) -> tuple[Path, ...]:
    """List the files of weights in a folder, one form of them; empty if a part is missing."""
    for single in SINGLE:
        if (folder / single).is_file():
            return (folder / single,)
    for index in INDEXES:
        try:
            named = json.loads((folder / index).read_text("utf-8"))["weight_map"].values()
            # Only names: nothing outside the folder is opened.
            parts = tuple(folder / Path(str(name)).name for name in sorted(set(named)))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            continue
        return parts if all(part.is_file() for part in parts) else ()
    return ()


def _link(blob: Path, pointer: Path) -> None:
    """Make a snapshot's file out of a blob, as the hub's library lays its cache out."""
    if pointer.exists():
        return
    try:
        pointer.parent.mkdir(parents=True, exist_ok=True)
        try:
            pointer.symlink_to(os.path.relpath(blob, pointer.parent))
        except OSError:  # as on Windows without the right to make links
            os.replace(blob, pointer)
    except OSError as error:
        raise _cache_unwritable(pointer, error) from error


def _write_text(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise _cache_unwritable(path, error) from error


def _cache_unwritable(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(f"{path} cannot be written ({error}); correct that and fetch it again.")


def _shifted(progress: Told | None, before: int, total: int) -> Told | None:
    if progress is None:
        return None
    return lambda done, _: progress(before + done, total)


def _refused(name: str, error: HTTPError) -> CheckpointError:
    if error.headers.get("X-Error-Code") == "GatedRepo" or error.code == 403:
        return CheckpointError(
            f"The owner of {name} asks who fetches it; accept the terms on "
            f"https://huggingface.co/{name}, run hf auth login, and try again."
        )
    if error.code in (401, 404):
        return CheckpointError(
            f"There is no file or folder {name}, and the Hugging Face hub has no public network of "
            "that name; check the spelling, or run hf auth login for a private one."
        )
    return CheckpointError(
        f"The Hugging Face hub refuses {name} ({error.code} {error.reason}); try again later."
    )


def _offline(name: str, error: UnreachableError) -> UnreachableError:
    return UnreachableError(
        f"{name} is not on this computer, and {error} Or give the folder of a network that is here."
    )


def _explained(name: str, error: CheckpointError) -> CheckpointError:
    """Say what a file's failure means for the repository."""
    if isinstance(error, UnreachableError):
        return _offline(name, error)
    cause = error.__cause__
    return _refused(name, cause) if isinstance(cause, HTTPError) else error
