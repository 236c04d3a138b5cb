"""One vocabulary of abilities: what models, data and judges have, what measures, studies and pages need.

A model declares `abilities` as a class literal (read by ganline/models/facts.py without TensorFlow) and what its
training `needs` of the data; a maker, an extractor and the data say what they have. `lacking` alone matches the two.
"""

from collections.abc import Collection

ABILITIES = {
    "latents": "{who} makes its images of no latents",
    "pairs": "{who} has no true partner for each image",
    "classes": "the extractor does not know the data's classes",
    "probabilities": "the extractor tells no classes apart",
    "own file": "the extractor is no network file of yours (extractor.kind=file)",
    "places": "the extractor does not tell where in an image something is",
    "labels": "{who} cannot be asked for the data's classes",
    "discriminator": "{who} has no discriminator",
    "encoder": "{who} has no encoder",
    "fast to draw": "{who} draws too slowly",
    "fast to look": "the extractor takes too long to watch a training by it",
    "inputs": "{who} makes its images of no other images",
    "style": "{who} draws in the style of no picture",
    "way back": "{who} cannot be asked for the way back",
    "unpaired": "{who} makes nothing of other images, or learned it from their true partners",
    "enlarges": "{who} makes its images of no smaller ones",
    "holes": "{who} fills no holes of images",
    "w": "{who} makes of its latents no w that styles each layer",
    "judged: hype_infinity": "nobody has judged its images for real or generated (`ganline people`)",
    "judged: hype_time": "nobody has judged its images for real or generated in less and less time (`ganline people`)",
    "judged: rapid_categorisation": "nobody has judged its images at a glance (`ganline people`)",
    "judged: preference": "nobody has said whether its images or another run's are better (`ganline people`)",
    "judged: rating": "nobody has rated its images (`ganline people`)",
}
"""Ability -> what a person reads where it is missing; {who} is whoever lacks it.

latents: draws its images from latents. pairs: the true partner of each image it makes is known. classes: the classes of
the data are known to whoever judges or teaches. probabilities: tells classes apart, the data's or others. places: tells
where in an image something is. own file: judges by a network that the user brings. labels: can be asked for each of
these classes. discriminator: has a network that tells real images from generated ones. encoder: finds the latents of an
image in one pass. fast to draw: makes an image in one pass, so that thousands can be asked of it. fast to look:
describes images so quickly that a training can be watched by it. inputs: makes its images of other images. style: each
of them in the style of a picture that is given with it. way back: makes those of such images, too. unpaired: makes its
images of other images, and learned it without their true partners. enlarges: makes its images of the same images with
fewer pixels. holes: makes them of the same images with a hole, where the alpha of what it is given is 0. w: makes of
its latents w, which says in each layer what is drawn, with noise of the layer's own. judged: people have judged its
images in that way.
"""


def lacking(needs: Collection[str], has: Collection[str], who: str = "this model") -> str:
    """Return why what `needs` these abilities does not apply to what `has` those, or "" where it does.

    Args:
        needs: keys of ABILITIES.
        has: as `needs`.
        who: the one who has them, for the sentence.

    Raises:
        ValueError: a word that is no ability.
    """
    if unknown := {*needs, *has} - set(ABILITIES):
        raise ValueError(f"{', '.join(sorted(unknown))}: no ability; there are {', '.join(ABILITIES)}")
    return "; ".join(
        why.format(who=who) for ability, why in ABILITIES.items() if ability in needs and ability not in has
    )
