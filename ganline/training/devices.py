"""Where a training runs: one device, several of one machine, or those of several machines."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ganline.core import processor, replicas
from ganline.core.errors import UserError
from ganline.models.facts import model_facts
from ganline.settings.schema import Compute, Params

Step = Callable[..., dict[str, tf.Tensor]]


@dataclass(frozen=True)
class Devices:
    """One device, or what a strategy of TensorFlow's lays over several."""

    strategy: tf.distribute.Strategy | None = None
    count: int = 1
    """Replicas over all machines."""
    workers: int = 1
    """Machines, or processes that stand for them."""
    worker: int = 0
    """Number of this one; 0 is the chief."""

    @property
    def chief(self) -> bool:
        """Whether this machine writes what the training leaves."""
        return self.worker == 0

    @property
    def local(self) -> int:
        """Replicas on this machine."""
        return self.count // self.workers

    @property
    def first(self) -> int:
        """Number of the first of them."""
        return self.worker * self.local

    def building(self) -> AbstractContextManager[Any]:
        """Return a context in which networks and optimizers get a copy of each variable on each device."""
        if self.strategy is None:
            return nullcontext()
        stack = ExitStack()
        stack.enter_context(self.strategy.scope())
        stack.enter_context(tf.variable_creator_scope(_as_steps_leave_it))
        return stack

    def each(self) -> Iterator[int]:
        """Yield the number of each of this machine's devices; what is made meanwhile is made there."""
        if self.local == 1:
            yield 0
            return
        assert self.strategy
        for number, device in enumerate(self.strategy.extended.worker_devices):
            with tf.device(device):
                yield number

    @contextmanager
    def together(self) -> Iterator[None]:
        """While entered, end with one plain sentence when another machine is gone.

        Raises:
            SystemExit: it is; not an error of the user's, so that whoever runs the pipeline may try again.
        """
        try:
            yield
        except (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError) as error:
            if self.workers == 1:
                raise
            reason = next((line for line in str(error).splitlines() if "Collective" in line and ": " in line), "")
            sys.exit(
                f"train: another machine is gone ({reason.strip() or type(error).__name__}). Start all of them again: "
                "they go on from the chief's last checkpoint"
            )

    def replicated(self, step: Step, state: Sequence[tf.Variable]) -> Step:
        """Return `step` as run by every replica, telling the mean over them of each number it tells.

        Args:
            step: takes tensors and returns float32 scalars.
            state: variables that a step changes from what its own share of the batch says; each becomes the mean too.
        """
        if self.strategy is None:
            return step
        strategy, state = self.strategy, [variable for variable in state if variable.dtype.is_floating]

        def one(*args: tf.Tensor) -> dict[str, tf.Tensor]:
            told = step(*args)
            if self.count == 1:
                return told
            values = [*told.values(), *(tf.cast(variable.read_value(), tf.float32) for variable in state)]
            flat = replicas.mean(tf.concat([tf.reshape(value, [-1]) for value in values], 0))  # one exchange for all
            means = tf.split(flat, [value.shape.num_elements() for value in values])
            for variable, new in zip(state, means[len(told) :], strict=True):
                variable.assign(tf.cast(tf.reshape(new, variable.shape), variable.dtype))
            return {name: tf.reshape(new, []) for name, new in zip(told, means, strict=False)}

        each = tf.autograph.experimental.do_not_convert(one)

        def run(*args: tf.Tensor) -> dict[str, tf.Tensor]:
            told = strategy.run(each, args)
            return {name: strategy.experimental_local_results(value)[0] for name, value in told.items()}

        return tf.autograph.experimental.do_not_convert(run)

    def from_chief(self, step: int, variables: Mapping[str, tf.Variable]) -> int:
        """Give every machine the chief's step and values, bit for bit; only the chief has the checkpoints."""
        if self.workers == 1:
            return step
        assert self.strategy
        with self.strategy.scope():  # a new variable gets the chief's first value on all machines
            step = int(tf.Variable(np.int64(step), trainable=False).numpy())
            for variable in variables.values() if step else ():
                variable.assign(tf.Variable(variable.numpy(), trainable=False))
        return step

    def any_says(self, *flags: bool) -> list[bool]:
        """Return for each flag whether any machine has it set; all call this together, and so agree."""
        if self.workers == 1:
            return list(flags)
        assert self.strategy
        totals = self._totals(tf.constant(flags, tf.float32))
        return [bool(total > 0) for total in totals.numpy()]

    @tf.function(autograph=False)
    def _totals(self, flags: tf.Tensor) -> tf.Tensor:
        assert self.strategy
        return self.strategy.experimental_local_results(self.strategy.run(replicas.mean, (flags,)))[0]


ONE = Devices()


def choose(compute: Compute) -> Devices:
    """Return the devices that `compute` asks for; call it before anything else is done with TensorFlow.

    compute.replicas says how many are to be used, of those that there are. A machine without GPUs is one device, or as
    many as compute.replicas says: the same arithmetic as on so many GPUs, no faster.

    Raises:
        UserError: they are not there, or TF_CONFIG does not say where.
    """
    place = replicas.cluster(compute.strategy)
    if compute.strategy == "none":
        return ONE
    here = _here(compute.replicas) if compute.strategy == "mirrored" else _visible()
    if compute.strategy == "mirrored":
        devices = Devices(tf.distribute.MirroredStrategy(here), len(here))
    else:
        print(f"train: worker {place.number} of {place.workers}, waiting for the others", flush=True)
        strategy = tf.distribute.MultiWorkerMirroredStrategy()
        # TensorFlow has taken SIGTERM for itself by now, and would do nothing about it.
        signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM) or signal.SIG_DFL)
        devices = Devices(strategy, strategy.num_replicas_in_sync, place.workers, place.number)
        if compute.replicas not in (None, devices.count):
            raise UserError(
                f"compute.replicas = {compute.replicas}, and the {place.workers} machines in TF_CONFIG have "
                f"{devices.count}: say that or null. CUDA_VISIBLE_DEVICES limits the GPUs of a machine"
            )
    print(f"train: {devices.count} replica{'s' * (devices.count > 1)} ({', '.join(here)})", flush=True)
    return devices


def settled(params: Params) -> Params:
    """Return the parameters with the precision that the training takes, which compute.precision = auto leaves open.

    That is bfloat16 on a processor that has instructions for it, where trainings of the model with its loss were seen
    to come out as in float32. On GPUs, on several devices and with XLA that was not tried: they take float32.
    """
    compute, train = params.compute, params.train
    if compute.precision != "auto":
        return params
    tried = compute.strategy == "none" and not compute.xla and not tf.config.list_physical_devices("GPU")
    harmless = tried and train.loss in model_facts()[train.model]["bfloat16_with"]
    found = "mixed_bfloat16" if harmless and processor.has_bfloat16() else "float32"
    return params.model_copy(update={"compute": compute.model_copy(update={"precision": found})})


def _visible() -> list[str]:
    names = [f"GPU:{i}" for i in range(len(tf.config.list_physical_devices("GPU")))]
    return names or ["CPU:0"]


def _here(wanted: int | None) -> list[str]:
    """Return the names of so many devices of this machine, of all where None."""
    found = _visible()
    if found[0].startswith("GPU"):
        if wanted and wanted > len(found):
            raise UserError(
                f"compute.replicas = {wanted}: this machine has {len(found)} GPUs that TensorFlow can use; allowed is "
                f"1 to {len(found)}, or null for all"
            )
        return found[:wanted]
    return split_processor(wanted) if wanted and wanted > 1 else found


def split_processor(number: int) -> list[str]:
    """Return the names of `number` devices that the processor is split into."""
    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * number
    try:
        tf.config.set_logical_device_configuration(processor, parts)
    except RuntimeError:  # TensorFlow is at work already: it is split once and for all
        if len(tf.config.list_logical_devices("CPU")) < number:
            raise
    return [f"CPU:{i}" for i in range(number)]


def _as_steps_leave_it(create: Callable[..., tf.Variable], **given: Any) -> tf.Variable:
    """Make what Keras would average on each reading (batch norms' statistics) a plain variable with a copy a replica.

    A step changes its replica's copy; `Devices.replicated` then makes all copies the mean. So what is saved is what the
    replicas have, to the bit, and nothing is exchanged in the middle of a network.
    """
    if given.get("synchronization") == tf.VariableSynchronization.ON_READ:
        given |= {"synchronization": tf.VariableSynchronization.AUTO, "aggregation": tf.VariableAggregation.NONE}
    return create(**given)
