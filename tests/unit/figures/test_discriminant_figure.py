"""Figure 5: what its data file holds, and what the drawing and the page make of it."""

import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from earfield.configuration.settings import NetworkSettings
from earfield.figures.style import save_figure

FRONT_END = {"sample_rate": 1000, "n_fft": 20, "hop_length": 10, "n_mels": 8, "fmin": 0, "fmax": 500}
FRAMES, HOP = 30, 27
LABELS = ("jazz", "blues", "rock", "disco", "pop")
NETWORK = {
    "conv": [{"filters": 3, "kernel": [3, 3], "pool": [2, 4], "l2": 0.0}],
    "dense": {"units": 6, "l2": 0.0},
    "dropout": 0.5,
}


class Collection:
    """Tracks of known labels in two shards, a split and a network."""

    def __init__(self, folder, labels=LABELS, *, per_label=(6, 2, 4)):
        self.folder, self.labels = folder, labels
        generator = np.random.default_rng(0)
        rows, self.mel = [], {}
        for number, label in enumerate(labels):
            subsets = np.repeat(["train", "validation", "test"], per_label)
            for track, subset in enumerate(subsets):
                name = f'{label}/{track:02d} <b> & "quotes"'
                length = FRAMES + HOP * (2 + track % 3) + 11  # a tail that no segment reaches
                tone = 3 * np.cos(np.arange(8) * (1 + number) * 0.7)
                self.mel[name] = (generator.standard_normal((length, 8)) + tone).astype(np.float32)
                rows.append((name, label, subset))
        self.split = pd.DataFrame(rows, columns=["track", "label", "subset"])

    def write(self, *, change=lambda model: None, front_end=FRONT_END):
        """Write what the figure's data need, make them, and return them."""
        from earfield.figures.discriminants_data import write_discriminants_data
        from earfield.mel.front_end import CONVENTIONS
        from earfield.network.architecture import build_network, save_network
        from earfield.network.device import Device

        for shard in (0, 1):
            part = self.split[shard::2]
            frames = [self.mel[name] for name in part.track]
            lengths = [len(each) for each in frames]
            np.save(self.folder / f"{shard}.npy", np.concatenate(frames))
            index = part[["track", "label"]].assign(start=np.cumsum([0, *lengths[:-1]]), frames=lengths)
            index.to_csv(self.folder / f"{shard}.csv", index=False)
        self.split.to_csv(self.folder / "split.csv", index=False)
        settings = NetworkSettings(**NETWORK)
        model = build_network(settings, frames=FRAMES, n_mels=8, n_labels=len(self.labels), seed=1)
        change(model)
        save_network(
            model, self.folder / "model.keras", labels=sorted(self.labels), front_end={**FRONT_END, **CONVENTIONS}
        )
        self.model = model
        write_discriminants_data(
            model_path=str(self.folder / "model.keras"),
            frames_paths=[str(self.folder / "0.npy"), str(self.folder / "1.npy")],
            index_paths=[str(self.folder / "0.csv"), str(self.folder / "1.csv")],
            split=str(self.folder / "split.csv"),
            path=self.folder / "data.npz",
            device=Device(gpu=False, workers=2),
            front_end=front_end,
            settings={"overlap": 0.1, "components": [3, 10, 40]},
        )
        with np.load(self.folder / "data.npz") as archive:
            return dict(archive)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a collection of five labels and its data."""
    collection = Collection(tmp_path_factory.mktemp("figure5"))
    return collection, collection.write()


def segments_of(collection, subset):
    """Return the windows, labels and tracks of a subset, track by track."""
    rows = collection.split[collection.split.subset == subset].sort_values("track")
    cut = [
        (name, label, start, collection.mel[name][start : start + FRAMES])
        for name, label in zip(rows.track, rows.label, strict=True)
        for start in range(0, len(collection.mel[name]) - FRAMES + 1, HOP)
    ]
    return [np.array(column) for column in zip(*cut, strict=True)]


def test_every_test_segment_has_its_row(made):
    collection, shown = made
    tracks, labels, starts, _ = segments_of(collection, "test")
    assert shown["track"].tolist() == tracks.tolist()
    assert shown["label"].tolist() == labels.tolist()
    assert np.allclose(shown["start_seconds"], starts * 0.01)
    assert shown["labels"].tolist() == sorted(LABELS)
    assert shown["raw"].shape == shown["hidden"].shape == (len(tracks), 3)
    assert shown["n_tracks"].tolist() == [30, 10, 20]
    assert shown["n_segments"].tolist() == [
        len(segments_of(collection, each)[0]) for each in ("train", "validation", "test")
    ]


def test_hidden_coordinates_are_those_of_the_layer_before_dropout(made):
    import keras
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    collection, shown = made
    layer = keras.Model(collection.model.inputs, collection.model.get_layer("dense").output)
    (_, labels, _, x), (_, truth, _, y) = segments_of(collection, "train"), segments_of(collection, "test")
    train, test = (layer.predict(each, verbose=0).astype(float) for each in (x, y))
    assert shown["units"] == 6
    live = np.ptp(train, axis=0) > 0
    assert shown["live_units"] == live.sum()
    analysis = LinearDiscriminantAnalysis(n_components=3).fit(train[:, live], labels)
    expected = analysis.transform(test[:, live])
    assert np.allclose(shown["hidden"] * np.sign((shown["hidden"] * expected).sum(axis=0)), expected, atol=1e-3)
    assert np.allclose(shown["hidden_variance_ratio"], analysis.explained_variance_ratio_, atol=1e-5)
    # The classifier on the drawn axes alone, from another library.
    classifier = LinearDiscriminantAnalysis().fit(analysis.transform(train[:, live]), labels)
    assert shown["hidden_segments"][0] == pytest.approx(np.mean(classifier.predict(expected) == truth), abs=0.02)


def test_numbers_fit_together(made):
    _, shown = made
    for space in ("raw", "hidden"):
        for kind in ("segments", "tracks"):
            share, low, high = shown[f"{space}_{kind}"]
            assert 0 <= low <= share <= high <= 1
    assert shown["raw_tracks"][0] > 0.8  # the labels differ in their mean spectrum
    assert shown["raw_segments"][0] * len(shown["track"]) == pytest.approx(
        round(shown["raw_segments"][0] * len(shown["track"]))
    )
    for kind in ("segments", "tracks"):
        assert shown[f"difference_{kind}"][0] == pytest.approx(shown[f"hidden_{kind}"][0] - shown[f"raw_{kind}"][0])
    assert shown["baseline_tracks"] == 0.2
    assert shown["baseline_segments"] == np.mean(shown["label"] == shown["naive"])
    assert shown["components_tried"][:, 0].tolist() == [3, 10, 40]
    best = shown["components_tried"][:, 1].argmax()
    assert shown["components"] == shown["components_tried"][best, 0]


def test_test_tracks_never_influence_the_axes(made, tmp_path):
    _, shown = made
    other = Collection(tmp_path)
    test = other.split[other.split.subset == "test"].track
    kept = test.iloc[::4]
    for name in set(test) - set(kept):
        other.mel[name] = other.mel[name] * 5 - 20
    again = other.write()
    rows = np.isin(shown["track"], kept)
    assert rows.sum() > 5 and not np.array_equal(shown["raw"][~rows], again["raw"][~rows])
    for key in ("raw", "hidden"):
        assert np.array_equal(shown[key][rows], again[key][rows])
        assert np.array_equal(shown[f"{key}_variance_ratio"], again[f"{key}_variance_ratio"])
    assert np.array_equal(shown["components_tried"], again["components_tried"])
    assert shown["live_units"] == again["live_units"]


def test_order_of_shards_does_not_matter(made, tmp_path):
    _, shown = made
    other = Collection(tmp_path)
    other.split = other.split.sample(frac=1, random_state=1)
    again = other.write()
    assert all(np.array_equal(shown[key], again[key], equal_nan=shown[key].dtype.kind == "f") for key in shown)


def silence(model):
    kernel, bias = model.get_layer("dense").get_weights()
    model.get_layer("dense").set_weights([kernel * 0, bias - 1])


def only_unit(model):
    kernel, bias = model.get_layer("dense").get_weights()
    kernel[:, 1:] = 0
    model.get_layer("dense").set_weights([np.abs(kernel), bias - [-100, *[1] * 5]])


def test_layer_without_life_is_an_error_that_names_it(tmp_path):
    from earfield.errors import EarfieldError

    with pytest.raises(EarfieldError, match=r"No unit of the layer 'dense' in .*model\.keras reacts .*learning_rate"):
        Collection(tmp_path).write(change=silence)


def test_foreign_front_end_is_an_error_that_names_it(tmp_path):
    from earfield.errors import ConfigError

    with pytest.raises(ConfigError, match="fmax"):
        Collection(tmp_path).write(front_end=FRONT_END | {"fmax": 400})


@pytest.mark.parametrize("subset", ["train", "validation", "test"])
def test_empty_subset_is_an_error_that_names_it(tmp_path, subset):
    from earfield.errors import DatasetError

    collection = Collection(tmp_path)
    collection.split = collection.split[collection.split.subset != subset]
    with pytest.raises(DatasetError, match=f"has no {subset} track"):
        collection.write()


def test_single_label_is_an_error_that_names_it(tmp_path):
    from earfield.errors import DatasetError

    with pytest.raises(DatasetError, match="only the label 'jazz'"):
        Collection(tmp_path, ("jazz",)).write()


def axes_of(shown):
    """Return how many axes the file says there are, after a look at the coordinates."""
    counts = []
    for space in ("raw", "hidden"):
        found = np.isfinite(shown[f"{space}_variance_ratio"])
        assert (np.ptp(shown[space], axis=0) > 0).tolist() == found.tolist()
        counts.append(int(found.sum()))
    return counts


@pytest.mark.parametrize(
    ("labels", "change", "expected"),
    [
        (("b", "a"), None, [1, 1]),
        (("$b$", "_a", "c"), None, [2, 2]),
        (LABELS, only_unit, [3, 1]),
        (tuple(f"label {number:02d} of quite some length" for number in range(20)), None, [3, 3]),
    ],
)
def test_any_number_of_axes_and_labels_can_be_drawn(tmp_path, labels, change, expected):
    from earfield.figures.discriminants import draw_discriminants
    from earfield.figures.discriminants_page import write_discriminants_page

    shown = Collection(tmp_path, labels).write(change=change or (lambda model: None))
    assert axes_of(shown) == expected
    save_figure(draw_discriminants(tmp_path / "data.npz"), [tmp_path / "figure.png"])
    write_discriminants_page(tmp_path / "data.npz", tmp_path / "page.html", run="demo")
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert (tmp_path / "page.html").stat().st_size > 1_000_000


def test_drawing_repeats_itself_and_says_the_numbers(made):
    from earfield.figures.discriminants import draw_discriminants, read_spaces

    collection, shown = made
    one, two = collection.folder / "one.pdf", collection.folder / "two.pdf"
    for path in (one, two):
        save_figure(draw_discriminants(collection.folder / "data.npz"), [path])
    assert one.read_bytes() == two.read_bytes()
    for space, name in zip(read_spaces(shown), ("raw", "hidden"), strict=True):
        share, low, high = (f"{100 * each:.0f}" for each in shown[f"{name}_segments"])
        assert space.segments == f"{share}% of {len(shown['track'])} test segments correct (95% CI {low}–{high}%)"
        assert len(space.axes) == 3
        assert space.axes[0] == f"Axis 1 ({shown[f'{name}_variance_ratio'][0]:.0%})"


def test_labels_have_their_own_look():
    from earfield.figures.discriminants import _marker, label_colour

    looks = [(label_colour(number), _marker(number)) for number in range(20)]
    assert len(set(looks)) == 20
    assert len({colour for colour, _ in looks[:10]}) == len({marker for _, marker in looks[:10]}) == 10


@pytest.fixture(scope="module")
def page(made):
    """Return the interactive page."""
    from earfield.figures.discriminants_page import write_discriminants_page

    collection, _ = made
    write_discriminants_page(collection.folder / "data.npz", collection.folder / "page.html", run="demo & <more>")
    return (collection.folder / "page.html").read_text(encoding="utf-8")


def figure_of(page):
    """Return the traces, layout and settings that the page hands to plotly.js."""
    call = page[page.rindex("Plotly.newPlot(") :]
    decoder, at, parts = json.JSONDecoder(), call.index("["), []
    for _ in range(3):
        part, end = decoder.raw_decode(call[at:])
        parts.append(part)
        at += end
        at += re.match(r"[,\s]*", call[at:]).end()
    return parts


def test_page_tells_every_segment(made, page):
    _, shown = made
    traces, _, _ = figure_of(page)
    for scene, space in (("scene", "raw"), ("scene2", "hidden")):
        own = [trace for trace in traces if trace["scene"] == scene]
        told = {}
        for trace in own:
            for words, *point in zip(trace["hovertext"], trace["x"], trace["y"], trace["z"], strict=True):
                told[words] = point, trace["name"]
        assert len(told) == len(shown["track"])
        for track, label, start, point in zip(
            shown["track"], shown["label"], shown["start_seconds"], shown[space], strict=True
        ):
            escaped = track.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
            found, name = told[f"{escaped}<br>{label}, from {start:.1f} s"]
            assert name == label and np.allclose(found, point, atol=1e-3)
    assert {trace["name"]: trace["marker"]["color"] for trace in traces}.keys() == set(LABELS)


def test_page_is_made_of_what_plotly_knows(page):
    import plotly.graph_objects

    traces, layout, _ = figure_of(page)
    plotly.graph_objects.Figure(traces, layout)  # raises on a name that it does not know


def test_page_asks_no_server_for_anything(page):
    own = re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", page, flags=re.DOTALL)
    assert len(own) < 200_000
    assert not re.search(r"""(src|href|action|data-src|url)\s*[=(]\s*["']?\s*(https?:)?//""", own)
    assert "http" not in own.replace("http-equiv", "")
    policy = re.search(r'Content-Security-Policy"\s+content="(.*?)"', page, re.DOTALL)[1]
    assert "default-src 'none'" in policy and "form-action 'none'" in policy and "http" not in policy
    # The library's button to share a chart would send the data away.
    assert figure_of(page)[2]["showSendToCloud"] is False


def test_page_repeats_itself_and_escapes_its_title(made, page):
    from earfield.figures.discriminants_page import write_discriminants_page

    collection, _ = made
    write_discriminants_page(collection.folder / "data.npz", collection.folder / "again.html", run="demo & <more>")
    assert (collection.folder / "again.html").read_text(encoding="utf-8") == page
    assert page.count("demo &amp; &lt;more&gt;") == 2 and "<more>" not in page


def test_drawing_needs_neither_network_nor_analysis():
    script = (
        "import sys, earfield.figures.discriminants, earfield.figures.discriminants_page; "
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'librosa') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
