from pathlib import Path

from earfield.figures.filters_data import write_filters_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    protocol, seed, model = Path(snakemake.input.table).parts[-4:-1]
    write_filters_data(
        filters_npz=snakemake.input.filters,
        filters_csv=snakemake.input.table,
        path=snakemake.output.data,
        dataset=snakemake.wildcards.dataset,
        protocol=protocol,
        seed=seed,
        model=model,
    )
