"""Segments per second of a layer's training by contrastive divergence: two passes, two samples, and the update.

    python -m benchmarks.our_crbm FRAMES CHANNELS BASES LENGTH BATCH

The first layer's visible units are Gaussian, others' not, as the number of channels tells. Prints too what fraction of
the hidden units was on: the fewer, the faster.
"""

import sys
import time

import numpy as np
import yaml
from threadpoolctl import threadpool_limits

from earfield.network.device import configure

# isort: split
from earfield.models.cdbn.contrastive_divergence import Learner
from earfield.models.cdbn.crbm import new_crbm
from earfield.models.cdbn.network import LEARNING

STEPS = 30


def main() -> None:
    """Train on one batch in memory and print segments per second."""
    frames, channels, bases, length, batch = map(int, sys.argv[1:])
    configure(2)
    with open("config.yaml", encoding="utf-8") as file:
        options = yaml.safe_load(file)["models"]["cdbn"]["options"]
    generator = np.random.default_rng(0)
    gaussian = channels == options["components"]
    x = (
        generator.standard_normal((batch, frames, channels))
        if gaussian
        else generator.random((batch, frames, channels))
    )
    x = x.astype(np.float32)
    shape = {"channels": channels, "bases": bases, "length": length, "pooling": options["pooling"]}
    layer = new_crbm(**shape, gaussian=gaussian, target_sparsity=options["target_sparsity"], seed=[1])
    learning = {name: options[name] for name in ("learning_rate", "target_sparsity")}
    learner = Learner(layer, **learning, **LEARNING, workers=2)
    rows = np.arange(batch)
    with threadpool_limits(1):
        learner.step(lambda rows: x[rows], rows, seed=[0])
        started = time.perf_counter()
        for number in range(STEPS):
            _, on = learner.step(lambda rows: x[rows], rows, seed=[1, number])
        print(batch * STEPS / (time.perf_counter() - started), on)


if __name__ == "__main__":
    main()
