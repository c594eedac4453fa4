"""A layer of the convolutional deep belief network against a plain Keras layer of its shape, in turn."""

from pathlib import Path

import yaml

from benchmarks.project import run_module, summarise

_REPETITIONS = 5


def measure_cdbn(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure segments per second of both, for each layer."""
    options = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))["models"]["cdbn"]["options"]
    frames, channels, length = options["frames"], options["components"], options["length"]
    rows = []
    for number, bases in enumerate(options["bases"], start=1):
        blocks = (frames - length + 1) // options["pooling"]
        used = blocks * options["pooling"] + length - 1  # no more than reaches whole blocks, for either
        shape = [str(each) for each in (used, channels, bases, length, options["batch_size"])]
        ratios, ours = [], []
        for _ in range(_REPETITIONS):
            plain = run_module("plain_conv1d", *shape)[0]
            ours.append(run_module("our_crbm", *shape)[0])
            ratios.append(ours[-1] / plain)
        rows += [
            [f"CDBN layer {number}, training segments/s, ours / plain Keras Conv1D", ">= 1", *summarise(ratios)],
            [f"CDBN layer {number}, training segments/s, ours", "", *summarise(ours)],
        ]
        frames, channels = blocks, bases
    return rows
