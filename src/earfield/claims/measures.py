"""How the number of a sentence is measured: one function per kind of sentence, from the tables of results.

Each takes the evidence and the sentence's options, and returns the estimates that a rule compares, with what is said
about them. A further kind is one more such function in `KINDS`.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from earfield.claims.evidence import Evidence, rows
from earfield.claims.wording import in_words, labels_in_words, listed, pairs_in_words, position, sides_in_words
from earfield.configuration.null_models import NULL_KERNELS
from earfield.evaluate.runs import counts, outcomes
from earfield.files.markdown import counted, percent
from earfield.statistics.intervals import Estimate, contrast_ci, paired_difference_ci
from earfield.statistics.proportions import NORMAL_95

_COUNTS = ["n_tracks", "n_predictions", "seeds"]
_ESTIMATES = {"lasso": "Lasso filters", "gradient": "mean gradients"}
_SHAPES = {"separability": "separability", "gabor_r2": "Gabor fit"}


@dataclass(frozen=True)
class Measured:
    """What a sentence is judged by.

    Attributes
    ----------
    protocol : str
        What it was measured under.
    estimates : pd.DataFrame
        At least one row, with the columns `name, value, ci_low, ci_high` and, where known, `n_tracks, n_predictions,
        seeds`.
    baseline, reason : str
        What the number is compared with; what else is to be said.
    undecided : str
        Why no rule can be applied; empty if one can. There may be no estimates then.
    complete : bool
        Whether all that the sentence speaks of was run; without it, it cannot hold.
    margin : float, optional
        In place of the sentence's.
    """

    protocol: str
    estimates: pd.DataFrame = field(default_factory=pd.DataFrame)
    baseline: str = ""
    reason: str = ""
    undecided: str = ""
    complete: bool = True
    margin: float | None = None


def accuracy(evidence: Evidence, *, reference: Mapping[str, str], labels: int, tracks_per_label: int) -> Measured:
    """Measure accuracy, to be compared with a level that others reached on all of GTZAN, of this size."""
    protocol, table = evidence.settings.protocol, evidence.shown("summary")
    if table.empty:
        return _not_run(evidence)
    row = table.iloc[0]
    baseline = f"most frequent label: {percent(row.baseline)}"
    estimates = table[:1].rename(columns={"accuracy": "value"}).assign(name="accuracy")
    levels = rows(evidence.tables["references"], **reference)
    if levels.empty:
        return Measured(protocol, estimates, baseline, undecided="The references name no such level.")
    level = levels.iloc[0]
    baseline = f"{percent(level.accuracy)} ({level['name']}; {level.dataset}); {baseline}"
    other_music = _not_gtzan(evidence, labels, tracks_per_label)
    reason = f"{position(row, level.accuracy, percent(level.accuracy))} That level was measured on other excerpts."
    return Measured(protocol, estimates, baseline, reason, undecided=other_music, margin=level.accuracy)


def paired(
    evidence: Evidence,
    *,
    others: str | Sequence[str],
    model: str | None = None,
    protocol: str | None = None,
    reference: Mapping[str, str] | None = None,
    all_of_them: bool = False,
    turned: bool = False,
    if_run: bool = False,
) -> Measured | None:
    """Measure the accuracy of a model minus that of others on the same tests.

    `others` are "hand_made" or "controls" of the settings, "every" other model, or a list; `protocol` may be
    "artists_apart"; `turned` gives the others minus the model; `if_run` makes no claim of models that were not run.
    """
    settings = evidence.settings
    model = model or settings.model
    if protocol == "artists_apart":
        protocol = settings.artists_apart
        if protocol is None:
            missing = Measured(settings.protocol, undecided="There is no protocol that keeps artists apart.")
            return None if if_run else missing
    protocol = protocol or settings.protocol
    table = evidence.shown("paired", model=model, protocol=protocol)
    wanted = getattr(settings, others, ()) if isinstance(others, str) else others
    if others == "every":
        wanted = table.other.tolist()
    table = table[table.other.isin(list(wanted))]
    pairs = table.dropna(subset=["ci_low", "ci_high"])
    if pairs.empty:
        names = " or ".join(wanted) or "such a model"
        missing = Measured(settings.protocol, undecided=f"No run under {protocol} compares {model} with {names}.")
        return None if if_run else missing
    known = rows(evidence.tables["references"], **reference) if reference else evidence.tables["references"][:0]
    baseline = "; ".join(
        [pairs_in_words(pairs)]
        + [f"others, other splits: {percent(each.accuracy)} ({each.name})" for each in known.itertuples()]
    )
    lacking = [name for name in wanted if name not in set(pairs.other)]
    reason = sides_in_words(model, pairs) + (f" Not run here: {', '.join(lacking)}." if lacking else "")
    estimates = pairs.rename(columns={"other": "name", "difference": "value"})
    if turned:
        estimates = estimates.assign(value=-pairs.difference, ci_low=-pairs.ci_high, ci_high=-pairs.ci_low)
    return Measured(protocol, estimates, baseline, reason, complete=not (all_of_them and lacking))


def protocols(evidence: Evidence, *, other: str) -> Measured:
    """Measure accuracy minus that under another protocol, on tracks tested under both.

    `other` is "artists_apart" or "largest_part", the protocol with the largest part of the training tracks.
    """
    settings = evidence.settings
    parts = {name: float(part) for name, (full, part) in (settings.curves or {}).items() if full == settings.protocol}
    parts = {name: part for name, part in parts.items() if part < 1}
    if other == "artists_apart":
        against, wanted = settings.artists_apart, "that keeps artists apart"
    else:
        against = max(parts, key=lambda name: (parts[name], name), default=None)
        wanted = "with a part of the training tracks"
    row = None if against is None else _between(evidence, against)
    if against is None or row is None:
        return Measured(
            settings.protocol, undecided=f"There is no protocol {wanted} to compare {settings.protocol} with."
        )
    reason = position(row)
    if other == "artists_apart":
        baseline = f"{against}: {percent(row.other_accuracy)} against {percent(row.accuracy)}"
        usable = evidence.usable
        unknown = int((usable.artist == "").sum())
        if unknown:
            reason += f" No artist is known for {unknown} of {counted(len(usable), 'track')}, so some may be shared."
    else:
        baseline = f"with {percent(parts[against])} of the training tracks: {percent(row.other_accuracy)}"
        curve = evidence.shown("learning_curve").sort_values("train_fraction")
        points = ", ".join(f"{percent(each.accuracy)} with {each.train_tracks:.0f}" for each in curve.itertuples())
        reason += f" By number of training tracks: {points}." if points else ""
    return Measured(f"{settings.protocol} against {against}", pd.DataFrame([row]), baseline, reason)


def recall(evidence: Evidence, *, labels: Sequence[str]) -> Measured:
    """Measure the mean recall of some labels minus that of all others, then each of them minus each other."""
    measured = _recalls(evidence)
    if measured is None:
        return _not_run(evidence)
    recalls, table, by_label = measured
    known = {label.strip().casefold(): label for label in recalls}
    absent = [label for label in labels if label not in known]
    own = [known[label] for label in labels if label in known]
    others = [label for label in recalls if label not in own]
    if absent or not others:
        lack = f"No label '{absent[0]}' was tested." if absent else "No other label was tested."
        return Measured(evidence.settings.protocol, undecided=lack)
    weights = {label: 1 / len(own) for label in own} | {label: -1 / len(others) for label in others}
    pairs = list(itertools.product(own, others))
    estimates = [contrast_ci(by_label, weights)]
    estimates += [contrast_ci(by_label, {one: 1, other: -1}, comparisons=len(pairs)) for one, other in pairs]
    ordered = sorted(recalls, key=lambda label: (recalls[label], label))
    harder = [
        f" {other} is significantly harder than {one}."
        for (one, other), each in zip(pairs, estimates[1:], strict=True)
        if each.ci_low > 0
    ]
    reason = f"The lowest recalls are {labels_in_words(recalls, ordered[:3])}.{''.join(harder[:1])} "
    mean = percent(float(np.mean([recalls[label] for label in others])))
    baseline = f"recall: {labels_in_words(recalls, own)}, mean of {counted(len(others), 'other label')} {mean}"
    names = ["mean", *(f"{one}, {other}" for one, other in pairs)]
    found = _table(names, estimates).assign(**counts(table))
    return Measured(evidence.settings.protocol, found, baseline, reason + position(found.iloc[0]))


def recall_pairs(evidence: Evidence) -> Measured:
    """Measure the recall of each label minus that of each other, the larger one first."""
    measured = _recalls(evidence)
    if measured is None:
        return _not_run(evidence)
    recalls, table, by_label = measured
    ordered = sorted(recalls, key=lambda label: (-recalls[label], label))
    pairs = list(itertools.combinations(ordered, 2))
    if not pairs:
        return Measured(evidence.settings.protocol, undecided="Only one label was tested.")
    estimates = [contrast_ci(by_label, {one: 1, other: -1}, comparisons=len(pairs)) for one, other in pairs]
    apart = sum(each.ci_low > 0 for each in estimates)
    found = _table([", ".join(pair) for pair in pairs], estimates).assign(**counts(table))
    baseline = f"recall: best {labels_in_words(recalls, ordered[:1])}, worst {labels_in_words(recalls, ordered[-1:])}"
    shown = labels_in_words(recalls, pairs[int(found.ci_low.idxmax())])
    reason = f"Distinguished best: {shown}. {apart} of {counted(len(pairs), 'pair')} of labels are distinguished."
    return Measured(evidence.settings.protocol, found, baseline, reason)


def resemblance(evidence: Evidence) -> Measured:
    """Measure how far filters exceed those of networks without true labels, by both estimates and in both measures."""
    protocol = evidence.settings.protocol
    table = rows(evidence.tables["resemblance"], protocol=protocol)
    table = table[table.measure.isin(list(_SHAPES)) & ~table.null.isin(NULL_KERNELS)].dropna(
        subset=["ci_low", "ci_high"]
    )
    compared = {key: own for key, own in table.groupby(["estimate", "null"]) if len(own) == len(_SHAPES)}
    lacking = [name for key, name in _ESTIMATES.items() if key not in {estimate for estimate, _ in compared}]
    if lacking:
        lack = f"No {lacking[0]} were compared with a network that no true label shaped."
        return Measured(protocol, undecided=lack)
    fits = rows(table, estimate="lasso", measure="gabor_r2")
    shown = fits.difference.idxmin()
    whole = pd.concat([table.loc[[shown]], *(own.drop(index=shown, errors="ignore") for own in compared.values())])
    names = whole.estimate.map(_ESTIMATES) + " minus those of " + whole.null
    whole = whole.assign(name=names, value=whole.difference, group=names).drop(
        columns=["n_tracks", "n_predictions"], errors="ignore"
    )
    parts = whole.sort_values(["estimate", "null", "measure"])
    shapes = [f"{_SHAPES[each.measure]} {in_words(each, unit='number')}" for _, each in parts.iterrows()]
    baseline = "; ".join(
        f"{name}: {', '.join(own)}" for name, own in pd.Series(shapes).groupby(parts["name"].to_numpy())
    )
    words = []
    for estimate, title in _ESTIMATES.items():
        above = {null: bool((own.ci_low > 0).all()) for (each, null), own in compared.items() if each == estimate}
        out, within = ([null for null, sure in above.items() if sure is wanted] for wanted in (True, False))
        parts = [f"exceed those of {listed(out)} in both measures"] * bool(out)
        parts += [f"do not exceed those of {listed(within)} significantly in both"] * bool(within)
        words.append(f"{title[0].upper()}{title[1:]} {', and '.join(parts)}.")
    units = counted(int(whole.units.iloc[0]), "unit")
    return Measured(protocol, whole, baseline, f"{' '.join(words)} Measured on {units}, not on tracks.")


def discriminants(evidence: Evidence) -> Measured:
    """Measure segments classified correctly by the hidden layer's axes minus the raw input's, and the baseline."""
    protocol, shown = evidence.settings.protocol, evidence.axes
    if shown is None:
        return Measured(protocol, undecided="Figure 5 was not made.")
    hidden, raw, gain = (Estimate(*map(float, shown[f"{name}_segments"])) for name in ("hidden", "raw", "difference"))
    frequent = float(shown["baseline_segments"])
    names = ["hidden layer minus raw input", "hidden layer minus the most frequent label"]
    found = _table(names, [gain, Estimate(*(each - frequent for each in hidden))])
    found = found.assign(
        margin=[math.nan, 0.0], n_tracks=int(shown["n_tracks"][-1]), n_predictions=int(shown["n_segments"][-1]), seeds=1
    )
    baseline = f"raw input: {in_words(raw, unit='fraction')}; most frequent label: {percent(frequent)}"
    reason = (
        f"Hidden layer: {in_words(hidden, unit='fraction')}. {position(gain)} The predictions are of segments, by one "
        "network on one split."
    )
    return Measured(protocol, found, baseline, reason)


def excerpts(evidence: Evidence, *, seconds: Sequence[float], longer: float) -> Measured:
    """Measure the gain of the longest excerpt over the shortest, which lasts so many `seconds`, from and to."""
    protocol, table = evidence.settings.protocol, evidence.shown("excerpts").sort_values("seconds")
    if table.empty:
        return Measured(protocol, undecided=f"{evidence.settings.model} was not applied to parts of a track.")
    short, whole = table.iloc[0], table.iloc[-1]
    if not seconds[0] <= short.seconds <= seconds[1] or whole.seconds < longer * short.seconds:
        lack = f"The excerpts are of {short.seconds:.3g} to {whole.seconds:.3g} s."
        return Measured(protocol, undecided=lack)
    gain = {"name": "gain", "value": whole.gain, "ci_low": whole.gain_ci_low, "ci_high": whole.gain_ci_high}
    found = pd.DataFrame([gain | {name: whole[name] for name in _COUNTS}])
    baseline = f"after {short.seconds:.3g} s: {in_words(short, unit='fraction', value='accuracy')}"
    reason = (
        f"After {whole.seconds:.3g} s: {in_words(whole, unit='fraction', value='accuracy')}. {position(found.iloc[0])}"
    )
    return Measured(protocol, found, baseline, reason)


def calibration(evidence: Evidence) -> Measured:
    """Measure mean top probability minus accuracy, of all tests and then of each bin of probabilities."""
    from scipy.special import ndtri

    protocol, table = evidence.settings.protocol, evidence.shown("calibration")
    whole = rows(table, bin="all").dropna(subset=["confidence"])
    if whole.empty:
        return Measured(protocol, undecided=f"No probabilities of {evidence.settings.model} were recorded.")
    row = whole.iloc[0]
    bins = table[(table.bin != "all") & (table.n_predictions > 0)].dropna(subset=["confidence", "ci_low", "ci_high"])
    widened = float(ndtri(1 - 0.025 / max(1, len(bins)))) / NORMAL_95
    both = pd.concat([whole[:1], bins])
    factor = np.array([1.0] + [widened] * len(bins))
    found = both.assign(
        name=both.bin,
        value=both.confidence - both.accuracy,
        ci_low=both.confidence - (both.accuracy + factor * (both.ci_high - both.accuracy)),
        ci_high=both.confidence - (both.accuracy - factor * (both.accuracy - both.ci_low)),
    )
    off = int(((found.ci_low > 0) | (found.ci_high < 0))[1:].sum())
    first = found.iloc[0]
    side = "above" if first.ci_low > 0 else "below" if first.ci_high < 0 else "not significantly different from"
    reason = (
        f"On the whole its probabilities are {side} its accuracy; {off} of {counted(len(bins), 'bin')} "
        f"{'is' if off == 1 else 'are'} off."
    )
    baseline = (
        f"accuracy: {in_words(row, unit='fraction', value='accuracy')}; "
        f"mean top probability: {percent(row.confidence)}; expected calibration error: {percent(row.calibration_error)}"
    )
    return Measured(protocol, found, baseline, reason)


def whole_track(evidence: Evidence, *, labels: Sequence[str]) -> Measured | None:
    """Measure the accuracy of the network that sees the whole track, on some labels, minus that of the judged one."""
    settings = evidence.settings
    other = next((name for name in evidence.runs if name != settings.model), None)
    if other is None or settings.model not in evidence.runs:
        return None
    alone, whole = (
        outcomes(tests[tests.label.astype(str).str.strip().str.casefold().isin(list(labels))])
        for tests in (evidence.runs[settings.model], evidence.runs[other])
    )
    both = np.logical_and(*((~np.isnan(table)).any(axis=0) for table in (alone, whole)))
    if not both.any():
        return Measured(settings.protocol, undecided=f"No {' or '.join(labels)} was tested with both.")
    alone, whole = alone[:, both], whole[:, both]
    found = _table([other], [paired_difference_ci(whole, alone)]).assign(**counts(whole))
    baseline = f"without: {percent(float(np.nanmean(alone)))}, with: {percent(float(np.nanmean(whole)))}"
    pairs = evidence.shown("paired", other=other).dropna(subset=["ci_low", "ci_high"])
    everywhere = f" On all labels: {pairs_in_words(pairs)} (without minus with)." if len(pairs) else ""
    return Measured(settings.protocol, found, baseline, position(found.iloc[0]) + everywhere)


def _not_run(evidence: Evidence) -> Measured:
    settings = evidence.settings
    return Measured(settings.protocol, undecided=f"{settings.model} was not run under {settings.protocol}.")


def _table(names: Sequence[str], estimates: Sequence[Estimate]) -> pd.DataFrame:
    return pd.DataFrame(estimates, columns=["value", "ci_low", "ci_high"]).assign(name=list(names))


def _recalls(evidence: Evidence) -> tuple[dict[str, float], np.ndarray, dict[str, np.ndarray]] | None:
    """Return the recall of each label, the outcomes by track and run, and those of the tracks of each label."""
    tests = evidence.runs.get(evidence.settings.model)
    if tests is None:
        return None
    table, by_label = outcomes(tests), {}
    for label, own in tests.groupby("label", observed=True):
        by_label[str(label)] = table[np.unique(own.track.cat.codes)]
    return {label: float(np.nanmean(own)) for label, own in by_label.items()}, table, by_label


def _between(evidence: Evidence, other: str) -> Any | None:
    """Return the judged protocol minus another, whichever of the two comes first in the table."""
    protocol, table = evidence.settings.protocol, rows(evidence.tables["protocols"], model=evidence.settings.model)
    found = rows(table, protocol=protocol, other=other)
    if found.empty:
        turned = rows(table, protocol=other, other=protocol)
        if turned.empty:
            return None
        swap = {"accuracy": turned.other_accuracy, "other_accuracy": turned.accuracy}
        found = turned.assign(difference=-turned.difference, ci_low=-turned.ci_high, ci_high=-turned.ci_low, **swap)
    summary = rows(evidence.tables["summary"], model=evidence.settings.model)
    seeds = summary[summary.protocol.isin([protocol, other])].seeds.min()
    return found.assign(name=other, value=found.difference, seeds=seeds).iloc[0]


def _not_gtzan(evidence: Evidence, labels: int, tracks_per_label: int) -> str:
    """Say why a dataset is not the whole of GTZAN; empty if it is."""
    sizes = evidence.usable.label.value_counts()
    tested = set(evidence.shown("recall").label)
    if evidence.settings.model in evidence.runs:
        tested |= set(evidence.runs[evidence.settings.model].label.astype(str))
    range_ = f"{sizes.min()}" if len(sizes) and sizes.min() == sizes.max() else f"{sizes.min()} to {sizes.max()}"
    size = f"{counted(len(evidence.usable), 'track')} of {counted(len(sizes), 'label')}, {range_} of each"
    if evidence.settings.source == "demo":
        return f"People were never asked about this music, which code made ({size})."
    if evidence.settings.source != "gtzan":
        return f"The level is that of other music than this collection ({size})."
    if len(sizes) != labels or sizes.min() < tracks_per_label or len(tested) not in (0, labels):
        return f"These are not the 1,000 tracks of ten genres that the paper speaks of ({size})."
    return ""


KINDS: dict[str, Callable[..., Measured | None]] = {
    each.__name__: each
    for each in (
        accuracy, paired, protocols, recall, recall_pairs, resemblance, discriminants, excerpts, calibration,
        whole_track,
    )
}  # fmt: skip
