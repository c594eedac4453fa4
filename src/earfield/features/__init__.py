"""What models hear of a song: each a module with one function, `describe`; see `earfield.features.shards`."""
