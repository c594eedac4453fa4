from earfield.job import logged
from earfield.splits import write_split

with logged(snakemake.log[0], snakemake.output):
    write_split(
        tracks=snakemake.input.tracks,
        path=snakemake.output.split,
        seed=int(snakemake.wildcards.seed),
        **snakemake.params.protocol,
    )
