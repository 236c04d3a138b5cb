import cv2
import numpy as np
import tensorflow as tf

from ganline.datasets.inputs import DERIVED, grey


def test_grey_is_that_of_opencv_to_the_bit_in_numpy_and_in_tensorflow():
    images = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), np.uint8)
    images[0], images[1], images[2, ..., 0] = 0, 255, 255
    expected = np.stack([cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in images])[..., None]
    assert np.array_equal(grey(images.astype(np.int32)), expected)
    assert np.array_equal(grey(tf.constant(images, tf.int32)).numpy(), expected)
    assert expected.shape[-1] == DERIVED["grey"].channels
