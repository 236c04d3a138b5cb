import numpy as np
import pytest

from ganline.extractors.judge import balanced_accuracy, doubts


@pytest.mark.parametrize(
    ("classes", "accuracy", "doubted"),
    [
        (60, 0.0, True),
        (60, 0.03, True),
        (60, 0.04, False),
        (10, 0.19, True),
        (10, 0.21, False),
        (2, 0.74, True),  # twice chance would be no mistake at all
        (2, 0.76, False),
    ],
)
def test_below_twice_chance_an_extractor_knows_little(classes, accuracy, doubted):
    found = doubts("classifier", accuracy, [100] * classes)
    assert bool(found) == doubted
    if doubted:
        assert f"{100 * accuracy:.1f} % of held-out images" in found[0]
        assert "extractor.kind=rotation" in found[0] and "extractor.kind=inception" in found[0]


def test_classes_of_a_handful_of_images_teach_little():
    assert "2 of 3 classes have under 5 images" in doubts("classifier", 1.0, [100, 4, 1])[0]
    assert doubts("classifier", 1.0, [5, 5, 5]) == []


def test_rotations_have_another_way_out():
    (said,) = doubts("rotation", 0.3, [500] * 4)
    assert "rotation of 30.0 %" in said and "guessing finds 25.0 %" in said and "should find 50.0 %" in said
    assert "extractor.kind=rotation" not in said and "extractor.kind=inception" in said
    assert doubts("rotation", 0.6, [500] * 4) == []


@pytest.mark.parametrize("kind", ["classifier", "rotation"])
def test_who_is_doubted_is_named_and_the_second_judge_can_be_left_out(kind):
    (first,), (second,) = (doubts(kind, 0.1, [100] * 4, beside) for beside in (False, True))
    assert first.startswith(f"the extractor, {kind}, knows little") and "extractor.beside" not in first
    assert second.startswith(f"the second judge, extractor.beside={kind}, knows little")
    assert "extractor.beside=null" in second and "extractor.kind" not in second
    assert ("extractor.beside=rotation" in second.split("as little")[1]) == (kind == "classifier")


def test_the_commonest_class_alone_is_no_knowledge():
    labels = np.repeat([0, 1], [90, 10])
    assert balanced_accuracy(np.zeros(100, int), labels) == 0.5
    assert balanced_accuracy(labels, labels) == 1
