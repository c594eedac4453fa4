"""Figure 6 shows every unit of every population, and where the window is blind."""

import numpy as np
import pandas as pd
import pytest

from earfield.errors import DatasetError
from earfield.figures.populations import draw_populations
from earfield.figures.populations_data import PANELS, write_populations_data
from earfield.figures.style import save_figure

LIMITS = {"window_octaves": 0.74, "window_ms": 394.7, "lowest_rate_hz": 2.533, "lowest_scale_cpo": 1.351}
NULLS = ["cnn_untrained", "cnn_shuffled", "same_sparsity", "same_spectrum"]
STAGES = ["midbrain", "thalamus", "cortex"]


def units(models, *, seeds=(1, 2), n=30):
    generator = np.random.default_rng(0)
    parts = []
    for model in models:
        for seed in seeds if model not in STAGES else [""]:
            parts.append(
                pd.DataFrame(
                    {
                        "protocol": "" if model in STAGES else "stratified",
                        "seed": seed,
                        "model": model,
                        "estimate": "" if model in STAGES else "lasso",
                        "unit": range(n),
                        "separability": generator.uniform(0.2, 0.5, n),
                        "gabor_r2": generator.uniform(0, 1, n),
                        "rate_hz": generator.choice([0, 0.5, 4, 12, 60], n),
                        "scale_cpo": generator.choice([0, 1, 2, 6], n),
                        "direction": generator.uniform(-1, 1, n),
                    }
                )
            )
    return pd.concat(parts).assign(**LIMITS)


@pytest.fixture
def figure_data(tmp_path):
    def write(table, protocol="stratified"):
        table.to_csv(tmp_path / "units.csv", index=False)
        path = tmp_path / "fig6.csv"
        write_populations_data(units=tmp_path / "units.csv", path=path, protocol=protocol, trained="cnn", nulls=NULLS)
        return path

    return write


def test_data_hold_every_unit_in_the_order_of_drawing(figure_data):
    table = units([*STAGES, *NULLS[::-1], "cnn"])
    shown = pd.read_csv(figure_data(table))
    assert list(dict.fromkeys(shown.population)) == ["cnn", *NULLS, *STAGES]
    assert list(dict.fromkeys(shown.role)) == ["trained", "null model", "stage"]
    assert len(shown) == len(table)
    for model, group in shown.groupby("population"):
        own = table[table.model == model]
        assert sorted(group.rate_hz) == sorted(own.rate_hz)
        np.testing.assert_allclose(sorted(group.direction_strength), sorted(own.direction.abs()))


def test_other_protocols_are_left_out(figure_data):
    table = pd.concat([units(["cnn", *NULLS, *STAGES]), units(["cnn"]).assign(protocol="artist")])
    assert (pd.read_csv(figure_data(table)).groupby("population").size()["cnn"]) == 60


def test_figure_draws_every_unit_and_its_medians(figure_data):
    path = figure_data(units(["cnn", *NULLS, *STAGES]))
    data, figure = pd.read_csv(path), draw_populations(path)
    assert len(figure.axes) == len(PANELS)
    for axes, name in zip(figure.axes, PANELS, strict=True):
        dots = [collection for collection in axes.collections if len(collection.get_offsets()) > 1]
        assert sum(len(each.get_offsets()) for each in dots) == len(data)
        if name == "separability":  # drawn on its own scale, from 0 to 1
            middles = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
            expected = data.groupby("population", sort=False).separability.median()
            np.testing.assert_allclose(middles, expected)


@pytest.mark.parametrize("value", [0.03, 0.31, 0.5, 0.97])
def test_hill_stands_over_its_units(figure_data, value):
    figure = draw_populations(figure_data(units(["cnn", *NULLS, *STAGES]).assign(separability=value)))
    hill = figure.axes[0].collections[0].get_paths()[0].vertices
    assert hill[hill[:, 1].argmin(), 0] == pytest.approx(value, abs=0.5 / 80 + 1e-9)  # half a step of its grid


def test_figure_shades_what_the_window_cannot_show(figure_data):
    figure = draw_populations(figure_data(units(["cnn", *NULLS, *STAGES])))
    shaded = [bool([text for text in axes.texts if "< 1 cycle" in text.get_text()]) for axes in figure.axes]
    assert shaded == [False, False, True, True, False]
    labels = [text.get_text() for text in figure.axes[2].get_xticklabels()]
    assert labels[0] == "≤1.3"  # half a cycle in 395 ms


def test_model_without_units_keeps_its_row_and_says_so(figure_data):
    path = figure_data(units(["cnn", "cnn_shuffled", *NULLS[2:], *STAGES]))
    figure = draw_populations(path)
    labels = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert "cnn untrained\nno fitted unit" in labels and "cnn\n60 units, 2 seeds" in labels


def test_table_without_rows_is_refused(figure_data):
    with pytest.raises(DatasetError, match="holds no unit"):
        figure_data(units(["cnn"]).iloc[:0])


def test_figure_is_saved(figure_data, tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "a.pdf"]
    save_figure(draw_populations(figure_data(units(["cnn", *NULLS, *STAGES]))), paths)
    assert all(path.stat().st_size > 10_000 for path in paths)


def test_gradients_stand_between_nulls_and_stages(figure_data):
    gradients = units(["cnn", "cnn_untrained"]).assign(estimate="gradient")
    shown = pd.read_csv(figure_data(pd.concat([units(["cnn", *NULLS, *STAGES]), gradients])))
    assert list(dict.fromkeys(shown.role)) == ["trained", "null model", "gradient", "stage"]
    names = list(dict.fromkeys(shown.population))
    assert names == ["cnn", *NULLS, "cnn, gradient", "cnn_untrained, gradient", *STAGES]
    assert (shown[shown.role == "gradient"].groupby("population").size() == 60).all()


def test_window_of_one_band_has_no_panel_of_scales(figure_data):
    figure = draw_populations(figure_data(units(["cnn", *NULLS, *STAGES]).assign(lowest_scale_cpo=np.nan)))
    assert len(figure.axes) == len(PANELS) - 1
