"""What the default profile and the common rules give on a command line, with rules that only sleep."""

import os
import subprocess
import sys

import pytest
import yaml
from result_paths import ROOT

SNAKEFILE = """
configfile: "config.yaml"
include: "workflow/rules/common.smk"

rule both:
    default_target: True
    input: "one.txt", "two.txt"

rule sleep:
    output: "{name}.txt"
    wildcard_constraints: name="one|two"
    resources: gpu=1
    shell: "date +%s%N > {output}; sleep 1; date +%s%N >> {output}; echo {resources} >> {output}"
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs two jobs which want a GPU, and returns whether they overlapped, and more."""
    for part in ("config.yaml", "profiles", "resources", "src", "workflow"):
        (tmp_path / part).symlink_to(ROOT / part)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)

    def call(*arguments):
        for name in ("one", "two"):
            (tmp_path / f"{name}.txt").unlink(missing_ok=True)
        command = [sys.executable, "-m", "snakemake", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = [(tmp_path / f"{name}.txt").read_text().splitlines() for name in ("one", "two")]
        times = sorted((int(began), int(ended)) for began, ended, _ in lines)
        return times[1][0] < times[0][1], lines[0][2], done.stderr

    return call


def test_one_training_at_a_time_unless_the_number_of_gpus_is_given(run):
    for arguments in ([], ["--resources", "mem_mb=4000"]):
        together, *_ = run("--cores", "2", *arguments)
        assert not together, arguments
    together, *_ = run("--cores", "2", "--resources", "gpu=2")
    assert together


def test_profile_of_a_site_is_not_overruled(run, tmp_path):
    site = tmp_path / "site"
    site.mkdir()
    settings = {"cores": 2, "resources": ["gpu=2"], "default-resources": ["mem_mb=1234", "runtime=7"]}
    (site / "config.yaml").write_text(yaml.safe_dump(settings))
    together, resources, said = run("--profile", str(site))
    assert together and "Provided cores: 2" in said
    assert "1234" in resources and "7" in resources.split()
