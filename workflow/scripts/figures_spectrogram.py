from earfield.figures.spectrogram import draw_spectrogram
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    draw_spectrogram(snakemake.input.data, snakemake.output)
