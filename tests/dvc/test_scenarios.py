"""DVC and Snakemake with the project's own jobs; what needs none of these is in test_both_tools."""

import pytest
from result_paths import run_file
from tiny_project import count, kill, ran, stages, wait_until

pytestmark = pytest.mark.nightly
CHECKPOINT = ".snakemake/checkpoints/demo/stratified/1/cnn/checkpoint.npz"


def nothing_to_do(project):
    return "Nothing to be done" in project.run("snakemake -n")


def test_both_tools_make_the_same_bytes_from_nothing(recorded, make_project):
    project = make_project()
    output = project.run("dvc repro")
    assert ran(output) == ran(recorded.output)
    assert project.hashes() == recorded.hashes() and len(project.hashes()) > 100
    assert nothing_to_do(project)


def test_changed_training_runs_what_follows_and_changed_back_nothing(built):
    before = built.hashes()
    built.configure(train={"optimizer": {"learning_rate": 2.0e-3}})
    output = built.run("dvc repro evaluate")
    assert stages(output, "run") == ["songs", "train", "evaluate"]
    assert {"train", "evaluate_predict", "evaluate_score", "evaluate_protocol"} <= ran(output)
    assert built.hashes()[run_file("model.keras")] != before[run_file("model.keras")]
    built.configure(train={"optimizer": {"learning_rate": 1.0e-3}})
    output = built.run("dvc repro")
    assert ran(output) == set() and stages(output, "cached") == ["train", "evaluate"]
    assert built.hashes() == before


def test_killed_training_goes_on(built):
    built.configure(models={"cnn": {"train": {"max_epochs": 60, "patience": 100}}})
    checkpoint = built.folder / CHECKPOINT
    process = built.start("dvc repro train")
    wait_until(lambda: checkpoint.exists() or process.poll() is not None)
    kill(process)
    output = built.run("dvc repro train")
    assert "going on after epoch" in output
    assert count(output, "train") == 2  # and cnn_shuffled, which is trained as long
    assert f"put back: {run_file('model.keras', run='stratified/1/cnn_untrained')}" in output


@pytest.mark.parametrize(
    ("module", "changed", "rules"),
    [
        ("errors", [], set()),  # how an error is worded: no number depends on it
        ("figures/spectrogram", ["claims", "figures"], {"figures_draw"}),
        ("statistics/bootstrap", ["claims", "evaluate", "figures", "filters"], {"filters_resemblance"}),
    ],
)
def test_edited_module_makes_again_what_runs_it(built, module, changed, rules):
    built.append(f"src/earfield/{module}.py")
    assert sorted(built.changed()) == changed
    assert rules == built.planned() & (rules | {"train", "figures_draw"})
    if module == "figures/spectrogram":
        before = built.hashes()
        assert ran(built.run("dvc repro")) == rules and nothing_to_do(built)
        assert built.hashes() == before
