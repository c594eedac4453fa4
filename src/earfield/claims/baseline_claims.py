"""What the systems that the paper speaks of, and variants of its own, do on the same tracks as its network."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from earfield.claims.evidence import (
    BEST,
    BEST_IS_OPTIMISTIC,
    BEYOND,
    HARDEST,
    Claim,
    Evidence,
    Question,
    rows,
)
from earfield.claims.verdicts import ABOVE_ALL, SMALL, above_all, found_in, pairs_in_words, position, untold, verdict
from earfield.evaluate.runs import counts, outcomes
from earfield.files.markdown import counted, percent
from earfield.statistics.intervals import paired_difference_ci


@dataclass(frozen=True)
class _Rivals:
    """Models that the network is held against, and what it is asked; their names are those of the configuration."""

    claim: str
    sentence: str
    place: str
    models: tuple[str, ...]
    protocol: str | None = None  # or the one that all claims are judged by

    def question(self, *, measure: str, rule: str) -> Question:
        return Question(self.claim, self.sentence, self.place, measure, "points", rule)


_BEATEN = (
    _Rivals(
        "above_tzanetakis",
        "The network labels music better than the features and classifiers of Tzanetakis and Cook (2002).",
        "introduction and results, against their 61%",
        ("tzanetakis_gaussian", "tzanetakis_gmm", "tzanetakis_knn"),
    ),
    _Rivals(
        "above_deep_belief",
        "The network labels five genres better than a convolutional deep belief network (Lee et al. 2009).",
        "introduction and results, against their 70% of five genres",
        ("cdbn",),
        "five_genres",
    ),
)
_NO_BETTER = (
    _Rivals(
        "own_recipe",
        "The way of training in the paper's code gives nothing that ours does not.",
        BEYOND,
        ("cnn_author",),
    ),
    _Rivals(
        "first_layer",
        "64 filters in the first layer do as well as 32 or 96.",
        BEYOND,
        ("cnn_32", "cnn_96"),
    ),
    _Rivals(
        "scale",
        "ln(1 + power) does as well as decibels that are standardised in each band.",
        BEYOND,
        ("cnn_decibels",),
    ),
    _Rivals(
        "segment_length",
        "Segments of three seconds do as well as those of one, six or twelve.",
        BEYOND,
        ("cnn_1s", "cnn_6s", "cnn_12s"),
    ),
)


def papers_rivals(evidence: Evidence) -> list[Claim]:
    """Judge whether the network is better than the systems that the paper holds it against.

    Parameters
    ----------
    evidence : Evidence
        The results of one dataset.

    Returns
    -------
    list of Claim
        Always in the same order. Of models that were not run nothing can be told; what is asked under a protocol of its
        own is no claim where it was not run.
    """
    return [_beaten(evidence, each) for each in _BEATEN if not each.protocol or len(_rows(evidence, each))]


def own_variants(evidence: Evidence) -> list[Claim]:
    """Judge whether variants of the network, and of its training, are better.

    Parameters
    ----------
    evidence : Evidence
        The results of one dataset.

    Returns
    -------
    list of Claim
        Of the variants that were run.
    """
    claims = [_no_better(evidence, each) for each in _NO_BETTER if len(_pairs(evidence, each))]
    return [*claims, *_whole_track(evidence), *_best_of_all(evidence)]


def _beaten(evidence: Evidence, rivals: _Rivals) -> Claim:
    """Judge whether the network surely beats all of them; see `above_all`."""
    question = rivals.question(
        measure="accuracy less that of the one that is hardest to beat, same tests",
        rule=f"{ABOVE_ALL} It cannot hold if one of them was not run.",
    )
    pairs = _pairs(evidence, rivals)
    if pairs.empty:
        names, protocol = " or ".join(rivals.models), rivals.protocol or evidence.protocol
        return untold(question, evidence, f"No run under {protocol} compares {evidence.model} with {names}.")
    row, holds, fails = above_all(pairs)
    found = found_in(row, "difference", str(row.protocol)) | {"baseline": pairs_in_words(pairs)}
    holds &= len(pairs) == len(rivals.models)
    return Claim(question, verdict=verdict(holds, fails), reason=_told(evidence, pairs, rivals), **found)


def _no_better(evidence: Evidence, rivals: _Rivals) -> Claim:
    """Judge whether none of them is better: surely not by the margin, or surely better and by the margin."""
    question = rivals.question(
        measure="accuracy of the other that decides less that of the network, same tests",
        rule="Holds if all of them were run and the interval of every such difference ends below "
        f"{100 * SMALL:.0f} points; does not hold if "
        f"one lies above 0 and its number is {100 * SMALL:.0f} points or more.",
    )
    pairs = _pairs(evidence, rivals)
    gains = pairs.assign(difference=-pairs.difference, low=-pairs.high, high=-pairs.low)
    better = gains[(gains.low > 0) & (gains.difference >= SMALL)]
    row = gains.loc[gains.high.idxmax() if better.empty else better.difference.idxmax()]
    found = found_in(row, "difference", str(row.protocol)) | {"baseline": pairs_in_words(pairs)}
    holds = bool((gains.high < SMALL).all()) and len(pairs) == len(rivals.models)
    return Claim(question, verdict=verdict(holds, len(better)), reason=_told(evidence, pairs, rivals), **found)


def _whole_track(evidence: Evidence) -> list[Claim]:
    """Judge whether the paper's remedy for its hardest genres helps there: surely, or surely less than the margin."""
    names = " and ".join(HARDEST)
    question = Question(
        "whole_track",
        f"Seeing the whole of a track helps with {names}.",
        "as work to come",
        f"accuracy on {names} with a summary of the track less that without, same tests",
        "points",
        f"Holds if the interval lies above 0; does not hold if it ends below {100 * SMALL:.0f} points.",
    )
    if not evidence.whole_track:
        return []
    (other,) = set(evidence.whole_track) - {evidence.model}
    plain, whole = (
        outcomes(tests[tests.label.astype(str).str.strip().str.casefold().isin(HARDEST)])
        for tests in (evidence.whole_track[name] for name in (evidence.model, other))
    )
    both = np.logical_and(*((~np.isnan(table)).any(axis=0) for table in (plain, whole)))
    plain, whole = plain[:, both], whole[:, both]
    if not both.any():
        return [untold(question, evidence, f"No {' or '.join(HARDEST)} was tested with both.")]
    gain = paired_difference_ci(whole, plain)
    reason = f"{position(gain.low, gain.high)} {_everywhere(evidence, other)}"
    found = {"protocol": evidence.protocol, **gain._asdict(), **counts(whole)}
    found["baseline"] = f"without: {percent(float(np.nanmean(plain)))}, with: {percent(float(np.nanmean(whole)))}"
    return [Claim(question, verdict=verdict(gain.low > 0, gain.high < SMALL), reason=reason, **found)]


def _best_of_all(evidence: Evidence) -> list[Claim]:
    """Judge whether our own model names music of unknown artists better than each other: surely, or surely not one."""
    question = Question(
        "best_of_all",
        f"Of the models run with artists apart, {BEST} labels music best.",
        BEYOND,
        "accuracy less that of the model that is hardest to beat, splits without shared artists, same tests",
        "points",
        ABOVE_ALL,
    )
    others = rows(evidence.paired, model=BEST, protocol=evidence.artists_apart or "")
    pairs = others.dropna(subset=["low", "high"])
    if pairs.empty:
        return []
    row, holds, fails = above_all(pairs)
    found = found_in(row, "difference", str(row.protocol)) | {"baseline": pairs_in_words(pairs)}
    without = others[~others.other.isin(pairs.other)].other
    reason = (
        f"{BEST} was held against {counted(len(pairs), 'other model')} under {row.protocol}. {BEST_IS_OPTIMISTIC}"
        + (f" No interval of the difference from {' or '.join(without)}." if len(without) else "")
    )
    return [Claim(question, verdict=verdict(holds, fails), reason=reason, **found)]


def _everywhere(evidence: Evidence, other: str) -> str:
    """Say what the summary does for all labels together; `other` is the network that sees it."""
    pairs = _pairs(evidence, _Rivals("", "", "", (other,)))
    return "" if pairs.empty else f"On all labels: {pairs_in_words(pairs)} (the network less that with the summary)."


def _rows(evidence: Evidence, rivals: _Rivals) -> pd.DataFrame:
    """Return the comparisons of the network with these models."""
    table = rows(evidence.paired, model=evidence.model, protocol=rivals.protocol or evidence.protocol)
    return table[table.other.isin(rivals.models)]


def _pairs(evidence: Evidence, rivals: _Rivals) -> pd.DataFrame:
    """Return those that have an interval."""
    return _rows(evidence, rivals).dropna(subset=["low", "high"])


def _told(evidence: Evidence, pairs: pd.DataFrame, rivals: _Rivals) -> str:
    """Say against which models the network is told apart, how often they disagree, and which were not run."""
    sides = {
        "better than": pairs[pairs.low > 0],
        "worse than": pairs[pairs.high < 0],
        "not told apart from": pairs[(pairs.low <= 0) & (pairs.high >= 0)],
    }
    told = [f"{side} {' and '.join(own.other)}" for side, own in sides.items() if len(own)]
    disagreed = ", ".join(
        f"{counted(int(each.tracks_disagreed), 'track')} (p = {each.p_value:.3g})" for each in pairs.itertuples()
    )
    lacking = [name for name in rivals.models if name not in set(pairs.other)]
    return f"{evidence.model} is {', '.join(told)}. They disagree on {disagreed}." + (
        f" Not run here: {', '.join(lacking)}." if lacking else ""
    )
