"""What all jobs of the workflow have in common: log, exit status, cost, the summary at the end.

In: the `snakemake` object of a script. Out: a log file, `cost.json`, text on the terminal.
Call `job.logged`, `resource_usage.cost_written`, `summary.describe`.
"""
