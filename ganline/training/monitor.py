"""Looks at a model while it trains: draws from its generator for the probe, and reads its optimizers' state."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import tensorflow as tf

from ganline.core.abilities import lacking
from ganline.core.files import read_sealed, write_sealed
from ganline.core.maker import Given, ImageMaker, LatentMaker, Maker
from ganline.core.random import generator
from ganline.diagnosis.looks import SAMPLED
from ganline.diagnosis.pair_probe import PairProbe
from ganline.diagnosis.probe import FIXED, IMAGES, NUDGE, Drawn, Probe
from ganline.diagnosis.unpaired_probe import UnpairedProbe
from ganline.diagnosis.verdict import judge, lasting
from ganline.models.base import Model, assign
from ganline.settings.schema import Diagnosis
from ganline.training.checkpoint import BEST

DEVIATION = {"normal": 1.0, "uniform": 3**-0.5, "unit_uniform": 12**-0.5}
AnyProbe = Probe | PairProbe | UnpairedProbe
RANGE = {"normal": (-np.inf, np.inf), "uniform": (-1.0, 1.0), "unit_uniform": (0.0, 1.0)}


LOOKS = 40
"""In a run, where params.yaml does not say how often."""
LEAST = 100
"""Steps between two looks then: closer, they would mostly see the same again."""


def cadence(every: int | None, steps: int) -> int:
    """Return the steps between two looks, where diagnosis.every says `every` and there are so many steps."""
    return every or max(LEAST, -(-steps // LOOKS))


class Watch:
    """Takes the signals of one look, keeps the best weights seen, and says when to end.

    It changes nothing that the training depends on.
    """

    def __init__(
        self,
        model: Model,
        maker: Maker,
        probe: AnyProbe | str,
        diagnosis: Diagnosis,
        steps: int,
        workdir: Path,
    ) -> None:
        """Watch `model`, of which `maker` draws, train for so many steps, with a probe or why there is none."""
        self.every = cadence(diagnosis.every, steps)
        self.cannot_judge = probe if isinstance(probe, str) else ""
        self._probe = None if isinstance(probe, str) else probe
        self._model, self._diagnosis, self._maker = model, diagnosis, maker
        self._best, self._best_score = workdir / BEST, np.inf
        self._ends_best: int | None = None
        self._said = False
        self._kept = [maker.given(FIXED, model.seed, "diagnosis/fixed")] if isinstance(self._probe, Probe) else []
        if self._kept and not lacking(("latents",), maker.abilities):
            self._kept.append(_nudged(cast(LatentMaker, maker), self._kept[0], model.seed))
        self._optimizers = [name for name, rule in model.settings.optimizers.items() if rule.name != "sgd"]
        self._norms = tf.function(self._read_norms)

    def look(self, step: int, at_end: bool = False) -> dict[str, float]:
        """Return what is seen after `step` steps; keep the weights where the samples are the best so far.

        Without a probe the newest weights are kept. A look `at_end` leaves no file: the model has these weights, and a
        longer training, which goes on from before this look, shall not find them.
        """
        found = self._samples(step) if self._probe else {}
        norms = self._norms(self._model.phase).numpy().astype(np.float64) if self._optimizers else []
        for name, (gradient, ratio) in zip(self._optimizers, norms, strict=True):
            found[f"gradient_norm_{name}"], found[f"update_ratio_{name}"] = float(gradient), float(ratio)
        score = next((found[name] for name in SAMPLED if name in found), -float(step))
        if score < self._best_score:
            weights = self._model.weights()
            if all(np.isfinite(variable.numpy()).all() for variable in weights.values()):
                if not at_end:
                    arrays = {f"variable/{name}": variable for name, variable in weights.items()}
                    write_sealed(self._best, arrays | {"step": np.array(step)})
                self._best_score, self._ends_best = score, step if at_end else None
        return found

    def ends(self, table: Mapping[str, np.ndarray]) -> bool:
        """Judge the run so far, say aloud what changed, and return whether to end it."""
        verdict, lasts = judge(table, self.cannot_judge), lasting(table, self._diagnosis.patience)
        if lasts != self._said and (lasts or not verdict.failing):
            self._said = lasts
            print(f"step {int(table['step'][-1])}: {verdict.title}: {verdict.summary}", flush=True)
        return self._diagnosis.on_failure != "continue" and lasts

    def restore_best(self) -> int:
        """Give the model the best weights seen; return the step they are from."""
        if self._ends_best is not None:
            return self._ends_best
        arrays = read_sealed(self._best)
        assign(self._model.weights(), arrays, "variable/")
        return int(arrays["step"])

    def _samples(self, step: int) -> dict[str, float]:
        assert self._probe
        if isinstance(self._probe, Probe):
            found = self._probe.measure(self._drawn(step))
        elif isinstance(self._probe, PairProbe):
            found = self._probe.measure(self._maker.make({"inputs": self._probe.inputs}))
        else:
            maker = cast(ImageMaker, self._maker)
            one_way = lacking(("way back",), maker.abilities)
            found = self._probe.measure(maker.translate, None if one_way else maker.translate_back)
        return {f"probe_{name}": value for name, value in found.items()}

    def _drawn(self, step: int) -> Drawn:
        given = [self._maker.given(IMAGES, self._model.seed, f"diagnosis/fresh/{step}"), *self._kept]
        images = self._maker.make({name: np.concatenate([part[name] for part in given]) for name in given[0]})
        ends = np.cumsum([len(next(iter(part.values()))) for part in given])
        return Drawn(*np.split(images, ends[:-1]))

    def state(self) -> dict[str, np.ndarray]:
        """Return what `restore` takes."""
        best = {"watch/best": np.array(self._best_score), "watch/said": np.array(self._said)}
        return best | (self._probe.state() if self._probe else {})

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self._best_score, self._said = float(state["watch/best"]), bool(state["watch/said"])
        if self._probe:
            self._probe.restore(state)

    def _read_norms(self, phase: int | None) -> tf.Tensor:
        """Return `norms` of each optimizer; traced once a phase, as other weights are trained in each."""
        return tf.stack([norms(self._model.optimizers[name], self._model.trained(name)) for name in self._optimizers])


def _nudged(maker: LatentMaker, given: Given, seed: int) -> Given:
    """Return the same with each latent moved a little."""
    latents = given["latents"]
    moved = generator(seed, "diagnosis/nudge").standard_normal(latents.shape)
    nudged = latents + NUDGE * DEVIATION[maker.prior] * moved
    return given | {"latents": np.clip(nudged, *RANGE[maker.prior]).astype(np.float32)}


def norms(optimizer: tf.keras.optimizers.Optimizer, variables: list[tf.Variable]) -> tf.Tensor:
    """Return float32 (2,): the norm of recent gradients (root mean square), and an update's over that of the weights.

    Both are read off the averages that Adam and RMSprop keep, so that no training step computes anything for them.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # in float16 it is wrapped
    adam = "m" in optimizer.get_slot_names()
    updates = tf.cast(tf.maximum(optimizer.iterations, 1), tf.float32)
    # Adam corrects for its averages' start at 0; RMSprop does not, but what is told here is the gradient.
    known = 1 - optimizer._get_hyper("beta_2" if adam else "rho", tf.float32) ** updates
    squares = [optimizer.get_slot(variable, "v" if adam else "rms") / known for variable in variables]
    if adam:
        known_mean = 1 - optimizer._get_hyper("beta_1", tf.float32) ** updates
        means = [optimizer.get_slot(variable, "m") / known_mean for variable in variables]
        moves = [mean / (tf.sqrt(square) + optimizer.epsilon) for mean, square in zip(means, squares, strict=True)]
    else:
        moves = [tf.sqrt(square) / (tf.sqrt(square) + optimizer.epsilon) for square in squares]
    gradient = tf.sqrt(tf.add_n([tf.reduce_sum(square) for square in squares]))
    rate = optimizer._decayed_lr(tf.float32)
    return tf.stack([gradient, rate * tf.linalg.global_norm(moves) / tf.linalg.global_norm(variables)])
