"""What a report shows, small."""

import numpy as np
import pandas as pd

from ganline.core.figures import image_grid
from ganline.report.content import Content, Part, Sample, Study
from ganline.report.numbers import metric_rows


def images(count, shape, seed=0):
    rng = np.random.Generator(np.random.Philox(key=[seed, 0]))
    return rng.integers(0, 256, (count, *shape), np.uint8)


def diagnosis(**changes):
    found = {
        "verdict": "healthy", "kind": "", "title": "Healthy", "summary": "All is well.", "failing": False,
        "confidence": 0.9, "first_step": None, "causes": [], "remedies": [], "steps": 100, "kept_step": 100,
        "ended_early": False, "cannot_judge": "",
        "evidence": [
            {"signal": "D loss", "value": 0.7, "threshold": 0.01, "window": "steps 50 to 100", "first_step": None,
             "words": "its lowest mean"},
        ],
    }  # fmt: skip
    return found | changes


COLLAPSED = {
    "verdict": "mode_collapse", "kind": "partial", "title": "Mode collapse, partial", "failing": True, "first_step": 50,
    "causes": [{"cause": "train.latent_dim is 2", "source": "A book"}],
    "remedies": [
        {"change": ["train.latent_dim=100", "train.betas=[0, 1]"], "why": "More directions.", "source": "A paper"},
        {"change": [], "why": "Look at the data.", "source": ""},
    ],
}  # fmt: skip


def content(shape=(8, 8, 1), classes=("cat", "<b>dog</b>"), steps=(0, 50, 100)):
    metrics = {
        "frechet_classifier": 12.345,
        "kid": 0.00123,
        "recall": 0.4,
        "new_score": 7.5,
        "floor_frechet_classifier": 1.5,
        "floor_recall": 0.75,
    }
    protocol = {name: {"extractor": "classifier", "seed": 42, "how_to_read": f"Read {name}."} for name in metrics}
    step = np.arange(10, 110, 10)
    curves = ["d_loss", "g_loss", "d_real", "d_fake", "d_accuracy_real", "d_accuracy_fake"]
    optimizer = {"name": "adam", "learning_rate": 0.0002, "beta_1": 0.5}
    return Content(
        params={
            "experiment": "dcgan-test",
            "seed": 42,
            "train": {
                "model": "gan.GAN", "steps": 100, "latent_dim": 10, "loss": "minimax",
                "optimizers": {"generator": optimizer},
            },
            "extractor": {"weights": None},
        },
        dataset={
            "dataset": "toys", "image_shape": list(shape), "classes": list(classes), "source_images": 130,
            "counts": {"train": 100, "test": 20}, "dropped": {"truncated": 10} if classes else {}, "duplicates": 3,
        },
        extractor={"kind": "classifier", "feature_dim": 16, "test_accuracy": 0.912},
        history=pd.DataFrame({"step": step} | {name: np.sin(step + place) for place, name in enumerate(curves)}),
        samples=[Sample(step, image_grid(images(16, shape, step), 4)) for step in steps],
        diagnosis=diagnosis(),
        metrics=metrics,
        protocol=protocol,
        real=images(9, shape, 1),
        generated=images(9, shape, 2),
        conditions=0,
        pairs=None,
        studies=[Study("latent", [
            Part(
                "Edits", "", ["Four of five edits do what they say."],
                [{"title": "Each edit", "columns": ["attribute", "success"], "rows": [["slant", "50 % (45 to 55)"]]}],
                [(image_grid(images(6, shape, 3), 3), {"title": name, "caption": "Rows."}) for name in "abc"],
                metric_rows({"latent_edits_success": 0.75}, {"latent_edits_success": {"label": "Edit success"}}),
            ),
            Part("Encoder", "it has none", [], [], [], []),
        ])],
    )  # fmt: skip
