from earfield.features.shards import write_features
from earfield.jobs.job import logged

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_features(
        features=snakemake.wildcards.features,
        tracks=snakemake.input.tracks,
        frames_path=snakemake.input.frames,
        index_path=snakemake.input.index,
        path=snakemake.output.features,
        front_end=snakemake.params.settings["front_end"],
    )
