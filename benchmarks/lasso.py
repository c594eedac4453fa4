"""Filters of 64 units on 340 inputs: ours against 64 calls of scikit-learn's LassoCV on the same standardised rows.

    python -m benchmarks.lasso ROWS

Prints how many times faster ours is, our seconds, those of the Gram matrices among them, and the largest difference
of a coefficient as a fraction of the unit's largest. The rows are patches of smooth noise, neighbours as correlated as
in log-mel spectrograms, and units are rectified sums of two products of smooth filters. The compiler has run before.
"""

import sys
import time
import warnings

import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoCV

from earfield.filters.gram import GramSums
from earfield.filters.lasso import lasso_cv

UNITS, FRAMES, BANDS, FOLDS, ALPHAS, CHECKED = 64, 34, 10, 5, 50, 2


def make_rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return standardised patches [row, input] and activations [row, unit]."""
    generator = np.random.default_rng(0)
    noise = generator.normal(size=(n * 3 + FRAMES, BANDS)).astype(np.float32)
    field = gaussian_filter(noise, (2.0, 1.0)) * 6 + 0.5 * noise
    windows = np.lib.stride_tricks.sliding_window_view(field, (FRAMES, BANDS))[::3, 0][:n]
    x = windows.reshape(n, FRAMES * BANDS).astype(np.float64)
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    kernels = generator.normal(size=(2, UNITS, FRAMES, BANDS)) * (generator.random((2, UNITS, FRAMES, BANDS)) < 0.2)
    first, second = (x @ kernel.reshape(UNITS, -1).T for kernel in kernels)
    return x, np.maximum(first + 0.3 * np.maximum(second, 0) + generator.normal(size=first.shape), 0)


def main() -> None:
    """Time both, and compare coefficients with a reference that was given all the time it needs."""
    x, y = make_rows(int(sys.argv[1]))
    fold = np.arange(len(x)) * FOLDS // len(x)
    ours(x[:1000], y[:1000, :2], fold[:: len(x) // 1000][:1000])
    spent, passing, fit = ours(x, y, fold)

    cv = [(np.flatnonzero(fold != each), np.flatnonzero(fold == each)) for each in range(FOLDS)]
    warnings.simplefilter("ignore", ConvergenceWarning)
    started = time.perf_counter()
    for unit in range(UNITS):
        LassoCV(alphas=ALPHAS, cv=cv).fit(x, y[:, unit])
    theirs = time.perf_counter() - started

    worst = 0.0
    for unit in range(CHECKED):  # as it comes, scikit-learn stops at a duality gap of 1e-4
        exact = LassoCV(alphas=ALPHAS, cv=cv, tol=1e-9, max_iter=100_000).fit(x, y[:, unit]).coef_
        worst = max(worst, np.abs(fit.coefficients[:, unit] - exact).max() / np.abs(exact).max())
    print(theirs / spent, spent, passing, worst)


def ours(x: np.ndarray, y: np.ndarray, fold: np.ndarray) -> tuple:
    """Return our seconds, those of the Gram matrices, and the fit."""
    started = time.perf_counter()
    sums = [GramSums.empty(x.shape[1], y.shape[1]) for _ in range(FOLDS)]
    for each, own in enumerate(sums):
        rows = np.flatnonzero(fold == each)
        for start in range(0, len(rows), 2048):
            own.update(x[rows[start : start + 2048]], y[rows[start : start + 2048]])
    passing = time.perf_counter() - started
    fit = lasso_cv(sums, n_alphas=ALPHAS)
    return time.perf_counter() - started, passing, fit


if __name__ == "__main__":
    main()
