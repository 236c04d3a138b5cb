"""Parameter counts printed by the documents that the models come from: one row a network."""

import pytest

from ganline import models
from ganline.catalogue import compose_params, names

# experiment, network, total, trainable
GOLDEN = [
    # The GAN Book (Chaudhary 2024), Skill 2
    ("gan-mnist", "generator", 2_055_784, 2_051_384),
    ("gan-mnist", "discriminator", 233_985, 233_985),
    # The Deep Learning Workshop, Activity 7.01 (authors' notebook)
    ("dcgan-fashion-mnist-workshop", "generator", 1_727_233, 1_719_873),
    ("dcgan-fashion-mnist-workshop", "discriminator", 1_658_753, 1_658_753),
]


def build(experiment):
    params = compose_params(experiment)
    shape = (params.prepare.size, params.prepare.size, params.prepare.channels)
    return models.build(params.train, shape, params.seed)


@pytest.mark.parametrize(("experiment", "network", "total", "trainable"), GOLDEN)
def test_parameter_counts(experiment, network, total, trainable):
    built = build(experiment).networks[network]
    assert built.count_params() == total
    assert sum(weight.shape.num_elements() for weight in built.trainable_weights) == trainable


def test_every_experiment_has_golden_rows():
    assert {row[0] for row in GOLDEN} == set(names("experiment"))
