import json

import numpy as np
import pytest

from benchmarks import emoji


@pytest.fixture
def results(tmp_path):
    for experiment, kid in (("r3gan-emoji", 0.5), ("flags-emoji", 0.75)):
        points = [{"step": 100 * i, "core_minutes": 18.0 * i, "kid": kid + (i - 6) ** 2} for i in range(1, 9)]
        path = tmp_path / emoji.row(experiment).file
        path.parent.mkdir(exist_ok=True)
        metrics = {"kid": points[-1]["kid"], "kid_stderr": 0.125, "floor_kid": 0.0625, "precision": 0.5, "recall": 0.25}
        facts = {
            "experiment": experiment, "trained": 800, "batch_size": 32, "images": 381, "core_minutes": 143.6,
            "verdict": "healthy", "metrics": metrics, "curve": {"extractor": "efficientnet_lite0", "points": points},
        }  # fmt: skip
        path.write_text(json.dumps(facts))
    return tmp_path


def test_the_table_has_the_end_and_the_best_step_and_the_picture_a_line_a_gan(results, tmp_path_factory):
    assert emoji.section(tmp_path_factory.mktemp("none")) == ""
    section = emoji.section(results)
    assert "Not there yet: StyleGAN, the workshop's DCGAN, DCGAN of sketches, BigGAN." in section
    table = [line for line in section.splitlines() if "healthy" in line]
    assert table == [
        "| R3GAN | 800 x 32 | 144 | 4.5 ± 0.125 | 0.5 (after 108) | 0.5 | 0.25 | healthy |",
        "| DCGAN of flags | 800 x 32 | 144 | 4.75 ± 0.125 | 0.75 (after 108) | 0.5 | 0.25 | healthy |",
    ]
    emoji.render(results)
    drawn = emoji.picture(results)
    assert (results / emoji.PICTURE).exists() and len(np.unique(drawn.reshape(-1, 3), axis=0)) > 2


@pytest.mark.parametrize("experiment", emoji.GANS)
def test_each_trains_on_the_same_pictures_and_is_judged_alike(experiment):
    params = emoji.row(experiment).params()
    assert (params.download.dataset, params.prepare.size, params.prepare.channels) == ("emoji", 64, 3)
    assert (params.prepare.test_fraction, params.extractor.kinds) == (0.2, ("efficientnet_lite0",))
    assert params.compute.precision == "mixed_bfloat16"
    assert params.train.steps == 100_000  # far more than the minutes hold
