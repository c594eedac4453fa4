"""DVC and Snakemake on the same files: what one has done, the other takes as done."""

import os
import shutil
import signal
import time

import numpy as np
import pytest
import soundfile
from tiny_project import Project, count, ran

STAGES = ["tracks", "mel", "features", "splits", "train", "evaluate", "activations", "filters", "figures"]
CNN = "results/demo/stratified/1/cnn"


def wait_until(true, *, seconds=120):
    """Wait for something that a process in the background is about to do."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]


def test_both_tools_make_the_same_bytes_from_nothing(by_dvc, by_snakemake):
    assert by_dvc.hashes() == by_snakemake.hashes()
    assert len(by_dvc.hashes()) > 100
    assert ran(by_dvc.output) == ran(by_snakemake.output)


def test_after_repro_neither_tool_has_anything_to_do(built):
    assert "Nothing to be done" in built.run("snakemake -n")
    output = built.run("dvc repro")
    assert [f"Stage '{stage}' didn't change, skipping" for stage in STAGES] == output.splitlines()[: len(STAGES)]


def test_after_snakemake_and_record_repro_skips_all(by_snakemake, copy_of):
    project = copy_of(by_snakemake)
    before = project.hashes()
    assert set(project.changed()) == set(STAGES)
    project.run("earfield record")
    assert project.changed() == []
    output = project.run("dvc repro")
    assert all(f"Stage '{stage}' didn't change, skipping" in output for stage in STAGES)
    assert project.hashes() == before
    assert "Nothing to be done" in project.run("snakemake -n")


def test_forgotten_record_costs_no_training(by_snakemake, copy_of):
    project = copy_of(by_snakemake)
    before = project.hashes()
    output = project.run("dvc repro train")
    assert ran(output) == set()
    assert f"put back: {CNN}/model.keras" in output
    assert project.hashes() == before


def test_changed_training_runs_training_and_what_follows_and_changed_back_runs_nothing(built):
    before = built.hashes()
    built.configure(train={"optimizer": {"learning_rate": 2.0e-3}})
    assert built.changed() == ["train", "evaluate"]
    upstream = {"tracks_demo", "tracks_shard", "tracks", "mel", "splits_duplicates", "splits"}
    assert "train" in built.planned() and not upstream & built.planned()
    output = built.run("dvc repro evaluate")
    assert ran(output) == {"train", "evaluate_predict", "evaluate_score", "evaluate_protocol"}
    assert built.hashes()[f"{CNN}/model.keras"] != before[f"{CNN}/model.keras"]
    assert set(built.changed()) == {"activations", "figures"}
    assert not built.planned() & {"train", "evaluate_predict"}

    built.configure(train={"optimizer": {"learning_rate": 1.0e-3}})
    output = built.run("dvc repro")
    assert ran(output) == set()
    assert "Stage 'train' is cached - skipping run" in output
    assert built.hashes() == before
    refused = built.run("snakemake -n", ok=False)  # Snakemake knows of the other training alone
    assert f"{CNN}/model.keras" in refused and "earfield adopt" in refused
    built.run("earfield adopt")
    assert "Nothing to be done" in built.run("snakemake -n")
    assert built.hashes() == before


def test_files_from_the_cache_are_never_mixed_with_records_of_others(built):
    """A forgotten `adopt`: built with B, taken from the cache with A, then B again."""
    first = built.hashes()
    track = {"spectrogram": {"track": "waltz/waltz.0000"}}
    built.configure(figures=track)
    assert "figures_data" in ran(built.run("dvc repro"))
    second = built.hashes()
    built.configure(figures={"spectrogram": {"track": None}})
    assert ran(built.run("dvc repro")) == set()
    built.configure(figures=track)
    for command in ("snakemake", "earfield record"):
        assert "fig1_spectrogram.npz" in built.run(command, ok=False)
    built.run("dvc repro")
    assert built.hashes() == second
    # What DVC brings back is that of Snakemake's own records again.
    assert "Nothing to be done" in built.run("snakemake -n")
    built.configure(figures={"spectrogram": {"track": None}})
    built.run("dvc repro")
    built.run("earfield adopt")
    built.replace("src/earfield/figures/confusion.py", '"""', '"""Again. ')
    assert ran(built.run("dvc repro")) == {"figures_draw"}
    after = built.hashes()
    assert {path for path in first if after[path] != first[path]} <= {
        "results/demo/figures/fig2_confusion.pdf",
        "results/demo/figures/fig2_confusion.png",
    }


def test_checked_out_output_is_as_old_as_it_was(built):
    module = built.folder / "src/earfield/statistics/bootstrap.py"
    module.write_text(module.read_text() + "# a comment\n")
    shutil.rmtree(built.folder / "benchmarks")
    for name in ("resemblance.csv", "units.csv"):
        (built.folder / "results/demo" / name).unlink()
    built.run("dvc checkout")
    assert "filters_resemblance" in built.planned()
    assert "DVC cannot record" in built.run("earfield record", ok=False)


def test_changed_colour_draws_that_figure_alone(built):
    before = built.hashes()
    built.replace("src/earfield/figures/spectrogram.py", "linewidth=", "alpha=0.5, linewidth=")
    assert built.changed() == ["figures"]
    assert built.planned() == {"figures_draw"}
    assert ran(built.run("dvc repro")) == {"figures_draw"}
    after = built.hashes()
    figure = "results/demo/figures/fig1_spectrogram"
    assert {path for path in before if after[path] != before[path]} == {f"{figure}.pdf", f"{figure}.png"}
    assert "Nothing to be done" in built.run("snakemake -n")


def test_touched_files_change_nothing(built):
    for path in built.folder.rglob("*"):
        if path.is_file() and ".dvc/" not in str(path) and ".snakemake/" not in str(path) and ".git/" not in str(path):
            os.utime(path)
    assert built.changed() == []
    assert "Nothing to be done" in built.run("snakemake -n")


@pytest.mark.parametrize(
    ("module", "stages", "rules"),
    [
        # How an error is worded, how a file is put in place: no number depends on them.
        ("errors", [], set()),
        ("splits", ["splits"], {"splits"}),
        ("groups", ["evaluate", "figures", "splits"], {"splits", "evaluate_score", "figures_discriminants_data"}),
        ("bootstrap", ["filters"], {"filters_resemblance"}),
    ],
)
def test_edited_module_makes_again_what_runs_it(built, module, stages, rules):
    path = built.folder / f"src/earfield/{module}.py"
    path.write_text(path.read_text() + "# a comment\n")
    assert sorted(built.changed()) == stages
    output = built.run("snakemake -n")
    assert rules <= ran(output)
    if not rules:
        assert "Nothing to be done" in output


@pytest.fixture
def own_music(make_project, tmp_path):
    """Return a project with songs of its own, and a function that adds one."""

    def add(name):
        generator = np.random.default_rng(list(name.encode()))  # else all would be one recording
        path = tmp_path / "songs" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, generator.uniform(-0.5, 0.5, 4 * 22050), 22050)

    for label in ("a", "b"):
        for number in range(6):
            add(f"{label}/{number}")
    mine = {"source": "files", "path": str(tmp_path / "songs"), "seeds": [1]}
    return make_project(dataset="mine", datasets={"mine": mine}), add


def test_added_track_makes_one_shard_again_and_what_depends_on_it(own_music):
    project, add = own_music
    project.run("dvc repro mel splits")
    before = project.hashes()
    add("b/new")
    plan = project.run("snakemake -n -- all_mel all_splits")
    assert (count(plan, "tracks_shard"), count(plan, "mel"), count(plan, "tracks")) == (1, 1, 1)
    assert project.changed()[0] == "tracks"
    output = project.run("dvc repro mel splits")
    assert (count(output, "tracks_shard"), count(output, "mel"), count(output, "splits")) == (1, 1, 1)
    after = project.hashes()
    changed = {path for path in before if after[path] != before[path]}
    shard = next(path[-6:-4] for path in changed if path.endswith(".npy"))
    assert changed == {
        f"data/mine/mel/shard-{shard}.npy",
        f"data/mine/mel/shard-{shard}.csv",
        f"data/mine/tracks/shard-{shard}.csv",
        "data/mine/tracks/tracks.csv",
        "data/mine/splits/stratified/1.csv",
        "data/mine/splits/stratified/1.json",
    }


def test_clone_pull_and_adopt_leave_nothing_to_do(built, tmp_path):
    built.run(f"dvc remote add --default store {tmp_path / 'store'}")
    built.run("dvc push")
    built.commit()
    built.run(f"git clone -q {built.folder} {tmp_path / 'clone'}")
    clone = Project(tmp_path / "clone")
    refused = clone.run("earfield adopt", ok=False)
    assert "DVC has it as changed" in refused and "train: " in refused and "data/demo/audio: " in refused
    clone.run("dvc pull")
    assert clone.hashes() == built.hashes()
    refused = clone.run("snakemake -n", ok=False)
    assert "are not those that Snakemake made here" in refused and "earfield adopt" in refused
    clone.run("earfield adopt")
    assert "Nothing to be done" in clone.run("snakemake -n")
    assert clone.changed() == []
    # What was adopted is as good as what was made: a changed parameter is noticed, and only what it touches.
    clone.configure(activations={"overlap": 0.2})
    assert "activations" in clone.planned() and "train" not in clone.planned()


def test_folder_without_git(built):
    shutil.rmtree(built.folder / ".git")
    assert "is not a git repository" in built.run("dvc status", ok=False)
    built.run("dvc config --local core.no_scm true")
    output = built.run("dvc repro")
    assert all(f"Stage '{stage}' didn't change, skipping" in output for stage in STAGES)
    built.run("earfield record")
    assert "Nothing to be done" in built.run("snakemake -n")


def test_corrupted_cache_entry_is_found_and_named(built):
    path = built.folder / CNN / "history.csv"
    md5 = built.run(f"md5sum {CNN}/history.csv").split()[0]
    entry = built.folder / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    content = bytearray(entry.read_bytes())
    content[0] ^= 1
    mode = entry.stat().st_mode
    entry.chmod(0o644)
    entry.write_bytes(bytes(content))
    entry.chmod(mode)
    path.unlink()
    built.run("dvc checkout")
    refused = built.run("earfield adopt", ok=False)
    assert f"{CNN}/history.csv (cache entry " in refused and f"{md5[:2]}/{md5[2:]}" in refused


def test_killed_stage_goes_on_where_it_was(built):
    before = built.hashes()
    built.configure(datasets={"demo": {"train": {"max_epochs": 60}}})
    untrained = CNN.replace("cnn", "cnn_untrained")
    process = built.start("dvc repro train")
    checkpoint = built.folder / CNN / "checkpoint.npz"
    wait_until(lambda: checkpoint.exists() or process.poll() is not None)
    output = kill(process)
    assert "put back: " in output and not (built.folder / CNN / "model.keras").exists()
    output = built.run("dvc repro train")
    assert "Going on after epoch" in output
    assert count(output, "train") == 1
    after = built.hashes()
    assert after[f"{untrained}/model.keras"] == before[f"{untrained}/model.keras"]
    assert after[f"{CNN}/model.keras"] != before[f"{CNN}/model.keras"]
    assert not {"train", "mel"} & set(built.changed())


def test_repro_waits_for_a_running_snakemake_and_removes_nothing(built):
    before = built.hashes()
    built.configure(datasets={"demo": {"train": {"max_epochs": 500}}})
    process = built.start("snakemake --cores 1 -- all_train")
    wait_until(lambda: (built.folder / CNN / "checkpoint.npz").exists())
    refused = built.run("dvc repro", ok=False)
    assert "is busy, it is being blocked by" in refused and "snakemake" in refused
    kill(process)
    after = built.hashes()
    lost = before.keys() - after.keys()
    assert {path.rsplit("/", 1)[0] for path in lost} == {CNN}  # which Snakemake itself makes again


def test_snakemake_is_refused_while_dvc_is_at_work(built):
    built.configure(datasets={"demo": {"train": {"max_epochs": 500}}})
    process = built.start("dvc repro train")
    wait_until(lambda: (built.folder / CNN / "checkpoint.npz").exists())
    refused = built.run("snakemake --cores 1 -- all_figures", ok=False)
    assert "cannot be locked" in refused or "DVC is at work in this folder" in refused
    refused = built.run("snakemake --nolock --cores 1 -- all_train", ok=False)
    assert "DVC is at work in this folder; wait until it is done" in refused
    again = built.run("dvc repro train", ok=False)
    assert "is busy, it is being blocked by" in again or "Unable to acquire lock" in again
    kill(process)


def test_record_refuses_with_the_list_of_what_snakemake_has_to_do(built):
    (built.folder / "results/demo/evaluate/stratified/summary.csv").unlink()
    refused = built.run("earfield record", ok=False)
    assert (
        "DVC cannot record: Snakemake has " in refused
        and "results/demo/evaluate/stratified/summary.csv: missing" in refused
    )
    assert "Traceback" not in refused


def test_stages_for_another_configuration_are_refused_before_anything_is_lost(built):
    before = built.hashes()
    built.configure(datasets={"demo": {"seeds": [1, 2]}})
    built.configure(train={"patience": 11})
    for command in ("dvc repro train", "earfield record", "earfield adopt"):
        assert "bring it up to date with: earfield stages" in built.run(command, ok=False)
    built.run("earfield stages")
    built.run("dvc repro train")
    assert {path: value for path, value in built.hashes().items() if path in before} == before


def test_added_seed_trains_that_seed_alone(built):
    before = built.hashes()
    built.configure(datasets={"demo": {"seeds": [1, 2]}})
    built.run("earfield stages")
    output = built.run("dvc repro train")
    assert count(output, "train") == 2  # its network and the untrained one
    assert count(output, "splits") == 1
    after = built.hashes()
    assert {path: after[path] for path in before if "/stratified/1" in path} == {
        path: value for path, value in before.items() if "/stratified/1" in path
    }
    assert f"{CNN.replace('/1/', '/2/')}/model.keras" in after
