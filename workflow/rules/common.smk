"""What all rules share: a checked configuration, the lists it implies, and the word at a run's end."""

import os
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, os.path.join(workflow.basedir, "..", "src"))

from earfield.collection import fingerprint
from earfield.config import check_config
from earfield.errors import ConfigError
from earfield.job import let_jobs_import_package
from earfield.report import describe_problems

let_jobs_import_package()

try:
    check_config(config, os.path.join(workflow.basedir, "schemas/config.schema.yaml"))
except ConfigError as error:
    raise WorkflowError(str(error))

SHARDS = [f"{shard:02d}" for shard in range(config["mel"]["shards"])]
FRONT_END = {key: value for key, value in config["mel"].items() if key != "shards"}


def datasets_from(source):
    """Return a pattern of the datasets with this source; it matches nothing if there is none."""
    names = [
        name
        for name, dataset in config["datasets"].items()
        if dataset["source"] == source
    ]
    return "|".join(names) or "(?!)"


def source_settings(wildcards, leave_out=frozenset()):
    """Return what decides a dataset's songs: not its seeds nor its training, which must not remake them."""
    dataset = config["datasets"][wildcards.dataset]
    return {
        key: value
        for key, value in dataset.items()
        if key not in {"source", "seeds", "train", *leave_out}
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


def own_collection(wildcards):
    """Return the user's folder or CSV with its fingerprint, so that a changed song reruns what depends on it."""
    path = own_path(wildcards)
    dataset = config["datasets"][wildcards.dataset]
    if not path or (dataset["source"] == "gtzan" and os.path.isfile(path)):
        return None
    return {"path": path, "fingerprint": fingerprint(path)}


def made_collection(wildcards):
    """Return the folder of audio that a rule makes, or none for songs of the user's own, which are never touched."""
    return [] if own_collection(wildcards) else f"data/{wildcards.dataset}/audio"


def all_runs(name, protocols=tuple(config["protocols"])):
    """Return the file of this name of every seed and model of a dataset, under these protocols."""

    def files(wildcards):
        return expand(
            "results/{dataset}/{protocol}/{seed}/cnn/{name}",
            dataset=wildcards.dataset,
            protocol=protocols,
            seed=config["datasets"][wildcards.dataset]["seeds"],
            name=name,
        )

    return files


wildcard_constraints:
    dataset="|".join(config["datasets"]),
    protocol="|".join(config["protocols"]),
    seed=r"\d+",
    shard=r"\d\d",


onsuccess:
    print(describe_problems(config["dataset"]), end="")
