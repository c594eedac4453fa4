"""Null kernels: surrogates of a network's filters that keep one property and randomise the rest."""

import os
from collections.abc import Callable

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.atomic import write_aside
from earfield.files.tables import read_text_csv, write_csv
from earfield.filters.strf import MEASURES, measure_strfs


def same_spectrum(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a kernel [shape=(n_bands, n_frames)] of the same power spectrum whose phases are those of white noise.

    It is equally large at every modulation of rate and scale, so as narrow or as wide as the filter is there; where in
    the window its power lies, and so whether time and frequency separate, is left to chance.

    Source: Theiler et al. (1992), "Testing for nonlinearity in time series: the method of surrogate data", Physica D
    58, 77-94, in two dimensions.
    """
    noise = np.fft.rfft2(rng.standard_normal(kernel.shape))
    return np.fft.irfft2(np.abs(np.fft.rfft2(kernel)) * noise / np.abs(noise), s=kernel.shape)


def same_sparsity(kernel: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a kernel [shape=(n_bands, n_frames)] of the same coefficients at random places.

    It shows what the Lasso's sparsity alone gives: few coefficients look separable wherever they are.
    """
    return rng.permutation(kernel.ravel()).reshape(kernel.shape)


_KINDS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "same_spectrum": same_spectrum,
    "same_sparsity": same_sparsity,
}


def write_null(
    *,
    kind: str,
    filters_npz: str | os.PathLike[str],
    filters_csv: str | os.PathLike[str],
    npz_path: str | os.PathLike[str],
    csv_path: str | os.PathLike[str],
    seed: int,
) -> None:
    """Make a null kernel of every fitted unit of a network, and measure it as the unit was measured.

    Parameters
    ----------
    kind : str
        `same_spectrum` or `same_sparsity`.
    filters_npz, filters_csv : path-like
        The network's filters and their table.
    npz_path, csv_path : path-like
        Files to write, of the same form: without `gradients`, and with empty cells for what only a fit has (alpha,
        R² and so on). A unit that was not fitted has no null: its kernel is zero, its `status` and `problem` are kept.
    seed : int
        Of the random numbers, with the kind and the unit.

    Raises
    ------
    ValueError
        If the kind is unknown.
    DatasetError
        If the two files do not hold the same number of units.
    """
    if kind not in _KINDS:
        raise ValueError(f"there is no null '{kind}'; there are {', '.join(_KINDS)}")
    with np.load(filters_npz) as archive:
        stored = {name: archive[name] for name in archive if name != "gradients"}
    filters, table = stored["filters"], read_text_csv(filters_csv)
    if len(filters) != len(table):
        raise DatasetError(
            f"{filters_npz} holds {len(filters)} filters and {filters_csv} {len(table)} rows; delete both, run again."
        )
    kernels = np.zeros_like(filters)
    for unit in np.flatnonzero((table.status == "fitted").to_numpy()):
        rng = np.random.default_rng([seed, list(_KINDS).index(kind), int(unit)])
        kernels[unit] = _KINDS[kind](filters[unit], rng)
    measures = measure_strfs(kernels, band_hz=stored["band_hz"], frame_seconds=float(stored["frame_seconds"]))
    null = table[["unit", "status", "problem"]].reindex(columns=table.columns)
    nonzeros = pd.Series(np.count_nonzero(kernels, axis=(1, 2)), dtype="Int64")
    null["nonzeros"] = nonzeros.where(table.status == "fitted")
    null[list(MEASURES)] = measures[list(MEASURES)].round(6).to_numpy()
    with write_aside(npz_path) as aside:
        np.savez(aside, **(stored | {"filters": kernels}))
    write_csv(null, csv_path)
