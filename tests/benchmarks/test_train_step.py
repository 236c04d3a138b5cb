import pytest

from benchmarks import train_step


class Timed:
    """A contender whose runs take what is told, the first of which compiles; None is a way that fails."""

    def __init__(self, *seconds):
        self.left, self.seconds, self.stopped = list(seconds), [], False

    def run(self, count, keep=True):
        taken = self.left.pop(0)
        if taken is None:
            raise EOFError
        self.seconds += [taken] * keep

    def stop(self):
        self.stopped = True


def test_pytorchs_fastest_way_is_the_one_whose_median_is_least_once_all_have_compiled():
    field = {
        "ganline float32": Timed(9),
        "PyTorch eager": Timed(9, 3, 3, 3),
        "PyTorch compiled": Timed(90, 2, 8, 2),  # one slow round does not count it out
        "PyTorch eager, bfloat16": Timed(None),
        "PyTorch compiled, bfloat16": Timed(9, 1, None),
    }
    slower = field["PyTorch eager"]
    train_step.only_best(field, 1)
    assert list(field) == ["ganline float32", "PyTorch compiled"] and slower.stopped
    assert not any(contender.seconds for contender in field.values())


def test_a_failure_of_ours_is_no_way_of_pytorch_that_is_left_out():
    with pytest.raises(EOFError):
        train_step.only_best({"ganline float32": Timed(None)}, 1)
