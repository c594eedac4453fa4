"""Where the files of a run are."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
STAGES = {
    "model.keras": "train",
    "history.csv": "train",
    "environment.json": "train",
    "predictions.csv": "evaluate",
    "metrics.json": "evaluate",
    "excerpts.csv": "evaluate",
    "MODEL_CARD.md": "evaluate",
    "dump": "activations",
    "gradient.npz": "activations",
    "filters.npz": "filters",
    "filters.csv": "filters",
    "gradients.csv": "filters",
}


def run_file(name: str, *, dataset: str = "demo", run: str = "stratified/1/cnn") -> str:
    """Return the path of a file of a run."""
    return f"results/{dataset}/{STAGES[name.split('/')[0]]}/{run}/{name}"
