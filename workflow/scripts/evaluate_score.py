from earfield.job import logged
from earfield.score import write_metrics

with logged(snakemake.log[0], snakemake.output):
    write_metrics(snakemake.input.predictions, snakemake.output.metrics)
