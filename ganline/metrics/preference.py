"""Preference between runs: which of two images looks better, one of each run; ranked by Bradley and Terry's model.

Bradley and Terry 1952, "Rank Analysis of Incomplete Block Designs"; ties as in Davidson 1970, "On Extending the
Bradley-Terry Model to Accommodate Ties". How to read it: the share of pairs in which a run is expected to be preferred,
a tie as half; 0.5 is neither better nor worse than those it was compared with.
"""

from collections.abc import Sequence

import numpy as np

from ganline.core.random import generator
from ganline.metrics.bradley_terry import fit
from ganline.metrics.judgements import Answer
from ganline.metrics.record import Case, Measure, Number
from ganline.metrics.resampling import Interval, interval, numbers_of

LENGTH = 60
FIRST, SECOND, TIE = "first", "second", "tie"
DRAWS = 300
SHOWN_OF_A_HASH = 12


def table(answers: Sequence[Answer], runs: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return wins and ties, float64 (K, K) each, of answers about the runs of these hashes."""
    place = {run: i for i, run in enumerate(runs)}
    wins, ties = np.zeros((len(runs),) * 2), np.zeros((len(runs),) * 2)
    for answer in answers:
        i, j = place[answer.subject], place[answer.other]
        if answer.answer == TIE:
            ties[i, j] += 1
            ties[j, i] += 1
        else:
            wins[(i, j) if answer.answer == FIRST else (j, i)] += 1
    return wins, ties


def ranking(by_judge: Sequence[Sequence[Answer]], random: np.random.Generator) -> dict[str, Interval]:
    """Return each run's score, best first: the share of pairs in which it is expected to be preferred.

    Judges are drawn with replacement, and the counts of each from what its answers leave open: Dirichlet, with half a
    win, loss and tie of each run in all, shared among judges and rivals. Of two runs and one judge without ties this
    is Jeffreys' interval, as in `ganline.metrics.resampling.rate`.

    Args:
        by_judge: the answers of each judge.
        random: decides the draws.
    """
    runs = sorted({run for each in by_judge for answer in each for run in (answer.subject, answer.other)})
    wins, ties = map(np.stack, zip(*(table(each, runs) for each in by_judge), strict=True))
    scores = fit(wins.sum(0), ties.sum(0)).scores()
    counts = np.stack([wins, np.triu(ties)], 1)
    others = 1 - np.eye(len(runs))
    spare = np.stack([others, np.triu(others) * ties.any()]) * 0.5 / (len(runs) - 1) / len(by_judge)
    draws = np.array([fit(*_left_open(counts, spare, random)).scores() for _ in range(DRAWS)])
    intervals = {run: interval(scores[i], draws[:, i]) for i, run in enumerate(runs)}
    return dict(sorted(intervals.items(), key=lambda item: -item[1].value))


def _left_open(counts: np.ndarray, spare: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return wins and ties, as `table` does, of judges that are drawn; see `ranking`.

    Args:
        counts: float (J, 2, K, K): by judge the wins, and the ties above the diagonal.
        spare: float (2, K, K): what is added to them.
        random: decides the draw.
    """
    drawn = counts[random.integers(0, len(counts), len(counts))]
    chances = random.standard_gamma(drawn + spare)
    wins, ties = (chances * (drawn.sum((1, 2, 3)) / chances.sum((1, 2, 3)))[:, None, None, None]).sum(0)
    return wins, ties + ties.T


def _compute(case: Case) -> dict[str, float]:
    heard = case.judged("preference")
    heard.require("preference")
    assert case.judgements
    found = ranking(heard.by_judge, generator(case.seed, "people/preference"))
    if not (own := found.get(case.judgements.subject)):
        raise ValueError(f"preference: {len(heard.answers)} answers count, and none of them is of this run's images")
    return {**own.numbers("preference"), "preference_runs": len(found) - 1, **heard.counts("preference")}


def _protocol(case: Case) -> dict[str, object]:
    answers = case.judged("preference").answers
    runs = sorted({run[:SHOWN_OF_A_HASH] for answer in answers for run in (answer.subject, answer.other)})
    return {"compared": runs, "ties": "Davidson's model"}


MEASURE = Measure(
    "preference",
    numbers_of(
        "preference",
        "Preference",
        "0 to 1: share of pairs in which people are expected to prefer this run, a tie as half; 0.5 is as the others.",
        "higher",
    )
    | {"preference_runs": Number("Preference: other runs", "people", "", "Runs it was compared with.", ranks=False)},
    _compute,
    answers="Which run's images do people prefer?",
    misleads="It holds among the runs compared: other rivals, another number. Variety is not seen.",
    source="Bradley and Terry 1952, Rank Analysis of Incomplete Block Designs; Davidson 1970, On Extending the "
    "Bradley-Terry Model to Accommodate Ties",
    cost="4 minutes of each judge",
    needs=frozenset({"judged: preference"}),
    floor="",
    protocol=_protocol,
)
