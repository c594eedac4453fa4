"""A layer against a machine small enough to count all of its states, and what its training does."""

import itertools

import numpy as np
import pytest

from earfield.errors import ConfigError, EarfieldError
from earfield.models.cdbn.contrastive_divergence import Learner, contrast, train_crbm
from earfield.models.cdbn.crbm import (
    Crbm,
    HiddenInputs,
    hidden_probabilities,
    new_crbm,
    pooled_probabilities,
    visible_means,
)

FRAMES, CHANNELS, BASES, LENGTH, POOLING = 5, 2, 2, 2, 2
POSITIONS, BLOCKS = 4, 2


def tiny(gaussian, scale=0.7):
    """Five frames of two channels, two bases of two frames, blocks of two: 81 hidden states."""
    rng = np.random.default_rng(3)
    weights, hidden, visible = (
        (scale * rng.standard_normal(shape)).astype(np.float32)
        for shape in ((BASES, LENGTH, CHANNELS), (BASES,), (CHANNELS,))
    )
    return Crbm(weights, hidden - 0.5, visible, POOLING, gaussian)


def energy(layer, visible, hidden):
    """Return the energy of states, which have a probability proportional to exp(-energy)."""
    visible, bias = visible.astype(float), layer.visible_bias.astype(float)
    patches = np.lib.stride_tricks.sliding_window_view(visible, LENGTH, axis=1)
    together = np.einsum("ntk,ntcl,klc->n", hidden, patches, layer.weights, optimize=True)
    alone = -((visible - bias) ** 2).sum(axis=(1, 2)) / 2 if layer.gaussian else (visible * bias).sum(axis=(1, 2))
    return -(alone + together + (hidden * layer.hidden_bias).sum(axis=(1, 2)))


def hidden_states():
    """Return all choices [state, block, basis] and the same as units that are on [state, position, basis]."""
    chosen = np.array(list(itertools.product(range(POOLING + 1), repeat=BLOCKS * BASES)), np.int8)
    chosen = chosen.reshape(-1, BLOCKS, BASES)
    on = (chosen[:, :, None, :] == np.arange(POOLING)[:, None]).reshape(-1, POSITIONS, BASES)
    return chosen, on.astype(float)


def visible_states():
    return np.array(list(itertools.product((0, 1), repeat=FRAMES * CHANNELS)), float).reshape(-1, FRAMES, CHANNELS)


def some_visible(gaussian, n=3, seed=1):
    rng = np.random.default_rng(seed)
    shape = (n, FRAMES, CHANNELS)
    return (rng.standard_normal(shape) if gaussian else rng.integers(0, 2, shape)).astype(np.float32)


def given_visible(layer, v):
    """Return the probability of each hidden state, from the energy alone."""
    _, hidden = hidden_states()
    weight = np.exp(-energy(layer, np.repeat(v[None], len(hidden), axis=0), hidden))
    return weight / weight.sum()


def model_probabilities(layer):
    """Return the probability of each hidden state under the model, with all visible states summed or integrated."""
    _, hidden = hidden_states()
    if layer.gaussian:
        chosen, _ = hidden_states()
        # The integral of exp(-energy) over visible units is exp of half its square at the mean, up to a constant.
        means = visible_means(layer, chosen).astype(float)
        log_weight = -energy(layer, means, hidden)
    else:
        states = visible_states()
        log_weight = np.array(
            [np.log(np.exp(-energy(layer, states, np.repeat(h[None], len(states), axis=0))).sum()) for h in hidden]
        )
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def products(v, h):
    """Return the sum over positions of hidden units times the patch under them, for each state."""
    return np.stack([np.einsum("ntk,ntc->nkc", h, v[:, place : place + POSITIONS]) for place in range(LENGTH)], axis=2)


@pytest.fixture(params=[True, False], ids=["gaussian", "binary"])
def layer(request):
    return tiny(request.param)


def test_hidden_units_given_visible_ones_are_as_counted(layer):
    v = some_visible(layer.gaussian)
    inputs = HiddenInputs(layer)
    units, pooled = hidden_probabilities(layer, inputs, v), pooled_probabilities(layer, inputs, v)
    _, hidden = hidden_states()
    for number in range(len(v)):
        weight = given_visible(layer, v[number])
        assert np.allclose(units[number], np.einsum("s,stk->tk", weight, hidden), atol=1e-5)
        blocks = hidden.reshape(-1, BLOCKS, POOLING, BASES).max(axis=2)
        assert np.allclose(pooled[number], np.einsum("s,sbk->bk", weight, blocks), atol=1e-5)


def test_visible_units_given_hidden_ones_are_as_counted(layer):
    chosen, hidden = hidden_states()
    for number in (0, 17, 40, 80):
        mean = visible_means(layer, chosen[number : number + 1])[0]
        if layer.gaussian:
            # A normal density's peak: there the energy has no slope, and a curvature of one.
            for place in np.ndindex(FRAMES, CHANNELS):
                step = np.zeros((1, FRAMES, CHANNELS))
                step[(0, *place)] = 1e-3
                low, middle, high = (
                    energy(layer, mean[None] + sign * step, hidden[number : number + 1])[0] for sign in (-1, 0, 1)
                )
                assert (high - low) / 2e-3 == pytest.approx(0, abs=1e-4)
                assert (high - 2 * middle + low) / 1e-6 == pytest.approx(1, abs=1e-3)
        else:
            states = visible_states()
            weight = np.exp(-energy(layer, states, np.repeat(hidden[number][None], len(states), axis=0)))
            assert np.allclose(mean, np.einsum("s,stc->tc", weight / weight.sum(), states), atol=1e-5)


def test_slopes_of_the_energy_are_what_training_adds_up(layer):
    v, h = some_visible(layer.gaussian, n=1), hidden_states()[1][65:66]
    slopes = {
        "weights": products(v, h)[0],
        "hidden_bias": h[0].sum(axis=0),
        "visible_bias": (v[0] - layer.visible_bias if layer.gaussian else v[0]).sum(axis=0),
    }
    for name, slope in slopes.items():
        parameter = getattr(layer, name)
        for place in np.ndindex(parameter.shape):
            before, ends = parameter[place], []
            for sign in (-1, 1):
                parameter[place] = before + np.float32(sign * 2**-6)
                ends.append(energy(layer, v, h)[0])
            parameter[place] = before
            # The energy is linear in all but the Gaussian bias, in which it is a parabola: exact differences.
            assert -(ends[1] - ends[0]) / 2**-5 == pytest.approx(slope[place], abs=1e-3)


def test_sampled_units_are_as_frequent_as_their_probabilities(layer):
    from earfield.models.cdbn.crbm_kernels import sample_blocks

    n = 20_000
    v = np.repeat(some_visible(layer.gaussian, n=1), n, axis=0)
    inputs = HiddenInputs(layer)
    chosen, activation = np.empty((n, BLOCKS, BASES), np.int8), np.zeros(BASES, np.float32)
    drawn = np.random.default_rng(0).integers(0, 2**16, chosen.shape, dtype=np.uint16)
    sample_blocks(inputs.products(v), inputs.bias, POOLING, drawn, chosen, activation)
    expected = hidden_probabilities(layer, inputs, v[:1])[0]
    found = np.stack([(chosen == place).mean(axis=0) for place in range(POOLING)], axis=1).reshape(POSITIONS, BASES)
    assert np.abs(found - expected).max() < 5 * np.sqrt(0.25 / n)
    assert np.allclose(activation / n, expected.sum(axis=0), rtol=1e-3)


class Passes:
    """Takes each pass to the hidden units with inputs of its own."""

    def __init__(self, passes):
        self._passes = passes

    def products(self, visible):
        now = next(self._passes)
        self.bias = now.bias
        return now.products(visible)


def test_positive_phase_is_the_datas_own_expectation(layer):
    """With no weight in the reconstruction's pass, what is left of the contrast is the positive phase."""
    v = some_visible(layer.gaussian)
    n, inputs, parts = 200, HiddenInputs(layer), []
    nothing = HiddenInputs(Crbm(0 * layer.weights, 0 * layer.hidden_bias - 80, layer.visible_bias, POOLING, True))
    for seed in range(30):
        passes = iter([inputs, nothing])
        generator = np.random.Generator(np.random.SFC64(seed))
        parts.append(contrast(layer, Passes(passes), np.repeat(v, n, axis=0), generator))
    units = hidden_probabilities(layer, inputs, v).astype(float)
    exact = products(v, units).sum(axis=0)
    found = np.stack([part.weights / n for part in parts])
    assert np.abs(exact).max() > 0.5
    assert (np.abs(found.mean(axis=0) - exact) < 5 * found.std(axis=0) / np.sqrt(len(parts)) + 1e-3).all()
    for part in parts:
        assert np.allclose(part.activation / n, units.sum(axis=(0, 1)), rtol=1e-4)
        assert np.allclose(part.hidden_bias, part.activation, rtol=1e-4)


def chain(layer, n, steps):
    """Return visible states after so many rounds of sampling hidden units and visible ones."""
    from earfield.models.cdbn.crbm_kernels import sample_blocks

    rng = np.random.default_rng(5)
    v, inputs = some_visible(layer.gaussian, n=n), HiddenInputs(layer)
    chosen = np.empty((n, BLOCKS, BASES), np.int8)
    for _ in range(steps):
        drawn = rng.integers(0, 2**16, chosen.shape, dtype=np.uint16)
        sample_blocks(inputs.products(v), inputs.bias, POOLING, drawn, chosen, np.zeros(BASES, np.float32))
        means = visible_means(layer, chosen)
        noise = rng.standard_normal(means.shape) if layer.gaussian else rng.random(means.shape)
        v = (means + noise if layer.gaussian else noise < means).astype(np.float32)
    return v


def test_long_chains_reach_the_models_own_expectations(layer):
    n = 10_000
    v = chain(layer, n, 30)
    units = hidden_probabilities(layer, HiddenInputs(layer), v).astype(float)
    weight, (chosen, hidden) = model_probabilities(layer), hidden_states()
    means = visible_means(layer, chosen).astype(float)
    exact = np.einsum("s,sklc->klc", weight, products(means, hidden))
    found = products(v, units)
    error = found.std(axis=0) / np.sqrt(n)
    assert (np.abs(found.mean(axis=0) - exact) < 5 * error + 1e-3).all()
    assert np.abs(units.mean(axis=0) - np.einsum("s,stk->tk", weight, hidden)).max() < 0.02
    # What one step leaves of the start is not there any more.
    start = chain(layer, n, 0)
    start = products(start, hidden_probabilities(layer, HiddenInputs(layer), start))
    assert np.abs(start.mean(axis=0) - exact).max() > 10 * error.max()


def test_frames_beyond_the_last_whole_block_are_left_out():
    layer = new_crbm(channels=3, bases=4, length=6, pooling=3, gaussian=True, target_sparsity=0.1, seed=[1])
    assert (layer.positions(256), layer.extent(256)) == (249, 254)
    v = np.random.default_rng(0).standard_normal((2, 256, 3)).astype(np.float32)
    pooled = pooled_probabilities(layer, HiddenInputs(layer), v)
    assert pooled.shape == (2, 83, 4)
    inputs = np.einsum("tlc,klc->tk", [v[1, t : t + 6] for t in (246, 247, 248)], layer.weights) + layer.hidden_bias
    expected = np.exp(inputs).sum(axis=0) / (1 + np.exp(inputs).sum(axis=0))
    assert np.allclose(pooled[1, 82], expected, atol=1e-5)


@pytest.mark.parametrize("size", [0.0, 10.0, 200.0])
def test_probabilities_stay_numbers_for_any_input(size):
    layer = new_crbm(channels=1, bases=5, length=1, pooling=3, gaussian=True, target_sparsity=0.1, seed=[1])
    layer.weights[:] = 1
    v = (size * np.random.default_rng(0).standard_normal((2, 9, 1))).astype(np.float32)
    units = hidden_probabilities(layer, HiddenInputs(layer), v).reshape(2, 3, 3, 5)
    clipped = np.clip(v.astype(float) + layer.hidden_bias, -80, 80).reshape(2, 3, 3, 5)
    exact = np.exp(clipped) / (1 + np.exp(clipped).sum(axis=2, keepdims=True))
    assert np.isfinite(units).all()
    assert np.allclose(units, exact, atol=1e-3 if size > 10 else 1e-5)


LEARNING = {"momentum": 0.5, "decay": 0.0, "sparsity": 1.0, "workers": 2}


@pytest.mark.parametrize("target", [0.02, 0.15])
def test_sparsity_drives_the_mean_activation_to_its_target(target):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((64, 26, 3)).astype(np.float32)
    layer = new_crbm(channels=3, bases=6, length=6, pooling=3, gaussian=True, target_sparsity=0.3, seed=[1])
    options = {"learning_rate": 0.5, "target_sparsity": target, **LEARNING, "sparsity": 10.0}
    history = train_crbm(
        layer, lambda rows: data[rows], len(data), name="layer 1", seed=[1], epochs=40, batch_size=16, **options
    )
    assert abs(history.activation.iloc[0] - target) > 0.05
    assert history.activation.iloc[-1] == pytest.approx(target, rel=0.15)


def planted(n=192, frames=40, seed=0):
    """Return segments made of three patterns at random places, with noise, and the patterns."""
    rng = np.random.default_rng(seed)
    patterns = np.zeros((3, 4, 5))
    patterns[0, :, 0], patterns[1, range(4), range(1, 5)], patterns[2, :2, 2:] = 1.5, 2.5, -1.8
    data = 0.3 * rng.standard_normal((n, frames, 5))
    for segment in data:
        for start in range(0, frames - 4, 6):
            if rng.random() < 0.6:
                at = start + rng.integers(0, 3)
                segment[at : at + 4] += patterns[rng.integers(3)]
    return data.astype(np.float32), patterns


def trained(data, workers=2, epochs=40, **changes):
    layer = new_crbm(
        channels=data.shape[2], bases=6, length=4, pooling=3, gaussian=True, target_sparsity=0.05, seed=[2]
    )
    options = {"learning_rate": 1.0, "target_sparsity": 0.05, **LEARNING, "workers": workers, "momentum": 0.8} | changes
    history = train_crbm(
        layer, lambda rows: data[rows], len(data), name="layer 1", seed=[4], epochs=epochs, batch_size=24, **options
    )
    return layer, history


@pytest.fixture(scope="module")
def learned():
    data, patterns = planted()
    return *trained(data), patterns


def test_reconstruction_error_falls_on_what_has_structure(learned):
    _, history, _ = learned
    assert history.epoch.tolist() == list(range(1, 41))
    assert history.reconstruction_error.iloc[-1] < 0.6 * history.reconstruction_error.iloc[0]
    noise = np.random.default_rng(1).standard_normal((192, 40, 5)).astype(np.float32)
    _, of_noise = trained(noise, epochs=15)
    assert of_noise.reconstruction_error.iloc[-1] > 0.85 * of_noise.reconstruction_error.iloc[0]


def likeness(pattern, basis):
    """Return the largest correlation of a pattern and a basis, over shifts by up to two frames."""
    wide = np.pad(pattern, ((2, 2), (0, 0)))
    return max(
        np.sum(wide[s : s + 4] * basis) / (np.linalg.norm(wide[s : s + 4]) * np.linalg.norm(basis) + 1e-9)
        for s in range(5)
    )


def test_planted_patterns_are_found(learned):
    layer, _, patterns = learned
    start = new_crbm(channels=5, bases=6, length=4, pooling=3, gaussian=True, target_sparsity=0.05, seed=[2])
    found, before = (
        [max(likeness(pattern, basis) for basis in each.weights) for pattern in patterns] for each in (layer, start)
    )
    assert min(found) > 0.9
    assert max(before) < 0.85


def test_number_of_workers_does_not_change_a_bit():
    (layer, history), (again, of_again) = (trained(planted()[0], workers=workers, epochs=3) for workers in (1, 2))
    assert np.array_equal(layer.weights, again.weights) and np.array_equal(layer.hidden_bias, again.hidden_bias)
    assert history.equals(of_again)


def test_step_follows_the_contrast_with_decay_and_momentum():
    data = planted(n=10)[0]
    layer = new_crbm(channels=5, bases=6, length=4, pooling=3, gaussian=True, target_sparsity=0.05, seed=[2])
    before = layer.weights.copy()
    learner = Learner(layer, learning_rate=0.1, momentum=0.9, decay=0.5, target_sparsity=0.05, sparsity=0.0, workers=1)
    totals = [
        contrast(layer, HiddenInputs(layer), data[start : start + 8], np.random.Generator(np.random.SFC64([3, start])))
        for start in (0, 8)
    ]
    n = 10 * layer.positions(40)
    error, activation = learner.step(lambda rows: data[rows], np.arange(10), seed=[3])
    first = 0.1 * ((totals[0].weights + totals[1].weights) / n - 0.5 * before)
    assert np.allclose(layer.weights - before, first, atol=1e-7)
    assert error == pytest.approx((totals[0].error + totals[1].error) / (10 * layer.extent(40) * 5), rel=1e-5)
    assert activation == pytest.approx((totals[0].activation + totals[1].activation).mean() / n, rel=1e-5)
    middle = layer.weights.copy()
    learner._rate = 0.0  # what is left of the second step is the momentum of the first
    learner.step(lambda rows: data[rows], np.arange(10), seed=[4])
    assert np.allclose(layer.weights - middle, 0.9 * first, atol=1e-7)


def test_divergence_stops_with_a_sentence():
    data = planted(n=24)[0]
    with pytest.raises(EarfieldError, match=r"of layer 1 diverged in step 1 of epoch \d+; lower .* \(now 1e\+"):
        trained(data, learning_rate=1e20)


def test_divergence_is_seen_where_the_reconstruction_stays_finite():
    data = np.zeros((24, 30, 3), np.float32)
    layer = new_crbm(channels=3, bases=2, length=4, pooling=3, gaussian=True, target_sparsity=0.1, seed=[1])
    layer.weights[0] = np.nan  # no unit is ever on then
    learning = {
        "learning_rate": 0.1,
        "momentum": 0.0,
        "decay": 0.0,
        "target_sparsity": 0.1,
        "sparsity": 0.0,
        "workers": 1,
    }
    with pytest.raises(EarfieldError, match="layer 2 diverged in step 1 of epoch 1"):
        train_crbm(layer, lambda rows: data[rows], 24, name="layer 2", seed=[1], epochs=1, batch_size=8, **learning)


@pytest.mark.parametrize("target_sparsity", [0.5, 1 / 3, 0.0])
def test_activation_that_no_bias_gives_is_refused(target_sparsity):
    with pytest.raises(ConfigError, match=r"target_sparsity is .* with a pooling of 3: set it between 0 and .* 0\.333"):
        new_crbm(channels=1, bases=1, length=2, pooling=3, gaussian=True, target_sparsity=target_sparsity, seed=[1])
