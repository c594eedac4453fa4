"""Data of figure 6: the measured units of one protocol and the kernels of the stages, in the order of drawing."""

import os
from collections.abc import Sequence

import pandas as pd

from earfield.errors import DatasetError
from earfield.files.tables import read_text_csv, write_csv

PANELS = ("separability", "gabor_r2", "rate_hz", "scale_cpo", "direction_strength")
_LIMITS = ("window_octaves", "window_ms", "lowest_rate_hz", "lowest_scale_cpo")


def write_populations_data(
    *,
    units: str | os.PathLike[str],
    path: str | os.PathLike[str],
    protocol: str,
    trained: str,
    nulls: Sequence[str],
) -> None:
    """Write the data of figure 6.

    Parameters
    ----------
    units : path-like
        Table of units, from `write_resemblance`.
    path : path-like
        `.csv` to write: `role` (trained, null model, gradient or stage), `population` (the model, with its estimate
        where that is the exact gradient), `seed, unit`, the measures of `PANELS` (the last
        is the size of `direction`), and the limits of the window. A model without fitted units keeps one row, without
        a unit.
    protocol : str
        The protocol to show.
    trained : str
        The trained network, which is drawn first.
    nulls : sequence of str
        Null models and null kernels to compare with, in this order.

    Raises
    ------
    DatasetError
        If the table has no row.
    """
    table = read_text_csv(units)
    if table.empty:
        raise DatasetError(f"{units} holds no unit; no figure can be drawn.")
    table["direction_strength"] = pd.to_numeric(table.direction).abs()
    own = table[table.protocol.isin([protocol, ""])]
    shown = [(trained, "trained", "lasso"), *((null, "null model", "lasso") for null in nulls)]
    gradients = own[own.estimate == "gradient"].model
    shown += [(model, "gradient", "gradient") for model in [trained, *nulls] if (gradients == model).any()]
    shown += [(stage, "stage", "") for stage in dict.fromkeys(own.model[own.protocol == ""])]
    parts = []
    for model, role, estimate in shown:
        part = own[(own.model == model) & (own.estimate == estimate)]
        if part.empty:
            part = pd.DataFrame({name: [table[name].iloc[0]] for name in _LIMITS})
        parts.append(part.assign(role=role, population=f"{model}, gradient" if role == "gradient" else model))
    columns = ["role", "population", "seed", "unit", *PANELS, *_LIMITS]
    write_csv(pd.concat(parts)[columns], path)
