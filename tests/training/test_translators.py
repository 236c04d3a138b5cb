"""A translator trains with its maker: sheets of held-out pairs, and a monitor that asks for no latents."""

import os
import signal

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params, names
from ganline.diagnosis.probe import Probe, pixels
from ganline.models import makers
from ganline.training.batches import Apart
from ganline.training.loop import train
from ganline.training.stop import Stopped

SMALL = [
    "train.steps=1", "train.batch_size=2", "train.steps_per_call=1", "train.log_every=1", "train.sample_every=1",
    "train.checkpoint_every=1", "train.sample_count=3", "prepare.size=16", "download.source=.", "diagnosis.every=1",
]  # fmt: skip


def test_a_translator_is_watched_and_shown_by_its_held_out_pairs(tmp_path):
    experiment = next(name for name in names("experiment") if name.startswith("pix2pix"))
    params = compose_params(experiment, SMALL)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 16, 16, 3)).astype(np.uint8)
    data = {"image": images, "input": images.mean(axis=3, keepdims=True).astype(np.uint8)}
    model = models.build(params.train, (16, 16, 3), 1, 0, (16, 16, 1))
    maker = makers.of(model, data["input"], images)
    probe = Probe(images, pixels, 1)
    trained = train(model, data, params.train, tmp_path, False, params.diagnosis, probe, maker=maker)
    (step, look), *_ = trained.history.looks
    assert step == 0 and "probe_drift" in look and "probe_sensitivity" not in look
    assert maker.sheet(3, model.seed, "samples").shape == (3 * 18 - 2, 3 * 18 - 2, 3)
    assert (tmp_path / "samples/step-00000001.png").exists()


def test_a_training_on_sides_that_are_drawn_apart_goes_on_as_if_nothing_had_been(tmp_path):
    params = compose_params("pix2pix-gray-to-color", [*SMALL, "train.steps=6", "train.log_every=2"])
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (5, 16, 16, 3)).astype(np.uint8)
    data = {"image": images, "input": Apart(random.integers(0, 256, (9, 16, 16, 1)).astype(np.uint8))}

    def weights(folder, **more):
        model = models.build(params.train, (16, 16, 3), 1, 0, (16, 16, 1))
        maker = makers.of(model, data["input"].values)
        train(model, data, params.train, folder, diagnosis=params.diagnosis, maker=maker, **more)
        return {name: variable.numpy() for name, variable in model.variables().items()}

    asked = []

    def stop(step, row):
        if step == 2 and not asked:
            asked.append(step)  # once: a look follows at the same step, and a second signal kills
            os.kill(os.getpid(), signal.SIGTERM)

    whole = weights(tmp_path / "whole")
    with pytest.raises(Stopped, match="saved at step 2"):
        weights(tmp_path / "parts", on_row=stop)
    parts = weights(tmp_path / "parts")
    assert all(np.array_equal(parts[name], whole[name]) for name in whole)
