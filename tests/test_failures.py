"""The two GANs that are made to fail really do, with the numbers that The GAN Book (Chaudhary 2024, Skill 3) prints."""

from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.datasets.prepare import prepare
from ganline.datasets.prepared import read_facts, read_split
from ganline.datasets.sources import fetch
from ganline.diagnosis.probe import Probe
from ganline.extractors.classifier import train_classifier
from ganline.metrics.class_histogram import class_histogram
from ganline.models import makers
from ganline.training.loop import train

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    """The prepared data."""
    folder, params = tmp_path_factory.mktemp("mnist"), compose_params("mode-collapse-mnist", conf=ROOT / "conf")
    fetch("mnist", ROOT / "conf/sources/mnist.yaml", folder / "raw", folder / "manual")
    prepare(folder / "raw", folder / "prepared", "mnist", params.prepare, params.seed)
    return folder / "prepared"


def trained(experiment, data, workdir, *overrides, at=lambda step, generator: None, probe="not looked at"):
    params = compose_params(experiment, overrides, conf=ROOT / "conf")
    model = models.build(params.train, (28, 28, 1), params.seed)
    generator = makers.Sampler(model)
    images = {"image": read_split(data, "train")[0]}
    found = train(
        model, images, params.train, workdir, probe=probe, on_sample=lambda step, path: at(step, generator)
    )  # fmt: skip
    table = found.history.table()
    rows = ~np.isnan(table["d_loss"])  # looks have steps of their own
    return {name: values[rows] for name, values in table.items()}, found.verdict


def test_mode_collapse(mnist, tmp_path):
    """Printed: D accuracy near 100 % almost throughout; in grids of 81 six digits and 2.34 bits of class entropy at
    epoch 50, two digits and .98 bits at epoch 150 (an epoch is 500 steps; all ten equally often are 3.32 bits)."""
    params = compose_params("mode-collapse-mnist", conf=ROOT / "conf")
    images, labels = read_split(mnist, "train")
    classifier = train_classifier(images, labels, read_facts(mnist)["classes"], params.extractor, params.seed)
    found = {}

    def look(step, generator):
        if step >= 10_000 and step % 5000 == 0:
            samples = generator.images(generator.latents(2000, 0, "test"))
            found[step] = class_histogram(classifier.extract(samples).probabilities)

    probe = Probe(images, classifier.describe, params.seed)
    curves, verdict = trained("mode-collapse-mnist", mnist, tmp_path, at=look, probe=probe)
    assert verdict.verdict == "mode_collapse"
    after_start = curves["step"] > 500
    accuracy = (curves["d_accuracy_real"] + curves["d_accuracy_fake"]) / 2
    assert np.mean(accuracy[after_start] > 0.95) > 0.9
    early, late = (
        [found[step] for step in found if low <= step <= high] for low, high in ((0, 25_000), (50_000, 75_000))
    )
    assert np.mean([seen.entropy for seen in late]) < min(1.7, np.mean([seen.entropy for seen in early]))
    assert np.median([seen.seen for seen in late]) <= 4


def test_convergence_failure(mnist, tmp_path):
    """Printed: D loss .001 at step 100 and .000 from 200 on, D accuracy 100 %, G loss past 10 by step 400."""
    curves, _ = trained("convergence-failure-mnist", mnist, tmp_path, "train.steps=500")
    from_200 = curves["step"] > 200
    assert curves["d_loss"][from_200].max() < 0.001
    assert curves["d_accuracy_real"][from_200].min() == curves["d_accuracy_fake"][from_200].min() == 1
    assert curves["g_loss"][-1] > 10 and (np.diff(curves["g_loss"]) > 0).all()
