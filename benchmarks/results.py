"""Runs experiments of the catalogue under a budget of training and keeps what they show in docs/results.

Run: python -m benchmarks.results [EXPERIMENT ...] [--minutes M]
Each trains for as many steps as its preset has, or for those that M minutes on two cores allow where these are fewer:
its own are timed first. As many go at a time as there are cores, each on one thread, in workspaces below .ganline, at
the commit that is checked out. Stopped, it goes on where it was when it is called again; what is done is kept, and made
anew only where it is named and its code, parameters or budget have changed.
Each leaves docs/results/EXPERIMENT.json and .png (a few latents through training, or held-out inputs beside what
becomes of them); docs/results.md, docs/leaderboard.md, docs/results/curves.png and docs/results/printed.png are made of
them. Rows of seeds.EXPERIMENTS, once they are there, are made at further seeds, too, for as many steps, and leave
docs/results/seeds/EXPERIMENT-2.json and so on.
"""

import sys
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import (
    emoji,
    labels,
    precision,
    printed,
    recorded,
    reported,
    rows,
    seeds,
    stacked_mnist,
    translated,
    zoo,
)
from benchmarks.asked import asked_within
from benchmarks.recorded import CURVES, RESULTS, curves, logs, steps_of
from benchmarks.tables import head, left, short
from ganline.core.errors import UserError
from ganline.core.figures import write_png
from ganline.core.files import write_text
from ganline.metrics import naming

MINUTES = 45.0

EMOJI, BFLOAT16 = ["dataset=emoji", "extractor.kind=classifier"], ["compute.precision=mixed_bfloat16"]
LINES = ["dataset=openmoji_lines", "extractor.kind=classifier"]
UNPAIRED = [
    *(
        "dataset=openmoji_fluent",
        "extractor.kind=classifier",
        "train.batch_size=8",
        "train.generator_batch_size=8",
        "train.sampling=shuffle",
        *BFLOAT16,
    ),
    *("train.generator_average=0.99", "train.sample_every=250", "train.log_every=50", "train.checkpoint_every=250"),
    "diagnosis.every=250",
]
"""Drawings of emoji into renders of the same, which belong together, but are drawn independently of each other."""
FLAT = [
    *("prepare.size=64", "train.batch_size=4", "train.generator_batch_size=4", "train.content_weight=3", *BFLOAT16),
    *("train.sharpening=0.5", "train.instance_noise=0.3", "train.optimizers.generator.learning_rate=1e-3"),
    *("train.learning_rate_schedule=linear_second_half", "train.sampling=shuffle", "train.generator_average=0.995"),
    *("train.steps_per_call=5", "train.sample_every=300", "train.log_every=20", "train.checkpoint_every=300"),
    "diagnosis.every=300",
]
"""CartoonGAN by a discriminator that noise keeps from seeing each pixel, its generator held to what it sees."""
RUNS: dict[str, list[str]] = {
    "mode-collapse-mnist": [],
    "convergence-failure-mnist": [],
    "vae-mnist": [],
    "lsgan-mnist": [],
    "gan-mnist": [],
    "dcgan-fashion-mnist-workshop": ["train.steps=5000"],
    "wgan-mnist": BFLOAT16,
    "adversarial-mnist": [],
    "adversarial-fashion-mnist": [],
    "quickdraw-apples": [*EMOJI, "prepare.size=28", "prepare.channels=1", *BFLOAT16],
    "cgan-mnist": [],
    "acgan-fashion-mnist": [],
    "infogan-mnist": [],
    "sgan-fashion-mnist": [],
    "wgan-gp-fashion-mnist": [],
    "pixelcnn-mnist": ["evaluate.samples=2000"],
    "dcgan-fashion-mnist": BFLOAT16,
    "flags-emoji": BFLOAT16,
    "dcgan-human-faces": [*EMOJI, "prepare.size=56"],
    "dcgan-anime-faces": [*EMOJI, "prepare.size=56"],
    "pix2pix-gray-to-color": [
        *(*LINES, "train.input=partner", "train.steps=8000", "train.batch_size=16"),
        *("train.generator_batch_size=16", "train.sampling=shuffle", "train.generator_average=0.999"),
        *("train.steps_per_call=10", "train.sample_every=500", "train.log_every=100", "train.checkpoint_every=500"),
        "diagnosis.every=100",
    ],
    "srgan-faces": [
        *("dataset=cartoon_faces", "prepare.fit=crop", "train.batch_size=8", "train.generator_batch_size=8"),
        *("train.steps=1400", "train.pretraining_steps=1000", "train.optimizers.generator.learning_rate=0.0005"),
        *(*BFLOAT16, "train.steps_per_call=5", "train.log_every=20", "train.sample_every=200"),
        "train.checkpoint_every=100",
    ],
    "context-encoder-anime": [
        *("dataset=cartoon_faces", "train.hole_place=centre", "train.steps=2000", "train.batch_size=32", *BFLOAT16),
        *("train.generator_batch_size=32", "train.sample_every=500", "train.log_every=20"),
        "train.checkpoint_every=250",
    ],
    "cyclegan-apple2orange": [*UNPAIRED, "train.steps=2000"],
    "discogan-faces": [*UNPAIRED, "prepare.size=64", "train.target_weight=0", "train.steps=1500"],
    "cyclegan-horse2zebra": [
        *("dataset=animal_mnist", "train.batch_size=4", "train.generator_batch_size=4", "train.sampling=shuffle"),
        *("train.generator_average=0.995", "train.identity_weight=0", *BFLOAT16, "train.steps=6600"),
        *("train.learning_rate_schedule=linear_second_half", "train.image_pool=50"),
        *("train.optimizers.generator.learning_rate=1e-3", "train.optimizers.generator_back.learning_rate=1e-3"),
        *("train.sample_every=600", "train.log_every=50", "train.checkpoint_every=300", "diagnosis.every=600"),
    ],
    "cartoongan-selfie2sketch": [
        *("dataset=openmoji_lines", "prepare.pairs.images=lines", "prepare.pairs.partners=colours"),
        *("prepare.pairs.channels=3", *FLAT, "train.augmentation=translation_cutout", "train.steps=6800"),
    ],
    "cartoongan-selfie2anime": [
        *("dataset=openmoji_fluent", "prepare.pairs.images=drawings", "prepare.pairs.partners=renders", *FLAT),
        *("prepare.fit=trim", "train.style_weight=0", "train.sharpening=0", "train.steps=3000"),
    ],
    "cartoongan-selfie2bitmoji": [
        *("dataset=openmoji_lines", "prepare.pairs.images=colours", "prepare.pairs.partners=lines"),
        *("prepare.pairs.channels=3", *FLAT, "train.content_weight=1.5", "train.sharpening=0", "train.style_weight=0"),
        *("train.augmentation=translation_cutout", "train.steps=12000", "download.category=people-body"),
        *("prepare.test_fraction=0.3", "extractor.beside=null"),
    ],
}
"""What is run for docs/results.md, with what differs from each preset, in the order of the table.

The judge is the one that the rows were made with: on colour emoji the classifier, where the dataset has come to bring
another.
"""
OWN = {
    "classes_seen": "classes", "class_entropy": "bits of class entropy", "condition_accuracy": "asked-for class",
    "test_accuracy": "test accuracy", "code_agreement": "code agreement", "code_information": "nats of the code",
    "elbo": "ELBO, nats", "test_loss": "test loss", "test_bits_per_dim": "bits a pixel",
}  # fmt: skip


def kept() -> list[dict[str, Any]]:
    """Return what runs left, in the order of RUNS; as "seeds" what their further seeds did."""
    found = left(RESULTS / f"{name}.json" for name in RUNS)
    return [facts | {"seeds": seeds.further(facts, RESULTS)} for facts in found]


def page() -> str:
    """Return docs/results.md, made of what the runs left."""
    found = kept()
    changed = [facts for facts in found if translated.MARK in facts["metrics"]]
    drawn = [facts for facts in found if facts not in changed]
    parts = {
        "rows": "\n".join(map(_row, drawn)),
        "translators": translated.section(changed),
        "seeds": seeds.section(drawn),
        "modes": stacked_mnist.section(RESULTS),
        "emoji": emoji.section(RESULTS),
        "labels": labels.section(),
        "precision": precision.section(RESULTS),
        "commands": "\n".join(f"    {facts['command']}" for facts in found),
        "strips": "\n\n".join(map(_strip, drawn)),
    }
    parts["reported"] = "\n".join(reported.lines(found))
    parts["curves"] = CURVES_PART if any(map(_has_curve, found)) else ""
    lines = printed.lines(_printed(found))
    parts["printed"] = PRINTED_PART.format(lines="\n".join(lines)) if lines else ""
    return PAGE.format(head=HEAD, **parts)


def _printed(found: list[dict[str, Any]]) -> dict[str, list[dict[str, float]]]:
    """Return what logs print beside what runs told of the same steps, by experiment; of runs that told of each step."""
    return {facts["experiment"]: told for facts in found if (told := facts.get("printed"))}


def _has_curve(facts: dict[str, Any]) -> bool:
    return bool(facts.get("curve", {}).get("points"))


def _row(facts: dict[str, Any]) -> str:
    metrics = naming.modern(facts["metrics"], facts["extractor"])
    judges = [facts["extractor"], facts.get("beside")]
    names = [naming.frechet(judge) if judge else "" for judge in judges] + ["precision", "recall"]
    pairs = [
        f"{short(metrics[name])} ({short(metrics[f'floor_{name}'])})" if name in metrics else "-" for name in names
    ]
    own = "; ".join(f"{metrics[name]:.3g} {words}" for name, words in OWN.items() if name in metrics)
    length = f"{steps_of(facts)} | {f'{cost:.0f}' if (cost := facts.get('core_minutes')) else '-'}"
    looked = ", ".join(f"{judge} {_images(facts, judge):,}" for judge in judges if judge)
    return f"| {facts['experiment']} | {length} | {' | '.join(pairs)} | {looked} | {facts['verdict']} | {own} |"


def _images(facts: dict[str, Any], judge: str) -> int:
    """Return how many images a judge looked at; rows that have but one judge kept no protocol once."""
    return recorded.judged(facts["protocol"], judge) if "protocol" in facts else facts["images"]


def _strip(facts: dict[str, Any]) -> str:
    return STRIP.format(note=NOTES.get(facts["experiment"], ""), **facts).rstrip()


CURVES_PART = f"""The Frechet distance by the dataset's own network against core-minutes, of eight steps' weights. The
minutes of a step are its share of all minutes, looks and samples spread evenly:

![Curves of the Frechet distance](results/{CURVES})

"""
PRINTED = "printed.png"
PRINTED_PART = f"""## Beside the book's logs

What The GAN Book prints of single steps, and ours of the same steps at a seed of our own: medians, in brackets the
least and the most, of the first three epochs, and of the last ones that it prints where our training came so far.
Accuracies are over real and made images alike. After the first few steps two trainings of other seeds have nothing but
their level and their spread in common.

| experiment | steps | {" | ".join(f"{words}, the book | ours" for words in printed.VALUES.values())} |
{"|---" * (2 + 2 * len(printed.VALUES))}|
{{lines}}

![Losses of single steps, ours over the book's](results/{PRINTED})

"""
HEADS = (
    *("experiment", "steps", "core-minutes", "Frechet distance", "that of the second judge", "precision", "recall"),
    *("judges, their images", "verdict", "its own figures"),
)
HEAD = head(HEADS)
STRIP = """**{experiment}**, steps 0 to {steps:,}

![{experiment}](results/{experiment}.png)

{note}"""
NOTES = {
    "cgan-mnist": """Until about half-way all classes are one digit, another one each time; then they part, and at the
end 81 % of the samples are the class that was asked for. But within a class all are one picture: 94 % have a near twin
among them, recall is 0, and the verdict names it. Its discriminator is right of nearly all that it sees most of the
time (its loss .09 at the end; the book's .193 to .301 in the last epoch), and a third of the source's steps are
missing.""",
    "infogan-mnist": """The code can be read from what it makes (2.12 nats of the 2.30 that there are), but it is not
yet a digit: of held-out images 43 % have the code that stands for their class. Two thirds of the source's steps, after
which it finds one digit a code, are missing.""",
}
"""What the numbers do not say."""
PAGE = """# What the experiments show here

Real runs of the whole line on one or two processor cores without a GPU, most of them cut short: the second column says
after how many of the preset's steps. In brackets: the floor, what training images score in the generator's place. The
Frechet distance and the rest are made with the first judge named (a classifier of the dataset's own classes, or of four
rotations where it has none: the numbers `frechet_classifier` and `frechet_rotation` of today), so compare within one
dataset only. A distance by few images is larger than one by many, so hold that of the second judge against its floor.
Where a dash stands no second judge looked, and colour emoji have come to bring another first one: the
commands below say who judged, and ask for the class numbers, which are no longer made by default. Such a classifier has
never seen blur: it takes most of the VAE's blurred digits for ones, so that row's distance and classes tell of blur,
not of variety. Runs as short as most here do not show what these models can do; those of some hundred steps show that a
model learns, or fails as it should, those of some tens that the line runs. Most runs' curves cannot be held against a
document's log number by number: a row of history.csv is a mean over `train.log_every` steps, most documents print
single ones; those that can are shown beside the book's below. Of sources without a test split of their own (Quick,
Draw!, faces, flags) part is held out here, while the documents train on all. Rows on emoji and flags (191 and 81
images) are of an older split, of whose test images 8 and 2 were training images too: pictures that come twice are now
held out together. The two adversarial rows are those presets' generators, WGAN-GP's loss on small networks with one
critic update a step and averaged weights, as `dvc repro` left them after `ganline use`.

Made by `python -m benchmarks.results` (all numbers: docs/results/*.json). Rows of this table with core-minutes of
training (the training's own count, as in `ganline compare`, or that of the whole stage, some hundredths more) took the
preset's steps, those that the command names, or as many as were reckoned to fit into 45 minutes of two cores from the
speed of the first, on busy cores: cgan-mnist's and infogan-mnist's would take some 37 of two quiet ones. They trained
on one thread, at a seed of their own, made of the name; their commands begin with `ganline use`, and `dvc repro`
followed with TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 OMP_NUM_THREADS=1. Other rows have the seed of the
presets; the translators whose text says so were trained by hand with the commands that are told, and all others are
older. A row is in float32 where its command names no precision.

{head}
{rows}

{curves}{seeds}## Beside what the sources report

The source's own words and numbers, shortened, and the end of our history.csv: means over `train.log_every` steps, where
most sources print single ones. What else a source says stands in the preset's header. A dash: ours had other pictures
or settings than the source's, or nobody has held them against each other.

| experiment | the source | ours at the end | does it agree |
|---|---|---|---|
{reported}

{printed}{translators}
{modes}{emoji}{labels}{precision}## The commands

{commands}

## Samples through training

Each row is one latent (in conditional models: a class), from the untrained generator on the left to the trained one.

{strips}
"""


def render() -> None:
    """Write both pages, and the pictures of curves and logs."""
    found = kept()
    if with_curve := list(filter(_has_curve, found)):
        write_png(RESULTS / CURVES, curves(with_curve))
    if told := _printed(found):
        write_png(RESULTS / PRINTED, logs(told))
    emoji.render(RESULTS)
    write_text(Path("docs/results.md"), page())
    write_text(zoo.PAGE, zoo.page(found, MINUTES))


def made(what: str, wanted: Iterable[rows.Row], named: bool) -> bool:
    """Make those rows that are due, and the page anew after each; return whether all were made.

    Where they cannot be, the process ends with a line that begins with `what`.

    Args:
        what: the benchmark's name.
        wanted: the rows.
        named: see rows.due.
    """
    try:
        rows.require_committed()
        now = {each: rows.made_of(each) for each in wanted}
        return rows.make_all({each: now[each] for each in rows.due(now, named, RESULTS)}, render)
    except UserError as error:
        sys.exit(f"{what}: {error}")


def _further(names: Collection[str], minutes: float) -> Iterator[rows.Row]:
    """Yield the rows of further seeds, of experiments whose own row is there."""
    firsts = [facts for facts in kept() if facts["experiment"] in seeds.EXPERIMENTS and "made_of" in facts]
    for first in firsts:
        if (name := first["experiment"]) in names:
            given = seeds.overrides(RUNS[name], first)
            yield from (rows.row(name, given, minutes, number, seeds.FOLDER) for number in range(2, seeds.COUNT + 1))


def main() -> None:
    """Make the rows that are asked for, and the page anew after each."""
    names, minutes = asked_within("benchmarks.results", __doc__ or "", "EXPERIMENT", RUNS, MINUTES)
    all_made = made("results", (rows.row(name, RUNS[name], minutes) for name in names or RUNS), bool(names))
    all_made &= made("results", _further(names or RUNS, minutes), bool(names))
    render()
    sys.exit(not all_made)


if __name__ == "__main__":
    main()
