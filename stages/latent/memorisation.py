"""Does it copy? The training images nearest to samples."""

from ganline.latent.neighbours import copying, nearest
from ganline.report.figures import beside, image_grid
from stages.latent.base import Figure, Finding, LeftOut, Number, Space

TITLE = "Is it memorising?"
SHOWN = 6


def find(space: Space) -> Finding:
    """Return samples beside their nearest training images, and how near samples come."""
    space.must_draw_fast()
    count, samples, train, test = space.settings.neighbours, space.samples, space.train, space.test
    if count > len(train):
        raise LeftOut(f"latent.neighbours = {count}: allowed is at most {len(train)}, the training images")
    found = nearest(samples.features, train.features, count, "Nearest training images of samples")
    of_held_out = nearest(test.features, train.features, 1, "Nearest training images of held-out images")
    neighbours = train.images[found.indices[:SHOWN].ravel()]
    figure = Figure(
        beside([image_grid(samples.images[:SHOWN], 1), image_grid(neighbours, count)]),
        "The nearest training images",
        "Left: the first samples, not picked. Right: the training images nearest to each in the extractor's feature "
        "space. Related but not equal is what you want to see.",
    )
    share = copying(found.distances[:, 0], of_held_out.distances[:, 0])["share_of_samples_nearer"]
    number = Number(
        share,
        "Samples nearer to training images than 99 % of held-out images",
        "",
        "0 to 1; about 0.01 is what images of the same kind, not copied, show; much more hints at copying.",
    )
    return Finding({"nearest": figure}, {"share_nearer": number})
