"""Summary of a run: accuracies with intervals, unusable tracks, and where the results are."""

import csv
import json
from pathlib import Path

_SHOWN = 20  # unusable tracks that are listed


def describe(dataset: str, *, root: str = ".") -> str:
    """Describe the results of a dataset in a few lines.

    Parameters
    ----------
    dataset : str
        Key of `datasets` in the configuration.
    root : str
        Folder of the workflow.

    Returns
    -------
    str
        Accuracy of each model with its interval, R² of the filters, unusable tracks with the reason, recordings under
        two labels, and the folder of the figures; parts without results are omitted.
    """
    results = Path(root, "results", dataset)
    lines = []
    for path in sorted(results.glob("evaluate/*/summary.json")):
        summary = json.loads(path.read_text(encoding="utf-8"))
        lines += [_accuracy(dataset, row) for row in summary["models"]]
    resemblance, claims = results / "filters" / "resemblance.csv", results / "claims" / "claims.md"
    if resemblance.exists():
        lines += [_filters(dataset, row) for row in _rows(resemblance) if row["measure"] == "r2_held_out"]
        lines.append(f"Filters and the auditory system, measure by measure: {resemblance}")
    lines += describe_problems(dataset, root=root).splitlines()
    lines += _conflicting_labels(Path(root, "data", dataset))
    if claims.exists():
        lines.append(f"Verdicts on the paper's claims: {claims}")
    if (results / "figures").exists():
        lines.append(f"Figures: {results}/figures/")
    return "\n".join(lines)


def describe_problems(dataset: str, *, root: str = ".") -> str:
    """List the unusable tracks of a dataset with reasons, after a line with their number; empty if there are none."""
    tracks = Path(root, "data", dataset, "tracks", "tracks.csv")
    if not tracks.exists():
        return ""
    rows = _rows(tracks)
    unusable = [row for row in rows if row["problem"]]
    lines = [f"{len(unusable)} of {len(rows)} tracks cannot be used:"] if unusable else []
    lines += _first([f"'{row['track']}' {row['problem']}" for row in unusable], rest=f"column 'problem' of {tracks}")
    return "".join(f"{line}\n" for line in lines)


def _rows(table: Path) -> list[dict[str, str]]:
    with open(table, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _conflicting_labels(data: Path) -> list[str]:
    """Return a line per pair of tracks that are the same recording under two labels, after one that counts them."""
    duplicates, tracks = data / "splits" / "duplicates.csv", data / "tracks" / "tracks.csv"
    if not (duplicates.exists() and tracks.exists()):
        return []
    labels = {row["track"]: row["label"] for row in _rows(tracks) if not row["problem"]}
    pairs = [(row["track"], row["other"]) for row in _rows(duplicates)]
    found = [pair for pair in pairs if labels.keys() >= set(pair) and labels[pair[0]] != labels[pair[1]]]
    pairs_are = "1 pair of tracks is" if len(found) == 1 else f"{len(found)} pairs of tracks are"
    lines = [f"{pairs_are} the same recording under two labels; correct one or remove a track:"]
    named = [f"'{one}' is '{labels[one]}' and '{other}' is '{labels[other]}'" for one, other in found]
    return [*lines, *_first(named, rest=f"{duplicates} beside {tracks}")] if found else []


def _first(lines: list[str], *, rest: str) -> list[str]:
    """Indent the first lines, and refer to the file with the rest."""
    more = [f"... and {len(lines) - _SHOWN} more: {rest}"] if len(lines) > _SHOWN else []
    return [f"  {line}" for line in [*lines[:_SHOWN], *more]]


def _accuracy(dataset: str, row: dict[str, object]) -> str:
    runs = f"{row['seeds']} seed{'s' * (row['seeds'] != 1)}"
    if "roc_auc" in row and row["roc_auc"] is None:
        return (
            f"{dataset}, {row['protocol']}, {row['model']}: no tag could be scored ({row['n_tracks']} tracks, {runs})"
        )
    if "roc_auc" in row:  # of tags
        return (
            f"{dataset}, {row['protocol']}, {row['model']}: area under the ROC curve {row['roc_auc']:.3f}, "
            f"95% interval {row['roc_auc_ci_low']:.3f} to {row['roc_auc_ci_high']:.3f}, mean over {row['tags']} tags "
            f"({row['n_predictions']} predictions of {row['n_tracks']} tracks, {runs}; chance level: 0.5)"
        )
    return (
        f"{dataset}, {row['protocol']}, {row['model']}: accuracy {row['accuracy']:.1%}, "
        f"95% interval {row['ci_low']:.1%} to {row['ci_high']:.1%} "
        f"({row['n_predictions']} predictions of {row['n_tracks']} tracks, {runs}; "
        f"most frequent label: {row['baseline']:.1%})"
    )


def _filters(dataset: str, row: dict[str, str]) -> str:
    found = f"{dataset}, {row['protocol']}: mean R² of the filters on held-out tracks"
    if not row["difference"]:
        return f"{found}: no filter to compare with {row['null']}"
    interval = f"{float(row['ci_low']):+.2f} to {float(row['ci_high']):+.2f}" if row["ci_low"] else "unknown"
    return (
        f"{found} {float(row['trained']):.2f}, {row['null']} {float(row['null_value']):.2f}, 95% interval of the "
        f"difference {interval} ({row['units']} and {row['null_units']} units, seeds: {row['seeds']})"
    )
