"""A card for each network: what it is, what it was made from, how good it is, and what it must not be used for.

Every number in it is read from the files of its own run.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from earfield.errors import ConfigError
from earfield.evaluate.model_card_results import doubts, names_of, results
from earfield.files.atomic import write_aside
from earfield.files.markdown import counted, markdown_table, percent, plain
from earfield.files.tables import read_text_csv
from earfield.splits.grouped_split import SUBSETS
from earfield.tracks.tags import carriers
from earfield.train.history import best_epoch

_NAMES = {"train": "training", "validation": "validation", "test": "test"}
_PAPER = (
    "Dong (2018), [Convolutional Neural Network Achieves Human-level Accuracy in Music Genre "
    "Classification](https://arxiv.org/abs/1802.09697)"
)
_STURM = (
    "Sturm (2013), [The GTZAN dataset: Its contents, its faults, their effects on evaluation, and its future "
    "use](https://arxiv.org/abs/1306.1461)"
)
_FILTERED = "Kereliuk, Sturm & Larsen (2015), [Deep Learning and Music Adversaries](https://arxiv.org/abs/1507.04761)"
_ORIGIN = {
    "gtzan": "GTZAN, excerpts of recorded music that Tzanetakis & Cook (2002) collected",
    "demo": "invented music, made by code; none of it is real music",
    "files": "songs that the owner of this run supplied",
}
_LIMITS = {
    "gtzan": [
        "Speaking of genres as facts. A track's label is the opinion of whoever collected the tracks, and each track "
        "has only one.",
        "Comparison with numbers of other splits of GTZAN, or of other copies with other tracks left out.",
    ],
    "demo": [
        "Any real music. Its labels are names of recipes that made the tracks, and its numbers say nothing of how well "
        "such a network tells real genres apart.",
    ],
    "files": [
        "Speaking of genres as facts. A label is the opinion of whoever sorted the songs; who that was and how is "
        "unknown here.",
    ],
}
_LICENCE = {
    "gtzan": "GTZAN has no licence that allows passing it on, and its music belongs to others. A network that was "
    "trained on it should not be taken as free of that.",
    "demo": "The music was made by code; nobody else has rights to it.",
    "files": "The songs are their owner's concern; what may be done with them, and with a network trained on them, is "
    "unknown here.",
}


def write_card(
    path: str | os.PathLike[str],
    *,
    metrics: str | os.PathLike[str],
    tracks: str | os.PathLike[str],
    split: str | os.PathLike[str],
    history: str | os.PathLike[str],
    environment: str | os.PathLike[str],
    dataset: str,
    protocol: str,
    seed: int,
    model: str,
    source: str,
    settings: Mapping[str, Any],
    facts: str | os.PathLike[str] | None = None,
) -> None:
    """Write the card of one network.

    Parameters
    ----------
    path : path-like
        `MODEL_CARD.md` to write.
    metrics : path-like
        `metrics.json` of the run; see `earfield.evaluate.model_card_results.results`.
    tracks : path-like
        The table of all tracks of the dataset, those left out included.
    split : path-like
        `track, label, subset` of the run.
    history : path-like
        One row an epoch, from `train_network`; none if the network was not trained.
    environment : path-like
        `environment.json` of the training.
    dataset, protocol, seed, model : str, str, int, str
        Which run it is.
    source : str
        "gtzan", "demo" or "files".
    settings : mapping
        `front_end`, `segment`, `network` and `train`, each a mapping as in the configuration, and `shuffled_like`:
        the model whose number of epochs this one was given with shuffled labels, or None.
    facts : path-like, optional
        What is known of GTZAN's tracks: a table with the columns `track, artist, wav_md5, fault_filtered`. Read for
        the source "gtzan" only.

    Raises
    ------
    ConfigError
        If `source` is unknown.
    """
    if source not in _ORIGIN:
        raise ConfigError(
            f"datasets.{dataset}.source is '{source}', which is none of {', '.join(_ORIGIN)}; correct it."
        )
    scores = json.loads(Path(metrics).read_text(encoding="utf-8"))
    machine = json.loads(Path(environment).read_text(encoding="utf-8"))
    table, parts, epochs = read_text_csv(tracks), read_text_csv(split), pd.read_csv(history)
    songs = parts.merge(table.drop(columns="label"), on="track", validate="one_to_one")
    names, kind = names_of(scores)
    control = _control(settings, epochs)

    sections = [
        f"# {plain(model)} on {plain(dataset)}: {plain(protocol)} split, seed {seed}",
        f"> **This is a control.** {control} It has learned no true label. It is for comparison only."
        if control
        else "",
        "## What it is",
        _what_it_is(settings, names=names, kind=kind),
        "## Data",
        *_data(table, songs, dataset=dataset, source=source, kind=kind),
        "## Protocol",
        *_protocol(songs, protocol=protocol, seed=seed),
        "## Training",
        *_training(epochs, settings),
        "## Results",
        *results(scores),
        "## What it must not be used for",
        _limits(scores, source=source, control=bool(control)),
        "## Known faults of the data",
        *_faults(songs, source=source, facts=facts),
        "## Licence",
        f"Data: {_LICENCE[source]}\n\nCode: MIT.",
        "## Environment",
        _environment(machine),
    ]
    with write_aside(path) as aside:
        aside.write_text("\n\n".join(filter(None, sections)) + "\n", encoding="utf-8")


def _control(settings: Mapping[str, Any], epochs: pd.DataFrame) -> str:
    """Say why a network is a control; empty if it is none."""
    if epochs.empty:
        return "The network was not trained: its weights are those that it was initialised with."
    if settings["shuffled_like"]:
        return "The labels of its training tracks were shuffled among them."
    return ""


def _what_it_is(settings: Mapping[str, Any], *, names: Sequence[str], kind: str) -> str:
    frames, front_end = settings["segment"]["frames"], settings["front_end"]
    seconds = frames * front_end["hop_length"] / front_end["sample_rate"]
    prediction = (
        "Of a track it gives the mean probabilities over its segments, of each tag by itself."
        if kind == "tag"
        else "The prediction for a track is the largest mean probability over its segments."
    )
    return (
        f"A small convolutional network after {_PAPER}. It takes a log-mel spectrogram of {frames} frames "
        f"({seconds:.1f} s) and gives the probability of each of {len(names)} {kind}s. {prediction} `model.keras` "
        "beside this card is the network; its `metadata.json` holds the labels and the front end."
    )


def _data(table: pd.DataFrame, songs: pd.DataFrame, *, dataset: str, source: str, kind: str) -> Iterator[str]:
    own = carriers(songs.label.to_numpy(dtype=object), tags=kind == "tag")
    subsets = [songs.subset == subset for subset in SUBSETS]
    yield (
        f"{plain(dataset)}: {_ORIGIN[source]}. Used here: {counted(len(songs), 'track')} of "
        f"{counted(len(own), kind)}, {songs.seconds.sum() / 3600:.2f} hours of audio."
    )
    rows = [
        [plain(name), *(int((has & subset).sum()) for subset in subsets), int(has.sum())] for name, has in own.items()
    ]
    rows.append(["all", *(int(subset.sum()) for subset in subsets), len(songs)])
    yield markdown_table([kind, *(f"{_NAMES[subset]} tracks" for subset in SUBSETS), "tracks"], rows)
    reasons = table.problem[table.problem != ""].map(_reason).value_counts()
    if reasons.empty:
        yield "No track was left out."
        return
    yield f"{reasons.sum()} of {counted(len(table), 'track')} could not be used and were left out:"
    ordered = sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
    yield markdown_table(["reason", "tracks"], ([plain(reason), number] for reason, number in ordered))


def _reason(problem: str) -> str:
    """Cut from a track's problem what is of this track alone: numbers, and what follows a colon or is in brackets."""
    return re.sub(r"\d[\d.,]*(?<![.,])", "…", re.sub(r"\s*(:\s.*|\(.*\))", "", problem))


def _protocol(songs: pd.DataFrame, *, protocol: str, seed: int) -> Iterator[str]:
    parts = {subset: songs[songs.subset == subset] for subset in SUBSETS}
    sizes = [f"{len(parts[subset])} for {_NAMES[subset]}" for subset in SUBSETS]
    yield (
        f"Protocol {plain(protocol)}, seed {seed}: {', '.join(sizes[:-1])} and {sizes[-1]} (tracks). The seed decides "
        "the split, the initial weights and all that is random in training."
    )
    train, test = parts["train"], parts["test"]
    if (songs.artist == "").all():
        yield "No artist is known, so nobody can tell how many test tracks are by an artist who is also in training."
    else:
        unnamed, unnamed_train = (int((part.artist == "").sum()) for part in (test, train))
        shared = int(test.artist.isin(set(train.artist) - {""}).sum())
        yield (
            f"{shared} of {counted(len(test), 'test track')} {_are(shared)} by an artist who is also in training, "
            f"which can flatter the results. No artist is known for {counted(unnamed, 'test track')} and "
            f"{counted(unnamed_train, 'training track')}"
            + ("; the true number may be larger." if unnamed or unnamed_train else ".")
        )
    twins = int(test.sha256.isin(set(train.sha256) - {""}).sum())
    yield f"{counted(twins, 'test track')} {_are(twins)} byte for byte the file of a training track."


def _training(epochs: pd.DataFrame, settings: Mapping[str, Any]) -> Iterator[str]:
    of_tags = epochs.validation_accuracy.isna().all()
    shown = {key: dict(settings[key]) for key in ("front_end", "segment", "network", "train")}
    if epochs.empty:
        yield "No epoch was run."
        del shown["train"]
    else:
        number = counted(len(epochs), "epoch")
        if settings["shuffled_like"]:
            # Such a network has no true label to stop by: see `earfield.train.training`.
            kept, like, targets = epochs.iloc[-1], plain(settings["shuffled_like"]), "shuffled labels"
            yield f"{number} {_were(len(epochs))} run, as many as {like} took to its best one, and the last one kept."
            shown["train"] = {
                key: each for key, each in shown["train"].items() if key not in ("max_epochs", "patience")
            }
        elif settings["train"]["recipe"] == "author":
            kept, targets = epochs.iloc[-1], "true labels"
            yield f"{number} {_were(len(epochs))} run, by the recipe of the paper's code, and the last one kept."
        else:
            kept, targets = epochs.iloc[best_epoch(epochs.to_dict("records"))], "true labels"
            merit = "validation loss" if of_tags else "validation accuracy and among equals by validation loss"
            yield f"{number} {_were(len(epochs))} run. Epoch {kept.epoch:.0f} was kept, the best by {merit}."
        rows = [
            [f"training segments, {targets}, units dropped", f"{kept.train_loss:.3f}"],
            ["validation tracks", f"{kept.validation_loss:.3f}"],
        ]
        if of_tags:
            yield markdown_table([f"epoch {kept.epoch:.0f}", "loss [nat]"], rows)
        else:
            shares = (percent(kept.train_accuracy), percent(kept.validation_accuracy))
            rows = [[*row, share] for row, share in zip(rows, shares, strict=True)]
            yield markdown_table([f"epoch {kept.epoch:.0f}", "loss [nat]", "accuracy"], rows)
    yield markdown_table(["setting", "value"], ([plain(key), plain(value)] for key, value in _flat(shown)))


def _limits(scores: Mapping[str, Any], *, source: str, control: bool) -> str:
    limits = [
        *(["Labelling music at all: it is a control, for comparison only."] * control),
        *doubts(scores),
        "Decisions about people or their money, such as royalties, contracts or who is promoted.",
        *_LIMITS[source],
    ]
    return "\n".join(f"- {limit}" for limit in limits)


def _faults(songs: pd.DataFrame, *, source: str, facts: str | os.PathLike[str] | None) -> Iterator[str]:
    if source == "demo":
        yield "It is invented. What real recordings are like, and how they vary, is not in it."
        return
    if source == "files":
        yield "Unknown here: its owner has to say what is wrong with labels and recordings."
        return
    yield (
        f"{_STURM}, catalogues its faults: recordings that are in it more than once, labels that do not fit, and "
        "distorted tracks. They limit what any number measured on it means."
    )
    if facts is None:
        return
    known = songs[["track", "subset"]].merge(pd.read_csv(facts, dtype=str, keep_default_na=False), on="track")
    faults = {
        f"left out by the fault-filtered split of {_FILTERED}": known.fault_filtered == "excluded",
        "sample for sample the same as another one used": known.wav_md5.duplicated(keep=False),
        "without a known artist": known.artist == "",
    }
    yield f"Of the {counted(len(known), 'track')} of GTZAN that {_are(len(known))} used here:"
    rows = [
        [fault, *(int((found & (known.subset == subset)).sum()) for subset in SUBSETS), int(found.sum())]
        for fault, found in faults.items()
    ]
    yield markdown_table(["tracks that are", *(f"in {_NAMES[subset]}" for subset in SUBSETS), "tracks"], rows)


def _environment(machine: Mapping[str, Any]) -> str:
    tensorflow = machine["tensorflow"]
    build = [
        "with CUDA" if tensorflow["cuda"] else "with ROCm" if tensorflow["rocm"] else "without support of GPUs",
        *(f"{key} {tensorflow[f'{key}_version']}" for key in ("cuda", "cudnn") if f"{key}_version" in tensorflow),
    ]
    rows = {
        "Python": machine["python"],
        "operating system": f"{machine['operating_system']}, {machine['machine']}",
        "processor": machine["processor"],
        "GPU": ", ".join(machine["gpus"]) or "none",
        "TensorFlow": f"{tensorflow['version']}, built {', '.join(build)}",
        "oneDNN": "on" if machine["onednn"] else "off",
        **{name: version or "not installed as a package" for name, version in sorted(machine["packages"].items())},
        "seed": machine["seed"],
    }
    return markdown_table(["of the training", ""], ([plain(key), plain(value)] for key, value in rows.items()))


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the dotted name of each setting, as in the configuration's errors, with its value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and value and all(isinstance(each, Mapping) for each in value):
            yield from _flat({str(number): each for number, each in enumerate(value)}, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
