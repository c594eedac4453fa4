from earfield.figures.learning_curve import draw_learning_curve
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_learning_curve(snakemake.input.data, snakemake.output)
