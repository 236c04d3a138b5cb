"""What becomes of people's answers: who counts, staircases, rates, rankings; each against figures made elsewhere."""

from types import SimpleNamespace

import numpy as np
import pytest
from people import RIVAL, RUN, judged, preferred, said
from scipy import optimize, stats

from ganline.core.random import generator
from ganline.evaluation import measures as suite
from ganline.metrics import bradley_terry, hype_time, preference, resampling
from ganline.metrics.judgements import CATCH, GENERATED, REAL, Judgements, hear
from ganline.metrics.record import Case

PEOPLE = ("hype_infinity", "hype_time", "rapid_categorisation", "preference", "rating")


def numbers(name, answers):
    case = Case(None, None, None, None, seed=1, judgements=Judgements(RUN, answers))
    found = suite.measure(name).compute(case)
    assert found.keys() <= suite.measure(name).numbers.keys()
    return found


def test_a_staircase_goes_as_the_papers():
    """By hand: three right in a row shorten by 30 ms, a wrong one lengthens by 10 ms and ends the row."""
    right = [1, 1, 1, 1, 1, 0, 1, 1, 1, 0, 0]
    found = [hype_time.exposure(map(bool, right[:i])) for i in range(len(right) + 1)]
    assert found == [500, 500, 500, 470, 470, 470, 480, 480, 480, 450, 460, 470]
    assert hype_time.exposure([True] * 300) == 100 and hype_time.exposure([False] * 300) == 1000
    assert hype_time.threshold([500, 470, 470, 440]) == 470 and hype_time.threshold([500, 500, 470, 470, 440]) == 485


def test_a_staircase_settles_where_a_judge_is_right_as_often_as_its_rule_balances():
    """Steps balance where 30 times the rate of three in a row is 10 times the rate of slips: about 0.75 right there."""
    random, right, seen = np.random.default_rng(0), [], []
    for _ in range(4000):
        seen.append(hype_time.exposure(right[-600:] if len(right) < 600 else right))
        right.append(bool(random.random() < 0.5 + 0.5 * stats.norm.cdf((seen[-1] - 400) / 100)))
    share = np.mean(right[1000:])
    # Rows of three that do not overlap come with the rate p^3 (1-p) / (1-p^3) a trial.
    balance = optimize.brentq(lambda p: 30 * p**3 * (1 - p) / (1 - p**3) - 10 * (1 - p), 0.5, 0.95)
    assert abs(share - balance) < 0.02


def test_of_one_judge_the_interval_is_jeffreys():
    random = generator(1, "test")
    for wrong, count in ((0, 40), (10, 100), (50, 100)):
        found = resampling.rate([wrong], [count], random)
        expected = stats.beta.ppf([0.025, 0.975], wrong + 0.5, count - wrong + 0.5)
        assert found.value == wrong / count
        np.testing.assert_allclose([found.low, found.high], expected, atol=0.01)


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Judges that differ: rates are Beta(6, 14), of mean 0.3; ten of them, 40 images each."""
    random, inside = np.random.default_rng(3), []
    for _ in range(200):
        wrong = random.binomial(40, random.beta(6, 14, 10))
        found = resampling.rate(wrong, [40] * 10, random)
        inside.append(found.low <= 0.3 <= found.high)
    assert 0.9 <= np.mean(inside) <= 1


def test_hype_counts_errors_and_who_made_them():
    answers = judged("A", 40, 10) + judged("B", 60, 20) + judged("C", 50, 25, missed=3) + judged("D", 20, 10, missed=1)
    found = numbers("hype_infinity", answers)
    assert found["hype_infinity"] == 40 / 120 and found["hype_infinity_low"] < 1 / 3 < found["hype_infinity_high"]
    assert found["hype_infinity_fakes_error"] == found["hype_infinity_reals_error"] == 1 / 3
    assert (found["hype_infinity_judges"], found["hype_infinity_answers"]) == (3, 120)
    assert found["hype_infinity_judges_failed"] == 1
    with pytest.raises(ValueError, match="an interval takes 20 answers that count, and there are 9"):
        numbers("hype_infinity", judged("A", 9, 3))
    with pytest.raises(ValueError, match="50 answers, none of which counts"):
        numbers("hype_infinity", judged("C", 45, 25, missed=3))
    with pytest.raises(ValueError, match="hype_time: nobody has judged these images so"):
        numbers("hype_time", answers)


@pytest.mark.parametrize(
    ("asked", "shown", "frame", "counts"),
    [(100, 116, 16.7, True), (100, 84, 16.7, True), (100, 117, 16.7, False), (0, 16.7, 16.7, True),
     (0, 33.4, 16.7, True), (0, 33.5, 16.7, False), (100, None, None, False), (None, None, None, True)],
)  # fmt: skip
def test_a_trial_that_is_off_by_more_than_a_frame_does_not_count(asked, shown, frame, counts):
    answer = said("A", 0, REAL, REAL, asked_ms=asked, shown_ms=shown, frame_ms=frame)
    heard = hear([answer])
    assert answer.on_time == counts and (len(heard.answers), heard.off_time) == (counts, not counts)


def test_the_threshold_is_the_mean_over_blocks_and_judges():
    def block(judge, at, most):
        times = [500] * 50 + [most] * 100
        return [
            said(judge, at + i, REAL, REAL, "hype_time", asked_ms=t, shown_ms=t, frame_ms=17)
            for i, t in enumerate(times)
        ]

    answers = block("A", 0, 300) + block("A", 150, 340) + block("B", 0, 200) + block("B", 150, 240)[:80]
    found = numbers("hype_time", answers)
    assert found["hype_time"] == (320 + 200) / 2 and found["hype_time_low"] < 260 < found["hype_time_high"]
    with pytest.raises(ValueError, match="takes 3 whole blocks of 150 images, and there are 2, with 380 answers"):
        numbers("hype_time", answers[:380])


def test_rapid_errors_are_told_by_exposure():
    shown = {time: {"asked_ms": time, "shown_ms": time or 17, "frame_ms": 17} for time in (0, 267)}
    answers = judged("A", 40, 20, "rapid_categorisation", **shown[0])
    answers += [a._replace(trial=a.trial + 50) for a in judged("A", 40, 4, "rapid_categorisation", **shown[267])]
    found = numbers("rapid_categorisation", answers)
    assert found["rapid_error_one_frame"] == 0.5 and found["rapid_error_267_ms"] == 0.1
    assert found["rapid_categorisation"] == 0.3 and "rapid_error_33_ms" not in found


def test_ratings_stand_beside_those_of_real_images():
    def rate(judge, trial, value, truth):
        return said(judge, trial, "low" if truth == CATCH else "", str(value), "rating", truth)

    good = [rate("A", i, 2 + i % 2, GENERATED) for i in range(15)] + [rate("A", 15 + i, 5, REAL) for i in range(5)]
    found = numbers("rating", [*good, rate("A", 20, 1, CATCH)])
    assert round(found["rating"], 4) == 2.4667 and found["rating_of_real"] == 5
    assert found["rating_low"] < found["rating"] < found["rating_high"]
    careless = [rate("B", i, 5, GENERATED) for i in range(15)] + [rate("B", 15 + i, 5, CATCH) for i in range(2)]
    assert numbers("rating", good + careless)["rating_judges_failed"] == 1
    with pytest.raises(ValueError, match="rating: 20 answers count, none of them of a generated image"):
        numbers("rating", [rate("A", i, 5, REAL) for i in range(20)])


WINS = np.array([[0, 12, 9, 14], [5, 0, 4, 8], [7, 11, 0, 10], [1, 6, 3, 0]], float)
NO_TIES = np.zeros((4, 4))


@pytest.mark.parametrize(
    ("alpha", "golden"),
    [(1e-12, [0.80758954, -0.39916055, 0.51024387, -0.91867286]),
     (0.05, [0.79950472, -0.39578079, 0.50462859, -0.90835252])],
)  # fmt: skip
def test_strengths_are_those_of_choix(alpha, golden):
    """choix 0.4.1, opt_pairwise(4, WINS as pairs, alpha), less their mean: its alpha is half of a prior's precision."""
    np.testing.assert_allclose(bradley_terry.fit(WINS, NO_TIES, 2 * alpha).log, golden, atol=1e-6)


def test_ties_follow_davidson():
    """Against a direct maximisation of Davidson's likelihood as it is printed."""
    ties = np.array([[0, 3, 6, 1], [3, 0, 2, 4], [6, 2, 0, 2], [1, 4, 2, 0]], float)

    def loss(x):
        p, v, total = np.exp(x[:4]), np.exp(x[4]), 0.0
        for i in range(4):
            for j in range(i + 1, 4):
                tie = v * np.sqrt(p[i] * p[j])
                chances = np.array([p[i], p[j], tie]) / (p[i] + p[j] + tie)
                total -= np.dot([WINS[i, j], WINS[j, i], ties[i, j]], np.log(chances))
        return total + 1e-9 * (x**2).sum()

    expected = optimize.minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-9}).x
    found = bradley_terry.fit(WINS, ties, 2e-9)
    np.testing.assert_allclose(found.log, expected[:4] - expected[:4].mean(), atol=1e-5)
    np.testing.assert_allclose(found.log_ties, expected[4], atol=1e-5)
    np.testing.assert_allclose(found.shares() + found.shares().T, 1)


def test_who_never_lost_has_a_strength_all_the_same():
    found = bradley_terry.fit(np.array([[0, 30], [0, 0]]), np.zeros((2, 2)))
    assert np.isfinite(found.log).all() and 0.9 < found.scores()[0] < 1


def test_a_preference_is_a_share_of_pairs_won_within_an_interval():
    answers = [preferred("A", i, RUN, RIVAL, "first" if i % 4 else "second") for i in range(40)]
    answers += [preferred("B", i, RIVAL, RUN, "tie") for i in range(20)]
    found = numbers("preference", answers)
    assert found["preference_low"] < found["preference"] < found["preference_high"] and found["preference_runs"] == 1
    assert abs(found["preference"] - (30 + 10) / 60) < 0.02
    other = Judgements(RIVAL, answers)
    rival = suite.measure("preference").compute(Case(None, None, None, None, seed=1, judgements=other))
    assert abs(rival["preference"] + found["preference"] - 1) < 1e-9
    ranked = preference.ranking([answers[:40], answers[40:]], generator(1, "test"))
    assert list(ranked) == [RUN, RIVAL]


def test_a_run_that_nobody_judged_has_the_numbers_it_had():
    case = SimpleNamespace(abilities=frozenset(), network="classifier")
    measures = suite.chosen(PEOPLE)
    assert suite.measure_all(measures, ["default"], case, {}, {}, print) == ({}, {})
    assert all(measure.needs == {f"judged: {measure.name}"} for measure in measures)
    assert Judgements(RUN, judged("A", 4, 1)).abilities == {"judged: hype_infinity"}


def test_of_many_judges_who_never_err_the_rate_is_near_nothing():
    """Twenty answers without a mistake say as much, whether one judge gave them or twenty."""
    one, many = (resampling.rate([0] * n, [20 // n] * n, generator(1, "test")) for n in (1, 20))
    assert one.value == many.value == 0
    assert many.low < 0.001 and 0.03 < many.high <= one.high + 0.01
    hundred = resampling.rate([0] * 100, [20] * 100, generator(1, "test"))
    assert hundred.high < 0.002


def test_what_never_varies_is_not_certain_all_the_same():
    def width(found, name):
        assert found[f"{name}_low"] <= found[name] <= found[f"{name}_high"]
        return found[f"{name}_high"] - found[f"{name}_low"]

    won = numbers("preference", [preferred("A", i, RUN, RIVAL, "first") for i in range(20)])
    jeffreys = stats.beta.ppf(0.025, 20.5, 0.5)
    assert abs(won["preference_low"] - jeffreys) < 0.03 and won["preference_high"] > 0.98
    tied = numbers("preference", [preferred("A", i, RUN, RIVAL, "tie") for i in range(20)])
    assert abs(tied["preference"] - 0.5) < 1e-9 and 0.02 < width(tied, "preference") < 0.3
    best = numbers("rating", [said("A", i, "", "5", "rating", GENERATED) for i in range(20)])
    assert best["rating"] == 5 and 0.02 < width(best, "rating") < 0.5
    fast = {"asked_ms": 100, "shown_ms": 100, "frame_ms": 17}
    always = numbers("hype_time", [said("A", i, REAL, REAL, "hype_time", **fast) for i in range(450)])
    assert always["hype_time"] == 100 and 1 < width(always, "hype_time") < 30


def test_intervals_of_preferences_hold_the_truth_as_often_as_they_say():
    """Three runs of known strengths, 60 pairs of each of two judges."""
    random, inside = np.random.default_rng(5), []
    runs, strengths = [RUN, RIVAL, "c" * 64], np.array([0.8, 0.0, -0.8])
    truth = bradley_terry.Strengths(strengths, -np.inf).scores()[0]
    for _ in range(15):
        judges = []
        for judge in "AB":
            pairs = [random.permutation(3)[:2] for _ in range(60)]
            better = [random.random() < 1 / (1 + np.exp(strengths[j] - strengths[i])) for i, j in pairs]
            judges.append([
                preferred(judge, n, runs[i], runs[j], "first" if won else "second")
                for n, ((i, j), won) in enumerate(zip(pairs, better, strict=True))
            ])  # fmt: skip
        found = preference.ranking(judges, generator(1, "test"))[RUN]
        inside.append(found.low <= truth <= found.high)
    assert sum(inside) >= 13


def test_answers_of_other_runs_alone_make_no_preference():
    """A session of three runs in which no answer that counts is of this one."""
    answers = [preferred("A", i, RIVAL, "c" * 64, "first") for i in range(20)]
    with pytest.raises(ValueError, match="preference: 20 answers count, and none of them is of this run's images"):
        numbers("preference", answers)


def test_a_catch_trial_that_was_off_time_is_not_held_against_a_judge():
    times = {"asked_ms": 500, "frame_ms": 17}
    careful = [a._replace(shown_ms=500) for a in judged("A", 20, 2, "hype_time", **times)]
    late = [a._replace(trial=a.trial + 50, shown_ms=900) for a in judged("A", 0, 0, "hype_time", 5, **times)]
    assert len(hear(careful + late).answers) == 20 and hear(careful + late).failed == 0
    assert hear(careful + [a._replace(shown_ms=500) for a in late]).failed == 1


def test_a_rapid_error_is_the_mean_over_exposures_and_takes_all_of_them():
    """A screen that marks half of the single frames changes how many count, not the error."""
    first, later = (judged("A", 40, wrong, "rapid_categorisation", asked_ms=t) for t, wrong in ((0, 20), (267, 4)))
    first = [a._replace(shown_ms=17, frame_ms=17) for a in first]
    later = [a._replace(trial=a.trial + 50, shown_ms=267, frame_ms=17) for a in later]
    marked = [a._replace(shown_ms=90) if i % 4 < 2 else a for i, a in enumerate(first)]
    found = numbers("rapid_categorisation", marked + later)
    assert abs(found["rapid_categorisation"] - 0.3) < 1e-9 and found["rapid_categorisation_trials_off_time"] == 20
    assert found["rapid_categorisation_low"] < 0.3 < found["rapid_categorisation_high"]
    none = [a._replace(shown_ms=90) for a in first]
    with pytest.raises(ValueError, match="no answer counts at one frame: 0 judges missed"):
        numbers("rapid_categorisation", none + later)
