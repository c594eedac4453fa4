"""PCA whitening of spectra."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from earfield.errors import DatasetError


@dataclass(frozen=True)
class Whitening:
    """A linear map from spectra to uncorrelated components of unit variance, and back."""

    mean: np.ndarray  # [shape=(n_mels,)] of the spectra
    to_components: np.ndarray  # [shape=(n_mels, n_components)]
    to_bands: np.ndarray  # [shape=(n_components, n_mels)] the pseudo-inverse
    variance_kept: float  # fraction of the variance explained by the components

    @property
    def components(self) -> int:
        """Number of components."""
        return self.to_components.shape[1]

    def __call__(self, mel: np.ndarray) -> np.ndarray:
        """Whiten spectra [shape=(..., n_mels)] to components [shape=(..., n_components), dtype=float32]."""
        return ((mel - self.mean.astype(np.float32)) @ self.to_components.astype(np.float32)).astype(np.float32)


def fit_whitening(spectra: Iterable[np.ndarray], *, components: float, floor: float) -> Whitening:
    """Fit the map to spectra that are read once, part by part.

    Parameters
    ----------
    spectra : iterable of np.ndarray [shape=(n_frames, n_mels)]
    components : int or float
        From 1, the maximum number of components; below 1, the fraction of the variance that they have to explain.
    floor : float
        Added to each component's variance before scaling, relative to the mean variance of a band: components of
        negligible variance are not amplified.

    Raises
    ------
    DatasetError
        If the spectra do not vary.
    """
    rows, shift, total, products = 0, None, 0.0, 0.0
    for part in spectra:
        if shift is None:
            shift = part.mean(axis=0, dtype=np.float64)  # avoids cancellation in sums of squares
        x = part - shift
        rows += len(x)
        total = total + x.sum(axis=0)
        products = products + x.T @ x
    if shift is None:
        raise DatasetError("There is no spectrum to fit the whitening on; it needs training tracks.")
    offset = np.asarray(total) / rows
    covariance = np.asarray(products) / rows - np.outer(offset, offset)
    variance, axes = np.linalg.eigh(covariance)
    variance, axes = np.maximum(variance[::-1], 0), axes[:, ::-1]
    if not variance[0] > 0:
        raise DatasetError(f"The {rows} training frames are all the same spectrum; there is nothing to whiten.")
    # The sign of an axis is arbitrary.
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(len(axes))] < 0, -1, 1)
    held = np.cumsum(variance) / variance.sum()
    wanted = int(components) if components >= 1 else int(np.searchsorted(held, components)) + 1
    n = min(wanted, int(np.count_nonzero(variance > variance[0] * 1e-12)))
    scale = np.sqrt(variance[:n] + floor * variance.mean())
    return Whitening(shift + offset, axes[:, :n] / scale, (axes[:, :n] * scale).T, float(held[n - 1]))
