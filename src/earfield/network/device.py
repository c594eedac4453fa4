"""What computes: the GPUs that TensorFlow finds, or so many processors.

To be imported before anything else that imports TensorFlow.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a machine without GPU is no error
os.environ["KERAS_BACKEND"] = "tensorflow"


log = logging.getLogger(__name__)


@contextmanager
def _banner_held_back() -> Iterator[None]:
    """Keep what TensorFlow prints while it is imported off the terminal, unless the import fails."""
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as banner:
        os.dup2(banner.fileno(), 2)
        try:
            yield
        except BaseException:
            banner.seek(0)
            os.write(terminal, banner.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


with _banner_held_back():
    import keras
    import tensorflow as tf

# A user's own keras.json must not change the network.
keras.config.set_floatx("float32")
keras.config.set_image_data_format("channels_last")


@dataclass(frozen=True)
class Device:
    """Where a network runs.

    Attributes
    ----------
    gpu : bool
        Whether TensorFlow has a GPU.
    workers : int
        Micro-batches at a time.
    """

    gpu: bool
    workers: int


def configure(threads: int) -> Device:
    """Set TensorFlow up, once in a process and before anything else of it runs.

    Parameters
    ----------
    threads : int
        Processors to use when there is no GPU. Each operation runs on one of them, so that results do not depend
        on their number.

    Returns
    -------
    Device
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    tf.config.experimental.enable_op_determinism()
    if not gpus and Path("/dev/nvidia0").exists():
        log.warning("This machine has a GPU that TensorFlow does not see: run 'make gpu'. Going on without it.")
    log.info("Computing on %s.", f"{len(gpus)} GPU" if gpus else f"{threads} processor{'s' * (threads > 1)}")
    return Device(gpu=bool(gpus), workers=1 if gpus else threads)
