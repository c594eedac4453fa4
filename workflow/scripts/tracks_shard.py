from earfield.jobs.job import logged
from earfield.tracks.gtzan import listing
from earfield.tracks.table import list_songs, write_tracks_shard

settings = snakemake.params.settings
with logged(snakemake.log[0], snakemake.output, snakemake.input):
    own = settings["own"]
    of_shard = {"shard": int(snakemake.wildcards.shard), "shards": settings["shards"]}
    if settings["source"] == "gtzan":
        folder = own["path"] if own else snakemake.input.audio
        songs = listing(folder, snakemake.input.facts, n_threads=1, **of_shard)
    elif settings["source"] == "demo":
        songs = list_songs(f"{snakemake.input.audio}/tracks.csv", tags=settings["tags"])
    else:
        songs = list_songs(own["path"], tags=settings["tags"])
    write_tracks_shard(
        songs,
        snakemake.output.tracks,
        sample_rate=settings["sample_rate"],
        hop_length=settings["hop_length"],
        frames=settings["frames"],
        tags=settings["tags"],
        **of_shard,
    )
