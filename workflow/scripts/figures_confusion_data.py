from earfield.evaluate.score import write_confusion
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_confusion(snakemake.input.predictions, snakemake.output.data)
