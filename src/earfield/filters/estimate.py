"""Receptive field of each unit of a dumped layer: Lasso of its activation on the input patch that reaches it."""

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from earfield.activations.store import ActivationDump, DumpFacts
from earfield.configuration.settings import FilterSettings
from earfield.errors import ConfigError, DatasetError
from earfield.files.atomic import write_aside
from earfield.files.run_paths import run_name
from earfield.files.tables import write_csv
from earfield.filters.gram import GramSums
from earfield.filters.lasso import lasso_cv
from earfield.filters.strf import MEASURES, measure_strfs, octave_axis, window_limits
from earfield.log_levels import RESULT
from earfield.mel.log_mel import band_edges
from earfield.mel.shards import MelShards

log = logging.getLogger(__name__)

_FOLD_STREAM = 4  # of random numbers
_BLOCK_VALUES = 4_000_000  # of input in memory at a time
_MEMORY_SHARE = 0.5  # of the machine's, that Gram matrices may take
_FIT_COLUMNS = ["rows", "active", "alpha", "nonzeros", "r2_fit", "r2_cv", "r2_held_out", "gradient_correlation"]


# The sums of products would be rounded otherwise over another number of threads; the Lasso keeps all that there are.
@threadpool_limits.wrap(limits=1, user_api="blas")
def write_filters(
    *,
    dump: str | os.PathLike[str],
    gradient: str | os.PathLike[str],
    frames_paths: Sequence[str],
    index_paths: Sequence[str],
    folder: str | os.PathLike[str],
    seed: int,
    threads: int,
    settings: FilterSettings,
) -> pd.DataFrame:
    """Estimate the filter of every unit of a dump, and measure it.

    Parameters
    ----------
    dump : path-like
        Folder of `earfield.activations.dump.dump_activations`. Positions are pooled: each is a row of its own.
    gradient : path-like
        `.npz` of `earfield.activations.dump.write_gradient`.
    frames_paths, index_paths : sequence of path-like
        The shards, as in `MelShards`.
    folder : path-like
        Folder to write three files to. `filters.npz` holds `filters` and `gradients` float32 [unit, band, frame], in
        units of the activation for each unit of the input, zeros where a unit was not fitted; `intercepts` [unit];
        `constant` bool [band, frame], inputs that never change in the rows for fitting, whose coefficients are 0;
        `band_hz` [band] of the (middle) position; `frame_seconds`; `layer`; `positions` [n, 2] (frame, band).

        `filters.csv` has one row per unit: `unit, status, problem`; `rows` for fitting and those with the unit
        `active`; `alpha`, `nonzeros`; R² on the rows for fitting (`r2_fit`), on folds left out (`r2_cv`) and on test
        tracks (`r2_held_out`), which neither fit nor penalty saw; `gradient_correlation` (Pearson, with the mean
        gradient); the measures of `earfield.filters.strf`; the limits of the window.

        `gradients.csv`, of the same form, has the measures of each fitted unit's mean gradient.
    seed : int
        Of the folds.
    threads : int
        Processors to use.
    settings : FilterSettings

    Returns
    -------
    pd.DataFrame
        The table of `filters.csv`.

    Raises
    ------
    ConfigError
        If there are fewer tracks than folds, or the patch has too many inputs for the machine's memory.
    DatasetError
        If the dump is not whole, or the shards lack its tracks.

    Source: Dong (2018), filters of the second layer by Lasso.
    """
    numba.set_num_threads(max(1, min(threads, numba.get_num_threads())))
    activations = ActivationDump(dump)
    facts = activations.facts
    folds, min_active = settings.folds, settings.min_active
    groups = fold_of_rows(activations.index, folds=folds, seed=seed)
    _refuse_what_memory_cannot_hold(facts, folds, threads)
    sums, active, finite = _accumulate(activations, MelShards(frames_paths, index_paths), groups, folds)
    fitting = sum(sums[1:-1], start=sums[0])

    finite[facts.broken] = False
    status = np.select([~finite, active == 0, active < min_active], ["nan", "dead", "rare"], "fitted")
    with np.load(gradient) as archive:
        gradients = archive["gradients"]
    table = pd.DataFrame({"unit": range(facts.units), "status": status.astype(object), "problem": ""})
    table = table.assign(rows=fitting.rows, active=active).reindex(columns=[*table, *_FIT_COLUMNS])
    filters, intercepts = _fit_units(table, sums, fitting, facts, gradients, n_alphas=settings.alphas)
    table["problem"] = [_problem(row, min_active) for row in table.itertuples()]

    axes = _axes(facts)
    constant = fitting.constant_inputs().reshape(facts.patch_frames, facts.patch_bands).T
    if constant.any():
        text = "%d of %d inputs never change in the training rows; their coefficients are 0."
        log.warning(text, constant.sum(), constant.size)
    folder = Path(folder)
    with write_aside(folder / "filters.npz") as aside, open(aside, "wb") as file:
        np.savez(
            file,
            filters=filters.astype(np.float32),
            gradients=gradients,
            intercepts=intercepts,
            constant=constant,
            layer=facts.layer,
            positions=np.array(facts.positions),
            **axes,
        )
    window = window_limits(n_frames=facts.patch_frames, **axes).as_columns()
    is_fitted = (table.status == "fitted").to_numpy()[:, None, None]
    measures, of_gradients = (
        measure_strfs(np.where(is_fitted, kernels, np.nan), **axes)[list(MEASURES)].round(6)
        for kernels in (filters, gradients)
    )
    units = table[["unit", "status", "problem"]].reindex(columns=list(table))
    write_csv(pd.concat([units, of_gradients], axis=1).assign(**window), folder / "gradients.csv")
    table = pd.concat([table, measures], axis=1).assign(**window)
    write_csv(table, folder / "filters.csv")
    counts = ", ".join(f"{n} {name}" for name, n in table.status.value_counts().items())
    log.log(RESULT, "filters %s: units: %s", run_name(folder / "filters.csv"), counts)
    return table


def _fit_units(
    table: pd.DataFrame,
    sums: list[GramSums],
    fitting: GramSums,
    facts: DumpFacts,
    gradients: np.ndarray,
    *,
    n_alphas: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the units that the table calls fitted, fill in its columns, and return filters and intercepts of all."""
    filters = np.zeros((facts.units, facts.patch_bands, facts.patch_frames))
    intercepts = np.full(facts.units, np.nan)
    chosen = np.flatnonzero(table.status == "fitted")
    if len(chosen):
        *folds, held_out = (each.of_units(chosen) for each in sums)
        fit = lasso_cv(folds, n_alphas=n_alphas)
        by_patch = fit.coefficients.T.reshape(len(chosen), facts.patch_frames, facts.patch_bands)
        filters[chosen], intercepts[chosen] = by_patch.transpose(0, 2, 1), fit.intercepts
        rows = fitting.of_units(chosen)
        variance = np.maximum(rows.unit_variance(), np.finfo(float).tiny)
        table.loc[chosen, "alpha"] = fit.alphas
        table.loc[chosen, "nonzeros"] = (fit.coefficients != 0).sum(axis=0)
        table.loc[chosen, "r2_fit"] = rows.r2(fit.coefficients, fit.intercepts)
        table.loc[chosen, "r2_cv"] = 1 - fit.errors.min(axis=1) / variance
        if held_out.rows:
            table.loc[chosen, "r2_held_out"] = held_out.r2(fit.coefficients, fit.intercepts)
        table.loc[chosen, "gradient_correlation"] = [_correlation(filters[unit], gradients[unit]) for unit in chosen]
        table.loc[(table.status == "fitted") & (table.nonzeros == 0), "status"] = "flat"
    table["nonzeros"] = table.nonzeros.astype("Int64")
    return filters, intercepts


def _axes(facts: DumpFacts) -> dict[str, Any]:
    """Return the axes of the filters: frequencies of the middle position's bands, and the distance of frames."""
    front_end = facts.front_end
    centres = band_edges(**{key: front_end[key] for key in ("n_mels", "fmin", "fmax")})[1:-1]
    bands = sorted({band for _, band in facts.positions})
    steps = [octave_axis(centres[facts.patch([0, band])[1]])[1] for band in bands]
    if max(steps) > 1.01 * min(steps):
        log.warning(
            "Positions are pooled whose bands are %.3g to %.3g octave apart; scales and bandwidths are those of the "
            "middle one.",
            min(steps),
            max(steps),
        )
    return {
        "band_hz": centres[facts.middle_bands()],
        "frame_seconds": front_end["hop_length"] / front_end["sample_rate"],
    }


def fold_of_rows(index: pd.DataFrame, *, folds: int, seed: int) -> np.ndarray:
    """Assign whole tracks to folds, stratified by label.

    Parameters
    ----------
    index : pd.DataFrame
        `track, label, subset`, one row per segment.

    Returns
    -------
    np.ndarray [shape=(n_segments,), dtype=int]
        Fold of each segment; `folds` for test tracks, which are held out of all.

    Raises
    ------
    ConfigError
        If there are fewer tracks than folds.
    """
    tracks = index.drop_duplicates("track")
    tracks = tracks[tracks.subset != "test"]
    if len(tracks) < folds:
        raise ConfigError(
            f"filters.folds is {folds}, and there are {len(tracks)} tracks to assign to them; lower "
            "filters.folds, or add tracks."
        )
    order = tracks.iloc[np.random.default_rng([_FOLD_STREAM, seed]).permutation(len(tracks))]
    order = order.sort_values("label", kind="stable").track
    fold = pd.Series(np.arange(len(order)) % folds, index=order)
    return index.track.map(fold).fillna(folds).to_numpy(dtype=int)


def _accumulate(
    dump: ActivationDump, shards: MelShards, groups: np.ndarray, folds: int
) -> tuple[list[GramSums], np.ndarray, np.ndarray]:
    """Read inputs and activations once; return the sums of each group, and where units are active and finite."""
    facts = dump.facts
    inputs = facts.patch_frames * facts.patch_bands
    sums = [GramSums.empty(inputs, facts.units) for _ in range(folds + 1)]
    active, finite = np.zeros(facts.units, dtype=int), np.ones(facts.units, dtype=bool)
    for rows, activations in _blocks(dump):
        try:
            windows = shards.gather(dump.index.track[rows], dump.index.start[rows], frames=facts.frames)
        except KeyError as error:
            raise DatasetError(
                f"The dump has the track {error}, which the shards do not hold; make it again."
            ) from None
        x, y = patches(windows, facts), activations.astype(np.float64)
        good = np.isfinite(y).all(axis=(0, 1))
        finite &= good
        y[..., ~good] = 0
        fitting = groups[rows] < folds
        active += np.count_nonzero(y[fitting], axis=(0, 1))
        for group in np.unique(groups[rows]):
            own = groups[rows] == group
            sums[group].update(x[own].reshape(-1, inputs), y[own].reshape(-1, facts.units))
    return sums, active, finite


def _blocks(dump: ActivationDump) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the rows of the index and their activations, a bounded number at a time."""
    facts = dump.facts
    size = max(1, _BLOCK_VALUES // (len(facts.positions) * facts.patch_frames * facts.patch_bands))
    for number in range(facts.chunks):
        chunk = dump.chunk(number)
        first = number * facts.rows_per_chunk
        for start in range(0, len(chunk), size):
            part = chunk[start : start + size]
            yield np.arange(first + start, first + start + len(part)), part


def patches(windows: np.ndarray, facts: DumpFacts) -> np.ndarray:
    """Cut out of segments [shape=(n_segments, frames, n_mels)] what reaches each position.

    Returns
    -------
    np.ndarray [shape=(n_segments, n_positions, patch_frames, patch_bands)]
        A copy.
    """
    corners = np.array(facts.positions) * (facts.frame_step, facts.band_step)
    view = np.lib.stride_tricks.sliding_window_view(windows, (facts.patch_frames, facts.patch_bands), axis=(1, 2))
    return view[:, corners[:, 0], corners[:, 1]]


def _refuse_what_memory_cannot_hold(facts: DumpFacts, folds: int, threads: int) -> None:
    inputs = facts.patch_frames * facts.patch_bands
    # The sums of each fold and of the test tracks, of all and of all but one, centred with what that takes, and a
    # factor for each thread.
    needed = (folds + 1 + 2 + 4 + threads) * 8 * inputs**2
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > _MEMORY_SHARE * memory:
        raise ConfigError(
            f"{inputs:,} inputs reach a unit of layer '{facts.layer}', and their Gram matrices take "
            f"{needed / 1e9:.1f} GB of this machine's {memory / 1e9:.1f} GB; choose an earlier activations.layer, or "
            "fewer filters.folds."
        )


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum()) / norm if norm > 0 else float("nan")


def _problem(row: Any, min_active: int) -> str:
    """Return why a unit has no filter."""
    return {
        "nan": "A weight that reaches it, or its activation, is not a number: the network is broken; train it again.",
        "dead": f"It is active on none of {row.rows} rows; there is nothing to fit.",
        "rare": f"It is active on {row.active} of {row.rows} rows, fewer than filters.min_active = {min_active}; lower "
        "that, or add tracks.",
        "flat": "The penalty that predicts best leaves no coefficient: no input predicts it linearly.",
    }.get(row.status, "")
