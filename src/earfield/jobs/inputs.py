"""Inputs and settings of the workflow's rules, derived from the configuration."""

import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from earfield.configuration.code_dependencies import code_of, constant, module_file
from earfield.configuration.null_models import NULL_KERNELS, is_control
from earfield.configuration.run_grid import (
    NOT_OF_SONGS,
    estimates_receptive_fields,
    in_table_order,
    learning_curves,
    model_settings,
    models_of,
    networks,
    networks_of,
    protocols_of,
    runs_of,
    split_settings,
    splits_of,
    task_of,
)
from earfield.tracks.audio_files import SONG_HASHES, fingerprints

ROOT = Path(__file__).parents[3]
_NOTHING = "(?!)"  # a pattern that no name matches


class Wildcards(Protocol):
    """Values of a job's wildcards, as Snakemake gives them."""

    dataset: str
    protocol: str
    seed: str
    model: str
    shard: str
    features: str
    figure: str

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a wildcard, if the rule has it."""


File = Callable[[Wildcards], str]
Files = Callable[[Wildcards], list[str]]


def in_order(settings: Any) -> Any:
    """Return settings with the keys of all mappings sorted.

    Snakemake compares the values of `params` as a set without names: two values that are exchanged would count as
    unchanged, and a mapping in another order as changed. So each rule has one mapping, in this order.
    """
    if isinstance(settings, Mapping):
        return {key: in_order(settings[key]) for key in sorted(settings)}
    if isinstance(settings, list | tuple):
        return [in_order(each) for each in settings]
    return settings


def code(script: str) -> list[str]:
    """Return a script of the workflow and the modules of the package that it runs, relative to the current folder."""
    path = ROOT / "workflow" / "scripts" / f"{script}.py"
    return [os.path.relpath(each) for each in (*code_of(path), path)]


def pattern(names: Iterable[str]) -> str:
    """Return a regular expression that matches these names, or nothing if there are none."""
    return "|".join(names) or _NOTHING


class Inputs:
    """Input files and settings of jobs.

    Parameters
    ----------
    config : mapping
        The checked configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.chosen = config["dataset"]
        self.with_fields = estimates_receptive_fields(config, self.chosen)
        self.shards = [f"{shard:02d}" for shard in range(config["mel"]["shards"])]
        self.model, self.protocol = config["figures"]["model"], config["figures"]["protocol"]
        self.networks = networks(config)
        self.modules = [name for name in config["models"] if name not in self.networks]
        self.front_end = {key: value for key, value in config["mel"].items() if key != "shards"}
        self.tagged = [name for name in config["datasets"] if task_of(config, name) == "tags"]
        self.one_label = [name for name in config["datasets"] if name not in self.tagged]
        # Networks that no true label has shaped, and then kernels that no network learned.
        known = config["protocols"][self.protocol].get("models", config["models"])
        self.controls = [name for name in self.networks if name in known and is_control(config["models"][name])]
        self.nulls = [*self.controls, *NULL_KERNELS]
        self.estimated = [self.model, *self.controls]  # networks whose receptive fields are estimated
        # Models on features: what the paper's "hand-made features" are.
        self.hand_made = [name for name in self.modules if self._constant(name, "FEATURES")]
        # Of each dataset that has such a model, its first run: protocol, seed, model.
        self.deep_belief = {
            dataset: (splits_of(config, protocol), runs_of(config, dataset, protocol)[0], model)
            for dataset in config["datasets"]
            for protocol in reversed(protocols_of(config, dataset))
            for model in reversed(models_of(config, protocol, dataset))
            if config["models"][model].get("module") == "cdbn"
        }

    # Collections

    def of_source(self, source: str) -> str:
        """Return a pattern of the datasets with this source."""
        return pattern(name for name, each in self.config["datasets"].items() if each["source"] == source)

    def songs_settings(self, wildcards: Wildcards, *, leave_out: Iterable[str] = ()) -> dict[str, Any]:
        """Return the settings that determine a dataset's songs, without its seeds, training and task."""
        dataset = self.config["datasets"][wildcards.dataset]
        return in_order({key: dataset[key] for key in dataset if key not in {*NOT_OF_SONGS, *leave_out}})

    def own_path(self, dataset: str) -> str | None:
        """Return the user's songs or archive of a dataset, or None."""
        settings = self.config["datasets"][dataset]
        path = settings.get("path") or settings.get("archive")
        return os.path.expanduser(path) if path else None

    def own_archive(self, wildcards: Wildcards) -> list[str]:
        """Return the user's packed archive, whose change unpacks it again."""
        path = self.own_path(wildcards.dataset)
        return [path] if path and os.path.isfile(path) else []

    def own_collection(self, wildcards: Wildcards) -> dict[str, str] | None:
        """Return the user's folder or CSV with the fingerprint of a shard: a changed song reruns that shard."""
        if self.made_audio(wildcards.dataset):
            return None
        path = str(self.own_path(wildcards.dataset))
        marks = self._fingerprints(path)
        # Tracks of GTZAN are not called by their paths, so that a file's shard is not known from outside.
        of_gtzan = self.config["datasets"][wildcards.dataset]["source"] == "gtzan"
        return {"path": path, "fingerprint": str(marks if of_gtzan else marks[int(wildcards.shard)])}

    def made_audio(self, dataset: str) -> str | list[str]:
        """Return the folder of audio that a rule makes, or none for the user's own songs, which are never touched."""
        path, of_gtzan = self.own_path(dataset), self.config["datasets"][dataset]["source"] == "gtzan"
        return f"data/{dataset}/audio" if not path or (of_gtzan and os.path.isfile(path)) else []

    @functools.cache  # noqa: B019  # one object in a process
    def _fingerprints(self, path: str) -> Any:
        return fingerprints(path, shards=len(self.shards), hashes=SONG_HASHES)

    # Splits, runs and tables

    def spectrograms(self, suffix: str) -> list[str]:
        """Return the mel shards, with the wildcard of the dataset."""
        return [f"data/{{dataset}}/mel/shard-{shard}.{suffix}" for shard in self.shards]

    def split_file(self, wildcards: Wildcards) -> str | list[str]:
        """Return the file that a protocol reads its split from, if it does."""
        path = self.config["protocols"][wildcards.protocol].get("path")
        return os.path.expanduser(path) if path else []

    def split_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings that determine the splits of a protocol."""
        return split_settings(self.config, wildcards.protocol)

    def splits(self, wildcards: Wildcards) -> list[str]:
        """Return every split of a dataset."""
        return self._splits(wildcards.dataset, protocols_of(self.config, wildcards.dataset))

    def _splits(self, dataset: str, protocols: Sequence[str]) -> list[str]:
        found = [
            f"data/{dataset}/splits/{splits_of(self.config, protocol)}/{seed}.csv"
            for protocol in protocols
            for seed in runs_of(self.config, dataset, protocol)
        ]
        return list(dict.fromkeys(found))

    def runs(
        self,
        name: str,
        protocols: Sequence[str] | None = None,
        models: Sequence[str] | None = None,
        *,
        networks: bool = False,
    ) -> Files:
        """Return a function that lists a file of every run of a dataset.

        Parameters
        ----------
        name : str
            `stage/file`; of a stage "*", the stage that fits the model: train for networks, evaluate for others.
        protocols : sequence of str or None
            None for that of the wildcard or, without one, each that the dataset names.
        models : sequence of str or None
            None for all that are run under a protocol.
        networks : bool
            Only networks, if `models` is None.
        """

        def files(wildcards: Wildcards) -> list[str]:
            own = wildcards.get("protocol")
            every = [own] if own else protocols_of(self.config, wildcards.dataset)
            return self._runs(wildcards.dataset, name, protocols or every, models, networks=networks)

        return files

    def _runs(
        self, dataset: str, name: str, protocols: Sequence[str], models: Sequence[str] | None, *, networks: bool
    ) -> list[str]:
        stage, _, file = name.partition("/")
        run_models = networks_of if networks else models_of
        found = []
        for protocol in protocols:
            for seed in runs_of(self.config, dataset, protocol):
                for model in models or run_models(self.config, protocol, dataset):
                    fitting = "train" if model in self.networks else "evaluate"
                    folder = f"results/{dataset}/{fitting if stage == '*' else stage}"
                    found.append(f"{folder}/{splits_of(self.config, protocol)}/{seed}/{model}/{file}")
        return list(dict.fromkeys(found))

    def built_protocols(self) -> list[str]:
        """Return the protocols that the default target builds for the chosen dataset."""
        return protocols_of(self.config, self.chosen) if self.config["evidence"] else [self.protocol]

    def built_runs(
        self, name: str, protocols: Sequence[str], models: Sequence[str] | None = None, *, networks: bool = False
    ) -> list[str]:
        """Return a file of every run of the chosen dataset under these protocols; arguments as for `runs`."""
        return self._runs(self.chosen, name, protocols, models, networks=networks)

    def built_splits(self, protocols: Sequence[str]) -> list[str]:
        """Return the splits of the chosen dataset under these protocols."""
        return self._splits(self.chosen, protocols)

    def run_file(self, wildcards: Wildcards, folder: str, name: str = "") -> str:
        """Return the path of a run's folder, or of a file in it, below `folder`."""
        parts = (folder, wildcards.dataset, wildcards.protocol, wildcards.seed, wildcards.model, name)
        return "/".join(filter(None, parts))

    def protocol_tables(self, name: str) -> Files:
        """Return a function that lists a table of every protocol of a dataset; of rows in two, the first counts."""
        return lambda wildcards: [
            f"results/{wildcards.dataset}/evaluate/{protocol}/{name}"
            for protocol in in_table_order(self.config, wildcards.dataset)
        ]

    def shown_run(self, name: str) -> File:
        """Return a function that names a file of the run that figures show, the first seed: `stage/file`."""
        return lambda wildcards: self.runs(name, [self.protocol], [self.model])(wildcards)[0]

    def shown_seed(self, dataset: str) -> int:
        """Return the seed of the run that figures show."""
        return runs_of(self.config, dataset, self.protocol)[0]

    def shown_split(self, wildcards: Wildcards) -> str:
        """Return the split of the run that figures show."""
        return f"data/{wildcards.dataset}/splits/{self.protocol}/{self.shown_seed(wildcards.dataset)}.csv"

    # Models

    def is_tagged(self, wildcards: Wildcards) -> bool:
        """Return whether the tracks of a dataset have several tags instead of one label."""
        return wildcards.dataset in self.tagged

    def network_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the front end and the settings of segment, network and training of a run."""
        settings = model_settings(self.config, wildcards.model, wildcards.dataset)
        return {"front_end": self.front_end, "tags": self.is_tagged(wildcards), **settings}

    def trained_like(self, wildcards: Wildcards) -> str | list[str]:
        """Return the history of the run that a network on shuffled labels is trained like."""
        like = self.config["models"][wildcards.model].get("shuffled_like")
        run = f"results/{wildcards.dataset}/train/{wildcards.protocol}/{wildcards.seed}"
        return f"{run}/{like}/history.csv" if like else []

    def threads(self, wildcards: Wildcards) -> int:
        """Return the number of processors that a baseline can use."""
        return int(self._constant(wildcards.model, "THREADS") or 1)

    def features(self, wildcards: Wildcards) -> list[str]:
        """Return the shards of the features that a model's module asks for."""
        features = self._constant(wildcards.model, "FEATURES")
        folder = f"data/{wildcards.dataset}/features/{features}"
        return [f"{folder}/shard-{shard}.csv" for shard in self.shards] if features else []

    def model_spectrograms(self, suffix: str) -> Files:
        """Return a function that lists the mel shards for a model whose module asks for no features."""
        shards = self.spectrograms(suffix)
        return lambda wildcards: (
            [] if self.features(wildcards) else [path.format(dataset=wildcards.dataset) for path in shards]
        )

    def module_code(self, kind: str) -> Files:
        """Return a function that lists the code of a module of `earfield.models` or `earfield.features`."""

        def files(wildcards: Wildcards) -> list[str]:
            name = wildcards.features if kind == "features" else self.config["models"][wildcards.model]["module"]
            return [os.path.relpath(path) for path in code_of(module_file(kind, name))]

        return files

    def all_features(self) -> list[str]:
        """Return all features that models use."""
        return sorted({self._constant(name, "FEATURES") for name in self.hand_made})

    def _constant(self, model: str, name: str) -> Any:
        return constant(module_file("models", self.config["models"][model]["module"]), name)

    # Claims

    def whole_track_runs(self, wildcards: Wildcards) -> list[str]:
        """Return the predictions of the network that sees the whole track, on the splits that figures show."""
        model = next((name for name in self.networks if model_settings(self.config, name)["network"]["context"]), None)
        own = [
            protocol
            for protocol in protocols_of(self.config, wildcards.dataset)
            if splits_of(self.config, protocol) == self.protocol
            and model in models_of(self.config, protocol, wildcards.dataset)
        ]
        return self.runs("evaluate/predictions.csv", own, [model])(wildcards) if own and model else []

    def claims_settings(self, wildcards: Wildcards) -> dict[str, Any]:
        """Return the settings of the claims: the shown run, baselines, controls, protocols."""
        names = protocols_of(self.config, wildcards.dataset)
        apart = [name for name in names if self.config["protocols"][name]["kind"] == "artist"]
        chance = [name for name in self.modules if self.config["models"][name]["module"] == "majority"]
        return {
            "source": self.config["datasets"][wildcards.dataset]["source"],
            "protocol": self.protocol,
            "model": self.model,
            "hand_made": self.hand_made,
            "controls": [*self.controls, *chance],
            "artists_apart": splits_of(self.config, apart[0]) if apart else None,
            "curves": learning_curves(self.config, wildcards.dataset),
        }
