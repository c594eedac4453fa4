"""Claims that the paper does not make, on what its numbers mean: chance, artists, more songs, calibration."""

import math
from typing import Any

import numpy as np
import pandas as pd

from earfield.claims.evidence import BEYOND, Claim, Evidence, Question, in_words, rows
from earfield.claims.verdicts import (
    ABOVE_ALL,
    MODERATE,
    SMALL,
    above_all,
    first,
    found_in,
    pairs_in_words,
    position,
    untold,
    verdict,
)
from earfield.files.markdown import counted, percent
from earfield.statistics.intervals import Estimate
from earfield.statistics.proportions import NORMAL_95


def own_claims(evidence: Evidence) -> list[Claim]:
    """Judge what is asked of the network beyond the paper, always the same claims in the same order.

    Parameters
    ----------
    evidence : Evidence
        The results of one dataset.

    Returns
    -------
    list of Claim
    """
    questions = (_learned, _learned_apart, _artists_apart, _still_rising, _calibrated)
    return [question(evidence) for question in questions]


def _learned(evidence: Evidence) -> Claim:
    """Judge whether the network knows more than chance; see `_above_controls`."""
    sentence = "The network has learned genres: it beats models that know no more than chance does."
    return _above_controls(evidence, evidence.protocol, claim="learned", sentence=sentence)


def _learned_apart(evidence: Evidence) -> Claim:
    """Judge whether it knows more than chance of artists that it was not trained on; see `_above_controls`."""
    sentence = "Genres, not artists: it beats those models on artists that it was not trained on as well."
    return _above_controls(evidence, evidence.artists_apart, claim="learned_apart", sentence=sentence)


def _above_controls(evidence: Evidence, protocol: str | None, *, claim: str, sentence: str) -> Claim:
    """Judge whether the network is better than every control under a protocol.

    Holds if it surely beats every control; does not if there is one that it does not surely beat, and surely not by the
    margin.
    """
    question = Question(
        claim,
        sentence,
        BEYOND,
        "accuracy less that of the control that is hardest to beat, same tests",
        "points",
        ABOVE_ALL,
    )
    if protocol is None:
        return untold(question, evidence, "There is no protocol that keeps artists apart.")
    table = evidence.shown(evidence.paired, protocol=protocol)
    table = table[table.other.isin(evidence.controls)].dropna(subset=["low", "high"])
    if table.empty:
        return untold(
            question,
            evidence,
            f"No control was run beside {evidence.model} under {protocol}, or none of them has an interval.",
        )
    row, holds, fails = above_all(table)
    found = found_in(row, "difference", protocol)
    found["baseline"] = pairs_in_words(table)
    lacking = [name for name in evidence.controls if name not in set(table.other)]
    reason = f"The control that is hardest to beat is {row.other}." + (
        f" Not run here: {', '.join(lacking)}." if lacking else ""
    )
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _artists_apart(evidence: Evidence) -> Claim:
    """Judge whether the accuracy holds for artists that the network was not trained on.

    Holds if the loss is surely below the margin; does not if there surely is one, and our number is the margin or more.
    """
    question = Question(
        "artists_apart",
        "The accuracy holds for artists that the network was not trained on.",
        BEYOND,
        "accuracy less that on splits without shared artists, tracks that both tested",
        "points",
        f"Holds if the loss is surely less than {100 * MODERATE:.0f} points (the interval ends below); does not hold "
        f"if the interval lies above 0 and our number is {100 * MODERATE:.0f} points or more.",
    )
    apart = evidence.artists_apart
    row = None if apart is None else _between(evidence, apart)
    if row is None:
        wanted = f"'{apart}'" if apart else "that keeps artists apart"
        return untold(question, evidence, f"There is no protocol {wanted} to hold {evidence.protocol} against.")
    found = found_in(row, "difference", f"{evidence.protocol} against {apart}")
    found["baseline"] = f"{apart}: {percent(row.other_accuracy)} against {percent(row.accuracy)}"
    unnamed = int((evidence.usable.artist == "").sum())
    reason = position(row.low, row.high) + (
        f" No artist is known for {unnamed} of {counted(len(evidence.usable), 'track')}, so some may still be shared."
        if unnamed
        else ""
    )
    holds = row.high < MODERATE
    fails = not holds and row.low > 0 and row.difference >= MODERATE
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _still_rising(evidence: Evidence) -> Claim:
    """Judge whether more training tracks would help.

    Holds if all training tracks are surely better than the largest part of them; does not if they can be better by
    less than the margin only.
    """
    question = Question(
        "still_rising",
        "More training tracks would help: accuracy still rises with their number.",
        BEYOND,
        "accuracy with all training tracks less that with the largest part of them",
        "points",
        f"Holds if the interval lies above 0; does not hold if it ends below {100 * SMALL:.0f} points.",
    )
    shares = {
        name: float(share)
        for name, (full, share) in evidence.curves.items()
        if full == evidence.protocol and float(share) < 1
    }
    part = max(shares, key=lambda name: (shares[name], name), default=None)
    row = None if part is None else _between(evidence, part)
    if part is None or row is None:
        return untold(question, evidence, f"{evidence.model} was not trained on a part of the training tracks as well.")
    curve = evidence.shown(evidence.learning_curve).sort_values("train_share")
    found = found_in(row, "difference", f"{evidence.protocol} against {part}")
    found["baseline"] = f"with {percent(shares[part])} of the training tracks: {percent(row.other_accuracy)}"
    points = ", ".join(f"{percent(each.accuracy)} with {each.train_tracks:.0f}" for each in curve.itertuples())
    reason = position(row.low, row.high)
    reason += f" By number of training tracks: {points}." if points else ""
    holds = row.low > 0
    fails = not holds and row.high < SMALL
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _calibrated(evidence: Evidence) -> Claim:
    """Judge whether probabilities are as sure as they say.

    Holds if mean top probability less accuracy surely lies within the margin and no bin contradicts; does not if it is
    surely off zero by our number of the margin or more, or if a bin is, with all bins looked at together.
    """
    margin = f"{100 * MODERATE:.0f} points"
    question = Question(
        "calibrated",
        "Its probabilities are as sure as they say.",
        BEYOND,
        "mean top probability less accuracy",
        "points",
        f"Holds if the interval lies within {margin} of 0 and no bin of probabilities is surely off (intervals widened "
        f"for all bins); does not hold if our number is {margin} or more and surely off 0, or if that is so of a bin.",
    )
    table = evidence.shown(evidence.calibration)
    row = first(rows(table, bin="all"))
    if row is None or math.isnan(row.confidence):
        return untold(question, evidence, f"Nothing says how sure {evidence.model} was.")
    over = Estimate(row.confidence - row.accuracy, row.confidence - row.high, row.confidence - row.low)
    bins = table[(table.bin != "all") & (table.tests > 0)].dropna(subset=["confidence", "low", "high"])
    gaps = (bins.confidence - bins.accuracy).to_numpy()
    widened = _widening(len(bins))
    below = bins.accuracy - widened * (bins.accuracy - bins.low)
    above = bins.accuracy + widened * (bins.high - bins.accuracy)
    off = ((bins.confidence < below) | (bins.confidence > above)).to_numpy()
    found = found_in(row, "accuracy", evidence.protocol) | over._asdict()
    found["baseline"] = (
        f"accuracy: {in_words(row.accuracy, row.low, row.high, unit='share')}; mean top probability: "
        f"{percent(row.confidence)}; expected calibration error: {percent(row.calibration_error)}"
    )
    side = "above" if over.low > 0 else "below" if over.high < 0 else "not told apart from"
    reason = (
        f"On the whole its probabilities are {side} its accuracy; {off.sum()} of {counted(len(bins), 'bin')} "
        f"{'is' if off.sum() == 1 else 'are'} surely off."
    )
    holds = max(-over.low, over.high) < MODERATE and not off.any()
    sure = over.low > 0 or over.high < 0
    fails = bool((sure and abs(over.value) >= MODERATE) or (off & (np.abs(gaps) >= MODERATE)).any())
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _widening(comparisons: int) -> float:
    """Return by what factor 95% intervals are widened so that all of several hold (Bonferroni's correction)."""
    from scipy.special import ndtri

    return float(ndtri(1 - 0.025 / max(1, comparisons))) / NORMAL_95


def _between(evidence: Evidence, other: str) -> Any | None:
    """Return the row that holds the shown protocol against another, whichever of the two comes first in the table."""
    table = rows(evidence.protocols, model=evidence.model)
    row = first(rows(table, protocol=evidence.protocol, other=other))
    if row is None:
        turned = first(rows(table, protocol=other, other=evidence.protocol))
        if turned is None:
            return None
        values = {"difference": -turned.difference, "low": -turned.high, "high": -turned.low}
        shares = {"accuracy": turned.other_accuracy, "other_accuracy": turned.accuracy}
        row = pd.Series({**turned, **values, **shares})
    of_both = evidence.summary[evidence.summary.protocol.isin([evidence.protocol, other])]
    return pd.Series({**row, "seeds": rows(of_both, model=evidence.model).seeds.min()})
