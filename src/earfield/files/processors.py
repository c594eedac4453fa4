"""Number of processors that this process may use."""

import os


def processors() -> int:
    """Return how many processors this job may use: as many as Snakemake gave it, without Snakemake all."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
