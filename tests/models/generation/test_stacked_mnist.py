import numpy as np
import pytest

from ganline.catalogue.presets import compose_params
from ganline.models import build

# Lin et al. 2018, PacGAN: added up from the layers of its code, with the moving statistics of batch norms
WIDE = {"generator": 4_516_739, "discriminator": 4_312_193}
PUBLISHED = ["train.model=stacked_mnist.Wide", "train.latent_dim=100", "train.noise=uniform"]


@pytest.mark.parametrize(("overrides", "side"), [(PUBLISHED, 28), ([], 28), ([], 32)])
def test_networks(overrides: list[str], side: int) -> None:
    params = compose_params("dcgan-stacked-mnist", overrides)
    model = build(params.train, (side, side, 3), 1, 0)
    latents = np.zeros((2, params.train.latent_dim), np.float32)
    images = model.generator(latents, training=False)
    assert images.shape == (2, side, side, 3) and model.discriminator(images).shape == (2, 1)
    if overrides:
        assert {name: network.count_params() for name, network in model.networks.items()} == WIDE
