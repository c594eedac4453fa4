from earfield.filters.estimate import write_filters
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_filters(
        dump=snakemake.input.dump,
        gradient=snakemake.input.gradient,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        npz_path=snakemake.output.filters,
        csv_path=snakemake.output.table,
        gradients_path=snakemake.output.gradients,
        seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
        **snakemake.params.settings,
    )
