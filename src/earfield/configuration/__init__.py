"""Checks of the configuration, and the runs that it defines.

In: `config.yaml` as a mapping. Out: one sentence per mistake; lists of protocols, seeds and models.
Call `check.check_config`, `run_grid.runs_of`, `run_grid.models_of`.
"""
