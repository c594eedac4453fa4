"""DVC beside Snakemake: each accepts what the other has made.

In: `dvc.lock`, Snakemake's records, links to finished outputs. Out: the same, in step.
Call `stage.run_stage`, `dvc_sync.record`, `dvc_sync.adopt`.
"""
