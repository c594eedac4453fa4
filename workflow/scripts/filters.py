from pathlib import Path

from earfield.configuration.settings import FilterSettings
from earfield.filters.estimate import write_filters
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_filters(
        dump=snakemake.input.dump,
        gradient=snakemake.input.gradient,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        folder=Path(snakemake.output.filters).parent,
        seed=int(snakemake.wildcards.seed),
        threads=snakemake.threads,
        settings=FilterSettings.parse(snakemake.params.settings),
    )
