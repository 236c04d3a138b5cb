from pathlib import Path

import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.core.figures import image_grid, write_png
from ganline.core.files import read_arrays, write_arrays, write_json, write_text
from ganline.report.collect import collect, pairs, panels
from ganline.settings import paths
from ganline.studies.answers import Answer, write
from ganline.studies.finding import Figure, Finding, Number
from stages import report

CONF = Path(__file__).parents[2] / "conf"


class Told:
    """Remembers that the run was completed, once the page was there."""

    completed = 0

    def complete(self):
        assert paths.REPORT.exists()
        self.completed += 1


@pytest.fixture
def params(tmp_path, monkeypatch):
    """What the stages before leave of a colour run without labels, in the current directory."""
    monkeypatch.chdir(tmp_path)
    params = compose_params("gan-mnist", ["dataset=digits", "extractor.beside=null", "report.images=4"], CONF)
    images = np.random.Generator(np.random.Philox(key=[7, 8])).integers(0, 256, (12, 8, 10, 3), np.uint8)
    data = paths.prepared(params)
    data.mkdir(parents=True)
    np.save(data / "test_images.npy", images)
    counts = {"counts": {"train": 9, "test": 12}, "source_images": 21, "dropped": {}, "duplicates": 0}
    write_json(data / "dataset.json", {"dataset": "toys", "image_shape": [8, 10, 3], "classes": [], **counts})
    write_json(
        paths.extractor(params) / "extractor.json", {"kind": "classifier", "feature_dim": 4, "test_accuracy": 0.9}
    )
    write_text(paths.TRAIN / "history.csv", "step,d_loss,g_loss,probe_frechet\n0,,,9.5\n10,0.5,1.0,\n20,nan,0.9,2.5\n")
    for step in (0, 100):
        write_png(paths.TRAIN / f"samples/step-{step:08}.png", image_grid(images[:9], 3))
    diagnosis = {"verdict": "too_short", "kind": "", "title": "Too short", "summary": "There is too little to judge."}
    lists = {"evidence": [], "causes": [], "remedies": []}
    steps = {"steps": 20, "kept_step": 20, "ended_early": False, "first_step": None}
    sure = {"failing": False, "confidence": 0, "cannot_judge": ""}
    write_json(paths.TRAIN / "diagnosis.json", diagnosis | lists | steps | sure)
    write_json(paths.EVALUATE / "metrics.json", {"frechet_classifier": 3.0, "floor_frechet_classifier": 1.0})
    write_json(paths.EVALUATE / "protocol.json", {"frechet_classifier": {"how_to_read": "Low is good."}})
    write_arrays(paths.EVALUATE / "features.npz", {"images": images[::-1]})
    figures = {"grid": Figure(image_grid(images[:6], 3), "A grid", "Six."), "loop": Figure(images, "A loop", "Moves.")}
    finding = Finding(figures, {"success": Number(0.5, "Edit success", "higher", "0 to 1.")}, ["It has directions."])
    found = {"edits": Answer("Edits", finding), "encoder": Answer("Encoder", "it has none")}
    write(paths.STUDY, {"latent": (found, {"seed": 42})})
    return params


def test_the_page_is_written_and_told_of(params):
    told = Told()
    report.run(params, told)
    assert told.completed == 1
    page = paths.REPORT.read_text()
    assert all(
        text in page
        for text in (
            "gan-mnist",
            "Too short",
            "too little to judge",
            "toys",
            "Quality over 20 steps",
            'data-metric="frechet_classifier"',
            'max="1"',
        )
    )
    report.run(params, told)
    assert paths.REPORT.read_text() == page


def evaluated():
    return read_arrays(paths.EVALUATE / "features.npz")


def test_panels_are_of_one_size_and_spread_over_the_split(params):
    real, generated, conditions = panels(params, evaluated())
    test = np.load(paths.prepared(params) / "test_images.npy")
    assert np.array_equal(real, test[[0, 3, 7, 11]])
    assert np.array_equal(generated, test[::-1][:4]) and conditions == 0


def test_samples_that_were_asked_for_are_sorted_by_class(params):
    images = read_arrays(paths.EVALUATE / "features.npz")["images"]
    labels = np.array([2, 0, 0, 2, 1, 1, 0, 2, 1, 1, 0, 2])
    write_arrays(paths.EVALUATE / "features.npz", {"images": images, "labels": labels})
    seven = params.model_copy(update={"report": params.report.model_copy(update={"images": 7})})
    real, generated, conditions = panels(seven, evaluated())
    assert np.array_equal(generated, images[[1, 2, 4, 5, 0, 3]]) and (len(real), conditions) == (6, 3)
    assert panels(params, evaluated())[2] == 3  # of 4 places one for each class


def test_what_the_study_stage_wrote_is_read_as_it_was(params):
    edits, encoder = collect(params).studies[0].parts
    assert (edits.title, edits.words, encoder.left_out) == ("Edits", ["It has directions."], "it has none")
    (grid, told), (loop, _) = edits.figures
    assert grid.ndim == 3 and told["caption"] == "Six." and loop.startswith(b"GIF89a")
    (row,) = edits.numbers
    assert (row.name, row.label, row.value) == ("latent_edits_success", "Edit success", 0.5)


def test_pictures_are_read_in_their_colours(params):
    content = collect(params)
    assert [sample.step for sample in content.samples] == [0, 100]
    test = np.load(paths.prepared(params) / "test_images.npy")
    assert np.array_equal(content.samples[1].grid, image_grid(test[:9], 3))


def test_what_a_translator_was_given_and_should_have_made_stands_beside_what_it_made(params):
    assert collect(params).pairs is None
    made = evaluated()
    more = {"inputs": made["images"][:, ::2, ::2, :1], "partners": 255 - made["images"]}
    write_arrays(paths.EVALUATE / "features.npz", made | more)
    assert collect(params).pairs is None  # what the model is decides, not what lies there
    translator = compose_params("pix2pix-gray-to-color", ["download.source=."], CONF)
    params = params.model_copy(update={"train": translator.train})
    found = collect(params).pairs
    rows = [0, 3, 7, 11]
    assert np.array_equal(found.outputs, made["images"][rows]) and np.array_equal(found.targets, more["partners"][rows])
    assert np.array_equal(found.inputs, more["inputs"][rows])
    assert pairs(params, {"images": made["images"], "inputs": more["inputs"]}).targets is None
    report.run(params, Told())
    assert all(f">{name}<" in paths.REPORT.read_text() for name in ("Input", "Output", "Target", "Difference"))
