# ruff: noqa: F821
"""The job of every rule of the toy workflow: its output is what it was made from. A file named `slow` stops it."""

import hashlib
import time
from pathlib import Path

from earfield.jobs.job import logged

folder = Path(".snakemake/toy.log")
with logged(folder, snakemake.output):
    made_from = [repr(snakemake.params.get("settings"))]
    for path in map(Path, snakemake.input):
        files = sorted(path.glob("*.txt")) if path.is_dir() else [path]
        made_from += [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    while Path("slow").exists():
        Path(".snakemake/started").touch()
        time.sleep(0.05)
    for path in map(Path, snakemake.output):
        target = path / "content.txt" if "folder" in dict(snakemake.output.items()) else path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(f"{path}: {' '.join(made_from)}\n")
