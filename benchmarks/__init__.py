"""Measurements of speed and memory, as ratios within one run, and of choices."""
