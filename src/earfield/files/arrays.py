"""Arrays in `.npz` files."""

import os
from typing import Any

import numpy as np

from earfield.files.atomic import write_aside


def read_arrays(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read all arrays of a file."""
    with np.load(path) as archive:
        return dict(archive)


def write_arrays(path: str | os.PathLike[str], **arrays: Any) -> None:
    """Write arrays by `write_aside`."""
    with write_aside(path) as aside:
        np.savez(aside, **arrays)
