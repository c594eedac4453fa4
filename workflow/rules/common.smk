"""Common part of all rules: the checked configuration, derived inputs, and messages at start and end."""

import contextlib
import os
import sys

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

sys.path.insert(0, os.path.join(workflow.basedir, "src"))

from earfield.configuration.check import check_config
from earfield.configuration.null_models import NULL_KERNELS
from earfield.configuration.run_grid import in_file_order, protocols_of
from earfield.errors import EarfieldError
from earfield.figures.registry import FIGURES
from earfield.jobs.figure_inputs import FigureInputs
from earfield.jobs.inputs import Inputs, code, in_order, pattern
from earfield.jobs.job import prepare_environment_of_jobs
from earfield.jobs.old_layout import old_results
from earfield.jobs.summary import describe
from earfield.versioning.dvc_sync import foreign_outputs, held_for_snakemake
from earfield.versioning.tools import read_yaml

prepare_environment_of_jobs()

try:
    if os.path.exists("config.yaml"):
        config.update(in_file_order(config, read_yaml("config.yaml")))
    check_config(
        config, os.path.join(workflow.basedir, "workflow/schemas/config.schema.yaml")
    )
    # Output files written by DVC do not match Snakemake's records. Only the main process checks: on other machines,
    # outputs of concurrent jobs may be incomplete.
    foreign = foreign_outputs() if workflow.is_main_process else []
except EarfieldError as error:
    raise WorkflowError(str(error))

if foreign and "DVC_STAGE" not in os.environ:
    shown = "".join(f"\n  {path}" for path in foreign[:10])
    raise WorkflowError(
        f"{len(foreign)} outputs were written by DVC or another tool, not by Snakemake, such as:{shown}\n"
        "If they are complete (after dvc pull or dvc repro), run: earfield adopt. To build them again, remove them."
    )

# One training at a time, unless --resources or a profile sets the number of GPUs.
if "gpu" not in workflow.global_resources:
    workflow.register_resource("gpu", 1)

INPUTS = Inputs(config)
FIGURE_INPUTS = FigureInputs(INPUTS)


def with_controls(files):
    """Refuse to judge claims without the controls, which tables then leave out."""
    if not INPUTS.with_fields:
        raise WorkflowError(
            f"The evidence of '{INPUTS.chosen}' needs the controls, which its tables leave out; run: "
            "snakemake --config evidence=true"
        )
    return files


wildcard_constraints:
    dataset=pattern(config["datasets"]),
    protocol=pattern(config["protocols"]),
    model=pattern(config["models"]),
    null=pattern(NULL_KERNELS),
    figure=pattern(FIGURES),
    seed=r"\d+",
    shard=r"\d\d",


# DVC must not remove or commit files while jobs run, except in runs that DVC started.
held = contextlib.ExitStack()


onstart:
    if found := old_results(config):
        logger.warning(found)
    if "DVC_STAGE" not in os.environ:
        try:
            held.enter_context(held_for_snakemake())
        except EarfieldError as error:
            raise WorkflowError(str(error))


onerror:
    held.close()


onsuccess:
    held.close()
    print(describe(config["dataset"]))
