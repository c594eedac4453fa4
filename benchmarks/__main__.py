"""Print the table of measurements and write it to benchmarks/measured/bench.csv.

    python -m benchmarks [--songs FOLDER]

FOLDER holds real songs as <label>/<file>; without it, the demo's are made. Each row says what was asked, what was
measured, and between which bounds it moved from one repetition to the next.
"""

import argparse
import os
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.cdbn import measure_cdbn
from benchmarks.evidence_tables import measure_evidence_tables
from benchmarks.features import measure_features, measure_tzanetakis
from benchmarks.filters import measure_filters
from benchmarks.mel import measure_mel
from benchmarks.repeats import measure_repeats
from benchmarks.training import measure_training
from benchmarks.versions import measure_versions
from benchmarks.workflow import measure_workflow
from earfield.tables import write_csv

MEASURED = Path(__file__).parent / "measured" / "bench.csv"
COLUMNS = ["measurement", "asked", "measured", "lowest", "highest", "repetitions"]
MEASUREMENTS = (
    measure_training,
    measure_cdbn,
    measure_mel,
    measure_features,
    measure_tzanetakis,
    measure_filters,
    measure_repeats,
    measure_evidence_tables,
    measure_workflow,
    measure_versions,
)


def main() -> None:
    """Run all measurements, one after the other, on a machine that should have nothing else to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, help="folder of songs, as <label>/<file>")
    songs = parser.parse_args().songs
    if hasattr(os, "sched_setaffinity"):  # both sides of a ratio get two processors, also where there are more
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    rows = []
    with tempfile.TemporaryDirectory(prefix="earfield-bench-") as folder:
        for measure in MEASUREMENTS:
            rows += measure(Path(folder, measure.__name__), songs)
            table = pd.DataFrame(rows, columns=COLUMNS)
            write_csv(table, MEASURED)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
