"""The last words of a run: how accurate, how sure, what was left out, and where to look."""

import argparse
import json
import sys
from pathlib import Path


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
        Empty if the dataset has no summary yet.
    """
    results = Path(root, "results", dataset)
    if not (results / "summary.json").exists():
        return ""
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    lines = [""]
    for row in summary["models"]:
        runs = f"{row['seeds']} seed{'s' * (row['seeds'] > 1)}"
        lines.append(
            f"{dataset}, {row['protocol']}, {row['model']}: accuracy {row['accuracy']:.1%}, "
            f"95% interval {row['low']:.1%} to {row['high']:.1%} "
            f"({row['tests']} tests of {row['tracks']} tracks, {runs}; "
            f"always naming the commonest label: {row['baseline']:.1%})"
        )
    unusable = summary["unusable"]
    if unusable:
        lines.append(f"{len(unusable)} of {summary['tracks']} tracks were left out:")
        lines += [f"  '{track}' {problem}" for track, problem in unusable.items()]
    lines.append(f"Figures: {results}/figures/")
    return "\n".join(lines)


def main() -> None:
    """Print what `describe` says of the dataset that the command line names."""
    parser = argparse.ArgumentParser(prog="earfield", description=__doc__)
    parser.add_argument("dataset", help="key of datasets in config.yaml")
    text = describe(parser.parse_args().dataset)
    print(text, file=sys.stderr if not text else sys.stdout)


if __name__ == "__main__":
    main()
