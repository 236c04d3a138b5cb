"""What may have caused a failure, and what documents and papers advise, as parameter changes that can be pasted.

Causes are read off the parameters themselves. Of the remedies only those are given that this experiment can take (each
is tried against the checks of params.yaml) and that would change something; the likeliest come first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ganline.diagnosis.verdict import Verdict
from ganline.settings.schema import Params

MOST = 5
"""Remedies given: who is told everything is told nothing."""
SMALL = 100_000
"""Weights of a generator that holds little more than one layer of 28x28 pixels."""
MUCH = 4
"""Times that one learning rate may exceed the other before that is taken for a cause."""

BOOK = "The GAN Book (Chaudhary 2024), Skill 3"
BOOK_8 = "The GAN Book (Chaudhary 2024), Skill 8"
DCGAN = "Radford et al. 2016, section 4"
SALIMANS = "Salimans et al. 2016, section 3"
GOODFELLOW = "Goodfellow et al. 2014, section 3 and algorithm 1"
WGAN = "Arjovsky et al. 2017"
WGAN_GP = "Gulrajani et al. 2017"
CHEN = "Chen et al. 2018, CartoonGAN"
CHU = "Chu et al. 2017, CycleGAN, a Master of Steganography"
ZHU = "Zhu et al. 2017, section 4"
ISOLA = "Isola et al. 2017, sections 3.3 and 4.1"
HEUSEL = "Heusel et al. 2017"


@dataclass(frozen=True)
class Setting:
    """What a rule may look at."""

    params: Params
    weights: Mapping[str, int]
    """Trainable weights of each network."""
    steps_best: int
    """Step of the best look."""
    loss: Mapping[str, Any]
    """What the loss says of itself (ganline.models.facts.loss_facts), nothing where there is no adversary."""
    adversaries: tuple[str, ...]
    """The networks that judge; of translators both ways first that of the target domain."""

    @property
    def train(self) -> Any:
        """The recipe; `advise` asks only rules whose changes are of keys that it has."""
        return self.params.train

    @property
    def other(self) -> str:
        """The generator's adversary, "" where there is none."""
        return next(iter(self.adversaries), "")

    def rate(self, network: str) -> float:
        """Return a network's learning rate, 0 where it has none."""
        rule = self.params.train.optimizers.get(network)
        return rule.learning_rate if rule else 0.0


@dataclass(frozen=True)
class Rule:
    """One cause with its remedy, for some verdicts.

    `when` says whether the parameters show the cause; a rule without a cause is general advice.
    """

    verdicts: tuple[str, ...]
    change: Callable[[Setting], Mapping[str, Any]]
    why: str
    source: str
    when: Callable[[Setting], bool] = lambda setting: True
    cause: Callable[[Setting], str] | None = None


def to(**values: Any) -> Callable[[Setting], Mapping[str, Any]]:
    """Return the change of parameters of train."""
    return lambda s: {f"train.{name}": value for name, value in values.items()}


def known_rates(s: Setting) -> Mapping[str, Any]:
    """Return the change to learning rates that GANs are known to take."""
    return {f"train.optimizers.{name}.learning_rate": 2e-4 for name in s.train.optimizers}


def all_rates(s: Setting) -> str:
    """Return the learning rates in words."""
    return ", ".join(f"{rule.learning_rate:g} of the {name}" for name, rule in s.train.optimizers.items())


def lopsided(s: Setting) -> bool:
    """Return whether one network learns much faster than the other."""
    slow, fast = sorted((s.rate("generator"), s.rate(s.other)))
    return 0 < slow * MUCH < fast


def quicker_judges(s: Setting) -> Mapping[str, Any]:
    """Return the change that lets all adversaries learn faster than the generator."""
    return {f"train.optimizers.{name}.learning_rate": 4 * s.rate("generator") for name in s.adversaries}


def weight(s: Setting, name: str) -> float:
    """Return a weight of the loss, 0 where the recipe has none of this name."""
    return float(getattr(s.train, name, 0.0))


KNOWN_RATES = "learning rates that GANs are known to take"
COLLAPSE, OVERTRAINED, DIVERGED = ("mode_collapse",), ("overtrained",), ("diverged",)
D_WINS = ("convergence_failure/discriminator_dominates",)
G_WINS = ("convergence_failure/generator_dominates",)
RESTLESS = ("convergence_failure/oscillation",)
NEVER = ("convergence_failure/never_learned",)
UNSTABLE = (*RESTLESS, *DIVERGED)
COPIES, AVERAGES = ("translation_failure/copies_input",), ("translation_failure/averages",)
NO_TRANSLATION = ("translation_failure/never_translated",)
HIDES, COLLAPSES = ("translation_failure/hides_input",), ("translation_failure/collapses",)
IGNORES = ("translation_failure/ignores_input",)
APART = ("translation_failure/directions_apart",)

RULES: tuple[Rule, ...] = (
    Rule(
        AVERAGES, to(l1_weight=10.0), "less weight on the pixel loss, which asks for the average of all that could be",
        ISOLA, lambda s: s.train.l1_weight > 10,
        lambda s: f"train.l1_weight is {s.train.l1_weight:g}: a pixel loss alone makes averages",
    ),
    Rule(
        (*NO_TRANSLATION, *COPIES), to(l1_weight=100.0), "the paper's weight on the pixel loss", ISOLA,
        lambda s: s.train.l1_weight < 100,
        lambda s: f"train.l1_weight is {s.train.l1_weight:g}: little holds an output to its own target",
    ),
    Rule(
        HIDES, lambda s: {"train.cycle_weight": weight(s, "cycle_weight") / 4},
        "less weight on the cycle, which asks for more to come back than a translation can show", CHU,
        lambda s: s.train.cycle_weight > 1,
        lambda s: f"train.cycle_weight is {s.train.cycle_weight:g}: all must come back, shown or hidden",
    ),
    Rule(
        COPIES, to(identity_weight=0.0), "nothing that asks for images to stay as they are", ZHU,
        lambda s: s.train.identity_weight > 0,
        lambda s: f"train.identity_weight is {s.train.identity_weight:g}: it rewards changing nothing",
    ),
    Rule(
        (*COLLAPSES, *APART), to(cycle_weight=10.0), "the paper's weight on the cycle", ZHU,
        lambda s: s.train.cycle_weight < 10,
        lambda s: f"train.cycle_weight is {s.train.cycle_weight:g}: little asks that images come back",
    ),
    Rule(
        IGNORES, to(content_weight=10.0), "the paper's weight on what the picture shows", CHEN,
        lambda s: s.train.content_weight < 10,
        lambda s: f"train.content_weight is {s.train.content_weight:g}: little asks that the input be drawn",
    ),
    Rule((*COLLAPSES, *APART), to(image_pool=50), "judges that are shown earlier translations, too", ZHU),
    Rule(
        (*COLLAPSE, *D_WINS, *NEVER), lambda s: {"train.model": "gan.GAN", "train.latent_dim": 100},
        "a deeper generator, with more numbers to tell images apart by", BOOK,
        lambda s: s.weights.get("generator", SMALL) < SMALL and s.train.latent_dim < 10,
        lambda s: f"the generator has {s.weights['generator']:,} weights and {s.train.latent_dim} inputs",
    ),
    Rule(
        COLLAPSE, to(latent_dim=100), "more numbers to tell images apart by", BOOK,
        lambda s: s.train.latent_dim < 10,
        lambda s: f"train.latent_dim is {s.train.latent_dim}: so few numbers hardly tell images apart",
    ),
    Rule(
        (*D_WINS, *COLLAPSE, *NEVER), to(model="gan.GAN"), "a deeper generator", BOOK,
        lambda s: s.weights.get("generator", SMALL) < SMALL and bool(s.other)
        and getattr(s.train, "latent_dim", 0) >= 10,
        lambda s: f"the generator has {s.weights['generator']:,} weights and the {s.other} {s.weights[s.other]:,}",
    ),
    Rule(
        (*D_WINS, *G_WINS, *COLLAPSE, *NEVER), known_rates, "equal learning rates that GANs are known to take", DCGAN,
        lopsided,
        lambda s: f"the learning rates are lopsided: {all_rates(s)}",
    ),
    Rule(
        (*UNSTABLE, *COLLAPSE, *D_WINS, *G_WINS, *OVERTRAINED, *NO_TRANSLATION), known_rates, KNOWN_RATES,
        DCGAN, lambda s: max(rule.learning_rate for rule in s.train.optimizers.values()) > 1e-3,
        lambda s: f"the learning rates are high: {all_rates(s)}",
    ),
    Rule(
        (*NEVER, *NO_TRANSLATION), known_rates, KNOWN_RATES, DCGAN,
        lambda s: 0 < s.rate("generator") < 1e-5,
        lambda s: f"the generator's learning rate is low: {s.rate('generator'):g}",
    ),
    Rule(
        (*NEVER, *D_WINS, *COLLAPSE, *RESTLESS), to(weight_clip=0.01), "the paper's limit on the weights", WGAN,
        lambda s: s.train.weight_clip is not None and not 0.002 <= s.train.weight_clip <= 0.1,
        lambda s: f"train.weight_clip is {s.train.weight_clip:g}, far from the paper's 0.01",
    ),
    Rule(
        (*NEVER, *COLLAPSE), to(loss="wasserstein_gp", weight_clip=None, discriminator_batches="separate"),
        "a penalty instead of clipping", WGAN_GP, lambda s: s.train.weight_clip is not None,
    ),
    Rule(
        (*D_WINS, *COLLAPSE), to(discriminator_steps=1), "as many updates of both", GOODFELLOW,
        lambda s: s.train.discriminator_steps > 1 and s.loss.get("says") != "distances",
        lambda s: f"train.discriminator_steps is {s.train.discriminator_steps}",
    ),
    Rule(
        (*COLLAPSE, *G_WINS, *RESTLESS), to(generator_steps=1), "as many updates of both", GOODFELLOW,
        lambda s: s.train.generator_steps > 1,
        lambda s: f"train.generator_steps is {s.train.generator_steps}",
    ),
    Rule(
        (*D_WINS, *NEVER), to(loss="non_saturating"), "a loss whose gradient does not vanish where samples are bad",
        GOODFELLOW, lambda s: s.loss.get("saturates", False),
        lambda s: f"train.loss is {s.train.loss}, whose gradient vanishes where the discriminator is sure",
    ),
    Rule(D_WINS, to(label_flipping=0.05), "random false labels for the discriminator", BOOK),
    Rule(D_WINS, to(instance_noise=0.1), "noise on what the discriminator sees", "Sonderby et al. 2017, section 2"),
    Rule(D_WINS, to(label_smoothing=0.1), "a discriminator that is never sure", SALIMANS),
    Rule((*D_WINS, *UNSTABLE), to(spectral_normalization=True), "a smoother discriminator", "Miyato et al. 2018"),
    Rule(G_WINS, quicker_judges, "a discriminator that learns faster than the generator", HEUSEL,
         lambda s: bool(s.other)),
    Rule(G_WINS, to(discriminator_steps=2), "more updates of the discriminator", GOODFELLOW),
    Rule(
        (*COLLAPSE, *D_WINS, *NEVER), to(loss="wasserstein_gp", discriminator_batches="separate"),
        "a loss that still has a gradient where samples and data are far apart", WGAN_GP,
        lambda s: not (s.loss.get("says") == "distances" and s.loss.get("penalised")),
    ),
    Rule(COLLAPSE, to(packing=2), "a discriminator that sees two samples at once", "Lin et al. 2018"),
    Rule(COLLAPSE, to(minibatch_stddev=True, discriminator_batches="separate"),
         "a discriminator that sees how much a batch varies", "Karras et al. 2018, section 3"),
    Rule(COLLAPSE, to(unrolled_steps=5), "a generator that foresees the discriminator's answer", "Metz et al. 2017"),
    Rule(COLLAPSE, to(label_flipping=0.05), "random false labels for the discriminator", BOOK),
    Rule(OVERTRAINED, to(select="best"), "the weights whose samples were best", HEUSEL),
    Rule(OVERTRAINED, lambda s: {"train.steps": s.steps_best}, "no more steps than made the samples better", HEUSEL,
         lambda s: s.steps_best > 0),
    Rule((*OVERTRAINED, *RESTLESS), to(learning_rate_schedule="linear"), "ever smaller steps", WGAN_GP),
    Rule(UNSTABLE, to(gradient_clip_norm=1.0), "a limit on every update", "Pascanu et al. 2013"),
    Rule((*RESTLESS, *OVERTRAINED), to(generator_average=0.999), "samples of the average of the last weights",
         "Yazici et al. 2019"),
    Rule(
        (*NEVER, *RESTLESS, *NO_TRANSLATION), known_rates, KNOWN_RATES, DCGAN,
    ),
    Rule((*AVERAGES, *COPIES), quicker_judges,
         "a discriminator that learns faster, and sees what a pixel loss forgives", HEUSEL, lambda s: bool(s.other)),
    Rule(HIDES, quicker_judges, "discriminators that learn faster, and see what is hidden", HEUSEL,
         lambda s: bool(s.other)),
    Rule(COLLAPSES, to(spectral_normalization=True), "smoother discriminators", "Miyato et al. 2018"),
    Rule((*NO_TRANSLATION, *COPIES, *AVERAGES, *APART, *IGNORES), lambda s: {"train.steps": 2 * s.params.train.steps},
         "more steps: colours come last", BOOK_8),
)  # fmt: skip


def advise(
    verdict: Verdict,
    params: Params,
    weights: Mapping[str, int],
    accepted: Callable[[dict[str, Any]], bool],
    steps_best: int = 0,
    *,
    loss: Mapping[str, Any],
    adversaries: tuple[str, ...],
) -> dict[str, Any]:
    """Return "causes" and "remedies" of a failing verdict as plain values; both are empty for others.

    Args:
        verdict: what was found.
        params: of the run.
        weights: trainable weights of each network.
        accepted: whether such a params.yaml would be accepted.
        steps_best: step of the best look.
        loss: what the loss says of itself (ganline.models.facts.loss_facts), nothing where there is no adversary.
        adversaries: the networks that judge (ganline.models.facts.adversaries_of).
    """
    setting = Setting(params, weights, steps_best, loss, adversaries)
    names = (verdict.verdict, f"{verdict.verdict}/{verdict.kind}")
    causes: list[dict[str, str]] = []
    remedies: list[dict[str, Any]] = []
    if not verdict.failing:
        return {"causes": causes, "remedies": remedies}
    for rule in (rule for rule in RULES if set(names) & set(rule.verdicts)):
        wanted = rule.change(setting)
        if not _known(wanted, params) or not rule.when(setting):
            continue
        if rule.cause:
            causes.append({"cause": rule.cause(setting), "source": rule.source})
        change = dict(_changed(wanted, params))
        new = change and all(remedy["change"] != _lines(change) for remedy in remedies)
        if new and len(remedies) < MOST and accepted(_with(change, params)):
            remedies.append({"change": _lines(change), "why": rule.why, "source": rule.source})
    return {"causes": causes, "remedies": remedies}


def _known(change: Mapping[str, Any], params: Params) -> bool:
    """Return whether the model's recipe has all these keys of train."""
    return all(key.split(".")[1] in type(params.train).model_fields for key in change)


def _changed(change: Mapping[str, Any], params: Params) -> Iterator[tuple[str, Any]]:
    for key, value in change.items():
        now: Any = params.model_dump()
        for part in key.split("."):
            now = now.get(part) if isinstance(now, dict) else None
        if now != value:
            yield key, value


def _with(change: Mapping[str, Any], params: Params) -> dict[str, Any]:
    """Return what params.yaml would hold after the change."""
    content = params.model_dump()
    for key, value in change.items():
        *path, last = key.split(".")
        section = content
        for part in path:
            section = section[part]
        section[last] = value
    return content


def _lines(change: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_text(value)}" for key, value in change.items()]


def _text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
