"""Data of figures 7 to 11: unchanged rows of the tables of scores, in the order of drawing."""

import os
from collections.abc import Sequence

import pandas as pd

from earfield.evaluate.score_tables import read_as_text
from earfield.files.tables import write_csv

OURS = "ours"
_SCORES = ["protocol", "model", "seeds", "n_tracks", "n_predictions", "accuracy", "ci_low", "ci_high", "baseline"]
_REFERENCES = ["kind", "name", "accuracy", "dataset", "genres", "protocol", "source", "url"]


def write_accuracy_data(
    *,
    summary: str | os.PathLike[str],
    path: str | os.PathLike[str],
    references: str | os.PathLike[str] | None = None,
) -> None:
    """Write the data of figure 7.

    Parameters
    ----------
    summary : path-like
        `summary.csv` of the dataset, in the order of drawing.
    references : path-like or None
        Accuracies that others reported: `name, accuracy, dataset, genres, protocol, source, url, kind`.
    path : path-like
        `.csv` to write: `kind` (ours, or the reference's), `protocol, model` (a reference's name), `seeds, n_tracks,
        n_predictions, accuracy, ci_low, ci_high, baseline`, and of references `dataset, genres, source, url`.

    Raises
    ------
    DatasetError
        If a table lacks a column.
    """
    ours = read_as_text(summary, _SCORES)[_SCORES]
    others = read_as_text(references, _REFERENCES) if references else pd.DataFrame(columns=_REFERENCES, dtype=str)
    theirs = others[_REFERENCES].rename(columns={"name": "model"})
    columns = ["kind", *_SCORES, "dataset", "genres", "source", "url"]
    write_csv(pd.concat([ours.assign(kind=OURS), theirs])[columns], path)


def write_learning_curve_data(
    *, learning_curve: str | os.PathLike[str], path: str | os.PathLike[str], protocol: str
) -> None:
    """Write the data of figure 8.

    Parameters
    ----------
    learning_curve : path-like
        `learning_curve.csv` of the dataset.
    path : path-like
        `.csv` to write: `protocol, model, train_fraction, train_tracks, seeds, n_tracks, n_predictions, accuracy,
        ci_low, ci_high`.
    protocol : str
        The protocol to show, with all of its training tracks and with parts of them.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    columns = [
        "protocol", "model", "train_fraction", "train_tracks", "seeds", "n_tracks", "n_predictions", "accuracy",
        "ci_low", "ci_high",
    ]  # fmt: skip
    _write_protocol(learning_curve, path, protocol=protocol, columns=columns)


def write_excerpts_data(*, excerpts: str | os.PathLike[str], path: str | os.PathLike[str], protocol: str) -> None:
    """Write the data of figure 9.

    Parameters
    ----------
    excerpts : path-like
        `excerpts.csv` of the protocol.
    path : path-like
        `.csv` to write: `protocol, model, seconds, seeds, n_tracks, n_predictions, accuracy, ci_low, ci_high, gain,
        gain_ci_low, gain_ci_high`.
    protocol : str
        The protocol to show.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    columns = [
        "protocol", "model", "seconds", "seeds", "n_tracks", "n_predictions", "accuracy", "ci_low", "ci_high",
        "gain", "gain_ci_low", "gain_ci_high",
    ]  # fmt: skip
    _write_protocol(excerpts, path, protocol=protocol, columns=columns)


def write_recall_data(
    *,
    recall: str | os.PathLike[str],
    path: str | os.PathLike[str],
    protocol: str,
    model: str,
    baselines: Sequence[str],
) -> None:
    """Write the data of figure 10.

    Parameters
    ----------
    recall : path-like
        `recall.csv` of the protocol.
    path : path-like
        `.csv` to write: `protocol, model, label, seeds, n_tracks, n_predictions, recall, ci_low, ci_high`; the shown
        model first, its best label first, and then the baseline whose mean recall over labels is highest.
    protocol, model : str
        What to show.
    baselines : sequence of str
        Models to choose the baseline from; those without a row are passed over.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    columns = ["protocol", "model", "label", "seeds", "n_tracks", "n_predictions", "recall", "ci_low", "ci_high"]
    table = read_as_text(recall, columns)[columns]
    table = table[table.protocol == protocol].assign(number=lambda each: pd.to_numeric(each.recall))
    means = table.groupby("model").number.mean().reindex([name for name in sorted(baselines) if name != model]).dropna()
    shown = [model] if means.empty else [model, str(means.idxmax())]
    parts = [table[table.model == name].sort_values(["number", "label"], ascending=[False, True]) for name in shown]
    write_csv(pd.concat(parts)[columns], path)


def write_calibration_data(*, calibration: str | os.PathLike[str], path: str | os.PathLike[str], protocol: str) -> None:
    """Write the data of figure 11.

    Parameters
    ----------
    calibration : path-like
        `calibration.csv` of the protocol.
    path : path-like
        `.csv` to write: `protocol, model, bin, from, to, seeds, n_tracks, n_predictions, confidence, accuracy, ci_low,
        ci_high, calibration_error, brier`; the last two are those of the bin `all`.
    protocol : str
        The protocol to show.

    Raises
    ------
    DatasetError
        If the table lacks a column.
    """
    columns = [
        "protocol", "model", "bin", "from", "to", "seeds", "n_tracks", "n_predictions", "confidence", "accuracy",
        "ci_low", "ci_high", "calibration_error", "brier",
    ]  # fmt: skip
    _write_protocol(calibration, path, protocol=protocol, columns=columns)


def _write_protocol(
    source: str | os.PathLike[str], path: str | os.PathLike[str], *, protocol: str, columns: list[str]
) -> None:
    table = read_as_text(source, columns)
    write_csv(table.loc[table.protocol == protocol, columns], path)
