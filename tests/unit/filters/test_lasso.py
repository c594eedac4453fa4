"""The Lasso from Gram matrices finds what scikit-learn finds on the rows themselves."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LassoCV, enet_path

from earfield.filters.gram import GramSums
from earfield.filters.lasso import lasso_cv, lasso_paths


def problem(*, rows, inputs, units=4, seed=0, noise=0.3):
    """Correlated inputs, as neighbouring bands and frames are, and sparse truths; activations are rectified."""
    generator = np.random.default_rng(seed)
    x = np.cumsum(generator.normal(size=(rows, inputs)), axis=1) / 3 + generator.normal(size=(rows, inputs))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    truth = np.zeros((inputs, units))
    for unit in range(units):
        truth[generator.choice(inputs, 5, replace=False), unit] = generator.normal(size=5)
    y = np.maximum(x @ truth + 0.2 + noise * generator.normal(size=(rows, units)), 0)
    return x, y


def sums(x, y):
    result = GramSums.empty(x.shape[1], y.shape[1])
    for start in range(0, len(x), 97):  # in blocks of no special size
        result.update(x[start : start + 97], y[start : start + 97])
    return result


def folds_of(n, k):
    return [np.arange(n) % k == fold for fold in range(k)]


@pytest.mark.parametrize("seed", range(3))
def test_cross_validated_fit_is_that_of_scikit_learn(seed):
    x, y = problem(rows=600, inputs=40, seed=seed)
    masks = folds_of(len(x), 5)
    fit = lasso_cv([sums(x[mask], y[mask]) for mask in masks], n_alphas=50)
    for unit in range(y.shape[1]):
        cv = [(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in masks]
        theirs = LassoCV(alphas=50, cv=cv, tol=1e-12, max_iter=100_000).fit(x, y[:, unit])
        assert fit.alphas[unit] == pytest.approx(theirs.alpha_)
        np.testing.assert_allclose(fit.errors[unit], theirs.mse_path_.mean(axis=1), rtol=1e-8)
        np.testing.assert_allclose(
            fit.coefficients[:, unit], theirs.coef_, rtol=0, atol=1e-6 * np.abs(theirs.coef_).max()
        )
        assert fit.intercepts[unit] == pytest.approx(theirs.intercept_, abs=1e-7)


def test_coefficients_are_in_units_of_the_input():
    x, y = problem(rows=400, inputs=10)
    masks = folds_of(len(x), 4)
    scale, shift = np.geomspace(0.01, 100, 10), np.linspace(-5, 50, 10)
    plain = lasso_cv([sums(x[mask], y[mask]) for mask in masks], n_alphas=20)
    scaled = lasso_cv([sums(x[mask] * scale + shift, y[mask]) for mask in masks], n_alphas=20)
    np.testing.assert_allclose(scaled.coefficients * scale[:, None], plain.coefficients, atol=1e-9)
    np.testing.assert_allclose(scaled.alphas, plain.alphas)
    prediction = (x * scale + shift) @ scaled.coefficients + scaled.intercepts
    np.testing.assert_allclose(prediction, x @ plain.coefficients + plain.intercepts, atol=1e-8)


@pytest.mark.parametrize(
    ("rows", "inputs", "spoil"),
    [
        (300, 60, "nothing"),
        (40, 60, "nothing"),  # fewer rows than inputs
        (300, 60, "twins"),
        (300, 60, "constant"),
        (25, 120, "twins"),
    ],
)
def test_every_point_of_a_path_meets_the_conditions_of_a_minimum(rows, inputs, spoil):
    x, y = problem(rows=rows, inputs=inputs, units=6, seed=rows)
    if spoil == "twins":
        x[:, inputs // 2 :] = x[:, : inputs - inputs // 2]
    if spoil == "constant":
        x[:, ::7] = 2.5
    gram, xy = sums(x, y).centred(np.ones(inputs))
    alphas = np.abs(xy).max(axis=0)[:, None] * np.geomspace(1, 1e-3, 30)
    paths = lasso_paths(gram, xy, alphas)
    for unit, (path, steps) in enumerate(zip(paths, alphas, strict=True)):
        for weights, alpha in zip(path, steps, strict=True):
            pull = xy[:, unit] - gram @ weights
            tolerance = 1e-7 * steps[0]
            assert np.abs(pull).max() <= alpha + tolerance
            used = weights != 0
            np.testing.assert_allclose(pull[used], alpha * np.sign(weights[used]), rtol=0, atol=tolerance)


def test_paths_agree_with_a_reference_path():
    x, y = problem(rows=500, inputs=30)
    y = y - y.mean(axis=0)
    gram, xy = sums(x, y).centred(np.ones(30))
    alphas = np.abs(xy).max(axis=0)[:, None] * np.geomspace(1, 1e-3, 20)
    ours = lasso_paths(gram, xy, alphas)
    for unit in range(4):
        _, theirs, _ = enet_path(x, y[:, unit], l1_ratio=1.0, alphas=alphas[unit], tol=1e-13, max_iter=100_000)
        np.testing.assert_allclose(ours[unit], theirs.T, atol=1e-6)


@pytest.mark.parametrize("value", [3.0, 0.1, 1 / 3, 1e-3])
def test_a_unit_that_nothing_moves_gets_no_coefficient(value):
    x, y = problem(rows=200, inputs=10)
    y[:, 1] = value
    fit = lasso_cv([sums(x[mask], y[mask]) for mask in folds_of(len(x), 4)], n_alphas=10)
    assert not fit.coefficients[:, 1].any()
    assert fit.intercepts[1] == pytest.approx(value)
    assert fit.coefficients[:, 0].any()


def test_error_and_r2_of_sums_are_those_of_rows():
    x, y = problem(rows=300, inputs=20)
    x = x * 3 + 7
    train, test = np.arange(300) < 200, np.arange(300) >= 200
    model = Lasso(alpha=0.05).fit(x[train], y[train, 0])
    weights, intercepts = np.tile(model.coef_[:, None], 4), np.full(4, model.intercept_)
    held_out = sums(x[test], y[test])
    assert held_out.r2(weights, intercepts)[0] == pytest.approx(model.score(x[test], y[test, 0]))
    error = held_out.squared_error(weights[:, :1], unit=0, intercepts=intercepts[:1])[0]
    assert error == pytest.approx(np.mean((model.predict(x[test]) - y[test, 0]) ** 2))


def test_sums_of_parts_add_up():
    x, y = problem(rows=300, inputs=20)
    whole, first, second = sums(x, y), sums(x[:111], y[:111]), sums(x[111:], y[111:])
    for name in ("rows", "x", "y", "xx", "xy", "yy"):
        np.testing.assert_allclose(getattr(first + second, name), getattr(whole, name), atol=1e-8)
        np.testing.assert_allclose(getattr(whole - second, name), getattr(first, name), atol=1e-8)


def test_inputs_that_never_change_are_known_in_spite_of_rounding():
    x, y = problem(rows=1000, inputs=5)
    x[:, 3] = 0.1
    x[:, 4] = 0
    assert sums(x, y).constant_inputs().tolist() == [False, False, False, True, True]
    assert sums(x, y).input_scale()[3:].tolist() == [1, 1]


def test_what_is_no_number_is_not_passed_on():
    x, y = problem(rows=100, inputs=5)
    gram, xy = sums(x, y).centred(np.ones(5))
    gram[2, 2] = np.nan
    with pytest.raises(RuntimeError, match="did not settle"):
        lasso_paths(gram, xy, np.full((4, 3), 0.01))
