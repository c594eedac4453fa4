from earfield.figures.calibration import draw_calibration
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_calibration(snakemake.input.data, snakemake.output)
