"""Segments per second of a plain Keras Conv1D: forward, gradients of kernel, bias and input, and the update.

python -m benchmarks.plain_conv1d FRAMES CHANNELS BASES LENGTH BATCH
"""

import sys
import time

import keras
import numpy as np
import tensorflow as tf

STEPS = 30


def main() -> None:
    """Train on one batch in memory and print segments per second."""
    frames, channels, bases, length, batch = map(int, sys.argv[1:])
    model = keras.Sequential([keras.Input((frames, channels)), keras.layers.Conv1D(bases, length)])
    optimizer = keras.optimizers.SGD(1e-6)

    @tf.function
    def step(x: tf.Tensor, upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(model(x) * upstream)
        *gradients, of_input = tape.gradient(loss, [*model.trainable_variables, x])
        optimizer.apply(gradients, model.trainable_variables)
        return loss, of_input

    generator = np.random.default_rng(0)
    x = tf.constant(generator.standard_normal((batch, frames, channels)), tf.float32)
    upstream = tf.constant(generator.standard_normal((batch, frames - length + 1, bases)), tf.float32)
    step(x, upstream)
    started = time.perf_counter()
    for _ in range(STEPS):
        step(x, upstream)[0].numpy()
    print(batch * STEPS / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
