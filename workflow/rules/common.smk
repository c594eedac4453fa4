"""What all rules share: a checked configuration, the lists it implies, and the word at a run's end."""

import contextlib
import functools
import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

sys.path.insert(0, os.path.join(workflow.basedir, "..", "src"))

from earfield.tracks.audio_files import fingerprints
from earfield.configuration.check import check_config
from earfield.configuration.null_models import KERNEL_NULLS, is_null
from earfield.errors import ConfigError, EarfieldError
from earfield.versioning.graph import is_read
from earfield.versioning.dvc_sync import foreign_outputs, held_for_snakemake
from earfield.jobs.job import let_jobs_import_package
from earfield.configuration.run_grid import (
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
from earfield.configuration.code_dependencies import code_of, constant, module_file
from earfield.jobs.summary import describe_problems

let_jobs_import_package()

try:
    check_config(config, os.path.join(workflow.basedir, "schemas/config.schema.yaml"))
except ConfigError as error:
    raise WorkflowError(str(error))

# What DVC has put under the names of outputs is not what Snakemake has records of. Jobs that read the rules on other
# machines do not ask: outputs of jobs beside them may be on their way.
foreign = foreign_outputs() if workflow.is_main_process and not is_read() else []
if foreign and "DVC_STAGE" not in os.environ:
    shown = "".join(f"\n  {path}" for path in foreign[:10])
    raise WorkflowError(
        f"{len(foreign)} outputs are not those that Snakemake made here, but DVC's or another tool's, such as:{shown}\n"
        "Once everything is there (dvc pull, or dvc repro), say: earfield adopt. To build anew, remove them."
    )

SHARDS = [f"{shard:02d}" for shard in range(config["mel"]["shards"])]
SHOWN_MODEL = config["figures"]["model"]
SHOWN_PROTOCOL = config["figures"]["protocol"]
NETWORKS = networks(config)
MODULES = [name for name in config["models"] if name not in NETWORKS]
# Networks that no true label has shaped, and then kernels that no network learned.
NETWORK_NULLS = [
    name
    for name in networks_of(config, SHOWN_PROTOCOL, config["dataset"])
    if is_null(config["models"][name])
]
# Models on features: what the paper's "hand-made features" stand for.
HAND_MADE = [
    name
    for name in MODULES
    if constant(module_file("models", config["models"][name]["module"]), "FEATURES")
]
# The first network that sees the whole track as well: what the paper leaves as work to come.
WHOLE_TRACK = next(
    (name for name in NETWORKS if model_settings(config, name)["network"]["context"]),
    None,
)
# Models that know no more than chance does.
CONTROLS = NETWORK_NULLS + [
    name for name in MODULES if config["models"][name]["module"] == "majority"
]
NULLS = [*NETWORK_NULLS, *KERNEL_NULLS]
# The networks whose receptive fields are estimated.
ESTIMATED = [SHOWN_MODEL, *NETWORK_NULLS]
# Of each dataset that has such a model, its first run: protocol, seed, model.
DEEP_BELIEF = {
    dataset: (splits_of(config, protocol), runs_of(config, dataset, protocol)[0], model)
    for dataset in config["datasets"]
    for protocol in reversed(protocols_of(config, dataset))
    for model in reversed(models_of(config, protocol, dataset))
    if config["models"][model].get("module") == "cdbn"
}
FRONT_END = {key: value for key, value in config["mel"].items() if key != "shards"}


def datasets_from(source):
    """Return a pattern of the datasets with this source; it matches nothing if there is none."""
    names = [
        name
        for name, dataset in config["datasets"].items()
        if dataset["source"] == source
    ]
    return "|".join(names) or "(?!)"


TAGGED = [name for name in config["datasets"] if task_of(config, name) == "tags"]
ONE_LABEL = [name for name in config["datasets"] if name not in TAGGED]


def tagged(wildcards):
    """Return whether the tracks of a dataset have several tags instead of one label."""
    return wildcards.dataset in TAGGED


def source_settings(wildcards, leave_out=frozenset()):
    """Return what decides a dataset's songs: not its seeds, training or task, which must not remake them."""
    dataset = config["datasets"][wildcards.dataset]
    return {
        key: value
        for key, value in dataset.items()
        if key not in {"source", "seeds", "protocols", "train", "task", *leave_out}
    }


def own_path(wildcards):
    """Return the songs or the archive that the user has for a dataset, or None."""
    dataset = config["datasets"][wildcards.dataset]
    path = dataset.get("path") or dataset.get("archive")
    return os.path.expanduser(path) if path else None


def own_archive(wildcards):
    """Return the user's packed archive, whose change unpacks it again."""
    path = own_path(wildcards)
    return [path] if path and os.path.isfile(path) else []


@functools.cache
def fingerprints_of(path):
    """Return the fingerprints of the shards of a folder or CSV, which is looked through once for all of them."""
    return fingerprints(path, shards=config["mel"]["shards"])


def own_collection(wildcards):
    """Return the user's folder or CSV with the fingerprint of a shard, so that a changed song reruns that shard."""
    path = own_path(wildcards)
    dataset = config["datasets"][wildcards.dataset]
    if not path or (dataset["source"] == "gtzan" and os.path.isfile(path)):
        return None
    marks = fingerprints_of(path)
    # Tracks of GTZAN are not called by their paths, so that a file's shard is not known from outside.
    mark = marks if dataset["source"] == "gtzan" else marks[int(wildcards.shard)]
    return {"path": path, "fingerprint": mark}


def made_collection(wildcards):
    """Return the folder of audio that a rule makes, or none for songs of the user's own, which are never touched."""
    return [] if own_collection(wildcards) else f"data/{wildcards.dataset}/audio"


def runs(name, protocols=None, models=None, networks=False):
    """Return the file of this name of every run of a dataset.

    Of one protocol, that of a wildcard, or each that the dataset names; of these models, all that are run under a
    protocol, or its networks.
    """

    def files(wildcards):
        dataset = wildcards.dataset
        own = wildcards.get("protocol")
        of_all = [own] if own else protocols_of(config, dataset)
        run_models = networks_of if networks else models_of
        found = [
            f"results/{dataset}/{splits_of(config, protocol)}/{seed}/{model}/{name}"
            for protocol in protocols or of_all
            for seed in runs_of(config, dataset, protocol)
            for model in models or run_models(config, protocol, dataset)
        ]
        return list(dict.fromkeys(found))

    return files


def protocol_tables(name):
    """Return the table of this name of every protocol of a dataset; of rows that are in two, the first counts."""

    def files(wildcards):
        return [
            f"results/{wildcards.dataset}/{protocol}/{name}"
            for protocol in in_table_order(config, wildcards.dataset)
        ]

    return files


def shown_run(name):
    """Return the file of this name of the run that figures show: the first seed of a dataset."""

    def file(wildcards):
        dataset = wildcards.dataset
        seed = runs_of(config, dataset, SHOWN_PROTOCOL)[0]
        return f"results/{dataset}/{SHOWN_PROTOCOL}/{seed}/{SHOWN_MODEL}/{name}"

    return file


def shown_split(wildcards):
    """Return the split of the run that figures show."""
    seed = runs_of(config, wildcards.dataset, SHOWN_PROTOCOL)[0]
    return f"data/{wildcards.dataset}/splits/{SHOWN_PROTOCOL}/{seed}.csv"


def shown_title(wildcards):
    """Return what a page calls the run that it shows."""
    seed = runs_of(config, wildcards.dataset, SHOWN_PROTOCOL)[0]
    return f"{wildcards.dataset}, {SHOWN_PROTOCOL} split, seed {seed}, {SHOWN_MODEL}"


def settings(key):
    """Return the settings under this key, with what a dataset and a model put in their place."""
    return lambda wildcards: model_settings(config, wildcards.model, wildcards.dataset)[
        key
    ]


def trained_like(wildcards):
    """Return the history of the run that a network on shuffled labels is trained like."""
    like = config["models"][wildcards.model].get("shuffled_like")
    run = f"results/{wildcards.dataset}/{wildcards.protocol}/{wildcards.seed}"
    return f"{run}/{like}/history.csv" if like else []


def all_splits(wildcards):
    """Return every split of a dataset."""
    return [
        f"data/{wildcards.dataset}/splits/{protocol}/{seed}.csv"
        for protocol in protocols_of(config, wildcards.dataset)
        if splits_of(config, protocol) == protocol
        for seed in runs_of(config, wildcards.dataset, protocol)
    ]


def artists_apart(wildcards):
    """Return the first protocol of a dataset that keeps artists apart, or None."""
    names = protocols_of(config, wildcards.dataset)
    kept = [name for name in names if config["protocols"][name]["kind"] == "artist"]
    return kept[0] if kept else None


def whole_track_runs(wildcards):
    """Return the predictions of the network that sees the whole track, on the splits of the protocol that figures show."""
    own = [
        protocol
        for protocol in protocols_of(config, wildcards.dataset)
        if splits_of(config, protocol) == SHOWN_PROTOCOL
        and WHOLE_TRACK in models_of(config, protocol, wildcards.dataset)
    ]
    return runs("predictions.csv", own, [WHOLE_TRACK])(wildcards) if own else []


def split_file(wildcards):
    """Return the file that a protocol reads its split from, if it does."""
    path = config["protocols"][wildcards.protocol].get("path")
    return os.path.expanduser(path) if path else []


def said_by_module(wildcards, name):
    """Return a constant of a model's module, or None if it has no such one."""
    file = module_file("models", config["models"][wildcards.model]["module"])
    return constant(file, name)


def features_of(wildcards):
    """Return the name of the features that a model's module asks for, or None."""
    return said_by_module(wildcards, "FEATURES")


def feature_shards(wildcards):
    """Return the features that a model's module asks for."""
    return expand(
        "data/{dataset}/features/{features}/shard-{shard}.csv",
        dataset=wildcards.dataset,
        features=features_of(wildcards) or [],
        shard=SHARDS,
    )


def model_spectrograms(suffix):
    """Return the spectrograms of a model whose module asks for no features."""

    def files(wildcards):
        shard = f"data/{wildcards.dataset}/mel/shard-{{shard}}.{suffix}"
        return [] if features_of(wildcards) else expand(shard, shard=SHARDS)

    return files


def code(script):
    """Return a script of the workflow and the modules of the package that it runs."""
    path = os.path.join(workflow.basedir, "scripts", f"{script}.py")
    return [os.path.relpath(each) for each in (*code_of(Path(path)), path)]


def code_of_module(kind, name):
    """Return what a module of earfield.models or earfield.features runs: the rules name no module themselves."""
    return [os.path.relpath(path) for path in code_of(module_file(kind, name))]


def shown_runs(path, models):
    """Return a path for every run of the chosen dataset under the protocol that figures show, of these models."""
    return [
        path.format(
            dataset=config["dataset"], protocol=SHOWN_PROTOCOL, seed=seed, model=model
        )
        for seed in runs_of(config, config["dataset"], SHOWN_PROTOCOL)
        for model in models
    ]


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    protocol="|".join(config["protocols"]),
    model="|".join(config["models"]),
    null="|".join(KERNEL_NULLS),
    seed=r"\d+",
    shard=r"\d\d",


# DVC may not remove or commit anything while jobs run; those that DVC runs itself have its leave.
held = contextlib.ExitStack()


onstart:
    if "DVC_STAGE" not in os.environ:
        try:
            held.enter_context(held_for_snakemake())
        except EarfieldError as error:
            raise WorkflowError(str(error))


onerror:
    held.close()


onsuccess:
    held.close()
    print(describe_problems(config["dataset"]), end="")
