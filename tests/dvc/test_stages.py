"""dvc.yaml against Snakemake's own view of the graph: neither side may drift from the other."""

import re
from collections import Counter

import pytest
import yaml
from tiny_project import ROOT

from earfield.configuration.run_grid import models_of, protocols_of
from earfield.versioning.graph import STAGES, read_graph
from earfield.versioning.stages import describe_stages, digest, frozen_stages, read_config

# What a key's change does to the files that there are, so that dvc.yaml is made again;
# see earfield.versioning.stages.digest.
SHAPE = re.compile(r"dataset|datasets\.\w+\.(seeds|source)|mel\.shards|protocols|models|figures\.(protocol|model)")


@pytest.fixture
def here(monkeypatch):
    """Work in the project's own folder."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
def graph():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return read_graph()


@pytest.fixture(scope="session")
def stages():
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def outputs(stage):
    return {next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"]}


def test_committed_file_is_what_the_graph_says(here, graph):
    committed = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    assert committed == describe_stages(read_config(), graph, frozen=frozen_stages())


def test_there_are_eight_milestones_and_a_download(stages):
    assert [name for name in stages if name != "tracks_gtzan"] == list(STAGES)


def test_every_rule_is_in_exactly_one_stage(graph, stages):
    found = Counter()
    for stage in stages.values():
        allowed = re.search(r"--allowed-rules ([\w ]+) -- (\S+)", " ".join(stage["cmd"]))[1].split()
        found.update(rule for rule in allowed if not rule.startswith("all_"))
    assert found == Counter({job.rule for job in graph})


def test_every_output_of_a_job_is_one_of_its_stage_and_the_reverse(graph, stages):
    for name, stage in stages.items():
        rules = set(re.search(r"--allowed-rules ([\w ]+) -- ", " ".join(stage["cmd"]))[1].split())
        jobs = [job for job in graph if job.rule in rules]
        assert outputs(stage) == {path for job in jobs for path in job.outputs}, name
        needed = {path for job in jobs for path in job.inputs} - outputs(stage)
        assert set(stage["deps"]) == needed | {job.environment for job in jobs}, name


def test_stages_follow_each_other_as_the_jobs_do(stages):
    made_by = {path: name for name, stage in stages.items() for path in outputs(stage)}
    order = list(stages)
    for name, stage in stages.items():
        before = {made_by[path] for path in stage["deps"] if path in made_by}
        assert all(order.index(each) < order.index(name) for each in before), name


def test_dvc_reads_the_file_as_it_is_meant(graph):
    from dvc.repo import Repo

    with Repo(str(ROOT)) as repo:
        index = repo.index
        read = {
            stage.name: ({out.def_path for out in stage.outs}, {dep.def_path for dep in stage.deps})
            for stage in index.stages
            if stage.path_in_repo == "dvc.yaml"
        }
    made = {path for job in graph for path in job.outputs}
    assert set.union(*(outs for outs, _ in read.values())) == made
    assert "config.yaml" in read["train"][1]


def test_evidence_has_stages_of_its_own_on_request(here, demo):
    """Every job of `snakemake evidence` is in one stage; those of the stages without it are as they were."""
    default, evidence = read_graph(demo), read_graph(demo, evidence=True)
    without = describe_stages(demo, default)["stages"]
    stages = describe_stages(demo, default, evidence=evidence)["stages"]
    assert list(stages) == [*without, "evidence", "claims"]
    for name, stage in without.items():
        assert {**stages[name], "meta": None} == {**stage, "meta": None}
    made = Counter(path for stage in stages.values() for path in outputs(stage))
    assert made == Counter(path for job in evidence for path in job.outputs)
    assert "results/demo/evaluate/artist/summary.csv" in outputs(stages["evidence"])
    assert {"results/demo/claims/claims.csv", "results/demo/claims/figures/fig12_deep_belief.png"} <= outputs(
        stages["claims"]
    )
    for name in ("evidence", "claims"):
        needed = {path for job in evidence for path in job.inputs if set(job.outputs) <= outputs(stages[name])}
        assert needed - outputs(stages[name]) <= set(stages[name]["deps"])
    assert digest(demo, evidence=True) != digest(demo)


def leaves(config, path=()):
    """Yield the path of every value that is no mapping."""
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key)


def other(value):
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2
    if isinstance(value, list):
        return [*value[:-1], other(value[-1])] if value else ["x"]
    if isinstance(value, dict):
        return {key: other(each) for key, each in value.items()}
    return f"{value}x"


def with_value(config, path, value):
    """Return a configuration with another value at a place."""
    if not path:
        return value
    return {**config, path[0]: with_value(config[path[0]], path[1:], value)}


def value_at(config, path):
    for key in path:
        config = config[key]
    return config


# Values that cannot be changed by a letter or by one.
OTHERS = {
    ("train", "optimizer", "name"): "sgd",
    ("train", "precision"): "bfloat16",
    ("activations", "layer"): "conv1",
    ("activations", "positions"): "all",
    ("figures", "model"): "cnn_twin",
    ("figures", "spectrogram", "track"): "rock/1",
    ("models", "cnn_shuffled", "shuffled_like"): "cnn_twin",
    ("segment", "overlap"): 0.25,
    ("mel", "n_fft"): 1024,
    ("mel", "sample_rate"): 44100,
    ("tracks", "max_unusable"): 0.1,
    ("datasets", "demo", "protocols"): ["stratified"],
    ("protocols", "stratified", "repeats"): "apart",
    ("protocols", "artist", "repeats"): "apart",
    ("protocols", "artist", "unnamed"): "together",
    ("protocols", "artist", "models"): ["cnn", "mfcc_svm"],
    ("protocols", "stratified_rivals", "of"): "artist",
    ("protocols", "stratified_rivals", "models"): ["cnn", "cnn_decibels"],
    ("models", "cnn_decibels", "network", "scale"): "log_power",
    ("network", "conv"): [
        {"filters": 32, "kernel": [3, 3], "pool": [2, 4], "l2": 0.01},
        {"filters": 64, "kernel": [3, 5], "pool": [2, 4], "l2": 0.01},
    ],
}
ALONE = {
    *(("protocols", name, "kind") for name in ("stratified", "artist", "stratified_rivals")),
    ("datasets", "demo", "source"),
    ("figures", "protocol"),
    ("network", "scale"),
    ("network", "context"),
    ("train", "recipe"),
    *(("models", model, "module") for model in ("cdbn", "ensemble", "majority", "mel_logistic", "mfcc_svm")),
    *(("models", f"tzanetakis_{name}", "module") for name in ("gaussian", "gmm", "knn")),
}  # there is but one that fits


@pytest.fixture(scope="module")
def demo():
    """Return the configuration of the demo, with a second network to choose instead of the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        config = read_config()
    config["datasets"] = {
        "demo": {**config["datasets"]["demo"], "protocols": ["stratified", "artist", "stratified_rivals"]}
    }
    config["protocols"]["artist"]["models"] = ["cnn", "majority"]
    config["protocols"]["stratified_rivals"]["models"] = ["cnn", "cnn_decibels", "cdbn"]
    return {**config, "dataset": "demo", "models": {**config["models"], "cnn_twin": {"train": {"patience": 9}}}}


def test_dvc_sees_every_parameter_that_snakemake_sees(here, demo):
    """Change each value of the configuration: DVC names it for the stages whose jobs it changes."""
    before = read_graph(demo, evidence=True)
    files = {(job.rule, job.outputs) for job in before}
    given = {(job.rule, job.outputs): job.params for job in before}
    entries = describe_stages(demo, read_graph(demo), evidence=before)["stages"]
    stage_of = {path: name for name, entry in entries.items() for path in outputs(entry)}
    run = {model for protocol in protocols_of(demo, "demo") for model in models_of(demo, protocol, "demo")}
    checked = 0
    for path in leaves(demo):
        if path == ("dataset",) or path in ALONE:
            continue
        if path[0] == "protocols" and path[1] not in protocols_of(demo, "demo"):
            continue
        if path[0] == "models" and path[2:] != ("rival",) and path[1] not in run:
            continue
        changed = with_value(demo, path, OTHERS.get(path) or other(value_at(demo, path)))
        after = read_graph(changed, evidence=True)
        if files != {(job.rule, job.outputs) for job in after}:
            assert digest(changed, evidence=True) != digest(demo, evidence=True), path
            continue
        told = {stage_of[job.outputs[0]] for job in after if job.params != given[job.rule, job.outputs]}
        seen = {
            name
            for name, stage in entries.items()
            if any(f"{'.'.join(path)}.".startswith(f"{key}.") for key in stage["params"][0]["config.yaml"])
        }
        assert told <= seen, (path, told, seen)
        # A key that stands for several may name a stage too many, but no stage that all of them leave alone.
        assert seen - told <= {"evaluate", "filters", "figures", "train", "evidence", "claims"}, (path, told, seen)
        checked += 1
    assert checked > 30
