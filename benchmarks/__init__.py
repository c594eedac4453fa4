"""Measurements of speed, memory and choices; each prints a table and writes it as CSV."""
