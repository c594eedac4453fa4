"""The paper's sentences and further ones, each with a verdict from the tables of all protocols.

In: `resources/claims.yaml`, the tables of the evaluation, predictions. Out: `claims.csv`, one row per sentence, and
`claims.md`. Call `judge.write_claims`; a new sentence is an entry of `claims.yaml`, a new kind of number a function of
`measures.py`, a new kind of verdict a rule of `rules.py`.
"""
