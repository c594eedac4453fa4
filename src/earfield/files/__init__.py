"""Files that appear under their final name only when whole; CSV and Markdown.

In: tables and text. Out: CSV (UTF-8, LF), JSON, Markdown.
Call `atomic.write_aside`, `tables.write_csv`, `tables.read_text_csv`.
"""
