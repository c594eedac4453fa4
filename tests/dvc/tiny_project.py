"""A small project under git and DVC."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml
from snakemake.utils import update_config
from tiny_config import TINY

ROOT = Path(__file__).parents[2]
PARTS = [
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
    "config.yaml",
    "dvc.yaml",
    "profiles",
    "resources",
    "Snakefile",
    "src",
    "workflow",
]


def _copy(parts, folder):
    for part in parts:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)


class Project:
    """A folder with the project in it; `run` calls a command of the environment there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def make(cls, folder: Path, **config: object) -> "Project":
        """Copy the project to a new folder, with a configuration of little work, and commit it to git."""
        _copy(PARTS, folder)
        project = cls(folder)
        project.configure(**TINY)
        project.configure(**config)
        project.run("git init -q -b main")
        project.commit()
        return project

    @classmethod
    def make_toy(cls, folder: Path) -> "Project":
        """Make a project with the real configuration and start, and rules whose jobs cost nothing."""
        here = Path(__file__).parent
        (folder / "workflow/scripts").mkdir(parents=True)
        shutil.copy2(here / "toy.smk", folder / "Snakefile")
        shutil.copy2(here / "toy.py", folder / "workflow/scripts/toy.py")
        parts = [".dvc/config", ".dvcignore", ".gitignore", "config.yaml", "profiles", "resources", "src"]
        _copy([*parts, "workflow/schemas", "workflow/rules/common.smk", "workflow/envs", "workflow/scripts"], folder)
        # Without the deps on code, of which there is none; they are another test's.
        stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())
        for stage in stages["stages"].values():
            stage["deps"] = [path for path in stage.get("deps", []) if path.startswith(("data/", "results/"))]
        (folder / "dvc.yaml").write_text(yaml.safe_dump({key: stages[key] for key in ("vars", "stages")}))
        project = cls(folder)
        project.configure(**TINY)
        project.configure(datasets={"demo": {"protocols": ["stratified", "artist"]}})
        project.run("git init -q -b main")
        project.commit()
        return project

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        git = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "A"), ("EMAIL", "a@b.c"))
        }
        settings = git | {"PATH": path, "PYTHONPATH": str(self.folder / "src"), "HOME": str(self.folder.parent)}
        return {key: value for key, value in os.environ.items() if not key.startswith("DVC_")} | settings

    def start(self, command: str) -> subprocess.Popen:
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            command.split(),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, ok: bool = True) -> str:
        """Run a command and return all that it says."""
        process = self.start(command)
        output, _ = process.communicate(timeout=900)
        assert (process.returncode == 0) == ok, output[-8000:]
        return output

    def configure(self, **config: object) -> None:
        """Change `config.yaml`."""
        path = self.folder / "config.yaml"
        settings = yaml.safe_load(path.read_text())
        update_config(settings, config)
        path.write_text(yaml.safe_dump(settings, sort_keys=False))

    def append(self, path: str, text: str = "# a comment\n") -> None:
        """Edit a file."""
        with (self.folder / path).open("a") as file:
            file.write(text)

    def commit(self) -> None:
        self.run("git add -A")
        self.run("git commit -q --allow-empty -m state")

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file that was made, but for those that say what making them cost."""
        found = [path for part in ("data", "results") for path in (self.folder / part).rglob("*") if path.is_file()]
        files = [path for path in found if path.name not in {".snakemake_timestamp", "cost.json"}]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def changed(self) -> list[str]:
        """Return the stages that DVC has as changed, without the one that always is."""
        status = json.loads(self.run("dvc status --json").splitlines()[-1])
        return [stage for stage in status if stage != "songs"]

    def planned(self) -> set[str]:
        """Return the rules that Snakemake would run."""
        return ran(self.run("snakemake -n"))


def ran(output: str) -> set[str]:
    """Return the rules that a run of Snakemake ran, without those that make nothing."""
    return {rule for rule in re.findall(r"^(?:local)?rule (\w+):", output, re.M) if not rule.startswith("all")}


def count(output: str, rule: str) -> int:
    """Return how many jobs of a rule a run of Snakemake ran."""
    return len(re.findall(rf"^(?:local)?rule {rule}:", output, re.M))


def stages(output: str, how: str) -> list[str]:
    """Return the stages that `dvc repro` ran ("Running stage"), took from its cache or skipped, in their order."""
    line = {
        "run": r"Running stage '(\w+)'",
        "cached": r"Stage '(\w+)' is cached",
        "same": r"Stage '(\w+)' didn't change",
    }
    return re.findall(f"^{line[how]}", output, re.M)


def wait_until(true, *, seconds=300):
    """Wait for something that a process in the background is about to do."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def kill(process: subprocess.Popen) -> str:
    """Kill a process with all that it started, and return what it said."""
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]
