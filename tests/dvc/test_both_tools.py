"""DVC and Snakemake on the same files, with jobs that cost nothing: each accepts what the other has made."""

import json
import os
import shutil

import pytest
from tiny_project import Project, count, kill, ran, stages, wait_until

ALL = [
    "audio",
    "tracks",
    "mel",
    "features",
    "splits",
    "train",
    "evaluate",
    "activations",
    "filters",
    "figures",
    "claims",
]
FIGURE = "results/demo/figures/fig1.png"
MODEL = "results/demo/train/stratified/1/cnn/model.keras"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Build with Snakemake, and record it for DVC."""
    project = Project.make_toy(tmp_path_factory.mktemp("toy") / "project")
    project.output = project.run("snakemake --cores 2")
    project.run("earfield record")
    project.commit()
    return project


@pytest.fixture
def built(recorded, tmp_path):
    """Copy the built project, with all that both tools know of it."""
    return Project(shutil.copytree(recorded.folder, tmp_path / "copy", symlinks=True))


def nothing_to_do(project):
    return "Nothing to be done" in project.run("snakemake -n")


def test_after_record_repro_looks_at_the_songs_alone(built):
    before = built.hashes()
    output = built.run("dvc repro")
    assert stages(output, "run") == ["songs"] and sorted(stages(output, "same")) == sorted(ALL)
    assert built.hashes() == before and {FIGURE, MODEL} <= before.keys()


def test_changed_setting_makes_what_follows_and_changed_back_comes_from_the_cache(built):
    """A forgotten `adopt` in between: files of one configuration are never judged by records of another."""
    before = built.hashes()
    built.configure(figures={"spectrogram": {"start": 1.0}})
    output = built.run("dvc repro figures")
    assert stages(output, "run") == ["songs", "figures"] and ran(output) == {"figures"}
    assert {path for path, value in built.hashes().items() if value != before[path]} == {FIGURE}

    built.configure(figures={"spectrogram": {"start": 6.0}})
    output = built.run("dvc repro")
    assert ran(output) == set() and stages(output, "cached") == ["figures"]
    assert built.hashes() == before
    for command in ("snakemake -n", "earfield record"):
        refused = built.run(command, ok=False)
        assert FIGURE in refused and "earfield adopt" in refused
    built.run("earfield adopt")
    assert nothing_to_do(built) and built.hashes() == before


def test_clone_pull_and_adopt_leave_nothing_to_do(built, tmp_path):
    built.run(f"dvc remote add --default store {tmp_path / 'store'}")
    built.run("dvc push")
    built.commit()
    built.run(f"git clone -q {built.folder} {tmp_path / 'clone'}")
    clone = Project(tmp_path / "clone")
    clone.run("dvc pull")
    assert clone.hashes() == built.hashes()
    refused = clone.run("snakemake -n", ok=False)
    assert "were written by DVC or another tool, not by Snakemake" in refused and "earfield adopt" in refused
    clone.run("earfield adopt")
    # What was adopted is as good as what was made: a changed parameter is noticed, and only what it touches.
    clone.configure(train={"max_epochs": 7})
    assert clone.planned() == {"train", "evaluate", "activations", "filters", "figures"}


def test_two_runs_at_once_are_refused_and_killed_ones_repeated(built):
    before = built.hashes()
    started = built.folder / ".snakemake/started"
    built.configure(train={"max_epochs": 7})
    (built.folder / "slow").touch()

    snakemake = built.start("snakemake --cores 1 -- all_train")
    wait_until(lambda: started.exists() or snakemake.poll() is not None)
    refused = built.run("dvc repro train", ok=False)
    assert "is busy, it is being blocked by" in refused and "snakemake" in refused
    kill(snakemake)
    assert before.keys() - built.hashes().keys() <= {MODEL}

    started.unlink()
    dvc = built.start("dvc repro train")
    wait_until(lambda: started.exists() or dvc.poll() is not None)
    refused = built.run("snakemake --nolock --cores 1 -- all_train", ok=False)
    assert "DVC is at work in this folder; wait until it is done" in refused
    again = built.run("dvc repro train", ok=False)
    assert "is busy, it is being blocked by" in again or "Unable to acquire lock" in again
    (built.folder / "slow").unlink()
    output, _ = dvc.communicate(timeout=600)
    assert dvc.returncode == 0, output[-8000:]
    assert count(output, "train") == 1 and "Error" not in output
    after = built.hashes()
    assert {path for path in before if before[path] != after[path]} == {MODEL}


def test_folder_of_a_stage_has_what_the_configuration_asks_for(built):
    """A second seed and the evidence, and back; what DVC removed of the evidence is not made again."""
    splits = built.folder / "data/demo/splits"

    def files():
        return {str(path.relative_to(splits)) for path in splits.glob("*/*.csv")}

    built.configure(evidence=True, datasets={"demo": {"seeds": [1, 2]}})
    output = built.run("dvc repro splits")
    assert stages(output, "run") == ["songs", "tracks", "splits"]
    assert ran(output) == {"splits"} and count(output, "splits") == 3
    assert "put back: data/demo/splits/stratified/1.csv" in output
    assert files() == {"artist/1.csv", "artist/2.csv", "stratified/1.csv", "stratified/2.csv"}

    built.configure(evidence=False, datasets={"demo": {"seeds": [1]}})
    assert ran(built.run("dvc repro splits")) == set()
    assert files() == {"stratified/1.csv"}
    assert nothing_to_do(built)  # by hand, what `snakemake evidence` asks for is back, without the second seed
    assert files() == {"artist/1.csv", "stratified/1.csv"}
    refused = built.run("earfield record", ok=False)
    assert "does not ask for these files:\n  data/demo/splits/artist/1.csv" in refused and "`evidence: true`" in refused


def test_queued_experiment_runs_what_its_setting_touches(built):
    before = built.hashes()
    built.run("dvc exp run --queue --name other -S config.yaml:figures.spectrogram.start=2.0 figures")
    built.run("dvc exp run --run-all --jobs 1")
    several = [
        each for revision in json.loads(built.run("dvc exp show --json")) for each in revision["experiments"] or []
    ]
    (experiment,) = several
    params = experiment["revs"][0]["data"]["params"]["config.yaml"]["data"]
    assert experiment["name"] == "other" and params["figures"]["spectrogram"]["start"] == 2.0
    assert built.hashes() == before


@pytest.mark.nightly
def test_corrupted_cache_entry_is_found_and_named(built):
    md5 = built.run(f"md5sum {MODEL}").split()[0]
    entry = built.folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    content = bytearray(entry.read_bytes())
    content[0] ^= 1
    entry.chmod(0o644)
    entry.write_bytes(bytes(content))
    entry.chmod(0o444)
    (built.folder / MODEL).unlink()
    built.run("dvc checkout")
    refused = built.run("earfield adopt", ok=False)
    assert f"{MODEL} (cache entry " in refused and f"{md5[:2]}/{md5[2:]}" in refused


@pytest.mark.nightly
def test_both_tools_make_the_same_bytes_from_nothing(recorded, tmp_path):
    project = Project.make_toy(tmp_path / "project")
    output = project.run("dvc repro")
    assert ran(output) == ran(recorded.output)
    assert project.hashes() == recorded.hashes()
    assert nothing_to_do(project)


@pytest.mark.nightly
def test_forgotten_record_computes_nothing(built):
    (built.folder / "dvc.lock").unlink()
    shutil.rmtree(built.folder / ".dvc/cache")
    before = built.hashes()
    output = built.run("dvc repro train")
    assert ran(output) == set() and f"put back: {MODEL}" in output
    assert built.hashes() == before


@pytest.mark.nightly
def test_touched_files_change_nothing(built):
    for path in [*(built.folder / "data").rglob("*"), *(built.folder / "results").rglob("*")]:
        if path.is_file():
            os.utime(path)
    assert built.changed() == [] and nothing_to_do(built)


@pytest.mark.nightly
def test_folder_without_git(built):
    shutil.rmtree(built.folder / ".git")
    assert "is not a git repository" in built.run("dvc status", ok=False)
    built.run("dvc config --local core.no_scm true")
    assert sorted(stages(built.run("dvc repro"), "same")) == sorted(ALL)
    built.run("earfield record")
    assert nothing_to_do(built)


@pytest.mark.nightly
def test_checked_out_output_is_as_old_as_it_was(built):
    (built.folder / FIGURE).unlink()
    built.run("dvc checkout")
    assert nothing_to_do(built)
    assert built.changed() == []
