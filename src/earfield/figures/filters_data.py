"""Data of figure 3: the filters that were fitted to the units of a layer, the best first."""

import os
from collections.abc import Mapping

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.arrays import write_arrays
from earfield.files.tables import read_text_csv

MOST_PANELS = 64  # a page of 8 x 8; every unit of the paper's second layer


def write_filters_data(
    *,
    filters_npz: str | os.PathLike[str],
    filters_csv: str | os.PathLike[str],
    path: str | os.PathLike[str],
    run: Mapping[str, str | int],
) -> None:
    """Write the data of figure 3.

    Parameters
    ----------
    filters_npz : path-like
        `filters`, `band_hz`, `frame_seconds` and `layer` of one run.
    filters_csv : path-like
        `unit`, `status` and `r2_held_out` of the same run.
    path : path-like
        `.npz` to write: `filters` (shown, bands, frames), `units` and `r2_held_out` (shown), ordered by held-out R²
        from the best down; `statuses` and `counts`, how many units have each status, fitted first; `band_hz` [Hz],
        `frame_seconds`, `layer`, `dataset`, `protocol`, `seed`, `model`.
    run : mapping
        `dataset`, `protocol`, `seed` and `model`.

    Raises
    ------
    DatasetError
        If the two files are not of the same run.
    """
    table = read_text_csv(filters_csv)
    table["r2_held_out"] = pd.to_numeric(table.r2_held_out)
    with np.load(filters_npz) as archive:
        filters = archive["filters"]
        window = {key: archive[key] for key in ("band_hz", "frame_seconds", "layer")}
    if sorted(table.unit) != list(range(len(filters))):
        raise DatasetError(
            f"{filters_csv} has {len(table)} units and {filters_npz} {len(filters)} filters; "
            f"delete both files and run again."
        )
    fitted = table[table.status == "fitted"].sort_values(
        ["r2_held_out", "unit"], ascending=[False, True], na_position="last"
    )
    shown = fitted.head(MOST_PANELS)
    counts = table.status.value_counts().sort_index()
    order = sorted(counts.index, key=lambda status: status != "fitted")
    write_arrays(
        path,
        filters=filters[shown.unit.to_numpy(dtype=int)],
        units=shown.unit.to_numpy(dtype=int),
        r2_held_out=shown.r2_held_out.to_numpy(dtype=float),
        statuses=np.array(order, dtype=str),
        counts=counts[order].to_numpy(dtype=int),
        **{key: str(run[key]) for key in run},
        **window,
    )
