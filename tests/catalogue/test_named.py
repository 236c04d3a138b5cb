"""What can be chosen from a catalogue by name."""

from ganline.catalogue.named import names


def test_names_are_those_of_files(tmp_path):
    (tmp_path / "experiment" / "folder.yaml").mkdir(parents=True)
    (tmp_path / "experiment" / "mine.yaml").touch()
    (tmp_path / "experiment" / "lost.yaml").symlink_to("nowhere.yaml")
    assert names("experiment", tmp_path) == ["mine"]
