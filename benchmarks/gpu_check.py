"""Training speed of the paper's network on a GPU, in plain Keras 3 under JAX and PyTorch.

    python -m benchmarks.gpu_check [--backends jax torch] [--output FILE]

Run it in the repository, or in any folder with a copy of `benchmarks/`. It needs numpy, Keras 3 and JAX or PyTorch, and
nothing of earfield; it takes less than four minutes. It trains on noise as large as GTZAN, with a spectrum planted for
each label. Each backend and precision runs in its own process, each way of feeding and computing a step (`PATHS`) on a
freshly initialised network. `--output benchmarks/measured/gpu_check.csv` is what `python -m benchmarks.readme` shows in
docs/performance.md.
"""

import argparse
import csv
import gc
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_network import count_parameters, training_flop
from benchmarks.gpu_training import PATHS, QUICK, Device, Sizes, feed, rounded, training_step, write_mel

PRECISIONS = {"float32": 3, "mixed_bfloat16": 3, "mixed_float16": 1}  # with their fractions of the time
COLUMNS = [
    *("backend", "precision", "path", "segments_s", "lowest", "highest", "repeats", "steps", "batch", "waiting"),
    *("first_step_s", "peak_memory_mb", "loss_first", "loss_last", "tflop_s", "product_tflop_s", "copy_gb_s"),
    *("transfer_gb_s", "card", "driver", "keras", "backend_version", "problem"),
]
_SCALES_ITS_LOSS = ("keras_device",)  # the one path for float16


def measure(device: Device, path: str, mel: np.ndarray, sizes: Sizes) -> dict[str, Any]:
    """Train by one path and measure it.

    Parameters
    ----------
    device : Device
        Where to compute.
    path : str
        Of `PATHS`.
    mel : np.ndarray [shape=(n_frames, N_MELS)]
        All tracks, on the host.
    sizes : Sizes
        How much to train.

    Returns
    -------
    dict
        Some of `COLUMNS`: median, lowest and highest segments per second of the repeats, the fraction of the time spent
        waiting for a batch, the time of the first step, and the cross-entropy of the first step and of the last
        repeat [nat].
    """
    step = training_step(device, mel, path)
    batches = feed(device, mel, path, sizes)
    started = time.perf_counter()
    first_loss = step(*next(batches))
    device.finish(first_loss)
    first_step = time.perf_counter() - started
    for _ in range(sizes.steps // 4):
        device.finish(step(*next(batches)))
    speeds, waits = [], []
    for _ in range(sizes.repeats):
        losses, waited, started = [], 0.0, time.perf_counter()
        for _ in range(sizes.steps):
            asked = time.perf_counter()
            batch = next(batches)
            waited += time.perf_counter() - asked
            losses.append(step(*batch))
        device.finish(losses[-1])
        spent = time.perf_counter() - started
        speeds.append(sizes.steps * sizes.batch / spent)
        waits.append(waited / spent)
    batches.close()
    speed = float(np.median(speeds))
    return {
        "segments_s": rounded(speed),
        "lowest": rounded(min(speeds)),
        "highest": rounded(max(speeds)),
        "waiting": round(float(np.median(waits)), 4),
        "first_step_s": round(first_step, 1),
        "peak_memory_mb": device.peak_memory(),
        "loss_first": round(float(first_loss), 4),
        "loss_last": round(float(np.mean([float(loss) for loss in losses])), 4),
        "tflop_s": rounded(speed * training_flop() / 1e12),
    }


def run_backend(folder: Path, precision: str, paths: list[str], sizes: Sizes, deadline: float) -> None:
    """Measure the paths with the backend of this process and add a row for each to `rows.jsonl`."""
    import keras

    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_global_policy(precision)
    device = Device()
    facts = {**device.facts, "precision": precision, **device.limits(precision, sizes)}
    facts |= {"repeats": sizes.repeats, "steps": sizes.steps, "batch": sizes.batch}
    mel = np.load(folder / "mel.npy", mmap_mode="r")
    longest = 0.0
    for path in paths:
        if precision == "mixed_float16" and path not in _SCALES_ITS_LOSS:
            continue
        started = time.time()
        row = {"path": path}
        if started + longest > deadline:
            row["problem"] = "left out: no time left"
        else:
            try:
                row |= measure(device, path, mel, sizes)
            except Exception as error:  # the other paths are measured all the same
                traceback.print_exc()
                row["problem"] = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        gc.collect()  # a model refers to itself
        longest = max(longest, time.time() - started)
        with open(folder / "rows.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(facts | row) + "\n")
        print(_line(facts | row), flush=True)


def main() -> int:
    """Run every backend and precision in turn, print a line per measurement and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    present = [name for name in ("jax", "torch") if importlib.util.find_spec(name)]
    parser.add_argument("--backends", nargs="+", default=present, choices=["jax", "torch"], help="default: all present")
    parser.add_argument("--precisions", nargs="+", default=list(PRECISIONS), choices=list(PRECISIONS))
    parser.add_argument("--paths", nargs="+", default=list(PATHS), choices=list(PATHS), help="ways to train")
    parser.add_argument("--batch", type=int, help="segments in a batch")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it runs")
    parser.add_argument("--seconds", type=float, default=225, help="limit for all of it")
    parser.add_argument("--output", type=Path, default=Path("gpu_check.csv"), help="table to write")
    parser.add_argument("--run", nargs=3, metavar=("FOLDER", "PRECISION", "DEADLINE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else Sizes()
    sizes = replace(sizes, batch=arguments.batch or sizes.batch)
    if arguments.run:
        folder, precision, deadline = arguments.run
        run_backend(Path(folder), precision, arguments.paths, sizes, float(deadline))
        return 0
    if not arguments.backends:
        parser.error("neither JAX nor PyTorch is installed; install one of them next to Keras 3")
    deadline = time.time() + arguments.seconds
    print(f"{count_parameters():,} parameters, {training_flop() / 1e9:.3f} GFLOP per segment; {asdict(sizes)}")
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as name:
        write_mel(Path(name, "mel.npy"), sizes)
        jobs = [(backend, precision) for precision in arguments.precisions for backend in arguments.backends]
        problems = []
        for number, job in enumerate(jobs):
            weights = [PRECISIONS[precision] for _, precision in jobs[number:]]
            left = deadline - time.time()
            problems += _run_job(Path(name), *job, min(left, 1.5 * left * weights[0] / sum(weights)))
        lines = Path(name, "rows.jsonl")
        rows = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    write_table(arguments.output, [*rows, *problems])
    print(f"{len(rows)} measurements are in {arguments.output}.")
    return int(bool(problems) or any("problem" in row for row in rows))


def _run_job(folder: Path, backend: str, precision: str, seconds: float) -> list[dict[str, str]]:
    """Run one backend and precision in its process; return a row that says so if it failed."""
    own = ["--run", str(folder), precision, str(time.time() + 0.9 * seconds)]
    environment = os.environ | {"KERAS_BACKEND": backend, "JAX_COMPILATION_CACHE_DIR": str(folder / "compiled")}
    command = [sys.executable, "-m", "benchmarks.gpu_check", *sys.argv[1:], *own]
    try:
        subprocess.run(command, cwd=Path(__file__).parents[1], check=True, timeout=seconds, env=environment)
    except subprocess.TimeoutExpired:
        problem = f"stopped after {seconds:.0f} s"
    except subprocess.CalledProcessError as error:
        problem = f"ended with status {error.returncode}"
    else:
        return []
    print(backend, precision, problem, sep=", ")
    return [{"backend": backend, "precision": precision, "problem": problem}]


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the rows as CSV with `COLUMNS`."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _line(row: dict[str, Any]) -> str:
    name = f"{row['backend']}, {row['precision']}, {row['path']}:"
    if "problem" in row:
        return f"{name} {row['problem']}"
    return (
        f"{name} {row['segments_s']} segments/s ({row['lowest']} to {row['highest']}), {row['waiting']:.1%} waiting "
        f"for data, {row['tflop_s']} of {row['product_tflop_s']} TFLOP/s, peak {row['peak_memory_mb'] or '?'} MB, "
        f"cross-entropy {row['loss_first']} -> {row['loss_last']}, first step {row['first_step_s']} s"
    )


if __name__ == "__main__":
    sys.exit(main())
