from earfield.jobs.job import logged
from earfield.tracks.table import write_tracks

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_tracks(snakemake.input.shards, snakemake.output.tracks, **snakemake.params.settings)
