"""Start-up: each figure made again, and a dry run when all is done."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks.project import Project, summarise
from benchmarks.versions import measure_status

_REPETITIONS = 5
_SHORT = {"train": {"segments_per_track": 1, "max_epochs": 1}}


def measure_workflow(folder: Path, songs: Path | None) -> list[list[object]]:
    """Build 1,000 tracks for real, with a hardly trained network, and measure what is asked most often."""
    project = Project(folder, songs, **_SHORT)
    project.set_seeds(1)
    project.snakemake("--resources", "gpu=2")
    memory = {
        rule: pd.read_csv(project.folder / f"benchmarks/many/stratified/1/cnn/{rule}.tsv", sep="\t").max_rss[0]
        for rule in ("activations", "activations_gradient", "filters")
    }
    _repeat_seed(project.folder, 30)
    project.set_seeds(30)
    project.snakemake("--touch")
    drawn = sorted(path.stem for path in (project.folder / "results/many/figures").glob("*.png"))
    dry: list[float] = []
    figures: dict[str, list[float]] = {name: [] for name in drawn}
    for _ in range(_REPETITIONS):
        dry.append(project.snakemake("-n"))
        for name, seconds in figures.items():
            figure = f"results/many/figures/{name}.png"
            (project.folder / figure).unlink()
            seconds.append(project.snakemake("--", figure))
    imports = _modules_of_a_figure(project)
    status = measure_status(project.folder)
    return [
        *([f"memory of {rule}, 1,000 tracks [MB]", "", *summarise([peak])] for rule, peak in memory.items()),
        *(
            [f"{name.replace('_', ', ')}, from the command line [s]", "<= 6", *summarise(seconds)]
            for name, seconds in figures.items()
        ),
        ["heavy modules that a figure imports", "0", *summarise([float(imports)])],
        ["snakemake -n, all done, 1,000 tracks x 30 seeds [s]", "<= 3", *summarise(dry)],
        *status,
    ]


def _repeat_seed(folder: Path, n: int) -> None:
    """Copy what the first seed made for the others: a dry run looks at names and times, not at what is in the files."""
    splits = folder / "data/many/splits/stratified"
    for seed in range(2, n + 1):
        shutil.copy(splits / "1.csv", splits / f"{seed}.csv")
        for stage in ("train", "evaluate", "activations", "filters"):
            runs = folder / "results/many" / stage / "stratified"
            shutil.copytree(runs / "1", runs / str(seed))


def _modules_of_a_figure(project: Project) -> int:
    """Count TensorFlow and librosa among the modules that drawing a figure imports."""
    code = (
        "import sys; from earfield.figures.confusion import draw_confusion;"
        "from earfield.figures.style import save_figure;"
        "save_figure(draw_confusion('results/many/figures/fig2_confusion.csv'), ['again.png']);"
        "print(len({'tensorflow', 'keras', 'librosa'} & set(sys.modules)))"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=project.folder)
    print(f"drawing alone: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return int(done.stdout)
