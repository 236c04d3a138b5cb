import pytest

from ganline.metrics import naming
from ganline.metrics.frechet import MEASURE
from ganline.settings.networks import NETWORKS


@pytest.mark.parametrize("network", sorted(NETWORKS))
def test_only_the_network_of_published_fids_makes_a_fid(network):
    """FD-DINOv2 among the others: it is the distance in the features of a user's own file."""
    name = "fid" if network == "inception_2015" else f"frechet_{network}"
    made = MEASURE.of_network(network).numbers
    assert list(made) == [name, f"{name}_mean", f"{name}_cov", f"{name}_stderr"]
    assert made[name].label == ("FID" if name == "fid" else f"Frechet distance ({network})")
    assert ("fid" in made) == any("FID" in number.label for number in made.values()) == (name == "fid")
    assert list(MEASURE.of_second(network).numbers) == list(made)  # beside another judge it has the same name


def test_who_stands_beside_puts_its_name_behind_that_of_a_number():
    assert naming.beside("kid", "file") == "kid_file" and naming.beside("kid_stderr", "file") == "kid_file_stderr"
