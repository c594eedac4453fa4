"""Fill the README's tables from the files in benchmarks/measured; no number in them is typed.

    python -m benchmarks.readme [real_tracks=DATASET] [demo=demo]

NAME=DATASET first takes the summary of a dataset over into benchmarks/measured/NAME.csv. A test fails when the README
says something else than the files.
"""

import re
import shutil
import sys
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
MEASURED = ROOT / "benchmarks" / "measured"


def runs() -> str:
    """Accuracy on the real tracks and on the demo."""
    rows = []
    for name, title in (("real_tracks", "130 GTZAN tracks"), ("demo", "demo")):
        for row in pd.read_csv(MEASURED / f"{name}.csv").itertuples():
            rows.append(
                {
                    "dataset": title,
                    "protocol": row.protocol,
                    "model": row.model,
                    "accuracy": f"{row.accuracy:.1%}",
                    "95% interval": f"{row.low:.1%} – {row.high:.1%}",
                    "between seeds (sd)": "" if row.seeds == 1 else f"{100 * row.sd:.1f} points",
                    "mean recall of genres": f"{row.balanced_accuracy:.1%}",
                    "always the commonest": f"{row.baseline:.1%}",
                    "seeds": row.seeds,
                    "tests": row.tests,
                    "tracks tested": row.tracks,
                }
            )
    return _markdown(pd.DataFrame(rows))


def optimizers() -> str:
    """Best validation scores of each optimiser, mean over seeds, with the range."""
    table = pd.read_csv(MEASURED / "optimizers.csv")
    best = table.groupby(["optimizer", "seed"]).agg(
        accuracy=("validation_accuracy", "max"), loss=("validation_loss", "min"), epochs=("epoch", "max")
    )
    rows = [
        {
            "optimiser": name,
            "validation loss (nat)": f"{group.loss.mean():.2f} ({group.loss.min():.2f} – {group.loss.max():.2f})",
            "paired difference to Adam (nat)": _paired(best.loss, name),
            "validation accuracy": f"{group.accuracy.mean():.1%} "
            f"({group.accuracy.min():.1%} – {group.accuracy.max():.1%})",
            "seeds": len(group),
            "epochs": group.epochs.max(),
        }
        for name, group in best.groupby("optimizer")
    ]
    return _markdown(pd.DataFrame(rows).sort_values("validation loss (nat)"))


def _paired(loss: pd.Series, name: str) -> str:
    """Return the mean difference to Adam on the same splits, with its range over seeds."""
    difference = loss[name] - loss["Adam 0.001"]
    return (
        "" if not difference.any() else f"{difference.mean():+.2f} ({difference.min():+.2f} – {difference.max():+.2f})"
    )


def bench() -> str:
    """Speed and memory."""
    table = pd.read_csv(MEASURED / "bench.csv", keep_default_na=False)
    table["range"] = [f"{row.lowest:g} – {row.highest:g}" for row in table.itertuples()]
    return _markdown(table[["measurement", "asked", "measured", "range", "repetitions"]])


BLOCKS = {"runs": runs, "optimizers": optimizers, "bench": bench}


def render(text: str) -> str:
    """Return the README with each block `<!-- measured: NAME -->` ... `<!-- end -->` filled anew."""
    for name, block in BLOCKS.items():
        pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
        text, count = re.subn(
            pattern, lambda found, block=block: found[1] + block() + "\n" + found[2], text, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the README has {count} blocks named '{name}', not one")
    return text


def _markdown(table: pd.DataFrame) -> str:
    lines = [list(table), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    for name, dataset in (argument.split("=") for argument in sys.argv[1:]):
        shutil.copy(ROOT / "results" / dataset / "summary.csv", MEASURED / f"{name}.csv")
    readme = ROOT / "README.md"
    readme.write_text(render(readme.read_text(encoding="utf-8")), encoding="utf-8")
