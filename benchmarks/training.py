"""Training throughput against plain Keras, in turn, each in a process of its own."""

from pathlib import Path

from benchmarks.project import run_module, summarise

_REPETITIONS = 5


def measure_training(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure segments per second of both, and how long ours waits for data."""
    ratios, ours, waits = [], [], []
    for _ in range(_REPETITIONS):
        plain = run_module("plain_keras")[0]
        speed, wait = run_module("our_training", str(folder))
        ratios.append(speed / plain)
        ours.append(speed)
        waits.append(100 * wait)
    return [
        ["training segments/s, ours / plain Keras", ">= 1.6", *summarise(ratios)],
        ["training segments/s, ours", "", *summarise(ours)],
        ["fraction of a training step spent waiting for data [%]", "< 5", *summarise(waits)],
    ]
