"""Wavetable synthesis of pitched instruments, with a cross-fade from a bright to a dark table.

Two single-cycle tables per pitch (the attack's spectrum and the sustained one), read at the note's phase and
cross-faded, give plucked, struck, bowed, blown, sung and synthetic sounds, with a few array operations per note.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from earfield.demo.filters import SAMPLE_RATE, bells, biquad

TABLE_SIZE = 2048  # samples a cycle: reading the nearest one keeps the noise of that 55 dB down
MAX_HARMONICS = 160
NOISE_SECONDS = 3.0
GLIDE_SECONDS = 0.07

VOWELS = (
    ((750.0, 18.0, 0.28), (1250.0, 14.0, 0.25), (2700.0, 14.0, 0.2), (3500.0, 10.0, 0.2)),
    ((500.0, 18.0, 0.28), (1800.0, 13.0, 0.25), (2600.0, 14.0, 0.2), (3500.0, 10.0, 0.2)),
    ((330.0, 18.0, 0.28), (2200.0, 13.0, 0.22), (3000.0, 14.0, 0.2), (3700.0, 10.0, 0.2)),
    ((480.0, 18.0, 0.28), (900.0, 15.0, 0.25), (2500.0, 12.0, 0.2), (3400.0, 8.0, 0.2)),
)


@dataclass(frozen=True)
class Note:
    """One note of a part: `time` and `duration` in s, `pitch` as a MIDI number, `velocity` from 0 to 1."""

    time: float
    duration: float
    pitch: int
    velocity: float


@dataclass(frozen=True)
class Timbre:
    """Timbre of one instrument; tilts in dB per octave, times in s, formants as (Hz, dB, octaves)."""

    tilt: float = -9.0  # slope of the sustained spectrum
    bright: float = -5.0  # slope of the attack's spectrum
    bright_seconds: float = 0.15  # how fast the first gives way to the second
    even: float = 1.0  # gain of even harmonics: below 1 is a hollow, reed-like sound
    comb: float = 0.0  # where the string is struck, as a fraction of its length; 0: not a string
    drawbars: tuple[float, ...] = ()  # amplitudes of the first harmonics, in place of the tilt
    body: tuple[tuple[float, float, float], ...] = ()
    vowels: tuple[tuple[tuple[float, float, float], ...], ...] = ()  # one drawn per note
    attack: float = 0.004
    decay: float = math.inf  # time constant of the held note; infinite for bowed, blown and organ sounds
    release: float = 0.06
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.4
    glide_cents: float = 0.0  # how far below its pitch a note typically starts
    detune_cents: float = 0.0  # distance of a second, beating copy; 0: no copy
    breath: float = 0.0  # noise that follows the envelope
    click: float = 0.0  # noise of the attack: pick, hammer, consonant
    click_hz: float = 2500.0
    strum: float = 0.0  # time between the notes of a chord
    drive: float = 0.0  # how far the whole part is pushed into saturation
    cabinet_hz: float = 0.0  # low-pass behind the saturation


# The first three numbers are the two slopes and the time of the fade from the attack's to the sustained one.
TIMBRES: dict[str, Timbre] = {
    "piano": Timbre(-8, -4, 0.25, comb=0.13, decay=0.9, release=0.12, click=0.10, click_hz=1500, detune_cents=2),
    "felt_piano": Timbre(-11, -6, 0.3, comb=0.13, decay=1.2, release=0.2, click=0.06, click_hz=900),
    "electric_piano": Timbre(-14, -5, 0.12, drawbars=(1, 0.35, 0.05, 0.1, 0, 0, 0.06), decay=1.0, drive=0.8,
                             cabinet_hz=6000, detune_cents=3),
    "vibraphone": Timbre(-20, -12, 0.06, drawbars=(1, 0, 0, 0.3, 0, 0, 0, 0, 0, 0.08), decay=1.1, release=0.3,
                         click=0.08, vibrato_cents=4),
    "nylon": Timbre(-9, -5, 0.12, comb=0.22, body=((110, 4, 0.4), (220, 4, 0.4)), decay=0.5, click=0.08, strum=0.012),
    "steel": Timbre(-7, -2, 0.18, comb=0.14, body=((180, 4, 0.5), (2800, 5, 0.8)), decay=0.6, click=0.18, click_hz=4000,
                    strum=0.016),
    "banjo": Timbre(-4, 1, 0.07, comb=0.08, body=((700, 6, 0.5), (2500, 4, 0.7)), decay=0.18, click=0.2, click_hz=3500,
                    strum=0.01),
    "fiddle": Timbre(-5, -4, 0.1, glide_cents=40, body=((480, 4, 0.4), (2600, 6, 0.5)), attack=0.05, release=0.06,
                     vibrato_cents=16, breath=0.06, click=0.03),
    "clean_guitar": Timbre(-8, -3, 0.15, comb=0.2, body=((1400, 4, 0.8),), decay=0.6, click=0.12, strum=0.012,
                           drive=1.0, cabinet_hz=5500, detune_cents=4),
    "twang": Timbre(-6, -1, 0.12, comb=0.1, body=((2200, 6, 0.7),), decay=0.5, click=0.18, strum=0.012, drive=1.2,
                    cabinet_hz=7000, vibrato_cents=5),
    "skank_guitar": Timbre(-5, -2, 0.05, comb=0.12, body=((1800, 5, 0.8),), decay=0.12, release=0.03, click=0.25,
                           strum=0.006, cabinet_hz=7000),
    "crunch": Timbre(-6, -2, 0.3, comb=0.17, decay=1.2, click=0.1, strum=0.01, drive=5.0, cabinet_hz=4800),
    "distortion": Timbre(-4, -1, 0.3, comb=0.15, decay=2.0, release=0.03, click=0.1, strum=0.003, drive=14.0,
                         cabinet_hz=5200, detune_cents=8),
    "solo_guitar": Timbre(-5, -2, 0.4, glide_cents=90, comb=0.2, decay=2.0, vibrato_cents=22, drive=7.0,
                          cabinet_hz=5000),
    "organ": Timbre(drawbars=(1, 0.9, 0.7, 0.4, 0.1, 0.3, 0, 0.25), bright_seconds=0.03, bright=-4, attack=0.006,
                    release=0.03, vibrato_cents=10, vibrato_hz=6.4, drive=1.2, cabinet_hz=6500, click=0.05),
    "bubble_organ": Timbre(drawbars=(1, 0.7, 0.3, 0.1, 0, 0.1), bright_seconds=0.03, bright=-5, release=0.02,
                           click=0.06, cabinet_hz=4500),
    "accordion": Timbre(-4, -4, 0.1, even=0.7, body=((900, 5, 0.6), (2400, 4, 0.5)), attack=0.035, detune_cents=12),
    "harmonica": Timbre(-3, -3, 0.1, glide_cents=80, even=0.8, body=((1100, 6, 0.5), (2600, 6, 0.5)), attack=0.03,
                        breath=0.1, vibrato_cents=14, drive=2.5, cabinet_hz=4500),
    "strings": Timbre(-6, -5, 0.2, body=((450, 3, 0.5), (2500, 4, 0.6)), attack=0.12, release=0.2, detune_cents=9,
                      vibrato_cents=9, breath=0.03),
    "cello": Timbre(-7, -6, 0.2, body=((250, 4, 0.4), (1500, 4, 0.5)), attack=0.07, release=0.12, vibrato_cents=14,
                    breath=0.04),
    "oboe": Timbre(-5, -5, 0.1, even=0.8, body=((1100, 8, 0.4), (2900, 5, 0.4)), attack=0.04, vibrato_cents=10,
                   breath=0.03),
    "flute": Timbre(-12, -9, 0.1, attack=0.05, vibrato_cents=14, breath=0.22, click=0.05),
    "muted_trumpet": Timbre(-4, -3, 0.1, body=((1500, 8, 0.4), (3200, 6, 0.4), (400, -6, 0.6)), attack=0.03,
                            vibrato_cents=12, breath=0.06),
    "saxophone": Timbre(-6, -3, 0.12, glide_cents=60, body=((600, 5, 0.5), (1500, 4, 0.5)), attack=0.03,
                        vibrato_cents=16, breath=0.16, click=0.05, drive=1.5, cabinet_hz=6500),
    "brass": Timbre(-8, -3, 0.18, body=((800, 4, 0.6), (2000, 3, 0.6)), attack=0.025, detune_cents=7, release=0.05),
    "warm_pad": Timbre(-11, -8, 0.8, attack=0.25, release=0.3, detune_cents=14),
    "bright_pad": Timbre(-6, -5, 0.6, attack=0.12, release=0.25, detune_cents=16),
    "saw_stab": Timbre(-9, -3, 0.10, decay=0.35, release=0.05, detune_cents=14),
    "pluck_synth": Timbre(-12, -2, 0.07, decay=0.25, release=0.08, detune_cents=6),
    "square_lead": Timbre(-6, -4, 0.2, even=0.15, release=0.04, vibrato_cents=10, detune_cents=5),
    "saw_lead": Timbre(-6, -3, 0.25, release=0.05, vibrato_cents=12, detune_cents=10),
    "voice": Timbre(-5, -4, 0.16, vowels=VOWELS, attack=0.04, release=0.07, vibrato_cents=26, glide_cents=130,
                    breath=0.07, click=0.30, click_hz=5000),
    "doubled_voice": Timbre(-4, -3, 0.14, vowels=VOWELS, attack=0.03, release=0.08, vibrato_cents=14, glide_cents=90,
                            breath=0.10, click=0.35, click_hz=6000, detune_cents=11),
    "rap": Timbre(-4, -3, 0.08, vowels=VOWELS, attack=0.012, decay=0.25, release=0.03, glide_cents=250, breath=0.10,
                  click=0.55, click_hz=4500, drive=1.5),
    "shout": Timbre(-2, -2, 0.1, vowels=VOWELS, attack=0.02, release=0.05, glide_cents=150, breath=0.5, click=0.4,
                    click_hz=4000, drive=4.0),
    "upright_bass": Timbre(-12, -7, 0.08, comb=0.25, body=((100, 4, 0.5), (800, 3, 0.5)), decay=0.4, click=0.10,
                           click_hz=1200),
    "finger_bass": Timbre(-11, -7, 0.12, comb=0.2, body=((90, 3, 0.5),), decay=0.7, click=0.05, click_hz=1500),
    "pick_bass": Timbre(-8, -3, 0.15, comb=0.12, body=((1200, 4, 0.6),), decay=0.8, click=0.12, click_hz=3000,
                        drive=1.5),
    "sub_bass": Timbre(-20, -14, 0.05, decay=0.9, release=0.05, drive=1.0),
    "synth_bass": Timbre(-10, -3, 0.09, decay=0.5, release=0.04, detune_cents=6, drive=1.0),
    "dub_bass": Timbre(-16, -11, 0.1, decay=0.6, release=0.04, body=((80, 4, 0.5),)),
}  # fmt: skip


def vary(timbre: Timbre, rng: np.random.Generator, *, spread: float) -> Timbre:
    """Vary a timbre at random; a `spread` of 1 is the difference between two instruments of one kind."""
    slope = spread * 1.3 * rng.standard_normal()
    resonances = tuple(
        (float(120 * 2 ** rng.uniform(0, 5.2)), float(spread * 5 * rng.standard_normal()), 0.5) for _ in range(3)
    )
    sizes = {"attack": 0.3, "bright_seconds": 0.3, "decay": 0.3, "vibrato_cents": 0.4, "detune_cents": 0.3,
             "drive": 0.4, "cabinet_hz": 0.25}  # fmt: skip
    factors = np.exp(spread * np.array([*sizes.values()]) * rng.standard_normal(len(sizes)))
    moved = {name: getattr(timbre, name) * factor for name, factor in zip(sizes, factors, strict=True)}
    return replace(
        timbre,
        tilt=timbre.tilt + slope,
        bright=timbre.bright + slope + spread * rng.standard_normal(),
        body=timbre.body + resonances,
        vibrato_hz=timbre.vibrato_hz * float(np.exp(0.1 * spread * rng.standard_normal())),
        **moved,
    )


class Player:
    """One instrument in one recording, with a cache of the tables of each pitch."""

    def __init__(self, timbre: Timbre, *, rng: np.random.Generator, tuning_cents: float) -> None:
        self.timbre = timbre
        self.tuning_cents = tuning_cents  # from A = 440 Hz
        self._rng = rng  # draws the harmonics' phases, then each note's small differences in turn
        self._phases = rng.uniform(0, 2 * np.pi, MAX_HARMONICS)
        self._noise = rng.standard_normal(int(NOISE_SECONDS * SAMPLE_RATE), dtype=np.float32)
        if timbre.click or timbre.breath:
            self._noise = biquad(self._noise, kind="bandpass", hz=timbre.click_hz, q=0.5)
        self._tables: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    def _hz(self, pitch: int) -> float:
        return float(440 * 2 ** ((pitch - 69 + self.tuning_cents / 100) / 12))

    def _cycle(self, pitch: int, vowel: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the sustained and the bright cycle of a pitch, each with a mean power of 1."""
        if (pitch, vowel) in self._tables:
            return self._tables[pitch, vowel]
        timbre, hz = self.timbre, self._hz(pitch)
        count = max(1, min(MAX_HARMONICS, int(0.47 * SAMPLE_RATE / hz)))
        k = np.arange(1, count + 1)
        cycles = []
        for i, (slope, drawbars) in enumerate(((timbre.tilt, timbre.drawbars), (timbre.bright, ()))):
            # A sung note starts on one vowel and ends on the one before it in the list.
            formants = timbre.vowels[(vowel + i) % len(timbre.vowels)] if timbre.vowels else ()
            shape = bells(k * hz, timbre.body + formants)
            amplitude = np.pad(drawbars, (0, count))[:count] if drawbars else 10 ** (slope * np.log2(k) / 20)
            if timbre.comb:
                amplitude = amplitude * (0.08 + np.abs(np.sin(np.pi * k * timbre.comb)))
            amplitude[1::2] *= timbre.even
            amplitude *= 10 ** (shape / 20)
            spectrum = np.zeros(TABLE_SIZE // 2 + 1, dtype=complex)
            spectrum[1 : count + 1] = amplitude * np.exp(1j * self._phases[:count])
            cycle = np.fft.irfft(spectrum)
            cycles.append((cycle / np.sqrt(np.mean(cycle**2))).astype(np.float32))
        self._tables[pitch, vowel] = cycles[0], cycles[1]
        return cycles[0], cycles[1]

    def _note(self, note: Note) -> np.ndarray:
        timbre, rng = self.timbre, self._rng
        vowel = int(rng.integers(len(timbre.vowels))) if timbre.vowels else 0
        offset = int(rng.integers(len(self._noise)))
        start_phase, drift, scoop = rng.uniform(), rng.normal(0, 2.0), abs(rng.standard_normal())
        tail = 4 * timbre.release
        length = note.duration + tail
        if math.isfinite(timbre.decay):
            length = min(length, 6 * timbre.decay + tail)
        n = max(int(length * SAMPLE_RATE), 16)
        t = np.arange(n, dtype=np.float32) / np.float32(SAMPLE_RATE)
        dark, bright = self._cycle(note.pitch, vowel)

        hz = self._hz(note.pitch) * 2 ** (drift / 1200)
        phase = np.arange(n) * (hz / SAMPLE_RATE) + start_phase
        if timbre.vibrato_cents:
            depth = timbre.vibrato_cents * math.log(2) / 1200 * hz / (2 * math.pi * timbre.vibrato_hz)
            swell = np.minimum(t * np.float32(3), np.float32(1))  # vibrato comes after the attack
            phase += depth * swell * np.sin(np.float32(2 * math.pi * timbre.vibrato_hz) * t)
        if timbre.glide_cents:
            below = 2 ** (-timbre.glide_cents * scoop / 1200) - 1
            phase += np.float32(hz * below * GLIDE_SECONDS) * (1 - np.exp(t * np.float32(-1 / GLIDE_SECONDS)))
        index = (phase * TABLE_SIZE).astype(np.int32) & (TABLE_SIZE - 1)
        fade = np.exp(t * np.float32(-1 / timbre.bright_seconds)) * np.float32(0.35 + 0.65 * note.velocity)
        wave = dark[index]
        wave += (bright[index] - wave) * fade
        if timbre.detune_cents:
            ratio = 2 ** (timbre.detune_cents / 1200)
            second = (phase * (ratio * TABLE_SIZE)).astype(np.int32) & (TABLE_SIZE - 1)
            wave = np.float32(0.7) * (wave + dark[second])
        if timbre.breath or timbre.click:
            # The noise wraps round: a note that is longer than it must not run dry.
            noise = self._noise[(np.arange(offset, offset + n)) % len(self._noise)]
            burst = np.exp(t * np.float32(-1 / 0.02)) * np.float32(6 * timbre.click)
            wave += noise * (np.float32(2.5 * timbre.breath) + burst)

        envelope = np.full(n, note.velocity, dtype=np.float32)
        if math.isfinite(timbre.decay):
            # High strings ring shorter than low ones.
            decay = timbre.decay * 2 ** ((55 - note.pitch) / 30)
            envelope *= np.exp(t * np.float32(-1 / decay))
        rise = max(int(timbre.attack * SAMPLE_RATE), 8)
        ramp = np.linspace(0, 1, min(rise, n), dtype=np.float32)
        envelope[: len(ramp)] *= ramp
        held = min(int(note.duration * SAMPLE_RATE), n)
        envelope[held:] *= np.exp(t[: n - held] * np.float32(-1 / timbre.release))
        end = min(n, 64)
        envelope[-end:] *= np.linspace(1, 0, end, dtype=np.float32)
        return wave * envelope

    def play(self, notes: list[Note], *, n_samples: int) -> np.ndarray:
        """Play a part.

        Parameters
        ----------
        notes : list of Note
            In order of composition; notes beyond `n_samples` are truncated.
        n_samples : int

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=float32]
            The part after saturation and cabinet filter; a single loud note has an RMS of about 0.2.
        """
        bus = np.zeros(n_samples, dtype=np.float32)
        for note in notes:
            start = int(note.time * SAMPLE_RATE)
            if 0 <= start < n_samples:
                wave = self._note(note)[: n_samples - start]
                bus[start : start + len(wave)] += wave
        bus *= np.float32(0.2)
        if self.timbre.drive:
            drive = np.float32(self.timbre.drive)
            bus = np.tanh(drive * bus) / np.float32(math.sqrt(1 + float(drive) * 2))
        if self.timbre.cabinet_hz:
            bus = biquad(bus, kind="lowpass", hz=self.timbre.cabinet_hz, q=0.9)
            bus = biquad(bus, kind="highpass", hz=90)
        return bus
