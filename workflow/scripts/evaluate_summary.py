from earfield.job import logged
from earfield.score import summarize

with logged(snakemake.log[0], snakemake.output):
    summarize(
        snakemake.input.predictions,
        tracks=snakemake.input.tracks,
        csv_path=snakemake.output.table,
        json_path=snakemake.output.facts,
    )
