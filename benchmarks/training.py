"""Training throughput against plain Keras, with and without oneDNN, and against the arithmetic limit of the machine.

All are run in turn, each in a process of its own.
"""

from pathlib import Path

from benchmarks.project import run_module, summarise

_REPETITIONS = 3


def measure_training(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure segments per second of all, the limit that a matrix product sets, and how long ours waits for data."""
    plain, with_onednn, limits, ours, waits = [], [], [], [], []
    for _ in range(_REPETITIONS):
        plain += run_module("plain_keras")
        with_onednn += run_module("plain_keras", onednn=True)
        limits += run_module("arithmetic_limit", onednn=True)
        speed, wait = run_module("our_training", str(folder))
        ours.append(speed)
        waits.append(100 * wait)

    def ratios(others: list[float], factor: float = 1.0) -> list[object]:
        return summarise([factor * own / other for own, other in zip(ours, others, strict=True)])

    return [
        ["training segments/s, ours / plain Keras", ">= 2.5", *ratios(plain)],
        ["training segments/s, ours / plain Keras with oneDNN", ">= 1.4", *ratios(with_onednn)],
        ["training segments/s, ours", "", *summarise(ours)],
        ["training segments/s, limit by a matrix product", "", *summarise(limits)],
        ["training segments/s, ours / limit [%]", ">= 70", *ratios(limits, 100.0)],
        ["fraction of a training step spent waiting for data [%]", "< 5", *summarise(waits)],
    ]
