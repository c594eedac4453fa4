"""A linear classifier on features of a convolutional deep belief network that is trained without labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from earfield.models.cdbn.options import Options
from earfield.models.estimator import Task, choose

THREADS = 8  # maximum number of useful processors


def predict(task: Task, **options: Any) -> np.ndarray:
    """Train the layers and the classifier on training tracks, choose layers and penalty on validation tracks.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
        Mean probabilities over the segments of each track, by the features of one layer or of all.

    Source: Lee, Largman, Pham & Ng (2009), "Unsupervised feature learning for audio classification using convolutional
    deep belief networks". They use spectrograms of 20 ms every 10 ms with 80 principal components; here 64 mel bands of
    23 ms every 11.6 ms.
    """
    from earfield.network.device import configure

    # isort: split
    from earfield.files.processors import processors
    from earfield.models.cdbn.network import describe, train_cdbn

    assert task.shards is not None  # noqa: S101  # the module names no features
    own, workers = Options(**options), processors()
    configure(workers)
    network = train_cdbn(task.shards, task.tracks["train"], own, seed=task.seed, workers=workers)
    x, counts = {}, {}
    for subset, names in task.tracks.items():
        x[subset], counts[subset] = describe(network, task.shards, names, workers=workers)
    return classify(x, counts, task.targets, labels=len(task.labels), bases=own.bases, c=own.c)


def classify(
    x: Mapping[str, np.ndarray],
    counts: Mapping[str, np.ndarray],
    targets: Mapping[str, np.ndarray],
    *,
    labels: int,
    bases: Sequence[int],
    c: Sequence[float],
) -> np.ndarray:
    """Fit the classifier on segments of training tracks, choose on validation tracks, average over segments.

    Parameters
    ----------
    x : mapping of str to np.ndarray [shape=(n_segments, n_bases of all layers)]
        By subset.
    counts : mapping of str to np.ndarray [shape=(n_tracks,), dtype=int]
        Segments of each track.
    targets : mapping of str to np.ndarray [shape=(n_tracks,), dtype=int]
        Of train and validation, below `labels`.
    bases, c
        As in `Options`.

    Returns
    -------
    np.ndarray [shape=(n_test_tracks, n_labels)]
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    ends = np.cumsum(bases)
    seen = {f"layer {k + 1}": slice(end - n, end) for k, (n, end) in enumerate(zip(bases, ends, strict=True))}
    seen |= {"all layers": slice(0, ends[-1])} if len(bases) > 1 else {}
    fitted: dict[tuple[str, float], Any] = {}

    def probabilities(candidate: Mapping[str, Any], subset: str) -> np.ndarray:
        key = candidate["seen"], candidate["c"]
        columns = seen[candidate["seen"]]
        with threadpool_limits(1):  # summation order independent of the number of processors
            if key not in fitted:
                model = make_pipeline(StandardScaler(), LogisticRegression(C=key[1], max_iter=2000))
                fitted[key] = model.fit(x["train"][:, columns], np.repeat(targets["train"], counts["train"]))
            model = fitted[key]
            own = model.predict_proba(x[subset][:, columns])
        of_segments = np.zeros((len(own), labels))  # a label without training tracks has no column
        of_segments[:, model.classes_] = own
        ends = np.cumsum(counts[subset])
        return np.add.reduceat(of_segments, ends - counts[subset]) / counts[subset][:, None]

    def log_probabilities(candidate: Mapping[str, Any]) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(probabilities(candidate, "validation"))

    return probabilities(choose({"seen": seen, "c": c}, log_probabilities, targets=targets["validation"]), "test")
