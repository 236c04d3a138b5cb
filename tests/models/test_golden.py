"""Parameter counts printed by the documents that the models come from: one row a network."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from ganline.catalogue.presets import names

ROOT = Path(__file__).parents[2]

# experiment, network, total, trainable, non-trainable
GOLDEN = [
    # The GAN Book (Chaudhary 2024), Skill 1
    ("vae-mnist", "encoder", 57_652, 57_652, 0),
    ("vae-mnist", "decoder", 112_577, 112_577, 0),
    ("pixelcnn-mnist", "model", 532_673, 532_673, 0),
    # The GAN Book (Chaudhary 2024), Skill 2
    ("gan-mnist", "generator", 2_055_784, 2_051_384, 4_400),
    ("gan-mnist", "discriminator", 233_985, 233_985, 0),
    # The GAN Book (Chaudhary 2024), Skill 3
    ("mode-collapse-mnist", "generator", 51_152, 51_152, 0),
    ("mode-collapse-mnist", "discriminator", 50_305, 50_305, 0),
    ("convergence-failure-mnist", "generator", 39_984, 39_984, 0),
    ("convergence-failure-mnist", "discriminator", 566_273, 566_273, 0),
    # The GAN Book (Chaudhary 2024), Skill 4
    ("dcgan-fashion-mnist", "generator", 2_360_833, 2_353_921, 6_912),
    ("dcgan-fashion-mnist", "discriminator", 1_223_553, 1_222_913, 640),
    ("dcgan-anime-faces", "generator", 1_866_499, 1_858_819, 7_680),
    ("dcgan-anime-faces", "discriminator", 517_441, 516_929, 512),
    ("dcgan-human-faces", "generator", 1_768_387, 1_761_347, 7_040),
    ("dcgan-human-faces", "discriminator", 904_961, 904_065, 896),
    # The GAN Book (Chaudhary 2024), Skill 6
    ("cgan-mnist", "generator", 629_448, 629_192, 256),
    ("cgan-mnist", "discriminator", 270_641, 270_129, 512),
    ("sgan-fashion-mnist", "generator", 540_097, 536_385, 3_712),
    ("sgan-fashion-mnist", "discriminator", 562_316, 561_292, 1_024),
    ("infogan-mnist", "generator", 531_425, 530_657, 768),
    ("infogan-mnist", "discriminator", 428_929, 428_289, 640),
    ("infogan-mnist", "auxiliary", 429_514, 428_874, 640),
    ("acgan-fashion-mnist", "generator", 649_377, 645_665, 3_712),
    ("acgan-fashion-mnist", "discriminator", 561_675, 560_907, 768),
    # The GAN Book (Chaudhary 2024), Skill 7
    ("wgan-mnist", "generator", 1_079_297, 1_078_785, 512),
    ("wgan-mnist", "critic", 523_393, 522_369, 1_024),
    ("lsgan-mnist", "generator", 1_493_520, 1_489_936, 3_584),
    ("lsgan-mnist", "discriminator", 533_505, 533_505, 0),
    ("wgan-gp-fashion-mnist", "generator", 1_028_673, 1_028_289, 384),
    ("wgan-gp-fashion-mnist", "critic", 100_097, 99_649, 448),
    # The GAN Book (Chaudhary 2024), Skill 8
    ("pix2pix-gray-to-color", "generator", 3_684_099, 3_681_411, 2_688),
    ("pix2pix-gray-to-color", "discriminator", 731_393, 730_497, 896),
    ("pix2pix-maps", "generator", 54_419_459, 54_419_459, 0),
    ("pix2pix-maps", "discriminator", 2_769_601, 2_769_601, 0),
    # Two of each, built alike
    ("cyclegan-apple2orange", "generator", 16_888_451, 16_888_451, 0),
    ("cyclegan-apple2orange", "discriminator", 6_962_369, 6_962_369, 0),
    ("cyclegan-horse2zebra", "generator", 11_388_617, 11_388_617, 0),
    ("cyclegan-horse2zebra", "discriminator", 2_766_529, 2_766_529, 0),
    # The GAN Book (Chaudhary 2024), Skill 9
    ("srgan-faces", "generator", 2_040_643, 2_038_467, 2_176),
    ("srgan-faces", "discriminator", 5_215_425, 5_215_425, 0),
    ("discogan-faces", "generator", 41_833_475, 41_833_475, 0),
    ("discogan-faces", "discriminator", 2_766_529, 2_766_529, 0),
    ("cartoongan-selfie2sketch", "generator", 42_882_051, 42_882_051, 0),
    ("cartoongan-selfie2sketch", "discriminator", 2_766_529, 2_766_529, 0),
    ("cartoongan-selfie2anime", "generator", 42_882_051, 42_882_051, 0),
    ("cartoongan-selfie2anime", "discriminator", 2_766_529, 2_766_529, 0),
    ("cartoongan-selfie2bitmoji", "generator", 42_882_051, 42_882_051, 0),
    ("cartoongan-selfie2bitmoji", "discriminator", 2_766_529, 2_766_529, 0),
    ("context-encoder-anime", "generator", 826_435, 825_603, 832),
    ("context-encoder-anime", "discriminator", 376_705, 375_809, 896),
    # BigGAN (Brock et al. 2019) at 1,000 classes: 158.3 million in Table 1, without the embedding's 128,000. The
    # trainable ones are those of compare_gan (resnet_biggan_test.py), which reproduced the paper's FID. What is not
    # trained belongs to power iterations and batch norms. The small ones are ours: nobody prints any.
    ("biggan-128", "generator", 70_497_591, 70_433_988, 63_603),
    ("biggan-128", "discriminator", 87_996_075, 87_982_370, 13_705),
    ("biggan-emoji", "generator", 1_392_211, 1_384_372, 7_839),
    ("biggan-emoji", "discriminator", 691_631, 690_302, 1_329),
    ("biggan-fashion-mnist", "generator", 240_359, 237_826, 2_533),
    ("biggan-fashion-mnist", "discriminator", 152_439, 151_826, 613),
    # Deep Learning Illustrated, chapter 12 (authors' notebook)
    ("quickdraw-apples", "generator", 183_713, 177_329, 6_384),
    ("quickdraw-apples", "discriminator", 4_311_553, 4_311_553, 0),
    # Karras et al. 2018, table 2: 23.1M each. It counts the layers of the last phase, 23,071,507 and 23,077,137; the
    # 1x1 convolutions to and from smaller images have 7,608 and 10,112.
    ("pggan-1024", "generator", 23_079_115, 23_079_115, 0),
    ("pggan-1024", "discriminator", 23_087_249, 23_087_249, 0),
    ("pggan-emoji", "generator", 851_519, 851_519, 0),
    ("pggan-emoji", "discriminator", 853_265, 853_265, 0),
    # GANs: An Illustrative Tutorial
    ("flags-emoji", "generator", 2_764_545, 2_713_153, 51_392),
    ("flags-emoji", "discriminator", 8_596_898, 8_596_898, 0),
    # Lin et al. 2018, PacGAN: added up from the layers of its code, which has the moving statistics in other variables
    ("dcgan-stacked-mnist", "generator", 288_115, 287_875, 240),
    ("dcgan-stacked-mnist", "discriminator", 613, 585, 28),
    # The Deep Learning Workshop, Activity 7.01 (authors' notebook)
    ("dcgan-fashion-mnist-workshop", "generator", 1_727_233, 1_719_873, 7_360),
    ("dcgan-fashion-mnist-workshop", "discriminator", 1_658_753, 1_658_753, 0),
    # As dcgan-fashion-mnist-workshop, whose networks they have
    ("adversarial-mnist", "generator", 1_727_233, 1_719_873, 7_360),
    ("adversarial-mnist", "discriminator", 1_658_753, 1_658_753, 0),
    ("adversarial-fashion-mnist", "generator", 1_727_233, 1_719_873, 7_360),
    ("adversarial-fashion-mnist", "discriminator", 1_658_753, 1_658_753, 0),
    # Xiao et al. 2018 print none: added up by hand
    ("advgan-mnist", "generator", 86_065, 86_065, 0),
    ("advgan-mnist", "discriminator", 10_985, 10_985, 0),
    # Huang et al. 2024, much narrower; as wide as the paper's: tests/models/generation/test_r3gan.py
    ("r3gan-fashion-mnist", "generator", 176_160, 176_160, 0),
    ("r3gan-fashion-mnist", "discriminator", 168_096, 168_096, 0),
    ("r3gan-emoji", "generator", 281_072, 281_072, 0),
    ("r3gan-emoji", "discriminator", 273_008, 273_008, 0),
    ("r3gan-stacked-mnist", "generator", 176_224, 176_224, 0),
    ("r3gan-stacked-mnist", "discriminator", 168_160, 168_160, 0),
    ("r3gan-stacked-mnist-r1", "generator", 176_224, 176_224, 0),
    ("r3gan-stacked-mnist-r1", "discriminator", 168_160, 168_160, 0),
    # Karras et al. 2019, figure 1: 26.2M trainable, and 23.1M in the traditional generator, which the discriminator
    # mirrors. (Its code prints 26,219,627 and 23,087,249: growing takes layers for the colours of smaller images.)
    ("stylegan-1024", "generator", 26_212_531, 26_212_019, 512),
    ("stylegan-1024", "discriminator", 23_077_137, 23_077_137, 0),
    ("stylegan-emoji", "generator", 1_259_491, 1_259_363, 128),
    ("stylegan-emoji", "discriminator", 1_140_129, 1_140_129, 0),
]


@pytest.fixture(scope="module")
def printed():
    """What `ganline networks --csv` prints, as (experiment, network) -> counts."""
    # In a process of its own: TensorFlow would keep the memory of the largest, a gigabyte.
    command = [sys.executable, "-m", "pipelines.cli", "networks", "--csv"]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    header, *rows = csv.reader(io.StringIO(done.stdout))
    assert header == ["experiment", "network", "total", "trainable", "non_trainable"]
    return {(row[0], row[1]): tuple(map(int, row[2:])) for row in rows}


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: f"{row[0]}-{row[1]}")
def test_parameter_counts(row, printed):
    assert printed[row[0], row[1]] == row[2:]


def test_every_network_of_every_experiment_has_a_golden_row(printed):
    assert {row[:2] for row in GOLDEN} == set(printed)
    assert {row[0] for row in GOLDEN} == set(names("experiment"))
