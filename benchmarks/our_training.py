"""Segments per second of our training, from shards on disk through to the optimiser's update.

    python -m benchmarks.our_training FOLDER

Prints segments per second, and the fraction of the time that was spent waiting for data.
"""

import sys
import time
from pathlib import Path

import numpy as np
import yaml

from benchmarks.project import write_noise
from earfield.network.device import configure

# isort: split
from earfield.configuration.settings import NetworkSettings, TrainSettings
from earfield.mel.shards import MelShards
from earfield.network.architecture import build_network
from earfield.train.segments import plan_epoch, training_batches
from earfield.train.trainer import Trainer

STEPS = 8


class NoBar:
    """Stands where the progress bar stands; the bar is not what is measured."""

    def update(self, n: int) -> None:
        """Take note of nothing."""


def main() -> None:
    """Write shards of noise as large as 200 tracks, train on them, print segments per second."""
    device = configure(2)
    folder = Path(sys.argv[1])
    index = write_noise(folder, tracks=200)

    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    train = TrainSettings.parse(config["train"])
    network = NetworkSettings.parse(config["network"])
    model = build_network(network, frames=256, n_mels=64, n_labels=10, seed=1)
    trainer = Trainer(model, train, device=device, seed=1, overlap=0.5)
    shards = MelShards([folder / "a.npy"], [folder / "a.csv"])

    def epoch(number: int, steps: int) -> None:
        lengths = index.frames.to_numpy()
        options = {"batch_size": train.batch_size, "segments_per_track": 20, "seed": 1, "epoch": number}
        tracks, starts = plan_epoch(lengths, frames=256, **options)
        plan = tracks[:steps], starts[:steps]
        labels = np.arange(len(index)) % 10
        batches = training_batches(shards, index.track.tolist(), labels, plan, frames=256)
        trainer.run_epoch(batches, number, n_batches=steps, bar=NoBar())

    epoch(0, 1)
    trainer.waiting = 0.0
    started = time.perf_counter()
    epoch(1, STEPS)
    spent = time.perf_counter() - started
    print(STEPS * train.batch_size / spent, trainer.waiting / spent)


if __name__ == "__main__":
    main()
