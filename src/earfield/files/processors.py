"""Number of processors of a job."""

import os


def processors() -> int:
    """Return the number of threads that Snakemake gave this job; without Snakemake, the number of processors."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
