"""Predictions to scores, tables and model cards.

In: `predictions.csv` of each run. Out: `metrics.json`, `MODEL_CARD.md`, tables of each protocol and of the dataset.
Call `score.write_metrics`, `model_card.write_card`, `protocol_tables.write_protocol_tables`.
"""
