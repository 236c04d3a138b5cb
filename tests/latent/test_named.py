from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ganline.core.errors import UserError
from ganline.latent.named import Named, add, read, write


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


def test_what_is_added_at_once_is_all_there(tmp_path):
    """By two explorers: each reads the file and writes it anew."""
    path = tmp_path / "latents.json"

    def keep(explorer):
        for number in range(20):
            add(path, f"{explorer} {number}", Named(np.ones(4, np.float32), 0))

    with ThreadPoolExecutor() as explorers:
        list(explorers.map(keep, range(4)))
    assert len(read(path)) == 80


def test_a_file_that_is_no_text_or_a_folder_is_refused(tmp_path):
    path = tmp_path / "latents.json"
    path.write_bytes(b"{\xff}")
    with pytest.raises(UserError, match="latents.json: the file: 'utf-8' codec can't decode"):
        read(path)
    with pytest.raises(UserError, match="Is a directory"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": {"label": 0}}', "a.latent: Field required"),
        ('{"a": {"label": -1, "latent": [1]}}', "a.label: Input should be greater"),
        ('{"a": {"label": 0, "latent": []}}', "a.latent: List should have at least 1 item"),
        ('{"a": {"label": 0, "latent": [1], "seed": 3}}', "a.seed: Extra inputs"),
        ("[", "the file: Expecting value: line 1"),
        ("[]", "the file: Input should be a valid dictionary"),
        ("[" * 100_000, "the file: maximum recursion depth"),
        ('{"a": {"label": 0, "latent": [1e300]}}', "a.latent.0: Input should be less than or equal to 34"),
        ('{"a": {"label": 0, "latent": [NaN]}}', "a.latent.0: Input should be a finite number"),
        ('{"a": {"label": 0, "latent": [1]}, "a": {"label": 0, "latent": [2]}}', "'a' stands there more than once"),
    ],
)
def test_a_broken_file_is_refused_with_the_place(tmp_path, text, told):
    path = tmp_path / "latents.json"
    path.write_text(text)
    with pytest.raises(UserError, match=told):
        read(path)
    with pytest.raises(UserError, match="other.json is missing"):
        read(tmp_path / "other.json")
