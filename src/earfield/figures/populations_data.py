"""What figure 6 shows: the measured units of one protocol and the kernels of the stages, in the order of drawing."""

import os
from collections.abc import Sequence

import pandas as pd

from earfield.errors import DatasetError
from earfield.tables import read_text_csv, write_csv

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
        `.csv` to write: `role` (trained, null model or stage), `model, seed, unit`, the measures of `PANELS` (the last
        is the size of `direction`), and the limits of the window. A model without fitted units keeps one row, without
        a unit.
    protocol : str
        The protocol to show.
    trained : str
        The trained network, which is drawn first.
    nulls : sequence of str
        What it is shown against, in this order.

    Raises
    ------
    DatasetError
        If the table has no row.
    """
    table = read_text_csv(units)
    if table.empty:
        raise DatasetError(f"{units} holds no unit; no figure can be drawn.")
    table["direction_strength"] = pd.to_numeric(table.direction).abs()
    stages = table[table.protocol == ""]
    shown = [(trained, "trained"), *((null, "null model") for null in nulls)]
    networks = table[table.protocol == protocol]
    parts = [networks[networks.model == model].assign(role=role) for model, role in shown]
    empty = [
        pd.DataFrame({"role": [role], "model": [model]} | {name: [table[name].iloc[0]] for name in _LIMITS})
        for (model, role), part in zip(shown, parts, strict=True)
        if part.empty
    ]
    columns = ["role", "model", "seed", "unit", *PANELS, *_LIMITS]
    whole = pd.concat([*parts, stages.assign(role="stage"), *empty])[columns]
    order = [model for model, _ in shown] + list(dict.fromkeys(stages.model))
    write_csv(whole.sort_values("model", key=lambda names: names.map(order.index), kind="stable"), path)
