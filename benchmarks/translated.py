"""Rows of docs/results that make images of images: their table, and what came out, with a note on each."""

from collections.abc import Sequence
from typing import Any

from benchmarks.recorded import steps_of
from ganline.evaluation.baselines import BASELINES

MARK = "baseline_copied_kid"
"""Only translators have it."""
MEASURES = ("l1", "ssim", "lpips", "kid")


def section(found: Sequence[dict[str, Any]]) -> str:
    """Return the part of docs/results.md about translators.

    Args:
        found: rows that have MARK, in the order of the table.
    """
    parts = [PICTURE.format(note=NOTES.get(facts["experiment"], ""), **facts).rstrip() for facts in found]
    return SECTION.format(rows="\n".join(map(_row, found)), parts="\n\n".join(parts))


def _row(facts: dict[str, Any]) -> str:
    metrics = facts["metrics"]
    cells = [_with_baselines(metrics, name) for name in MEASURES]
    if (second := facts.get("beside")) and f"kid_{second}" in metrics:
        cells[-1] += f"; {second} {_with_baselines(metrics, f'kid_{second}')}"
    minutes = "" if facts["minutes"] is None else f"{facts['minutes']:.0f}"
    minutes = f"{cost:.0f} core-minutes" if (cost := facts.get("core_minutes")) else minutes
    judge = f"{facts['extractor']}, {facts['images']:,}"
    cells = [facts["experiment"], steps_of(facts), minutes, *cells, judge, facts["verdict"]]
    return f"| {' | '.join(cells)} |"


def _with_baselines(metrics: dict[str, float], name: str) -> str:
    """Return a number, and in brackets what the baselines have; "-" where it was not made."""
    beside = [f"{metrics[prefix + name]:.3g}" for prefix in BASELINES if prefix + name in metrics]
    return f"{metrics[name]:.3g} ({', '.join(beside)})" if name in metrics else "-"


PICTURE = """**{experiment}**, after {steps:,} steps

![{experiment}](results/{experiment}.png)

{note}"""
SECTION = """## Translators

Held-out images of 64x64, of horse2zebra 32x32. In brackets what someone has who learned nothing, in this order: the
input copied, the mean colour of the training targets, and where it applies the input enlarged bicubically, or the hole
filled with the mean of its surroundings. L1 is of values 0 to 1, LPIPS by AlexNet, and KID, against the target domain,
in the features of the extractor named, and of a second one where there is one (the classifier is that of the emoji's
groups). Where nobody knows what should have come out there is a dash. Minutes are of the whole line, much other work
beside it; core-minutes of training alone. A step of pix2pix-gray-to-color, srgan-faces, context-encoder-anime,
cyclegan-apple2orange and discogan-faces as they stand here takes 83, 258, 40, 325 and 435 ms today on two quiet cores,
so their steps 11, 6, 1, 11 and 11 minutes. The rows of horse2zebra and of CartoonGAN were trained by hand, on one
thread each beside other work.

Those of two domains learned without pairs. apple2orange, discogan-faces and selfie2anime are of drawings of emoji and
renders of the same, and are held against the true partners, which no translator could meet pixel by pixel: the two
artists draw the same thing in other places. selfie2sketch and selfie2bitmoji are of lines and colours that belong to
each other exactly, and horse2zebra has no partners.

| experiment | steps | minutes | L1 | SSIM | LPIPS | KID | extractor, images | verdict |
|---|---|---|---|---|---|---|---|---|
{rows}

{parts}
"""
NOTES = {
    "srgan-faces": """Cartoon faces of 16x16, enlarged: 1,000 steps of pre-training by the mean square of pixels, then
400 against its adversary, VGG16 standing in for VGG19.""",
    "context-encoder-anime": """The middle of cartoon faces, filled. In the hole alone its L1 is .105, the surroundings'
mean has .199. On OpenMoji's drawings, whose middles follow from nothing, 700 steps got .255 against .258, no clear
win.""",
    "cyclegan-horse2zebra": """Zebras of horses of 32x32 pixels (animal-MNIST): nearer to zebras than the horses are by
KID (.012 ± .017; copied .672 ± .076), by the Frechet distance (2.8 ± .2; 11.9 ± .8; training zebras 2.1) and in the
features of EfficientNet-Lite0 (KID 1.67 ± .17; 2.99 ± .26). An earlier training, 1,500 steps of 8 at the document's
rates with its identity term, had made grey bodies that fell to pieces (KID .66, a tie, and farther off by
EfficientNet-Lite0).

The document's generator normalises each picture before its tanh. What lets such an output have a black background round
a body of whatever size is that norm's scale and centre, here 1.8 and -1.6 at the end; they begin at 1 and 0 and move by
a learning rate a step at most. So the generators have 1e-3, not 2e-4, the batches 4 pictures, not 8, and the term that
holds colours, of which grey pictures have none, is off; pool and falling rates are those of CycleGAN's paper.""",
    "cartoongan-selfie2sketch": """OpenMoji's drawings in colour into its lines, trained without knowing which belong
together: nearer to lines by both judges (KID .13 ± .02, the colours .65 ± .05; by the classifier .24 ± .06, .71 ± .07)
and to the true partners by L1 (.039, .077), SSIM (.911, .846) and LPIPS (.043, .180). CartoonGAN sees with VGG16 for
VGG19.

**On coloured cartoon faces and sketches (`dataset=cartoon_sketches`), which have no partners, it failed**, 6,800 steps
without `train.augmentation`: what came out was nearer to sketches than the faces are (KID 2.61 ± .13; 5.91 ± .24), but
the style. The document's generator is given what VGG sees of another sketch, on a grid of 8x8, and learned to draw that
one again, whatever the face: of 100 held-out pairs another sketch changed a pixel by .098 on average, another face by
.009, and edges were no more often where the face has some (.448) than where another face has (.446), which is why the
verdict failed it. Whether augmentation mends that was not tried. Coloured faces of sketches, 4,000 steps, failed, too:
one head for all, in the colours of the style (KID 12.6; the sketches 5.9).""",
    "cartoongan-selfie2anime": """Drawings of renders of emoji, trained without knowing which belong together, both in
one frame (`prepare.fit=trim`): drawings have wider margins. They are nearer to drawings than the renders are by the
emoji's classifier (KID .05 ± .02; 1.51 ± .09), by EfficientNet-Lite0 less than the errors (.69 ± .06; .75 ± .07),
nearer to the true partners by LPIPS (.240 ± .008; .348 ± .009), as near by SSIM (.299 ± .014; .289 ± .010), and
**farther by L1** (.188 ± .005; .181 ± .004). Faces turn yellow, flags lie flat, but the black outlines are where the
render has its edges, not where the other artist drew them: a drawing that is moved by two pixels has an L1 of .11 to
itself.

Changed against the document's settings, together: noise on all that the discriminator sees, .3 at first and none at the
end, generators at 1e-3, rates that fall in the second half, a content weight of 3, no term of the style, no sharpening.

Longer is not better: over 6,800 steps the same was at its best after 3,400 (KID .61 ± .06, .05, L1 .188, SSIM .305) and
ended, its discriminator right of 98 %, at .77, .15, .206, .237.

Other trainings, of which KID by EfficientNet-Lite0, by the classifier, L1 and SSIM are told, are of a sharpening of .5
where nothing else is said. In that frame, 3,000 steps: .64, .09, .191, .293; with the style's term .67, .09, .193,
.291; with a content weight of 1.5 .67, .13, .191, .291; of 6, after 2,500, 1.06, .92, .200, .279, its discriminator
right of 99 %; with `train.augmentation=translation_cutout` and the style's term, after 1,700 of 6,800, .61, .19, .199,
.256. Each in its own frame (renders .76, 2.03, .192, .240), with the style's term: augmented, 6,800 steps, .75, .17,
.218, .188, at its best, after 1,700, .60; without, 3,000 steps, .89, .14, .178, .294, full of specks, and over 12,000,
4,500 came to .79, .15, .180, 9,000 to .95, 1.16, .205, when the generator gives the renders back; with noise that falls
to .1, 3,000 of 4,000 steps, .92, .13, .177, .302; with spectral normalisation 5,000 ended at .98, .21, .200. At 32x32
pixels 1,500 steps of 8 were at .89, .35 (renders .46, .99). With a sharpening of 3, the paper's weight of 10 and the
document's rates 1,000 steps had come to an L1 of .234; and renders of drawings came out as they went in (KID 8.8; the
drawings 4.9).""",
    "cartoongan-selfie2bitmoji": """People: OpenMoji's lines into its drawings in colour, which belong to each other
exactly, trained on 271 of each without knowing which do. Faces and hands turn yellow, hair brown, clothes blue and
green: far nearer to drawings by KID (.28 ± .04; the lines 1.94 ± .10), nearer to the true partners by LPIPS (.056 ±
.004; .190 ± .004) and L1 (.0477 ± .0021; .0529 ± .0024; picture by picture .0052 ± .0016 less), as near by SSIM (.891
± .005; .894 ± .005), and 97 % of the edges stay. Lines are right of all that is white, and which colour a coat has
cannot be known: it takes long to be nearer. Over 3,000 steps of the same, whose rates fell sooner, L1 came to .060 and
SSIM to .860, over 6,800 to .0516, a tie, and .887; here L1 fell to the end.

Changed against the document's settings, together: as for selfie2anime, with a content weight of 1.5 and
`train.augmentation=translation_cutout`, for the discriminator came to know 253 drawings by heart without.

**Renders into drawings of people** were the row before. Augmented, 6,800 steps: KID 1.95 ± .11 (renders 2.47 ± .15),
LPIPS .245 ± .008 (.394 ± .008), L1 .187 (.177), SSIM .234 (.272): its black outlines are where the render has edges,
not where the other artist drew them. Without augmentation, its discriminator right of 998 of 1,000: 2.34 ± .12, .236,
.169, .275, and specks all over. With DiffAugment's colours as well: 1.94, .244, .191, .224. In one frame with the
renders (`prepare.fit=trim`, where these have a KID of 2.60 ± .16, LPIPS .386, L1 .188), without the style's term and
without sharpening, 4,000 augmented steps came to 1.88 ± .11, .237, .211; not augmented, sharpened, 3,000 to 2.87 ± .11,
.264, .210. Before that a sharpening of 1, 300 steps of content alone, 3,000 in all and no falling rates had been a tie
by KID (2.49).""",
}
"""What the numbers do not say."""
