"""Receptive fields: the Lasso against scikit-learn's, dumps against bare prediction, measures, memory."""

from pathlib import Path

from benchmarks.project import run_module, summarise

_REPETITIONS = 3


def measure_filters(folder: Path, songs: Path | None) -> list[list[object]]:
    """Measure each part in processes of its own; both sides of a ratio run in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[list[object]] = []
    for n, asked in ((10_000, ">= 10"), (200_000, ">= 25")):
        # The reference alone takes minutes at 200,000 rows.
        repetitions = _REPETITIONS if n == 10_000 else 1
        ratios, ours, passes, errors = zip(*[run_module("lasso", str(n)) for _ in range(repetitions)], strict=True)
        rows += [
            [f"64 x LassoCV / our filters, {n:,} rows", asked, *summarise(list(ratios))],
            [f"our filters, {n:,} rows, Gram matrices included [s]", "", *summarise(list(ours))],
            [f"Gram matrices of {n:,} rows [s]", "", *summarise(list(passes))],
            [f"largest difference of a coefficient of 2 units, {n:,} rows, of the largest", "<= 1e-5", *_tiny(errors)],
        ]
    for positions in ("centre", "all"):
        ratios, ours = [], []
        for number in range(_REPETITIONS):
            bare = run_module("plain_predict")[0]
            ours.append(run_module("our_dump", str(folder / f"{positions}{number}"), positions)[0])
            ratios.append(ours[-1] / bare)
        rows += [
            [f"segments/s dumped, pool2 at positions: {positions} / bare predict", ">= 0.8", *summarise(ratios)],
            [f"segments/s dumped, pool2 at positions: {positions}", "", *summarise(ours)],
        ]
    seconds = [run_module("strf_measures")[0] for _ in range(_REPETITIONS)]
    rows.append(["all measures and Gabor fits of 64 filters [s]", "< 20", *summarise(seconds)])
    return rows


def _tiny(values: tuple[float, ...]) -> list[object]:
    ordered = sorted(values)
    return [*(f"{value:.1e}" for value in (ordered[len(ordered) // 2], ordered[0], ordered[-1])), len(ordered)]
