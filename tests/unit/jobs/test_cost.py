"""What a computation cost."""

import json
import time

import numpy as np
import pytest

from earfield.jobs.resource_usage import cost_written


def test_time_and_memory_are_those_of_the_block(tmp_path):
    with cost_written(tmp_path / "one.json", processors=2):
        time.sleep(0.2)
    with cost_written(tmp_path / "other.json", processors=2):
        np.ones(50_000_000).sum()
    one, other = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "other"))
    assert one["seconds"] >= 0.2 and one["processors"] == 2
    assert other["peak_mb"] >= 400 and other["peak_mb"] >= one["peak_mb"] > 10


def test_nothing_is_written_of_what_failed(tmp_path):
    with pytest.raises(RuntimeError), cost_written(tmp_path / "cost.json", processors=1):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
