"""DVC beside Snakemake: each accepts what the other has made.

In: `dvc.yaml`, `dvc.lock`, Snakemake's records. Out: the same, in step.
Call `dvc_sync.record`, `dvc_sync.adopt`, `dvc_sync.restore`.
"""
