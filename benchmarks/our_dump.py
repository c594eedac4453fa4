"""Segments per second of a dump, from loading the network and shards on disk to chunks on disk.

    python -m benchmarks.our_dump FOLDER POSITIONS

Prints one number.
"""

import sys
import time
from pathlib import Path

import yaml

from benchmarks.project import write_noise
from earfield.network.device import configure

# isort: split
from earfield.activations.dump import dump_activations
from earfield.configuration.settings import ActivationSettings, MelSettings, NetworkSettings
from earfield.mel.front_end import CONVENTIONS
from earfield.mel.shards import MelShards
from earfield.network.architecture import build_network, save_network


def main() -> None:
    """Write shards of noise and dump the paper's layer."""
    device = configure(2)
    folder, positions = Path(sys.argv[1]), sys.argv[2]
    index = write_noise(folder, tracks=300)
    index.assign(subset="train")[["track", "label", "subset"]].to_csv(folder / "split.csv", index=False)

    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    front_end = MelSettings.parse(config["mel"])
    network = NetworkSettings.parse(config["network"])
    model = build_network(network, frames=256, n_mels=64, n_labels=10, seed=1)
    facts = front_end.as_dict() | CONVENTIONS
    save_network(model, folder / "model.keras", labels=list("abcdefghij"), front_end=facts)
    started = time.perf_counter()
    dumped = dump_activations(
        MelShards([folder / "a.npy"], [folder / "a.csv"]),
        folder / "model.keras",
        folder / "split.csv",
        folder=folder / "activations",
        partial=folder / "partial",
        device=device,
        front_end=front_end,
        settings=ActivationSettings(layer="pool2", positions=positions, overlap=0.1),
    )
    print(dumped.rows / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
