from earfield.job import logged
from earfield.tag_scores import write_tag_metrics

with logged(snakemake.log[0], snakemake.output):
    write_tag_metrics(snakemake.input.predictions, snakemake.output.metrics)
