from earfield.jobs.job import logged
from earfield.tracks.gtzan import listing
from earfield.tracks.table import list_songs, write_tracks_shard

with logged(snakemake.log[0], snakemake.output):
    own = snakemake.params.own
    of_shard = {"shard": int(snakemake.wildcards.shard), "shards": snakemake.params.shards}
    if snakemake.params.source == "gtzan":
        folder = own["path"] if own else snakemake.input.audio
        songs = listing(folder, snakemake.input.facts, n_threads=1, **of_shard)
    elif snakemake.params.source == "demo":
        songs = list_songs(f"{snakemake.input.audio}/tracks.csv", tags=snakemake.params.tags)
    else:
        songs = list_songs(own["path"], tags=snakemake.params.tags)
    write_tracks_shard(
        songs,
        snakemake.output.tracks,
        sample_rate=snakemake.params.sample_rate,
        hop_length=snakemake.params.hop_length,
        frames=snakemake.params.frames,
        tags=snakemake.params.tags,
        **of_shard,
    )
