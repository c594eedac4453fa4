"""Differences between the filters of a trained network and those of its null models, with 95% intervals."""

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earfield.configuration.null_models import NULL_KERNELS
from earfield.errors import DatasetError
from earfield.files.tables import read_text_csv, write_csv
from earfield.filters.auditory import reference_bank
from earfield.filters.strf import MEASURES, measure_strfs, window_limits
from earfield.statistics.bootstrap import UNIT_DRAWS, Difference, Statistic, compare, distance_to, mean, median

_FITS = ("r2_held_out", "gradient_correlation")  # of a fit, which a kernel null does not have
_SHAPES = ("separability", "inseparability", "gabor_r2", "direction_strength")
_MODULATIONS = ("rate", "scale")  # [octaves]
_DISTANCES_OF_SEED = 200


@dataclass(frozen=True)
class _Measure:
    """One number of each unit, or the whole population's distance from a stage; and how populations compare by it."""

    name: str
    columns: tuple[str, ...]
    kind: str
    statistic: Statistic

    @property
    def is_distance(self) -> bool:
        return self.name.startswith("distance_")


def write_resemblance(
    *,
    filters_csvs: Sequence[str | os.PathLike[str]],
    gradients_csvs: Sequence[str | os.PathLike[str]],
    filters_npz: str | os.PathLike[str],
    stages_path: str | os.PathLike[str],
    csv_path: str | os.PathLike[str],
    units_path: str | os.PathLike[str],
    trained: str,
    nulls: Sequence[str],
) -> None:
    """Compare a trained network's filters with those of its nulls, by every measure and by distance from the ear's.

    Rates and scales are compared by their medians, in octaves. Of a modulation of less than half a cycle in the
    window, zero among them, nothing can be said but that: it counts as half a cycle. `distance_<stage>` is the earth
    mover's distance [octaves] of a network's units, by rate and scale, from as many kernels of the stage that were
    measured through the same window. Between few units it is larger than between many, so both sides have equally
    many, and the difference between them comes out too small, if anything.

    Parameters
    ----------
    filters_csvs, gradients_csvs : sequence of path-like
        Paths that end in `<protocol>/<seed>/<model>/filters.csv`, and `gradients.csv`: the measures of each unit's
        exact mean gradient, which no estimate stands between.
    filters_npz : path-like
        Filters of any of these networks, for the axes that all share.
    stages_path : path-like
        The stages of the auditory system, for `reference_bank`.
    csv_path : path-like
        Table to write, one row for each protocol, estimate (lasso or gradient), measure and null: `protocol, estimate,
        measure, null, statistic` (what `trained` and `null_value` are), `trained, null_value, difference, ci_low,
        ci_high` (95%; of `compare`), `finding`, `seeds, units, null_units, over` (what was drawn), `draws` (of the
        units of each seed) and the limits of the window: `window_octaves, window_ms, lowest_rate_hz, lowest_scale_cpo`.
        A pair of which a side has no unit keeps its row, with empty numbers and a count of 0.
    units_path : path-like
        Table to write, one row for each fitted unit, by estimate, and each kernel of a stage: `protocol, seed, model,
        estimate, unit` (for a stage, its name is the model; protocol, seed and estimate are empty), `r2_held_out,
        gradient_correlation`, the measures, and the limits of the window.
    trained : str
        The network.
    nulls : sequence of str
        What it is compared with. The kernel nulls of `earfield.configuration.null_models.NULL_KERNELS` are compared
        unit by unit.

    Raises
    ------
    DatasetError
        If a table lacks a column.
    """
    with np.load(filters_npz) as archive:
        axes = {"band_hz": archive["band_hz"], "frame_seconds": float(archive["frame_seconds"])}
        n_frames = archive["filters"].shape[2]
    limits = window_limits(n_frames=n_frames, **axes)
    window = limits.as_columns()
    kernels, stages = reference_bank(stages_path, n_frames=n_frames, **axes)
    reference = measure_strfs(kernels, **axes).assign(protocol="", seed="", estimate="", model=stages.stage.to_numpy())
    reference["unit"] = reference.groupby("model").cumcount()
    paths = [("lasso", path) for path in filters_csvs] + [("gradient", path) for path in gradients_csvs]
    runs = {(estimate, *Path(path).parts[-4:-1]): path for estimate, path in paths}
    protocols = sorted({protocol for _, protocol, _, _ in runs})
    fitted = pd.concat([_fitted_units(path, *run) for run, path in runs.items()])
    units = pd.concat([fitted, reference.dropna(subset=["rate_hz", "scale_cpo"])], ignore_index=True)
    columns = ["protocol", "seed", "model", "estimate", "unit", *_FITS, *MEASURES]
    write_csv(units[columns].round(6).assign(**window), units_path)

    units["direction_strength"] = units.direction.abs()
    units["rate"] = _octaves(units.rate_hz, lowest=limits.lowest_rate_hz)
    units["scale"] = _octaves(units.scale_cpo, lowest=limits.lowest_scale_cpo)
    measures = _measures(units[units.protocol == ""])
    rows = []
    for protocol, estimate in itertools.product(protocols, dict.fromkeys(estimate for estimate, _ in paths)):
        own = units[(units.protocol == protocol) & (units.estimate == estimate)]
        for measure, null in itertools.product(measures, nulls):
            # Only filters of networks were fitted to anything, and only of filters are kernel nulls made.
            if (estimate == "gradient") + (null in NULL_KERNELS) + (measure.name in _FITS) > 1:
                continue
            name = {"protocol": protocol, "estimate": estimate, "measure": measure.name, "null": null}
            found = _comparison(own, measure, trained=trained, null=null)
            rows.append(name | {"statistic": measure.kind} | found | window)
    write_csv(pd.DataFrame(rows).round(6), csv_path)


def _fitted_units(path: str | os.PathLike[str], estimate: str, protocol: str, seed: str, model: str) -> pd.DataFrame:
    """Read the measures of the fitted units of one run."""
    table = read_text_csv(path)
    missing = [column for column in ("unit", "status", *_FITS, *MEASURES) if column not in table]
    if missing:
        raise DatasetError(f"{path} lacks the column '{missing[0]}'; delete the file and run again.")
    fitted = table[table.status == "fitted"]
    numbers = fitted[[*_FITS, *MEASURES]].apply(pd.to_numeric).astype(float)  # an empty cell is no number
    return numbers.assign(protocol=protocol, seed=seed, model=model, estimate=estimate, unit=fitted.unit)


def _octaves(modulation: pd.Series, *, lowest: float) -> pd.Series:
    """Return rates or scales in octaves, of half a cycle in the window or more; all 0 in a window without a limit."""
    # Less than half a cycle in the window cannot be told from a constant; a window of one band has no scale.
    return np.log2(modulation.clip(lower=lowest / 2)) if np.isfinite(lowest) else modulation * 0.0


def _measures(references: pd.DataFrame) -> list[_Measure]:
    """Return all that networks are compared by, given the kernels of the stages."""
    means = [_Measure(name, (name,), "mean", mean) for name in (*_SHAPES, *_FITS)]
    medians = [
        _Measure(name, (column,), "median, difference in octaves", median)
        for name, column in zip(("rate_hz", "scale_cpo"), _MODULATIONS, strict=True)
    ]
    distances = [
        _Measure(f"distance_{stage}", _MODULATIONS, "earth mover's distance in octaves", distance_to(bank.to_numpy()))
        for stage, bank in references.groupby("model", sort=False)[list(_MODULATIONS)]
    ]
    return [*means, *medians, *distances]


def _comparison(units: pd.DataFrame, measure: _Measure, *, trained: str, null: str) -> dict[str, Any]:
    """Return the numbers of one row."""
    columns, paired = list(measure.columns), null in NULL_KERNELS
    measured = units.dropna(subset=columns).set_index("unit")
    populations = []
    for _, of_seed in measured.groupby("seed"):
        one, other = (of_seed.loc[of_seed.model == model, columns] for model in (trained, null))
        if paired:
            one, other = one.align(other, join="inner", axis=0)
        populations.append((one.to_numpy(), other.to_numpy()))
    draws = UNIT_DRAWS
    if measure.is_distance:  # its draws cost a transport each, so fewer of each seed where there are many seeds
        draws = max(_DISTANCES_OF_SEED, UNIT_DRAWS // max(1, len(populations)))
    found = compare(
        populations, statistic=measure.statistic, paired=paired, equal_sizes=measure.is_distance, unit_draws=draws
    )
    back = np.exp2 if measure.columns in (("rate",), ("scale",)) else float
    return {
        "trained": back(found.trained),
        "null_value": back(found.null),
        "difference": found.difference,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "finding": _finding(found, nearness=measure.is_distance),
        "seeds": found.seeds,
        "units": found.units,
        "null_units": found.null_units,
        "over": ("", "units", "seeds and units")[min(found.seeds, 2)],
        "draws": draws,
    }


def _finding(found: Difference, *, nearness: bool) -> str:
    """Return the finding of an interval in words."""
    if not found.seeds:
        return "no units"
    if np.isnan(found.ci_low):
        return "too few units"
    if found.ci_low > 0:
        return "farther than null" if nearness else "above null"
    if found.ci_high < 0:
        return "nearer than null" if nearness else "below null"
    return "not distinguished"
