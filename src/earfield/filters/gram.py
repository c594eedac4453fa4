"""Sufficient statistics of linear regression: sums of products over rows, of a size that rows do not change."""

from dataclasses import dataclass

import numpy as np


@dataclass
class GramSums:
    """Sums of products of inputs and activations over rows; those of disjoint rows add."""

    rows: int
    x: np.ndarray  # [shape=(n_inputs,)] sum of the inputs
    y: np.ndarray  # [shape=(n_units,)] sum of the activations
    xx: np.ndarray  # [shape=(n_inputs, n_inputs)] sum of products
    xy: np.ndarray  # [shape=(n_inputs, n_units)]
    yy: np.ndarray  # [shape=(n_units,)]

    @classmethod
    def empty(cls, n_inputs: int, n_units: int) -> "GramSums":
        """Return the sums over no row."""
        shapes = [(n_inputs,), (n_units,), (n_inputs, n_inputs), (n_inputs, n_units), (n_units,)]
        return cls(0, *(np.zeros(shape) for shape in shapes))

    def update(self, x: np.ndarray, y: np.ndarray) -> None:
        """Add rows of inputs [shape=(n_rows, n_inputs)] and activations [shape=(n_rows, n_units)]."""
        x, y = x.astype(np.float64, copy=False), y.astype(np.float64, copy=False)
        self.rows += len(x)
        self.x += x.sum(axis=0)
        self.y += y.sum(axis=0)
        self.xx += x.T @ x
        self.xy += x.T @ y
        self.yy += np.einsum("ij,ij->j", y, y)

    def __add__(self, other: "GramSums") -> "GramSums":
        return GramSums(*(a + b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def __sub__(self, other: "GramSums") -> "GramSums":
        return GramSums(*(a - b for a, b in zip(vars(self).values(), vars(other).values(), strict=True)))

    def of_units(self, units: np.ndarray) -> "GramSums":
        """Return the sums of some of the units; those of the inputs are shared, not copied."""
        return GramSums(self.rows, self.x, self.y[units], self.xx, self.xy[:, units], self.yy[units])

    def constant_inputs(self) -> np.ndarray:
        """Return which inputs never change [shape=(n_inputs,), dtype=bool]."""
        mean = self.x / self.rows
        # Rounding leaves some variance to an input that never changes.
        return np.diag(self.xx) / self.rows - mean**2 <= 1e-12 * np.maximum(mean**2, np.finfo(float).tiny)

    def input_scale(self) -> np.ndarray:
        """Return the standard deviation of each input, and 1 for inputs that never change."""
        variance = np.diag(self.xx) / self.rows - (self.x / self.rows) ** 2
        return np.sqrt(np.where(self.constant_inputs(), 1.0, variance))

    def unit_variance(self) -> np.ndarray:
        """Return the variance of each unit's activation [shape=(n_units,)]."""
        return np.maximum(self.yy / self.rows - (self.y / self.rows) ** 2, 0)

    def centred(self, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean products of centred variables: inputs with inputs, and inputs with activations.

        Parameters
        ----------
        scale : np.ndarray [shape=(n_inputs,)]
            What inputs are divided by.

        Returns
        -------
        xx : np.ndarray [shape=(n_inputs, n_inputs)]
        xy : np.ndarray [shape=(n_inputs, n_units)]
        """
        mean, mean_y = self.x / self.rows, self.y / self.rows
        xx = (self.xx / self.rows - np.outer(mean, mean)) / np.outer(scale, scale)
        xy = (self.xy / self.rows - np.outer(mean, mean_y)) / scale[:, None]
        return xx, xy

    def intercepts(self, weights: np.ndarray, *, unit: int) -> np.ndarray:
        """Return the intercepts [shape=(n_fits,)] with which fits of a unit have no mean error.

        Parameters
        ----------
        weights : np.ndarray [shape=(n_inputs, n_fits)]
            Coefficients.
        unit : int
        """
        return (self.y[unit] - self.x @ weights) / self.rows

    def squared_error(self, weights: np.ndarray, *, unit: int, intercepts: np.ndarray) -> np.ndarray:
        """Return the mean squared error [shape=(n_fits,)] of fits of a unit on these rows.

        Parameters
        ----------
        weights : np.ndarray [shape=(n_inputs, n_fits)]
            Coefficients.
        unit : int
        intercepts : np.ndarray [shape=(n_fits,)]
        """
        explained = np.einsum("ij,ij->j", weights, self.xx @ weights)
        linear = self.yy[unit] - 2 * self.xy[:, unit] @ weights + explained
        offset = self.rows * intercepts**2 + 2 * intercepts * (self.x @ weights - self.y[unit])
        return np.maximum(linear + offset, 0) / self.rows

    def r2(self, weights: np.ndarray, intercepts: np.ndarray) -> np.ndarray:
        """Return the coefficient of determination of one fit for each unit on these rows.

        Parameters
        ----------
        weights : np.ndarray [shape=(n_inputs, n_units)]
        intercepts : np.ndarray [shape=(n_units,)]

        Returns
        -------
        np.ndarray [shape=(n_units,)]
            1 − (mean squared error) / (variance on these rows); NaN without variance.
        """
        errors = [
            self.squared_error(weights[:, [unit]], unit=unit, intercepts=intercepts[[unit]])[0]
            for unit in range(len(self.y))
        ]
        variance = self.unit_variance()
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(variance > 0, 1 - np.array(errors) / variance, np.nan)
