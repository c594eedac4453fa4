"""Predictions to scores, tables and model cards.

In: `predictions.csv` of each run. Out: `metrics.json`, `MODEL_CARD.md`, tables of each protocol.
Call `network_predictions`, `score.write_metrics`, `protocol_tables`, `dataset_tables`.
"""
