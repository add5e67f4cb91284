"""Which encoder some weights are, by building those in question without memory."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path

from gridsal_core.checkpoints.guess_decoder import Shapes
from gridsal_core.checkpoints.smp_build import CANNOT_BE_BUILT, on_meta

# The name of a tensor that tells the family, and the names of the library's encoders in it.
_FAMILIES = (
    ("_conv_stem.weight", r"efficientnet-b\d"),
    ("conv_stem.weight", r"timm-(tf_)?efficientnet.*"),
    ("layer0.conv1.weight", r"se(net|_res).*"),
    ("patch_embed1.proj.weight", r"mit_b\d"),
    ("stage0.rbr_conv.0.conv.weight", r"mobileone_s\d"),
    ("features.0.0.weight", r"mobilenet_v2"),
    ("features.conv1_1.conv.weight", r"dpn.*"),
    ("features.conv0.weight", r"densenet.*"),
    ("features.0.conv.weight", r"inceptionv4"),
    ("conv2d_1a.conv.weight", r"inceptionresnetv2"),
    ("features.0.weight", r"vgg.*"),
    ("conv1.weight", r"(resne|xception|timm-skres).*"),
)
# tools/list_timm_encoders.py writes it.
_TIMM = Path(__file__).with_name("timm_encoders.txt")
MOST_SECONDS = 4.0
# Of a whole network the classifier stays, with as many labels as the weights were trained on.
_LABELS, _LABELS_BIAS = "model.head.weight", "model.head.bias"
_USUAL_LABELS = 1000


@dataclass(frozen=True)
class EncoderGuess:
    """An encoder whose tensors are these.

    Parameters
    ----------
    name
        As segmentation-models-pytorch takes it.
    in_channels
        Of the stem.
    twins
        Other encoders with the same tensors, which may compute otherwise.
    """

    name: str
    in_channels: int
    twins: tuple[str, ...] = ()


def guess_encoder(shapes: Shapes, *, whole: bool = False) -> EncoderGuess | None:
    """Find the encoder of a network.

    Parameters
    ----------
    shapes
        Of the encoder's tensors, without `encoder.` before their names.
    whole
        Whether it is a whole network of timm, as in DPT.
    """
    if not shapes:
        return None
    if whole and (labels := shapes.get(_LABELS, (_USUAL_LABELS,))[0]) != _USUAL_LABELS:
        guess = guess_encoder(_with_usual_labels(shapes), whole=True)
        return guess and _trained_on(guess, labels)
    end = time.monotonic() + MOST_SECONDS
    best: list[EncoderGuess] = []
    least = None
    for group in _candidates(shapes):
        for name in group:
            extra, channels = _compare(shapes_of(name, whole=whole), shapes)
            if channels is None or (least is not None and extra > least):
                continue
            best = [*(best if extra == least else []), EncoderGuess(name, channels)]
            least = extra
        # Of timm's, the nearest come first.
        found = least == 0 or (best and best[0].name.startswith("tu-"))
        if found or time.monotonic() > end:
            break
    if not best:
        return None
    # The plainest name is the likeliest.
    first, *others = sorted(best, key=lambda guess: (len(guess.name), guess.name))
    return replace(first, twins=tuple(guess.name for guess in others))


def _with_usual_labels(shapes: Shapes) -> Shapes:
    usual = {name: (_USUAL_LABELS, *shapes[name][1:]) for name in (_LABELS, _LABELS_BIAS)}
    return {**shapes, **usual}


def _trained_on(guess: EncoderGuess, labels: int) -> EncoderGuess | None:
    """Name the weights of timm whose classifier has so many labels; they decide how it is built."""
    from timm.models import get_pretrained_cfg, list_pretrained

    tagged = [
        f"tu-{name}"
        for plain in (guess.name, *guess.twins)
        for name in list_pretrained(f"{plain.removeprefix('tu-')}.*")
        if getattr(get_pretrained_cfg(name), "num_classes", None) == labels
    ]
    if not tagged:
        return None
    return replace(guess, name=tagged[0], twins=tuple(tagged[1:]))


def fingerprint(shapes: Shapes) -> tuple[int, int]:
    """Return two numbers that tell encoders apart and that the channels of the image do not change.

    They are the number of tensors and of the values in all that are no 2-D convolution.
    """
    small = sum(prod(shape) for shape in shapes.values() if len(shape) != 4)
    return len(shapes), small


def shapes_of(name: str, *, whole: bool = False) -> Shapes:
    """Return the shapes of an encoder of depth 5, or a whole network; empty if it has none."""
    with warnings.catch_warnings():
        # That an encoder is deprecated is no news to whoever has its weights.
        warnings.simplefilter("ignore")
        try:
            if not name.startswith("tu-"):
                from segmentation_models_pytorch.encoders import get_encoder

                module = on_meta(lambda: get_encoder(name, weights=None))
                module = module or get_encoder(name, weights=None)
                return {key: tuple(value.shape) for key, value in module.state_dict().items()}
            from timm import create_model

            plain = name.removeprefix("tu-")
            # timm takes its own default for what is None.
            only = None if whole else True
            network = on_meta(lambda: create_model(plain, features_only=only))
        except CANNOT_BE_BUILT:
            return {}
    state = {} if network is None else network.state_dict()
    return {f"model.{key}": tuple(value.shape) for key, value in state.items()}


def _candidates(shapes: Shapes) -> Iterator[list[str]]:
    """Name encoders in groups that must be looked at together."""
    if all(name.startswith("model.") for name in shapes):
        yield from _timm_candidates(fingerprint(shapes))
        return
    from segmentation_models_pytorch.encoders import encoders

    for mark, pattern in _FAMILIES:
        if mark in shapes:
            yield from ([name] for name in encoders if re.fullmatch(pattern, name))
            return


def _timm_candidates(wanted: tuple[int, int]) -> Iterator[list[str]]:
    """Name those with these numbers; then those that have a little more, for a shallower use."""
    lines = (line.split(" ") for line in _TIMM.read_text("utf-8").splitlines())
    known = sorted((int(count), int(small), name) for count, small, name in lines)
    yield [f"tu-{name}" for *numbers, name in known if tuple(numbers) == wanted]
    for count, small, name in known:
        if count > wanted[0] and small > wanted[1]:
            yield [f"tu-{name}"]


def _compare(candidate: Shapes, shapes: Shapes) -> tuple[int, int | None]:
    """Return how many tensors a candidate has more, and the channels of the stem if it fits."""
    stem = next((name for name, shape in candidate.items() if len(shape) == 4), None)
    if stem is None or stem not in shapes or not set(shapes) <= set(candidate):
        return 0, None
    for name, shape in shapes.items():
        expected = candidate[name]
        # The stem differs in the channels of the image.
        skipped = 1 if name == stem else len(shape)
        if len(shape) != len(expected) or any(
            ours != theirs
            for place, (ours, theirs) in enumerate(zip(shape, expected, strict=True))
            if place != skipped
        ):
            return 0, None
    return len(candidate) - len(shapes), shapes[stem][1]
