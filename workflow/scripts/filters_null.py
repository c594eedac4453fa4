from earfield.filters.null_kernels import write_null
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_null(
        kind=snakemake.wildcards.null,
        filters_npz=snakemake.input.filters,
        filters_csv=snakemake.input.table,
        npz_path=snakemake.output.filters,
        csv_path=snakemake.output.table,
        seed=int(snakemake.wildcards.seed),
    )
