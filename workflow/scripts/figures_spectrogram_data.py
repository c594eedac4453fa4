from earfield.figures.spectrogram_data import write_spectrogram_data
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output):
    write_spectrogram_data(
        tracks=snakemake.input.tracks,
        frames_paths=snakemake.input.frames,
        index_paths=snakemake.input.index,
        path=snakemake.output.data,
        front_end=snakemake.params.front_end,
        frames=snakemake.params.frames,
        **snakemake.params.figure,
    )
