"""The paper's claims and further claims, each with a verdict from the tables of all protocols.

In: the tables of the evaluation. Out: `claims.csv`, `claims.md`.
Call `paper_claims.write_claims`.
"""
