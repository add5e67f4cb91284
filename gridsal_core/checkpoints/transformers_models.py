"""Semantic segmentation networks of transformers: folders that `save_pretrained` wrote.

transformers is an extra. Nothing is fetched here and no code of the folder runs; preprocessing and
class names come from the network's own files.
"""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridsal_core.checkpoints.card import CARD_NAME, ClassCard, ModelCard, OutputCard
from gridsal_core.checkpoints.completion import complete_input
from gridsal_core.checkpoints.files import file_sha256, one_line
from gridsal_core.checkpoints.named_classes import class_cards
from gridsal_core.checkpoints.source import Opened, Source
from gridsal_core.checkpoints.torch_files import check_torch_file
from gridsal_core.checkpoints.transformers_inputs import native_size, read_inputs
from gridsal_core.errors import CheckpointError
from gridsal_core.hub_downloads import CONFIG, INDEXES, SINGLE, weight_files

if TYPE_CHECKING:
    from transformers import PretrainedConfig

    from gridsal_core.checkpoints.transformers_outputs import Logits

SCHEME = "transformers"
EXTRA = 'pip install "gridsal[transformers]"'
# Networks that find masks and their classes apart; others of that kind want a task or a video.
_MASK_MODELS = {
    "mask2former": "Mask2FormerForUniversalSegmentation",
    "maskformer": "MaskFormerForInstanceSegmentation",
}
# What a config could have the library fetch and run.
_CODE_KEYS = ("auto_map", "attn_implementation", "_attn_implementation", "custom_pipelines")
_LEAST_DIVISOR = 32
# Beyond any network there is: with a spoilt number the library would build for hours, or fill the
# memory with the positions of an image's or a window's patches.
_MOST = 100_000
_MOST_OF = (
    (re.compile(r".*(layers|depths?|blocks|convs|stages)"), 500),
    (re.compile(r".*image_size"), 1536),
    (re.compile(r".*window_sizes?"), 32),
)


def matches(source: Source) -> bool:
    """Whether the source is such a folder, or a file in it that stands for it."""
    if source.card is not None and source.card.format not in ("auto", "transformers"):
        return False
    folder = folder_of(source)
    return folder is not None and is_transformers_folder(folder)


def folder_of(source: Source) -> Path | None:
    """Return the folder that is meant, by itself, by a file in it, or after `transformers:`."""
    path = source.path
    if path is None and source.scheme == SCHEME:
        path = Path(source.name).expanduser()
        path = path if path.exists() else None
    if path is not None and path.is_file():
        return path.parent if path.name in (CONFIG, *SINGLE, *INDEXES) else None
    return path


def is_transformers_folder(folder: Path) -> bool:
    """Whether the folder's config is one of transformers and not of another library."""
    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    if not isinstance(config, dict) or "_model_class" in config:
        return False
    return "model_type" in config or "architectures" in config


def load(source: Source) -> Opened:
    """Open the folder.

    Raises
    ------
    CheckpointError
        If transformers is not installed, the folder does not hold a semantic segmentation network,
        a part is missing or damaged, or the card contradicts the network.
    """
    folder = folder_of(source) or Path()
    config = _read_config(folder)
    _require_transformers(folder)
    with _quiet_and_offline():
        module = _load_module(folder, config)
        inputs, notes = read_inputs(folder, module.config)
        known, size_notes = _complete_size(module, inputs)
    card = source.card or ModelCard()
    labels = _labels(module.config)
    return Opened(
        module,
        card.model_copy(
            update={
                "name": card.name or folder.resolve().name,
                "input": complete_input(card, known),
                "output": _output(card, module),
                "classes": card.classes or _named(labels),
            }
        ),
        folder,
        sha256=file_sha256(weight_files(folder)[0]),
        class_count=len(labels),
        notes=notes + ((size_notes,) if "size" not in card.input.model_fields_set else ()),
    )


def _read_config(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))
    if "auto_map" in config:
        raise CheckpointError(
            f"{folder / CONFIG} asks for Python code of its own (auto_map), which GridSal does not "
            "run; export the network to TorchScript or ONNX, or take one that transformers has."
        )
    if "quantization_config" in config:
        raise CheckpointError(
            f"{folder} holds a quantised network, which has no gradient; save it before it is "
            "quantised."
        )
    wrong = _beyond_reason(config)
    if wrong is not None:
        raise CheckpointError(
            f"{folder / CONFIG} cannot be right at {wrong}; copy or save the network again."
        )
    return _without_code(config)


def _beyond_reason(config: dict[str, Any]) -> str | None:
    """Find a number that no network has, as `depths = 1000000`."""
    for key, value in config.items():
        if isinstance(value, dict):
            inside = _beyond_reason(value)
            if inside is not None:
                return inside
        most = next((most for name, most in _MOST_OF if name.fullmatch(key)), _MOST)
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, (int, float)) and abs(number) > most:
                return f"{key} = {value}"
    return None


def _without_code(config: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_code(value) if isinstance(value, dict) else value
        for key, value in config.items()
        if key not in _CODE_KEYS
    }


def _require_transformers(folder: Path) -> None:
    try:
        import transformers  # noqa: F401 - only to see whether it is there
    except ImportError as error:
        raise CheckpointError(
            f"{folder} is a network of transformers, which is not installed; run {EXTRA} and open "
            "it again."
        ) from error


@contextmanager
def _quiet_and_offline() -> Iterator[None]:
    """Keep transformers from talking on stderr, and from asking the hub about a local folder."""
    from huggingface_hub import constants
    from transformers.utils import logging as transformers_logging

    told: Any = transformers_logging
    verbosity, offline = told.get_verbosity(), constants.HF_HUB_OFFLINE
    told.set_verbosity(logging.CRITICAL)
    told.disable_progress_bar()
    constants.HF_HUB_OFFLINE = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        told.set_verbosity(verbosity)
        constants.HF_HUB_OFFLINE = offline


def _load_module(folder: Path, config: dict[str, Any]) -> Logits:
    import transformers

    from gridsal_core.checkpoints.transformers_outputs import ClassMasks, Logits

    class_name = _class_name(folder, config)
    files = weight_files(folder)
    if not files:
        raise CheckpointError(
            f"{folder} has no {SINGLE[0]}; save the network again with save_pretrained(folder), "
            "which writes it."
        )
    for file in files:
        if file.suffix == ".bin":
            check_torch_file(file)
    try:
        described = transformers.CONFIG_MAPPING[config["model_type"]].from_dict(config)
        model, found = getattr(transformers, class_name).from_pretrained(
            folder,
            config=described,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=files[0].suffix == ".safetensors",
            output_loading_info=True,
        )
    except Exception as error:
        # Its own message is about an argument of the call and points to what it printed.
        if "ignore_mismatched_sizes" in str(error):
            raise CheckpointError(
                f"The weights in {folder} do not fit the network that {CONFIG} describes: shapes "
                "differ; copy all files from the same network."
            ) from error
        raise CheckpointError(
            f"transformers {transformers.__version__} cannot open {folder} ({one_line(error)}); "
            "copy or save the network again, or install the version that saved it."
        ) from error
    _check_complete(folder, found)
    model = model.float().eval()
    return ClassMasks(model) if class_name in _MASK_MODELS.values() else Logits(model)


def _class_name(folder: Path, config: dict[str, Any]) -> str:
    from transformers.models.auto.modeling_auto import MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES

    kind = str(config.get("model_type"))
    semantic = MODEL_FOR_SEMANTIC_SEGMENTATION_MAPPING_NAMES.get(kind)
    known = _MASK_MODELS.get(kind, semantic)
    saved = config.get("architectures") or [known]
    if known is None or saved != [known]:
        name = saved[0] if isinstance(saved, list) and saved and saved[0] else kind
        raise CheckpointError(
            f"{folder} holds {name}, which is not a semantic segmentation network that GridSal "
            "knows of transformers; open one of SegFormer, UPerNet, Mask2Former, MaskFormer, BEiT "
            "or DPT for semantic segmentation."
        )
    return known


def _check_complete(folder: Path, found: dict[str, Any]) -> None:
    # transformers fills what is missing with random numbers and goes on.
    missing = sorted(found.get("missing_keys", ()))
    if missing:
        first = ", ".join(missing[:10])
        raise CheckpointError(
            f"The weights in {folder} do not fit the network that {CONFIG} describes: "
            f"{len(missing)} are missing (first: {first}); copy all files from the same network."
        )


def _complete_size(module: Logits, known: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Find out whether the network takes images as they are, by asking it."""
    config = module.config
    divisor = _divisor(config)
    size = known.pop("size", None) or native_size(config)
    if _takes_any_size(module, known["channels"], divisor):
        resized = f" instead of resized to {size[1]} x {size[0]}" if size else ""
        return {**known, "divisor": divisor}, (
            f"Images are taken at their own size{resized}; size under [input] in {CARD_NAME} "
            "resizes them."
        )
    if size is None:
        raise CheckpointError(
            "The network takes images of one size only, and its files do not say which; write "
            f"size under [input] in its {CARD_NAME}."
        )
    return {**known, "size": size}, (
        f"The network takes images of {size[1]} x {size[0]} only; those a little smaller are "
        "padded, all others are resized to that."
    )


def _divisor(config: PretrainedConfig) -> int:
    backbone = getattr(config, "backbone_config", None)
    patch = getattr(config, "patch_size", None) or getattr(backbone, "patch_size", None)
    if isinstance(patch, int) and patch > 0 and _LEAST_DIVISOR % patch:
        return patch
    return _LEAST_DIVISOR


def _takes_any_size(module: Logits, channels: int, divisor: int) -> bool:
    import torch

    height, width = 2 * divisor, 3 * divisor
    try:
        with torch.no_grad():
            shape = module(torch.zeros(1, channels, height, width)).shape
    except Exception:  # noqa: BLE001 - that it fails is the answer
        return False
    return len(shape) == 4 and shape[2] * width == shape[3] * height


def _labels(config: PretrainedConfig) -> tuple[str, ...]:
    names: dict[Any, str] = config.id2label or {}
    count = config.num_labels or len(names)
    return tuple(str(names.get(index, f"class {index}")) for index in range(count))


def _named(labels: tuple[str, ...]) -> tuple[ClassCard, ...]:
    # What transformers writes where nobody gave names.
    nameless = all(label == f"LABEL_{index}" for index, label in enumerate(labels))
    return () if nameless else class_cards(labels)


def _output(card: ModelCard, module: Logits) -> OutputCard:
    known = {
        "kind": module.kind,
        "ignore_index": getattr(module.config, "semantic_loss_ignore_index", None),
    }
    unset = {key: value for key, value in known.items() if key not in card.output.model_fields_set}
    return card.output.model_copy(update=unset)
