from earfield.job import logged
from earfield.mel import write_shard

with logged(snakemake.log[0]):
    write_shard(
        tracks=snakemake.input.tracks,
        shard=int(snakemake.wildcards.shard),
        frames_path=snakemake.output.frames,
        index_path=snakemake.output.index,
        **snakemake.params.mel,
    )
