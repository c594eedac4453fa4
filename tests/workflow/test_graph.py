"""The whole graph on a tiny dataset: what it makes, and what it leaves alone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from result_paths import run_file

FIGURES = [
    "fig1_spectrogram", "fig2_confusion", "fig3_filters", "fig4_reference", "fig5_discriminants", "fig6_populations",
]  # fmt: skip
MODELS = ["cnn", "cnn_shuffled", "cnn_untrained"]
BASELINES = [
    "ensemble", "majority", "mel_logistic", "mfcc_svm", "tzanetakis_gaussian", "tzanetakis_gmm", "tzanetakis_knn"
]  # fmt: skip
NULLS = ["same_sparsity", "same_spectrum"]


def test_outputs_keep_their_contracts(built):
    tracks = pd.read_csv(built.folder / "data/demo/tracks/tracks.csv", keep_default_na=False)
    assert list(tracks) == [
        "track", "label", "path", "artist", "title", "seconds", "sample_rate", "channels", "sha256", "problem",
    ]  # fmt: skip
    assert len(tracks) == 31 and tracks.label.nunique() == 10 and (tracks.problem == "").all()
    frames = [np.load(built.folder / f"data/demo/mel/shard-0{n}.npy", mmap_mode="r") for n in (0, 1)]
    indexes = [pd.read_csv(built.folder / f"data/demo/mel/shard-0{n}.csv") for n in (0, 1)]
    assert [len(each) for each in frames] == [index.frames.sum() for index in indexes]
    assert frames[0].dtype == np.float32 and frames[0].shape[1] == 64
    assert set(pd.concat(indexes).track) == set(tracks.track)
    split = pd.read_csv(built.folder / "data/demo/splits/stratified/1.csv")
    assert set(split.track) == set(tracks.track)
    predictions = pd.read_csv(built.folder / run_file("predictions.csv"))
    labels = sorted(tracks.label.unique())
    assert list(predictions) == ["track", "label", "predicted", *(f"p_{label}" for label in labels)]
    assert set(predictions.track) == set(split.track[split.subset == "test"])
    assert np.allclose(predictions.filter(like="p_").sum(axis=1), 1, atol=1e-6)
    metrics = json.loads(built.read(run_file("metrics.json")))
    assert metrics["accuracy"] == (predictions.label == predictions.predicted).mean()
    assert metrics["ci_low"] < metrics["accuracy"] < metrics["ci_high"] or metrics["accuracy"] == 0
    history = pd.read_csv(built.folder / run_file("history.csv"))
    assert list(history.epoch) == [1, 2]
    summary = pd.read_csv(built.folder / "results/demo/evaluate/stratified/summary.csv").query("model == 'cnn'")
    assert summary.accuracy.item() == pytest.approx(metrics["accuracy"], abs=1e-6)
    for name in FIGURES:
        for suffix in ("png", "pdf"):
            assert len(built.read(f"results/demo/figures/{name}.{suffix}")) > 5_000


def test_controls_differ_from_the_network_in_what_they_are_named_after(built):
    import keras

    models = {
        name: keras.models.load_model(built.folder / f"results/demo/train/stratified/1/{name}/model.keras")
        for name in MODELS
    }
    kernels = {name: model.get_layer("conv2").get_weights()[0] for name, model in models.items()}
    assert len({kernel.tobytes() for kernel in kernels.values()}) == 3
    histories = {
        name: pd.read_csv(built.folder / f"results/demo/train/stratified/1/{name}/history.csv") for name in MODELS
    }
    assert histories["cnn_untrained"].empty
    best = histories["cnn"].sort_values(["validation_accuracy", "validation_loss"], ascending=[False, True]).index[0]
    assert len(histories["cnn_shuffled"]) == best + 1
    # Initialised alike: the biases, and kernels of the size that initialisation draws.
    assert not models["cnn_untrained"].get_layer("conv2").get_weights()[1].any()
    summary = pd.read_csv(built.folder / "results/demo/evaluate/stratified/summary.csv")
    assert sorted(summary.model) == sorted(MODELS + BASELINES)


def test_filters_keep_their_contracts(built):
    for model in MODELS + NULLS:
        table = pd.read_csv(built.folder / f"results/demo/filters/stratified/1/{model}/filters.csv")
        with np.load(built.folder / f"results/demo/filters/stratified/1/{model}/filters.npz") as arrays:
            assert arrays["filters"].shape == (4, 10, 34) and arrays["filters"].dtype == np.float32
            assert ("gradients" in arrays) == (model in MODELS)
            assert arrays["band_hz"].shape == (10,) and float(arrays["frame_seconds"]) == 256 / 22050
            fitted = (table.status == "fitted").to_numpy()
            assert (arrays["filters"].any(axis=(1, 2)) == fitted).all()
        assert (table.problem.isna() == fitted).all()
        assert table.loc[fitted, "separability"].between(0, 1).all()
    facts = json.loads(built.read(run_file("dump/facts.json")))
    assert (facts["layer"], facts["positions"], facts["units"], facts["rows"]) == ("pool2", [[7, 7]], 4, 31)
    resemblance = pd.read_csv(built.folder / "results/demo/filters/resemblance.csv")
    assert set(resemblance.null) == {"cnn_shuffled", "cnn_untrained", *NULLS}
    assert {"separability", "rate_hz", "scale_cpo", "distance_midbrain", "distance_cortex"} <= set(resemblance.measure)
    assert (resemblance.window_ms.round() == 395).all() and (resemblance.window_octaves.round(2) == 0.74).all()
    known = resemblance.dropna(subset=["ci_low"])
    assert ((known.ci_low <= known.difference) & (known.difference <= known.ci_high)).all()


@pytest.fixture
def other_layer(copy_of_whole):
    """Return a function that looks at another layer in a copy of the tiny demo."""
    project = copy_of_whole()

    def run(layer, positions, *targets, **options):
        activations = {"layer": layer, "positions": positions, "overlap": 0.1}
        return project, project.run("--", *targets, activations=activations, **options)

    return run


def test_another_layer_goes_through_to_its_figure(other_layer):
    figure = "results/demo/figures/fig3_filters.png"
    project, output = other_layer("conv1", [[0, 0], [100, 30], [101, 30], [253, 61]], figure)
    rules = set(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE))
    assert rules == {"activations", "activations_gradient", "filters", "figures_data", "figures_draw"}
    with np.load(project.folder / run_file("filters.npz")) as arrays:
        assert arrays["filters"].shape == (4, 3, 3)
    assert json.loads(project.read(run_file("dump/facts.json")))["rows"] == 31


@pytest.mark.nightly
def test_another_layer_at_all_positions_goes_through_to_the_figures(other_layer):
    figures = [f"results/demo/figures/{name}.png" for name in ("fig3_filters", "fig4_reference", "fig6_populations")]
    project, output = other_layer("conv1", "all", *figures)
    rules = set(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE))
    assert "train" not in rules and {"activations", "activations_gradient", "filters", "filters_null"} <= rules
    with np.load(project.folder / run_file("filters.npz")) as arrays:
        assert arrays["band_hz"][0] > 1000  # the middle of the map, not its edge
    assert len(json.loads(project.read(run_file("dump/facts.json")))["positions"]) == 254 * 62
    resemblance = pd.read_csv(project.folder / "results/demo/filters/resemblance.csv")
    assert (resemblance.window_ms.round(1) == 34.8).all()


def test_layer_that_all_inputs_reach_is_dumped_but_not_fitted(other_layer):
    project, output = other_layer("dense", "centre", run_file("filters.csv"), ok=False)
    if "Gram matrices take" not in output:
        pytest.skip("this machine has memory for the Gram matrices of 15,000 inputs")
    assert "choose an earlier activations.layer" in output
    assert json.loads(project.read(run_file("dump/facts.json")))["units"] == 32


def test_demo_ends_with_the_accuracy_and_the_way_to_the_figures(built):
    summary = pd.read_csv(built.folder / "results/demo/evaluate/stratified/summary.csv").iloc[0]
    command = [sys.executable, "-m", "earfield.cli", "report", "demo"]
    environment = {"cwd": built.folder, "env": built.environment}
    said = subprocess.run(command, check=True, capture_output=True, text=True, **environment).stdout
    assert f"accuracy {summary.accuracy:.1%}, 95% interval {summary.ci_low:.1%} to {summary.ci_high:.1%}" in said
    assert said.endswith("Figures: results/demo/figures/\n")
    demo = re.search(r"^demo:.*\n((?:\t.*\n)+)", (Path(__file__).parents[2] / "Makefile").read_text(), re.MULTILINE)[1]
    quiet, loud = demo.removesuffix("\n").split(" || \\\n")
    command = "snakemake --cores all --config dataset=demo --quiet"
    assert (quiet, loud) == (f"\t@{command} all", f"\t{command} rules host reason")
    assert said in built.output


def test_second_run_has_nothing_to_do(built):
    assert "Nothing to be done" in built.run("-n")


def test_one_figure_is_made_again_alone(built):
    figure = "results/demo/figures/fig2_confusion.png"
    before = built.read(figure)
    (built.folder / figure).unlink()
    output = built.run("--", figure)
    assert set(re.findall(r"^(?:local)?rule (\w+):", output, re.MULTILINE)) == {"figures_draw"}
    assert built.read(figure) == before
    assert "Nothing to be done" in built.run("-n")


def test_figures_need_neither_tensorflow_nor_librosa(built):
    code = """
import sys
from earfield.figures.confusion import draw_confusion
from earfield.figures.spectrogram import draw_spectrogram
from earfield.figures.style import save_figure
save_figure(draw_confusion("results/demo/figures/fig2_confusion.csv"), ["again.pdf"])
save_figure(draw_spectrogram("results/demo/figures/fig1_spectrogram.npz"), ["again.png"])
assert not {"tensorflow", "keras", "librosa", "sklearn"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=built.folder, env=built.environment)


def test_reading_the_rules_imports_nothing_heavy(built):
    code = """
import sys
from snakemake.cli import main
try:
    main(["-n", "--quiet", "all", "--configfile", "tiny.yaml"])
except SystemExit as end:
    assert not end.code
heavy = {"tensorflow", "keras", "librosa", "matplotlib", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=built.folder, env=built.environment)


def test_other_number_of_processors_gives_the_same_bits(built, copy_of_whole):
    other = copy_of_whole(side_by_side=False)
    targets = [run_file("predictions.csv"), run_file("filters.csv")]
    other.run("--cores", "2", "--forcerun", "mel", "splits", "train", "--", *targets)
    log = "logs/demo/stratified/1/cnn/train.log"
    assert b"Computing on 2 processors." in other.read(log) and b"Computing on 1 processor." in built.read(log)
    for name in ("history.csv", "model.keras", "predictions.csv", "gradient.npz", "filters.npz", "filters.csv"):
        assert other.read(run_file(name)) == built.read(run_file(name)), name
    for name in ("mel/shard-00.npy", "mel/shard-01.npy", "splits/stratified/1.csv"):
        assert other.read(f"data/demo/{name}") == built.read(f"data/demo/{name}"), name


def test_training_settings_of_a_dataset_leave_its_songs_alone(built):
    plan = built.run("-n", "--", "results/demo/evaluate/stratified/summary.csv", train={"batch_size": 20})
    rules = set(re.findall(r"^(?:local)?rule (\w+):", plan, re.MULTILINE))
    assert rules == {"train", "evaluate_predict", "evaluate_protocol"}
    of_dataset = {"demo": {"train": {"max_epochs": 3}}}
    plan = built.run("-n", "--", "results/demo/evaluate/stratified/summary.csv", datasets=of_dataset)
    assert set(re.findall(r"^(?:local)?rule (\w+):", plan, re.MULTILINE)) == rules
    plan = built.run("-n", "--", "results/demo/evaluate/stratified/summary.csv", datasets={"demo": {"seeds": [1, 2]}})
    assert len(re.findall(r"^(?:local)?rule train:", plan, re.MULTILINE)) == len(MODELS)  # of the new seed alone
    assert "rule mel:" not in plan and "rule tracks" not in plan


def test_values_that_are_exchanged_between_settings_are_a_change(built):
    """Snakemake compares the values of params as a set without names."""
    target = ["-n", "--", run_file("filters.csv")]
    assert "Nothing to be done" in built.run(*target)
    assert "Nothing to be done" in built.run(*target, filters={"min_active": 5, "alphas": 10, "folds": 3})
    assert "rule filters:" in built.run(*target, filters={"folds": 10, "alphas": 3, "min_active": 5})


def test_tensorboard_has_the_curves(built):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(built.folder / "logs/demo/stratified/1/cnn/tensorboard"))
    events.Reload()
    assert {"train_loss", "validation_accuracy"} <= set(events.Tags()["tensors"])
    assert not list((built.folder / "results").rglob("checkpoint.npz"))


@pytest.fixture
def songs(tmp_path):
    """A small collection of the user's own: odd names, several formats, and some files that cannot be used."""
    import soundfile

    generator = np.random.default_rng(0)
    for label, cutoff in (("Fado & Saudade", 0.02), ("Ελληνικά", 0.3), ('it\'s "loud" {a}', 0.9)):
        folder = tmp_path / "songs" / label
        folder.mkdir(parents=True)
        for number, (suffix, rate, channels) in enumerate(
            [("wav", 22050, 1), ("flac", 44100, 2), ("ogg", 48000, 2), ("mp3", 44100, 1), ("aiff", 8000, 1)]
        ):
            noise = generator.standard_normal((4 * rate, channels)).cumsum(axis=0) * (1 - cutoff)
            y = noise / np.abs(noise).max() * 0.5 + cutoff * 0.3 * generator.standard_normal((4 * rate, channels))
            soundfile.write(folder / f"take {number} 'ça'.{suffix}", np.clip(y, -1, 1), rate)
    folder = tmp_path / "songs" / "Ελληνικά"
    (folder / "text.wav").write_text("this is no music")
    (folder / "empty.wav").touch()
    soundfile.write(folder / "nan.wav", np.full(100_000, np.nan, np.float32), 22050, subtype="FLOAT")
    soundfile.write(folder / "silent.flac", np.zeros(100_000), 22050)
    soundfile.write(folder / "short.wav", generator.uniform(-1, 1, 22050), 22050)
    return tmp_path / "songs"


@pytest.fixture
def mine(songs):
    """Return settings for a collection of the user's own, of which a quarter may be unusable."""
    settings = {"dataset": "mine", "datasets": {"mine": {"source": "files", "path": str(songs), "seeds": [3]}}}
    return settings | {"tracks": {"max_unusable": 0.3}}


def test_own_music_with_broken_files(make_project, songs, mine):
    project = make_project()
    target = ["--", "all_tracks"]
    output = project.run(*target, ok=False, **mine | {"tracks": {"max_unusable": 0.05}})
    assert "5 of 20 tracks cannot be used, more than tracks.max_unusable = 0.05 allows" in output
    assert "Traceback" not in output
    assert not (project.folder / "data/mine/tracks/tracks.csv").exists()
    output = project.run(*target, **mine)
    assert "5 of 20 tracks cannot be used:" in output
    for name, reason in {
        "text": "cannot be read as audio",
        "empty": "cannot be read as audio",
        "nan": "holds a sample that is not finite, 0.000 s after its start",
        "silent": "is silent",
        "short": "ends after 1.00 s of audio; 2.96 s are needed",
    }.items():
        assert re.search(f"'Ελληνικά/{name}' {re.escape(reason)}", output), name
    assert "Nothing to be done" in project.run("-n", *target, **mine)
    (songs / "Ελληνικά" / ".hidden").touch()
    (songs / "Ελληνικά" / "cover.jpg").touch()
    assert "Nothing to be done" in project.run("-n", *target, **mine)
    # A song rewritten in place is noticed.
    song = next(songs.glob("Fado*/*.wav"))
    song.write_bytes(song.read_bytes()[:44] + song.read_bytes()[:43:-1])
    assert "rule tracks:" in project.run("-n", *target, **mine)


@pytest.mark.nightly
def test_own_music_is_classified(make_project, songs, mine):
    project = make_project()
    settings = mine | {"train": {"max_epochs": 1, "batch_size": 10}}
    project.run("--", "all_evaluate", **settings, protocols={"stratified": {"models": ["cnn", "majority"]}})
    predictions = pd.read_csv(project.folder / run_file("predictions.csv", dataset="mine", run="stratified/3/cnn"))
    assert set(predictions.label) == {path.name for path in songs.iterdir()}


def test_bad_configuration_gets_one_sentence(built):
    for quiet in ([], ["--quiet", "rules", "host", "reason"]):  # as `make demo`
        output = built.run("-n", *quiet, "--", "all", ok=False, mel={"fmaxx": 1})
        assert "unknown key 'mel.fmaxx'; did you mean 'fmax'?" in output
    assert "Traceback" not in output


def test_report_names_every_figure_and_table(built):
    built.run("--report", "report.html")
    page = built.read("report.html").decode("utf-8")
    for name in (*(f"{figure}.png" for figure in FIGURES), "summary.csv", "resemblance.csv", "units.csv"):
        assert name in page, name
    assert "system-message" not in page  # what the captions' parser complains with


def test_own_music_has_scores_and_on_request_receptive_fields_and_evidence(make_project, songs):
    project = make_project()
    mine = {"source": "files", "path": str(songs), "seeds": [3]}
    settings = {"dataset": "mine", "datasets": {"mine": mine}}
    scores = {"train", "evaluate_predict", "evaluate_model", "evaluate_protocol", "figures_draw"}
    fields = {"activations", "filters", "filters_null", "filters_resemblance", "figures_page"}

    def planned(*target, **more):
        return set(re.findall(r"^(?:local)?rule (\w+):$", project.run("-n", *target, **settings, **more), re.MULTILINE))

    assert planned() & (scores | fields) == scores
    assert planned("--", "receptive_fields") >= scores | fields
    assert planned(evidence=True) >= scores | fields | {"claims"}
    refused = project.run("-n", "--", "evidence", ok=False, **settings)
    assert "needs the controls, which its tables leave out; run: snakemake --config evidence=true" in refused


def test_segment_longer_than_the_tracks(make_project, songs):
    project = make_project()
    mine = {"source": "files", "path": str(songs), "seeds": [3]}
    settings = {"dataset": "mine", "datasets": {"mine": mine}, "segment": {"frames": 2000}}
    output = project.run("--", "data/mine/tracks/tracks.csv", ok=False, **settings)
    assert "ends after 4.00 s of audio; 23.21 s are needed" in output


REAL = Path(os.environ.get("EARFIELD_REAL_TRACKS", Path(__file__).parents[3] / "shared" / "gtzan"))


@pytest.mark.nightly
@pytest.mark.skipif(not REAL.is_dir(), reason=f"needs the 130 real tracks in {REAL}, or EARFIELD_REAL_TRACKS")
def test_real_tracks_as_the_readme_says(make_project):
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(# my-music\.yaml\n.*?)```", readme, re.DOTALL)[1]
    project = make_project()
    assert "path: ~/Music/by-genre" in example
    settings = yaml.safe_load(example.replace("~/Music/by-genre", str(REAL / "audio")))
    settings["datasets"]["my-music"]["seeds"] = [1]
    project.run(**settings, train={"max_epochs": 1, "segments_per_track": 2, "batch_size": 50})
    tracks = pd.read_csv(project.folder / "data/my-music/tracks/tracks.csv", keep_default_na=False)
    known = pd.read_csv(REAL / "tracks.csv").sort_values(["genre", "track"]).reset_index()  # not sorted in the file
    assert len(tracks) == len(known) == 130
    assert (tracks.problem == "").all()
    assert list(tracks.label) == list(known.genre)
    assert np.allclose(tracks.seconds, known.samples / known.sample_rate, atol=1e-6)
    predictions = pd.read_csv(project.folder / "results/my-music/evaluate/stratified/1/cnn/predictions.csv")
    assert len(predictions) == 38
    shutil.rmtree(project.folder)
