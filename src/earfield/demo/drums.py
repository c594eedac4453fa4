"""Percussion synthesis: each drum of a kit is synthesised once per recording and played at many velocities."""

import math
from dataclasses import dataclass, replace

import numpy as np

from earfield.demo.filters import SAMPLE_RATE, biquad

VARIANTS = 3  # takes of each drum, played in turn, so that no two strokes in a row are the same samples


@dataclass(frozen=True)
class Hit:
    """One stroke: `time` in s, the drum's name, `velocity` from 0 to 1."""

    time: float
    drum: str
    velocity: float


@dataclass(frozen=True)
class Kit:
    """Parameters of a drum kit and its recording; pitches in Hz, times in s."""

    kick_hz: float = 52.0
    kick_sweep: float = 2.5  # the pitch starts this many octaves times 0.4 higher
    kick_seconds: float = 0.16
    kick_click: float = 0.4
    snare_hz: float = 190.0
    snare_seconds: float = 0.08
    snare_noise: float = 0.8
    snare_noise_hz: float = 3200.0
    hat_hz: float = 7500.0
    hat_seconds: float = 0.035
    metal: float = 0.4  # fraction of ringing partials, the rest noise, in hats and cymbals
    cymbal_seconds: float = 0.6
    tone_hz: float = 9500.0  # low-pass over the kit: an old sample or a dark room
    drive: float = 1.0


KITS: dict[str, Kit] = {
    "acoustic": Kit(),
    "brushes": Kit(58, 1.2, 0.12, 0.2, 180, 0.11, 1.1, 2600, 6500, 0.05, 0.5, 0.9, 8500, 0.6),
    "rock": Kit(50, 2.5, 0.18, 0.6, 175, 0.12, 0.9, 2800, 7000, 0.05, 0.5, 0.9, 10000, 2.0),
    "metal": Kit(55, 3.0, 0.10, 1.2, 200, 0.09, 0.9, 3600, 7500, 0.04, 0.6, 0.8, 10000, 2.5),
    "machine": Kit(48, 3.0, 0.22, 0.5, 210, 0.09, 1.0, 4200, 8500, 0.03, 0.2, 0.4, 10500, 1.5),
    "boom": Kit(42, 2.0, 0.40, 0.3, 185, 0.09, 0.9, 2600, 7000, 0.03, 0.3, 0.5, 6500, 2.5),
    "dub": Kit(50, 1.6, 0.16, 0.3, 240, 0.06, 0.6, 3000, 7500, 0.03, 0.4, 0.5, 8000, 1.0),
}  # fmt: skip


def vary_kit(kit: Kit, rng: np.random.Generator, *, spread: float) -> Kit:
    """Vary a drum kit at random; a `spread` of 1 is the difference between two kits of one kind."""
    sizes = {"kick_hz": 0.1, "kick_seconds": 0.3, "kick_click": 0.5, "snare_hz": 0.15, "snare_seconds": 0.35,
             "snare_noise": 0.3, "snare_noise_hz": 0.3, "hat_hz": 0.15, "hat_seconds": 0.4, "metal": 0.4,
             "cymbal_seconds": 0.3, "tone_hz": 0.25, "drive": 0.4}  # fmt: skip
    moved = {name: getattr(kit, name) * float(np.exp(spread * size * rng.standard_normal()))
             for name, size in sizes.items()}  # fmt: skip
    return replace(kit, **moved)


class Drummer:
    """One kit in one recording."""

    def __init__(self, kit: Kit, *, rng: np.random.Generator) -> None:
        self.kit = kit
        self._seeds = rng.integers(2**63, size=VARIANTS)
        self._built: dict[tuple[str, int], np.ndarray] = {}

    def _time(self, seconds: float) -> np.ndarray:
        return np.arange(int(seconds * SAMPLE_RATE), dtype=np.float32) / np.float32(SAMPLE_RATE)

    def _noise(self, t: np.ndarray, rng: np.random.Generator, kind: str, hz: float, q: float = 0.7) -> np.ndarray:
        noise = rng.standard_normal(len(t), dtype=np.float32)
        return biquad(noise, kind=kind, hz=hz, q=q)

    def _tone(self, t: np.ndarray, hz: float, sweep: float, seconds: float) -> np.ndarray:
        # The pitch falls exponentially to hz within the first 30 ms or so.
        turns = hz * (t + sweep * 0.03 * (1 - np.exp(-t / 0.03)))
        return np.sin(2 * np.pi * turns) * np.exp(-t / seconds)

    def _metallic(self, t: np.ndarray, rng: np.random.Generator, hz: float) -> np.ndarray:
        """Six inharmonic square waves through a high-pass, as in the analogue machines, mixed with noise."""
        ratios = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523]) * rng.uniform(0.99, 1.01, 6)
        rings = sum(np.sign(np.sin(2 * np.pi * hz / 11 * ratio * t)) for ratio in ratios)
        mixed = self.kit.metal * np.asarray(rings) / 2.5 + rng.standard_normal(len(t), dtype=np.float32)
        return biquad(mixed, kind="highpass", hz=hz * 0.75)

    def _build(self, drum: str, rng: np.random.Generator) -> np.ndarray:
        kit = self.kit
        if drum == "kick":
            t = self._time(5 * kit.kick_seconds)
            click = self._noise(t, rng, "bandpass", 3000) * np.exp(-t / 0.006)
            beater = self._tone(t, 2.2 * kit.kick_hz, kit.kick_sweep, 0.03)
            boom = self._tone(t, kit.kick_hz, 1.2 * kit.kick_sweep, kit.kick_seconds)
            return 0.6 * boom + 0.4 * beater + kit.kick_click * click
        if drum in ("snare", "ghost"):
            t = self._time(6 * kit.snare_seconds)
            wires = self._noise(t, rng, "bandpass", kit.snare_noise_hz, 0.4) * np.exp(-t / kit.snare_seconds)
            skin = self._tone(t, kit.snare_hz, 0.8, 0.05) + 0.5 * self._tone(t, 1.7 * kit.snare_hz, 0.3, 0.03)
            return 0.6 * skin + 1.1 * kit.snare_noise * wires
        if drum == "rim":
            t = self._time(0.08)
            return 0.6 * self._tone(t, 1650, 0.2, 0.012) + 0.5 * self._tone(t, 480, 0.2, 0.02)
        if drum == "clap":
            t = self._time(0.4)
            bursts = sum(np.where(t >= d, np.exp(-(t - d) / 0.008), 0) for d in (0.0, 0.011, 0.023))
            tail = np.where(t >= 0.03, np.exp(-(t - 0.03) / (0.8 * kit.snare_seconds)), 0)
            return self._noise(t, rng, "bandpass", 1500, 0.9) * (np.asarray(bursts) + 0.7 * tail)
        if drum == "hat":
            t = self._time(6 * kit.hat_seconds)
            return 0.35 * self._metallic(t, rng, kit.hat_hz) * np.exp(-t / kit.hat_seconds)
        if drum == "open_hat":
            t = self._time(0.6)
            return 0.32 * self._metallic(t, rng, kit.hat_hz) * np.exp(-t / (5 * kit.hat_seconds))
        if drum == "ride":
            t = self._time(2.5 * kit.cymbal_seconds)
            ping = self._metallic(t, rng, 0.8 * kit.hat_hz)
            return 0.22 * ping * (np.exp(-t / 0.03) + 0.35 * np.exp(-t / (0.7 * kit.cymbal_seconds)))
        if drum == "crash":
            t = self._time(4 * kit.cymbal_seconds)
            wash = self._metallic(t, rng, 0.5 * kit.hat_hz)
            return 0.40 * wash * np.exp(-t / kit.cymbal_seconds) * (1 - np.exp(-t / 0.004))
        if drum in ("shaker", "brush"):
            rise, fall = (0.03, 0.03) if drum == "shaker" else (0.06, 0.09)
            t = self._time(8 * fall)
            hz = 6500 if drum == "shaker" else 3800
            return 0.4 * self._noise(t, rng, "bandpass", hz) * (t / rise) * np.exp(1 - t / fall)
        if drum == "tambourine":
            t = self._time(0.3)
            return 0.3 * self._noise(t, rng, "highpass", 6000) * (np.exp(-t / 0.015) + 0.4 * np.exp(-t / 0.06))
        hz, sweep, decay = {"tom": (145, 0.5, 0.16), "low_tom": (95, 0.5, 0.2), "conga": (330, 0.15, 0.09)}[drum]
        t = self._time(0.5)
        slap = self._noise(t, rng, "bandpass", 1800) * np.exp(-t / 0.01)
        return 0.8 * self._tone(t, hz, sweep, decay) + 0.3 * slap

    def _stroke(self, drum: str, variant: int) -> np.ndarray:
        if (drum, variant) not in self._built:
            # One generator per drum: which drums a pattern uses must not change how another one sounds.
            rng = np.random.default_rng([int(self._seeds[variant]), *drum.encode()])
            raw = self._build(drum, rng)
            soft = np.tanh(self.kit.drive * raw) / math.tanh(max(self.kit.drive, 0.3))
            end = min(len(soft), 128)
            soft[-end:] *= np.linspace(1, 0, end)
            self._built[drum, variant] = biquad(soft, kind="lowpass", hz=self.kit.tone_hz)
        return self._built[drum, variant]

    def play(self, hits: list[Hit], *, n_samples: int) -> np.ndarray:
        """Play a part.

        Parameters
        ----------
        hits : list of Hit
            In order of composition; strokes beyond `n_samples` are truncated.
        n_samples : int

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=float32]
            The part; a loud kick or snare has a peak of about 1.
        """
        bus = np.zeros(n_samples, dtype=np.float32)
        for position, hit in enumerate(hits):
            start = int(hit.time * SAMPLE_RATE)
            if 0 <= start < n_samples:
                wave = self._stroke(hit.drum, position % VARIANTS)[: n_samples - start]
                bus[start : start + len(wave)] += np.float32(hit.velocity) * wave
        return bus
