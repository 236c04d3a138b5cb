"""What a run of the proving ground is: read off its final samples alone, as the evaluate stage measures them.

None of the monitors' signals is used. The rule with NONE came after the blind runs, for blind-24 as first
trained, and was widened after the unseen ones, for unseen-12. The sealed runs were made after it. That what repeats
itself may have EITHER name came after the last runs, of which pictures had shown one blob without end; the clear runs
were made after it.
"""

from collections.abc import Mapping
from typing import Any

RECOGNISABLE = 0.35
"""Of the SSIM that held-out real images have with their nearest training image."""
COVERED = 0.1
"""Coverage from which samples are taken for recognisable too: SSIM says little of 16x16 pictures."""
ALIKE, VARIED = 0.35, 0.2
"""MS-SSIM between samples, from that of real images (0) to that of one image (1): collapsed above, varied below."""
WORSE = 1.5
"""Final Frechet distance over the best of four moments."""
DISTANCE = "frechet_classifier"
"""All runs of the proving ground are judged by classifiers."""
NONE = 0.03
"""Precision and coverage below which hardly a sample lies among real images and hardly a real image near a sample."""
EITHER = "mode_collapse or convergence_failure"
"""The two names that fit samples of which the measures do not agree whether they look like data."""


def label(record: Mapping[str, Any]) -> str:
    """Return diverged, convergence_failure, mode_collapse, EITHER, overtrained, healthy or unclear.

    diverged: the weights are not finite.
    convergence_failure: the samples look like no real image: by SSIM or, since noise of 16x16 pixels can pass that, by
        precision and coverage of samples that vary and were never better.
    mode_collapse: they do, and too much like each other.
    EITHER: they are too much like each other, and of SSIM, and precision and coverage, one finds that they look like
        real images and the other that they do not. Such runs fail; which name is right is not asked.
    unclear: between collapsed and varied; such runs count neither as failing nor as healthy.
    overtrained: the samples were much better before.
    """
    if not record["finite"]:
        return "diverged"
    final = record["final"]
    unlike = final["nearest_ssim"] < RECOGNISABLE * final["floor_nearest_ssim"] and final["coverage"] < COVERED
    astray = final["precision"] < NONE and final["coverage"] < NONE
    alike = (final["ms_ssim"] - final["floor_ms_ssim"]) / (1 - final["floor_ms_ssim"])
    if alike >= ALIKE and unlike != astray:
        return EITHER
    if unlike:
        return "convergence_failure"
    if alike >= ALIKE:
        return "mode_collapse"
    if final[DISTANCE] >= WORSE * min(moment[DISTANCE] for moment in record["moments"].values()):
        return "overtrained"
    if astray:
        return "convergence_failure"
    return "healthy" if alike < VARIED else "unclear"
