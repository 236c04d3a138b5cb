"""Two extractors judge one run: the numbers of the second stand beside those of the first, by names of their own."""

import json
from pathlib import Path

import numpy as np
import pytest

from ganline import models
from ganline.catalogue.presets import compose_params
from ganline.core.errors import UserError
from ganline.core.files import read_arrays, sha256, write_arrays, write_json
from ganline.extractors import classifier, judges, making
from ganline.extractors.network import Extractor, facts_of
from ganline.settings import paths
from stages import evaluate, extractor

CONF = Path(__file__).parents[2] / "conf"
CLASSES = ["dark", "light"]
ASKED = "evaluate.metrics=[frechet,kid,precision_recall,class_histogram,diversity]"


class Recorder:
    """Takes the place of the tracker, which would start its own server."""

    def data(self): ...

    def metrics(self, values, step=0): ...

    def artifact(self, path, folder=""): ...


@pytest.fixture(scope="module")
def networks():
    """Return a classifier, a network of another kind, and images with their labels."""
    settings = compose_params("gan-mnist", ["extractor.epochs=1", "extractor.batch_size=16"], CONF).extractor
    random, labels = np.random.default_rng(0), np.arange(270, dtype=np.int32) % 2
    images = (random.integers(0, 100, (270, 8, 8, 1)) + 100 * labels[:, None, None, None]).astype(np.uint8)
    knows = classifier.train_classifier(images[:150], labels[:150], CLASSES, settings, 1)
    other = classifier.classifier((8, 8, 1), list("abcd"))  # untrained features do
    return {"classifier": knows, "rotation": as_kind(other, "rotation")}, images, labels


def as_kind(network, kind, shape=(8, 8, 1)):
    return Extractor(network, facts_of(kind, list("abcd"), network, shape, "none"))


def left(networks, kind, beside, seen=None):
    """Leave what the stages before leave; the second network has seen `seen` images of each split, or all."""
    small = ["dataset=digits", "prepare.size=8", "evaluate.samples=100", "evaluate.kid_subset_size=50", ASKED]
    second = beside or "null"
    params = compose_params("gan-mnist", [*small, f"extractor.kind={kind}", f"extractor.beside={second}"], CONF)
    known, images, labels = networks
    prepared = paths.prepared(params)
    prepared.mkdir(parents=True)
    write_json(prepared / "dataset.json", {"classes": ["dark", "light"]})
    for judge in judges.judges(params):
        known[judge.kind].save(judge.folder)
    for split, part in (("train", slice(150)), ("test", slice(150, None))):
        np.save(prepared / f"{split}_images.npy", images[part])
        np.save(prepared / f"{split}_labels.npy", labels[part])
        for judge in judges.judges(params):
            rows = np.arange(len(images[part]))[:: 2 if seen and judge.kind == beside else 1][:seen]
            chosen = {"rows": rows} if seen and judge.kind == beside else {}
            said = known[judge.kind].extract(images[part][rows] if chosen else images[part])
            write_arrays(judge.folder / f"{split}_features.npz", said._asdict() | chosen)
    models.save(models.build(params.train, (8, 8, 1), params.seed), paths.GAN)
    return params


def judged(tmp_path, monkeypatch, networks, *args):
    folder = tmp_path / "-".join(map(str, args))
    folder.mkdir()
    monkeypatch.chdir(folder)
    params = left(networks, *args)
    evaluate.run(params, Recorder())
    return params, *(json.loads((paths.EVALUATE / f"{name}.json").read_text()) for name in ("metrics", "protocol"))


def test_both_judge_and_neither_changes_the_others_numbers(tmp_path, monkeypatch, networks):
    _, alone, _ = judged(tmp_path, monkeypatch, networks, "classifier", None)
    params, values, protocol = judged(tmp_path, monkeypatch, networks, "classifier", "rotation")
    assert {name: values[name] for name in alone} == alone
    added = values.keys() - alone.keys()
    assert {"frechet_rotation", "frechet_rotation_stderr", "kid_rotation", "floor_kid_rotation_stderr"} <= added
    assert "precision_rotation_stderr" in added and all("rotation" in name for name in added)
    assert values["kid_rotation"] != values["kid"]
    told = protocol["kid_rotation"]
    assert (told["extractor"], told["judge"]) == ("rotation", "beside") and "judge" not in protocol["kid"]
    assert told["extractor_weights_sha256"] == sha256(paths.beside(params) / "weights.npz")
    assert "(rotation)" in told["label"] and told["how_to_read"].endswith("As rotation sees it.")
    assert told["n_real"] == told["n_fake"] == 100 and "notices" in told


def test_who_takes_long_sees_fewer_images_and_says_so(tmp_path, monkeypatch, networks):
    _, alone, _ = judged(tmp_path, monkeypatch, networks, "classifier", None)
    _, values, protocol = judged(tmp_path, monkeypatch, networks, "classifier", "rotation", 40)
    assert {name: values[name] for name in alone} == alone
    told = protocol["frechet_rotation"]
    assert told["n_real"] == told["n_fake"] == protocol["floor_frechet_rotation"]["n_floor"] == 40
    assert "beside the judge it sees 40 images of each kind" in told["notices"][0]
    assert protocol["kid_rotation"]["subset_size"] == 20 and protocol["kid"]["subset_size"] == 50


def test_who_knows_the_classes_is_asked_of_them(tmp_path, monkeypatch, networks):
    _, alone, _ = judged(tmp_path, monkeypatch, networks, "classifier", None)
    params, values, protocol = judged(tmp_path, monkeypatch, networks, "rotation", "classifier")
    for name in ("class_entropy", "floor_class_entropy", "classes_seen"):
        assert values[name] == alone[name] and protocol[name]["extractor"] == "classifier"
    assert values["frechet_classifier"] == alone["frechet_classifier"]
    assert values["kid_classifier"] == alone["kid"] != values["kid"]
    assert {"frechet_rotation", "kid"} <= values.keys() and protocol["kid"]["extractor"] == "rotation"
    assert judges.of_study(params).folder == paths.beside(params)


def pictures(tmp_path, monkeypatch, networks, beside):
    monkeypatch.chdir(tmp_path)
    _, images, labels = networks
    small = ["dataset=digits", "prepare.size=8", "extractor.epochs=1", f"extractor.beside={beside}"]
    params = compose_params("gan-mnist", small, CONF)
    data = paths.prepared(params)
    data.mkdir(parents=True)
    for split, part in (("train", slice(150)), ("test", slice(150, None))):
        np.save(data / f"{split}_images.npy", images[part])
        np.save(data / f"{split}_labels.npy", labels[part])
    counts = {"train": 150, "test": 120}
    write_json(data / "dataset.json", {"classes": ["dark", "light"], "counts": counts, "image_shape": [8, 8, 1]})
    return params


def test_the_stage_makes_both_and_the_slow_one_sees_part(tmp_path, monkeypatch, networks):
    params = pictures(tmp_path, monkeypatch, networks, "squeezenet")
    slow = as_kind(networks[0]["rotation"].network, "squeezenet")
    usual = making._of_kind

    def of_kind(data, kind, *more):
        return slow if kind == "squeezenet" else usual(data, kind, *more)

    monkeypatch.setattr(making, "BESIDE_IMAGES", 30)
    monkeypatch.setattr(making, "_of_kind", of_kind)
    extractor.run(params, Recorder())
    first, second = (judge.folder for judge in judges.judges(params))
    assert (
        second == paths.beside(params) and json.loads((second / "extractor.json").read_text())["kind"] == "squeezenet"
    )
    whole, part = (read_arrays(folder / "train_features.npz") for folder in (first, second))
    assert len(whole["features"]) == 150 and "rows" not in whole
    assert len(part["features"]) == len(set(part["rows"])) == 30 and sorted(part["rows"]) == list(part["rows"])
    np.testing.assert_array_equal(part["features"], slow.extract(networks[1][:150][part["rows"]]).features)
    assert judges.with_abilities(params, "fast to look").kind == "classifier"  # type: ignore[union-attr]


def test_folders_of_your_own_have_judges_that_need_no_classes(tmp_path, monkeypatch, networks):
    monkeypatch.chdir(tmp_path)
    given = ["download.source=mine", "prepare.size=16"]
    unpaired = compose_params("cyclegan-horse2zebra", ["dataset=unpaired_folders", *given], CONF)
    params = compose_params("pix2pix-maps", ["dataset=paired_folders", *given], CONF)
    data = paths.prepared(params)
    data.mkdir(parents=True)
    images = networks[1][:30].repeat(2, axis=1).repeat(2, axis=2).repeat(3, axis=3)
    for split, part in (("train", images[:20]), ("test", images[20:])):
        np.save(data / f"{split}_images.npy", part)
    counts = {"train": 20, "test": 10}
    write_json(data / "dataset.json", {"classes": [], "counts": counts, "image_shape": [16, 16, 3], "paired": True})
    untrained = classifier.classifier((16, 16, 3), list("abcd"))
    monkeypatch.setattr(making, "_of_kind", lambda data, kind, *more: as_kind(untrained, kind, (16, 16, 3)))
    extractor.run(params, Recorder())
    told = [json.loads((judge.folder / "extractor.json").read_text()) for judge in judges.judges(params)]
    assert [facts["kind"] for facts in told] == ["efficientnet_lite0", "rotation"] == list(unpaired.extractor.kinds)
    assert 0 <= told[1]["rotation_accuracy"] <= 1 and "rotation_accuracy" not in told[0]
    assert all(len(read_arrays(each.folder / "test_features.npz")["features"]) == 10 for each in judges.judges(params))
    assert not judges.with_abilities(params, "classes")


def test_weights_that_cannot_be_had_are_told_before_anything_is_trained(tmp_path, monkeypatch, networks):
    from ganline.extractors import networks as pretrained

    def nowhere(*args, **kwargs):
        raise UserError("no source has squeezenet_weights.pkl")

    monkeypatch.setattr(pretrained, "pretrained", nowhere)
    monkeypatch.setattr(making, "train_classifier", lambda *args: pytest.fail("it was trained"))
    params = pictures(tmp_path, monkeypatch, networks, "squeezenet")
    said = r"the second judge, extractor.beside=squeezenet: no source(.|\n)*set extractor.beside=null, and classifier"
    with pytest.raises(UserError, match=said):
        extractor.run(params, Recorder())
    assert not paths.extractor(params).exists()


def test_the_same_network_twice_is_one_judge_and_one_file_is_not_for_two():
    same = compose_params("gan-mnist", ["extractor.beside=classifier"], CONF)
    assert same.extractor.kinds == ("classifier",) and len(judges.judges(same)) == 1
    both = ["extractor.kind=file", "extractor.beside=inception_2015"]
    with pytest.raises(UserError, match="one file, and file and inception_2015 would both take it"):
        compose_params("gan-mnist", [*both, "extractor.weights=w.onnx"], CONF)
    with pytest.raises(UserError, match="extractor.beside = file is .*: extractor.weights says where"):
        compose_params("gan-mnist", ["extractor.beside=file"], CONF)
