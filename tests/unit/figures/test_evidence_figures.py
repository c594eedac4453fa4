"""Figures 7 to 11 show the rows of the tables of scores, whatever these and the names in them look like."""

import functools
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earfield.errors import DatasetError
from earfield.evaluate.score_tables import read_scores
from earfield.figures import evidence_data
from earfield.figures.accuracy import draw_accuracy
from earfield.figures.calibration import draw_calibration
from earfield.figures.excerpt_length import draw_excerpt_length
from earfield.figures.learning_curve import draw_learning_curve
from earfield.figures.recall import draw_recall
from earfield.figures.series import count, fraction_limits, look, percent_with_interval, shown_label, space_labels
from earfield.figures.style import save_figure

REFERENCES = Path(__file__).parents[3] / "resources" / "reference_levels.csv"
MODELS = ["cnn", "cnn_untrained", "mfcc_svm", "mel_logistic", "majority"]
ODD = [
    "01", "NA", "_hidden", "$x_1$", "cost $", "weiß/Ünïcødé", "100%", 'said "so"', "m,comma", "two\nlines", "a" * 70,
    "long name of a model that nobody can remember",
]  # fmt: skip
GENRES = ["blues", "classical", "country", "disco", "rock"]
DRAW = {
    "accuracy": draw_accuracy,
    "learning_curve": draw_learning_curve,
    "excerpts": draw_excerpt_length,
    "recall": draw_recall,
    "calibration": draw_calibration,
}
SCORED = {"seeds": 5, "n_tracks": 111, "n_predictions": 190}


def around(share, width=0.07):
    return {"accuracy": share, "ci_low": max(0, share - width), "ci_high": min(1, share + width)}


def level(model):
    return 0.1 + 0.8 * (sum(map(ord, model)) % 97) / 97


def summary(models, protocol):
    rows = [{"protocol": protocol, "model": model, **SCORED, **around(level(model)), "sd": 0.1} for model in models]
    return pd.DataFrame(rows).assign(balanced_accuracy=0.5, baseline=0.29)


def learning_curve(models, protocol):
    rows = [
        {"protocol": protocol, "model": model, "train_fraction": share, "train_tracks": 56 * share, **SCORED}
        | around(level(model) * share**0.2)
        for model in models
        for share in (0.25, 0.5, 1)
    ]
    return pd.DataFrame(rows)


def excerpts(models, protocol):
    rows = []
    for model, seconds in itertools.product(models, (2.97, 4.46, 5.94, 8.9, 29.7)):
        gain = 0.1 * (1 - 2.97 / seconds)
        row = {"protocol": protocol, "model": model, "seconds": seconds, **SCORED, **around(0.8 * level(model) + gain)}
        rows.append(row | {"gain": gain, "gain_ci_low": gain - 0.01, "gain_ci_high": gain + 0.01})
    return pd.DataFrame(rows)


def recall(models, protocol, labels=GENRES):
    generator = np.random.default_rng(0)
    rows = []
    for model, label in itertools.product(models, labels):
        share = around(generator.uniform())
        row = {"protocol": protocol, "model": model, "label": label, **SCORED, "recall": share.pop("accuracy"), **share}
        rows.append(row)
    return pd.DataFrame(rows)


def calibration(models, protocol):
    rows = []
    for model in models:
        for number in (2, 5, 9, 10):
            edges = {"bin": number, "from": (number - 1) / 10, "to": number / 10}
            counts = {
                "seeds": 5,
                "n_tracks": 10 * number,
                "n_predictions": 12 * number,
                "confidence": number / 10 - 0.03,
            }
            rows.append({"protocol": protocol, "model": model, **edges, **counts, **around(0.08 * number)})
        everything = {"bin": "all", "from": 0, "to": 1, "confidence": 0.6, "calibration_error": 0.123, "brier": 0.456}
        rows.append({"protocol": protocol, "model": model, **SCORED, **around(0.5), **everything})
    return pd.DataFrame(rows)


def data_of(name, table, folder, *, protocol="stratified", model="cnn", baselines=tuple(MODELS[1:]), references=None):
    """Write a table and its figure's data to a folder, and return the path of the latter."""
    source, path = folder / f"{name}.csv", folder / "fig.csv"
    table.to_csv(source, index=False)
    if name == "accuracy":
        evidence_data.write_accuracy_data(summary=source, references=references or REFERENCES, path=path)
    elif name == "recall":
        options = {"protocol": protocol, "model": model, "baselines": baselines}
        evidence_data.write_recall_data(scores=source, path=path, **options)
    else:
        evidence_data.write_rows_of_protocol(scores=source, path=path, protocol=protocol)
    return path


@pytest.fixture
def write(tmp_path):
    """Return `data_of` with a folder of its own."""
    return functools.partial(data_of, folder=tmp_path)


@pytest.fixture(scope="module")
def usual(tmp_path_factory):
    """Return a function that returns the table of a figure of five models, its data file and the figure."""

    @functools.cache
    def make(name):
        table = TABLES[name](MODELS, "stratified")
        if name == "accuracy":
            table = pd.concat([table, summary(MODELS[:3], "artist").assign(baseline=0.2)])
        path = data_of(name, table, tmp_path_factory.mktemp(name))
        return table, path, DRAW[name](path)

    return make


def points(axes):
    """Return where an axes has single points, which are marks, in the order of drawing."""
    marks = [line for line in axes.lines if len(line.get_xdata()) == 1 and line.get_marker() != "|"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marks]


def bars(axes, *, vertical):
    """Return the ends of the intervals, in the order of drawing."""
    ends = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.1]
    return [tuple(map(float, line.get_ydata() if vertical else line.get_xdata())) for line in ends]


def text_boxes(figure):
    """Return each visible text with its place on the page [pixel]."""
    from matplotlib.text import Text

    figure.draw_without_rendering()
    hidden = set()  # the labels of ticks that are not drawn
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            hidden |= {tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
            hidden |= set() if axes.axison else set(axis.get_ticklabels(which="both"))
    visible = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text() and text not in hidden]
    # Of the text alone: that of an annotation would hold its line, too.
    return [(text.get_text(), Text.get_window_extent(text)) for text in visible]


def assert_nothing_collides(figure):
    boxes = text_boxes(figure)
    width, height = figure.bbox.width, figure.bbox.height
    for (first, one), (second, other) in itertools.combinations(boxes, 2):
        apart = one.x1 <= other.x0 + 1 or other.x1 <= one.x0 + 1 or one.y1 <= other.y0 + 2 or other.y1 <= one.y0 + 2
        assert apart, (first, second)
    for text, box in boxes:
        assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, text


TABLES = {
    "accuracy": summary,
    "learning_curve": learning_curve,
    "excerpts": excerpts,
    "recall": recall,
    "calibration": calibration,
}


@pytest.mark.parametrize("name", list(TABLES))
def test_data_are_the_rows_of_the_protocol_digit_by_digit(write, tmp_path, name):
    table = TABLES[name](["cnn", "majority"], "01").astype(object)
    other = TABLES[name](["cnn"], "1")
    path = write(name, pd.concat([table, other]), protocol="01", baselines=["majority"])
    lines, source = (
        path.read_text().splitlines(),
        pd.read_csv(tmp_path / f"{name}.csv", dtype=str, keep_default_na=False),
    )
    shown = pd.read_csv(path, dtype=str, keep_default_na=False)
    expected = source if name == "accuracy" else source[source.protocol == "01"]
    shown = shown[shown.kind == "ours"] if name == "accuracy" else shown
    columns = [column for column in shown if column in source]
    keys = [column for column in ("model", "label", "bin", "seconds", "train_fraction", "protocol") if column in source]
    assert len(columns) >= 9 and lines[0] == ",".join(pd.read_csv(path, nrows=0).columns)
    pd.testing.assert_frame_equal(
        shown[columns].sort_values(keys, ignore_index=True), expected[columns].sort_values(keys, ignore_index=True)
    )


@pytest.mark.parametrize("name", list(TABLES))
def test_table_without_a_column_is_refused(write, name):
    with pytest.raises(DatasetError, match=rf"{name}\.csv lacks the column 'ci_low'"):
        write(name, TABLES[name](MODELS, "stratified").drop(columns="ci_low"))


def test_references_are_marked_as_those_of_others(write):
    path = write("accuracy", summary(["cnn"], "stratified"))
    shown = pd.read_csv(path)
    references = pd.read_csv(REFERENCES)
    theirs = shown[shown.kind != "ours"]
    assert set(theirs.kind) == {"human", "machine"} and list(theirs.model) == list(references.name)
    assert theirs.ci_low.isna().all() and theirs.source.notna().all() and theirs.url.notna().all()
    axes = DRAW["accuracy"](path).axes[0]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white"]
    np.testing.assert_allclose([line.get_xdata()[0] for line in hollow], references.accuracy)
    dashed = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    assert set(references.accuracy) <= set(dashed)
    texts = [" ".join(text.get_text().split()) for text in axes.texts]
    for row in references.itertuples():
        assert [text for text in texts if row.kind in text and text.endswith(f"protocol: {row.protocol}")]


def test_accuracy_of_every_model_and_protocol_is_drawn(usual):
    table, _, figure = usual("accuracy")
    axes = figure.axes[0]
    n_references = len(pd.read_csv(REFERENCES))
    found = points(axes)[: len(table)]
    assert len(points(axes)) == len(table) + n_references
    expected = table.set_index("model").loc[MODELS].reset_index()  # a model's protocols are neighbours
    np.testing.assert_allclose([x for x, _ in found], expected.accuracy)
    np.testing.assert_allclose(bars(axes, vertical=False), expected[["ci_low", "ci_high"]])
    heights = [y for _, y in found]
    assert heights == sorted(heights) and len(set(heights)) == len(heights)
    baselines = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "|"]
    np.testing.assert_allclose(baselines, expected.baseline)
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names[: len(MODELS)] == [model.replace("_", " ") for model in MODELS]


def test_accuracy_tells_protocols_apart_by_colour_and_marker(write):
    protocols = ["stratified", "artist", "cross_validation", "fault_filtered", "e", "f"]
    table = pd.concat([summary(["cnn"], protocol) for protocol in protocols])
    figure = DRAW["accuracy"](write("accuracy", table))
    marks = [line for line in figure.axes[0].lines if line.get_markersize() == 3.8]
    assert len({line.get_color() for line in marks}) == len({line.get_marker() for line in marks}) == 6
    legend = dict(
        zip([t.get_text() for t in figure.legends[0].get_texts()], figure.legends[0].get_lines(), strict=True)
    )
    for protocol, mark in zip(protocols, marks, strict=True):
        assert legend[protocol.replace("_", " ")].get_color() == mark.get_color()


def test_learning_curve_shows_each_point_beside_its_neighbours(usual):
    table, _, figure = usual("learning_curve")
    axes = figure.axes[0]
    found = points(axes)
    np.testing.assert_allclose([y for _, y in found], table.accuracy)
    np.testing.assert_allclose([x for x, _ in found], table.train_tracks, rtol=0.05)
    assert len({x for x, _ in found}) == len(found)
    np.testing.assert_allclose(bars(axes, vertical=True), table[["ci_low", "ci_high"]])
    labels = {text.get_text() for text in axes.get_xticklabels()}
    assert labels == {"14\n25%", "28\n50%", "56\n100%"}
    assert [text.get_text() for text in axes.texts] == [model.replace("_", " ") for model in MODELS]


def test_seconds_heard_show_level_and_paired_gain(usual):
    table, _, figure = usual("excerpts")
    level_axes, gain_axes = figure.axes
    for axes, (middle, low, high) in (
        (level_axes, ("accuracy", "ci_low", "ci_high")),
        (gain_axes, ("gain", "gain_ci_low", "gain_ci_high")),
    ):
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        for curve, band, (_, own) in zip(curves, axes.collections, table.groupby("model", sort=False), strict=True):
            np.testing.assert_allclose(curve.get_xydata(), own[["seconds", middle]])
            corners = band.get_paths()[0].vertices
            for row in own.itertuples():
                heights = corners[np.isclose(corners[:, 0], row.seconds), 1]
                np.testing.assert_allclose([heights.min(), heights.max()], [getattr(row, low), getattr(row, high)])
    assert "2.97 s" in gain_axes.get_ylabel()


def test_recall_is_sorted_by_the_shown_model_and_beside_the_best_baseline(write):
    table = recall(MODELS, "stratified").assign(n_predictions=lambda rows: [20 + len(label) for label in rows.label])
    table.loc[table.model == "mfcc_svm", "recall"] = 0.99
    path = write("recall", table)
    shown = pd.read_csv(path)
    assert list(dict.fromkeys(shown.model)) == ["cnn", "mfcc_svm"]
    own = shown[shown.model == "cnn"]
    assert list(own.recall) == sorted(own.recall, reverse=True)
    axes = DRAW["recall"](path).axes[0]
    np.testing.assert_allclose([x for x, _ in points(axes)], shown.recall)
    np.testing.assert_allclose(bars(axes, vertical=False), shown[["ci_low", "ci_high"]])
    ticks = [text.get_text() for text in axes.get_yticklabels()]
    assert ticks == [f"{label} (111, {20 + len(label)})" for label in own.label]
    rows = {tick.split()[0]: place for place, tick in zip(axes.get_yticks(), ticks, strict=True)}
    for (_, y), label in zip(points(axes), shown.label, strict=True):
        assert abs(y - rows[label]) < 0.5
    means = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == "--"]
    np.testing.assert_allclose(means, shown.groupby("model", sort=False).recall.mean())


def test_recall_of_a_model_alone_needs_no_baseline(write):
    path = write("recall", recall(["cnn"], "stratified", labels=["a", "b"]), baselines=["cnn", "absent"])
    assert set(pd.read_csv(path).model) == {"cnn"}
    axes = DRAW["recall"](path).axes[0]
    assert [y for _, y in points(axes)] == [0, 1]


def test_calibration_has_a_diagram_with_counts_and_errors_for_each_model(usual):
    table, _, figure = usual("calibration")
    diagrams = [axes for axes in figure.axes if axes.get_title()]
    strips = [axes for axes in figure.axes if axes.patches]
    assert [axes.get_title() for axes in diagrams] == [
        f"{model.replace('_', ' ')}\nECE 0.12, Brier 0.46" for model in MODELS
    ]
    for diagram, strip, (_, own) in zip(diagrams, strips, table.groupby("model", sort=False), strict=True):
        bins = own[own.bin != "all"]
        np.testing.assert_allclose(points(diagram), bins[["confidence", "accuracy"]])
        np.testing.assert_allclose(bars(diagram, vertical=True), bins[["ci_low", "ci_high"]])
        bricks = [(brick.get_x(), brick.get_width(), brick.get_height()) for brick in strip.patches]
        np.testing.assert_allclose(
            bricks, np.column_stack([bins["from"], bins["to"] - bins["from"], bins.n_predictions])
        )
        assert strip.get_ylim()[1] >= table[table.bin != "all"].n_predictions.max()
    assert len([line for line in diagrams[0].lines if list(line.get_xdata()) == list(line.get_ydata()) == [0, 1]]) == 1


@pytest.mark.parametrize("name", list(TABLES))
def test_no_text_runs_into_another_or_over_the_edge(write, usual, name):
    assert_nothing_collides(usual(name)[2])
    assert_nothing_collides(DRAW[name](write(name, TABLES[name](["cnn"], "stratified"), baselines=[])))


@pytest.mark.parametrize("name", list(TABLES))
def test_odd_names_run_into_nothing_and_are_drawn_as_they_are(write, name):
    table = TABLES[name](ODD, ODD[-1])
    if name == "accuracy":
        table = pd.concat([TABLES[name](ODD, each) for each in ODD[-6:]])
    if name == "recall":
        labels = [*ODD, *(f"genre number {number}" for number in range(18))]
        table = recall(ODD, ODD[-1], labels=labels)
    figure = DRAW[name](write(name, table, protocol=ODD[-1], model=ODD[0], baselines=ODD[1:]))
    assert_nothing_collides(figure)
    texts = " ".join(" ".join(text.split()) for text, _ in text_boxes(figure))
    assert "…" in texts and "cost $" in texts and ("$x 1$" in texts or "$x_1$" in texts) and "\\" not in texts


@pytest.mark.parametrize("name", list(TABLES))
def test_scores_without_interval_are_points(write, name):
    columns = {"ci_low": np.nan, "ci_high": np.nan} | (
        {"gain_ci_low": np.nan, "gain_ci_high": np.nan} if name == "excerpts" else {}
    )
    figure = DRAW[name](write(name, TABLES[name](["cnn", "majority"], "stratified").assign(seeds=1, **columns)))
    marks = [line for axes in figure.axes for line in axes.lines if line.get_marker() in ("o", "s")]
    assert len(marks) >= 2 and not [bar for axes in figure.axes for bar in bars(axes, vertical=True)]


@pytest.mark.parametrize("name", list(TABLES))
def test_table_without_rows_gives_a_figure_that_says_so(write, tmp_path, name):
    references = tmp_path / "references.csv"
    pd.read_csv(REFERENCES).iloc[:0].to_csv(references, index=False)
    path = write(name, TABLES[name](MODELS, "stratified").iloc[:0], references=references)
    figure = DRAW[name](path)
    assert re.match(r"No (run|network) to show", figure.axes[0].texts[0].get_text())
    assert_nothing_collides(figure)


@pytest.mark.parametrize("name", ["learning_curve", "excerpts"])
def test_curve_of_one_point_is_drawn(write, name):
    table = TABLES[name](MODELS, "stratified")
    single = table[(table.train_fraction == 1) if name == "learning_curve" else (table.seconds == 2.97)]
    assert_nothing_collides(DRAW[name](write(name, single)))


@pytest.mark.parametrize("shares", [[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
@pytest.mark.parametrize("name", ["accuracy", "learning_curve", "excerpts"])
def test_scores_at_the_ends_are_inside(write, name, shares):
    table = TABLES[name](["cnn", "majority"], "stratified")
    table["accuracy"] = table.model.map(dict(zip(["cnn", "majority"], shares, strict=True)))
    axes = DRAW[name](write(name, table.assign(ci_low=table.accuracy, ci_high=table.accuracy))).axes[0]
    low, high = axes.get_xlim() if name == "accuracy" else axes.get_ylim()
    assert low <= min(shares) and high >= max(shares)


def test_calibration_of_a_model_without_bins_is_drawn(write):
    table = calibration(["cnn"], "stratified")
    figure = DRAW["calibration"](write("calibration", table[table.bin == "all"].assign(calibration_error=np.nan)))
    assert "ECE unknown" in figure.axes[0].get_title()


@pytest.mark.parametrize("name", list(TABLES))
def test_same_data_give_the_same_bytes(write, tmp_path, name):
    path, paths = write(name, TABLES[name](["cnn", "majority"], "stratified")), [tmp_path / "1.pdf", tmp_path / "2.pdf"]
    for each in paths:
        save_figure(DRAW[name](path), [each])
    first, second = (each.read_bytes() for each in paths)
    assert first == second and len(first) > 1000


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.01, 0.3))
def test_spread_names_keep_their_order_and_a_gap(places, gap):
    moved = space_labels(places, gap)
    gap = min(gap, 1 / max(1, len(places) - 1))
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= gap - 1e-9).all()
    assert (moved >= -1e-9).all() and (moved <= 1 + 1e-9).all()
    if len(places) and (np.diff(np.sort(places)) >= gap).all():
        np.testing.assert_allclose(moved, places, atol=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5))
def test_limits_hold_all_shares(shares):
    low, high = fraction_limits(pd.Series(shares), pd.Series([np.nan]))
    assert 0 <= low <= min(shares) and max(shares) <= high <= 1 and high - low >= 0.1 - 1e-9


def test_looks_differ_and_names_stay_short():
    assert len({tuple(look(number).values()) for number in range(77)}) == 77
    assert len(shown_label("x" * 500)) <= 33
    assert shown_label("pop $ rock\n$") == "pop $ rock $"
    assert (count([3, 3], "seed"), count([1], "seed"), count([1, 5], "run")) == ("3 seeds", "1 seed", "1–5 runs")
    assert (percent_with_interval(0.664, 0.58, 0.741), percent_with_interval(0.5, np.nan, 1)) == ("66% (58–74)", "50%")


def test_names_that_look_like_numbers_stay_names(write):
    path = write("calibration", calibration(["01", "NA"], "1"), protocol="1")
    assert list(dict.fromkeys(read_scores(path).model)) == ["01", "NA"]
