"""What SGAN's discriminator is without a generator: a classifier, trained by the same loop."""

import tensorflow as tf

from ganline.models.base import Batch, Metrics
from ganline.models.generation.sgan import SGAN, class_accuracy, class_loss


class Plain(SGAN):
    """The trunk and the class head of SGAN's discriminator, with its optimizer; the generator is never trained."""

    @property
    def metric_names(self) -> tuple[str, ...]:
        """See ganline.models.base.Model.metric_names."""
        return ("d_class_loss", "d_class_accuracy")

    def train_step(self, batch: Batch, step: tf.Tensor) -> Metrics:
        """Update the discriminator by the classes of a batch, all of whose labels are known; none is "generated"."""
        with tf.GradientTape() as tape:
            said = self.discriminator(batch["image"], training=True)[1]
            logits = tf.cast(said, tf.float32)[:, : self.classes]
            loss = class_loss(logits, batch["label"])
        self.update(tape, loss, self.adversary)
        return {"d_class_loss": loss, "d_class_accuracy": class_accuracy(logits, batch["label"])}
