import json

import pytest

from benchmarks import inside, stacked_mnist
from ganline.catalogue.presets import names


def leave(folder, name, seed, modes, divergence):
    points = [{"step": 50_000 * i // 8, "modes": modes * i / 8, "core_minutes": 1.75 * i} for i in range(1, 9)]
    facts = {
        "seed": seed, "trained": 50_000, "batch_size": 128, "images": 26_000, "core_minutes": 14.2,
        "verdict": "mode_collapse", "judge": {"channel_accuracy": 0.9912}, "curve": {"points": points},
        "metrics": {"modes": modes, "modes_kl_even": divergence, "floor_modes": 1000, "floor_modes_kl_even": 0.024},
    }  # fmt: skip
    path = folder / stacked_mnist.row(name, seed).file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts))


def test_the_table_has_means_with_standard_errors_beside_what_is_published(tmp_path):
    assert stacked_mnist.section(tmp_path) == ""
    for seed, modes, divergence in ((1, 70, 5.0), (2, 80, 5.2), (3, 90, 5.4)):
        leave(tmp_path, "small", seed, modes, divergence)
    leave(tmp_path, "small-packing-2", 1, 500, 2.5)
    leave(tmp_path, "r3gan", 1, 1000, 0.08)
    leave(tmp_path, "r3gan", 2, 980, 0.09)
    lines = stacked_mnist.section(tmp_path).splitlines()
    table = [line for line in lines if line.startswith(("| small", "| R3GAN"))]
    assert table == [
        "| small DCGAN | 80.0 ± 5.8 | 5.200 ± 0.115 | 3 | 50,000 x 128 | 14 | -, -, - | -, -, - | mode_collapse | "
        "30.6 ± 20.7, 5.99 ± .42 (Metz et al.); 78.5 ± 17.6, 5.21 ± .19 (PacGAN) |",
        "| small DCGAN, packed by 2 | 500.0 | 2.500 | 1 | 50,000 x 128 | 14 | - | - | mode_collapse | "
        "484.5 ± 33.0, 2.61 ± .22 (PacGAN) |",
        "| R3GAN | 990.0 ± 10.0 | 0.085 ± 0.005 | 2 | 50,000 x 128 | 14 | 14, 14 | 14, - | mode_collapse | "
        "1,000, .078 (Huang et al. 2024; as reprinted) |",
    ]
    text = " ".join(lines)
    assert "99.12 % of held-out ones" in text and "1,000.0 ± 0.0 modes, KL 0.024" in text and "26,000 samples" in text


@pytest.mark.parametrize("name", stacked_mnist.GANS)
def test_each_row_goes_together(name):
    each = stacked_mnist.row(name, 2)
    params = each.params()
    assert each.experiment in names("experiment") and hasattr(inside, each.curve)
    assert (params.download.dataset, params.evaluate.samples, params.seed) == ("stacked_mnist", 26_000, 2)
    assert params.evaluate.metrics == ["modes"] and params.data_seed == 42
    assert params.compute.precision in ("float32", "mixed_bfloat16")  # auto would be the machine's affair


def test_rows_with_one_preset_have_files_and_workspaces_of_their_own():
    every = [stacked_mnist.row(name, seed) for name in stacked_mnist.GANS for seed in stacked_mnist.SEEDS]
    assert len({each.file for each in every}) == len({each.name for each in every}) == len(every)
