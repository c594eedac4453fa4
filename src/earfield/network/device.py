"""Compute device: the GPUs that TensorFlow finds, or a number of CPU threads.

Import this module before any other that imports TensorFlow.
"""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # no error messages on a machine without GPU
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

log = logging.getLogger(__name__)


@contextmanager
def _banner_held_back() -> Iterator[None]:
    """Hide the messages of TensorFlow's import unless it fails."""
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
    """Compute device of a network."""

    gpu: bool
    workers: int  # number of micro-batches computed in parallel


def configure(threads: int) -> Device:
    """Configure TensorFlow, once per process and before any operation.

    Parameters
    ----------
    threads : int
        Processors to use without a GPU. Each operation runs on a single one, so that results do not depend on their
        number.
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
