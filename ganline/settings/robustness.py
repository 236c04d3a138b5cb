"""The section `robustness` of params.yaml: which attacks classifiers of the data are put to, and which defences.

What it does not name has the defaults that stand here and in the settings of each attack and defence; so a run that
asks nothing carries one line.
"""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, model_serializer

from ganline.settings import attacks as of_attacks
from ganline.settings import defences as of_defences
from ganline.settings.attacks import Pixels
from ganline.settings.section import Count, Section


class Robustness(Section):
    """What is asked of classifiers of the data, beside the generator."""

    attacks: list[str]
    """Of ganline/robustness/attacks by name, or all; none leaves the whole study out."""
    defences: list[str] = ["all"]
    """Of ganline/robustness/defences by name, or all."""
    images: Annotated[int, Field(ge=10)] = 500
    """Held-out images that are attacked."""
    fewer: Annotated[int, Field(ge=10)] = 100
    """Of these, how many are where each costs much: targets, curves, transfer, and who knows the defence."""
    victim_steps: Count = 1500
    """Of the training of each of the two classifiers."""
    epsilons: Annotated[list[Pixels], Field(min_length=2)] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4]
    """How far FGSM moves each pixel, along the curves."""
    adaptive: of_attacks.Pgd = of_attacks.Pgd(step=0.03, iterations=20)
    """How those are attacked that an attacker knows to be defended."""
    adaptive_l2: of_attacks.CarliniWagner = of_attacks.CarliniWagner(
        iterations=100, constants=4, learning_rate=0.05, confidence=1.0
    )
    """And how besides, where a detector must be kept quiet: by the nearest image that does both."""
    advgan: of_attacks.Advgan = of_attacks.Advgan()
    carlini_wagner: of_attacks.CarliniWagner = of_attacks.CarliniWagner()
    deepfool: of_attacks.DeepFool = of_attacks.DeepFool()
    fgsm: of_attacks.Fgsm = of_attacks.Fgsm()
    jsma: of_attacks.Jsma = of_attacks.Jsma()
    lbfgs: of_attacks.Lbfgs = of_attacks.Lbfgs()
    pgd: of_attacks.Pgd = of_attacks.Pgd()
    zoo: of_attacks.Zoo = of_attacks.Zoo()
    adversarial_training: of_defences.AdversarialTraining = of_defences.AdversarialTraining()
    defense_gan: of_defences.DefenseGan = of_defences.DefenseGan()
    distillation: of_defences.Distillation = of_defences.Distillation()
    magnet: of_defences.Magnet = of_defences.Magnet()
    nearest_neighbours: of_defences.NearestNeighbours = of_defences.NearestNeighbours()
    null_label: of_defences.NullLabel = of_defences.NullLabel()
    random_forest: of_defences.RandomForest = of_defences.RandomForest()
    squeezing: of_defences.Squeezing = of_defences.Squeezing()

    def of(self, name: str) -> Section:
        """Return the settings of an attack or a defence."""
        found: Section = getattr(self, name)
        return found

    @model_serializer(mode="wrap")
    def _as_given(self, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Return what was named, as params.yaml has it: dvc.lock is compared with that."""
        given = self.model_fields_set
        return {name: _given(getattr(self, name), value) for name, value in handler(self).items() if name in given}


def _given(value: Any, dumped: Any) -> Any:
    if not isinstance(value, Section):
        return dumped
    return {name: inner for name, inner in dumped.items() if name in value.model_fields_set}
