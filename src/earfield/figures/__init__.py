"""The figures: the data of each is written to a file first, and drawn from that file alone.

In: predictions, filters, networks, tables. Out: `.npz` or `.csv` of the data, `.pdf` and `.png`; figure 5 also `.html`.
Call `registry.load` on an entry of `registry.FIGURES`.
"""
