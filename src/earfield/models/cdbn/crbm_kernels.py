"""Inner loops of a convolutional restricted Boltzmann machine.

Within a block at most one unit of a basis is on, and few blocks have any, so products with samples visit only the units
that are on.
"""

import numba
import numpy as np

from earfield.models.cdbn.fast_convolution import TILE, combine

_LOG2_E = np.float32(1.4426950408889634)
_HALF, _ONE, _LIMIT = np.float32(0.5), np.float32(1), np.float32(80)
_STEP = np.float32(2.0**-16)
# 2**x from -0.5 to 0.5 as a polynomial, by least squares of its relative error, which stays below that of float32.
_P = (1.537071e-4, 1.3399853e-3, 9.6183733e-3, 5.550329e-2, 2.4022648e-1, 6.9314721e-1)
_P0, _P1, _P2, _P3, _P4, _P5 = (np.float32(p) for p in _P)


@numba.njit(fastmath={"contract"}, inline="always")
def _exp(x):  # type: ignore[no-untyped-def]
    """Return exp(x) in a form that the compiler vectorises; clipped at ±80."""
    x = min(max(x, -_LIMIT), _LIMIT) * _LOG2_E
    whole = np.floor(x + _HALF)
    part = x - whole
    power = ((((_P0 * part + _P1) * part + _P2) * part + _P3) * part + _P4) * part + _P5
    return (power * part + _ONE) * np.int32((np.int32(whole) + 127) << 23).view(np.float32)


@numba.njit(fastmath={"contract"}, nogil=True)
def _softmax(inputs, probabilities, scale):  # type: ignore[no-untyped-def]
    """Compute the probabilities of the units of one block: softmax over them and the state with none on."""
    places, bases = inputs.shape
    scale[:] = 1
    for place in range(places):
        row, own = inputs[place], probabilities[place]
        for k in range(bases):
            own[k] = _exp(row[k])
            scale[k] += own[k]
    for k in range(bases):
        scale[k] = _ONE / scale[k]
    for place in range(places):
        own = probabilities[place]
        for k in range(bases):
            own[k] *= scale[k]


@numba.njit(fastmath={"contract"}, nogil=True)
def _strip(products, bias, segment, strip, pooling, blocks, inputs):  # type: ignore[no-untyped-def]
    """Compute the inputs of as many blocks as a tile has outputs, and return their range."""
    first = strip * TILE
    last = min(first + TILE, blocks)
    combine(products, bias, segment, strip * pooling, inputs[: (last - first) * pooling])
    return first, last


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def fill_probabilities(products, bias, pooling, probabilities):  # type: ignore[no-untyped-def]
    """Fill in the probability of every hidden unit [segment, position, basis]; the rest is as for `sample_blocks`."""
    segments, positions, bases = probabilities.shape
    blocks = positions // pooling
    inputs, scale = np.empty((TILE * pooling, bases), np.float32), np.empty(bases, np.float32)
    for segment in range(segments):
        for strip in range(-(-blocks // TILE)):
            first, last = _strip(products, bias, segment, strip, pooling, blocks, inputs)
            for block in range(first, last):
                own = inputs[(block - first) * pooling :][:pooling]
                _softmax(own, probabilities[segment, block * pooling :][:pooling], scale)


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def sample_blocks(products, bias, pooling, drawn, chosen, activation):  # type: ignore[no-untyped-def]
    """Draw which unit of each block is on, and add up the probabilities of each basis.

    `products` [point, segment, tile, basis] and `bias` are those of `combine`, which give the units' inputs. `chosen`
    [segment, block, basis] becomes the place of the unit, or `pooling` if none is on; `drawn` holds as many random
    numbers of 16 bits; `activation` [basis] gets the sum.
    """
    segments, blocks, bases = chosen.shape
    inputs = np.empty((TILE * pooling, bases), np.float32)
    own, left = np.empty((pooling, bases), np.float32), np.empty(bases, np.float32)
    for segment in range(segments):
        for strip in range(-(-blocks // TILE)):
            first, last = _strip(products, bias, segment, strip, pooling, blocks, inputs)
            for block in range(first, last):
                _softmax(inputs[(block - first) * pooling :][:pooling], own, left)
                bits, choice = drawn[segment, block], chosen[segment, block]
                for k in range(bases):
                    left[k] = (np.float32(bits[k]) + _HALF) * _STEP
                    choice[k] = pooling
                for place in range(pooling):
                    row = own[place]
                    for k in range(bases):
                        activation[k] += row[k]
                        before = left[k]
                        left[k] -= row[k]
                        if before >= 0 and left[k] < 0:
                            choice[k] = place


@numba.njit(nogil=True, cache=True)
def add_bases(chosen, pooling, weights, visible):  # type: ignore[no-untyped-def]
    """Add the basis [basis, length x channels] of each unit that is on to the visible units [segment, frame, channel].

    Frames of a segment beyond those that the positions cover are not changed.
    """
    segments, blocks, bases = chosen.shape
    width, channels = weights.shape[1], visible.shape[2]
    on = np.empty((pooling, bases), np.int64)
    many = np.empty(pooling, np.int64)
    for segment in range(segments):
        flat = visible[segment].reshape(-1)
        for block in range(blocks):
            many[:] = 0
            choice = chosen[segment, block]
            for k in range(bases):
                place = choice[k]
                if place < pooling:
                    on[place, many[place]] = k
                    many[place] += 1
            for place in range(pooling):
                start = (block * pooling + place) * channels
                patch, own = flat[start : start + width], on[place]
                done, n = 0, many[place]
                while done + 4 <= n:  # four at a time: the patch is read and written a quarter as often
                    first, second = weights[own[done]], weights[own[done + 1]]
                    third, fourth = weights[own[done + 2]], weights[own[done + 3]]
                    for i in range(width):
                        patch[i] += (first[i] + second[i]) + (third[i] + fourth[i])
                    done += 4
                while done < n:
                    basis = weights[own[done]]
                    for i in range(width):
                        patch[i] += basis[i]
                    done += 1


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def add_patches(chosen, pooling, visible, sign, sums):  # type: ignore[no-untyped-def]
    """Add the patch under every unit that is on, times `sign`, to the sum of its basis [basis, length x channels]."""
    segments, blocks, bases = chosen.shape
    width, channels = sums.shape[1], visible.shape[2]
    on, many = np.empty((bases, blocks), np.int32), np.empty(bases, np.int32)
    for segment in range(segments):
        flat = visible[segment].reshape(-1)
        many[:] = 0
        for block in range(blocks):
            choice = chosen[segment, block]
            for k in range(bases):
                if choice[k] < pooling:
                    on[k, many[k]] = (block * pooling + choice[k]) * channels
                    many[k] += 1
        for k in range(bases):
            own, starts = sums[k], on[k]
            done, n = 0, many[k]
            while done + 4 <= n:  # four at a time: the sum is read and written a quarter as often
                first, second = flat[starts[done] :][:width], flat[starts[done + 1] :][:width]
                third, fourth = flat[starts[done + 2] :][:width], flat[starts[done + 3] :][:width]
                for i in range(width):
                    own[i] += sign * ((first[i] + second[i]) + (third[i] + fourth[i]))
                done += 4
            while done < n:
                patch = flat[starts[done] :][:width]
                for i in range(width):
                    own[i] += sign * patch[i]
                done += 1


@numba.njit(fastmath={"contract"}, nogil=True, cache=True)
def move(parameter, step, sums, scale, rate, momentum, decay):  # type: ignore[no-untyped-def]
    """Take a step along `scale` times the sum of the rows of `sums`, minus the decay, in one pass."""
    for i in range(len(parameter)):
        slope = sums[0, i]
        for part in range(1, len(sums)):
            slope += sums[part, i]
        step[i] = momentum * step[i] + rate * (scale * slope - decay * parameter[i])
        parameter[i] += step[i]
