"""Folders of transformers: tiny random networks of each family, saved by the library itself."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    SegformerConfig,
    SegformerForImageClassification,
    SegformerForSemanticSegmentation,
)
from transformers.utils import logging

from gridsal_core import Request, Settings, explain, load_network
from gridsal_core.arrays import FloatArray, IndexArray
from gridsal_core.checkpoints.card import ModelCard
from gridsal_core.class_sets import CLASS_SETS
from gridsal_core.errors import CheckpointError
from gridsal_core.network import SegmentationNetwork
from tests.engine.formats.transformers_networks import FAMILIES, NAMES, segformer, strengthened
from tests.engine.networks import box, random_image


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One folder for each family, as `save_pretrained` writes it."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs has no types
    place = tmp_path_factory.mktemp("transformers")
    for name, (make, processor) in FAMILIES.items():
        # With these seeds, the network sees several classes in a random image.
        torch.manual_seed(10 if name == "mask2former" else 1)
        model: Any = strengthened(make())
        model.save_pretrained(place / name)
        processor().save_pretrained(place / name)
    return {name: place / name for name in FAMILIES}


@pytest.fixture(scope="module")
def opened(saved: dict[str, Path]) -> dict[str, SegmentationNetwork]:
    return {name: load_network(folder) for name, folder in saved.items()}


@pytest.fixture
def copied(saved: dict[str, Path], tmp_path: Path) -> Path:
    """A SegFormer's folder to be spoilt."""
    shutil.copytree(saved["segformer"], tmp_path / "copy")
    return tmp_path / "copy"


def rewrite(path: Path, **values: object) -> None:
    content = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**content, **values}), "utf-8")


def own_answer(folder: Path, family: str, image: FloatArray) -> IndexArray:
    """The class map that the library's model and processor make of an image at this size."""
    _, processor = FAMILIES[family]
    process = type(processor()).from_pretrained(folder)
    model = type(FAMILIES[family][0]()).from_pretrained(folder).eval()
    inputs = process((image * 255).round().astype(np.uint8), return_tensors="pt", do_resize=False)
    with torch.no_grad():
        outputs = model(pixel_values=inputs["pixel_values"])
    found = process.post_process_semantic_segmentation(outputs, target_sizes=[image.shape[:2]])
    classes: IndexArray = found[0].numpy().astype(np.uint8)
    return classes


class TestEveryFamily:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_predicts_what_the_library_itself_predicts(
        self, saved: dict[str, Path], opened: dict[str, SegmentationNetwork], family: str
    ) -> None:
        size = (64, 64) if family == "dpt" else (64, 96)
        # Whole steps of an 8-bit file, which is what the library's processor takes.
        image = (random_image(*size) * 255).round() / np.float32(255)
        prediction = opened[family].predict(image)
        expected = own_answer(saved[family], family, image)
        assert len(np.unique(expected)) > 1
        assert np.mean(prediction.class_map == expected) > 0.999
        assert 0 < prediction.confidence.min() <= prediction.confidence.max() <= 1

    @pytest.mark.parametrize("family", FAMILIES)
    def test_brings_names_and_normalisation(
        self, saved: dict[str, Path], opened: dict[str, SegmentationNetwork], family: str
    ) -> None:
        network = opened[family]
        processor = json.loads((saved[family] / "preprocessor_config.json").read_text("utf-8"))
        assert tuple(entry.name for entry in network.classes) == NAMES
        assert network.card.input.mean == tuple(processor["image_mean"])
        assert network.card.input.std == tuple(processor["image_std"])
        assert network.card.input.range == (0.0, 1.0)
        assert network.card.name == family

    @pytest.mark.parametrize("family", FAMILIES)
    def test_takes_sizes_that_are_not_divisible(
        self, opened: dict[str, SegmentationNetwork], family: str
    ) -> None:
        assert opened[family].predict(random_image(50, 75)).class_map.shape == (50, 75)

    @pytest.mark.parametrize("family", FAMILIES)
    def test_has_a_gradient_for_every_class(
        self, opened: dict[str, SegmentationNetwork], family: str
    ) -> None:
        network = opened[family]
        images = network.to_tensor(random_image(64, 64)).requires_grad_()
        with network.borrowed():
            inside = network.outputs(images)[:, :, 20:40, 20:40].pow(2).sum()
            (gradient,) = torch.autograd.grad(inside, images)
        assert gradient.isfinite().all()
        assert (gradient != 0).float().mean() > 0.5

    @pytest.mark.parametrize("family", ["segformer", "mask2former"])
    def test_is_explained(self, opened: dict[str, SegmentationNetwork], family: str) -> None:
        network, image = opened[family], random_image(64, 64)
        common = int(np.bincount(network.predict(image).class_map.ravel()).argmax())
        request = Request(image, box((64, 64), 0, 0, 20, 20), common)
        found = explain(network, request, Settings(mask_size=(4, 4), steps=3))
        assert found.steps == 3
        assert np.isfinite(found.losses).all()


class TestSizes:
    def test_images_keep_their_size_and_the_note_says_so(
        self, opened: dict[str, SegmentationNetwork]
    ) -> None:
        network = opened["segformer"]
        assert network.card.input.size is None
        assert network.card.input.divisor == 32
        assert any(
            "at their own size instead of resized to 512 x 512" in note for note in network.notes
        )

    def test_a_network_of_one_size_gets_its_size(
        self, opened: dict[str, SegmentationNetwork]
    ) -> None:
        network = opened["dpt"]
        assert network.card.input.size == (64, 64)
        assert any("takes images of 64 x 64 only" in note for note in network.notes)

    def test_the_users_card_decides(self, copied: Path) -> None:
        (copied / "gridsal.toml").write_text(
            "[input]\nsize = [64, 96]\nmean = [0.0]\nstd = [1.0]\n", "utf-8"
        )
        network = load_network(copied)
        assert network.card.input.size == (64, 96)
        assert network.card.input.mean == (0.0,)
        assert not any("own size" in note for note in network.notes)

    def test_a_card_that_contradicts_the_network_is_refused(self, copied: Path) -> None:
        card = ModelCard.model_validate({"input": {"channels": 4}})
        with pytest.raises(
            CheckpointError, match="says 4 input channels and the network has 3; co"
        ):
            load_network(copied, card=card)


class TestPreprocessing:
    def test_a_factor_other_than_the_usual_one_becomes_the_range(self, copied: Path) -> None:
        rewrite(copied / "preprocessor_config.json", rescale_factor=1 / 127.5, do_normalize=False)
        inputs = load_network(copied).card.input
        assert (inputs.range, inputs.mean, inputs.std) == ((0, 2), (0,), (1,))

    def test_no_rescaling_leaves_the_values_of_the_file(self, copied: Path) -> None:
        rewrite(copied / "preprocessor_config.json", do_rescale=False, image_mean=[120, 121, 122])
        inputs = load_network(copied).card.input
        assert (inputs.range, inputs.mean) == ((0, 255), (120, 121, 122))

    def test_an_old_file_is_completed_as_the_library_does(self, copied: Path) -> None:
        (copied / "preprocessor_config.json").write_text(
            '{"feature_extractor_type": "SegformerFeatureExtractor", "size": 64, '
            '"image_mean": [0.1, 0.2, 0.3], "reduce_labels": true}'
        )
        network = load_network(copied)
        assert network.card.input.mean == (0.1, 0.2, 0.3)
        assert network.card.input.std == (0.229, 0.224, 0.225)
        assert any("labels count from 1" in note for note in network.notes)

    def test_without_a_file_imagenets_values_are_used_and_said(self, copied: Path) -> None:
        (copied / "preprocessor_config.json").unlink()
        network = load_network(copied)
        assert network.card.input.mean == (0.485, 0.456, 0.406)
        assert any("no preprocessor_config.json: ImageNet's mean" in note for note in network.notes)

    def test_the_label_to_ignore_is_known(self, opened: dict[str, SegmentationNetwork]) -> None:
        assert opened["segformer"].card.output.ignore_index == 255


class TestClasses:
    def test_known_names_get_their_known_colours(self, tmp_path: Path) -> None:
        known = CLASS_SETS["Cityscapes"]
        labels = {index: entry.name.title() for index, entry in enumerate(known)}
        numbers = {name: index for index, name in labels.items()}
        segformer({"id2label": labels, "label2id": numbers}).save_pretrained(tmp_path)
        classes = load_network(tmp_path).classes
        assert [entry.color for entry in classes] == [entry.color for entry in known]
        assert [entry.name for entry in classes] == list(labels.values())

    def test_names_that_say_nothing_are_numbers(self, tmp_path: Path) -> None:
        labels = {index: f"LABEL_{index}" for index in range(3)}
        segformer({"id2label": labels, "label2id": {}}).save_pretrained(tmp_path)
        assert [entry.name for entry in load_network(tmp_path).classes] == [
            "class 0",
            "class 1",
            "class 2",
        ]


class TestRefusals:
    def test_another_kind_of_network_is_named(self, tmp_path: Path) -> None:
        config = SegformerConfig(depths=[1] * 4, hidden_sizes=[8] * 4, num_attention_heads=[1] * 4)
        SegformerForImageClassification(config).save_pretrained(tmp_path)
        with pytest.raises(
            CheckpointError, match="holds SegformerForImageClassification, which is"
        ):
            load_network(tmp_path)

    def test_code_of_its_own_is_not_run(self, copied: Path, tmp_path: Path) -> None:
        witness = tmp_path / "ran"
        (copied / "modeling.py").write_text(f"open({str(witness)!r}, 'w')")
        auto = {"AutoConfig": "modeling.A", "AutoModelForSemanticSegmentation": "modeling.B"}
        rewrite(copied / "config.json", auto_map=auto)
        with pytest.raises(
            CheckpointError, match=r"own \(auto_map\), which GridSal does not run; ex"
        ):
            load_network(copied)
        rewrite(copied / "config.json", auto_map=auto, model_type="their own")
        with pytest.raises(CheckpointError, match="auto_map"):
            load_network(copied)
        assert not witness.exists()

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"quantization_config": {"bits": 4}}, "quantised network, which has no gradient; sav"),
            ({"model_type": "martian"}, "which is not a semantic segmentation network"),
            ({"model_type": 5}, "which is not a semantic segmentation network"),
            ({"architectures": 5}, "which is not a semantic segmentation network"),
            ({"hidden_sizes": "many"}, r"transformers .* cannot open .*; copy or save the network"),
            ({"depths": [1, 1, 1]}, "cannot open"),
            ({"decoder_hidden_size": 24}, "do not fit .* describes: shapes differ; copy all files"),
            ({"depths": [10**9, 1, 1, 1]}, r"cannot be right at depths = \[1000000000, 1, 1, 1\];"),
        ],
    )
    def test_a_wrong_config_is_told(self, copied: Path, change: dict[str, Any], told: str) -> None:
        rewrite(copied / "config.json", **change)
        with pytest.raises(CheckpointError, match=told):
            load_network(copied)

    def test_missing_weights_are_told_and_not_made_up(self, copied: Path) -> None:
        state = load_file(copied / "model.safetensors")
        less = {name: value for name, value in state.items() if "classifier" not in name}
        save_file(less, copied / "model.safetensors", {"format": "pt"})
        with pytest.raises(
            CheckpointError, match=r"do not fit .*: 2 are missing \(first: decode_he"
        ):
            load_network(copied)

    def test_spoilt_weights_are_told(self, copied: Path) -> None:
        path = copied / "model.safetensors"
        path.write_bytes(path.read_bytes()[:1000])
        with pytest.raises(
            CheckpointError, match=r"cannot open .*; copy or save the network again"
        ):
            load_network(copied)

    def test_no_weights_are_told(self, copied: Path) -> None:
        (copied / "model.safetensors").unlink()
        with pytest.raises(
            CheckpointError, match=r"has no model\.safetensors; save the network ag"
        ):
            load_network(copied)

    def test_a_spoilt_processor_is_told(self, copied: Path) -> None:
        (copied / "preprocessor_config.json").write_text("{")
        with pytest.raises(
            CheckpointError, match=r"preprocessor_config\.json cannot be used .*cop"
        ):
            load_network(copied)

    def test_without_transformers_the_line_that_installs_it_is_told(
        self, copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "transformers", None)
        with pytest.raises(CheckpointError) as caught:
            load_network(copied)
        assert str(caught.value) == (
            f"{copied} is a network of transformers, which is not installed; run "
            'pip install "gridsal[transformers]" and open it again.'
        )


class TestFiles:
    def test_pickled_weights_open_only_as_weights(self, copied: Path) -> None:
        image = random_image(32, 32)
        before = load_network(copied).predict(image)
        state = load_file(copied / "model.safetensors")
        (copied / "model.safetensors").unlink()
        torch.save(state, copied / "pytorch_model.bin")
        assert np.array_equal(load_network(copied).predict(image).class_map, before.class_map)

    def test_a_pickle_that_would_run_code_is_refused(self, copied: Path, tmp_path: Path) -> None:
        witness = tmp_path / "ran"

        class Hostile:
            def __reduce__(self) -> tuple[Any, ...]:
                return (open, (str(witness), "w"))

        (copied / "model.safetensors").unlink()
        torch.save({"weight": Hostile()}, copied / "pytorch_model.bin")
        with pytest.raises(CheckpointError):
            load_network(copied)
        assert not witness.exists()

    def test_weights_in_several_files_open(self, copied: Path, saved: dict[str, Path]) -> None:
        image = random_image(32, 32)
        before = load_network(copied).predict(image)
        model = SegformerForSemanticSegmentation.from_pretrained(saved["segformer"])
        (copied / "model.safetensors").unlink()
        model.save_pretrained(copied, max_shard_size="50KB")
        assert len(list(copied.glob("model-*.safetensors"))) > 1
        assert np.array_equal(load_network(copied).predict(image).class_map, before.class_map)

    @pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
    def test_a_file_stands_for_its_folder(self, copied: Path, file: str) -> None:
        assert load_network(copied / file).card.name == "copy"

    def test_nothing_is_said_on_stderr(
        self, copied: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        load_network(copied).predict(random_image(32, 32))
        captured = capfd.readouterr()
        assert (captured.out, captured.err) == ("", "")
