"""All tables of the evidence, and the claims, from predictions that are made up: nothing is trained."""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.project import ROOT, summarise
from earfield.claims.evidence import ClaimSettings
from earfield.claims.judge import write_claims
from earfield.evaluate.dataset_tables import write_dataset_tables
from earfield.evaluate.protocol_tables import write_protocol_tables
from earfield.files.tables import write_csv
from earfield.models.predictions import write_predictions

_TRACKS, _TESTS, _SEEDS, _REPETITIONS = 1000, 300, 30, 3
_LABELS = [f"genre {number}" for number in range(10)]
_MODELS = [f"model {number}" for number in range(8)]
_NETWORKS = _MODELS[:3]
_PROTOCOLS = {"stratified": 1.0, "artist": 1.0, "stratified_half": 0.5}
_SECONDS = [3.0, 4.5, 6.0, 9.0, 12.0, 18.0, 24.0]


def measure_evidence_tables(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure the tables of three protocols, each with 30 seeds of 8 models."""
    tracks = _write_runs(folder)
    times = []
    for _ in range(_REPETITIONS):
        started = time.perf_counter()
        _write_tables(folder, tracks)
        times.append(time.perf_counter() - started)
    return [["claims and tables from 30 seeds x 8 models, three protocols [s]", "< 20", *summarise(times)]]


def _write_tables(folder: Path, tracks: Path) -> None:
    predictions = sorted(folder.glob("results/*/*/*/predictions.csv"))
    for protocol in _PROTOCOLS:
        out = folder / "results" / protocol
        write_protocol_tables(
            predictions=[path for path in predictions if path.parts[-4] == protocol],
            excerpts=sorted(out.glob("*/*/excerpts.csv")),
            tracks=tracks,
            paths={name: out / f"{name}.csv" for name in ("paired", "recall", "calibration", "excerpts")}
            | {"table": out / "summary.csv", "facts": out / "summary.json"},
        )
    write_dataset_tables(
        summaries=[folder / "results" / protocol / "summary.csv" for protocol in _PROTOCOLS],
        costs=sorted(folder.glob("results/*/*/*/cost.json")),
        predictions=predictions,
        splits=sorted(folder.glob("splits/*/*.csv")),
        curves={"stratified": ("stratified", 1.0), "stratified_half": ("stratified", 0.5)},
        summary_path=folder / "results" / "summary.csv",
        protocols_path=folder / "results" / "protocols.csv",
        learning_curve_path=folder / "results" / "learning_curve.csv",
    )
    results = folder / "results"
    write_claims(
        csv_path=folder / "claims.csv",
        md_path=folder / "claims.md",
        dataset="many",
        sentences=ROOT / "resources" / "claims.yaml",
        inputs={
            **{name: results / f"{name}.csv" for name in ("summary", "learning_curve", "protocols")},
            **{
                name: [results / protocol / f"{name}.csv" for protocol in _PROTOCOLS]
                for name in ("paired", "recall", "excerpts", "calibration")
            },
            "predictions": sorted(results.glob(f"stratified/*/{_NETWORKS[0]}/predictions.csv")),
            "references": ROOT / "resources" / "reference_levels.csv",
            "tracks": tracks,
        },
        settings=ClaimSettings(
            source="gtzan",
            protocol="stratified",
            model=_NETWORKS[0],
            hand_made=[_MODELS[3]],
            controls=_NETWORKS[1:],
            artists_apart="artist",
            curves={"stratified": ("stratified", 1.0), "stratified_half": ("stratified", 0.5)},
        ),
    )


def _write_runs(folder: Path) -> Path:
    """Write splits, predictions, excerpts.csv and cost.json of every run; return the table of tracks."""
    rng = np.random.default_rng(0)
    tracks = pd.DataFrame({"track": [f"track {number:04d}" for number in range(_TRACKS)], "problem": "", "artist": ""})
    tracks["label"] = np.repeat(_LABELS, _TRACKS // len(_LABELS))
    path = folder / "tracks.csv"
    write_csv(tracks, path)
    hardness = rng.standard_normal(_TRACKS)
    for protocol, fraction in _PROTOCOLS.items():
        for seed in range(1, _SEEDS + 1):
            order = rng.permutation(_TRACKS)
            test, train = np.sort(order[:_TESTS]), order[_TESTS : _TESTS + int(fraction * 500)]
            split = pd.concat([tracks.iloc[test].assign(subset="test"), tracks.iloc[train].assign(subset="train")])
            write_csv(split[["track", "label", "subset"]], folder / "splits" / protocol / f"{seed}.csv")
            for number, model in enumerate(_MODELS):
                run = folder / "results" / protocol / str(seed) / model
                own = tracks.iloc[test]
                _write_run(run, own, hardness[test] + 0.2 * number, rng=rng)
                if model in _NETWORKS:
                    _write_excerpts(run / "excerpts.csv", own, rng=rng)
    return path


def _write_run(run: Path, tracks: pd.DataFrame, hardness: np.ndarray, *, rng: np.random.Generator) -> None:
    run.mkdir(parents=True)
    odds = rng.standard_normal((len(tracks), len(_LABELS)))
    odds[np.arange(len(tracks)), [_LABELS.index(label) for label in tracks.label]] += 2 - hardness
    probabilities = np.exp(odds)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    write_predictions(run / "predictions.csv", tracks=tracks, labels=_LABELS, probabilities=probabilities)
    (run / "cost.json").write_text(json.dumps({"seconds": rng.uniform(1, 9), "peak_mb": 500.0, "processors": 2}))


def _write_excerpts(path: Path, tracks: pd.DataFrame, *, rng: np.random.Generator) -> None:
    table = tracks[["track", "label"]].merge(pd.DataFrame({"seconds": _SECONDS}), how="cross")
    table["positions"] = 20 - np.tile(np.arange(len(_SECONDS)), len(tracks))
    table["hits"] = rng.binomial(table.positions, 0.7)
    write_csv(table, path)
