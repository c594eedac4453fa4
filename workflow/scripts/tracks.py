from earfield.gtzan import listing
from earfield.job import logged
from earfield.tracks import list_songs, write_tracks

with logged(snakemake.log[0]):
    if snakemake.params.source == "gtzan":
        own = snakemake.params.own
        songs = listing(own["path"] if own else snakemake.input.audio, snakemake.input.facts)
    elif snakemake.params.source == "demo":
        songs = list_songs(f"{snakemake.input.audio}/tracks.csv")
    else:
        songs = list_songs(snakemake.params.own["path"])
    write_tracks(
        songs,
        snakemake.output.tracks,
        sample_rate=snakemake.params.sample_rate,
        hop_length=snakemake.params.hop_length,
        frames=snakemake.params.frames,
        max_unusable=snakemake.params.max_unusable,
        workers=snakemake.threads,
    )
