"""The Lasso from Gram matrices: all penalties, units and folds together, exact to rounding.

The cost does not depend on the number of rows. Each problem follows its penalties downwards with an active set:
on the set and signs at hand the solution is that of a linear system, whose Cholesky factor is extended for inputs
that enter, and recomputed only from the first input that leaves.
"""

from dataclasses import dataclass

import numba
import numpy as np

from earfield.filters.gram import GramSums

_EPS = 1.0e-3  # the least penalty, as a share of the least that leaves no coefficient; scikit-learn's
_ROUNDS = 12  # changes of many inputs at a time, before one at a time takes over
_SLACK = 1.0e-10  # by which a correlation may exceed the penalty, as a share of the largest correlation
_PIVOT = 1.0e-10  # an input whose variance is explained by the active set up to this share is not added to it


@dataclass(frozen=True)
class LassoFit:
    """Lasso of many units on the same inputs, with penalties chosen by cross-validation.

    Attributes
    ----------
    coefficients : np.ndarray [shape=(n_inputs, n_units), dtype=float64]
        In units of the activation for each unit of the input.
    intercepts : np.ndarray [shape=(n_units,)]
    alphas : np.ndarray [shape=(n_units,)]
        Chosen penalty of each unit, for standardised inputs.
    errors : np.ndarray [shape=(n_units, n_alphas)]
        Mean over folds of the squared error on the fold left out.
    grid : np.ndarray [shape=(n_units, n_alphas)]
        The penalties tried, descending.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray
    alphas: np.ndarray
    errors: np.ndarray
    grid: np.ndarray


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
    best = errors.argmin(axis=1)
    # Penalties below the chosen one are not needed any more: the chosen one stands in their place.
    stops = np.where(np.arange(n_alphas) <= best[:, None], grid, grid[np.arange(len(best)), best][:, None])
    final = lasso_paths(gram, xy, stops)[:, -1].T / scale[:, None]
    intercepts = np.array([everything.intercepts(final[:, [unit]], unit=unit)[0] for unit in range(len(best))])
    return LassoFit(final, intercepts, grid[np.arange(len(best)), best], errors, grid)


def lasso_paths(gram: np.ndarray, xy: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Solve the Lasso of many units that share their inputs, each at its own descending penalties.

    Parameters
    ----------
    gram : np.ndarray [shape=(n_inputs, n_inputs)]
        Mean products of the centred inputs with each other.
    xy : np.ndarray [shape=(n_inputs, n_units)]
        Mean products of the centred inputs with the centred activations.
    alphas : np.ndarray [shape=(n_units, n_alphas)]
        Penalties, descending.

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
    inputs = len(gram)
    factor = np.empty((inputs, inputs))
    active = np.empty(inputs, np.int64)  # in the order of the factor's rows
    sign = np.zeros(inputs)  # 0 outside the active set
    solved = np.empty(inputs)
    weights = np.zeros(inputs)
    correlations = target.copy()
    top = np.abs(target).max()
    n, valid = 0, 0  # inputs in the active set; those of them whose row of the factor holds
    for step in range(len(alphas)):
        alpha = alphas[step]
        settled = False
        for _ in range(_ROUNDS):
            for j in range(inputs):
                if sign[j] == 0 and abs(correlations[j]) > alpha + _SLACK * top:
                    sign[j] = np.sign(correlations[j])
                    active[n] = j
                    n += 1
            n, valid = _extend(gram, active, sign, factor, n, valid)
            _solve(factor, active, sign, target, alpha, n, solved)
            wrong = n
            for i in range(n - 1, -1, -1):
                if solved[i] * sign[active[i]] <= 0:
                    wrong = i
            if wrong < n:
                kept = wrong
                for i in range(wrong, n):
                    if solved[i] * sign[active[i]] > 0:
                        active[kept] = active[i]
                        kept += 1
                    else:
                        sign[active[i]] = 0
                n, valid = kept, wrong
                # What was dropped may have to come back, which the correlations at the new solution tell.
                n, valid = _extend(gram, active, sign, factor, n, valid)
                _solve(factor, active, sign, target, alpha, n, solved)
            _correlate(gram, target, active, solved, n, correlations)
            settled = _is_solution(correlations, active, sign, solved, n, alpha, _SLACK * top)
            if settled:
                break
        weights[:] = 0
        if settled:
            for i in range(n):
                weights[active[i]] = solved[i]
        else:
            if step:
                weights[:] = path[step - 1]
            n, valid = _step_by_step(gram, target, alpha, _SLACK * top, weights, factor, active, sign, correlations)
        path[step] = weights


@numba.njit(cache=True)
def _step_by_step(gram, target, alpha, slack, weights, factor, active, sign, correlations):  # type: ignore[no-untyped-def]
    """Go down to the minimum by one input in or out at a time, which cannot cycle.

    For what changes of many inputs at a time do not settle: fewer rows than inputs, or inputs that explain each other.
    """
    solved = np.empty(len(weights))
    banned = np.zeros(len(weights), np.bool_)
    n, valid, newcomer, settled = 0, 0, -1, False
    for j in range(len(weights)):
        sign[j] = np.sign(weights[j])
        if weights[j] != 0:
            active[n] = j
            n += 1
    for _ in range(_ROUNDS * len(weights)):
        n, valid = _extend(gram, active, sign, factor, n, valid)
        _solve(factor, active, sign, target, alpha, n, solved)
        share, out = 1.0, -1
        for i in range(n):
            weight = weights[active[i]]
            if solved[i] * sign[active[i]] <= 0:
                crossing = weight / (weight - solved[i]) if weight != 0 else 0.0
                if crossing < share:
                    share, out = crossing, i
        for i in range(n):
            weights[active[i]] += share * (solved[i] - weights[active[i]])
        if out >= 0:
            banned[active[out]] = active[out] == newcomer  # rounding alone sends back at once what comes in
            n, valid = _drop(active, sign, weights, n, out)
            continue
        _correlate(gram, target, active, solved, n, correlations)
        newcomer, excess = -1, slack
        for j in range(len(weights)):
            if sign[j] == 0 and not banned[j] and abs(correlations[j]) - alpha > excess:
                newcomer, excess = j, abs(correlations[j]) - alpha
        if newcomer < 0:
            settled = True
            break
        direction = np.sign(correlations[newcomer])
        sign[newcomer] = direction
        active[n] = newcomer
        before = n
        n, valid = _extend(gram, active, sign, factor, n + 1, valid)
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
                if direction * solved[i] * sign[active[i]] > 0 and abs(weights[active[i]] / solved[i]) < reach:
                    reach, out = abs(weights[active[i]] / solved[i]), i
            if out < 0:
                banned[newcomer] = True
                continue
            for i in range(n):
                weights[active[i]] -= reach * direction * solved[i]
            n, valid = _drop(active, sign, weights, n, out)
            weights[newcomer], sign[newcomer] = reach * direction, direction
            active[n] = newcomer
            n += 1
    if not settled:
        weights[:] = np.nan
    return n, valid


@numba.njit(cache=True)
def _drop(active, sign, weights, n, out):  # type: ignore[no-untyped-def]
    sign[active[out]] = 0
    weights[active[out]] = 0
    for i in range(out, n - 1):
        active[i] = active[i + 1]
    return n - 1, out


@numba.njit(cache=True, fastmath=True)
def _extend(gram, active, sign, factor, n, valid):  # type: ignore[no-untyped-def]
    """Compute the rows of the Cholesky factor that are not valid; leave out inputs that the others explain."""
    i = valid
    while i < n:
        row = factor[i]
        source = gram[active[i]]
        rest = source[active[i]]
        for j in range(i):
            other = factor[j]
            value = source[active[j]]
            for k in range(j):
                value -= row[k] * other[k]
            row[j] = value / other[j]
            rest -= row[j] * row[j]
        if rest > _PIVOT * source[active[i]]:
            row[i] = np.sqrt(rest)
            i += 1
        else:
            sign[active[i]] = 0
            n -= 1
            for j in range(i, n):
                active[j] = active[j + 1]
    return n, n


@numba.njit(cache=True, fastmath=True)
def _solve(factor, active, sign, target, alpha, n, solved):  # type: ignore[no-untyped-def]
    for i in range(n):
        value = target[active[i]] - alpha * sign[active[i]]
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
def _correlate(gram, target, active, solved, n, correlations):  # type: ignore[no-untyped-def]
    correlations[:] = target
    for i in range(n):
        row, value = gram[active[i]], solved[i]
        for j in range(len(target)):
            correlations[j] -= row[j] * value


@numba.njit(cache=True)
def _is_solution(correlations, active, sign, solved, n, alpha, slack):  # type: ignore[no-untyped-def]
    excess = 0.0
    for j in range(len(sign)):
        if sign[j] == 0:
            excess = max(excess, abs(correlations[j]) - alpha)
    turned = False
    for i in range(n):
        turned |= solved[i] * sign[active[i]] <= 0
    return not turned and excess <= 2 * slack
