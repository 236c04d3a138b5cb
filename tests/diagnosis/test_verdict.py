"""Curves after the logs printed in The GAN Book (Chaudhary 2024), which gives one D accuracy for real and fake."""

import numpy as np

from ganline.diagnosis.verdict import judge


def history(d_loss, accuracy, every=50):
    steps = np.arange(1, len(d_loss) + 1) * every
    return {
        "step": steps,
        "d_loss": np.array(d_loss),
        "d_accuracy_real": np.array(accuracy),
        "d_accuracy_fake": np.array(accuracy),
    }


def test_the_books_convergence_failure_is_recognised():
    # Skill 3: D loss .000 and accuracy exactly 100 % from step 200 on, G loss rising to 24.5
    found = judge(history([0.6, 0.1, 0.02] + [0.0004] * 37, [0.5, 0.98, 0.99] + [1.0] * 37))
    assert found.verdict == "convergence_failure"
    assert found.evidence[0].first_step == 200
    assert "since step 200" in found.summary


def test_the_books_healthy_runs_are_left_alone():
    # MLP GAN, first epochs: a discriminator that wins early (d_loss .010, 100 %) and is caught up with
    early = [0.798, 0.127, 0.039, 0.034, 0.017, 0.022, 0.010, 0.026, 0.058, 0.098, 0.15, 0.237, 0.19, 0.16]
    accuracy = [0.54, 1, 1, 0.99, 1, 1, 1, 0.99, 0.98, 0.97, 0.94, 0.90, 0.92, 0.93]
    assert judge(history(early, accuracy)).verdict == "no_failure_seen"
    # Anime DCGAN, epoch 99: swings between .000 and .322, 92 to 100 %, with good images
    assert judge(history([0.0, 0.322, 0.001, 0.2] * 5, [1, 0.92, 1, 0.95] * 5)).verdict == "no_failure_seen"


def test_a_short_run_is_not_judged():
    found = judge(history([0.0] * 4, [1.0] * 4))
    assert found.verdict == "too_short" and "600 steps" in found.summary
    assert judge(history([], [])).verdict == "too_short"


def test_curves_without_accuracies_are_not_judged():
    steps = np.arange(50, 2050, 50)
    critic = judge({"step": steps, "d_loss": 0 * steps, "g_loss": steps, "wasserstein_estimate": 0 * steps})
    likelihood = judge({"step": steps, "loss": 1 / steps, "bits_per_dim": 1 / steps})
    assert critic.verdict == likelihood.verdict == "not_judged" and critic.evidence == []
    assert "no accuracies" in critic.summary and "no adversary" in likelihood.summary
