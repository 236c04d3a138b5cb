import numpy as np
import pytest
from prepared_digits import project

from ganline.core.errors import UserError
from ganline.settings import paths
from ganline.training import judging


def test_models_that_draw_slowly_are_not_looked_at(tmp_path, monkeypatch):
    params, _ = project(tmp_path, monkeypatch, "pixelcnn-mnist")
    assert "draws too slowly" in judging.probe(params, np.zeros((200, 28, 28, 1), np.uint8))
    with pytest.raises(UserError, match="train.select = best: pixelcnn.PixelCNN draws too slowly"):
        project(tmp_path, monkeypatch, "pixelcnn-mnist", "train.select=best")


def test_checkpoints_belong_to_the_extractor_that_the_samples_are_looked_at_through(tmp_path, monkeypatch):
    params, _ = project(tmp_path, monkeypatch, "mode-collapse-mnist", "extractor.kind=classifier")
    assert judging.extractor_files(params) == []
    paths.extractor(params).mkdir(parents=True)
    for name in ("extractor.json", "weights.npz", "train_features.npz"):
        (paths.extractor(params) / name).touch()
    assert [path.name for path in judging.extractor_files(params)] == ["extractor.json", "weights.npz"]


@pytest.mark.parametrize(
    ("judges", "watched"),
    [
        (["extractor.kind=squeezenet", "extractor.beside=classifier"], "beside"),
        (["extractor.kind=rotation", "extractor.beside=classifier"], ""),
        (["extractor.kind=squeezenet", "extractor.beside=null"], None),
    ],
)
def test_a_training_is_watched_by_the_first_judge_that_is_fast_to_look(tmp_path, monkeypatch, judges, watched):
    params, _ = project(tmp_path, monkeypatch, "mode-collapse-mnist", *judges)
    for folder in (paths.extractor(params), paths.beside(params)):
        folder.mkdir(parents=True)
        (folder / "weights.npz").touch()
    expected = [] if watched is None else [paths.extractor(params) / watched / "weights.npz"]
    assert judging.extractor_files(params) == expected
    if watched is None:
        assert judging._describer(params) is judging.pixels
