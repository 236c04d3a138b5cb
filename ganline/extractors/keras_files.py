"""Weights that Keras has, or gets from where it keeps them."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from ganline.core.errors import UserError

HOST = "https://storage.googleapis.com/tensorflow/keras-applications"


class KerasFile(NamedTuple):
    """A file of Keras 2.15's."""

    folder: str
    name: str
    md5: str
    """By which Keras knows the file."""

    @property
    def address(self) -> str:
        """Where it lies."""
        return f"{HOST}/{self.folder}/{self.name}"

    def had(self, manual: Path) -> Path:
        """Return the file that was got by hand into the folder `manual`, or the one that Keras has or gets.

        Raises:
            LookupError: there is none; the message says what to do.
            UserError: the one that was got by hand is another.
        """
        if (own := manual / self.name).exists():
            if hashlib.md5(own.read_bytes(), usedforsecurity=False).hexdigest() != self.md5:
                raise UserError(f"{own} is not Keras's file (MD5 {self.md5}): get {self.address} again, or remove it")
            return own
        try:
            return Path(tf.keras.utils.get_file(self.name, self.address, cache_subdir="models", file_hash=self.md5))
        except Exception as error:  # Keras raises a bare Exception when the download fails
            raise LookupError(f"{str(error).strip()}; put {self.name} into {manual} to have it") from None


INCEPTION = KerasFile(
    "inception_v3", "inception_v3_weights_tf_dim_ordering_tf_kernels.h5", "9a0d58056eeedaa3f26cb7ebd46da564"
)
"""With its top."""
VGG19 = KerasFile("vgg19", "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5", "253f8cb515780f3b799900260a226db6")
"""Without its top."""
