"""The optimisers that the paper's text and code name, and today's usual one, on the same splits.

    python -m benchmarks.optimizers DATASET --seeds 1 2 3 --epochs 20

Needs the mel shards and splits of the dataset. Looks at validation tracks only, though those of one seed are test
tracks of others. Writes benchmarks/measured/optimizers.csv, one row for each optimiser, seed and epoch.
"""

import argparse
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from earfield.configuration.settings import ModelSettings
from earfield.files.tables import write_csv
from earfield.mel.shards import MelShards
from earfield.network.device import configure
from earfield.train.training import TrainingFiles, train_network

CANDIDATES = {
    "Adam 0.001": {"name": "adam", "learning_rate": 1e-3},
    "Adadelta 1.0 (the author's code)": {"name": "adadelta", "learning_rate": 1.0},
    "SGD 0.01, momentum 0.9 (the paper says SGD)": {"name": "sgd", "learning_rate": 1e-2, "momentum": 0.9},
}
MEASURED = Path(__file__).parent / "measured" / "optimizers.csv"


def main() -> None:
    """Train each candidate on each split for the same number of epochs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    config = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
    mel = Path("data", arguments.dataset, "mel")
    device = configure(2)
    rows = []
    for seed in arguments.seeds:
        for name, optimizer in CANDIDATES.items():
            changes = {"optimizer": optimizer, "max_epochs": arguments.epochs, "patience": arguments.epochs}
            train = config["train"] | changes
            settings = config | {"front_end": config["mel"], "train": train, "tags": False}
            with tempfile.TemporaryDirectory() as folder:
                history = train_network(
                    MelShards(sorted(mel.glob("*.npy")), sorted(mel.glob("*.csv"))),
                    f"data/{arguments.dataset}/splits/stratified/{seed}.csv",
                    ModelSettings.parse(settings),
                    files=TrainingFiles(
                        model=f"{folder}/model.keras",
                        history=f"{folder}/history.csv",
                        checkpoint=f"{folder}/checkpoint.npz",
                        curves=folder,
                    ),
                    device=device,
                    seed=seed,
                )
            rows.append(history.assign(optimizer=name, seed=seed))
            write_csv(pd.concat(rows), MEASURED)
    table = pd.concat(rows)
    best = table.groupby(["optimizer", "seed"]).agg(
        validation_accuracy=("validation_accuracy", "max"), validation_loss=("validation_loss", "min")
    )
    print(best.groupby("optimizer").mean().round(3).to_string())


if __name__ == "__main__":
    main()
