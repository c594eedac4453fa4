"""The workflow's graph, as Snakemake itself sees it."""

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earfield.errors import EarfieldError

# One name everywhere: rules/<stage>.smk, rules <stage> and <stage>_<part>, the scripts, the milestone all_<stage>.
STAGES = ("tracks", "mel", "features", "splits", "train", "evaluate", "activations", "filters", "figures")
# What `snakemake evidence` makes beside them: the runs of other protocols, and what holds of the paper's sentences.
EVIDENCE = ("evidence", "claims")


_reading = False


def is_read() -> bool:
    """Return whether `read_graph` reads the rules now: it asks what there could be, whatever lies there."""
    return _reading


@dataclass(frozen=True)
class Job:
    """One job of the workflow.

    Attributes
    ----------
    rule : str
        Its rule.
    inputs, outputs : tuple of str
        Paths, relative to the project's folder.
    environment : str
        File of the conda environment.
    params : mapping
        What the rule is given of the configuration.
    """

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    environment: str
    params: Mapping[str, Any]

    @property
    def stage(self) -> str:
        """The stage that the rule's name begins with."""
        return self.rule.split("_")[0]


def read_graph(config: Mapping[str, Any] | None = None, *, evidence: bool = False) -> list[Job]:
    """Ask Snakemake for every job of the chosen dataset, whether it is done or not.

    Parameters
    ----------
    config : mapping or None
        Over `config.yaml` of the current folder, as after `--config`.
    evidence : bool
        Those of `snakemake evidence`, not of `snakemake` alone.

    Returns
    -------
    list of Job
        Those that make something, in the order of their rules' names and outputs.

    Raises
    ------
    EarfieldError
        If Snakemake refuses the configuration or the rules.
    """
    return sorted(
        (
            Job(
                job.rule.name,
                tuple(map(str, job.input)),
                tuple(map(str, job.output)),
                f"workflow/envs/{Path(job.rule.conda_env).name}",
                dict(job.params.items()),
            )
            for job in _jobs(config or {}, targets={"evidence"} if evidence else set())
            if job.output
        ),
        key=lambda job: (job.rule, job.outputs),
    )


def _jobs(config: Mapping[str, Any], *, targets: set[str]) -> Iterator[Any]:
    from snakemake.api import SnakemakeApi
    from snakemake.exceptions import WorkflowError
    from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

    global _reading
    _reading = True
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(config=config),
                snakefile=Path("Snakefile"),
            )
            with contextlib.redirect_stdout(io.StringIO()):
                workflow.dag(DAGSettings(targets=targets, forceall=True)).summary()
        except WorkflowError as error:
            raise EarfieldError(str(error)) from None
        finally:
            _reading = False
        # No public call of Snakemake gives more than the names of jobs.
        yield from workflow._workflow.dag.jobs
