from earfield.job import logged
from earfield.nulls import write_null

with logged(snakemake.log[0], snakemake.output):
    write_null(
        kind=snakemake.wildcards.null,
        filters_npz=snakemake.input.filters,
        filters_csv=snakemake.input.table,
        npz_path=snakemake.output.filters,
        csv_path=snakemake.output.table,
        seed=int(snakemake.wildcards.seed),
    )
