"""What the networks of transformers answer, as one tensor of scores per class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from torch import Tensor, einsum, nn
from torch.nn import functional

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel

# The library's own post-processing of Mask2Former brings the masks to this size first.
_MASK2FORMER_SIZE = (384, 384)
# Far below any score that means something, so that there is something to divide by.
_NO_MASK = 1e-9


class Logits(nn.Module):
    """Networks that answer with logits per class."""

    kind: Literal["logits", "probabilities"] = "logits"

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    @property
    def config(self) -> PretrainedConfig:
        """What the network's own file says of it."""
        return self.model.config

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to (B, K, H / stride, W / stride)."""
        logits: Tensor = self.model(pixel_values=images).logits
        return logits


class ClassMasks(Logits):
    """Mask2Former and MaskFormer, which answer with masks and a class for each.

    As in the library's post-processing for semantic segmentation, the score of a class is the sum,
    over the masks, of the mask's probability of that class times the mask itself. These scores
    are at least 0 and do not sum to 1; divided by their sum over the classes they are the
    probabilities of the classes, given that the pixel is of any class at all. The most probable
    class stays the same by that. Where no mask reaches, all classes are equally probable.
    """

    kind = "probabilities"

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__(model)
        self.mask_size = _MASK2FORMER_SIZE if model.config.model_type == "mask2former" else None

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to probabilities (B, K, H, W)."""
        output = self.model(pixel_values=images)
        masks: Tensor = output.masks_queries_logits
        if self.mask_size is not None:
            masks = _resized(masks, self.mask_size)
        # The last class stands for no object.
        classes = output.class_queries_logits.softmax(-1)[..., :-1]
        scores = einsum("bqc,bqhw->bchw", classes, masks.sigmoid())
        # Before the division, as the library does, or its class map would be another one.
        scores = _resized(scores, (images.shape[-2], images.shape[-1]))
        scores = scores + _NO_MASK
        return scores / scores.sum(1, keepdim=True)


def _resized(planes: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(planes, size, mode="bilinear", align_corners=False)
