"""What a survey asks, of which network: all that its numbers depend on, but for the images."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gridsal_core.errors import OutputError, RequestError, SettingsError
from gridsal_core.settings import Settings, suggest_settings
from gridsal_core.statistics import VoteSource, baseline_width
from gridsal_core.survey.kinds import KINDS, RequestKind, least_pixels
from gridsal_core.types import ClassInfo
from gridsal_core.working_scale import WorkingScale

if TYPE_CHECKING:
    from gridsal_core.network import SegmentationNetwork

_TOLD: Final = {
    "network": "network",
    "network_sha256": "network",
    "card": "model card",
    "classes": "classes",
    "kinds": "requests",
    "requested": "requested classes",
    "min_pixels": "minimal size",
    "given": "settings",
    "scale": "working scale",
    "source": "label maps",
    "width": "width of the baseline",
    "flips": "removal of the context",
}


@dataclass(frozen=True)
class Means:
    """How much is worked on at once; chosen when a survey begins, and kept when it goes on.

    Which requests share a batch changes the last digits of their numbers, so a survey that was
    interrupted has to go on with the batches that it began with.

    Parameters
    ----------
    max_pixels
        The largest image that is worked on at its own scale; see `choose_frame`.
    images
        How many images, one after the other in the folder, are planned together.
    pixels
        How many pixels a batch of requests may have; a larger request goes alone.
    threads
        Of torch, in each process that works on the CPU; how many processes there are, and which of
        them does what, changes no digit.
    """

    max_pixels: int
    images: int
    pixels: int
    threads: int = 1


@dataclass(frozen=True)
class Survey:
    """The definition of a survey.

    Parameters
    ----------
    network, network_sha256, card, classes
        Name, hash of the weights, the model card as JSON, and the classes.
    kinds
        Which requests are made.
    requested
        Only requests about one of these classes are made, whether it is the predicted or the true
        one; empty for all.
    min_pixels
        Smaller regions are left out, in working pixels; None for the paper's sizes, scaled.
    given
        The settings that were given, in the spelling of `Settings.to_dict`; the others are those
        that are suggested for an image's size.
    scale
        At which each image is worked on; not `crop`.
    source
        Whether context pixels count by their true or by their predicted class.
    width
        Of the dilation in working pixels that makes the baseline; None for that of one mask cell.
    flips
        Whether the salient context is removed from each image, to see whether the label flips.
    means
        Not part of what is asked.
    """

    network: str
    network_sha256: str
    card: str
    classes: tuple[ClassInfo, ...]
    kinds: tuple[RequestKind, ...]
    means: Means
    requested: tuple[int, ...] = ()
    min_pixels: int | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    scale: WorkingScale = "fit"
    source: VoteSource = "prediction"
    width: int | None = None
    flips: bool = True

    def __post_init__(self) -> None:
        if not self.kinds:
            raise RequestError(f"A survey needs requests; give {', '.join(KINDS)}.")
        if self.source == "prediction" and self.kinds != ("predicted",):
            raise RequestError(
                f"The requests {', '.join(self.kinds)} need label maps; give their folder, or "
                "survey predicted segments only."
            )
        if self.scale == "crop":
            raise SettingsError(
                "A survey sees each image as a whole, so crop is not possible; use fit, full or a "
                "fraction."
            )
        if self.min_pixels is not None and self.min_pixels < 1:
            raise SettingsError(
                f"Regions of {self.min_pixels} pixels do not exist; give 1 or more."
            )
        if self.width is not None and not 1 <= self.width <= 10_000:
            raise SettingsError(
                f"The baseline's width is {self.width} pixels; give whole pixels from 1 to 10,000."
            )

    def settings(self, size: tuple[int, int]) -> Settings:
        """Return the settings for an image of a working size.

        Raises
        ------
        SettingsError
            If the mask has more cells than the image has pixels.
        """
        card = json.loads(self.card).get("explain", {})
        suggested = suggest_settings(*size, card)
        found = Settings.from_dict(suggested.to_dict() | dict(self.given))
        found.check_image(*size)
        return found

    def least_pixels(self, kind: RequestKind, size: tuple[int, int]) -> int:
        """Return how large a region of this kind has to be in an image of a working size."""
        return least_pixels(kind, size) if self.min_pixels is None else self.min_pixels

    def baseline_width(self, size: tuple[int, int]) -> int:
        """Return how far a region is dilated for the baseline, in working pixels."""
        if self.width is not None:
            return self.width
        return baseline_width(size, self.settings(size).mask_size)

    def asks_about(self, *classes: int) -> bool:
        """Whether requests are made that concern one of these classes."""
        return not self.requested or any(index in self.requested for index in classes)

    def check_same(self, other: Survey) -> None:
        """Raise OutputError, which tells the first difference, unless both ask the same."""
        mine, theirs = self._asked, other._asked
        for name, told in _TOLD.items():
            if mine[name] == theirs[name]:
                continue
            what = _difference(self.given, other.given) if name == "given" else f"another {told}"
            raise OutputError(
                f"The folder holds a survey with {what}; choose another folder, or ask the same "
                "to go on with it."
            )

    def unlike(self, other: Survey) -> tuple[str, ...]:
        """Name what two surveys do differently with the same request to another network."""
        mine, theirs = self._asked, other._asked
        names = ("min_pixels", "given", "scale", "width")
        return tuple(_TOLD[name] for name in names if mine[name] != theirs[name])

    @property
    def _asked(self) -> dict[str, Any]:
        return {name: value for name, value in self.to_dict().items() if name != "means"}

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "network": self.network,
            "network_sha256": self.network_sha256,
            "card": self.card,
            "classes": [[info.name, list(info.color)] for info in self.classes],
            "kinds": list(self.kinds),
            "means": list(astuple(self.means)),
            "requested": list(self.requested),
            "min_pixels": self.min_pixels,
            "given": dict(self.given),
            "scale": self.scale,
            "source": self.source,
            "width": self.width,
            "flips": self.flips,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Survey:
        """Inverse of `to_dict`.

        Raises
        ------
        OutputError
            If they are not the values of a survey.
        """
        try:
            plain = dict(values)
            classes = tuple(
                ClassInfo(str(name), (int(r), int(g), int(b)))
                for name, (r, g, b) in plain.pop("classes")
            )
            kinds = tuple(kind for kind in KINDS if kind in plain["kinds"])
            means = Means(*map(int, plain.pop("means")))
            requested = tuple(int(index) for index in plain.pop("requested"))
            del plain["kinds"]
            found = cls(classes=classes, kinds=kinds, means=means, requested=requested, **plain)
            found.settings((4096, 4096))
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise OutputError(
                "The survey's description is damaged; make the survey again in another folder."
            ) from error
        return found


def define(
    network: SegmentationNetwork,
    kinds: tuple[RequestKind, ...],
    size: tuple[int, int],
    given: Mapping[str, Any] | None = None,
    *,
    side_by_side: bool = False,
    **asked: Any,  # noqa: ANN401 - the fields of a survey, each of its own type
) -> Survey:
    """Define a survey of a network, with means that suit the memory that is free now.

    Parameters
    ----------
    network
        The network.
    kinds
        Which requests are made.
    size
        (height, width) of a usual image.
    given
        Settings by name, in place of those that are suggested for an image's size.
    side_by_side
        Whether it is meant for several processes, with a thread each as far as the memory goes;
        else for one that uses all cores.
    asked
        The other fields of `Survey`, by name.

    Raises
    ------
    RequestError, SettingsError
        If the parts do not fit each other.
    """
    given = dict(given or {})
    plain = Settings(**given).to_dict()
    return Survey(
        network=network.card.name,
        network_sha256=network.sha256,
        card=card_text(network),
        classes=network.classes,
        kinds=kinds,
        means=_suitable(network, size, side_by_side=side_by_side),
        given={name: plain[name] for name in given},
        **asked,
    )


def card_text(network: SegmentationNetwork) -> str:
    """Return a network's model card as a survey keeps it."""
    return json.dumps(network.card.model_dump(mode="json"), sort_keys=True)


# As much as keeps two cores busy; and what is lost when a survey is interrupted stays small.
_BATCH_PIXELS: Final = 2**17
# A graphics card is kept busy by much more, and is done with it sooner.
_LARGE_BATCH_PIXELS: Final = 2**23
_MOST_IMAGES: Final = 16


def _suitable(network: SegmentationNetwork, size: tuple[int, int], *, side_by_side: bool) -> Means:
    import torch

    from gridsal_core.devices import core_count

    fits = network.max_pixels
    wanted = _BATCH_PIXELS if network.device.type == "cpu" else _LARGE_BATCH_PIXELS
    pixels = min(fits, wanted)
    images = max(1, min(_MOST_IMAGES, pixels // (2 * size[0] * size[1])))
    threads = torch.get_num_threads()
    if side_by_side:
        threads = core_count() // max(1, min(core_count(), fits // (size[0] * size[1])))
    return Means(fits, images, pixels, threads)


def _difference(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    for name in (*mine, *theirs):
        if mine.get(name) != theirs.get(name):
            word = name.replace("_", " ")
            have = mine.get(name, "as suggested")
            want = theirs.get(name, "as suggested")
            return f"other settings ({word}: {have} there, {want} now)"
    return "other settings"
