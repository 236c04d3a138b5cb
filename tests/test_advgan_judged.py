"""AdvGAN of small digits through the stages that judge it: evaluate and study."""

import json

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.datasets import inputs
from ganline.settings import paths
from stages import evaluate, study
from tests.attacked_digits import ground
from tests.before import leave, lose_lpips
from tests.stages.test_evaluate import CONF, Recorder

__all__ = ["ground"]


@pytest.mark.slow
def test_its_success_stands_beside_the_measures_of_pairs(ground, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["dataset=digits", "prepare.size=12", "extractor.kind=classifier", "extractor.beside=null",
             "evaluate.samples=200", "evaluate.kid_subset_size=20", "evaluate.metrics=[l1, kid, ssim]"]  # fmt: skip
    params = compose_params("advgan-mnist", given, CONF)
    test = np.rint(ground.images * 255).astype(np.uint8)
    splits = {"train": {"images": ground.train_images, "labels": ground.train_labels.astype(np.int32)},
              "test": {"images": test, "labels": ground.labels.astype(np.int32)}}  # fmt: skip
    leave(params, splits, [str(digit) for digit in range(10)])
    lose_lpips(tmp_path)
    model = models.build(params.train, (12, 12, 1), 1, 10, inputs.shape(params))
    model.generator.trainable_weights[-1].assign([0.5])
    model.fed({"image": ground.train_images, "label": ground.train_labels})
    models.save(model, paths.GAN)

    evaluate.run(params, Recorder())
    values = json.loads((paths.EVALUATE / "metrics.json").read_text())
    protocol = json.loads((paths.EVALUATE / "protocol.json").read_text())
    expected = model.measure(test, ground.labels)
    assert {name: values[name] for name in expected} == pytest.approx(expected, rel=1e-4)
    assert set(expected) == set(model.readings) and protocol["attack_success"]["group"] == "own"
    assert 0 < values["l1"] <= params.train.epsilon and values["baseline_copied_l1"] == 0 and values["ssim"] < 1

    recorder = Recorder()
    study.run(params, recorder)
    assert recorder.values["translation_examples_beats_mean_colour"] > 0.5
    assert "translation_examples_beats_copied" not in recorder.values
