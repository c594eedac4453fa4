"""The figures: what each shows is written to a file first, and drawn from that file alone."""
