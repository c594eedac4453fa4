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
from earfield.mel.front_end import CONVENTIONS
from earfield.network.architecture import build_network, save_network


def main() -> None:
    """Write shards of noise and dump the paper's layer."""
    device = configure(2)
    folder, positions = Path(sys.argv[1]), sys.argv[2]
    index = write_noise(folder, tracks=300)
    index.assign(subset="train")[["track", "label", "subset"]].to_csv(folder / "split.csv", index=False)

    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    front_end = {key: value for key, value in config["mel"].items() if key != "shards"}
    model = build_network(frames=256, n_mels=64, n_labels=10, seed=1, **config["network"])
    save_network(model, folder / "model.keras", labels=list("abcdefghij"), front_end=front_end | CONVENTIONS)
    started = time.perf_counter()
    facts = dump_activations(
        model_path=str(folder / "model.keras"),
        frames_paths=[str(folder / "a.npy")],
        index_paths=[str(folder / "a.csv")],
        split=str(folder / "split.csv"),
        folder=folder / "activations",
        partial=folder / "partial",
        device=device,
        front_end=front_end,
        layer="pool2",
        positions=positions,
        overlap=0.1,
    )
    print(facts.rows / (time.perf_counter() - started))


if __name__ == "__main__":
    main()
