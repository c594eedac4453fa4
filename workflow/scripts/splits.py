from earfield.jobs.job import logged
from earfield.splits.protocols import write_split

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_split(
        tracks=snakemake.input.tracks,
        duplicates=snakemake.input.duplicates,
        path=snakemake.output.split,
        report_path=snakemake.output.audit,
        seed=int(snakemake.wildcards.seed),
        **snakemake.params.settings,
    )
