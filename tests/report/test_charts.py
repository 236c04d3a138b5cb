import pandas as pd

from ganline.report.charts import CHARTS
from ganline.report.page import charts


def titles(columns, loss):
    history = pd.DataFrame({"step": [10, 20]} | {name: [0.5, 0.6] for name in columns})
    return [chart.title for chart, _ in charts(CHARTS, history, loss)]


def test_each_kind_of_training_has_its_charts():
    adversarial = ["d_loss", "g_loss", "d_real", "d_fake"]
    accuracies = ["d_accuracy_real", "d_accuracy_fake"]
    critic = ["Losses", "What the discriminator says", "Wasserstein estimate"]
    assert titles([*adversarial, "wasserstein_estimate"], "wasserstein") == critic
    penalised = titles([*adversarial, "wasserstein_estimate", "gradient_penalty"], "wasserstein_gp")
    assert penalised == [*critic, "Gradient penalty"]
    autoencoder = ["Losses", "How well the discriminator redraws", "Balance", "Convergence"]
    assert titles([*adversarial, "balance", "convergence"], "began") == autoencoder
    probable = ["Losses", "Discriminator accuracy", "What the discriminator believes"]
    classes = ["d_class_loss", "d_class_accuracy", "g_class_loss"]
    found = titles([*adversarial, *accuracies, *classes], "non_saturating")
    assert found == [*probable, "Class losses", "Class accuracy"]
    found = titles([*adversarial, *accuracies, "g_adversarial_loss", "mutual_information"], "non_saturating")
    assert found == [*probable, "Mutual information"]
    assert titles([*adversarial, *accuracies], "hinge") == [*probable[:2], "What the discriminator says"]
    assert titles(["loss", "reconstruction", "kl"], "likelihood") == ["Loss", "The loss in its two parts"]
    cycles = titles([*adversarial, *accuracies, "g_cycle_a", "g_cycle_b"], "least_squares")
    assert cycles == ["Losses", "Lost there and back", "Discriminator accuracy", "What the discriminator says"]
    assert titles(["loss", "bits_per_dim"], "likelihood") == ["Loss", "Bits per dimension"]
