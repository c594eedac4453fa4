"""The table of differences and the table of units: what stands in them is known of the tables they are made from."""

import numpy as np
import pandas as pd
import pytest

import earfield.filters.resemblance
from earfield.configuration.null_models import NULL_KERNELS
from earfield.errors import DatasetError
from earfield.filters.auditory import model_strf
from earfield.filters.resemblance import write_resemblance
from earfield.filters.strf import MEASURES, measure_strfs
from earfield.mel.log_mel import band_edges

AXES = {"band_hz": band_edges(n_mels=64, fmin=0, fmax=10000)[29:39], "frame_seconds": 256 / 22050}
NULLS = ("cnn_untrained", "cnn_shuffled", *NULL_KERNELS)
STAGES = ("midbrain", "cortex")
FITS = ["r2_held_out", "gradient_correlation"]
LIMITS = {"window_octaves": 0.74, "window_ms": 394.7, "lowest_rate_hz": 2.533, "lowest_scale_cpo": 1.351}


@pytest.fixture
def bank(monkeypatch):
    """Replace the stages' kernels by a few, and return their measures."""
    rows = [(stage, rate, 2.0, 1) for stage, rates in zip(STAGES, ((16, 20), (5, 6)), strict=True) for rate in rates]
    table = pd.DataFrame(rows, columns=["stage", "rate_hz", "scale_cpo", "direction"])
    made = table[["rate_hz", "scale_cpo", "direction"]].to_dict("records")
    strfs = np.array([model_strf(**row, n_frames=34, **AXES) for row in made])
    monkeypatch.setattr(earfield.filters.resemblance, "reference_bank", lambda path, **axes: (strfs, table))
    return measure_strfs(strfs, **AXES).assign(stage=table.stage)


def network(*, units=40, rng=None, **columns):
    """Return a table of filters; a column is a value for all units, and values of columns not given are noise."""
    rng = rng or np.random.default_rng(0)
    table = pd.DataFrame({"unit": range(units), "status": "fitted", "problem": ""})
    for name in (*FITS, *MEASURES):
        table[name] = columns.pop(name) if name in columns else rng.uniform(0.2, 0.3, units)
    return table.assign(**columns)


@pytest.fixture
def results(tmp_path, bank, monkeypatch):
    """Return a function that writes runs and returns the tables of differences and of units, of few draws."""
    monkeypatch.setattr(earfield.filters.resemblance, "UNIT_DRAWS", 100)
    monkeypatch.setattr(earfield.filters.resemblance, "_DISTANCES_OF_SEED", 50)

    def write(runs, gradients=None, **options):
        np.savez(tmp_path / "filters.npz", filters=np.zeros((1, 10, 34), np.float32), **AXES)
        paths = []
        for (protocol, seed, model), table in runs.items():
            paths.append(tmp_path / protocol / str(seed) / model / "filters.csv")
            paths[-1].parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(paths[-1], index=False)
        made = {"csv_path": tmp_path / "resemblance.csv", "units_path": tmp_path / "units.csv"}
        options = {"trained": "cnn", "nulls": NULLS, "gradients_csvs": []} | options
        for (protocol, seed, model), table in (gradients or {}).items():
            path = tmp_path / protocol / str(seed) / model / "gradients.csv"
            table.to_csv(path, index=False)
            options["gradients_csvs"].append(path)
        write_resemblance(
            filters_csvs=paths, filters_npz=tmp_path / "filters.npz", stages_path="stages.csv", **made, **options
        )
        differences = pd.read_csv(made["csv_path"], keep_default_na=False, na_values={"ci_low": [""], "ci_high": [""]})
        return differences.set_index(["protocol", "measure", "null"]), pd.read_csv(made["units_path"])

    return write


def all_models(*, seeds=(1,), **cnn):
    rng = np.random.default_rng(1)
    runs = {("stratified", seed, null): network(rng=rng) for seed in seeds for null in NULLS}
    for *_, null in runs:
        if null in NULL_KERNELS:
            runs["stratified", seeds[-1], null][FITS] = np.nan
    return runs | {("stratified", seed, "cnn"): network(rng=rng, **cnn) for seed in seeds}


def test_every_measure_meets_every_null_beside_the_limits(results):
    table, _ = results(all_models())
    shapes = {"separability", "inseparability", "gabor_r2", "direction_strength", "rate_hz", "scale_cpo"}
    pairs = {(measure, null) for measure in shapes | {f"distance_{stage}" for stage in STAGES} for null in NULLS}
    pairs |= {(measure, null) for measure in FITS for null in NULLS[:2]}  # a kernel null has no fit
    assert {index[1:] for index in table.index} == pairs and table.index.is_unique
    for name, limit in LIMITS.items():
        assert (table[name] == limit).all()
    assert (table.over == "units").all()
    for name in ("trained", "null_value", "difference"):
        assert pd.to_numeric(table[name]).notna().all()
    assert ((table.ci_low <= table.difference.astype(float)) & (table.difference.astype(float) <= table.ci_high)).all()


def test_findings_follow_the_intervals(results):
    table, _ = results(all_models(seeds=(1, 2, 3), separability=0.6, gabor_r2=0.1))
    assert (table.over == "seeds and units").all() and (table.seeds == 3).all()
    assert (table.units == 120).all() and (table.null_units == 120).all()
    for null in NULLS:
        assert table.loc[("stratified", "separability", null), "finding"] == "above null"
        assert table.loc[("stratified", "gabor_r2", null), "finding"] == "below null"
    row = table.loc[("stratified", "separability", "cnn_shuffled")]
    assert float(row.trained) == pytest.approx(0.6)
    assert float(row.difference) == pytest.approx(0.35, abs=0.01)
    assert row.ci_low > 0.33


def test_rates_and_scales_are_compared_in_octaves(results):
    runs = all_models(rate_hz=20.0, scale_cpo=2.0)
    for null in NULLS:
        runs["stratified", 1, null] = runs["stratified", 1, null].assign(rate_hz=5.0, scale_cpo=4.0)
    table, _ = results(runs)
    rate = table.loc[("stratified", "rate_hz", "same_spectrum")]
    assert (float(rate.trained), float(rate.null_value), float(rate.difference)) == (20, 5, 2)
    assert float(table.loc[("stratified", "scale_cpo", "cnn_untrained"), "difference"]) == -1


@pytest.mark.parametrize("rate", [0.0, 0.4, 1.2])
def test_less_than_half_a_cycle_is_half_a_cycle(results, rate):
    runs = all_models(rate_hz=rate)
    runs["stratified", 1, "cnn_untrained"]["rate_hz"] = 0.9
    row = results(runs)[0].loc[("stratified", "rate_hz", "cnn_untrained")]
    assert float(row.trained) == pytest.approx(2.5333 / 2, abs=1e-3)
    assert float(row.difference) == 0 and row.finding == "not distinguished"


def test_distance_is_zero_at_a_stage_and_one_an_octave_away(results, bank):
    cortex = bank[bank.stage == "cortex"]
    there = {name: np.tile(cortex[name], 20) for name in ("rate_hz", "scale_cpo")}
    runs = all_models(**there)
    runs["stratified", 1, "cnn_untrained"] = network(**there | {"rate_hz": 2 * there["rate_hz"]})
    runs["stratified", 1, "cnn_shuffled"] = network(units=28, **{name: value[:28] for name, value in there.items()})
    table, _ = results(runs)
    row = table.loc[("stratified", "distance_cortex", "cnn_untrained")]
    assert float(row.trained) == pytest.approx(0, abs=1e-6)
    assert float(row.null_value) == pytest.approx(1, abs=1e-6)
    assert row.finding == "nearer than null"
    assert table.loc[("stratified", "distance_midbrain", "cnn_untrained"), "finding"] == "farther than null"
    assert table.loc[("stratified", "distance_cortex", "cnn_shuffled"), "finding"] == "not distinguished"


def test_kernel_nulls_are_compared_unit_by_unit(results):
    rng = np.random.default_rng(2)
    wide = rng.uniform(0.2, 0.9, 40)
    runs = {("stratified", 1, model): network(separability=wide - 0.05) for model in NULLS}
    runs["stratified", 1, "cnn"] = network(separability=wide)
    runs["stratified", 1, "same_spectrum"] = runs["stratified", 1, "same_spectrum"][::-1].iloc[:30]
    table, _ = results(runs)
    table = table.xs("separability", level="measure").droplevel("protocol")
    assert list(table.finding[["same_sparsity", "same_spectrum"]]) == ["above null"] * 2
    assert (table.units["same_spectrum"], table.null_units["same_spectrum"]) == (30, 30)
    assert table.finding["cnn_shuffled"] == "not distinguished"  # the same numbers, of units that are no pairs


def test_what_is_missing_keeps_its_rows(results):
    runs = all_models(seeds=(1, 2))
    for seed in (1, 2):
        del runs["stratified", seed, "cnn_shuffled"]
        runs["stratified", seed, "cnn_untrained"] = network(status="dead", **dict.fromkeys((*FITS, *MEASURES), np.nan))
    runs["stratified", 2, "same_sparsity"] = network(units=6)
    runs["artist", 1, "cnn_untrained"] = network()
    table, units = results(runs)
    numbers = ["trained", "null_value", "difference"]
    for index in (
        ("stratified", "gabor_r2", "cnn_shuffled"),
        ("stratified", "rate_hz", "cnn_untrained"),
        ("artist", "distance_cortex", "cnn_untrained"),
    ):
        row = table.loc[index]
        assert (row[numbers] == "").all() and np.isnan([row.ci_low, row.ci_high]).all()
        assert (row.finding, row.seeds, row.over) == ("no units", 0, "")
    assert tuple(table.loc[("stratified", "rate_hz", "cnn_untrained"), ["units", "null_units"]]) == (80, 0)
    assert tuple(table.loc[("artist", "rate_hz", "cnn_untrained"), ["units", "null_units"]]) == (0, 40)
    assert len(table.loc["artist"]) == len(table.loc["stratified"])
    assert not ((units.model == "cnn_untrained") & (units.protocol == "stratified")).any()


def test_few_units_give_numbers_but_no_finding(results):
    runs = all_models()
    runs["stratified", 1, "cnn_untrained"] = network(units=4)
    row = results(runs)[0].loc[("stratified", "separability", "cnn_untrained")]
    assert row.difference != "" and np.isnan(row.ci_low) and row.finding == "too few units"


def test_units_of_all_models_stand_beside_the_stages(results, bank):
    runs = all_models(seeds=(1, 2))
    runs["stratified", 2, "cnn"].loc[[3, 5], "status"] = ["nan", "rare"]
    _, units = results(runs)
    assert list(units.columns) == ["protocol", "seed", "model", "estimate", "unit", *FITS, *MEASURES, *LIMITS]
    assert units.groupby("model").size().to_dict() == dict.fromkeys(NULLS, 80) | {"cnn": 78, "midbrain": 2, "cortex": 2}
    assert {3, 5}.isdisjoint(units.unit[(units.model == "cnn") & (units.seed == 2)])
    stages = units[units.model.isin(STAGES)]
    assert stages.protocol.isna().all() and stages.seed.isna().all()
    assert np.allclose(stages.rate_hz, bank.rate_hz, atol=1e-6)


def test_order_of_the_runs_does_not_matter(results):
    runs = all_models(seeds=(1, 2, 10))
    first, _ = results(runs)
    again, _ = results(dict(reversed(runs.items())))
    pd.testing.assert_frame_equal(first, again)


def test_names_of_models_are_the_callers(results):
    runs = {(*run, {"cnn": "big"}.get(model, model)): table for (*run, model), table in all_models().items()}
    table, _ = results(runs, trained="big", nulls=["cnn_untrained"])
    assert set(table.index.get_level_values("null")) == {"cnn_untrained"} and (table.units == 40).all()


def test_missing_column_is_named(results):
    runs = all_models()
    runs["stratified", 1, "cnn"] = runs["stratified", 1, "cnn"].drop(columns="gabor_r2")
    with pytest.raises(DatasetError, match=r"cnn/filters.csv lacks the column 'gabor_r2'; delete the file"):
        results(runs)


def test_gradients_are_compared_between_networks_alone(results):
    networks = ("cnn", *NULLS[:2])
    gradients = {("stratified", 1, name): network(separability=0.7 if name == "cnn" else 0.3) for name in networks}
    table, units = results(all_models(), gradients)
    own = table[table.estimate == "gradient"]
    assert set(own.index.get_level_values("null")) == set(NULLS[:2])
    assert not set(own.index.get_level_values("measure")) & set(FITS)
    for null in NULLS[:2]:
        row = own.loc["stratified", "separability", null]
        assert (row.trained, row.null_value) == (0.7, 0.3) and row.finding == "above null"
    assert (table[table.estimate == "lasso"].loc[("stratified", "separability", NULLS[0]), "trained"]) < 0.5
    assert units[units.estimate == "gradient"].groupby("model").size().to_dict() == dict.fromkeys(networks, 40)


@pytest.mark.parametrize("seeds", [(1,), (1, 2)])
def test_window_of_one_band_has_no_scale(results, tmp_path, monkeypatch, seeds):
    axes = AXES | {"band_hz": AXES["band_hz"][:1]}
    kernel = np.sin(np.arange(34) / 3)[None, None]
    stages = pd.DataFrame({"stage": ["midbrain", "cortex"]})
    monkeypatch.setattr(
        earfield.filters.resemblance, "reference_bank", lambda path, **axes: (np.concatenate([kernel, kernel]), stages)
    )
    runs = all_models(seeds=seeds)
    monkeypatch.setattr(np, "load", lambda path, load=np.load: _Archive(filters=np.zeros((1, 1, 34)), **axes))
    table, _ = results(runs)
    assert table.lowest_scale_cpo.isna().all() or (table.lowest_scale_cpo == "").all()
    assert (table.loc[("stratified", "scale_cpo", NULLS[0]), "difference"]) == 0
    assert np.isfinite(float(table.loc[("stratified", "distance_cortex", NULLS[0]), "difference"]))


class _Archive(dict):
    """Stands where an opened `.npz` stands."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None
