"""Print the table of measurements and write it to benchmarks/measured/bench.csv.

    python -m benchmarks [--songs FOLDER] [NAME ...]

FOLDER holds real songs as <label>/<file>; without it, the demo's are made. Names, such as cdbn, choose measurements;
the rows of others stay as they are in the file. Each row says what was asked, what was measured, and between which
bounds it moved from one repetition to the next.
"""

import argparse
import os
import tempfile
from pathlib import Path

import pandas as pd

from benchmarks.cdbn import measure_cdbn
from benchmarks.duplicates import measure_duplicates
from benchmarks.evidence_tables import measure_evidence_tables
from benchmarks.features import measure_features, measure_tzanetakis
from benchmarks.filters import measure_filters
from benchmarks.mel import measure_mel
from benchmarks.project import processor
from benchmarks.training import measure_training
from benchmarks.versions import measure_versions
from benchmarks.workflow import measure_workflow
from earfield.files.tables import write_csv

MEASURED = Path(__file__).parent / "measured" / "bench.csv"
COLUMNS = ["measurement", "asked", "measured", "lowest", "highest", "repetitions"]
MEASUREMENTS = (
    measure_training,
    measure_cdbn,
    measure_mel,
    measure_features,
    measure_tzanetakis,
    measure_filters,
    measure_duplicates,
    measure_evidence_tables,
    measure_workflow,
    measure_versions,
)
_NAMES = {measure.__name__.removeprefix("measure_"): measure for measure in MEASUREMENTS}


def main() -> None:
    """Run all measurements, one after the other, on a machine that should have nothing else to do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=Path, help="folder of songs, as <label>/<file>")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*_NAMES, []], help=", ".join(_NAMES))
    arguments = parser.parse_args()
    songs, chosen = arguments.songs, arguments.names or list(_NAMES)
    if hasattr(os, "sched_setaffinity"):  # both sides of a ratio get two processors, also where there are more
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    table = pd.read_csv(MEASURED, keep_default_na=False)
    with tempfile.TemporaryDirectory(prefix="earfield-bench-") as folder:
        for name in chosen:
            measured = _NAMES[name](Path(folder, name), songs)
            new = pd.DataFrame(measured, columns=COLUMNS).assign(processor=processor(), of=name)
            table = pd.concat([table[table.of != name], new])
            table = table.sort_values("of", key=lambda of: of.map(list(_NAMES).index), kind="stable")
            write_csv(table, MEASURED)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
