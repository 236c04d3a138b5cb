"""What the page says about numbers and figures, in plain words."""

HEADLINES = ("fid", "precision", "recall")

GROUPS = {
    "quality": "Quality: do single images look real?",
    "diversity": "Diversity: is all of the data's variety there?",
    "novelty": "Novelty: are they more than copies?",
    "conditioning": "Conditioning: do they show what was asked for?",
    "own": "The model's own figures",
}
"""The groups of numbers, as protocol.json names them, in the order of the page."""

FIGURES = {
    "interpolation": (
        "From one sample to another",
        "Each row leads from a random latent on the left to another on the right. Smooth changes show that the "
        "generator learned a space of images; sudden jumps hint at memorised ones. Where a class can be asked for, "
        "a row keeps one.",
    ),
    "walk": (
        "A plane through the latent space",
        "Four random latents at the corners, everything between them blended. Neighbours should look alike.",
    ),
    "nearest": (
        "The nearest training images",
        "Left: the first samples, not picked. Right: the training images nearest to each in the extractor's feature "
        "space. Related but not equal is what you want to see.",
    ),
    "reconstruction": (
        "Held-out images and what became of them",
        "In each pair a held-out image stands on the left, and on the right what the model makes of it again after "
        "squeezing it into a latent.",
    ),
}

TONES = {"convergence_failure": "bad"}
"""The colour of a verdict. Any other is neutral: curves without a failure do not yet make a good generator."""

EVIDENCE = {
    "largest D loss": "Fails below the threshold: the discriminator has nothing left to learn.",
    "lowest D accuracy": "Fails at the threshold and above: the discriminator tells every image apart.",
}
