"""Causes are read off the parameters; every remedy is one that the experiment can take."""

import pytest

from ganline.catalogue.check import accepted
from ganline.catalogue.presets import compose_params, names
from ganline.diagnosis.remedies import RULES, advise
from ganline.diagnosis.verdict import KINDS, SUMMARIES, Verdict
from ganline.models.facts import adversaries_of, loss_facts

WEIGHTS = {"generator": 2_000_000, "discriminator": 200_000, "critic": 200_000}


SLOW = [f"train.optimizers.{name}.learning_rate=1e-7" for name in ("generator", "discriminator")]


def params(experiment="gan-mnist", *overrides):
    return compose_params(experiment, [*overrides, "download.source=."])


def advice(name, experiment="gan-mnist", *overrides, weights=WEIGHTS):
    verdict, _, kind = name.partition("/")
    return advised(Verdict(verdict, kind), params(experiment, *overrides), weights, 500)


def advised(verdict, base, weights, steps_best=0):
    loss, adversaries = loss_facts().get(base.train.loss, {}), adversaries_of(base.train.model)
    return advise(verdict, base, weights, accepted, steps_best, loss=loss, adversaries=adversaries)


FAILURES = [name for name in SUMMARIES if name != "healthy"]


def test_every_failure_has_remedies_that_are_allowed():
    base = params()
    for name in FAILURES:
        found = advised(Verdict(*name.partition("/")[::2]), base, WEIGHTS, 500)["remedies"]
        assert 1 <= len(found) <= 5 and all(remedy["why"] and remedy["source"] for remedy in found)
        # As a user would paste it; what is not allowed is refused.
        assert params("gan-mnist", *found[0]["change"]) != base


@pytest.mark.parametrize("experiment", names("experiment"))
def test_every_experiment_is_advised(experiment):
    base = params(experiment)
    weights = dict.fromkeys(base.train.optimizers, 1000000)
    for name in FAILURES:
        for remedy in advised(Verdict(*name.partition("/")[::2]), base, weights)["remedies"]:
            assert all(key.split(".")[0] == "train" and "=" in key for key in remedy["change"])


def test_a_healthy_run_gets_none():
    assert advice("healthy") == {"causes": [], "remedies": []}


@pytest.mark.parametrize(
    ("name", "overrides", "cause", "change"),
    [
        ("mode_collapse/partial", ["train.latent_dim=2"], "train.latent_dim is 2", "train.latent_dim=100"),
        ("convergence_failure/discriminator_dominates", ["train.optimizers.generator.learning_rate=1e-6"],
         "lopsided: 1e-06 of the generator", "train.optimizers.generator.learning_rate=0.0002"),
        ("convergence_failure/oscillation", ["train.optimizers.generator.learning_rate=0.01"], "are high",
         "train.optimizers.generator.learning_rate=0.0002"),
        ("convergence_failure/never_learned", SLOW, "is low",
         "train.optimizers.generator.learning_rate=0.0002"),
        ("mode_collapse/partial", ["train.generator_steps=5"], "train.generator_steps is 5", "train.generator_steps=1"),
        ("convergence_failure/discriminator_dominates", ["train.loss=minimax"], "train.loss is minimax",
         "train.loss=non_saturating"),
        ("overtrained", [], "", "train.select=best"),
    ],
)  # fmt: skip
def test_the_cause_that_shows_comes_first(name, overrides, cause, change):
    found = advice(name, "gan-mnist", *overrides)
    assert change in found["remedies"][0]["change"]
    assert not cause or cause in found["causes"][0]["cause"]


def test_the_books_failures_are_told_what_the_book_says():
    tiny = {"generator": 51_152, "discriminator": 50_305}
    found = advice("mode_collapse/partial", "mode-collapse-mnist", weights=tiny)
    assert "51,152 weights and 2 inputs" in found["causes"][0]["cause"]
    assert found["remedies"][0]["change"] == ["train.model=gan.GAN", "train.latent_dim=100"]
    gap = {"generator": 39_984, "discriminator": 566_273}
    found = advice("convergence_failure/discriminator_dominates", "convergence-failure-mnist", weights=gap)
    assert "39,984 weights and the discriminator 566,273" in found["causes"][0]["cause"]
    assert found["remedies"][0]["change"] == ["train.model=gan.GAN"]


@pytest.mark.parametrize(
    ("kind", "weight", "change"),
    [
        ("averages", 100.0, "train.l1_weight=10"),
        ("copies_input", 1.0, "train.l1_weight=100"),
        ("never_translated", 1.0, "train.l1_weight=100"),
    ],
)
def test_a_translators_pixel_loss_weighs_too_much_or_too_little(kind, weight, change):
    overrides = [f"train.l1_weight={weight}", "dataset=openmoji_lines", "train.input=partner"]
    found = advice(f"translation_failure/{kind}", "pix2pix-gray-to-color", *overrides)
    assert (
        found["remedies"][0]["change"] == [change] and f"train.l1_weight is {weight:g}" in found["causes"][0]["cause"]
    )


def test_a_cartoonist_that_ignores_its_input_is_told_to_mind_it():
    found = advice("translation_failure/ignores_input", "cartoongan-selfie2sketch")
    assert found["remedies"][0]["change"] == ["train.content_weight=10"]
    assert "train.content_weight is 1" in found["causes"][0]["cause"]


def test_rules_name_verdicts_that_exist():
    known = {name.split("/")[0] for name in SUMMARIES} | set(SUMMARIES)
    assert {name for rule in RULES for name in rule.verdicts} <= known
    assert {name.split("/")[1] for name in SUMMARIES if "/" in name} == set(KINDS)
