"""Setup by make: paths that cannot work, and a checkout that was moved."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Makes an environment whose pip installs nothing, and counts how often it was asked to.
PYTHON = """#!/bin/sh
echo "$@" >> "{calls}"
mkdir -p .venv/bin && printf '#!/bin/sh\\n' > .venv/bin/python && chmod +x .venv/bin/python
"""


@pytest.fixture
def checkout(tmp_path):
    """Return a function that makes a folder with what `make setup` reads, and a Python that installs nothing."""
    (tmp_path / "python").write_text(PYTHON.format(calls=tmp_path / "calls"))
    (tmp_path / "python").chmod(0o755)

    def make(name):
        folder = tmp_path / name
        folder.mkdir(parents=True)
        for file in ("Makefile", "requirements.lock", "pyproject.toml"):
            shutil.copy(ROOT / file, folder)
        return folder

    return make


def setup(folder):
    python = folder.parent / "python"
    return subprocess.run(["make", "setup", f"PYTHON={python}"], cwd=folder, capture_output=True, text=True, timeout=60)


def calls(folder):
    path = folder.parent / "calls"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("name", ["My Music Projects", "Ke$ha", "a:b", "it's", "rock (old)", "[new]", "a&b"])
def test_path_that_the_shell_would_split_is_refused_before_anything_is_installed(checkout, name):
    folder = checkout(name)
    done = setup(folder)
    assert done.returncode
    assert str(folder) in done.stderr
    assert "move the folder" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not calls(folder)
    assert not (folder / ".venv").exists()


def test_other_paths_are_taken(checkout):
    assert setup(checkout("Müsik-1.0_b+c@d,e=f%g#h~i")).returncode == 0


def test_a_moved_or_copied_checkout_is_set_up_again(checkout):
    folder = checkout("earfield")
    for _ in range(2):
        assert setup(folder).returncode == 0
    assert calls(folder) == ["-m venv --clear .venv"]

    moved = folder.rename(folder.parent / "moved")
    for _ in range(2):
        assert setup(moved).returncode == 0
    assert calls(moved) == 2 * ["-m venv --clear .venv"]

    copied = shutil.copytree(moved, moved.parent / "copied")
    assert setup(copied).returncode == 0
    assert len(calls(copied)) == 3


def test_a_changed_lock_file_updates_the_environment_in_place(checkout):
    folder = checkout("earfield")
    assert setup(folder).returncode == 0
    stamp = (folder / ".venv" / "installed").stat().st_mtime
    os.utime(folder / "requirements.lock", (stamp + 10, stamp + 10))
    assert setup(folder).returncode == 0
    assert calls(folder)[-1] == "-m venv .venv"
