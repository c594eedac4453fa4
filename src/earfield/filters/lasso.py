"""The Lasso from Gram matrices: all penalties, units and folds together, exact to rounding.

The cost does not depend on the number of rows. Each problem follows its penalties downwards with an active set:
on the set and signs at hand the solution is that of a linear system, whose Cholesky factor is extended for inputs
that enter, and recomputed only from the first input that leaves.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np

from earfield.filters.gram import GramSums

_EPS = 1.0e-3  # the least penalty, as a share of the least that leaves no coefficient; scikit-learn's
_ROUNDS = 12  # changes of many inputs at a time, before one at a time takes over
_SLACK = 1.0e-10  # by which a correlation may exceed the penalty, as a share of the largest correlation
_PIVOT = 1.0e-10  # an input whose variance is explained by the active set up to this share is not added to it


@dataclass(frozen=True)
class LassoFit:
    """Lasso of many units on the same inputs, with penalties chosen by cross-validation."""

    coefficients: np.ndarray  # [shape=(n_inputs, n_units)] in units of the activation for each unit of the input
    intercepts: np.ndarray  # [shape=(n_units,)]
    alphas: np.ndarray  # [shape=(n_units,)] chosen penalties, for standardised inputs
    errors: np.ndarray  # [shape=(n_units, n_alphas)] squared, on the fold left out, mean over folds; alphas descend


def lasso_cv(folds: list[GramSums], *, n_alphas: int) -> LassoFit:
    """Fit every unit by the Lasso, its penalty chosen by cross-validation.

    Parameters
    ----------
    folds : list of GramSums
        Sums over the rows of each fold.
    n_alphas : int
        Penalties tried, evenly spaced in their logarithm.

    Returns
    -------
    LassoFit
        What `sklearn.linear_model.LassoCV` finds, unit by unit, on rows that were standardised together: least squares
        over two plus the penalty times the sum of absolute coefficients, an intercept in every fold. Inputs without
        variance get the coefficient 0.

    Source: Tibshirani (1996), J. Royal Statistical Society B 58, 267-288; active set by sign as in Lee, Battle, Raina
    & Ng (2007), "Efficient sparse coding algorithms", NIPS 19.
    """
    everything = sum(folds[1:], start=folds[0])
    scale = everything.input_scale()
    gram, xy = everything.centred(scale)
    top = np.abs(xy).max(axis=0)
    # A unit that never changes, but for rounding, has no penalty of its own; a large one leaves all coefficients at 0.
    top[everything.unit_variance() <= 1e-12 * everything.yy / everything.rows] = 1
    grid = top[:, None] * np.geomspace(1, _EPS, n_alphas)
    errors = np.zeros_like(grid)
    for left_out in folds:
        rest = everything - left_out
        for unit, path in enumerate(lasso_paths(*rest.centred(scale), grid)):
            weights = path.T / scale[:, None]
            intercepts = rest.intercepts(weights, unit=unit)
            errors[unit] += left_out.squared_error(weights, unit=unit, intercepts=intercepts) / len(folds)
    alphas = np.take_along_axis(grid, errors.argmin(axis=1)[:, None], axis=1)
    # Penalties below the chosen one are not needed any more: the chosen one stands in their place.
    final = lasso_paths(gram, xy, np.maximum(grid, alphas))[:, -1].T / scale[:, None]
    intercepts = np.array([everything.intercepts(final[:, [unit]], unit=unit)[0] for unit in range(len(grid))])
    return LassoFit(final, intercepts, alphas[:, 0], errors)


def lasso_paths(gram: np.ndarray, xy: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Solve the Lasso of many units that share their inputs, each at its own descending penalties.

    Parameters
    ----------
    gram : np.ndarray [shape=(n_inputs, n_inputs)]
        Mean products of the centred inputs with each other.
    xy : np.ndarray [shape=(n_inputs, n_units)]
        Mean products of the centred inputs with the centred activations.
    alphas : np.ndarray [shape=(n_units, n_alphas)]

    Returns
    -------
    np.ndarray [shape=(n_units, n_alphas, n_inputs), dtype=float64]
        Coefficients that minimise ½ wᵀ·gram·w − wᵀ·xy + alpha·Σ|w|.

    Raises
    ------
    RuntimeError
        If inputs and activations are no numbers, or none of the many changes of the active set was the last one.
    """
    paths: np.ndarray = _paths(
        np.ascontiguousarray(gram, dtype=np.float64),
        np.ascontiguousarray(xy.T, dtype=np.float64),
        np.ascontiguousarray(alphas, dtype=np.float64),
    )
    lost = np.isnan(paths).any(axis=(1, 2))
    if lost.any():
        raise RuntimeError(f"the Lasso of {lost.sum()} of {len(paths)} units did not settle")
    return paths


class _Set(NamedTuple):
    """The active set of one unit's path and the solution on it; how many inputs are in the set is counted beside it."""

    inputs: np.ndarray  # in the order of the factor's rows
    sign: np.ndarray  # of each input's coefficient; 0 outside the set
    factor: np.ndarray  # Cholesky factor of the set's Gram matrix
    solved: np.ndarray  # coefficients of the set, in the order of `inputs`
    correlations: np.ndarray  # of every input with the residuals


@numba.njit(parallel=True, cache=True)
def _paths(gram, targets, alphas):  # type: ignore[no-untyped-def]
    units, steps = alphas.shape
    paths = np.zeros((units, steps, len(gram)))
    for unit in numba.prange(units):
        _path(gram, targets[unit], alphas[unit], paths[unit])
    return paths


@numba.njit(cache=True)
def _path(gram, target, alphas, path):  # type: ignore[no-untyped-def]
    """Fill in the coefficients at each penalty, each from those at the one before."""
    size = len(gram)
    active = _Set(np.empty(size, np.int64), np.zeros(size), np.empty((size, size)), np.empty(size), target.copy())
    inputs, sign, _, solved, correlations = active
    weights = np.zeros(size)
    slack = _SLACK * np.abs(target).max()
    n, valid = 0, 0  # inputs in the active set; those of them whose row of the factor holds
    for step in range(len(alphas)):
        alpha = alphas[step]
        settled = False
        for _ in range(_ROUNDS):
            for j in range(size):
                if sign[j] == 0 and abs(correlations[j]) > alpha + slack:
                    sign[j] = np.sign(correlations[j])
                    inputs[n] = j
                    n += 1
            n, valid = _extend(gram, active, n, valid)
            _solve(active, target, alpha, n)
            wrong = n
            for i in range(n - 1, -1, -1):
                if solved[i] * sign[inputs[i]] <= 0:
                    wrong = i
            if wrong < n:
                kept = wrong
                for i in range(wrong, n):
                    if solved[i] * sign[inputs[i]] > 0:
                        inputs[kept] = inputs[i]
                        kept += 1
                    else:
                        sign[inputs[i]] = 0
                # What was dropped may have to come back, which the correlations at the new solution tell.
                n, valid = _extend(gram, active, kept, wrong)
                _solve(active, target, alpha, n)
            _correlate(gram, target, active, n)
            settled = _is_solution(active, n, alpha, slack)
            if settled:
                break
        weights[:] = 0
        if settled:
            for i in range(n):
                weights[inputs[i]] = solved[i]
        else:
            if step:
                weights[:] = path[step - 1]
            n, valid = _step_by_step(gram, target, alpha, slack, weights, active)
        path[step] = weights


@numba.njit(cache=True)
def _step_by_step(gram, target, alpha, slack, weights, active):  # type: ignore[no-untyped-def]
    """Go down to the minimum by one input in or out at a time, which cannot cycle.

    For what changes of many inputs at a time do not settle: fewer rows than inputs, or inputs that explain each other.
    """
    inputs, sign, factor, solved, correlations = active
    banned = np.zeros(len(weights), np.bool_)
    n, valid, newcomer, settled = 0, 0, -1, False
    for j in range(len(weights)):
        sign[j] = np.sign(weights[j])
        if weights[j] != 0:
            inputs[n] = j
            n += 1
    for _ in range(_ROUNDS * len(weights)):
        n, valid = _extend(gram, active, n, valid)
        _solve(active, target, alpha, n)
        share, out = 1.0, -1
        for i in range(n):
            weight = weights[inputs[i]]
            if solved[i] * sign[inputs[i]] <= 0:
                crossing = weight / (weight - solved[i]) if weight != 0 else 0.0
                if crossing < share:
                    share, out = crossing, i
        for i in range(n):
            weights[inputs[i]] += share * (solved[i] - weights[inputs[i]])
        if out >= 0:
            banned[inputs[out]] = inputs[out] == newcomer  # rounding alone sends back at once what comes in
            n, valid = _drop(active, weights, n, out)
            continue
        _correlate(gram, target, active, n)
        newcomer, excess = -1, slack
        for j in range(len(weights)):
            if sign[j] == 0 and not banned[j] and abs(correlations[j]) - alpha > excess:
                newcomer, excess = j, abs(correlations[j]) - alpha
        if newcomer < 0:
            settled = True
            break
        direction = np.sign(correlations[newcomer])
        sign[newcomer] = direction
        inputs[n] = newcomer
        before = n
        n, valid = _extend(gram, active, n + 1, valid)
        if n == before:
            # The set explains the newcomer: it takes the place of the first input that it makes superfluous.
            row = factor[n]
            for i in range(n - 1, -1, -1):
                solved[i] = row[i]
                for k in range(i + 1, n):
                    solved[i] -= factor[k, i] * solved[k]
                solved[i] /= factor[i, i]
            reach = np.inf
            for i in range(n):
                if direction * solved[i] * sign[inputs[i]] > 0 and abs(weights[inputs[i]] / solved[i]) < reach:
                    reach, out = abs(weights[inputs[i]] / solved[i]), i
            if out < 0:
                banned[newcomer] = True
                continue
            for i in range(n):
                weights[inputs[i]] -= reach * direction * solved[i]
            n, valid = _drop(active, weights, n, out)
            weights[newcomer], sign[newcomer] = reach * direction, direction
            inputs[n] = newcomer
            n += 1
    if not settled:
        weights[:] = np.nan
    return n, valid


@numba.njit(cache=True)
def _drop(active, weights, n, out):  # type: ignore[no-untyped-def]
    inputs = active.inputs
    active.sign[inputs[out]] = 0
    weights[inputs[out]] = 0
    for i in range(out, n - 1):
        inputs[i] = inputs[i + 1]
    return n - 1, out


@numba.njit(cache=True, fastmath=True)
def _extend(gram, active, n, valid):  # type: ignore[no-untyped-def]
    """Compute the rows of the Cholesky factor that are not valid; leave out inputs that the others explain."""
    inputs, sign, factor, _, _ = active
    i = valid
    while i < n:
        row = factor[i]
        source = gram[inputs[i]]
        rest = source[inputs[i]]
        for j in range(i):
            other = factor[j]
            value = source[inputs[j]]
            for k in range(j):
                value -= row[k] * other[k]
            row[j] = value / other[j]
            rest -= row[j] * row[j]
        if rest > _PIVOT * source[inputs[i]]:
            row[i] = np.sqrt(rest)
            i += 1
        else:
            sign[inputs[i]] = 0
            n -= 1
            for j in range(i, n):
                inputs[j] = inputs[j + 1]
    return n, n


@numba.njit(cache=True, fastmath=True)
def _solve(active, target, alpha, n):  # type: ignore[no-untyped-def]
    inputs, sign, factor, solved, _ = active
    for i in range(n):
        value = target[inputs[i]] - alpha * sign[inputs[i]]
        row = factor[i]
        for k in range(i):
            value -= row[k] * solved[k]
        solved[i] = value / row[i]
    for i in range(n - 1, -1, -1):
        row = factor[i]
        solved[i] /= row[i]
        value = solved[i]
        for k in range(i):
            solved[k] -= row[k] * value


@numba.njit(cache=True, fastmath=True)
def _correlate(gram, target, active, n):  # type: ignore[no-untyped-def]
    inputs, _, _, solved, correlations = active
    correlations[:] = target
    for i in range(n):
        row, value = gram[inputs[i]], solved[i]
        for j in range(len(target)):
            correlations[j] -= row[j] * value


@numba.njit(cache=True)
def _is_solution(active, n, alpha, slack):  # type: ignore[no-untyped-def]
    excess = 0.0
    for j in range(len(active.sign)):
        if active.sign[j] == 0:
            excess = max(excess, abs(active.correlations[j]) - alpha)
    turned = False
    for i in range(n):
        turned |= active.solved[i] * active.sign[active.inputs[i]] <= 0
    return not turned and excess <= 2 * slack
