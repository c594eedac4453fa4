"""Fill the tables of README.md and docs/ from the files in benchmarks/measured; no number in them is typed.

    python -m benchmarks.readme [real_tracks=RESULTS] [demo=RESULTS]

NAME=RESULTS first copies the tables of a folder of results, such as results/demo, into benchmarks/measured/. A test
fails if a page differs from the files.
"""

import itertools
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.filter_tables import resemblance_demo, resemblance_real, verdict
from benchmarks.markdown import DATASETS, MEASURED, ROOT, markdown
from earfield.files.tables import write_csv
from earfield.jobs.summary import describe


def headline() -> str:
    """Five models on the real tracks with and without shared artists."""
    table = pd.read_csv(MEASURED / "real_tracks.csv").set_index(["protocol", "model"])
    protocols = {"stratified": "artists shared", "artist": "no shared artist"}
    rows = [
        {"model": f"`{model}`", "": title}
        | {head: _cell(table.loc[protocol, model]) for protocol, head in protocols.items()}
        for model, title in _HEADLINE.items()
    ]
    counts = {
        head: f"{own.n_predictions:g} ({own.n_tracks:g}); {own.seeds:g}"
        for protocol, head in protocols.items()
        for own in [table.loc[protocol, "cnn"]]
    }
    return markdown(pd.DataFrame([*rows, {"model": "*predictions (tracks); seeds*", "": ""} | counts]))


_HEADLINE = {
    "cnn": "the paper's network",
    "cnn_shuffled": "the same, trained on shuffled labels (control)",
    "mfcc_svm": "support vector machine on MFCCs (baseline)",
    "ensemble": "our small-data baseline",
    "majority": "always the most frequent training label",
}


def demo_run() -> str:
    """Last lines of `make demo`, without most of the models."""
    lines = (MEASURED / "demo.txt").read_text(encoding="utf-8").splitlines()
    runs = [re.match(r"demo, (\w+), (\w+):", line) for line in lines]
    kept = [not run or (run[1] == "stratified" and run[2] in _HEADLINE) for run in runs]
    return _console("\n".join(itertools.compress(lines, kept)))


def _console(text: str) -> str:
    return f"```console\n{text.rstrip()}\n```"


def cost() -> str:
    """Time and memory of one run of each model, on the real tracks and on the demo."""
    tables = {name: pd.read_csv(MEASURED / f"{name}.csv") for name in DATASETS}
    rows = []
    for model in tables["real_tracks"].model.unique():
        row = {"model": model}
        for name, title in DATASETS.items():
            for own in tables[name].query("protocol == 'stratified' and model == @model").itertuples():
                row[f"{title}: seconds"] = f"{own.train_seconds:.0f}"
                row[f"{title}: MB"] = f"{own.peak_mb:.0f}"
        rows.append(row)
    return markdown(pd.DataFrame(rows).fillna(""))


def overview() -> str:
    """Accuracy of every model on the real tracks and on the demo, with its interval; protocols side by side."""
    rows = []
    for name, title in DATASETS.items():
        table = pd.read_csv(MEASURED / f"{name}.csv")
        counts = table.groupby("protocol")[["n_predictions", "n_tracks", "seeds", "baseline"]].max()
        shown = [protocol for protocol in _COMPARED if protocol in counts.index]
        sizes = {
            each: "{n_predictions:g} ({n_tracks:g}); {seeds:g}; {baseline:.1%}".format(**counts.loc[each])
            for each in shown
        }
        rows.append({"dataset": title, "model": "*predictions (tracks); seeds; most frequent label*", **sizes})
        own = table.set_index(["protocol", "model"])
        for model in table[table.protocol.isin(shown)].model.unique():
            cells = {each: _cell(own.loc[each, model]) for each in shown if (each, model) in own.index}
            rows.append({"dataset": title, "model": model, **cells})
    pairs = pd.read_csv(MEASURED / "real_tracks_paired.csv")
    return "\n\n".join([markdown(pd.DataFrame(rows).fillna("")), *_run_elsewhere(pairs)])


def _cell(row: Any) -> str:
    return f"{row.accuracy:.1%} ({row.ci_low:.1%} – {row.ci_high:.1%})"


def artists() -> str:
    """Accuracy of recognising the artists of the real tracks."""
    table = pd.read_csv(MEASURED / "real_artists.csv")
    rows = [
        {
            "model": row.model,
            "accuracy (95% interval)": _cell(row),
            "most frequent label": f"{row.baseline:.1%}",
            "predictions (tracks); seeds": f"{row.n_predictions} ({row.n_tracks}); {row.seeds}",
        }
        for row in table.itertuples()
    ]
    return markdown(pd.DataFrame(rows))


def tags() -> str:
    """Scores of tags, mean over tags, and paired differences from the network."""
    rows = []
    for name, dataset in (("real_tags", "130 GTZAN tracks"), ("demo_tags", "demo")):
        pairs = pd.read_csv(MEASURED / f"{name}_paired.csv").set_index(["statistic", "other"]).loc["roc_auc"]
        for row in pd.read_csv(MEASURED / f"{name}.csv").itertuples():
            cells = {
                title: "{:.2f} ({:.2f} – {:.2f})".format(
                    *(getattr(row, own + end) for end in ("", "_ci_low", "_ci_high"))
                )
                for own, title in (("roc_auc", "area under the ROC curve"), ("average_precision", "average precision"))
            }
            chance = f"{row.roc_auc_baseline:.2f}; {row.average_precision_baseline:.2f}"
            pair = pairs.loc[row.model] if row.model in pairs.index else None
            cells["area minus that of cnn"] = (
                "" if pair is None else f"{-pair.difference:+.3f} ({-pair.ci_high:+.3f} to {-pair.ci_low:+.3f})"
            )
            counts = f"{row.n_predictions}; {row.tags}; {row.seeds}"
            cells |= {"chance level": chance, "predictions; tags; seeds": counts}
            rows.append({"dataset": dataset, "model": row.model, **cells})
    return markdown(pd.DataFrame(rows))


def paired() -> str:
    """Paired difference of every model from the paper's network on the real tracks."""
    table = pd.read_csv(MEASURED / "real_tracks_paired.csv")
    table = table[table.protocol.isin(_COMPARED)]
    rows = []
    for other, own in table.groupby("other", sort=False):
        cells = {
            row.protocol: f"{-100 * row.difference:+.1f} ({-100 * row.ci_high:+.1f} to {-100 * row.ci_low:+.1f})"
            for row in own.itertuples()
        }
        rows.append({"model": other, **cells})
    shown = markdown(pd.DataFrame(rows)[["model", *_COMPARED]].fillna(""))
    chance = (
        f"About {len(table) / 20:.0f} of these {len(table)} intervals would exclude 0 by chance if no model differed "
        "from the network; none is widened for that."
    )
    return "\n\n".join([shown, chance, *_run_elsewhere(table)])


def _run_elsewhere(table: pd.DataFrame) -> list[str]:
    """Name the models that were run on another machine, where the network's runs round differently."""
    measured = pd.read_csv(MEASURED / "real_tracks.csv").set_index(["protocol", "model"]).accuracy
    notes = []
    for (protocol, model, accuracy), own in table.groupby(["protocol", "model", "accuracy"], sort=False):
        if accuracy != measured[protocol, model]:
            names = " and ".join(f"`{each}`" for each in own.other)
            notes.append(
                f"{names} under `{protocol}`: run on another processor than the rest, which rounds differently, and "
                f"compared with `{model}` there, which has {accuracy:.1%} with the same splits and seeds, not "
                f"{measured[protocol, model]:.1%}."
            )
    return notes


def runs() -> str:
    """Accuracy on the real tracks and on the demo, in full."""
    rows = []
    for name, title in DATASETS.items():
        for row in pd.read_csv(MEASURED / f"{name}.csv").itertuples():
            rows.append(
                {
                    "dataset": title,
                    "protocol": row.protocol,
                    "model": row.model,
                    "accuracy": f"{row.accuracy:.1%}",
                    "95% interval": f"{row.ci_low:.1%} – {row.ci_high:.1%}",
                    "sd over seeds": "" if row.seeds == 1 else f"{100 * row.sd:.1f} points",
                    "mean recall of labels": f"{row.balanced_accuracy:.1%}",
                    "most frequent label": f"{row.baseline:.1%}",
                    "seeds": row.seeds,
                    "predictions": row.n_predictions,
                    "tracks": row.n_tracks,
                }
            )
    return markdown(pd.DataFrame(rows))


def claims() -> str:
    """Verdicts on the paper's sentences on the real tracks."""
    table = pd.read_csv(MEASURED / "real_tracks_claims.csv", keep_default_na=False)
    rows = [
        {
            "sentence": row.sentence,
            "where": row.place,
            "measured": f"{row.measure}: {_with_interval(row)}",
            "compared with": row.baseline,
            "tracks, predictions, seeds": f"{row.n_tracks}, {row.n_predictions}, {row.seeds}",
            "protocol": row.protocol,
            "verdict": f"**{row.verdict}**",
            "why": row.reason,
        }
        for row in table.itertuples()
    ]
    return markdown(pd.DataFrame(rows))


def _with_interval(row: Any) -> str:
    """Return a claim's number with its interval, where there are any."""
    if row.value == "":
        return "nothing"
    return f"{float(row.value):.3g}" + (
        f" ({float(row.ci_low):.3g} to {float(row.ci_high):.3g})" if row.ci_low != "" else ""
    )


def leakage() -> str:
    """Accuracy lost by each model when no artist is shared."""
    rows = []
    for name, title in DATASETS.items():
        table = pd.read_csv(MEASURED / f"{name}_protocols.csv")
        for row in table[(table.protocol == "stratified") & (table.other == "artist")].itertuples():
            rows.append(
                {
                    "dataset": title,
                    "model": row.model,
                    "stratified": f"{row.accuracy:.1%}",
                    "artist": f"{row.other_accuracy:.1%}",
                    "difference (95% interval)": f"{100 * row.difference:+.1f} points "
                    f"({100 * row.ci_low:+.1f} to {100 * row.ci_high:+.1f})",
                    "tracks tested under both": row.n_tracks,
                }
            )
    return markdown(pd.DataFrame(rows))


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
            "paired difference from Adam (nat)": _paired(best.loss, name),
            "validation accuracy": f"{group.accuracy.mean():.1%} "
            f"({group.accuracy.min():.1%} – {group.accuracy.max():.1%})",
            "seeds": len(group),
            "epochs": group.epochs.max(),
        }
        for name, group in best.groupby("optimizer")
    ]
    return markdown(pd.DataFrame(rows).sort_values("validation loss (nat)"))


def _paired(loss: pd.Series, name: str) -> str:
    """Return the mean difference from Adam on the same splits, with its range over seeds."""
    difference = loss[name] - loss["Adam 0.001"]
    return (
        "" if not difference.any() else f"{difference.mean():+.2f} ({difference.min():+.2f} – {difference.max():+.2f})"
    )


_COMPARED = ("stratified", "artist", "cross_validation")


def bench() -> str:
    """Speed and memory."""
    table = pd.read_csv(MEASURED / "bench.csv", keep_default_na=False)
    table["range"] = [f"{row.lowest:g} – {row.highest:g}" for row in table.itertuples()]
    return markdown(table[["measurement", "asked", "measured", "range", "repetitions", "processor"]])


def gpu(path: Path = MEASURED / "gpu_check.csv") -> str:
    """Training of the paper's network in plain Keras 3 on a GPU, if `benchmarks.gpu_check` has run on one."""
    if not path.exists():
        return "No GPU has run it yet."
    table = pd.read_csv(path, keep_default_na=False)
    rows = [
        {
            "backend": row.backend,
            "precision": row.precision.removeprefix("mixed_"),
            "path": f"`{row.path}`",
            "segments/s (range)": f"{row.segments_s:,.0f} ({row.lowest:,.0f} – {row.highest:,.0f})",
            "waiting for data": f"{row.waiting:.1%}",
            "TFLOP/s (of the matrix product's)": f"{row.tflop_s:.1f} ({row.tflop_s / row.product_tflop_s:.0%})",
            "peak memory (GB)": f"{row.peak_memory_mb / 1000:.1f}",
            "cross-entropy (nat)": f"{row.loss_first:.2f} → {row.loss_last:.2f}",
        }
        for row in pd.read_csv(path)[table.problem == ""].itertuples()
    ]
    facts = table[table.card != ""].drop_duplicates("backend")
    versions = ", ".join(f"{row.backend} {row.backend_version}" for row in facts.itertuples())
    seen = facts.iloc[0]
    failed = [
        f"{row.backend}, {row.precision.removeprefix('mixed_')}, {row.path or 'all else'}: {row.problem}."
        for row in table[table.problem != ""].itertuples()
    ]
    machine = f"{seen.card}, driver {seen.driver}, Keras {seen.keras}, {versions}; batches of {seen.batch}."
    return "\n\n".join([machine, markdown(pd.DataFrame(rows)), *failed])


def experiments() -> str:
    """Experiments on the demo, from `dvc exp show --csv`."""
    table = pd.read_csv(MEASURED / "experiments.csv", keep_default_na=False)
    rows = [
        {
            "experiment": row["Experiment"] or row["rev"],
            "train.optimizer.learning_rate": row["train.optimizer.learning_rate"],
            "accuracy of cnn": f"{row['test.stratified.cnn.accuracy']:.1%}",
            "95% interval": f"{row['test.stratified.cnn.ci_low']:.1%} – {row['test.stratified.cnn.ci_high']:.1%}",
        }
        for row in table[table.rev != "workspace"].sort_values("train.optimizer.learning_rate").to_dict("records")
    ]
    return markdown(pd.DataFrame(rows))


BLOCKS = {
    "headline": headline,
    "demo_run": demo_run,
    "cost": cost,
    "overview": overview,
    "paired": paired,
    "artists": artists,
    "tags": tags,
    "runs": runs,
    "claims": claims,
    "leakage": leakage,
    "verdict": verdict,
    "resemblance_real": resemblance_real,
    "resemblance_demo": resemblance_demo,
    "optimizers": optimizers,
    "bench": bench,
    "gpu": gpu,
    "experiments": experiments,
}
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def render(text: str) -> str:
    """Return a page with each block `<!-- measured: NAME -->` ... `<!-- end -->` filled again."""

    def fill(found: re.Match[str]) -> str:
        return f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}"

    return re.sub(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", fill, text, flags=re.DOTALL)


if __name__ == "__main__":
    for name, results in (argument.split("=") for argument in sys.argv[1:]):
        shutil.copy(Path(results, "claims", "summary.csv"), MEASURED / f"{name}.csv")
        for table in ("claims/claims", "claims/protocols", "filters/resemblance"):
            if Path(results, f"{table}.csv").exists():
                shutil.copy(Path(results, f"{table}.csv"), MEASURED / f"{name}_{Path(table).name}.csv")
        # The network comes first in a table; a protocol with the splits of another repeats some of its pairs.
        tables = [pd.read_csv(path) for path in sorted(Path(results).glob("evaluate/*/paired.csv"))]
        pairs = pd.concat(own[own.model == own.model.iloc[0]] for own in tables if len(own))
        pairs = pairs.drop_duplicates([name for name in ("protocol", "other", "statistic") if name in pairs])
        write_csv(pairs, MEASURED / f"{name}_paired.csv")
        if name == "demo":
            (MEASURED / "demo.txt").write_text(describe("demo", root=str(Path(results).parents[1])) + "\n")
    for page in PAGES:
        page.write_text(render(page.read_text(encoding="utf-8")), encoding="utf-8")
