"""Earlier trainings: which of them a new one goes on from, and what keeps it from the others.

A training's folder belongs to its fingerprint alone. facts.json in it says what that fingerprint is of, so that another
training can tell what they differ in. Where that is train.steps and nothing that a step does depends on how many there
are, the first steps of both are the same to the bit: the new one begins with the other's checkpoint.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ganline.core.files import read_sealed, write_json
from ganline.core.words import first
from ganline.training import kept
from ganline.training.checkpoint import BEST, KEPT, checkpoints_in

FACTS, SAMPLES = "facts.json", "samples"
FINISHED = 5
"""Finished trainings whose last checkpoint is kept for longer ones: the newest so many."""
STEPS, EVERY, SELECT = "parameters.train.steps", "parameters.diagnosis.every", "parameters.train.select"
SHOWN = 4  # differences that a message names


class Earlier(NamedTuple):
    """A training that left checkpoints."""

    folder: Path
    facts: Mapping[str, Any]
    steps: Mapping[int, Path]
    """Its checkpoints by their step, oldest first."""
    differs: Mapping[str, tuple[Any, Any]]
    """What the new training has otherwise: dotted name -> (there, here)."""

    @property
    def stopped(self) -> bool:
        """Whether it is not finished."""
        return bool(checkpoints_in(self.folder))


def begin(folder: Path, facts: Mapping[str, Any]) -> None:
    """Make the folder of a training that begins, with what it can go on from; say what that is, or why it starts anew.

    Args:
        folder: the training's own; where it has checkpoints, this training was begun already, and nothing is done.
        facts: what decides the training's bits (see ganline.training.checkpoint.deciding), its parameters with the
            sections "train" and "diagnosis"; diagnosis.every as it is in effect.
    """
    if not checkpoints_in(folder):
        _empty(folder)  # of a finished training that is forced to run anew
        earlier = list(others(folder, facts))
        if found := _best_start(earlier, facts):
            try:
                _take(*found, folder, facts)
            except FileNotFoundError:  # deleted in this moment
                _empty(folder)
        elif nearest := _nearest(earlier):
            print(f"train: starting from 0. {_why(nearest, facts)}", flush=True)
    write_json(folder / FACTS, facts)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def others(folder: Path, facts: Mapping[str, Any]) -> Iterator[Earlier]:
    """Yield the trainings beside `folder` that left checkpoints and say what they are."""
    for path in sorted(folder.parent.glob(f"*/{FACTS}")):
        steps = dict(sorted((checkpoints_in(path.parent, "done") | checkpoints_in(path.parent)).items()))
        if path.parent != folder and steps and (found := read_facts(path.parent)):
            yield Earlier(path.parent, found, steps, differences(found, facts))


def read_facts(folder: Path) -> dict[str, Any] | None:
    """Return what decided the bits of the training that `folder` belongs to, or None where it does not say."""
    try:
        facts = json.loads((folder / FACTS).read_text())
        train, others = facts["parameters"]["train"], [facts[name] for name in ("data", "code", "versions")]
        return facts if train["model"] and train["steps"] and all(isinstance(other, dict) for other in others) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def differences(there: Any, here: Any, name: str = "") -> dict[str, tuple[Any, Any]]:
    """Return the leaves of two nested dicts that are not equal, by dotted name; None where one has none."""
    if not (isinstance(there, Mapping) and isinstance(here, Mapping)):
        return {} if there == here else {name: (there, here)}
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted({*there, *here}):
        found |= differences(there.get(key), here.get(key), f"{name}.{key}" if name else key)
    return found


def depends_on_steps(facts: Mapping[str, Any]) -> str:
    """Return the parameter that makes what a step does depend on the number of steps, with its value, or ""."""
    train = facts["parameters"]["train"]
    for key, off in (("learning_rate_schedule", "constant"), ("instance_noise", 0)):
        if (value := train.get(key, off)) != off:  # what has no discriminator has no noise before it
            return f"train.{key} = {value}"
    return ""


def kept_steps(facts: Mapping[str, Any]) -> int:
    """Return at how many steps, evenly over its length, a training keeps weights; early ones do not say."""
    return facts["parameters"]["train"].get("keep", 0)


def superseded(folder: Path, facts: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the folders of finished trainings that need not be kept beside `folder`, a finished one itself.

    They are the shorter ones that it could go on from, lest a training that is forced to run anew does, and those
    beyond the newest few.
    """
    finished = [other for other in others(folder, facts) if not other.stopped]
    wanted = facts["parameters"]["train"]["steps"]
    same = (other for other in finished if set(other.differs) <= _free(facts))
    shorter = {other.folder for other in same if max(other.steps) <= wanted}
    by_age = sorted(finished, key=lambda other: -(other.folder / FACTS).stat().st_mtime)
    yield from shorter
    yield from [other.folder for other in by_age if other.folder not in shorter][FINISHED - 1 :]


def _best_start(earlier: list[Earlier], facts: Mapping[str, Any]) -> tuple[Earlier, int] | None:
    """Return the training of the same kind that is furthest on, and its last step that this one has too."""
    same = [other for other in earlier if set(other.differs) <= _free(facts)]
    found = [(step, i) for i, other in enumerate(same) if (step := _usable(other, facts)[0])]
    return (same[max(found)[1]], max(found)[0]) if found else None


def _free(facts: Mapping[str, Any]) -> set[str]:
    """Return in what two trainings may differ and have the same first steps."""
    # Which weights are taken in the end changes no step.
    return {SELECT} if depends_on_steps(facts) or kept_steps(facts) else {STEPS, SELECT}


def _usable(other: Earlier, facts: Mapping[str, Any]) -> tuple[int, str]:
    """Return the last step that both trainings have and `other` has a checkpoint of; or 0, and why there is none."""
    wanted = facts["parameters"]["train"]["steps"]
    if not (step := max((step for step in other.steps if step <= wanted), default=0)):
        return 0, f"Its checkpoints lie beyond: the first that is kept is of step {min(other.steps):,}."
    try:
        best = int(read_sealed(other.folder / BEST)["step"])
    except (OSError, ValueError) as error:
        return 0, f"The best weights that it saw cannot be read ({error})."
    return (0, f"The best weights that it saw lie beyond: they are of step {best:,}.") if best > wanted else (step, "")


def _take(other: Earlier, step: int, folder: Path, facts: Mapping[str, Any]) -> None:
    """Link what the new training would have at `step` into its folder; files here are replaced, never changed."""
    wanted, every = (facts["parameters"]["train"][key] for key in ("steps", "sample_every"))
    for at in [at for at in other.steps if at <= wanted][-KEPT:]:
        _link(other.steps[at], folder / f"step-{at:08}.npz")
    _link(other.folder / BEST, folder / BEST)
    for at, path in kept.in_folder(other.folder / kept.FOLDER).items():
        if at <= step:
            _link(path, kept.file(folder / kept.FOLDER, at))
    (folder / SAMPLES).mkdir()
    for path in (other.folder / SAMPLES).glob("step-*.png"):
        at = int(path.stem.removeprefix("step-"))
        if at <= step and at % every == 0:
            _link(path, folder / SAMPLES / path.name)
    length, state = other.facts["parameters"]["train"]["steps"], "stopped" if other.stopped else "finished"
    print(f"train: going on after step {step:,} of a {state} training of {length:,} steps ({other.folder})", flush=True)


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy2(source, target)


def _nearest(earlier: list[Earlier]) -> Earlier | None:
    """Return the training to speak of: the one that differs least, of those of the same model; None for none.

    Of a finished one only where nothing but the number of steps, and what follows from it, keeps this one from it.
    """
    model = "parameters.train.model"
    found = [
        other for other in earlier
        if model not in other.differs and (other.stopped or other.differs.keys() <= {STEPS, EVERY, SELECT})
    ]  # fmt: skip
    return min(found, key=lambda other: len(other.differs), default=None)


def _why(other: Earlier, facts: Mapping[str, Any]) -> str:
    """Return which training is kept, what it differs in, and what keeps this one from it, as sentences."""
    length, last = other.facts["parameters"]["train"]["steps"], max(other.steps)
    state = f"training of {length:,} steps that was stopped after step {last:,}"
    told = [f"A {state if other.stopped else f'finished training of {length:,} steps'} is kept ({other.folder}), but "]
    changes = [_change(name, *pair) for name, pair in other.differs.items() if not name.startswith("code.")]
    if code := [name.removeprefix("code.") for name in other.differs if name.startswith("code.")]:
        changes.append(f"the code was another ({', '.join(code[:SHOWN])}{', ...' if len(code) > SHOWN else ''})")
    told += ["; ".join(first(changes, SHOWN)), "."]
    if other.differs.keys() <= {STEPS, EVERY, SELECT}:
        told.append(f" {_obstacle(other, facts)}")
    return "".join(told)


def _obstacle(other: Earlier, facts: Mapping[str, Any]) -> str:
    """Return why the number of steps, and what follows from it, keeps this training from the other, as a sentence."""
    if reason := depends_on_steps(facts):
        return f"Every step depends on train.steps under {reason}."
    if (keep := kept_steps(facts)) and STEPS in other.differs:
        return f"train.keep = {keep} keeps the weights of other steps where there are as many."
    if why := _usable(other, facts)[1]:
        return why
    every = other.differs[EVERY][0]
    return (
        f"(diagnosis.every: null means about 40 looks a run.) With diagnosis.every={every} this one goes on from there."
    )


def _change(name: str, there: Any, here: Any) -> str:
    group, _, key = name.partition(".")
    if group == "data":
        return f"{key} has another content"
    return f"{key} was {there} and is {here}"
