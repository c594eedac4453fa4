"""Collections of songs as one table: GTZAN, the demo, folders and CSV files of one's own.

In: an archive, a folder or a CSV. Out: `data/{dataset}/tracks/tracks.csv`, one row per track.
Call `table.list_songs`, `table.write_tracks_shard`, `gtzan.listing`.
"""
