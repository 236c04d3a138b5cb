"""What compute.precision = auto comes to: by the model, its loss, the devices and how they work together."""

import pytest

from ganline.catalogue.presets import compose_params
from ganline.core import processor
from ganline.tracking.tracker import told_by
from ganline.training import devices


@pytest.fixture
def native(monkeypatch):
    """A processor that has bfloat16, and no GPU."""
    monkeypatch.setattr(processor, "has_bfloat16", lambda: True)
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: [])


def precision(experiment, *overrides):
    return devices.settled(compose_params(experiment, ["download.source=.", *overrides])).compute.precision


@pytest.mark.parametrize(
    ("given", "comes_to"),
    [
        (["dcgan-fashion-mnist-workshop"], "mixed_bfloat16"),
        (["gan-mnist"], "mixed_bfloat16"),
        (["adversarial-fashion-mnist"], "float32"),  # the same networks, with a loss that was not tried
        (["gan-mnist", "train.loss=least_squares"], "float32"),
        (["gan-mnist", "compute.xla=true"], "float32"),
        (["gan-mnist", "compute.strategy=mirrored"], "float32"),
        (["gan-mnist", "compute.strategy=multi_worker"], "float32"),
        (["gan-mnist", "compute.precision=mixed_float16"], "mixed_float16"),
        (["vae-mnist"], "float32"),
        (["cgan-mnist"], "float32"),
        (["cyclegan-horse2zebra"], "float32"),
    ],
)
def test_auto_is_bfloat16_for_what_it_was_seen_to_do_no_harm(native, given, comes_to):
    assert precision(*given) == comes_to


def test_nothing_but_the_precision_is_settled(native):
    params = compose_params("gan-mnist")
    found = devices.settled(params)
    assert params.compute.precision == "auto" and found.compute.precision == "mixed_bfloat16"
    assert found.model_copy(update={"compute": params.compute}) == params


@pytest.mark.parametrize(
    ("flags", "has"),
    [("fpu avx2 avx512_bf16 avx512_vnni", True), ("fpu amx_bf16 amx_tile", True), ("fpu avx512f avx512_bf16x", False)],
)
def test_the_processor_says_what_it_can_do(monkeypatch, tmp_path, flags, has):
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(processor, "KNOWN", tmp_path / "cpuinfo")
    assert not processor.has_bfloat16()  # where Linux does not say
    processor.KNOWN.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
    assert processor.has_bfloat16() == has
    assert precision("gan-mnist") == ("mixed_bfloat16" if has else "float32")


def test_gpus_were_not_tried(native, monkeypatch):
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: ["a card"] * (kind == "GPU"))
    assert precision("gan-mnist") == "float32"


def test_every_run_is_tagged_with_its_precision_and_early_ones_are_read():
    told = {"verdict": "healthy", "kind": "success"}
    assert told_by(told | {"training_precision": "float32"}) == told_by(told) | {"training_precision": "float32"}
    assert "training_precision" not in told_by(told)
