"""What one look says of a translator that learns without true partners (ganline.diagnosis.unpaired_probe).

Each direction is held against its domain, and both against each other. A cycle that closes is no sign of health by
itself: a translation may hide its input (ganline.diagnosis.cycles). The thresholds were set by translators made to
fail and to translate, by hand and by small trained ones (docs/diagnosis.md says how far apart these lie), not by a
proving ground.
"""

from ganline.diagnosis.looks import Look

ALIKE = 0.25
"""Spread over that of real images, up to which a direction has collapsed."""
HIDDEN, GROWN = 0.25, 2.0
"""Share of what came back that faint noise destroys, and growth of the cycle error over the noise, from which a
translation hides its input."""
COMES_BACK = 0.7
"""Cycle error, of nothing known, up to which something comes back that could be hidden."""
COPIED, NO_NEARER = 0.1, 0.9
"""Distance to the input, and to the target domain over that of the inputs copied, that together say: it copies."""
FORGOTTEN = 0.1
"""Edges kept from the input beyond chance, up to which a translator one way makes its pictures of something else."""
LEAST_LEARNED = 0.9
"""Distance to the target domain over that of the untrained translator, from which nothing is learned, if copies are no
farther."""
LOST = 0.85
"""Cycle error of a direction from which the two have nothing to do with each other."""
HALF, LOPSIDED, DRIFTED = 0.4, 3.0, 1.5
"""So they have from HALF on, where it is so many times the other's, and so many times its own best: one direction alone
may be larger all along, since one domain may show less than the other (photographs and maps)."""
WORSE, FAR = 1.5, 0.5
"""Distance to the target domain over the best so far, from which a run is overtrained, if it is so far again."""
LEARNS = 0.97
"""A number over that of three looks before, up to which a run gets better."""

DIRECTIONS = ("", "_back")
SIGNALS: tuple[tuple[str, str, float, int, str], ...] = (
    ("domain", "distance to the target domain", 1.0, 1, "Frechet distance over that of the inputs copied"),
    ("domain_back", "distance to the source domain, on the way back", 1.0, 1, "the same of the way back"),
    ("unlearned", "distance to the target domain, of untrained", LEAST_LEARNED, 1,
     "over that of the untrained translator"),
    ("copied", "distance to the input", COPIED, -1, "mean difference to the inputs, over that of unrelated images"),
    ("edges", "edges of the input", FORGOTTEN, -1, "how many more lie where the input's do than by chance, of all"),
    ("spread", "spread", ALIKE, -1, "how unlike each other the outputs are, over real images"),
    ("spread_back", "spread, on the way back", ALIKE, -1, "the same of the way back"),
    ("cycle", "cycle error", LOST, 1, "of what comes back of inputs, over that of the mean image"),
    ("cycle_back", "cycle error, the other way round", LOST, 1, "the same of images of the target domain"),
    ("hidden", "hidden share", HIDDEN, 1, "share of what came back that faint noise on the way destroys"),
    ("hidden_back", "hidden share, the other way round", HIDDEN, 1, "the same of images of the target domain"),
)  # fmt: skip
"""What the evidence shows, as in ganline.diagnosis.verdict."""


def by_samples(look: Look, history: list[Look]) -> tuple[str, str]:
    """Return verdict and kind of a look, given all up to it. What is NaN, or is not there, fails nothing."""
    seen = look.seen
    if any(_of(look, "spread", way) <= ALIKE for way in DIRECTIONS):
        return "translation_failure", "collapses"
    if any(_hides(look, way) for way in DIRECTIONS):
        return "translation_failure", "hides_input"
    if seen["copied"] <= COPIED and seen["domain"] >= NO_NEARER:
        return "translation_failure", "copies_input"
    if seen["unlearned"] >= LEAST_LEARNED and seen["domain"] >= 1.0:
        return "translation_failure", "never_translated"
    if _of(look, "edges") <= FORGOTTEN:
        return "translation_failure", "ignores_input"
    if any(_drifted(look, history, way) for way in DIRECTIONS):
        return "translation_failure", "directions_apart"
    if seen["domain"] >= max(FAR, WORSE * min(before.seen["domain"] for before in history)):
        return "overtrained", ""
    return "healthy", ""


def gets_better(look: Look, earlier: list[Look]) -> bool:
    """Return whether translations are nearer to their domains, less like each other, or more true to their inputs."""
    falls = [f"{name}{way}" for name in ("domain", "cycle", "hidden") for way in DIRECTIONS]
    rises = ("spread", "spread_back", "edges")
    return any(
        any(_of(look, name) < LEARNS * _of(before, name) for name in falls)
        or any(_of(before, name) < LEARNS * _of(look, name) for name in rises)
        for before in earlier
    )


def _of(look: Look, name: str, way: str = "") -> float:
    return look.seen.get(name + way, float("nan"))


def _hides(look: Look, way: str) -> bool:
    hidden = _of(look, "hidden", way) >= HIDDEN and _of(look, "gain", way) >= GROWN
    return hidden and _of(look, "cycle", way) <= COMES_BACK


def _drifted(look: Look, history: list[Look], way: str) -> bool:
    """Return whether images do not come back this way round, though translations look right."""
    now, other = _of(look, "cycle", way), min(_of(look, "cycle", another) for another in DIRECTIONS)
    best = min(_of(before, "cycle", way) for before in history)
    return now >= LOST or now >= max(HALF, LOPSIDED * other, DRIFTED * best)
