"""The paper's network in plain Keras 3, for any backend, and its arithmetic counted from its layers."""

import math
from typing import Any

import numpy as np

# `network` of config.yaml; kernels and pools as [mel bands, frames]
NETWORK: dict[str, Any] = {
    "conv": [
        {"filters": 64, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01},
        {"filters": 64, "kernel": [3, 5], "pool": [2, 4], "l2": 0.01},
    ],
    "dense": {"units": 32, "l2": 0.02},
    "dropout": 0.2,
}
FRAMES, N_MELS, N_LABELS = 256, 64, 10
LEARNING_RATE = 1e-3


def map_shapes() -> list[tuple[int, int]]:
    """Return (frames, mel bands) of the input and of the map after each pool."""
    shapes = [(FRAMES, N_MELS)]
    for block in NETWORK["conv"]:
        sizes = zip(shapes[-1], block["kernel"][::-1], block["pool"][::-1], strict=True)
        shapes.append(tuple((n - kernel + 1) // pool for n, kernel, pool in sizes))
    return shapes


def used_extents() -> list[tuple[int, int]]:
    """Return how much of each convolution's input reaches the output, as (frames, mel bands)."""
    needed, used = map_shapes()[-1], []
    for block in reversed(NETWORK["conv"]):
        sizes = zip(needed, block["kernel"][::-1], block["pool"][::-1], strict=True)
        needed = tuple(n * pool + kernel - 1 for n, kernel, pool in sizes)
        used.insert(0, needed)
    return used


def layer_products() -> list[tuple[int, int]]:
    """Return the weights and the multiplications per segment of each layer, biases apart."""
    layers, channels = [], 1
    for (frames, bands), block in zip(map_shapes(), NETWORK["conv"], strict=False):
        rows, columns = block["kernel"][::-1]
        weights = rows * columns * channels * block["filters"]
        layers.append((weights, weights * (frames - rows + 1) * (bands - columns + 1)))
        channels = block["filters"]
    inputs = math.prod(map_shapes()[-1]) * channels
    for units in (NETWORK["dense"]["units"], N_LABELS):
        layers.append((inputs * units, inputs * units))
        inputs = units
    return layers


def count_parameters() -> int:
    """Count weights and biases of the network."""
    biases = sum(block["filters"] for block in NETWORK["conv"]) + NETWORK["dense"]["units"] + N_LABELS
    return sum(weights for weights, _ in layer_products()) + biases


def training_flop() -> int:
    """Count floating-point operations of a training step per segment.

    Two for each multiplication of the forward pass, of the gradient by the weights, and of the gradient by the input,
    which the first layer does without.
    """
    products = [n for _, n in layer_products()]
    return 2 * (3 * sum(products) - products[0])


def initial_weights() -> list[np.ndarray]:
    """Draw Glorot-uniform weights, equal under every backend, in Keras' order."""
    generator, weights, channels = np.random.default_rng(1), [], 1
    shapes: list[tuple[int, ...]] = []
    for block in NETWORK["conv"]:
        shapes.append((*block["kernel"][::-1], channels, block["filters"]))
        channels = block["filters"]
    units = NETWORK["dense"]["units"]
    shapes += [(math.prod(map_shapes()[-1]) * channels, units), (units, N_LABELS)]
    for shape in shapes:
        field = math.prod(shape[:-2])
        limit = math.sqrt(6 / (field * (shape[-2] + shape[-1])))
        weights += [generator.uniform(-limit, limit, shape).astype(np.float32), np.zeros(shape[-1], np.float32)]
    return weights


def build_network(mel: Any = None) -> Any:
    """Build the paper's network, compiled with Adam.

    Parameters
    ----------
    mel : tensor [shape=(n_frames, N_MELS)] or None
        All tracks, for a network whose input is the row of each segment's first frame; None for one whose input is
        the segments themselves.

    Returns
    -------
    keras.Model
    """
    import keras
    from keras import layers

    class Segments(layers.Layer):
        """Segments of the tracks, which are a weight that is not trained."""

        def build(self, shape: Any) -> None:
            self.mel = self.add_weight(shape=mel.shape, initializer=lambda *_, **__: mel, trainable=False)

        def call(self, first: Any) -> Any:
            return gather(self.mel, first)

        def compute_output_shape(self, shape: Any) -> Any:
            return (*shape, FRAMES, N_MELS)

    if mel is None:
        given = y = keras.Input((FRAMES, N_MELS), name="log_mel")
    else:
        given = keras.Input((), dtype="int32", name="first")
        y = Segments(dtype="float32", name="segments")(given)
    y = layers.Reshape((FRAMES, N_MELS, 1), name="channel")(y)
    for number, block in enumerate(NETWORK["conv"], start=1):
        y = layers.Conv2D(
            block["filters"],
            block["kernel"][::-1],
            activation="relu",
            kernel_regularizer=keras.regularizers.L2(block["l2"]),
            name=f"conv{number}",
        )(y)
        y = layers.MaxPooling2D(block["pool"][::-1], name=f"pool{number}")(y)
    y = layers.Dropout(NETWORK["dropout"], name="dropout1")(layers.Flatten()(y))
    l2 = keras.regularizers.L2(NETWORK["dense"]["l2"])
    y = layers.Dense(NETWORK["dense"]["units"], activation="relu", kernel_regularizer=l2, name="dense")(y)
    y = layers.Dropout(NETWORK["dropout"], name="dropout2")(y)
    y = layers.Dense(N_LABELS, activation="softmax", dtype="float32", name="output")(y)
    model = keras.Model(given, y)
    for variable, value in zip(model.trainable_variables, initial_weights(), strict=True):
        variable.assign(value)
    loss = "sparse_categorical_crossentropy"
    metric = keras.metrics.SparseCategoricalCrossentropy(name="cross_entropy")
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=[metric])
    return model


def gather(mel: Any, first: Any) -> Any:
    """Copy segments out of all tracks, on the device."""
    from keras import ops

    return ops.take(mel, ops.expand_dims(first, 1) + ops.arange(FRAMES, dtype="int32"), axis=0)


def lean_probabilities(model: Any, x: Any, *, reshaped: bool) -> Any:
    """Compute what the network does in training, with less memory moved.

    Each ReLU comes after its max pool, where there is an eighth of the values (both are monotone), and no convolution
    is computed where the pool drops the result.

    Parameters
    ----------
    model : keras.Model
        Of `build_network`.
    x : tensor [shape=(batch, FRAMES, N_MELS)]
        Segments.
    reshaped : bool
        Whether a pool is a maximum over a reshaped map instead of the library's operation.
    """
    from keras import ops

    h = x[..., None]
    for number, ((frames, bands), block) in enumerate(zip(used_extents(), NETWORK["conv"], strict=True), start=1):
        layer, (rows, columns) = model.get_layer(f"conv{number}"), block["pool"][::-1]
        h = ops.cast(h[:, :frames, :bands], layer.compute_dtype)
        h = ops.conv(h, ops.cast(layer.kernel, layer.compute_dtype), padding="valid", data_format="channels_last")
        if reshaped:
            _, frames, bands, channels = h.shape
            h = ops.max(ops.reshape(h, (-1, frames // rows, rows, bands // columns, columns, channels)), axis=(2, 4))
        else:
            h = ops.max_pool(h, (rows, columns), (rows, columns), data_format="channels_last")
        h = ops.relu(h + ops.cast(layer.bias, layer.compute_dtype))
    h = ops.reshape(h, (-1, math.prod(h.shape[1:])))
    for name in ("dropout1", "dense", "dropout2", "output"):
        h = model.get_layer(name)(h, **({"training": True} if name.startswith("dropout") else {}))
    return h
