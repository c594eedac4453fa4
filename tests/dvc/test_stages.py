"""dvc.yaml, written by hand, against Snakemake's own view of the graph."""

import json
import re
import subprocess
import sys
from pathlib import PurePath

import pytest
import yaml
from snakemake.utils import update_config
from tiny_project import ROOT
from workflow_graph import read_graph

# An edited module must not download GTZAN again: the stage watches settings (in songs.json), but neither code nor an
# archive at hand.
UNWATCHED = {"audio": ("src/", "workflow/")}


@pytest.fixture(scope="module", autouse=True)
def here():
    """Work in the repository root, as a stage of DVC does: nothing that lies there is judged."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("DVC_STAGE", "test")
        yield


def stages_of(dataset):
    text = (ROOT / "dvc.yaml").read_text().replace("${dataset}", dataset)
    return yaml.safe_load(text)["stages"]


def params_of(stage):
    return stage["params"][0]["config.yaml"] if "params" in stage else []


def lies_in(path, folders):
    return any(PurePath(path).is_relative_to(folder) for folder in folders)


def stage_of(job, stages):
    """Return the one stage whose folder has all that a job makes."""
    (name,) = (name for name, stage in stages.items() if any(lies_in(path, stage["outs"]) for path in job.outputs))
    assert all(lies_in(path, stages[name]["outs"]) for path in job.outputs), job.rule
    return name


@pytest.fixture(scope="module")
def config():
    """Return the configuration with the evidence of the demo, every kind of protocol and of model in it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    update_config(config, {"dataset": "demo", "evidence": True})
    return config


@pytest.fixture(scope="module")
def graph(config):
    return read_graph(config)


def test_what_jobs_read_and_make_is_in_deps_and_outs(graph):
    """One seed of all that there is of GTZAN, and the demo's own jobs."""
    gtzan = read_graph({"dataset": "gtzan", "evidence": True, "datasets": {"gtzan": {"seeds": [1]}}})
    for dataset, jobs in (("gtzan", gtzan), ("demo", [job for job in graph if job.rule == "audio_demo"])):
        check(stages_of(dataset), jobs)
    assert {stage_of(job, stages_of("gtzan")) for job in gtzan} == set(stages_of("gtzan")) - {"songs"}


def check(stages, jobs):
    unwatched = set()
    for job in jobs:
        name = stage_of(job, stages)
        watched = [*stages[name]["deps"], *stages[name]["outs"]]
        paths = (path for path in (*job.inputs, job.environment) if not path.startswith(UNWATCHED.get(name, ("\0",))))
        unwatched |= {f"{name}: {path}" for path in paths if not lies_in(path, watched)}
    assert unwatched == set()


def test_stages_depend_on_what_exists_and_on_stages_before_them():
    made = []
    for name, stage in stages_of("demo").items():
        assert stage["cmd"] == f"earfield stage {name}"
        for path in stage.get("deps", []):
            assert lies_in(path, made) or (ROOT / path).exists(), path
        made += stage["outs"]


READ = """
import json
from dvc.repo import Repo

with Repo(".") as repo:
    stages = [stage for stage in repo.index.stages if stage.path_in_repo == "dvc.yaml"]
    outs = {stage.name: [out.def_path for out in stage.outs] for stage in stages}
    deps = {stage.name: [dep.def_path for dep in stage.deps if dep.def_path != "config.yaml"] for stage in stages}
    print(json.dumps([outs, deps, repo.artifacts.read()["dvc.yaml"]["network"].path]))
"""


def test_dvc_reads_the_file_as_it_is_meant():
    """Read it in a process of its own: DVC and Snakemake both set up logging for a whole process."""
    done = subprocess.run([sys.executable, "-c", READ], cwd=ROOT, capture_output=True, text=True, check=True)
    outs, deps, network = json.loads(done.stdout.splitlines()[-1])
    stages = stages_of("gtzan")
    assert network.endswith("/1/cnn/model.keras")
    assert outs == {name: stage["outs"] for name, stage in stages.items()}
    assert deps == {name: stage.get("deps", []) for name, stage in stages.items()}


def leaves(value, path=()):
    """Yield the path of every value that is no mapping."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    else:
        yield path


def other(value):
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2
    if isinstance(value, list):
        return [*value[:-1], other(value[-1])]
    if isinstance(value, dict):
        return {key: other(each) for key, each in value.items()}
    return f"{value}x"


def changed(value, path=()):
    """Return a part of the configuration with every value changed that can be changed without changing the jobs."""
    if path in OTHERS:
        return OTHERS[path]
    if re.fullmatch(FIXED, ".".join(path)):
        return value
    if isinstance(value, dict):
        return {key: changed(below, (*path, key)) for key, below in value.items()}
    return other(value)


# Values that cannot be changed by a letter or by one.
OTHERS = {
    ("train", "optimizer", "name"): "sgd",
    ("train", "precision"): "bfloat16",
    ("activations", "layer"): "conv1",
    ("activations", "positions"): "all",
    ("figures", "spectrogram", "track"): "rock/1",
    ("segment", "overlap"): 0.25,
    ("mel", "n_fft"): 1024,
    ("mel", "sample_rate"): 44100,
    ("tracks", "max_unusable"): 0.1,
}
# What decides which jobs there are, or has no other value.
FIXED = (
    r"mel\.shards|figures\.(protocol|model)|network\.(scale|context|conv)|train\.recipe|models\.\w+\.(module|train|"
    r"network|segment|shuffled_like)|protocols\.\w+\.(kind|models|seeds|labels|path|column|folds|duplicates|unknown_artist|"
    r"artists|train_fraction)|datasets\.demo\.(source|protocols|seeds)"
)
SECTIONS = ["tracks", "mel", "segment", "network", "train", "activations", "filters", "figures", "models", "protocols"]


@pytest.mark.parametrize("section", [*SECTIONS, "datasets.demo"])
def test_settings_of_a_rule_are_params_of_its_stage(config, graph, section):
    """Change all values of a section: each stage whose jobs are given others has params for it."""
    stages = stages_of("demo")
    given = {(job.rule, job.outputs): job.params for job in graph}
    top, *below = section.split(".")
    values = changed(config[top]["demo"] if below else config[top], (top, *below))
    after = read_graph({**config, top: {**config[top], "demo": values} if below else values})
    assert given.keys() == {(job.rule, job.outputs) for job in after}
    told = {stage_of(job, stages) for job in after if job.params != given[job.rule, job.outputs]}
    seen = {name for name, stage in stages.items() if section in params_of(stage)}
    assert told and told - {"audio"} <= seen  # which watches data/demo/songs.json
