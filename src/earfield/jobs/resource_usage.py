"""What a computation costs: time and memory."""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Iterator

from earfield.files.atomic import write_json


@contextlib.contextmanager
def cost_written(path: str | os.PathLike[str], *, processors: int) -> Iterator[None]:
    """Write what the block costs, when it ends well.

    Parameters
    ----------
    path : path-like
        `.json` to write: `seconds` by the clock, `peak_mb`, the largest resident memory of this process so far, and
        `processors`. A computation that goes on after a kill counts from where it went on.
    processors : int
        How many the block may use.
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
