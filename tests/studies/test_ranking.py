"""A sweep is told before anything runs that it cannot rank by a number."""

import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.studies.ranking import require_ranking

LATENT = compose_params("mode-collapse-mnist")
ALL = compose_params("mode-collapse-mnist", ["evaluate.metrics=all"])
EMOJI = compose_params("mode-collapse-mnist", ["dataset=emoji", "evaluate.metrics=all"])
"""Who knows the classes stands beside the judge."""
TRANSLATION = compose_params("pix2pix-gray-to-color", ["download.source=."])


@pytest.mark.parametrize(
    ("by", "params"),
    [
        ("frechet", LATENT),
        ("frechet_classifier", LATENT),
        ("mifrechet_classifier", ALL),
        ("kid_efficientnet_lite0", LATENT),
        ("class_frechet_classifier", EMOJI),
        ("class_frechet", EMOJI),
        ("latent_smoothness_path_length", LATENT),
        ("translation_examples_beats_copied", TRANSLATION),
    ],
)
def test_numbers_of_measures_and_of_parts_that_there_are(by, params):
    require_ranking(by, params)


@pytest.mark.parametrize(
    ("by", "params", "said"),
    [
        ("kdi", LATENT, "did you mean kid"),
        (
            "fid",
            LATENT,
            r"FID is the name of one network's .*\(inception_2015\); with classifier it is frechet_classifier\. ",
        ),
        ("class_fid", LATENT, "with classifier it is class_frechet_classifier"),
        ("class_frechet_efficientnet_lite0", EMOJI, "did you mean (?!.*class_frechet_eff).* class_frechet_classifier"),
        ("class_fid", EMOJI, "with classifier it is class_frechet_classifier"),
        ("latent_smothness_score", LATENT, "no part of that name; did you mean a number of latent_smoothness"),
        ("latent_smoothness", LATENT, "its numbers are called latent_PART_NAME, and its parts are"),
        ("translation_exampels_beats_copied", TRANSLATION, "did you mean a number of translation_examples"),
        ("translation_examples_beats_copied", LATENT, "failures.ModeCollapse makes its images of no other images"),
        ("translation_cycle_lost", TRANSLATION, "pix2pix.Pix2Pix cannot be asked for the way back"),
        ("latent_smoothness_score", TRANSLATION, "pix2pix.Pix2Pix makes its images of no latents"),
    ],
)
def test_what_nothing_can_be_ranked_by_is_refused_with_what_is_near(by, params, said):
    with pytest.raises(UserError, match=said):
        require_ranking(by, params)
