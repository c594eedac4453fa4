"""A card for each network: what it is, how to use it, its data, its results, and what it must not be used for.

Every number in it is read from the files of its own run; the text is `templates/model_card.md.j2`. The header is that
of model cards on the Hugging Face Hub.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from earfield.errors import ConfigError
from earfield.files.atomic import write_aside
from earfield.files.tables import read_text_csv
from earfield.files.templates import render
from earfield.splits.grouped_split import SUBSETS
from earfield.tracks.tags import carriers
from earfield.train.history import best_epoch

_LICENCES = {"gtzan": "unknown", "demo": "mit", "files": "unknown"}  # of the network, as the Hub names them


@dataclass(frozen=True)
class Run:
    """The names of a run."""

    dataset: str
    protocol: str
    seed: int
    model: str


def write_card(
    path: str | os.PathLike[str],
    *,
    metrics: str | os.PathLike[str],
    tracks: str | os.PathLike[str],
    split: str | os.PathLike[str],
    training: tuple[str | os.PathLike[str], str | os.PathLike[str]],
    run: Run,
    settings: Mapping[str, Any],
    facts: str | os.PathLike[str] | None = None,
) -> None:
    """Write the card of one network.

    Parameters
    ----------
    path : path-like
        `MODEL_CARD.md` to write.
    metrics : path-like
        `metrics.json` of the run: from `earfield.evaluate.score.score` or, of tags,
        `earfield.evaluate.tag_scores.write_tag_metrics`.
    tracks : path-like
        The table of all tracks of the dataset, those left out included.
    split : path-like
        `track, label, subset` of the run.
    training : (path-like, path-like)
        `history.csv`, one row per epoch, none if the network was not trained, and `environment.json` of the training.
    run : Run
        Which run it is.
    settings : mapping
        `source` ("gtzan", "demo" or "files"); `front_end`, `segment`, `network` and `train`, each a mapping as in the
        configuration; and `shuffled_like`: the model whose number of epochs this one was given with shuffled labels,
        or None.
    facts : path-like, optional
        What is known of GTZAN's tracks: a table with the columns `track, artist, wav_md5, fault_filtered`. Read for
        the source "gtzan" only.

    Raises
    ------
    ConfigError
        If the source is unknown.
    """
    source = settings["source"]
    if source not in _LICENCES:
        raise ConfigError(
            f"datasets.{run.dataset}.source is '{source}', which is none of {', '.join(_LICENCES)}; correct it."
        )
    scores = json.loads(Path(metrics).read_text(encoding="utf-8"))
    table, epochs = read_text_csv(tracks), pd.read_csv(training[0])
    songs = read_text_csv(split).merge(table.drop(columns="label"), on="track", validate="one_to_one")
    tags = "by_tag" in scores
    control = ""
    if epochs.empty:
        control = "The network was not trained: its weights are those that it was initialised with."
    elif settings["shuffled_like"]:
        control = "The labels of its training tracks were shuffled among them."
    front_end = settings["front_end"]
    text = render(
        __file__,
        header=_header(run, scores, source=source, tags=tags),
        run=run,
        source=source,
        settings=settings,
        control=control,
        scores=scores,
        tags=tags,
        kind="tag" if tags else "label",
        names=list(scores["by_tag"]) if tags else scores["labels"],
        segment_seconds=settings["segment"]["frames"] * front_end["hop_length"] / front_end["sample_rate"],
        songs=songs,
        n_known=len(table),
        reasons=_reasons(table),
        environment=_environment(json.loads(Path(training[1]).read_text(encoding="utf-8"))),
        faults=_faults(songs, facts) if source == "gtzan" and facts is not None else None,
        **_counts(songs, tags=tags),
        **_training(epochs, settings),
        **({} if tags else _errors(scores)),
    )
    with write_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")


def _header(run: Run, scores: Mapping[str, Any], *, source: str, tags: bool) -> str:
    """Return the metadata of a card, as the Hub reads them, without the lines around them."""
    names = ("roc_auc", "average_precision") if tags else ("accuracy", "balanced_accuracy")
    metrics = [{"type": name, "value": scores[name]} for name in names if scores[name] is not None]
    result = {
        "task": {"type": "audio-classification"},
        "dataset": {"name": f"{run.dataset}, {run.protocol} split, seed {run.seed}", "type": run.dataset},
        "metrics": metrics,
    }
    header = {
        "license": _LICENCES[source],
        "library_name": "keras",
        "pipeline_tag": "audio-classification",
        "tags": ["audio-classification", "music", "music-tagging" if tags else "music-genre-classification"],
        "model-index": [{"name": run.model, "results": [result]}],
    }
    return yaml.safe_dump(header, sort_keys=False, allow_unicode=True, width=1000).rstrip()


def _counts(songs: pd.DataFrame, *, tags: bool) -> dict[str, Any]:
    """Count the tracks of each label or tag by subset, and what training and test tracks share."""
    subsets = [songs.subset == subset for subset in SUBSETS]
    own = carriers(songs.label.to_numpy(dtype=object), tags=tags)
    train, test = (songs[songs.subset == subset] for subset in ("train", "test"))
    artists = None
    if (songs.artist != "").any():
        unknown = {"train": int((train.artist == "").sum()), "test": int((test.artist == "").sum())}
        artists = unknown | {"shared": int(test.artist.isin(set(train.artist) - {""}).sum())}
    return {
        "names_of_data": {
            name: [*(int((has & subset).sum()) for subset in subsets), int(has.sum())] for name, has in own.items()
        },
        "sizes": [int(subset.sum()) for subset in subsets],
        "artists": artists,
        "twins": int(test.sha256.isin(set(train.sha256) - {""}).sum()),
    }


def _reasons(table: pd.DataFrame) -> dict[str, int]:
    """Count the reasons for leaving out tracks, without what is of one track alone: numbers, what is in brackets."""
    problems = table.problem[table.problem != ""]
    short = [re.sub(r"\d[\d.,]*(?<![.,])", "…", re.sub(r"\s*(:\s.*|\(.*\))", "", each)) for each in problems]
    counts = {each: short.count(each) for each in sorted(set(short))}
    return dict(sorted(counts.items(), key=lambda each: -each[1]))


def _training(epochs: pd.DataFrame, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the epoch that was kept, how training ended, and the settings that had an effect."""
    shown = {key: dict(settings[key]) for key in ("front_end", "segment", "network", "train")}
    kept, ending = None, "stopped"
    if epochs.empty:
        del shown["train"]
    elif settings["shuffled_like"]:
        # Such a network has no true label to stop by: see `earfield.train.training`.
        kept, ending = epochs.iloc[-1], "shuffled"
        shown["train"] = {key: each for key, each in shown["train"].items() if key not in ("max_epochs", "patience")}
    elif settings["train"]["recipe"] == "published_code":
        kept, ending = epochs.iloc[-1], "published_code"
    else:
        kept = epochs.iloc[best_epoch(epochs.to_dict("records"))]
    return {"kept": kept, "ending": ending, "n_epochs": len(epochs), "shown": dict(_flat(shown))}


def _errors(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Count correct predictions, and find the labels that are confused most often."""
    labels, matrix = scores["labels"], scores["confusion"]
    wrong = {
        (label, predicted): matrix[row][column]
        for row, label in enumerate(labels)
        for column, predicted in enumerate(labels)
        if row != column and matrix[row][column]
    }
    most = max(wrong.values(), default=0)
    confused = [pair for pair, count in wrong.items() if count == most]
    return {"hits": sum(matrix[n][n] for n in range(len(labels))), "most": most, "confused": confused}


def _faults(songs: pd.DataFrame, facts: str | os.PathLike[str]) -> dict[str, Any]:
    known = songs[["track", "subset"]].merge(pd.read_csv(facts, dtype=str, keep_default_na=False), on="track")
    faults = {
        "filtered": known.fault_filtered == "excluded",
        "copies": known.wav_md5.duplicated(keep=False),
        "unknown_artist": known.artist == "",
    }
    counts = {
        name: [*(int((found & (known.subset == subset)).sum()) for subset in SUBSETS), int(found.sum())]
        for name, found in faults.items()
    }
    return {"n": len(known), **counts}


def _environment(machine: Mapping[str, Any]) -> dict[str, Any]:
    tensorflow = machine["tensorflow"]
    build = [
        "with CUDA" if tensorflow["cuda"] else "with ROCm" if tensorflow["rocm"] else "without support of GPUs",
        *(f"{key} {tensorflow[f'{key}_version']}" for key in ("cuda", "cudnn") if f"{key}_version" in tensorflow),
    ]
    return {
        "Python": machine["python"],
        "operating system": f"{machine['operating_system']}, {machine['machine']}",
        "processor": machine["processor"],
        "GPU": ", ".join(machine["gpus"]) or "none",
        "TensorFlow": f"{tensorflow['version']}, built {', '.join(build)}",
        "oneDNN": "on" if machine["onednn"] else "off",
        **{name: version or "not installed as a package" for name, version in sorted(machine["packages"].items())},
        "seed": machine["seed"],
    }


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name of each setting, as in the configuration's errors, with its value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, Sequence) and value and all(isinstance(each, Mapping) for each in value):
            yield from _flat({str(number): each for number, each in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)
