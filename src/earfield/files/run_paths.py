"""Name of a run, from the paths of its files."""

import os
from pathlib import Path


def run_name(path: str | os.PathLike[str]) -> str:
    """Return "model (protocol, seed N)" for a path that ends in `<protocol>/<seed>/<model>/<file>`."""
    protocol, seed, model = Path(path).absolute().parts[-4:-1]
    return f"{model} ({protocol}, seed {seed})"
