"""Time and memory of a computation."""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Iterator

from earfield.files.atomic import write_json


@contextlib.contextmanager
def cost_written(path: str | os.PathLike[str], *, processors: int) -> Iterator[None]:
    """Write the time and memory that the block used, if it succeeds.

    Parameters
    ----------
    path : path-like
        `.json` to write: `seconds` by the clock, `peak_mb`, the largest resident memory of this process so far, and
        `processors`. A resumed computation counts from its last start.
    processors : int
        Number of processors that the block may use.
    """
    started = time.perf_counter()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    cost = {
        "seconds": round(time.perf_counter() - started, 2),
        "peak_mb": round(peak / 1e6, 1),
        "processors": processors,
    }
    write_json(path, cost)
