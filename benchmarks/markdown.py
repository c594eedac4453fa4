"""What the tables of the documentation share: their sources and how they are written."""

from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "benchmarks" / "measured"
DATASETS = {"real_tracks": "130 GTZAN tracks", "demo": "demo"}


def markdown(table: pd.DataFrame) -> str:
    """Write a table of texts as Markdown."""
    lines = [list(table), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
