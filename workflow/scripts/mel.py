from earfield.configuration.settings import MelSettings
from earfield.jobs.job import logged
from earfield.mel.log_mel import write_shard

with logged(snakemake.log[0], snakemake.output, snakemake.input):
    write_shard(
        tracks=snakemake.input.tracks,
        frames_path=snakemake.output.frames,
        index_path=snakemake.output.index,
        front_end=MelSettings.parse(snakemake.params.settings["front_end"]),
    )
