from earfield.figures.accuracy import draw_accuracy
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_accuracy(snakemake.input.data, snakemake.output)
