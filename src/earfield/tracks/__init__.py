"""Collections of songs as one table: GTZAN, the demo, and the user's own folders or CSV files.

In: an archive, a folder or a CSV. Out: `data/{dataset}/tracks/tracks.csv`, one row per track.
Call `table.list_songs`, `table.write_tracks_shard`, `gtzan.listing`.
"""
