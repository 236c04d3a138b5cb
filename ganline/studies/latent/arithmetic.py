"""Sums of mean latents: does a - b + c show what its name says?"""

import difflib
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ganline.core.figures import labelled_grid
from ganline.core.progress import track
from ganline.core.random import generator
from ganline.latent.attributes import Attribute, Rate, rate
from ganline.latent.edits import combined, parse
from ganline.studies.finding import Figure, Finding, LeftOut, Number, Table
from ganline.studies.latent.attributes import picks, trial_labels
from ganline.studies.latent.base import Drawn, Space

TITLE = "Arithmetic"
TRIALS = 60
GROUP = 32
"""Samples in a mean: chance is three times as large in a sum of three as in one."""
FAVOURITES = ("redness", "blueness", "brightness", "slant", "area")
"""Measurements that sums are tried with."""
LITTLE = "little "
LOW = 0.1
"""Samples below this quantile of an attribute have little of it."""
TYPICAL = 0.75
"""A sum shows an attribute whose score is above this quantile of the samples it is compared with."""
ENOUGH = 20
KINDS = ("sum, rescaled", "sum", "random, rescaled", "random")


class Term(NamedTuple):
    """One summand."""

    sign: int
    name: str
    members: np.ndarray
    """bool (N,): the samples whose mean it is; none where it is a named latent."""
    latent: np.ndarray | None
    """float32 (latent_dim,): a named latent."""
    attribute: Attribute | None
    """What the sum is to show, where the term says so."""


def find(space: Space) -> Finding:
    """Return what sums of mean latents look like, and how often they show all that is added in them."""
    space.must_draw_fast()
    formulas, finding = space.settings.arithmetic or automatic(space), Finding()
    if not formulas:
        raise LeftOut("its samples differ in too little that is measured")
    labels, random = trial_labels(space, TRIALS), generator(space.seed, "latent/arithmetic")
    rates: dict[str, list[Rate]] = {}
    pictures = []
    for formula in track(formulas, "Sums", len(formulas), "sums"):
        try:
            (signs, divisor), terms = parse(formula), terms_of(space, formula)
        except ValueError as error:
            finding.words.append(f"latent.arithmetic: {error}.")
            continue
        weights = [sign / divisor for sign, _ in signs]
        seen = attempts(space, terms, weights, labels, random)
        pictures.append([formula, parts_of(space, terms, labels[0], random), *(kind.images[0] for kind in seen)])
        if claim := claim_of(space, terms):
            rates[formula] = [rate(claim(kind)) for kind in seen]
    if not pictures:
        raise LeftOut(" ".join(finding.words))
    finding.figures["sums"] = Figure(
        _picture(pictures),
        "One sum a row",
        f"The image of each summand, which is the mean of {GROUP} samples stretched to the length of a latent; the "
        "sum, stretched as well and as it is; and the same sum of random samples, which shows what owes nothing to "
        "the names.",
    )
    if rates:
        finding.tables = [_table(rates)]
        finding.numbers = _numbers(rates)
        finding.words = [*_words(rates), *finding.words]
    return finding


def automatic(space: Space) -> list[str]:
    """Return a few sums of what this generator's samples differ in."""
    classes = [attribute.name for attribute in space.attributes if attribute.name in space.known_classes]
    others = [attribute.name for attribute in space.attributes if attribute.name not in space.known_classes]
    marked = [name for name in others if name in space.settings.labels]
    pairs = [*zip(classes[::2], classes[1::2], strict=False)][:2]
    found = [f"({a} + {b}) / 2" for a, b in pairs]
    favourites = [*marked, *(name for name in FAVOURITES if name in others)][:3]
    found += [f"{a} - {LITTLE}{a} + {c}" for a, c in zip(favourites, classes, strict=False)]
    if not classes:
        found += [f"({a} + {b}) / 2" for a, b in zip(favourites, favourites[1:], strict=False)]
        found += [f"{a} - {LITTLE}{a} + {b}" for a, b in zip(favourites, favourites[1:], strict=False)]
    return found


def terms_of(space: Space, formula: str) -> list[Term]:
    """Return the summands of a formula.

    Raises:
        ValueError: a name that means nothing, or samples that none are.
    """
    known = {attribute.name: attribute for attribute in space.attributes}
    nobody = np.zeros(len(space.samples.images), bool)
    found = []
    for sign, name in parse(formula)[0]:
        if name in known:
            found.append(Term(sign, name, known[name].members, None, known[name]))
        elif name in space.points:
            found.append(Term(sign, name, nobody, space.points[name].latent, None))
        elif (base := name.removeprefix(LITTLE)) in known and base != name:
            score, labels = known[base].score(space.samples), space.samples.labels
            low = np.array([np.quantile(score[labels == label], LOW) for label in range(labels.max() + 1)])
            found.append(Term(sign, name, score <= low[labels], None, None))
        else:
            names = [*known, *(LITTLE + name for name in known), *space.points]
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ValueError(f"{formula!r}: there is no {name!r}; {hint}There are {', '.join([*known, *space.points])}")
    return found


def attempts(
    space: Space, terms: list[Term], weights: list[float], labels: np.ndarray, random: np.random.Generator
) -> list[Drawn]:
    """Return what sums look like that take fresh samples each: of those that are meant and of random ones."""
    anyone = np.ones(len(space.samples.images), bool)
    meant = [_group(space, term, term.members, labels, random) for term in terms]
    chance = [_group(space, term, anyone, labels, random) for term in terms]
    return [
        space.look(combined(groups, weights, space.generator.prior, rescale), labels)
        for groups in (meant, chance)
        for rescale in (True, False)
    ]


def _group(
    space: Space, term: Term, members: np.ndarray, labels: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return the latents a term is the mean of, float32 (T, n, latent_dim)."""
    if term.latent is not None:
        return np.broadcast_to(term.latent, (len(labels), 1, len(term.latent)))
    return space.samples.latents[picks(space, members, labels, random, GROUP)]


def parts_of(space: Space, terms: list[Term], label: int, random: np.random.Generator) -> np.ndarray:
    """Return the image of each summand, uint8 (terms, H, W, C)."""
    asked = np.array([label], np.int32)
    latents = [
        combined([_group(space, term, term.members, asked, random)], [1.0], space.generator.prior, rescale=True)
        for term in terms
    ]
    return space.generator.images(np.concatenate(latents), np.full(len(terms), label))


def claim_of(space: Space, terms: list[Term]) -> Callable[[Drawn], np.ndarray] | None:
    """Return what tells which images, bool (N,), show all that is added; None where that cannot be measured.

    A class is shown where it is the likeliest; of two classes either will do. Of anything else an image must have more
    than three quarters of the samples with which it can be compared: those of the class, or of the same label.
    """
    added = [term.attribute for term in terms if term.sign > 0 and term.attribute]
    if not added:
        return None
    classes = [attribute for attribute in added if attribute.name in space.known_classes]
    levels = [(a, _level(space, a, classes)) for a in added if a.name not in space.known_classes]

    def shown(seen: Drawn) -> np.ndarray:
        right = np.ones(len(seen.images), bool)
        if classes:
            right &= np.any([attribute.has(seen, seen.labels) for attribute in classes], axis=0)
        for attribute, level in levels:
            right &= attribute.score(seen) >= level[seen.labels]
        return right

    return shown


def _level(space: Space, attribute: Attribute, classes: list[Attribute]) -> np.ndarray:
    """Return the score that counts as much of an attribute, for each label."""
    scores, labels = attribute.score(space.samples), space.samples.labels
    if classes:
        of_class = np.any([other.members for other in classes], axis=0)
        if of_class.sum() >= ENOUGH:
            return np.full(max(1, space.generator.conditions), np.quantile(scores[of_class], TYPICAL))
    groups = [scores[labels == label] for label in range(max(1, space.generator.conditions))]
    return np.array([np.quantile(group if len(group) else scores, TYPICAL) for group in groups])


def _picture(rows: list) -> np.ndarray:
    most = max(len(parts) for _, parts, *_ in rows)
    blank = np.full_like(rows[0][1][:1], 255)
    images = [
        np.concatenate([parts, np.repeat(blank, most - len(parts), axis=0), np.stack(kinds)])
        for _, parts, *kinds in rows
    ]
    heads = [*(f"term {place + 1}" for place in range(most)), *KINDS]
    return labelled_grid(np.concatenate(images), [formula for formula, *_ in rows], heads)


def _table(rates: dict[str, list[Rate]]) -> Table:
    return Table(
        "How often a sum shows all that is added in it, % (95 % interval)",
        ["sum", *KINDS],
        [[formula, *map(str, found)] for formula, found in rates.items()],
    )


def _numbers(rates: dict[str, list[Rate]]) -> dict[str, Number]:
    meant, _, chance, _ = (float(np.mean([found[i].share for found in rates.values()])) for i in range(4))
    return {
        "success": Number(
            meant, "Sums that show what is added", "higher", f"0 to 1, over {len(rates)} sums, rescaled; beside chance."
        ),
        "random_success": Number(
            chance, "Sums of random samples that show it", "", "0 to 1: what chance gives, rescaled as well."
        ),
    }


def _words(rates: dict[str, list[Rate]]) -> list[str]:
    clear = [formula for formula, (found, _, chance, _) in rates.items() if found.clearly_above(chance, 3)]
    fails = [formula for formula in rates if formula not in clear]
    told = []
    if clear:
        listed = "; ".join(clear)
        told.append(f"Sums that show what is added at least three times as often as random ones do: {listed}.")
    if fails:
        told.append(f"Sums that do not: {'; '.join(fails)}.")
    return told
