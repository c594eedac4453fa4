from earfield.job import logged
from earfield.score import write_confusion

with logged(snakemake.log[0], snakemake.output):
    write_confusion(snakemake.input.predictions, snakemake.output.data)
