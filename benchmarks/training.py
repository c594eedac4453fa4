"""Training throughput against plain Keras, in turn, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

from benchmarks.project import summarise

_REPETITIONS = 5


def measure_training(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure segments per second of both, and how long ours waits for data."""
    ratios, ours, waits = [], [], []
    for _ in range(_REPETITIONS):
        plain = _run("plain_keras.py")[0]
        speed, wait = _run("our_training.py", str(folder))
        ratios.append(speed / plain)
        ours.append(speed)
        waits.append(100 * wait)
    return [
        ["training segments/s, ours / plain Keras", ">= 1.6", *summarise(ratios)],
        ["training segments/s, ours", "", *summarise(ours)],
        ["share of a training step spent waiting for data [%]", "< 5", *summarise(waits)],
    ]


def _run(script: str, *arguments: str) -> list[float]:
    """Run one script and return the numbers that it prints."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in done.stdout.split()]
