"""Synthesis and mastering of a piece: balance, reverberation, equalisation, compression, level."""

import numpy as np
from scipy import fft
from scipy.ndimage import uniform_filter1d

from earfield.demo.artists import Console, Style
from earfield.demo.compose import Score
from earfield.demo.drums import Drummer, Hit
from earfield.demo.filters import SAMPLE_RATE, bells, biquad
from earfield.demo.genres import Part
from earfield.demo.instruments import Player
from earfield.demo.seeds import generator

ECHOES = 3
BLOCK = 256  # samples per step of the compressor
CEILING = 0.98
PEAK_FACTOR = 0.75  # knee of the limiter, as a fraction of full scale
PUMP_SECONDS = 0.28
AIR = 6000  # Hz: corner of a roll-off of all recordings, as by microphones, tape and mp3
BALANCE = {"bass": -2.0, "comp": 1.5, "pad": 1.5, "lead": 2.0}  # dB, levels of the parts relative to the percussion


def _gain(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))


def _room(console: Console) -> np.ndarray:
    """Return the impulse response of the artist's room: noise whose high frequencies decay faster."""
    n = int(min(console.mix.room, 2.5) * SAMPLE_RATE)
    rng = generator(console.seed, "room")
    t = np.arange(n, dtype=np.float32) / np.float32(SAMPLE_RATE)
    bright = rng.standard_normal(n, dtype=np.float32) * np.exp(-t * np.float32(14 / console.mix.room))
    dark = rng.standard_normal(n, dtype=np.float32) * np.exp(-t * np.float32(6.9 / console.mix.room))
    response = 0.7 * bright + biquad(dark, kind="lowpass", hz=console.damping)
    response = biquad(response, kind="highpass", hz=180)
    response = np.pad(response, (int(0.012 * SAMPLE_RATE), 0))
    return response / np.float32(np.sqrt(np.sum(response**2)) + 1e-9)


def _response(console: Console, n_fft: int) -> np.ndarray:
    """Return the console's frequency response at the frequencies of an FFT, as amplitude factors."""
    # Drawn on a coarse logarithmic grid: a quarter of a million exponentials would cost more than the FFT.
    hz = np.geomspace(5, SAMPLE_RATE / 2, 240)
    mix = console.mix
    decibels = bells(hz, (*console.peaks, (80.0, mix.low, 0.7)))
    decibels += mix.tilt * np.log2(np.maximum(hz, 200) / 200)
    decibels -= 10 * np.log10(1 + (hz / mix.bandwidth) ** 12)
    decibels -= 10 * np.log10(1 + (hz / AIR) ** 2)
    decibels -= 10 * np.log10(1 + (28 / hz) ** 6)
    bins = np.linspace(0, SAMPLE_RATE / 2, n_fft // 2 + 1)
    return np.interp(bins, hz, 10 ** (decibels / 20)).astype(np.float32)


def _background(kind: str, n_samples: int, names: tuple[str | int, ...]) -> np.ndarray:
    """Return the noise of the recording medium, with an RMS of about 1."""
    noise = generator(*names, "hiss").standard_normal(n_samples, dtype=np.float32)
    if kind == "vinyl":
        noise = biquad(noise, kind="lowpass", hz=3500) * np.float32(1.6)
        # Separate generators for place and size, so that a longer piece has the same crackles where it overlaps.
        count = int(12 * n_samples / SAMPLE_RATE) + 8
        places = np.cumsum(generator(*names, "places").exponential(SAMPLE_RATE / 9, count)).astype(int)
        sizes = 9 * generator(*names, "sizes").standard_exponential(count).astype(np.float32)
        inside = places < n_samples - 2
        noise[places[inside]] += sizes[inside]
        noise[places[inside] + 1] -= np.float32(0.7) * sizes[inside]
    return noise


def _ducking(hits: list[Hit], depth: float, n_samples: int) -> np.ndarray:
    """Return a gain curve that dips at every kick."""
    curve = np.ones(n_samples, dtype=np.float32)
    t = np.arange(int(PUMP_SECONDS * SAMPLE_RATE), dtype=np.float32) / np.float32(PUMP_SECONDS * SAMPLE_RATE)
    dip = 1 - np.float32(depth) * (1 - t) ** 2 * np.minimum(1, t * 30)
    for hit in hits:
        start = int(hit.time * SAMPLE_RATE)
        if hit.drum == "kick" and start < n_samples:
            piece = curve[start : start + len(dip)]
            np.minimum(piece, dip[: len(piece)], out=piece)
    return curve


def _compress(y: np.ndarray, squash: float) -> np.ndarray:
    """Reduce differences in level by a fraction, over windows of 0.35 s."""
    n_blocks = -(-len(y) // BLOCK)
    padded = np.pad(y, (0, n_blocks * BLOCK - len(y)))
    power = np.mean(padded.reshape(n_blocks, BLOCK) ** 2, axis=1)
    power = uniform_filter1d(power, round(0.35 * SAMPLE_RATE / BLOCK), mode="nearest") + 1e-3 * power.mean() + 1e-12
    gain = np.exp(-0.5 * min(squash, 0.9) * np.log(power))
    centres = np.arange(n_blocks) * BLOCK + BLOCK // 2
    return y * np.interp(np.arange(len(y)), centres, gain).astype(np.float32)


def mix(score: Score, style: Style, *, n_samples: int, names: tuple[str | int, ...]) -> np.ndarray:
    """Synthesise and master a piece.

    Parameters
    ----------
    score : Score
    style : Style
    n_samples : int
    names : tuple of str or int
        Names that seed the piece's random generators.

    Returns
    -------
    np.ndarray [shape=(n_samples,), dtype=float32]
        The waveform at the level of the style's mix, within ±0.98.
    """
    console = style.console
    drummer = Drummer(style.kit, rng=generator(*names, "kit"))
    dry = drummer.play(score.hits, n_samples=n_samples) * _gain(style.drums_level)
    wet = dry * np.float32(style.drums.reverb)
    ducking = _ducking(score.hits, console.mix.pump, n_samples) if console.mix.pump else None
    for name, line in style.lines.items():
        if not score.notes[name]:
            continue
        player = Player(line.timbre, rng=generator(*names, name, "player"), tuning_cents=style.tuning_cents)
        bus = player.play(score.notes[name], n_samples=n_samples) * _gain(line.level + BALANCE[name])
        if ducking is not None and isinstance(line.part, Part):
            bus *= ducking
        if line.part.echo:
            delay = int(0.75 * 60 / style.tempo * SAMPLE_RATE)
            for i in range(1, ECHOES + 1):
                if i * delay < n_samples:
                    wet[i * delay :] += np.float32(0.8 * line.part.echo**i) * bus[: n_samples - i * delay]
                    dry[i * delay :] += np.float32(0.5 * line.part.echo**i) * bus[: n_samples - i * delay]
        dry += bus
        wet += np.float32(line.part.reverb) * bus

    loudness = np.sqrt(np.mean(dry**2)) + 1e-9
    noise = _background(console.mix.noise, n_samples, names)
    dry += noise * (_gain(console.mix.noise_level) * np.float32(loudness))

    room = _room(console)
    # Even, because `_response` draws up to the Nyquist frequency, and without large prime factors.
    n_fft = 2 * fft.next_fast_len((n_samples + len(room) + 1) // 2, real=True)
    spectrum = fft.rfft(wet, n_fft) * fft.rfft(room, n_fft)
    spectrum *= np.float32(2.0 * console.mix.wet)
    spectrum += fft.rfft(dry, n_fft)
    spectrum *= _response(console, n_fft)
    y = fft.irfft(spectrum, n_fft)[:n_samples]

    y = _compress(y, console.mix.squash)
    y *= _gain(console.mix.level) / np.float32(np.sqrt(np.mean(y**2)) + 1e-9)
    # A limiter rounds the peaks: linear below its knee, and never above full scale.
    knee, room_above = np.float32(PEAK_FACTOR), np.float32(CEILING - PEAK_FACTOR)
    over = np.abs(y) > knee
    y[over] = np.sign(y[over]) * (knee + room_above * np.tanh((np.abs(y[over]) - knee) / room_above))
    return y
