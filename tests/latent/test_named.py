import numpy as np
import pytest

from ganline.errors import UserError
from ganline.latent.named import Named, read, write


def test_numbers_come_back_bit_for_bit(tmp_path):
    path = tmp_path / "latents.json"
    latents = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    points = {name: Named(latent, label) for label, (name, latent) in enumerate(zip("zay", latents, strict=True))}
    write(path, points)
    found = read(path)
    assert list(found) == ["z", "a", "y"] and [point.label for point in found.values()] == [0, 1, 2]
    assert all(np.array_equal(found[name].latent, points[name].latent) for name in points)
    assert found["z"].latent.dtype == np.float32 and path.read_text().count("\n") == 5
    write(path, {})
    assert read(path) == {} and path.read_text() == "{}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": {"label": 0}}', "a.latent: Field required"),
        ('{"a": {"label": -1, "latent": [1]}}', "a.label: Input should be greater"),
        ('{"a": {"label": 0, "latent": []}}', "a.latent: List should have at least 1 item"),
        ('{"a": {"label": 0, "latent": [1], "seed": 3}}', "a.seed: Extra inputs"),
        ("[", "the file: Invalid JSON"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path, text, told):
    path = tmp_path / "latents.json"
    path.write_text(text)
    with pytest.raises(UserError, match=told):
        read(path)
    with pytest.raises(UserError, match="other.json is missing"):
        read(tmp_path / "other.json")
