"""What toy pictures are made of: digits and textures, embedded or from files of the user."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gridsal_core.arrays import FloatArray
from gridsal_core.datasets.folder import list_images
from gridsal_core.errors import SettingsError
from gridsal_core.images import read_image
from gridsal_core.toy import textures
from gridsal_core.toy.digits import DigitBank, load_bank
from gridsal_core.toy.mnist import Split

# In half a picture, 32 x 64 pixels, a tile of this side shows its pattern; a larger one is shrunk.
_LARGEST_TILE: Final = 128
# A digit's texture and two of the background, and one more to take the place of the biased one.
_FEWEST: Final = 4


@dataclass(frozen=True, slots=True)
class Source:
    """Where digits and textures come from.

    Attributes
    ----------
    digits : str or None
        MNIST as an .npz file or a folder of idx files; None for scikit-learn's digits.
    textures : str or None
        A folder of images, each a tile that is repeated; None for the procedural textures.
    """

    digits: str | None = None
    textures: str | None = None


class Textures(Protocol):
    """Textures by name.

    Background greys reach from 0 to `span`, the digit's from 1 less that to 1.
    """

    @property
    def span(self) -> float:
        """Part of the greys that background and digit have each."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """All names; the position of a name is its number."""
        ...

    def render(
        self, name: str, rng: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Cut a random piece (height, width) of a texture, greys in [0, 1]."""
        ...


class _Procedural:
    names = textures.TEXTURES
    # An eye finds the digit on any pair of textures, and a small network learns from few pictures.
    span = 0.6

    def render(
        self, name: str, rng: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        return textures.render(name, rng, shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Tiles:
    tiles: dict[str, NDArray[np.float64]]
    # The paper has 1, greys as they are: a small network then takes far longer to learn the digits.
    # At 0.6 it tells them so well by their shape that a weak bias is hardly needed.
    span: float = 0.8

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.tiles)

    def render(
        self, name: str, rng: np.random.Generator, shape: tuple[int, int]
    ) -> NDArray[np.float64]:
        tile = self.tiles[name]
        top, left = (int(rng.integers(length)) for length in tile.shape)
        rows = (top + np.arange(shape[0])) % tile.shape[0]
        columns = (left + np.arange(shape[1])) % tile.shape[1]
        return tile[np.ix_(rows, columns)]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The digits of one split, and all textures."""

    digits: DigitBank
    textures: Textures

    def check_texture(self, name: str) -> None:
        """Raise SettingsError, which lists those that exist, unless there is such a texture."""
        if name not in self.textures.names:
            raise SettingsError(
                f"There is no texture {name!r}; choose one of: {', '.join(self.textures.names)}."
            )

    def distinct_textures(
        self, rng: np.random.Generator, count: int, *, without: str | None = None
    ) -> tuple[str, ...]:
        """Draw different textures, each as likely as the next, never `without`."""
        names = [name for name in self.textures.names if name != without]
        return tuple(names[i] for i in rng.choice(len(names), size=count, replace=False))


def load_material(split: Split, source: Source | None = None) -> Material:
    """Read digits and textures.

    Raises
    ------
    SettingsError
        The split has another name, there are too few textures, scikit-learn is not installed, or
        the digits cannot be used.
    ImageError
        The folder of textures, or an image in it, cannot be read.
    """
    source = source or Source()
    return Material(load_bank(split, source.digits), load_textures(source.textures))


@lru_cache(maxsize=4)
def load_textures(folder: str | None) -> Textures:
    """Read the textures of a folder, by their stems; without one, name the procedural ones.

    Raises
    ------
    SettingsError
        There are fewer than four.
    ImageError
        The folder, or an image in it, cannot be read.
    """
    if folder is None:
        return _Procedural()
    tiles = {
        file.stem: _shrunk(read_image(file, channels=1)[..., 0])
        for file in list_images(Path(folder))
    }
    if len(tiles) < _FEWEST:
        raise SettingsError(
            f"The folder {folder} holds {len(tiles)} textures; give one with at least {_FEWEST}."
        )
    return _Tiles(tiles)


def by_contrast(found: Textures) -> tuple[str, ...]:
    """Return the names of textures, those first whose greys differ most within a picture."""
    contrast = {
        name: np.mean(
            [found.render(name, np.random.default_rng(k), (64, 64)).std() for k in range(9)]
        )
        for name in found.names
    }
    return tuple(sorted(found.names, key=lambda name: -contrast[name]))


def _shrunk(tile: FloatArray) -> NDArray[np.float64]:
    scale = min(1.0, _LARGEST_TILE / min(tile.shape))
    height, width = (max(1, round(scale * length)) for length in tile.shape)
    small = Image.fromarray(tile).resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float64)
