"""What all rules share: a checked configuration, the lists it implies, and the word at a run's end."""

import os
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, os.path.join(workflow.basedir, "..", "src"))

from earfield.collection import fingerprint
from earfield.config import check_config
from earfield.errors import ConfigError
from earfield.job import let_jobs_import_package
from earfield.report import describe

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


def collection(wildcards):
    """Return the folder of audio that a rule makes, or none for songs of the user's own, which are never touched."""
    dataset = config["datasets"][wildcards.dataset]
    if dataset["source"] == "files":
        return []
    unpacked = os.path.expanduser(dataset.get("archive") or "")
    return unpacked if os.path.isdir(unpacked) else f"data/{wildcards.dataset}/audio"


def user_collection(wildcards):
    """Return the user's folder or CSV with its fingerprint, so that a changed song reruns what depends on it."""
    dataset = config["datasets"][wildcards.dataset]
    if dataset["source"] != "files":
        return None
    return {"path": dataset["path"], "fingerprint": fingerprint(dataset["path"])}


def all_runs(name):
    """Return the file of this name of every protocol, seed and model of a dataset."""

    def files(wildcards):
        return expand(
            "results/{dataset}/{protocol}/{seed}/cnn/{name}",
            dataset=wildcards.dataset,
            protocol=config["protocols"],
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
    print("\n" + describe(config["dataset"]))
