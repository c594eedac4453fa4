"""What a network's card says of how good it is: results, and why its word on a single song is not certain."""

from collections.abc import Iterator, Mapping
from typing import Any

from earfield.files.markdown import counted, interval, markdown_table, percent, plain

_OTHERS = (
    "is that of one network on one split; how much others differ is in `summary.csv` of the dataset's results, if "
    "several seeds were run."
)


def names_of(scores: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the labels or tags that a run was scored by, and which of the two they are."""
    return (list(scores["by_tag"]), "tag") if "by_tag" in scores else (scores["labels"], "label")


def results(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paragraphs on the scores of a run.

    Parameters
    ----------
    scores : mapping
        `metrics.json` of the run: from `earfield.evaluate.score.score` or, of tags,
        `earfield.evaluate.tag_scores.write_tag_metrics`.
    """
    return _of_tags(scores) if "by_tag" in scores else _of_labels(scores)


def doubts(scores: Mapping[str, Any]) -> Iterator[str]:
    """Yield what stands against taking the network's word on a song; see `results`."""
    names, kind = names_of(scores)
    number = counted(len(names), kind)
    if kind == "tag":
        yield (
            "Judging a single song as if certain: the scores say how well it ranks tracks by a tag, not that its "
            "probabilities are as sure as they say."
        )
        yield f"Music unlike its data. It gives each of its {number} a probability for any sound, fitting or not."
        return
    wrong = scores["tracks"] - _hits(scores)
    yield (
        f"Judging a single song as if certain: {wrong} of {counted(scores['tracks'], 'test track')} "
        f"{'was' if wrong == 1 else 'were'} labelled wrong, and its probabilities need not be as sure as they say: see "
        "`calibration.csv` of the protocol."
    )
    yield f"Music unlike its data. It names one of its {number} for any sound, also for one that has none of them."


def _of_tags(scores: Mapping[str, Any]) -> Iterator[str]:
    scored = counted(scores["tags"], "tag")
    yield (
        f"**Area under the ROC curve {_number(scores, 'roc_auc')}**, 95% interval {_interval(scores, 'roc_auc')}, mean "
        f"over {scored}, of {counted(scores['tracks'], 'test track')}; by chance 0.50. Average precision "
        f"{_number(scores, 'average_precision')}, 95% interval {_interval(scores, 'average_precision')}; by chance "
        f"{_number(scores, 'average_precision_baseline')}, the share of tracks with a tag."
    )
    if scores["roc_auc_low"] is not None and scores["roc_auc_low"] <= 0.5 <= scores["roc_auc_high"]:
        yield "The interval of the area holds chance: this run does not show that the network is better or worse."
    yield f"Each interval {_OTHERS}"
    header = ["tag", "test tracks with it", "area under the ROC curve", "95% interval"]
    rows = [
        [
            plain(tag),
            each["positives"],
            *(show(each, name) for name in ("roc_auc", "average_precision") for show in (_number, _interval)),
            _number(each, "average_precision_baseline"),
        ]
        for tag, each in scores["by_tag"].items()
    ]
    yield markdown_table([*header, "average precision", "95% interval", "by chance"], rows)


def _number(scores: Mapping[str, Any], name: str) -> str:
    return "not tested" if scores[name] is None else f"{scores[name]:.2f}"


def _interval(scores: Mapping[str, Any], name: str) -> str:
    low, high = scores[f"{name}_low"], scores[f"{name}_high"]
    return "none" if low is None else f"{low:.2f} – {high:.2f}"


def _of_labels(scores: Mapping[str, Any]) -> Iterator[str]:
    labels, matrix, n = scores["labels"], scores["confusion"], scores["tracks"]
    yield (
        f"**{percent(scores['accuracy'])} of {counted(n, 'test track')} are labelled right** ({_hits(scores)}), 95% "
        f"interval {interval(scores)} (Wilson's). Always naming the commonest label would be right for "
        f"{percent(scores['baseline'])}. The mean recall over labels is {percent(scores['balanced_accuracy'])}."
    )
    if scores["low"] <= scores["baseline"] <= scores["high"]:
        yield "The interval holds that baseline: this run does not show that the network is better or worse."
    yield f"The interval {_OTHERS}"
    rows = [
        [plain(label), percent(each["recall"]), each["tracks"], interval(each)]
        if (each := scores["recall"].get(label))
        else [plain(label), "not tested", 0, ""]
        for label in labels
    ]
    yield markdown_table(["label", "recall", "test tracks", "95% interval"], rows)
    errors = [
        (count, label, predicted)
        for label, row in zip(labels, matrix, strict=True)
        for predicted, count in zip(labels, row, strict=True)
        if count and label != predicted
    ]
    most = max((count for count, _, _ in errors), default=0)
    pairs = [
        f"{plain(label)} taken for {plain(predicted)} "
        f"({count} of {counted(scores['recall'][label]['tracks'], 'track')})"
        for count, label, predicted in errors
        if count == most
    ]
    if not pairs:
        yield "No test track was taken for another label."
    elif most == 1:
        mistaken = f"{counted(len(pairs), 'track')} {'was' if len(pairs) == 1 else 'were'} mistaken"
        yield f"No two labels were confused more than once; {mistaken}."
    else:
        yield f"Most frequent confusion: {'; '.join(pairs)}."


def _hits(scores: Mapping[str, Any]) -> int:
    return sum(row[number] for number, row in enumerate(scores["confusion"]))
