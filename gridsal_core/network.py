"""A segmentation network as the method sees it: images in [0, 1] in, one score per class out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gridsal_core.arrays import FloatArray
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.devices import memory_told
from gridsal_core.errors import CheckpointError, ImageError
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
    ) -> None:
        self.device = device or torch.device("cpu")
        self.module = module.to(self.device)
        self.card = card
        self.source = source
        self.sha256 = sha256
        self.notes = notes
        self._borrowers = 0
        self._one_channel = class_count == 1
        self.classes: tuple[ClassInfo, ...] = card.class_infos(max(class_count, 2))
        inputs = card.input
        low, high = inputs.range
        shape = (1, -1, 1, 1)
        mean = torch.tensor(inputs.mean, device=self.device).view(shape)
        std = torch.tensor(inputs.std, device=self.device).view(shape)
        self._scale = (high - low) / std
        self._shift = (low - mean) / std
        center = (np.asarray(inputs.mean, np.float32) - low) / (high - low)
        if inputs.order == "BGR":
            center = center[::-1]
        self.mean_color: FloatArray = np.clip(
            np.broadcast_to(center, (inputs.channels,)), 0, 1
        ).astype(np.float32)

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
        )

    @contextmanager
    def borrowed(self) -> Iterator[None]:
        """Hold the network in eval mode with frozen parameters, and give it back as it was.

        Borrowers may overlap in any order, as two explanations drawn in turn do: the last one that
        leaves gives the network back.
        """
        if self._borrowers == 0:
            self._modes = [(part, part.training) for part in self.module.modules()]
            self._flags = [(weight, weight.requires_grad) for weight in self.module.parameters()]
            self.module.eval()
            self.module.requires_grad_(False)
        self._borrowers += 1
        try:
            yield
        finally:
            self._borrowers -= 1
            if self._borrowers == 0:
                for part, mode in self._modes:
                    part.training = mode
                for weight, flag in self._flags:
                    weight.requires_grad_(flag)

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

    def outputs(self, images: Tensor) -> Tensor:
        """Run the network on (B, C, H, W) images in [0, 1].

        Puts the channels in the network's order, normalises, pads below and right to the divisor
        with the mean colour, brings a smaller output to the padded size bilinearly, and crops.
        Returns (B, K, H, W), K at least 2.

        Raises
        ------
        CheckpointError
            If the network's output is not a (B, K, H, W) tensor.
        """
        height, width = images.shape[-2:]
        if self.card.input.order == "BGR":
            images = images.flip(1)
        inputs = torch.addcmul(self._shift, images, self._scale)
        divisor = self.card.input.divisor
        below, right = -height % divisor, -width % divisor
        if below or right:
            inputs = functional.pad(inputs, (0, right, 0, below))
        output = self._unwrap(self.module(inputs))
        if output.shape[-2:] != inputs.shape[-2:]:
            output = functional.interpolate(
                output, inputs.shape[-2:], mode="bilinear", align_corners=False
            )
        output = output[..., :height, :width]
        return self._two_channels(output) if output.shape[1] == 1 else output

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

        Raises
        ------
        ImageError
            If the channels do not fit.
        DeviceError
            If the device's memory does not suffice.
        """
        with memory_told(self.device), self.borrowed(), torch.no_grad():
            return self.to_prediction(self.outputs(self.to_tensor(image))[0])

    def _unwrap(self, output: object) -> Tensor:
        element = self.card.output.element
        if isinstance(output, dict):
            # Element 0, the card's default, is the first of a dict too.
            output = next(iter(output.values()), None) if element == 0 else output.get(element)
        elif isinstance(output, (tuple, list)):
            fits = isinstance(element, int) and 0 <= element < len(output)
            output = output[int(element)] if fits else None
        if not isinstance(output, Tensor) or output.ndim != 4:
            raise CheckpointError(
                "The network's output is not a (batch, classes, height, width) tensor; "
                "name the right element under [output] in its gridsal.toml."
            )
        return output

    def _two_channels(self, output: Tensor) -> Tensor:
        """One-channel networks: the background is what the sigmoid leaves."""
        if self.card.output.kind == "probabilities":
            return torch.cat((1 - output, output), 1)
        # A softmax over (-z/2, z/2) is the sigmoid of z and of -z.
        return torch.cat((-output / 2, output / 2), 1)
