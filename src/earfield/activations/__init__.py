"""Activations of one layer over all tracks, and the mean gradient of each unit.

In: a network and mel shards. Out: float32 chunks [shape=(n_rows, n_positions, n_units)] with an index, `gradient.npz`.
Call `dump.dump_activations` and `dump.write_gradient`; `store.ActivationDump` reads.
"""
