"""The same latents, drawn by the weights of each step that was kept."""

from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.figures import cut_grid
from ganline.explorer import epochs
from ganline.models import makers
from ganline.settings import paths
from ganline.training import kept

CONF = Path(__file__).parents[2] / "conf"


@pytest.fixture
def params(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return compose_params("gan-mnist", ["dataset=digits", "prepare.size=8"], CONF)


def saved(params, seed):
    """Return the sampler of a new model of a seed, saved as that of the run, and its weights."""
    model = models.build(params.train, (8, 8, 1), seed)
    models.save(model, paths.GAN)
    return makers.of(model), {name: variable.numpy() for name, variable in model.weights().items()}


def test_steps_differ_by_their_weights_alone(params):
    drawn = {}
    for step, seed in ((300, 3), (100, 1), (200, 1)):
        maker, weights = saved(params, seed)
        kept.file(paths.KEPT, step).parent.mkdir(parents=True, exist_ok=True)
        kept.write_sealed(kept.file(paths.KEPT, step), weights)
        drawn[step] = maker.make(maker.given(epochs.IMAGES, params.seed, "people/epoch"))
    found = epochs.load(params)
    assert list(found.sheets) == [100, 200, 300]
    for step, sheet in found.sheets.items():
        np.testing.assert_array_equal(cut_grid(sheet, 8, 8), drawn[step])
    assert np.array_equal(found.sheets[100], found.sheets[200]) and not np.array_equal(*list(found.sheets.values())[1:])
    kept.file(paths.KEPT, 200).write_bytes(b"cut")
    with pytest.raises(UserError, match="step-00000200.npz is damaged"):
        epochs.load(params)


def test_there_is_nothing_to_choose_where_nothing_was_kept(params):
    assert epochs.load(params) is None
    with pytest.raises(UserError, match="the weights of step 7 were not kept: kept are none"):
        kept.read(kept.file(paths.KEPT, 7))
