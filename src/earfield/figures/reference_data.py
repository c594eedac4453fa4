"""Data of figure 4: the reference receptive fields of each auditory stage, in the window of the learned ones."""

import os
from dataclasses import astuple

import numpy as np
import pandas as pd

from earfield.files.arrays import write_arrays
from earfield.filters.auditory import read_stages, reference_bank
from earfield.filters.strf import window_limits

_RATES = _SCALES = 3  # shown of the bank's eight of a stage: first, middle and last


def write_reference_data(
    *,
    stages: str | os.PathLike[str],
    filters_npz: str | os.PathLike[str],
    path: str | os.PathLike[str],
) -> None:
    """Write the data of figure 4.

    Parameters
    ----------
    stages : path-like
        Ranges of rate and scale, as `read_stages` takes them.
    filters_npz : path-like
        Learned filters, of which only the window is used: `filters`, `band_hz` and `frame_seconds`.
    path : path-like
        `.npz` to write: `stages`, `species`, `sources`, `rate_ranges` and `scale_ranges` (stages, 2) [Hz,
        cycles/octave] as in the file; `strfs` (stages, 2, scales, rates, bands, frames), whose second axis is the
        direction, downward and upward; `rates` (stages, rates) [Hz] and `scales` (stages, scales) [cycles/octave] of
        these; `bank_size`, number of fields per stage in the bank; `window`, the values of `WindowLimits` in
        their order; `band_hz` [Hz], `frame_seconds`.
    """
    with np.load(filters_npz) as archive:
        band_hz, frame_seconds = archive["band_hz"], float(archive["frame_seconds"])
        n_frames = archive["filters"].shape[2]
    ranges = read_stages(stages)
    strfs, bank = reference_bank(stages, band_hz=band_hz, n_frames=n_frames, frame_seconds=frame_seconds)
    fields, rates, scales = [], [], []
    for stage in ranges.stage:
        rows = bank[bank.stage == stage]
        rates.append(_evenly_chosen(rows.rate_hz, _RATES))
        scales.append(_evenly_chosen(rows.scale_cpo, _SCALES))
        place = pd.MultiIndex.from_frame(rows[["direction", "scale_cpo", "rate_hz"]])
        shown = pd.MultiIndex.from_product([(-1, 1), scales[-1], rates[-1]])
        fields.append(strfs[rows.index[place.get_indexer(shown)]].reshape(2, _SCALES, _RATES, *strfs.shape[1:]))
    write_arrays(
        path,
        stages=ranges.stage.to_numpy(dtype=str),
        species=ranges.species.to_numpy(dtype=str),
        sources=ranges.source.to_numpy(dtype=str),
        rate_ranges=ranges[["rate_low_hz", "rate_high_hz"]].to_numpy(dtype=float),
        scale_ranges=ranges[["scale_low_cpo", "scale_high_cpo"]].to_numpy(dtype=float),
        strfs=np.array(fields, dtype=np.float32),
        rates=np.array(rates),
        scales=np.array(scales),
        bank_size=len(bank) // len(ranges),
        window=astuple(window_limits(band_hz=band_hz, n_frames=n_frames, frame_seconds=frame_seconds)),
        band_hz=band_hz,
        frame_seconds=frame_seconds,
    )


def _evenly_chosen(values: pd.Series, n: int) -> np.ndarray:
    """Return n evenly spaced of the distinct values, with the first and the last."""
    distinct = np.unique(values)
    return distinct[np.linspace(0, len(distinct) - 1, n).round().astype(int)]
