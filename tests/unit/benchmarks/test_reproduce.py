"""The comparison of two builds sees every difference."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))
from benchmarks.reproduce import compare, hashes


def test_each_difference_is_named(tmp_path):
    for name in ("one", "other"):
        for part in ("data", "results/demo"):
            (tmp_path / name / part).mkdir(parents=True)
            (tmp_path / name / part / "same.csv").write_text("1")
        (tmp_path / name / "logs.txt").write_text(name)  # says when, and is no result
    (tmp_path / "one/data/a.csv").write_text("1")
    (tmp_path / "other/results/demo/b.csv").write_text("1")
    (tmp_path / "one/results/c.csv").write_text("1")
    (tmp_path / "other/results/c.csv").write_text("2")
    one, other = (hashes(tmp_path / name) for name in ("one", "other"))
    assert compare(one, other) == {
        "data/a.csv": "only in the first",
        "results/c.csv": "other content",
        "results/demo/b.csv": "only in the second",
    }
    assert compare(one, one) == {}
