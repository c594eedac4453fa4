"""Segments per second of the paper's network the plain Keras way: ReLU in the convolution, train_on_batch."""

import time

import keras
import numpy as np

BATCH, STEPS = 150, 8


def network() -> keras.Model:
    """Build the network as the Keras guide would."""
    layers, l2 = keras.layers, keras.regularizers.L2
    model = keras.Sequential(
        [
            keras.Input((256, 64, 1)),
            layers.Conv2D(64, (3, 3), activation="relu", kernel_regularizer=l2(0.01)),
            layers.MaxPooling2D((4, 2)),
            layers.Conv2D(64, (5, 3), activation="relu", kernel_regularizer=l2(0.01)),
            layers.MaxPooling2D((4, 2)),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(32, activation="relu", kernel_regularizer=l2(0.02)),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Train on one batch in memory and print segments per second."""
    model = network()
    generator = np.random.default_rng(0)
    x = generator.gamma(0.3, 1.0, (BATCH, 256, 64, 1)).astype(np.float32)
    y = generator.integers(0, 10, BATCH)
    model.train_on_batch(x, y)
    started = time.perf_counter()
    for _ in range(STEPS):
        model.train_on_batch(x, y)
    print(BATCH * STEPS / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
