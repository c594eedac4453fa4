"""What all rules share: a checked configuration, the lists it implies, and the word at a run's end."""

import contextlib
import functools
import os
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, os.path.join(workflow.basedir, "..", "src"))

from earfield.collection import fingerprints
from earfield.config import check_config
from earfield.errors import ConfigError, EarfieldError
from earfield.graph import is_read
from earfield.handshake import foreign_outputs, held_for_snakemake
from earfield.job import let_jobs_import_package
from earfield.models import KERNEL_NULLS, is_null
from earfield.report import describe_problems

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
# Networks that no true label has shaped, and then kernels that no network learned.
NETWORK_NULLS = [name for name, model in config["models"].items() if is_null(model)]
NULLS = [*NETWORK_NULLS, *KERNEL_NULLS]
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


def all_runs(
    name, protocols=tuple(config["protocols"]), models=tuple(config["models"])
):
    """Return the file of this name of every seed of a dataset, under these protocols and of these models."""

    def files(wildcards):
        return expand(
            "results/{dataset}/{protocol}/{seed}/{model}/{name}",
            dataset=wildcards.dataset,
            protocol=protocols,
            seed=config["datasets"][wildcards.dataset]["seeds"],
            model=models,
            name=name,
        )

    return files


def shown_run(name):
    """Return the file of this name of the run that figures show: the first seed of a dataset."""

    def file(wildcards):
        figures, dataset = config["figures"], wildcards.dataset
        seed = config["datasets"][dataset]["seeds"][0]
        return (
            f"results/{dataset}/{figures['protocol']}/{seed}/{figures['model']}/{name}"
        )

    return file


def shown_split(wildcards):
    """Return the split of the run that figures show."""
    seed = config["datasets"][wildcards.dataset]["seeds"][0]
    return f"data/{wildcards.dataset}/splits/{config['figures']['protocol']}/{seed}.csv"


def shown_title(wildcards):
    """Return what a page calls the run that it shows."""
    seed = config["datasets"][wildcards.dataset]["seeds"][0]
    return f"{wildcards.dataset}, {config['figures']['protocol']} split, seed {seed}, {SHOWN_MODEL}"


def training_settings(wildcards):
    """Return the settings of a model's training on a dataset."""
    dataset = config["datasets"][wildcards.dataset].get("train", {})
    return (
        config["train"] | dataset | config["models"][wildcards.model].get("train", {})
    )


def trained_like(wildcards):
    """Return the history of the run that a network on shuffled labels is trained like."""
    like = config["models"][wildcards.model].get("shuffled_like")
    run = f"results/{wildcards.dataset}/{wildcards.protocol}/{wildcards.seed}"
    return f"{run}/{like}/history.csv" if like else []


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
