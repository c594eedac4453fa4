"""Common part of all jobs of the workflow: inputs, log, exit status, cost, and the summary of a run.

In: the `snakemake` object of a script. Out: a log file, `cost.json`, text on the terminal.
Call `job.logged`, `resource_usage.cost_written`, `summary.describe`.
"""
