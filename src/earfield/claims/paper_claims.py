"""What holds of the paper's sentences: a verdict on each, by stated rules, from the tables of results.

The paper: Dong (2018), "Convolutional Neural Network Achieves Human-level Accuracy in Music Genre Classification",
https://arxiv.org/abs/1802.09697. No result and no verdict is typed here; only the paper's sentences and the margins.
"""

import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from earfield.claims.baseline_claims import own_variants, papers_rivals
from earfield.claims.evidence import (
    BEST,
    BEST_IS_OPTIMISTIC,
    HARDEST,
    UNTOLD,
    Claim,
    Evidence,
    Question,
    in_words,
    read_arrays,
    read_table,
    rows,
)
from earfield.claims.further_claims import own_claims
from earfield.claims.page import claims_page
from earfield.claims.verdicts import SMALL, first, found_in, not_run, pairs_in_words, position, untold, verdict
from earfield.configuration.null_models import NULL_KERNELS
from earfield.evaluate.recall_differences import Recalls
from earfield.evaluate.runs import read_runs
from earfield.files.atomic import write_aside
from earfield.files.markdown import counted, percent
from earfield.files.tables import read_text_csv, write_csv
from earfield.models.predictions import read_predictions
from earfield.statistics.intervals import Estimate

_GAIN = 0.10  # of the network over features made by hand, as the paper has it
_HAND_MADE_OF_OTHERS = "Tzanetakis & Cook"  # in the name of a reference
_GTZAN_LABELS, _GTZAN_TRACKS = 10, 95  # tracks of each label, of 100: some may be unusable
_LARGE = 0.10  # a difference of a measure that runs from 0 to 1; one that is less counts as none
_SECONDS = (2.5, 3.5)  # what counts as three
_LONGER = 1.5  # times that, to be called longer
_ESTIMATES = {"lasso": "Lasso filters", "gradient": "mean gradients"}
_SHAPES = {"separability": "separability", "gabor_r2": "Gabor fit"}


def write_claims(
    *,
    csv_path: str | os.PathLike[str],
    md_path: str | os.PathLike[str],
    dataset: str,
    source: str,
    protocol: str,
    model: str,
    summary: str | os.PathLike[str],
    paired: Sequence[str | os.PathLike[str]],
    recall: Sequence[str | os.PathLike[str]],
    heard: Sequence[str | os.PathLike[str]],
    calibration: Sequence[str | os.PathLike[str]],
    predictions: Sequence[str | os.PathLike[str]],
    references: str | os.PathLike[str],
    tracks: str | os.PathLike[str],
    learning_curve: str | os.PathLike[str] | None = None,
    protocols: str | os.PathLike[str] | None = None,
    resemblance: str | os.PathLike[str] | None = None,
    discriminants: str | os.PathLike[str] | None = None,
    hand_made: Sequence[str] = (),
    controls: Sequence[str] = (),
    artists_apart: str | None = None,
    curves: Mapping[str, Sequence[Any]] | None = None,
    whole_track: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Judge the paper's sentences, and some questions that it does not ask, by the results of one dataset.

    Parameters
    ----------
    csv_path : path-like
        Table to write, one row a claim: `claim, sentence, place` (in the paper), `measure` (what our number is),
        `value, low, high` (95%), `baseline` (what it is held against), `tracks, tests, seeds` (what it was measured
        on; empty where nothing says so), `protocol, verdict, reason`. The verdict is "holds", "does not hold" or
        "cannot be told from this data"; what a claim needs and is not there makes it the last.
    md_path : path-like
        The same as a page, with every rule, the accuracies, the costs and what others reported.
    dataset, source : str
        Its name, and "gtzan", "demo" or "files".
    protocol, model : str
        Whose results claims are judged by.
    summary : path-like
        Accuracy of every protocol and model; costs too, if it has the columns `train_seconds, peak_mb`.
    paired, recall, heard, calibration : sequence of path-like
        The tables of these names, of every protocol.
    predictions : sequence of path-like
        `predictions.csv` of each run of `model` under `protocol`.
    references : path-like
        Accuracies that others reported: `name, accuracy, dataset, genres, protocol, source, url,
        kind` (human or machine).
    tracks : path-like
        The table of all tracks.
    learning_curve, protocols, resemblance : path-like, optional
        The tables of these names.
    discriminants : path-like, optional
        Data of figure 5, `.npz`.
    hand_made : sequence of str
        Models on features made by hand; the network is held against the one that does best.
    controls : sequence of str
        Models that know no more than chance does: untrained, on shuffled labels, the majority.
    artists_apart : str, optional
        The protocol under which no artist is in two subsets.
    curves : mapping, optional
        By protocol: the protocol with all training tracks and the share of them that it uses; see
        `earfield.configuration.run_grid.learning_curves`.
    whole_track : sequence of path-like
        Predictions of the network that sees a summary of the track too, in runs of `protocol`.

    Raises
    ------
    DatasetError
        If a table lacks a column, or holds something else where a number should stand.
    """
    tests = {path: read_predictions(path) for path in (*predictions, *whole_track)}

    def optional(name: str, path: str | os.PathLike[str] | None) -> pd.DataFrame:
        return read_table(name, [] if path is None else [path])

    evidence = Evidence(
        dataset=dataset,
        source=source,
        protocol=protocol,
        model=model,
        hand_made=tuple(hand_made),
        controls=tuple(controls),
        artists_apart=artists_apart,
        curves=curves or {},
        summary=read_table("summary", [summary]),
        paired=read_table("paired", paired),
        recall=read_table("recall", recall),
        heard=read_table("heard", heard),
        calibration=read_table("calibration", calibration),
        learning_curve=optional("learning_curve", learning_curve),
        protocols=optional("protocols", protocols),
        resemblance=optional("resemblance", resemblance),
        references=read_table("references", [references]),
        discriminants=read_arrays(discriminants),
        runs=[tests[path] for path in predictions],
        whole_track={model: own for (_, model), own in read_runs(list(tests), read=tests.__getitem__).items()}
        if whole_track
        else {},
        songs=read_text_csv(tracks),
    )
    claims = judge(evidence)
    write_csv(_as_table(claims), csv_path)
    with write_aside(md_path) as aside:
        aside.write_text(claims_page(evidence, claims), encoding="utf-8")


def judge(evidence: Evidence) -> list[Claim]:
    """Judge every claim, those of the paper first.

    Parameters
    ----------
    evidence : Evidence
        The results of one dataset.

    Returns
    -------
    list of Claim
        Always in the same order. Whatever is there, the same claims, but for those that are asked under a protocol of
        their own; then those of variants that were run.
    """
    papers = (
        _human_level, _above_hand_made, _hardest_genres, _genres_differ, _filters_like_strfs, _hidden_separable,
        _three_seconds,
    )  # fmt: skip
    return [
        *(question(evidence) for question in papers),
        *papers_rivals(evidence),
        *own_claims(evidence),
        *own_variants(evidence),
    ]


def _as_table(claims: Sequence[Claim]) -> pd.DataFrame:
    of_question = ("claim", "sentence", "place", "measure")
    unit = {"share": " [share]", "points": " [difference of shares]", "": ""}
    of_claim = (
        "value", "low", "high", "baseline", "tracks", "tests", "seeds", "protocol", "verdict", "reason",
    )  # fmt: skip
    table = pd.DataFrame(
        [
            {name: getattr(each.question, name) for name in of_question}
            | {"measure": each.question.measure + unit[each.question.unit]}
            | {name: getattr(each, name) for name in of_claim}
            for each in claims
        ]
    )
    counts = ["tracks", "tests", "seeds"]
    return table.round(6).astype(dict.fromkeys(counts, "Int64"))


def _human_level(evidence: Evidence) -> Claim:
    """Judge whether the network is as accurate as people.

    Holds if the interval begins at the human level or above, does not if it ends below. The human level was measured on
    other music, and the paper claims it for GTZAN: of other tracks, or of fewer, it cannot be told.
    """
    question = Question(
        "human_level",
        "The network labels music as accurately as people do.",
        "title and abstract",
        "accuracy on test tracks",
        "share",
        f"Holds if the interval begins at the human level or above it; does not hold if it ends below. On anything but "
        f"the whole of GTZAN ({_GTZAN_LABELS} labels, at least {_GTZAN_TRACKS} tracks of each) it cannot be told: the "
        "human level is that of other music.",
    )
    row = first(evidence.shown(evidence.summary))
    people = first(rows(evidence.references, kind="human"))
    if row is None:
        return not_run(question, evidence)
    found = found_in(row, "accuracy", evidence.protocol) | {"baseline": _commonest(row)}
    if people is None:
        return Claim(question, verdict=UNTOLD, reason="The references name no human level.", **found)
    level = f"{percent(people.accuracy)}, the human level"
    found["baseline"] = f"people: {percent(people.accuracy)} ({people['name']}; {people.dataset}); {found['baseline']}"
    foreign = _not_gtzan(evidence)
    if foreign:
        return Claim(question, verdict=UNTOLD, reason=foreign, **found)
    holds, fails = row.low >= people.accuracy, row.high < people.accuracy
    reason = f"{position(row.low, row.high, people.accuracy, level)} People heard other excerpts than these."
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _above_hand_made(evidence: Evidence) -> Claim:
    """Judge whether the network gains what the paper says over features made by hand.

    Of the models on such features it is held against the one that does best on the same tests. Holds if it surely gains
    something and the paper's gain is not excluded; does not if that gain is excluded.
    """
    gain = f"{100 * _GAIN:.0f} points"
    question = Question(
        "above_hand_made",
        f"The network is some {gain} better than features made by hand.",
        "abstract",
        "accuracy less that of the model on features made by hand that does best, same tests",
        "points",
        f"Holds if the interval lies above 0 and reaches {gain}; does not hold if it ends below {gain}.",
    )
    pairs = evidence.shown(evidence.paired)
    pairs = pairs[pairs.other.isin(evidence.hand_made)].sort_values(["difference", "other"])
    pair = first(pairs)
    if pair is None:
        wanted = f"{evidence.model} and {' or '.join(evidence.hand_made) or 'a model on such features'}"
        return untold(question, evidence, f"No run under {evidence.protocol} compares {wanted}.")
    others = evidence.references[evidence.references.name.str.contains(_HAND_MADE_OF_OTHERS, regex=False)]
    known = "".join(f"; others, other splits: {percent(each.accuracy)} ({each.name})" for each in others.itertuples())
    found = found_in(pair, "difference", evidence.protocol)
    lesser = f"; {pairs_in_words(pairs[1:])}" if len(pairs) > 1 else ""
    found["baseline"] = f"{pair.other}: {percent(pair.other_accuracy)}{lesser}{known}"
    holds, fails = pair.low > 0 and pair.high >= _GAIN, pair.high < _GAIN
    better = (
        f"{evidence.model} is better than {pair.other}"
        if pair.low > 0
        else f"{evidence.model} is worse than {pair.other}"
        if pair.high < 0
        else f"{evidence.model} and {pair.other} are not told apart"
    )
    reach = f"a gain of {gain} is {'excluded' if pair.high < _GAIN else 'not excluded'}"
    disagreed = f"They disagree on {counted(int(pair.tracks_disagreed), 'track')} (p = {pair.p_value:.3g})."
    reason = f"{better}, and {reach}. {disagreed}" + (f" {BEST_IS_OPTIMISTIC}" if pair.other == BEST else "")
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _hardest_genres(evidence: Evidence) -> Claim:
    """Judge whether country and rock are the hardest.

    Holds if their mean recall is surely below that of the others and both have the lowest recall; does not if the mean
    is surely above, or if any other label is surely below one of them, with all such pairs looked at together.
    """
    names = " and ".join(HARDEST)
    question = Question(
        "hardest_genres",
        f"{names.capitalize()} are the hardest genres.",
        "results, confusion matrix",
        f"mean recall of {names} less that of the other labels",
        "points",
        f"Holds if the interval lies below 0 and no other label has a lower recall than {' or '.join(HARDEST)}; does "
        "not hold if it lies above 0, or if another label's recall is surely lower than that of one of the two "
        "(intervals widened for all such pairs).",
    )
    measured = evidence.recalls
    if measured is None:
        return not_run(question, evidence)
    known = {label.strip().casefold(): label for label in measured.labels}
    absent = [label for label in HARDEST if label not in known]
    pair = [known[label] for label in HARDEST if label in known]
    others = [label for label in measured.labels if label not in pair]
    if absent or not others:
        lack = f"No label '{absent[0]}' was tested." if absent else "No other label was tested."
        return untold(question, evidence, lack)
    weights = {label: 1 / len(pair) for label in pair} | {label: -1 / len(others) for label in others}
    contrast = measured.contrast(weights)
    recall = dict(zip(measured.labels, measured.recall, strict=True))
    pairs = list(itertools.product(pair, others))
    harder = [
        (other, label) for label, other in pairs if measured.difference(label, other, comparisons=len(pairs)).low > 0
    ]
    lowest = min(recall[label] for label in others) >= max(recall[label] for label in pair)
    found = _contrasted(measured, contrast, evidence.protocol) | {
        "baseline": f"no difference: 0; recall {_recalls_in_words(recall, pair)}, "
        f"mean of {counted(len(others), 'other label')} {percent(np.mean([recall[label] for label in others]))}"
    }
    ordered = sorted(recall, key=lambda label: (recall[label], label))
    reason = f"The lowest recalls are {_recalls_in_words(recall, ordered[:3])}."
    if harder:
        reason += f" {harder[0][0]} is surely harder than {harder[0][1]}."
    reason += f" {position(contrast.low, contrast.high)}"
    holds, fails = contrast.high < 0 and lowest and not harder, contrast.low > 0 or bool(harder)
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _genres_differ(evidence: Evidence) -> Claim:
    """Judge whether accuracy differs from genre to genre.

    Holds if any two labels are surely apart, with all pairs looked at together; does not if no pair can be further
    apart than the margin.
    """
    question = Question(
        "genres_differ",
        "Accuracy differs from genre to genre.",
        "results, confusion matrix",
        "recall of one label less that of another, the pair that is told apart best",
        "points",
        "Holds if the interval of any pair of labels lies off 0 (intervals widened for all pairs); does not hold if "
        f"every pair's lies within {100 * _LARGE:.0f} points of 0.",
    )
    measured = evidence.recalls
    if measured is None:
        return not_run(question, evidence)
    if len(measured.labels) < 2:
        return untold(question, evidence, "Only one label was tested.")
    recall = dict(zip(measured.labels, measured.recall, strict=True))
    ordered = sorted(recall, key=lambda label: (-recall[label], label))
    pairs = list(itertools.combinations(ordered, 2))
    differences = [measured.difference(*pair, comparisons=len(pairs)) for pair in pairs]
    best = int(np.argmax([each.low for each in differences]))
    contrast, (high, low) = differences[best], pairs[best]
    found = _contrasted(measured, contrast, evidence.protocol) | {
        "baseline": f"no difference: 0; {_recalls_in_words(recall, (high, low))}; "
        f"best {_recalls_in_words(recall, ordered[:1])}, worst {_recalls_in_words(recall, ordered[-1:])}"
    }
    apart = sum(each.low > 0 for each in differences)
    reason = f"{apart} of {counted(len(pairs), 'pair')} of labels are told apart."
    holds, fails = contrast.low > 0, max(max(-each.low, each.high) for each in differences) < _LARGE
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _filters_like_strfs(evidence: Evidence) -> Claim:
    """Judge whether filters are like receptive fields because genres were learned.

    Auditory fields are mostly separable and like Gabor functions. Holds if, by the Lasso filters and by the exact mean
    gradients, the trained network surely exceeds every network that no true label shaped in both; does not if by
    either estimate there is such a network that it can exceed in neither by the margin.
    """
    question = Question(
        "filters_like_strfs",
        "The learned filters resemble the receptive fields of auditory neurons.",
        "abstract; results, learned filters",
        "Gabor fit (R²) of Lasso filters less that of the network without true labels whose fit is best",
        "",
        "Holds if separability and Gabor fit both lie surely above those of every network that no true label has "
        "shaped, by the Lasso filters and by the exact mean gradients; does not hold if by either estimate there is "
        f"such a network that they exceed by less than {_LARGE:g} (the interval ends below) in both.",
    )
    table = rows(evidence.resemblance, protocol=evidence.protocol)
    table = table[table.measure.isin(list(_SHAPES)) & ~table.null.isin(NULL_KERNELS)].dropna(subset=["low", "high"])
    compared = {key: own for key, own in table.groupby(["estimate", "null"]) if len(own) == len(_SHAPES)}
    lacking = [name for key, name in _ESTIMATES.items() if key not in {estimate for estimate, _ in compared}]
    if lacking:
        return untold(question, evidence, f"No {lacking[0]} were compared with a network that no true label shaped.")
    above = {key: bool((own.low > 0).all()) for key, own in compared.items()}
    little = {key: bool((own.high < _LARGE).all()) for key, own in compared.items()}
    fits = rows(table, estimate="lasso", measure="gabor_r2")
    row = fits.loc[fits.difference.idxmin()]
    found = {"protocol": evidence.protocol, "value": row.difference, "low": row.low, "high": row.high}
    found |= {"seeds": int(row.seeds), "baseline": "; ".join(_shapes_in_words(*each) for each in compared.items())}
    words = [_standing_out(estimate, above) for estimate in _ESTIMATES]
    reason = f"{' '.join(words)} Measured on {counted(int(row.units), 'unit')}, not on tracks."
    return Claim(question, verdict=verdict(all(above.values()), any(little.values())), reason=reason, **found)


def _shapes_in_words(compared: tuple[str, str], own: pd.DataFrame) -> str:
    """Say how far an estimate's filters exceed those of one null."""
    estimate, null = compared
    differences = ", ".join(
        f"{_SHAPES[each.measure]} {in_words(each.difference, each.low, each.high, unit='')}"
        for each in own.itertuples()
    )
    return f"{_ESTIMATES[estimate]} less those of {null}: {differences}"


def _standing_out(estimate: str, above: Mapping[tuple[str, str], bool]) -> str:
    """Say from which nulls an estimate's filters stand out."""
    own = {null: surely for (each, null), surely in above.items() if each == estimate}
    parts = [
        f"{verb} {' and '.join(nulls)}"
        for verb, nulls in (
            ("stand out from", [null for null, surely in own.items() if surely]),
            ("do not surely stand out from", [null for null, surely in own.items() if not surely]),
        )
        if nulls
    ]
    return f"{_ESTIMATES[estimate].capitalize()} {', and '.join(parts)}."


def _hidden_separable(evidence: Evidence) -> Claim:
    """Judge whether the hidden layer separates genres by straight cuts, and the raw input less so.

    Holds if three discriminant axes of the hidden layer name more segments right than three of the raw input, and more
    than naming the commonest label; does not if the gain is surely less than the margin.
    """
    question = Question(
        "hidden_separable",
        "The last hidden layer separates genres linearly, the raw input less so.",
        "results, discriminant axes",
        "segments named right by three discriminant axes of the hidden layer less those by three of the raw input",
        "points",
        "Holds if the interval lies above 0 and the hidden layer's own lies above naming the commonest label; does not "
        f"hold if the gain is surely less than {100 * SMALL:.0f} points, or the hidden layer's interval ends below "
        "naming the commonest label.",
    )
    shown = evidence.discriminants
    if shown is None:
        return untold(question, evidence, "Figure 5 was not made.")
    hidden, raw, gain = (Estimate(*map(float, shown[f"{name}_segments"])) for name in ("hidden", "raw", "difference"))
    commonest = float(shown["baseline_segments"])
    found = {"protocol": evidence.protocol, **gain._asdict(), "seeds": 1}
    found |= {"tracks": int(shown["n_tracks"][-1]), "tests": int(shown["n_segments"][-1])}
    found["baseline"] = (
        f"raw input: {in_words(*raw, unit='share')}; always naming the commonest label: {percent(commonest)}"
    )
    holds, fails = gain.low > 0 and hidden.low > commonest, gain.high < SMALL or hidden.high < commonest
    reason = (
        f"Hidden layer: {in_words(*hidden, unit='share')}. {position(gain.low, gain.high)} Tests are segments, of one "
        "network on one split."
    )
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _three_seconds(evidence: Evidence) -> Claim:
    """Judge whether more than three seconds of a track add nothing.

    Holds if the gain of the longest stretch is surely below the margin; does not if there surely is one, and our
    number is the margin or more.
    """
    question = Question(
        "three_seconds",
        "Three seconds of music are enough.",
        "introduction",
        "accuracy after the longest stretch heard less that after three seconds",
        "points",
        f"Holds if the interval ends below {100 * SMALL:.0f} points; does not hold if it lies above 0 and our number "
        f"is {100 * SMALL:.0f} points or more.",
    )
    heard = evidence.shown(evidence.heard).sort_values("seconds")
    if heard.empty:
        return untold(question, evidence, f"Nothing says what {evidence.model} makes of parts of a track.")
    short, whole = heard.iloc[0], heard.iloc[-1]
    if not _SECONDS[0] <= short.seconds <= _SECONDS[1] or whole.seconds < _LONGER * short.seconds:
        lengths = f"{short.seconds:.3g} to {whole.seconds:.3g} s"
        return untold(question, evidence, f"The stretches that were heard are of {lengths}.")
    found = found_in(whole, "gain", evidence.protocol, low="gain_low", high="gain_high")
    found["baseline"] = f"after {short.seconds:.3g} s: {in_words(short.accuracy, short.low, short.high, unit='share')}"
    holds = whole.gain_high < SMALL
    fails = not holds and whole.gain_low > 0 and whole.gain >= SMALL
    reason = (
        f"After {whole.seconds:.3g} s: {in_words(whole.accuracy, whole.low, whole.high, unit='share')}. "
        f"{position(whole.gain_low, whole.gain_high)}"
    )
    return Claim(question, verdict=verdict(holds, fails), reason=reason, **found)


def _contrasted(measured: Recalls, contrast: Estimate, protocol: str) -> dict[str, Any]:
    """Return what a claim takes over from a contrast of recalls."""
    counts = {"tracks": int(measured.tracks.sum()), "tests": measured.tests, "seeds": measured.runs}
    return {"protocol": protocol, **contrast._asdict(), **counts}


def _not_gtzan(evidence: Evidence) -> str:
    """Say why a dataset is not the whole of GTZAN; empty if it is."""
    sizes = evidence.usable.label.value_counts()
    tested = set(evidence.shown(evidence.recall).label) | set(evidence.recalls.labels if evidence.recalls else [])
    range_ = f"{sizes.min()}" if len(sizes) and sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()}"
    size = f"{counted(len(evidence.usable), 'track')} of {counted(len(sizes), 'label')}, {range_} of each"
    if evidence.source == "demo":
        return f"People were never asked about this music, which code made ({size})."
    if evidence.source != "gtzan":
        return f"The human level is that of other music than this collection ({size})."
    if len(sizes) != _GTZAN_LABELS or sizes.min() < _GTZAN_TRACKS or len(tested) not in (0, _GTZAN_LABELS):
        return f"These are not the 1,000 tracks of ten genres that the paper speaks of ({size})."
    return ""


def _commonest(row: Any) -> str:
    return f"always naming the commonest label: {percent(row.baseline)}"


def _recalls_in_words(recall: Mapping[str, float], labels: Sequence[str]) -> str:
    return ", ".join(f"{label} {percent(recall[label])}" for label in labels)
