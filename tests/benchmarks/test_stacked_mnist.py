import json

import pytest

from benchmarks import stacked_mnist
from ganline.catalogue.presets import compose_params, names


def facts(row, seed, modes, divergence):
    metrics = {"modes": modes, "modes_kl_even": divergence, "floor_modes": 1000, "floor_modes_kl_even": 0.024}
    return {
        "row": row, "seed": seed, "steps": 50_000, "batch_size": 128, "samples": 26_000, "cores": 2, "minutes": 14.2,
        "verdict": "mode_collapse", "judge": {"channel_accuracy": 0.9912}, "metrics": metrics,
    }  # fmt: skip


def test_the_table_has_means_with_standard_errors_beside_what_is_published(tmp_path, monkeypatch):
    monkeypatch.setattr(stacked_mnist, "FOLDER", tmp_path)
    assert stacked_mnist.section() == ""
    for seed, modes, divergence in ((1, 70, 5.0), (2, 80, 5.2), (3, 90, 5.4)):
        (tmp_path / f"small-{seed}.json").write_text(json.dumps(facts("small", seed, modes, divergence)))
    (tmp_path / "small-packing-2-1.json").write_text(json.dumps(facts("small-packing-2", 1, 500, 2.5)))
    lines = stacked_mnist.section().splitlines()
    table = [line for line in lines if line.startswith("| small")]
    assert table == [
        "| small DCGAN | 80.0 ± 5.8 | 5.200 ± 0.115 | 3 | 50,000 x 128 | 14 | mode_collapse | "
        "30.6 ± 20.7, 5.99 ± .42 (Metz et al.); 78.5 ± 17.6, 5.21 ± .19 (PacGAN) |",
        "| small DCGAN, packed by 2 | 500.0 | 2.500 | 1 | 50,000 x 128 | 14 | mode_collapse | "
        "484.5 ± 33.0, 2.61 ± .22 (PacGAN) |",
    ]
    text = " ".join(lines)
    assert "99.12 % of held-out ones" in text and "1,000.0 ± 0.0 modes, KL 0.024" in text and "26,000 samples" in text


def test_what_is_there_is_not_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(stacked_mnist, "FOLDER", tmp_path)
    monkeypatch.setattr(stacked_mnist.subprocess, "run", lambda *_, **__: pytest.fail("it ran"))
    (tmp_path / "gan-1.json").write_text("{}")
    stacked_mnist.run("gan", 1)


@pytest.mark.parametrize("name", [name for name, row in stacked_mnist.ROWS.items() if row.overrides])
def test_each_row_goes_together(name):
    experiment, *overrides = stacked_mnist.changes(stacked_mnist.ROWS[name], 2)
    params = compose_params(experiment.removeprefix("experiment="), overrides)
    assert (params.download.dataset, params.evaluate.samples, params.seed) == ("stacked_mnist", 26_000, 2)
    assert params.evaluate.metrics == ["modes"] and params.data_seed == 42
    assert {row.experiment for row in stacked_mnist.ROWS.values()} - set(names("experiment")) <= {
        "r3gan-stacked-mnist", "r3gan-stacked-mnist-r1"
    }  # fmt: skip
