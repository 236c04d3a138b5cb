import cv2
import numpy as np

from ganline.datasets import edges


def pictures(channels, count=3, side=(24, 17)):
    """Return noise, and noise blurred, which has edges of all strengths."""
    images = np.random.default_rng(0).integers(0, 256, (count, *side, channels), np.uint8)
    for i in range(1, count):
        images[i] = cv2.GaussianBlur(images[i], (5, 5), 2).reshape(images[i].shape)
    return images


def by_the_book(image):
    """Pixel by pixel: the mean around, weighed, where an edge of Canny is within two pixels."""
    weights = np.outer(*[cv2.getGaussianKernel(5, 0).ravel()] * 2)
    edge = np.pad(cv2.Canny(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), 100, 200), 2)
    padded, made = np.pad(image, ((2, 2), (2, 2), (0, 0)), "reflect").astype(float), image.astype(float)
    for y, x in np.ndindex(image.shape[:2]):
        if edge[y : y + 5, x : x + 5].any():
            made[y, x] = (padded[y : y + 5, x : x + 5] * weights[..., None]).sum(axis=(0, 1))
    return made


def test_edges_are_smoothed_and_nothing_else():
    image = np.full((40, 40, 3), 250, np.uint8)
    cv2.circle(image, (18, 20), 9, (30, 90, 200), -1)
    image[:, 30:] -= np.arange(20, 30, dtype=np.uint8)[:, None]  # a slope too gentle for an edge
    found = edges.smoothed(image)
    assert np.abs(found - by_the_book(image)).max() <= 0.5
    changed = (found != image).any(axis=2)
    assert changed[20, 8:11].all() and not changed[20, 18] and not changed[:, 33:].any()
    assert cv2.Laplacian(found, cv2.CV_64F).std() < 0.6 * cv2.Laplacian(image, cv2.CV_64F).std()


def test_many_pictures_are_smoothed_each_by_itself_grey_ones_too():
    images = pictures(1, side=(20, 20))
    np.testing.assert_array_equal(edges.all_smoothed(images), np.stack([edges.smoothed(image) for image in images]))
    assert edges.all_smoothed(images[:0]).shape == (0, 20, 20, 1)
