from earfield.jobs.job import logged
from earfield.splits.duplicates import write_duplicates

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_duplicates(
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        path=snakemake.output.duplicates,
        workers=snakemake.threads,
        **snakemake.params.settings,
    )
