"""Figures 3 and 4: what their data files hold, and that this is what is drawn."""

import numpy as np
import pandas as pd
import pytest

from earfield.errors import DatasetError
from earfield.figures import panels
from earfield.figures.filters import draw_filters
from earfield.figures.filters_data import write_filters_data
from earfield.figures.reference import draw_reference
from earfield.figures.reference_data import write_reference_data
from earfield.figures.style import new_figure, save_figure
from earfield.filters.auditory import model_strf, read_stages
from earfield.mel.log_mel import band_edges

STAGES = "resources/auditory_stages.csv"
BANDS = band_edges(n_mels=64, fmin=0, fmax=10000)[1:-1][28:38]
HOP = 256 / 22050
RUN = {"dataset": "demo", "protocol": "stratified", "seed": 3, "model": "cnn"}


@pytest.fixture
def run(tmp_path):
    """Return a function that writes the filters of a run from the units' statuses and R², and the data of figure 3."""

    def write(statuses, r2=None, n_filters=None):
        n = len(statuses)
        strfs = np.random.default_rng(1).normal(size=(n_filters or n, 10, 34)).astype(np.float32)
        np.savez(tmp_path / "filters.npz", filters=strfs, band_hz=BANDS, frame_seconds=HOP, layer="pool2")
        table = pd.DataFrame({"unit": range(n), "status": statuses, "problem": "", "alpha": 0.1})
        table["r2_held_out"] = np.where(table.status == "fitted", np.linspace(0, 1, n) if r2 is None else r2, np.nan)
        table.to_csv(tmp_path / "filters.csv", index=False)
        write_filters_data(
            filters_npz=tmp_path / "filters.npz",
            filters_csv=tmp_path / "filters.csv",
            path=tmp_path / "fig3.npz",
            run=RUN,
        )
        return tmp_path / "fig3.npz", strfs

    return write


def pictures(figure):
    """Return what the panels of a figure show."""
    return np.array([axes.images[0].get_array() for axes in figure.axes])


def scaled(strfs):
    return strfs / np.abs(strfs).max(axis=(-2, -1), keepdims=True)


def texts(figure):
    return " ".join(figure.get_suptitle().split())


def test_units_are_ordered_by_held_out_r2_and_those_without_a_filter_counted(run):
    statuses = ["fitted", "dead", "fitted", "nan", "fitted", "rare", "fitted", "flat", "dead"]
    r2 = [0.2, 9, 0.7, 9, np.nan, 9, -0.1, 9, 9]
    data, strfs = run(statuses, r2)
    with np.load(data) as shown:
        assert shown["units"].tolist() == [2, 0, 6, 4]
        assert np.array_equal(shown["r2_held_out"], [0.7, 0.2, -0.1, np.nan], equal_nan=True)
        assert np.array_equal(shown["filters"], strfs[[2, 0, 6, 4]])
        counts = dict(zip(shown["statuses"].tolist(), shown["counts"].tolist(), strict=True))
        assert counts == {"fitted": 4, "dead": 2, "flat": 1, "nan": 1, "rare": 1}
        assert shown["statuses"][0] == "fitted"
        assert np.array_equal(shown["band_hz"], BANDS) and shown["frame_seconds"] == HOP
        assert {key: str(shown[key]) for key in RUN} == {key: str(value) for key, value in RUN.items()}


def test_files_of_different_runs_are_refused(run):
    with pytest.raises(DatasetError, match=r"filters.csv has 3 units and .*filters.npz 4 filters"):
        run(["fitted"] * 3, n_filters=4)


@pytest.mark.parametrize("n", [1, 3, 11])
def test_each_fitted_unit_has_a_panel_with_its_number_and_r2(run, n):
    data, strfs = run(["fitted"] * n + ["dead"] * 2, np.append(np.linspace(0.9, -0.3, n), [0, 0]))
    figure = draw_filters(data)
    assert np.allclose(pictures(figure), scaled(strfs[:n]))
    assert [axes.get_title("left") for axes in figure.axes] == [str(unit) for unit in range(n)]
    with np.load(data) as shown:
        expected = [f"R² {value:.2f}".replace("-", "−") for value in shown["r2_held_out"]]
    assert [axes.get_title("right") for axes in figure.axes] == expected
    assert all(axes.images[0].get_clim() == (-1, 1) for axes in figure.axes)
    assert "cnn, demo, stratified split, seed 3." in texts(figure)
    assert f"{n} of {n + 2} units fitted; without a filter: 2 dead (never active)." in texts(figure)
    assert figure.get_figwidth() <= 7


def test_without_a_fitted_unit_the_figure_says_so(run, tmp_path):
    data, _ = run(["dead", "dead", "flat", "nan"])
    figure = draw_filters(data)
    assert not figure.axes
    assert texts(figure).endswith(
        "No filter to show: 0 of 4 units fitted; without a filter: 2 dead (never active), "
        "1 flat (every coefficient zero), 1 not finite."
    )


def test_more_units_than_fit_a_page_are_cut_to_the_best(run):
    data, strfs = run(["fitted"] * 70)
    figure = draw_filters(data)
    assert np.allclose(pictures(figure), scaled(strfs[:5:-1]))
    assert "70 of 70 units fitted. Shown are the 64 best." in texts(figure)


@pytest.mark.parametrize(("r2", "text"), [(0.456, "0.46"), (-0.001, "0.00"), (-0.25, "−0.25"), (np.nan, "unknown")])
def test_r2_is_written_as_a_reader_expects(run, r2, text):
    data, _ = run(["fitted"], [r2])
    assert draw_filters(data).axes[0].get_title("right") == f"R² {text}"


def test_axes_of_a_panel_are_lag_and_frequency():
    strf = np.zeros((10, 34))
    strf[2, 30] = -4  # third band; three frames before the last
    axes = new_figure(2, 2).add_subplot()
    panels.draw_strf(axes, strf, band_hz=BANDS, frame_seconds=HOP)
    left, right, bottom, top = axes.images[0].get_extent()
    assert (right - left) / 34 == pytest.approx(1000 * HOP) and (left + right) / 2 == pytest.approx(-16.5e3 * HOP)
    middle_of_last = right - 500 * HOP
    assert middle_of_last == pytest.approx(0)
    assert (bottom, top) == (-0.5, 9.5) and axes.images[0].origin == "lower"
    assert axes.images[0].get_array()[2, 30] == -1
    labels = dict(zip(axes.get_yticks(), [label.get_text() for label in axes.get_yticklabels()], strict=True))
    assert labels == {0: "1.6", 9: "2.5"}


def test_a_panel_of_zeros_is_blank():
    axes = new_figure(2, 2).add_subplot()
    panels.draw_strf(axes, np.zeros((1, 5)), band_hz=BANDS[:1], frame_seconds=HOP)
    assert not axes.images[0].get_array().any() and len(axes.get_yticks()) == 1


def test_zero_is_nearly_white():
    import matplotlib

    assert min(matplotlib.colormaps[panels.SIGNED_MAP](0.5)) > 0.95


@pytest.fixture
def reference_data(run, tmp_path):
    run(["fitted"] * 2)
    write_reference_data(stages=STAGES, filters_npz=tmp_path / "filters.npz", path=tmp_path / "fig4.npz")
    return tmp_path / "fig4.npz"


def test_reference_panels_are_the_models_in_the_learned_window(reference_data):
    with np.load(reference_data) as archive:
        shown = dict(archive)
    stages = read_stages(STAGES)
    assert shown["stages"].tolist() == stages.stage.tolist()
    assert shown["strfs"].shape == (3, 2, 3, 3, 10, 34)
    assert np.all(shown["rates"] > shown["rate_ranges"][:, :1]) and np.all(np.diff(shown["rates"]) > 0)
    assert np.all(shown["scales"] < shown["scale_ranges"][:, 1:]) and np.all(np.diff(shown["scales"]) > 0)
    for stage, direction, scale, rate in [(0, 0, 0, 0), (1, 1, 2, 0), (2, 0, 1, 2)]:
        expected = model_strf(
            rate_hz=shown["rates"][stage, rate],
            scale_cpo=shown["scales"][stage, scale],
            direction=2 * direction - 1,
            band_hz=BANDS,
            n_frames=34,
            frame_seconds=HOP,
        )
        assert np.allclose(shown["strfs"][stage, direction, scale, rate], expected, atol=1e-6)


def test_reference_is_drawn_by_stage_with_rate_and_scale(reference_data):
    figure = draw_reference(reference_data)
    with np.load(reference_data) as archive:
        shown = dict(archive)
    assert len(figure.subfigs) == 3
    for stage, block in enumerate(figure.subfigs):
        assert block.get_suptitle().startswith(f"{shown['stages'][stage].capitalize()} (cat): ")
        fields = shown["strfs"][stage]
        # Finest scale on top; from the fastest downward to the fastest upward.
        rows = [[*fields[0, scale, ::-1], *fields[1, scale]] for scale in (2, 1, 0)]
        assert np.allclose(pictures(block), scaled(np.concatenate(rows)))
        top = [axes.get_title() for axes in block.axes[:6]]
        slow, fast = shown["rates"][stage, [0, -1]]
        assert top[0] == f"downward {fast:.2g} Hz" and top[2] == f"downward {slow:.2g} Hz"
        assert top[3] == f"upward {slow:.2g} Hz" and top[5] == f"upward {fast:.2g} Hz"
        right = [axes.get_ylabel() for axes in block.axes[5::6]]
        assert right == [f"{scale:.2g} cyc/oct" for scale in shown["scales"][stage, ::-1]]
    assert "0.74 octave by 395 ms" in texts(figure) and "18 of 128 fields" in texts(figure)


@pytest.mark.parametrize("draw", [draw_filters, draw_reference])
def test_text_is_large_enough_to_read_and_inside_the_page(run, reference_data, draw):
    figure = draw(reference_data if draw is draw_reference else run(["fitted"] * 20 + ["rare"] * 4)[0])
    figure.draw_without_rendering()
    from matplotlib.text import Text

    page = figure.bbox
    written = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    assert min(text.get_fontsize() for text in written) >= 5
    headings = [text for text in written if "\n" in text.get_text() or " units " in text.get_text()]
    assert headings
    for text in headings:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1


def test_figures_are_saved_in_both_formats_the_same_each_time(run, tmp_path):
    data, _ = run(["fitted"] * 3)
    paths = [tmp_path / "fig3.pdf", tmp_path / "fig3.png"]
    save_figure(draw_filters(data), paths)
    first = [path.read_bytes() for path in paths]
    save_figure(draw_filters(data), paths)
    assert first == [path.read_bytes() for path in paths] and all(first)
