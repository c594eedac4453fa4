"""Tables of the learned filters' measures beside controls and null kernels, for docs/receptive_fields.md."""

from typing import Any

import pandas as pd

from benchmarks.markdown import DATASETS, MEASURED, markdown

_STAGES = ("midbrain", "thalamus", "cortex")
_MEASURES = {
    "separability": "separability, σ₁/Σσᵢ",
    "inseparability": "inseparability, 1 − σ₁²/Σσᵢ²",
    "gabor_r2": "Gabor fit, R²",
    "direction_strength": "direction selectivity",
    "rate_hz": "best rate (Hz; octaves)",
    "scale_cpo": "best scale (cycles/octave; octaves)",
    "r2_held_out": "R² on held-out tracks",
    "gradient_correlation": "correlation with the mean gradient",
    **{f"distance_{stage}": f"distance from {stage} (octaves)" for stage in _STAGES},
}


_ESTIMATES = {"lasso": "Lasso filters", "gradient": "mean gradients"}


def resemblance_real() -> str:
    """Every measure on the real tracks beside controls and null kernels."""
    return _resemblance("real_tracks")


def resemblance_demo() -> str:
    """Every measure on the demo beside controls and null kernels."""
    return _resemblance("demo")


def _resemblance(name: str) -> str:
    table = pd.read_csv(MEASURED / f"{name}_resemblance.csv")
    rows = []
    for (estimate, measure), own in table.groupby(["estimate", "measure"], sort=False):
        row = {"of": _ESTIMATES[estimate], "measure": _MEASURES[measure], "trained": f"{own.trained.iloc[0]:.2f}"}
        for each in own.itertuples():
            row[each.null] = f"{each.null_value:.2f}; {_difference(each)}"
        rows.append(row)
    units = table.iloc[0]
    count = f"{units.seeds} seed{'s' if units.seeds > 1 else ''}, {units.units} units"
    shown = pd.DataFrame(rows).fillna("")
    return markdown(shown.rename(columns={"trained": f"trained ({count})"}))


def _difference(row: Any) -> str:
    """Return a difference with its interval, bold where that excludes zero."""
    if row.ci_low != row.ci_low:
        return str(row.finding)
    if row.ci_low == row.ci_high == 0:
        return "neither distinguished from a constant"
    mark = "**" if row.ci_low > 0 or row.ci_high < 0 else ""
    return f"{mark}{row.difference:+.2f} ({row.ci_low:+.2f} to {row.ci_high:+.2f}){mark}"


def verdict() -> str:
    """Summarise the tables of measures in sentences."""
    lines, gained, by_labels = [], [], []
    for name, title in DATASETS.items():
        table = pd.read_csv(MEASURED / f"{name}_resemblance.csv")
        for estimate, kind in _ESTIMATES.items():
            own = table[table.estimate == estimate].set_index(["null", "measure"])
            untrained, shuffled = own.loc["cnn_untrained"], own.loc["cnn_shuffled"]
            lines.append(
                f"- **{title}, {kind}.** Minus the untrained network: {_said(untrained)}. Minus the network trained on "
                f"shuffled labels: {_said(shuffled)}."
            )
            if estimate == "gradient":
                gained.append(untrained.finding["separability"] == "above null")
                by_labels.append(shuffled.finding["separability"] == "above null")
    if all(gained) and not any(by_labels):
        lines += [
            "",
            "Bold: the 95% interval excludes 0. By their mean gradients, trained units respond to more separable and "
            "more Gabor-like patterns than untrained ones, as auditory receptive fields mostly do. Training on "
            "shuffled labels does the same within the intervals, so nothing here ties it to genres. The Lasso filters "
            "of the paper do not show it.",
        ]
    return "\n".join(lines)


def _said(found: pd.DataFrame) -> str:
    """Return the differences from one control, and the stages that the network is nearer to or farther from."""
    words = [
        f"{_MEASURES[measure].split(',')[0]} {_difference(found.loc[measure])}"
        for measure in ("separability", "gabor_r2", "direction_strength")
    ]
    near = [stage for stage in _STAGES if found.finding[f"distance_{stage}"] == "nearer than null"]
    far = [stage for stage in _STAGES if found.finding[f"distance_{stage}"] == "farther than null"]
    words.append(f"nearer to {' and '.join(near) or 'no stage'}, farther from {' and '.join(far) or 'none'}")
    return ", ".join(words)
