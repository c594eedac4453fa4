"""A small project under git and DVC."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml
from snakemake.utils import update_config

ROOT = Path(__file__).parents[2]
PARTS = [
    ".dvc/config",
    ".dvc/.gitignore",
    ".dvcignore",
    ".gitignore",
    "config.yaml",
    "profiles",
    "resources",
    "Snakefile",
    "src",
    "workflow",
]
MODELS = {
    "cnn": {},
    "cnn_untrained": {"train": {"max_epochs": 0}},
    "mel_logistic": {"module": "mel_logistic", "options": {"c": [0.01, 1.0]}},
}


class Project:
    """A folder with the project in it; `run` calls a command of the environment there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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
        output, _ = process.communicate(timeout=600)
        assert (process.returncode == 0) == ok, output[-8000:]
        return output

    def configure(self, **config: object) -> None:
        """Change `config.yaml`."""
        path = self.folder / "config.yaml"
        settings = yaml.safe_load(path.read_text())
        update_config(settings, config)
        path.write_text(yaml.safe_dump(settings, sort_keys=False))

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file."""
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new, 1))

    def commit(self) -> None:
        self.run("git add -A")
        self.run("git commit -q --allow-empty -m state")

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file that was made, but for those that say what making them cost."""
        found = [path for part in ("data", "results") for path in (self.folder / part).rglob("*") if path.is_file()]
        files = [path for path in found if path.name not in {".snakemake_timestamp", "cost.json"}]
        return {str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def changed(self) -> list[str]:
        """Return the stages that DVC has as changed."""
        return list(json.loads(self.run("dvc status --json").splitlines()[-1]))

    def planned(self) -> set[str]:
        """Return the rules that Snakemake would run."""
        return ran(self.run("snakemake -n"))


def ran(output: str) -> set[str]:
    """Return the rules that a run of Snakemake ran, without those that make nothing."""
    return {rule for rule in re.findall(r"^(?:local)?rule (\w+):", output, re.M) if not rule.startswith("all")}


def count(output: str, rule: str) -> int:
    """Return how many jobs of a rule a run of Snakemake ran."""
    return len(re.findall(rf"^(?:local)?rule {rule}:", output, re.M))
