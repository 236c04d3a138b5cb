"""What one look says of a translator, whose outputs have true partners to be held against.

Its discriminator is no sign here. It sees pairs, and judges patches against a generator that a pixel loss keeps near to
the target: in The GAN Book's Pix2Pix (Chaudhary 2024, Skill 8) it is right in 99.9 % of cases while the pixel loss
still falls and the colours come right. What fails shows in the outputs: they stay what was put in; or they are the
average of all that the target could be, which is grey, as a pixel loss alone makes them (Zhang et al. 2016, "Colorful
Image Colorization", section 2.1; Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks",
section 4.1).

All is relative to the true partners, so that one threshold fits every pair of views. The thresholds were set by
translators made to fail (tests/diagnosis/test_translators.py), not by a proving ground of trained ones.
"""

from ganline.diagnosis.looks import Look

COPIED = 0.15
"""Distance of the outputs to their inputs over that of the targets, up to which a translator copies."""
AVERAGED = 0.4
"""Colourfulness of the outputs, or how unlike each other they are, over the targets', up to which they are averages."""
LEAST_LEARNED = 0.9
"""Error over that of the untrained translator, from which nothing is learned, if no baseline is beaten either."""
WORSE = 1.5
"""Error over the best so far, from which a run is overtrained."""
LEARNS = 0.97
"""Error over that of three looks before, or three looks' colourfulness over now's, up to which a run gets better."""
FELL = 0.9
"""What is learned besides over that of the first rows, up to which it has fallen."""
BESIDE = ("g_l1", "g_deceit")
"""The curves of what a generator learns beside deceiving its discriminator: pixels, or to deceive a classifier."""

SIGNALS: tuple[tuple[str, str, float, int, str], ...] = (
    ("error", "error, of the better baseline", 1.0, 1,
     "mean difference to the targets over that of the inputs copied, or of the targets' mean colour"),
    ("unlearned", "error, of untrained", LEAST_LEARNED, 1, "the same over that of the untrained translator"),
    ("copied", "distance to the input", COPIED, -1, "mean difference to the inputs, over that of the targets"),
    ("saturation", "colourfulness", AVERAGED, -1, "over that of the targets"),
    ("spread", "spread", AVERAGED, -1, "how unlike each other the outputs are, over the targets"),
)  # fmt: skip
"""What the evidence shows, as in ganline.diagnosis.verdict."""


def by_samples(look: Look, history: list[Look]) -> tuple[str, str]:
    """Return verdict and kind of a look that `ganline.diagnosis.pair_probe` measured, given all up to it."""
    seen = look.seen
    if seen["copied"] <= COPIED:
        return "translation_failure", "copies_input"
    if seen["unlearned"] >= LEAST_LEARNED and seen["error"] >= 1.0:
        return "translation_failure", "never_translated"
    # What is NaN is compared with nothing: grey targets have no colour.
    if seen["saturation"] <= AVERAGED or seen["spread"] <= AVERAGED:
        return "translation_failure", "averages"
    if seen["error"] >= WORSE * min(before.seen["error"] for before in history):
        return "overtrained", ""
    return "healthy", ""


def gets_better(look: Look, earlier: list[Look]) -> bool:
    """Return whether outputs are nearer to their targets, or more colourful or varied, than in one of `earlier`."""
    seen = look.seen
    return any(
        seen["error"] < LEARNS * before.seen["error"]
        or before.seen["saturation"] < LEARNS * seen["saturation"]
        or before.seen["spread"] < LEARNS * seen["spread"]
        for before in earlier
    )


def taught_besides(look: Look) -> bool:
    """Return whether the generator learns something beside deceiving its discriminator."""
    return any(name in look.curves for name in BESIDE)


def learned_besides(look: Look, history: list[Look]) -> bool:
    """Return whether it does, and that loss is below what it was: then a sure discriminator is no failure."""
    firsts = {name: before.curves[name] for before in reversed(history) for name in BESIDE if name in before.curves}
    return any(look.curves.get(name, float("inf")) <= FELL * first for name, first in firsts.items())
