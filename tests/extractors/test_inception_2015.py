"""Values are those of torch-fidelity 0.4.0 (PyTorch 2.13, float32), whose network was given weights drawn by name."""

import base64
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ganline.core.errors import UserError
from ganline.datasets import sources
from ganline.extractors import inception_2015
from ganline.extractors.inception_2015 import ABOUT, BLOCKS, FILE_SHA256, block, fill, network, resized
from ganline.extractors.network import Extractor, facts_of
from ganline.extractors.networks import pretrained
from ganline.extractors.torch_file import tensors
from ganline.settings.networks import NETWORKS

ROOT = Path(__file__).parents[2]
RESIZED = {  # at (7, 11), (150, 298) and (298, 3), and the deviation of all
    (32, 32): (
        [157.25418090820312, 202.5364990234375, 95.71434783935547],
        [134.10702514648438, 155.2508544921875, 242.67893981933594],
        [125.43143463134766, 21.46822738647461, 43.21070098876953],
        63.75324264378761,
    ),
    (64, 48): (
        [170.50128173828125, 214.8093719482422, 108.15935516357422],
        [127.10702514648438, 222.2508544921875, 226.85617065429688],
        [116.44146728515625, 111.03678894042969, 210.18394470214844],
        63.49982847885209,
    ),
    (310, 300): (
        [179.3400115966797, 119.08025360107422, 63.7067985534668],
        [140.91856384277344, 208.67076110839844, 105.76777648925781],
        [199.19100952148438, 212.41819763183594, 109.73007202148438],
        63.43334312228762,
    ),
}
FEATURES = {  # the first four, the mean, the deviation and the sum weighted by cos i
    (32, 32): ([2.984893560, 0.052230831, 2.178078175, 3.493378639], 2.767565520, 3.769662980, 145.3504116),
    (64, 48): ([3.178581238, 0.078257814, 2.125560045, 3.568548651], 2.905561075, 3.963798397, 157.7269016),
    (310, 300): ([4.295912266, 0.196543142, 2.241010427, 5.023684502], 3.750083223, 5.107036091, 217.6960882),
}
LOGITS = {  # the first four, the deviation and the sum weighted by cos i
    (32, 32): ([5.443035126, 9.490404129, -21.218196869, 6.428286552], 10.642054871, 273.6328926),
    (64, 48): ([5.966315269, 9.944563866, -22.147550583, 7.066342354], 11.199169013, 285.9303323),
    (310, 300): ([9.014973640, 13.136295319, -28.559314728, 10.474791527], 14.426288122, 369.7318914),
}
ZIPPED = (
    r"c-oy*O^?!06n$->l%kFdB;v-68%UICOF>xRjE(80CL(@>%%<s-3XL7gD~~ZVD-z=*?i_!Bap^zscerumtTb`rMt^`C-)s43%gBuL"
    r"!sDgwJ?Ea@dv04AlK_C@z|!JD0UT^}4P=yuFC10LgY8q+gf>mraV!(r?qI|}^tzU3b?@6I;vp!tAyw>9n9P8*iCoX@m-R8Soe{5l"
    r"*3Q^=x;nB3BiGaSBpx!wVkd=zM>x{xSuhbmc-3(Y^f<W5!=z6rK(@o+(;SXrN@Ee^9%(>hH2M&xHA-U+A^)aN1Y{7r)P|RR&;VZP"
    r"<0SnV@dJ0zoAa*uAtJomPiYi_S<F`|1sv-L=GrhnF1NH4cXRS*{}+xVyY<iNWkC*Cul(Hgb`7NOS>6cOM^)D1MHC6;r{Bk~NOEc="
    r"WgavM<+M7w;n=;wt~Efa(m1s>=UO$H2-tiHf6_Pwy;491B(Z><ePp?$&8k9yZO2B)u?WZO=J)F?j$&7Ga3C>t)rO!dv%8Z`{I`XF"
    r"cu(;DutgZJy*)W9;0J{>7^NAbs4C_EEJbR{Lh=p2oVc9NxGG;7+{5|i9c^B`_GDFflKJ!d-qW+|UjTJt0RL4-mS<xJ92jKobi1o6"
    r"@`Z#5)tV>@^{P~<iH+JFp(-_GQ4%Yax?HOWLS2>wNfPA-QTgr1@slFfQS?<(v|s(H&hS+5OUf7DkvJ}F{cHqtmjcTZ6o-e6n~%Vc"
    r"0{GIj#2Lc2%|sa1X%M!192j<Iv{}z+F!y*I74}#Z^>Kj`<EXGd(os(^VBy9%EZnd{1oqB{oo=O;#<I7jaW|OTp+SqDU#Z}%CuSqW"
    r"`qPwSgX`dHmSh7A=f?-Je*xI2MqU"
)
"""What torch.save of PyTorch 2.13 writes of {"a": arange(6.0).reshape(2, 3).T, "n": tensor(7)}, zlib, base85."""
OF_A_BLOCK = {  # three channels at (0, 0), the last three there, the deviation and the sum weighted by cos i
    "Mixed_5b": (
        192, [0.0, 0.3477237820625305, 0.5440737009048462], [1.3197789192199707, 0.5016875267028809, 0.0],
        0.8520933986228432, -16.184989588850762,
    ),
    "Mixed_7c": (
        2048, [0.0, 0.0, 0.0], [2.3029544353485107, 1.814341425895691, 0.0], 1.062515458809604, -171.51206779886098
    ),
}  # fmt: skip


def drawn(name, shape):
    """Return a weight of PyTorch's shape, from its name alone."""
    random = np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode())))
    if len(shape) == 4:
        return (random.standard_normal(shape, np.float32) * (2 / np.prod(shape[1:])) ** 0.5).astype(np.float32)
    if len(shape) == 2:
        return random.standard_normal(shape, np.float32) * np.float32(0.05)
    positive = name.endswith((".weight", ".running_var"))
    return random.random(shape, np.float32) + np.float32(0.5 if positive else -0.5)


class Drawn(dict):
    """All weights of a model, by PyTorch's names and in its shapes."""

    def __init__(self, model):
        super().__init__()
        for layer in model.layers:
            for part, variable in zip(("weight", "bias", "running_mean", "running_var"), layer.weights, strict=False):
                shape = tuple(variable.shape)
                turned = (shape[3], shape[2], shape[0], shape[1]) if len(shape) == 4 else shape[::-1]
                self[f"{layer.name}.{part}"] = drawn(f"{layer.name}.{part}", turned)


def picture(height, width):
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return np.rint(127.5 + 127.5 * np.sin(x / 5 + c) * np.cos(y / 7 - c)).astype(np.float32)[None]


def weighted(values):
    return float((values.astype(np.float64) * np.cos(np.arange(values.size)).reshape(values.shape)).sum())


@pytest.mark.parametrize("size", RESIZED)
def test_images_are_resized_as_tensorflow_1_did(size):
    found = resized(tf.constant(picture(*size))).numpy()[0]
    *pixels, deviation = RESIZED[size]
    for (y, x), expected in zip(((7, 11), (150, 298), (298, 3)), pixels, strict=True):
        np.testing.assert_allclose(found[y, x], expected, rtol=1e-6)
    assert found.astype(np.float64).std() == pytest.approx(deviation, rel=1e-9)
    grey = resized(tf.constant(picture(*size)[..., :1])).numpy()[0]
    np.testing.assert_array_equal(grey, np.repeat(found[..., :1], 3, axis=2))


@pytest.mark.parametrize("name", OF_A_BLOCK)
def test_blocks_pool_as_the_graph_of_2015_does(name):
    channels, first, last, deviation, total = OF_A_BLOCK[name]
    inputs = tf.keras.Input((6, 5, channels))
    model = tf.keras.Model(inputs, block(inputs, name, BLOCKS[name]))
    fill(model, Drawn(model))
    maps = np.random.Generator(np.random.Philox(key=5)).standard_normal((1, 6, 5, channels), np.float32)
    found = model(maps).numpy()[0]
    np.testing.assert_allclose(found[0, 0, :: found.shape[2] // 4][:3], first, atol=5e-6)
    np.testing.assert_allclose(found[0, 0, -3:], last, atol=5e-6)
    assert found.astype(np.float64).std() == pytest.approx(deviation, rel=1e-6)
    assert weighted(found) == pytest.approx(total, rel=1e-5)


def test_files_of_later_versions_of_pytorch_are_read_too(tmp_path):
    (tmp_path / "z.pth").write_bytes(zlib.decompress(base64.b85decode(ZIPPED)))
    found = tensors(tmp_path / "z.pth")
    assert {name: array.tolist() for name, array in found.items()} == {"a": [[0, 3], [1, 4], [2, 5]], "n": 7}


@pytest.mark.slow
@pytest.mark.parametrize("size", FEATURES)
def test_the_whole_network_is_that_of_the_reference(size):
    model = network((*size, 3), None)
    fill(model, Drawn(model))
    features, logits, maps = (part.numpy()[0] for part in model(picture(*size)))
    first, mean, deviation, total = FEATURES[size]
    np.testing.assert_allclose(features[:4], first, rtol=1e-5, atol=1e-6)
    found = features.astype(np.float64)
    assert (found.mean(), found.std(), weighted(features)) == pytest.approx((mean, deviation, total), rel=1e-5)
    first, deviation, total = LOGITS[size]
    np.testing.assert_allclose(logits[:4], first, rtol=1e-5)
    assert (logits.astype(np.float64).std(), weighted(logits)) == pytest.approx((deviation, total), rel=1e-5)
    assert features.shape == (2048,) and logits.shape == (1008,) and maps.shape == (17, 17, 768)
    assert min(map(np.ptp, (features, logits))) > 1


@pytest.mark.slow
def test_it_describes_grey_images_of_any_size():
    model = network((28, 28, 1), None)
    extractor = Extractor(model, facts_of("inception_2015", [], model, (28, 28, 1), ABOUT.resized((28, 28, 1))))
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), dtype=np.uint8)
    found = extractor.extract(images)
    assert found.features.shape == (2, 2048) and found.probabilities.shape == (2, 1008)
    assert extractor.spatial(images).shape == (2, 17 * 17 * 7)


def test_weights_by_another_name_or_of_another_shape_are_refused():
    inputs = tf.keras.Input((6, 5, 192))
    model = tf.keras.Model(inputs, block(inputs, "Mixed_5b", BLOCKS["Mixed_5b"]))
    weights = Drawn(model)
    name = "Mixed_5b.branch5x5_2.conv.weight"
    with pytest.raises(ValueError, match=rf"its {name} is \(64, 48, 3, 3\), and \(5, 5, 48, 64\), turned, is wanted"):
        fill(model, weights | {name: weights[name][:, :, 1:4, 1:4]})
    del weights[name]
    with pytest.raises(ValueError, match=f"it has no {name}"):
        fill(model, weights)


def test_only_the_file_of_published_fids_makes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(inception_2015, "_network", lambda image_shape: None)  # seconds, for nothing
    (tmp_path / "mine.pth").write_bytes(b"other weights")
    with pytest.raises(UserError, match=f"its sha256 is [0-9a-f]*, and that of the weights of .* {FILE_SHA256}"):
        pretrained("inception_2015", (28, 28, 1), str(tmp_path / "mine.pth"), tmp_path)


def test_without_its_weights_it_says_which_they_are_and_where_they_are_had(tmp_path, monkeypatch):
    fetched = NETWORKS["inception_2015"].fetched
    assert sources.read(ROOT / fetched.sources).files == {fetched.file: FILE_SHA256}
    monkeypatch.setitem(sources.FETCH, "web", _nowhere)
    with pytest.raises(UserError) as refused:
        sources.fetch("inception_2015", ROOT / fetched.sources, tmp_path / "weights", tmp_path / "manual")
    for part in (fetched.file, FILE_SHA256, "github.com/toshas/torch-fidelity", str(tmp_path / "manual")):
        assert part in str(refused.value)


def _nowhere(address, names, work):
    raise sources.SourceError("no way there")
