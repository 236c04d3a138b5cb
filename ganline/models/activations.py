"""LeakyReLU that TensorFlow can fuse, whose gradient keeps less and goes through kernels that are fast."""

from contextlib import AbstractContextManager, nullcontext, suppress

import tensorflow as tf
from tensorflow.python.eager import record


class LeakyReLU(tf.keras.layers.LeakyReLU):
    """Keras's layer: x where it is positive, alpha x elsewhere (Maas et al. 2013); shape and dtype are kept."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Activate; see the class."""
        return leaky_relu(inputs, float(self.alpha))


def leaky_relu(features: tf.Tensor, alpha: float) -> tf.Tensor:
    """Return features where they are positive, and alpha times them elsewhere; shape and dtype are kept.

    The gradient's numbers are TensorFlow's, made of what came out, whose sign is that of what came in. TensorFlow makes
    them of what came in: that is then kept, beside what came out, which the next layer keeps, and a convolution, its
    bias and its activation are not one operation, because the sum is read twice. In bfloat16 and float16 processors
    take TensorFlow 2.15's kernel for it several times as long as in float32; here fast ones make the same numbers.

    It is recorded for tapes, and told to graphs that are differentiated as such (the branches of tf.cond). A
    tf.custom_gradient would do both, but keeps its graph for good (findings/tensorflow-graphs-for-good.sh).

    Args:
        features: of any float dtype.
        alpha: more than 0.
    """
    features = tf.convert_to_tensor(features)
    with _overridden("LeakyReLUByOutput", "LeakyRelu"), record.stop_recording():
        made = tf.nn.leaky_relu(features, alpha)
    record.record_operation("LeakyRelu", [made], [features], lambda upstream: [_sloped(upstream, made, alpha)])
    return made


def _sloped(upstream: tf.Tensor, made: tf.Tensor, alpha: float) -> tf.Tensor:
    """Return upstream where `made` is positive, and alpha times it elsewhere; no gradient flows to `made`."""
    with _overridden("SlopeAlone", "LeakyReluGrad", "ReluGrad"), record.stop_recording():
        if made.dtype in (tf.bfloat16, tf.float16):
            passed = tf.raw_ops.ReluGrad(gradients=upstream, features=made)
            slope = passed + alpha * (upstream - passed)
        else:
            slope = tf.raw_ops.LeakyReluGrad(gradients=upstream, features=made, alpha=alpha)
    record.record_operation("LeakyReluGrad", [slope], [upstream], lambda above: [_sloped(above, made, alpha)])
    return slope


def _overridden(name: str, *kinds: str) -> AbstractContextManager[None]:
    """Have graphs take `name` for the gradient of these kinds, but where no tape is: SavedModels refuse such names."""
    if not record.could_possibly_record():
        return nullcontext()
    return tf.compat.v1.get_default_graph().gradient_override_map(dict.fromkeys(kinds, name))


def _activation_gradient(activation: tf.Operation, upstream: tf.Tensor) -> tf.Tensor:
    return _sloped(upstream, activation.outputs[0], activation.get_attr("alpha"))


def _slope_gradient(slope: tf.Operation, above: tf.Tensor) -> tuple[tf.Tensor, None]:
    """Leave out the zeros for what came out, which TensorFlow would send back through the network."""
    made = slope.inputs[1]
    if slope.type == "LeakyReluGrad":
        return _sloped(above, made, slope.get_attr("alpha")), None
    with _overridden("SlopeAlone", "ReluGrad"):
        return tf.raw_ops.ReluGrad(gradients=above, features=made), None


for _name, _gradient in {"LeakyReLUByOutput": _activation_gradient, "SlopeAlone": _slope_gradient}.items():
    with suppress(KeyError):  # a copy of this file, as a model in MLflow brings one, was there before
        tf.RegisterGradient(_name)(_gradient)
