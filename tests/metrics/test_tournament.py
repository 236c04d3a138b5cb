import numpy as np
import pytest
from scipy.special import expit

from ganline.metrics.tournament import POINTS, tournament


def test_against_one_judge_the_skills_are_the_log_odds():
    found = tournament(np.array([[2500], [7500]]), 10_000)
    assert found.win_rates.tolist() == [0.25, 0.75]
    assert found.win_rate_errors == pytest.approx(np.sqrt(0.25 * 0.75 / 10_000))
    assert found.skills[1] - found.skills[0] == pytest.approx(400 * np.log10(9), rel=1e-3)  # odds 3 against 1/3
    assert found.skills.mean() == pytest.approx(1500) and found.discriminator_skills == pytest.approx([1500])


def results(generators, judges, games, seed):
    chances = expit(np.subtract.outer(generators, judges))
    return np.random.default_rng(seed).binomial(games, chances)


def test_skills_that_made_the_results_are_found_within_their_errors():
    generators, judges = np.array([-1.0, 0.0, 1.0]), np.array([1.0, 0.0, -0.5, 2.0])
    found = [tournament(results(generators, judges, 1000, seed), 1000) for seed in range(40)]
    skills = np.array([each.skills for each in found])
    assert skills.mean(axis=0) == pytest.approx(1500 + POINTS * generators, abs=4)
    stated = np.mean([each.skill_errors for each in found], axis=0)
    assert np.all(stated > 0.7 * skills.std(axis=0)) and np.all(stated < 2 * skills.std(axis=0))
    assert np.mean([each.discriminator_skills for each in found], axis=0) == pytest.approx(
        1500 + POINTS * judges, abs=9
    )


def test_a_generator_that_wins_more_gets_more():
    skills = [tournament(np.array([[300, 500], [won, 500]]), 1000).skills[1] for won in (100, 300, 600)]
    assert skills[0] < skills[1] < skills[2] and skills[1] == pytest.approx(1500)


def test_the_undefeated_stay_finite_and_in_order():
    found = tournament(np.array([[1000, 1000], [500, 400], [0, 0]]), 1000)
    assert np.isfinite(found.skills).all() and np.all(np.diff(found.skills) < -400)
    assert np.isfinite(found.skill_errors).all() and found.win_rate_errors[0] == 0.0


def test_judges_that_disagree_widen_the_errors():
    agreeing, disagreeing = np.array([[300, 300], [300, 300]]), np.array([[500, 100], [100, 500]])
    narrow, wide = (tournament(wins, 1000) for wins in (agreeing, disagreeing))
    assert narrow.skills == pytest.approx(wide.skills)
    assert wide.skill_errors[0] > 10 * narrow.skill_errors[0]


def test_bad_input_is_named():
    for wins in (np.zeros((2, 0), int), np.ones((2, 2)), np.ones(3, int)):
        with pytest.raises(ValueError, match="tournament: wins must be integers"):
            tournament(wins, 5)
    with pytest.raises(ValueError, match="between 0 and 5 games, got 0 to 6"):
        tournament(np.array([[0, 6]]), 5)
