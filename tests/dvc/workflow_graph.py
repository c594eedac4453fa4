"""The workflow's graph, as Snakemake itself sees it."""

import contextlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """One job: paths relative to the repository root, and what it is given of the configuration."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    environment: str
    params: Mapping[str, Any]


def read_graph(config: Mapping[str, Any]) -> list[Job]:
    """Return every job of a configuration, done or not, that makes something."""
    from snakemake.api import SnakemakeApi
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(config=config),
            snakefile=Path("Snakefile"),
        )
        with contextlib.redirect_stdout(io.StringIO()):
            workflow.dag(DAGSettings(targets=set(), forceall=True)).summary()
        # No public call of Snakemake gives more than the names of jobs.
        jobs = [job for job in workflow._workflow.dag.jobs if job.output]
        return [
            Job(
                job.rule.name,
                tuple(map(str, job.input)),
                tuple(map(str, job.output)),
                f"workflow/envs/{Path(job.rule.conda_env).name}",
                dict(job.params.items()),
            )
            for job in sorted(jobs, key=lambda job: (job.rule.name, list(job.output)))
        ]
