"""Start-up: one figure made again, and a dry run when all is done."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.project import Project, summarise

_REPETITIONS = 5
_TINY = {
    "network": {
        "conv": [
            {"filters": 2, "kernel": [3, 3], "pool": [2, 4], "l2": 0.0},
            {"filters": 2, "kernel": [3, 5], "pool": [2, 4], "l2": 0.0},
        ]
    },
    "train": {"windows_per_track": 1, "max_epochs": 1},
}


def measure_workflow(folder: Path, songs: Path | None) -> list[list[object]]:
    """Build 1,000 tracks x 30 seeds for real, with a network of two filters, and measure what is asked most often."""
    project = Project(folder, songs, **_TINY)
    project.snakemake("--resources", "gpu=2")
    figure = "results/many/figures/fig2_confusion.png"
    dry, figures = [], []
    for _ in range(_REPETITIONS):
        dry.append(project.snakemake("-n"))
        (project.folder / figure).unlink()
        figures.append(project.snakemake("--", figure))
    imports = _modules_of_a_figure(project)
    return [
        ["one figure from the command line [s]", "<= 6", *summarise(figures)],
        ["heavy modules that the figure imports", "0", *summarise([float(imports)])],
        ["snakemake -n, all done, 1,000 tracks x 30 seeds [s]", "<= 3", *summarise(dry)],
    ]


def _modules_of_a_figure(project: Project) -> int:
    """Count TensorFlow and librosa among the modules that drawing a figure imports."""
    code = (
        "import sys; from earfield.figures.confusion import draw_confusion;"
        "draw_confusion('results/many/figures/fig2_confusion.csv', ['again.png']);"
        "print(len({'tensorflow', 'keras', 'librosa'} & set(sys.modules)))"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=project.folder)
    print(f"drawing alone: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return int(done.stdout)
