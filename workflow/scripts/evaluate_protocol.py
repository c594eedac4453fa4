from earfield.evaluate.protocol_tables import write_protocol_tables
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_protocol_tables(
        predictions=snakemake.input.predictions,
        excerpts=snakemake.input.excerpts,
        tracks=snakemake.input.tracks,
        paths=dict(snakemake.output.items()),
    )
