"""Verdicts on all sentences, from the tables of results. No number and no verdict is typed; only sentences and margins.

The paper: Dong (2018), "Convolutional Neural Network Achieves Human-level Accuracy in Music Genre Classification",
https://arxiv.org/abs/1802.09697.
"""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from earfield.claims.evidence import ClaimSettings, Evidence, Paths, read_evidence
from earfield.claims.measures import KINDS
from earfield.claims.page import claims_page
from earfield.claims.rules import RULES, UNDECIDED, Judged
from earfield.claims.sentences import Caveat, Sentence, read_sentences
from earfield.claims.wording import in_words
from earfield.files.atomic import write_aside
from earfield.files.tables import write_csv

_COLUMNS = [
    "claim", "sentence", "place", "measure", "value", "ci_low", "ci_high", "baseline", "n_tracks", "n_predictions",
    "seeds", "protocol", "verdict", "reason",
]  # fmt: skip
_UNITS = {"fraction": " [fraction]", "points": " [difference of fractions]", "number": ""}
_COUNTS = ("n_tracks", "n_predictions", "seeds")


@dataclass(frozen=True)
class Claim:
    """A sentence with its verdict.

    Attributes
    ----------
    sentence : Sentence
        What is claimed.
    protocol : str
        What the number was measured under.
    verdict : str
        One of `earfield.claims.rules.VERDICTS`.
    reason, baseline : str
        Why, in a sentence or two; what the number is compared with.
    value, ci_low, ci_high : float
        Our number and its 95% interval; NaN where there is none.
    counts : mapping
        Of `n_tracks, n_predictions, seeds` those that are known.
    """

    sentence: Sentence
    protocol: str
    verdict: str
    reason: str
    baseline: str
    value: float
    ci_low: float
    ci_high: float
    counts: Mapping[str, int]

    @property
    def number(self) -> str:
        """Our number with its interval, in words."""
        return in_words(self, unit=self.sentence.unit)


def write_claims(
    *,
    csv_path: str | os.PathLike[str],
    md_path: str | os.PathLike[str],
    dataset: str,
    sentences: str | os.PathLike[str],
    inputs: Mapping[str, Paths],
    settings: ClaimSettings,
) -> None:
    """Judge the sentences of a table by the results of one dataset.

    Parameters
    ----------
    csv_path : path-like
        Table to write, one row per claim: `claim, sentence, place` (in the paper), `measure` (what our number is),
        `value, ci_low, ci_high` (95%), `baseline` (what it is compared with), `n_tracks, n_predictions, seeds` (what it
        was measured on; empty where unknown), `protocol, verdict, reason`. What a claim needs and is not there makes
        the verdict "cannot be told from this data".
    md_path : path-like
        The same as a page, with every rule, the accuracies, the costs and what others reported.
    dataset : str
        Its name.
    sentences : path-like
        See `earfield.claims.sentences.read_sentences`.
    inputs : mapping of str to paths
        See `earfield.claims.evidence.read_evidence`.
    settings : ClaimSettings
        Whose results claims are judged by.

    Raises
    ------
    ConfigError
        If an entry of the table of sentences is wrong.
    DatasetError
        If a table of results lacks a column, or holds something else where a number should be.
    """
    table, caveats = read_sentences(sentences)
    evidence = read_evidence(dataset, inputs, settings)
    claims = judge(table, caveats, evidence)
    write_csv(claims_table(claims), csv_path)
    with write_aside(md_path) as aside:
        aside.write_text(claims_page(evidence, claims), encoding="utf-8")


def judge(sentences: Sequence[Sentence], caveats: Sequence[Caveat], evidence: Evidence) -> list[Claim]:
    """Judge every sentence, in their order; without those that are asked only of models that were run."""
    return [claim for each in sentences if (claim := _judged(each, caveats, evidence))]


def _judged(sentence: Sentence, caveats: Sequence[Caveat], evidence: Evidence) -> Claim | None:
    measured = KINDS[sentence.kind](evidence, **sentence.options)
    if measured is None:
        return None
    found, reason = measured.estimates, measured.undecided or measured.reason
    row = pd.Series({"value": math.nan, "ci_low": math.nan, "ci_high": math.nan}) if found.empty else found.iloc[0]
    verdict = UNDECIDED
    if not measured.undecided:
        margin = sentence.margin if measured.margin is None else measured.margin
        judged: Judged = RULES[sentence.rule].judge(found, margin)
        row = found.loc[judged.row]
        verdict = judged._replace(holds=judged.holds and measured.complete).verdict
        if len(found) > 1 and sentence.kind == "paired":
            reason += f" The comparison with {row['name']} decides."
        models = {row["name"], sentence.options.get("model")}
        reason += "".join(
            f" {each.text}" for each in caveats if each.model in models and each.source == evidence.settings.source
        )
    return Claim(
        sentence=sentence,
        protocol=measured.protocol,
        verdict=verdict,
        reason=reason,
        baseline=measured.baseline,
        value=float(row["value"]),
        ci_low=float(row["ci_low"]),
        ci_high=float(row["ci_high"]),
        counts={name: int(row[name]) for name in _COUNTS if name in found and not math.isnan(row[name])},
    )


def claims_table(claims: Sequence[Claim]) -> pd.DataFrame:
    """Return one row per claim, with the columns of `write_claims`."""
    lines = [
        vars(each.sentence) | vars(each) | dict(each.counts) | {"sentence": each.sentence.sentence}
        | {"measure": each.sentence.measure + _UNITS[each.sentence.unit]}
        for each in claims
    ]  # fmt: skip
    return pd.DataFrame(lines).reindex(columns=_COLUMNS).round(6).astype(dict.fromkeys(_COUNTS, "Int64"))
