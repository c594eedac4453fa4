"""The stages of DVC, made from the workflow's graph: `dvc.yaml`."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from earfield.configuration.check import check_config
from earfield.configuration.null_models import is_control
from earfield.configuration.run_grid import models_of, protocols_of, runs_of, split_settings, task_of
from earfield.errors import EarfieldError
from earfield.files.atomic import write_aside
from earfield.tracks.audio_files import listed_folders
from earfield.versioning.graph import EVIDENCE, STAGES, Job, read_graph

DVC_YAML = Path("dvc.yaml")
# A download is a stage of its own: it is frozen once it has verified.
DOWNLOAD = "tracks_gtzan"
_DECIDE_FILES = ("shuffled_like", "module")  # settings of a model that decide what its jobs need
_DECIDE_SPLITS = ("kind", "of", "path")  # settings of a protocol that decide which files it has and needs
_RESTORE = "restore it, perhaps from git."
_MENDS = {"dvc.yaml": "remove it, then say: earfield stages (and `dvc freeze tracks_gtzan` if that was frozen)."}
_HEAD = """\
# Made by `earfield stages` from the workflow's graph and config.yaml; after a change of either, run it again.
# Each stage is a part of the workflow: DVC knows what goes in and what comes out, Snakemake what of it is to be made.
# DVC removes what a stage made before it runs the stage; `earfield restore` puts it back, so that Snakemake makes
# again only what is no longer right.
"""


def describe_stages(
    config: Mapping[str, Any], jobs: Sequence[Job], *, evidence: Sequence[Job] = (), frozen: Iterable[str] = ()
) -> dict[str, Any]:
    """Describe the stages, as DVC reads them.

    Parameters
    ----------
    config : mapping
        As in `config.yaml`.
    jobs : sequence of Job
        From `read_graph`.
    evidence : sequence of Job
        Those of the evidence; without them it has no stages.
    frozen : iterable of str
        Stages that DVC leaves alone.

    Returns
    -------
    dict
        The content of `dvc.yaml`.
    """
    known = {job.outputs for job in jobs}
    stages = {}
    for name in (DOWNLOAD, *STAGES, *EVIDENCE):
        own = [job for job in jobs if _stage(job) == name]
        own += [job for job in evidence if job.outputs not in known and _stage_of_evidence(job) == name]
        if own:
            stages[name] = _stage_entry(name, own, config) | ({"frozen": True} if name in frozen else {})
    first = next(iter(stages.values()))
    first["meta"] = {"made_for": digest(config, evidence=bool(evidence))}
    return {"stages": stages, **_shown(config)}


def write_stages(*, evidence: bool | None = None) -> None:
    """Write `dvc.yaml` of the project in the current folder; what was frozen stays frozen.

    Parameters
    ----------
    evidence : bool or None
        Whether what `snakemake evidence` makes has stages too; None for what the file says now.

    Raises
    ------
    EarfieldError
        If the configuration or the rules are refused.
    """
    config = read_config()
    wanted = _has_evidence(_stages_there()) if evidence is None else evidence
    jobs_of_evidence = read_graph(evidence=True) if wanted else []
    content = describe_stages(config, read_graph(), evidence=jobs_of_evidence, frozen=frozen_stages())
    with write_aside(DVC_YAML) as aside:
        aside.write_text(_HEAD + yaml.safe_dump(content, sort_keys=False, width=120, allow_unicode=True), "utf-8")


def read_stages() -> dict[str, Any]:
    """Read `dvc.yaml` and make sure that it is made for the present configuration.

    Returns
    -------
    dict
        Each stage's entry by its name.

    Raises
    ------
    EarfieldError
        If there is none, or it was made for other datasets, seeds, models, protocols, shards or figures.
    """
    config = read_config()
    if not DVC_YAML.exists():
        raise EarfieldError("There is no dvc.yaml in this folder; make it with: earfield stages")
    stages = read_yaml(DVC_YAML).get("stages", {})
    made_for = {stage["meta"]["made_for"] for stage in stages.values() if "meta" in stage}
    if made_for != {digest(config, evidence=_has_evidence(stages))}:
        raise EarfieldError(
            "dvc.yaml was made for another config.yaml: its dataset, seeds, models, protocols, shards or shown figures "
            "are others; bring it up to date with: earfield stages"
        )
    return stages


def outputs_of(stage: Mapping[str, Any]) -> list[str]:
    """Return the paths that a stage's entry says it makes."""
    return [next(iter(out)) if isinstance(out, Mapping) else out for out in stage["outs"]]


def frozen_stages() -> list[str]:
    """Return the stages that `dvc.yaml` says are frozen, or none if there is no such file."""
    return [name for name, stage in _stages_there().items() if stage.get("frozen")]


def _stages_there() -> dict[str, Any]:
    stages: dict[str, Any] = read_yaml(DVC_YAML).get("stages", {}) if DVC_YAML.exists() else {}
    return stages


def _has_evidence(stages: Mapping[str, Any]) -> bool:
    return not set(EVIDENCE).isdisjoint(stages)


def read_config() -> dict[str, Any]:
    """Read and check `config.yaml`, which is all the configuration that DVC knows."""
    if not Path("Snakefile").exists():
        raise EarfieldError(f"{Path.cwd()} is no folder of the project (it has no Snakefile); go to one.")
    config = read_yaml(Path("config.yaml"))
    check_config(config, Path("workflow", "schemas", "config.schema.yaml"))
    return config


def digest(config: Mapping[str, Any], *, evidence: bool = False) -> str:
    """Return a hash of what decides which files there are, and so which stages, those of the evidence or not."""
    dataset, shown = config["datasets"][config["dataset"]], config["figures"]["protocol"]
    others = protocols_of(config, config["dataset"]) if evidence else []
    shape = {
        "dataset": config["dataset"],
        "source": [dataset["source"], dataset.get("path"), dataset.get("archive"), sorted(dataset)],
        "runs": runs_of(config, config["dataset"], shown),
        "models": {
            name: [*(config["models"][name].get(key) for key in _DECIDE_FILES), is_control(config["models"][name])]
            for protocol in (shown, *others)
            for name in models_of(config, protocol, config["dataset"])
        },
        "shards": config["mel"]["shards"],
        "file": config["protocols"][shown].get("path"),
        "shown": [shown, config["figures"]["model"]],
    }
    if evidence:
        shape["evidence"] = {
            protocol: [
                runs_of(config, config["dataset"], protocol),
                models_of(config, protocol, config["dataset"]),
                [config["protocols"][protocol].get(key) for key in _DECIDE_SPLITS],
            ]
            for protocol in others
        }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:16]


def config_keys(stage: str, config: Mapping[str, Any]) -> list[str]:
    """Return the keys of the configuration that a stage's rules are given.

    Parameters
    ----------
    stage : str
        Its name.
    config : mapping
        As in `config.yaml`.

    Returns
    -------
    list of str
        With dots between levels; a key stands for all below it.
    """
    name = config["dataset"]
    dataset = config["datasets"][name]
    no_songs = {"seeds", "protocols", "train", "task", "mirrors"}
    songs = [f"datasets.{name}.{key}" for key in dataset if key not in no_songs]
    task = [f"datasets.{name}.task"] if "task" in dataset else []
    tags = task if task_of(config, name) == "tags" else []
    front_end = [f"mel.{key}" for key in config["mel"] if key != "shards"]
    shown = config["figures"]["protocol"]
    splitting = [f"protocols.{shown}.{key}" for key in split_settings(config, shown)]
    training = [
        "segment",
        "network",
        "train",
        "models",
        *tags,
        *([f"datasets.{name}.train"] if "train" in dataset else []),
    ]
    keys = {
        DOWNLOAD: songs,
        "tracks": [*songs, *task, "mel.sample_rate", "mel.hop_length", "mel.shards", "segment.frames", "tracks"],
        "mel": front_end,
        "features": front_end,
        "splits": ["mel.sample_rate", "mel.hop_length", *splitting, *tags],
        "train": [*front_end, *training],
        "evaluate": [f"datasets.{name}.source", *front_end, *training],
        "activations": [*front_end, "activations"],
        "filters": ["filters", "figures.model", "models"],
        "figures": [*front_end, "segment.frames", "activations.overlap", "figures", "models"],
        "evidence": [*front_end, *training, "protocols"],
        "claims": [*front_end, "figures", "models", "protocols"],
    }
    return keys[stage]


def _stage(job: Job) -> str:
    return DOWNLOAD if job.rule == DOWNLOAD else job.stage


def _stage_of_evidence(job: Job) -> str:
    """Return the stage of a job that only the evidence needs."""
    return "claims" if job.stage in {"claims", "figures"} else "evidence"


def _stage_entry(name: str, jobs: Sequence[Job], config: Mapping[str, Any]) -> dict[str, Any]:
    outputs = sorted({path for job in jobs for path in job.outputs})
    inputs = {path for job in jobs for path in job.inputs} - set(outputs)
    inputs |= {job.environment for job in jobs}
    if name == "tracks":
        inputs |= _own_songs(config)
    rules = " ".join(sorted({job.rule for job in jobs}))
    target = outputs[0] if name == DOWNLOAD else f"all_{name}"
    allowed = rules if name == DOWNLOAD else f"{rules} {target}"
    command = [f"earfield restore {name}", f"snakemake --allowed-rules {allowed} -- {target}"]
    if name == DOWNLOAD:
        command.append(f"dvc freeze {name}")
    return {
        "cmd": command,
        "deps": sorted(inputs),
        "params": [{"config.yaml": config_keys(name, config)}],
        "outs": outputs,
    }


def _own_songs(config: Mapping[str, Any]) -> set[str]:
    """Return where songs of the user's own lie: their folder, or a CSV and the folders of what it lists."""
    dataset = config["datasets"][config["dataset"]]
    path = dataset.get("path") or dataset.get("archive")
    if not path:
        return set()
    path = os.path.expanduser(path)
    if dataset["source"] == "gtzan" and os.path.isfile(path):  # an archive: what it is unpacked to is an output
        return set()
    return {path, *listed_folders(path)} if path.lower().endswith(".csv") else {path}


def _shown(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what DVC shows of the results: metrics, plots and the model."""
    results, figures = f"results/{config['dataset']}", config["figures"]
    seed = runs_of(config, config["dataset"], figures["protocol"])[0]
    run = f"{figures['protocol']}/{seed}/{figures['model']}"
    curves = {"x": "epoch", "x_label": "epoch"}
    shown: dict[str, Any] = {
        "metrics": [f"{results}/evaluate/{figures['protocol']}/summary.json"],
        "plots": [
            {
                "confusion": {
                    "template": "confusion",
                    "x": "predicted",
                    "y": {f"{results}/evaluate/{run}/predictions.csv": "label"},
                    "title": f"Tracks by true and predicted label, {figures['model']}, seed {seed}",
                    "x_label": "predicted",
                    "y_label": "true",
                }
            },
            {
                "loss": curves
                | {
                    "y": {f"{results}/train/{run}/history.csv": ["train_loss", "validation_loss"]},
                    "y_label": "loss (nat)",
                    "title": f"Loss, {figures['model']}, seed {seed}",
                }
            },
            {
                "accuracy": curves
                | {
                    "y": {f"{results}/train/{run}/history.csv": ["train_accuracy", "validation_accuracy"]},
                    "y_label": "accuracy",
                    "title": f"Accuracy, {figures['model']}, seed {seed}",
                }
            },
            {
                "accuracy by model": {
                    "template": "workflow/report/accuracy.vl.json",
                    "x": "accuracy",
                    "y": {f"{results}/evaluate/{figures['protocol']}/summary.csv": "model"},
                    "title": f"Accuracy by model, {figures['protocol']}",
                }
            },
        ],
        "artifacts": {
            f"{config['dataset']}-{figures['model']}".lower().replace("_", "-"): {
                "path": f"{results}/train/{run}/model.keras",
                "type": "model",
                "desc": f"{figures['model']}, {figures['protocol']} split, seed {seed}; see MODEL_CARD.md beside it",
            }
        },
    }
    if task_of(config, config["dataset"]) == "tags":  # tracks with several tags have no confusion or accuracy
        shown["plots"] = [plot for plot in shown["plots"] if "loss" in plot]
    return shown


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file of the project, or say in a sentence why it cannot be read."""
    try:
        with open(path, encoding="utf-8") as file:
            content = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (OSError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        raise EarfieldError(f"{path} cannot be read ({reason}); {_MENDS.get(path.name, _RESTORE)}") from None
    if not isinstance(content, dict):
        raise EarfieldError(f"{path} holds no keys; {_MENDS.get(path.name, _RESTORE)}")
    return content
