"""A segmentation network as the method sees it: images in [0, 1] in, one score per class out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, fx, nn
from torch.nn import functional

from gridsal_core.arrays import BoolArray, FloatArray
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.cropped.traces import LatestTraces
from gridsal_core.devices import device_info, laid_out_for
from gridsal_core.errors import CheckpointError, DeviceError, ImageError
from gridsal_core.evaluation.stamps import predictor_key
from gridsal_core.lending import Lending
from gridsal_core.measure import (
    Cost,
    measured_cost,
    measured_receptive_field,
    small_random_image,
)
from gridsal_core.memory import (
    Means,
    MemoryShortError,
    give_back,
    is_out_of_memory,
    ladder,
    lowest_scale,
    memory_told,
)
from gridsal_core.model_output import failures_told, pick
from gridsal_core.network_input import NetworkInput, mean_color
from gridsal_core.reduced import enlarged_prediction, reduced_image
from gridsal_core.settings import Score
from gridsal_core.types import ClassInfo, NetworkInfo, Prediction


class SegmentationNetwork:
    """A torch module with its model card.

    Parameters
    ----------
    module
        Takes (B, C, H, W), gives (B, K, H', W') or a tuple, list or dict that holds it.
    card
        Normalisation, divisor, kind of output, classes.
    class_count
        Output channels K; one channel stands for two classes, background and foreground.
    source, sha256
        Where the checkpoint is and the hash of its weights, for the record.
    device
        Where it computes.
    notes
        What a user should know of how it was opened, one sentence each.
    check
        Of a converted network: compares it with its original on the first image that is predicted,
        and returns a sentence if they differ, which joins the notes of both.
    """

    def __init__(
        self,
        module: nn.Module,
        card: ModelCard,
        *,
        class_count: int,
        source: Path,
        sha256: str = "",
        device: torch.device | None = None,
        notes: tuple[str, ...] = (),
        check: Callable[[Tensor, object], str | None] | None = None,
    ) -> None:
        self.device = device or torch.device("cpu")
        self.module = laid_out_for(self.device, module.to(self.device))
        self.check = check
        self.card = card
        self.source = source
        self.sha256 = sha256
        self.notes = notes
        self._lending = Lending(self.module)
        self._traces = LatestTraces()
        self._takes_batches = True
        self._one_channel = class_count == 1
        self.classes: tuple[ClassInfo, ...] = card.class_infos(max(class_count, 2))
        self._input = NetworkInput(card.input, self.device)
        self.mean_color: FloatArray = mean_color(card.input)

    @property
    def info(self) -> NetworkInfo:
        """The network as a plain value."""
        return NetworkInfo(
            path=self.source,
            name=self.card.name,
            sha256=self.sha256,
            classes=self.classes,
            channels=self.card.input.channels,
            device=str(self.device),
            explain=self.card.explain,
            notes=self.notes,
            free_bytes=device_info(self.device).free_bytes,
            max_pixels=self.max_pixels,
            receptive_field=self.receptive_field,
            predictor=self.predictor,
        )

    @property
    def predictor(self) -> str:
        """A name for all that predictions depend on besides the pixels; see `NetworkInfo`."""
        return predictor_key(self.sha256, self.card, "")

    @cached_property
    def receptive_field(self) -> int | None:
        """How far it looks, in pixels to each side; None if everywhere, or not to be told.

        Measured when it is first asked for.
        """
        return measured_receptive_field(self)

    @property
    def max_pixels(self) -> int:
        """The largest image, in pixels, of which an explanation should fit into the memory now."""
        return self._cost.largest_image(device_info(self.device).free_bytes)

    @cached_property
    def _cost(self) -> Cost:
        return measured_cost(self)

    @contextmanager
    def moved_to(self, device: torch.device) -> Iterator[None]:
        """Compute on another device for a while; it stays there if there is no way back."""
        home = self.device
        if device == home:
            yield
            return
        self._move(device)
        try:
            yield
        finally:
            give_back()
            try:
                self._move(home)
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self._move(device)

    def _move(self, device: torch.device) -> None:
        if device == self.device:
            return
        laid_out_for(device, self.module.to(device))
        self._lending.slow_down()
        self._input = NetworkInput(self.card.input, device)
        self.device = device

    def borrowed(self) -> AbstractContextManager[None]:
        """Hold the network in eval mode with frozen parameters, and give it back as it was.

        Borrowers may overlap in any order.
        """
        return self._lending.borrowed()

    def speed_up(self) -> None:
        """Compute with folded batch norms from now on while borrowed, if that changes no answer.

        Call it when borrowed. It costs two passes over a small image the first time, and after the
        weights were changed.
        """
        self._lending.speed_up(
            lambda: self._input(small_random_image(self)), self.card.output.element
        )

    @property
    def is_sped_up(self) -> bool:
        """Whether batch norms are folded, of the weights as they are now."""
        return self._lending.is_sped_up

    def to_tensor(self, image: FloatArray) -> Tensor:
        """(H, W, C) in [0, 1] as (1, C, H, W) on the device.

        Raises
        ------
        ImageError
            If the image has another number of channels than the network, or values outside [0, 1].
        """
        channels = self.card.input.channels
        if image.ndim != 3 or image.shape[2] != channels:
            have = image.shape[2] if image.ndim == 3 else 1
            raise ImageError(
                f"The network expects {channels} channels and the image has {have}; "
                f"read it with read_image(path, channels={channels})."
            )
        low, high = float(image.min()), float(image.max())
        if not 0 <= low <= high <= 1:
            raise ImageError(
                f"The image holds values from {low:g} to {high:g}; scale them to 0..1, "
                "as read_image(path) does."
            )
        planes = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
        return torch.from_numpy(planes).unsqueeze(0).to(self.device)

    def outputs(self, images: Tensor, half: torch.dtype | None = None) -> Tensor:
        """Run the network on (B, C, H, W) images in [0, 1].

        Puts the channels in the network's order and normalises. The image is padded below and right
        with the mean colour, to the divisor or, where it is less than 32 pixels short of it on each
        side, to the only size that the network takes; else it is resized to that. The output is
        brought to the image's pixels bilinearly.
        Returns (B, K, H, W) float32, K at least 2.

        Parameters
        ----------
        images
            Rows of one size.
        half
            A 16-bit type to compute in, where memory is short.

        Raises
        ------
        CheckpointError
            If the network fails on such an image, or its output is not a (B, K, H, W) tensor.
        """
        height, width = images.shape[-2:]
        inputs = self._input(images)
        with torch.autocast(self.device.type, half) if half is not None else nullcontext():
            output = self._forward(inputs)
        covered = (height, width) if self._input.resizes(height, width) else inputs.shape[-2:]
        output = output.float()
        if output.shape[-2:] != covered:
            output = functional.interpolate(output, covered, mode="bilinear", align_corners=False)
        output = output[..., :height, :width]
        return self._two_channels(output) if output.shape[1] == 1 else output

    def traced(self, images: Tensor, half: torch.dtype | None = None) -> fx.GraphModule:
        """Trace `outputs` for images of such a size; the latest traces are kept.

        Parameters
        ----------
        images, half
            As of `outputs`.
        """
        run = partial(self.outputs, half=half)
        return self._traces.trace(run, images, half, self._lending.state)

    def class_scores(self, outputs: Tensor, classes: Tensor, score: Score) -> Tensor:
        """f_c: the score of one class per row.

        Parameters
        ----------
        outputs
            (B, K, H, W) as `outputs` gives them, or a crop of them.
        classes
            (B,) class index of each row.
        score
            `probability` in [0, 1], or `logit`.

        Returns
        -------
        (B, H, W).
        """
        probabilities = self.card.output.kind == "probabilities"
        if score == "probability" and not probabilities:
            outputs = outputs.softmax(1)
        rows = torch.arange(len(classes), device=outputs.device)
        chosen = outputs[rows, classes]
        if score == "logit" and probabilities:
            return chosen.clamp_min(torch.finfo(chosen.dtype).tiny).log()
        # `_two_channels` halved the logit z so that the softmax is right; the score is z itself.
        return 2 * chosen if score == "logit" and self._one_channel else chosen

    def to_prediction(self, output: Tensor) -> Prediction:
        """(K, H, W) output as class map and confidence."""
        if self.card.output.kind == "logits":
            output = output.softmax(0)
        confidence, index = output.max(0)
        found = index.cpu().numpy()
        few = len(self.classes) <= 256
        return Prediction(
            class_map=found.astype(np.uint8) if few else found.astype(np.uint16),
            confidence=confidence.float().cpu().numpy(),
        )

    def predict(self, image: FloatArray) -> Prediction:
        """Segment one (H, W, C) image in [0, 1].

        Where memory is short it is done on a smaller image, then on the CPU; the prediction's notes
        say so.

        Raises
        ------
        ImageError
            If the channels do not fit.
        CheckpointError
            If the network fails on this image.
        DeviceError
            If the memory does not suffice at all.
        """
        size = (image.shape[0], image.shape[1])
        told: list[str] = []
        short = ""
        for means, sentence in ladder(self.device, 1, lowest_scale(size)):
            told += [sentence] if sentence else []
            try:
                found = self._predict(reduced_image(image, means.scale), means)
                return replace(enlarged_prediction(found, size), notes=(*told, *found.notes))
            except MemoryShortError as error:
                short = str(error)
            give_back()
        raise DeviceError(short)

    def predict_scored(
        self, image: FloatArray, region: BoolArray, class_index: int, score: Score
    ) -> tuple[Prediction, float]:
        """Segment an image, and return the mean of f_c over a region of it too.

        As `predict`, at the image's own size.

        Parameters
        ----------
        image
            (H, W, C) in [0, 1].
        region
            (H, W) bool, R; not empty.
        class_index, score
            c, and how it is scored.
        """
        with self.borrowed(), memory_told(self.device), torch.no_grad():
            self.speed_up()
            output = self.outputs(self.to_tensor(image))
            classes = torch.tensor([class_index], device=self.device)
            scores = self.class_scores(output, classes, score)[0]
            inside = torch.from_numpy(region).to(self.device)
            return self.to_prediction(output[0]), float(scores[inside].mean())

    def _predict(self, image: FloatArray, means: Means) -> Prediction:
        place, home = means.device, self.moved_to(means.device)
        with home, self.borrowed(), memory_told(place), torch.no_grad():
            self.speed_up()
            pixels = self.to_tensor(image)
            prediction = self.to_prediction(self.outputs(pixels, means.half)[0])
            told = None if means.half is not None else self._check(pixels)
            return replace(prediction, notes=(told,)) if told else prediction

    def _check(self, images: Tensor) -> str | None:
        """Let a converted network be compared with its original, on the first image of all."""
        check, self.check = self.check, None
        if check is None:
            return None
        inputs = self._input(images)
        with failures_told(self.card.name, inputs):
            told = check(inputs, self.module(inputs))
        if told:
            self.notes = (*self.notes, told)
        return told

    def _forward(self, inputs: Tensor) -> Tensor:
        """Run the module; one that takes a single image at a time gets the rows one by one."""
        if not self._takes_batches and len(inputs) > 1:
            return torch.cat([self._forward(row[None]) for row in inputs])
        try:
            with failures_told(self.card.name, inputs):
                output = pick(self._lending.fastest(inputs), self.card.output.element)
        except CheckpointError:
            if len(inputs) == 1:
                raise
            self._takes_batches = False
            return self._forward(inputs)
        if output is None:
            raise CheckpointError(
                "The network's output is not a (batch, classes, height, width) tensor; "
                "name the right element under [output] in its gridsal.toml."
            )
        if len(output) != len(inputs) and len(inputs) > 1:
            self._takes_batches = False
            return self._forward(inputs)
        return output

    def _two_channels(self, output: Tensor) -> Tensor:
        """One-channel networks: the background is what the sigmoid leaves."""
        if self.card.output.kind == "probabilities":
            return torch.cat((1 - output, output), 1)
        # A softmax over (-z/2, z/2) is the sigmoid of z and of -z.
        return torch.cat((-output / 2, output / 2), 1)
