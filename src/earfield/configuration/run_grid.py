"""Grid of runs: the datasets, protocols, seeds and models of a configuration."""

from collections.abc import Mapping
from typing import Any

from earfield.configuration.code_dependencies import constant, module_file
from earfield.configuration.null_models import is_control

# Keys of a dataset that do not decide its songs, whose change must not make them again.
NOT_OF_SONGS = frozenset({"source", "seeds", "protocols", "network", "train", "task", "receptive_fields"})
_OF_RUNS = frozenset({"seeds", "models"})  # settings of a protocol that its splits do not depend on


def protocols_of(config: Mapping[str, Any], dataset: str) -> list[str]:
    """Return the protocols that `snakemake evidence` runs on a dataset.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    dataset : str
        Key of `datasets`.

    Returns
    -------
    list of str
        Those that the dataset names, or all but those that read a split from a file, which holds the tracks of one
        dataset, those that name labels, which another may not have, those that share the splits of an earlier one, and
        those that the dataset's task rules out.
    """
    own, task = config["datasets"][dataset], task_of(config, dataset)
    of_all = [
        name
        for name, each in config["protocols"].items()
        if splits_of(config, name) == name
        and each["kind"] != "file"
        and "labels" not in each
        and not (task == "artist" and keeps_artists_apart(each))
        and not (task == "tags" and needs_one_label(each))
    ]
    return list(own.get("protocols", of_all))


def task_of(config: Mapping[str, Any], dataset: str) -> str | None:
    """Return the kind of a dataset's task, or None where labels are the collection's."""
    kind: str | None = config["datasets"][dataset].get("task", {}).get("kind")
    return kind


def keeps_artists_apart(protocol: Mapping[str, Any]) -> bool:
    """Return whether a protocol, as in `config.yaml`, has no artist in two subsets."""
    return protocol["kind"] == "artist" or bool(protocol.get("artists"))


def needs_one_label(protocol: Mapping[str, Any]) -> bool:
    """Return whether a protocol, as in `config.yaml`, is of no use to tracks with several tags."""
    return protocol["kind"] == "cross_validation" or "labels" in protocol


def can_tag(config: Mapping[str, Any], model: str) -> bool:
    """Return whether a model can learn several tags of a track.

    Modules declare it by `TAGS = True`; networks can, except with the recipe `published_code`, which stops by accuracy.
    """
    settings = config["models"][model]
    if "module" in settings:
        return constant(module_file("models", settings["module"]), "TAGS") is True
    every = (None, *config["datasets"])
    return all(model_settings(config, model, name)["train"]["recipe"] != "published_code" for name in every)


def splits_of(config: Mapping[str, Any], protocol: str) -> str:
    """Return the protocol whose folders keep the splits and runs of a protocol: the first with equal split settings.

    Protocols that differ in `models` and `seeds` alone have the same splits. They share the files of their runs and
    have tables of their own.
    """
    own = split_settings(config, protocol)
    return next(name for name in config["protocols"] if split_settings(config, name) == own)


def in_file_order(config: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration with its protocols in the order of a file, and others after them.

    Snakemake puts keys that `--configfile` or `--config` changes first. But of protocols that share splits the first
    keeps the runs, and a changed seed must not move them.

    Parameters
    ----------
    config : mapping
        As Snakemake has it, not yet checked.
    file : mapping
        As read from `config.yaml` alone.

    Returns
    -------
    dict
        The same keys and values.
    """
    protocols, known = config.get("protocols"), file.get("protocols")
    if not isinstance(protocols, Mapping) or not isinstance(known, Mapping):
        return dict(config)
    order = [*(name for name in known if name in protocols), *(name for name in protocols if name not in known)]
    return {**config, "protocols": {name: protocols[name] for name in order}}


def in_table_order(config: Mapping[str, Any], dataset: str) -> list[str]:
    """Return the protocols of a dataset in the order in which their tables are put below each other.

    Tables of protocols that share splits may hold the row of a model twice, with other numbers of runs. Of protocols
    that share splits the one with most runs keeps its place, and the others come last, those with more runs first: the
    first row of a model is that of most runs, independently of the order in the configuration.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    dataset : str
        Key of `datasets`.

    Returns
    -------
    list of str
        Those of `protocols_of`.
    """
    protocols = protocols_of(config, dataset)
    by_runs = sorted(
        protocols,
        key=lambda name: (-len(runs_of(config, dataset, name)), splits_of(config, name) != name, name),
    )
    most = {splits_of(config, name): name for name in reversed(by_runs)}.values()
    return [*(name for name in protocols if name in most), *(name for name in by_runs if name not in most)]


def runs_of(config: Mapping[str, Any], dataset: str, protocol: str) -> list[int]:
    """Return the numbers of the runs of a protocol on a dataset.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    dataset, protocol : str
        Keys of `datasets` and `protocols`.

    Returns
    -------
    list of int
        The dataset's seeds, or as many of the first as the protocol wants. In cross-validation each seed has a run for
        each fold: run `seed * folds + fold`, with folds from 0.
    """
    settings = config["protocols"][protocol]
    seeds = config["datasets"][dataset]["seeds"][: settings.get("seeds")]
    if settings["kind"] != "cross_validation":
        return list(seeds)
    folds = settings["folds"]
    return [seed * folds + fold for seed in seeds for fold in range(folds)]


def estimates_receptive_fields(config: Mapping[str, Any], dataset: str) -> bool:
    """Return whether receptive fields, and the controls they are compared with, are part of a dataset's results.

    They are with `evidence: true`; otherwise as the dataset's `receptive_fields` says, and without that key except for
    `source: files`.
    """
    settings = config["datasets"][dataset]
    return bool(config.get("evidence") or settings.get("receptive_fields", settings.get("source") != "files"))


def models_of(config: Mapping[str, Any], protocol: str, dataset: str) -> list[str]:
    """Return the models that are run under a protocol: those that it lists, or all.

    On a dataset of tags those that cannot learn several tags of a track are left out, and without receptive fields the
    controls.
    """
    models = config["protocols"][protocol].get("models", config["models"])
    return [
        name
        for name in models
        if (task_of(config, dataset) != "tags" or can_tag(config, name))
        and (estimates_receptive_fields(config, dataset) or not is_control(config["models"][name]))
    ]


def networks(config: Mapping[str, Any]) -> list[str]:
    """Return the models that are networks: those without a module."""
    return [name for name, model in config["models"].items() if "module" not in model]


def model_settings(config: Mapping[str, Any], model: str, dataset: str | None = None) -> dict[str, dict[str, Any]]:
    """Return the settings of a network and its training.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    model : str
        Key of `models`.
    dataset : str or None
        Key of `datasets`; without it the settings that no dataset replaces.

    Returns
    -------
    dict
        `segment`, `network` and `train`: those of the configuration, over them the dataset's, over them the model's.
    """
    of_dataset = config["datasets"][dataset] if dataset else {}
    return {
        key: {**config[key], **of_dataset.get(key, {}), **config["models"][model].get(key, {})}
        for key in ("segment", "network", "train")
    }


def networks_of(config: Mapping[str, Any], protocol: str, dataset: str) -> list[str]:
    """Return the networks among the models that are run under a protocol."""
    known = networks(config)
    return [name for name in models_of(config, protocol, dataset) if name in known]


def split_settings(config: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """Return the settings that determine the splits of a protocol: all except `models` and `seeds`."""
    return {key: value for key, value in config["protocols"][protocol].items() if key not in _OF_RUNS}


def learning_curves(config: Mapping[str, Any], dataset: str) -> dict[str, tuple[str, float]]:
    """Return the protocols of a dataset that make learning curves.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    dataset : str
        Key of `datasets`.

    Returns
    -------
    dict
        By protocol: the protocol with the same settings that uses all training tracks, and the fraction of them that
        this protocol uses, 1 for the former.
    """
    names = list(dict.fromkeys(splits_of(config, name) for name in protocols_of(config, dataset)))
    settings = {name: split_settings(config, name) for name in names}
    fractions = {name: float(each.pop("train_fraction", 1.0)) for name, each in settings.items()}
    curves: dict[str, tuple[str, float]] = {}
    for full in (name for name in names if fractions[name] == 1):
        parts = [name for name in names if fractions[name] < 1 and settings[name] == settings[full]]
        if parts:
            curves |= {name: (full, fractions[name]) for name in (full, *parts)}
    return curves
