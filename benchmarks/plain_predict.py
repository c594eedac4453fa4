"""Segments per second of Keras' own `predict` of the paper's layer, on data already in memory.

    python -m benchmarks.plain_predict

Prints one number.
"""

import time
from pathlib import Path

import keras
import numpy as np
import yaml

from earfield.configuration.settings import NetworkSettings
from earfield.network.architecture import build_network

SEGMENTS = 1500


def main() -> None:
    """Predict noise, after a first call that compiles."""
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    network = NetworkSettings.parse(config["network"])
    model = build_network(network, frames=256, n_mels=64, n_labels=10, seed=1)
    part = keras.Model(model.inputs, model.get_layer("pool2").output)
    segments = np.random.default_rng(0).gamma(0.3, 1.0, (SEGMENTS, 256, 64)).astype(np.float32)
    part.predict(segments[:64], verbose=0)
    started = time.perf_counter()
    part.predict(segments, verbose=0)
    print(SEGMENTS / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
