"""Windows of memory-mapped shards."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from earfield.mel.shards import MelShards, window_starts

LENGTHS = {"a/1": 40, "a/2": 25, "NA": 31, "01": 30}


@given(n_frames=st.integers(1, 3000), frames=st.integers(1, 400), hop=st.integers(1, 500))
def test_windows_cover_a_track_to_its_end(n_frames, frames, hop):
    assume(frames <= n_frames)
    starts = window_starts(n_frames, frames=frames, hop=hop)
    assert starts[0] == 0 and starts[-1] == n_frames - frames
    assert (starts[:-1] % hop == 0).all()
    assert (np.diff(starts) > 0).all() and (np.diff(starts) <= hop).all()
    assert np.diff(starts[:-1]).tolist() == [hop] * (len(starts) - 2)
    if hop <= frames:
        covered = np.zeros(n_frames, dtype=bool)
        for start in starts:
            covered[start : start + frames] = True
        assert covered.all()


@pytest.mark.parametrize(
    ("n_frames", "starts"), [(256, [0]), (257, [0, 1]), (384, [0, 128]), (385, [0, 128, 129]), (512, [0, 128, 256])]
)
def test_tail_gets_a_window_of_its_own(n_frames, starts):
    assert window_starts(n_frames, frames=256, hop=128).tolist() == starts


def test_track_shorter_than_a_window_is_refused():
    with pytest.raises(ValueError, match="a track of 255 frames has no window of 256"):
        window_starts(255, frames=256, hop=128)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    """Write two full shards and an empty one; return their reader and what each track holds."""
    folder = tmp_path_factory.mktemp("shards")
    generator = np.random.default_rng(0)
    held = {track: generator.random((n, 8), dtype=np.float32) for track, n in LENGTHS.items()}
    for number, names in enumerate([["a/1", "NA"], [], ["a/2", "01"]]):
        np.save(folder / f"{number}.npy", np.concatenate([np.empty((0, 8), np.float32), *map(held.get, names)]))
        frames = np.array([LENGTHS[name] for name in names], dtype=int)
        index = {"track": names, "label": "x", "start": frames.cumsum() - frames, "frames": frames}
        pd.DataFrame(index).to_csv(folder / f"{number}.csv", index=False)
    return MelShards(*[[folder / f"{number}.{suffix}" for number in range(3)] for suffix in ("npy", "csv")]), held


def test_every_track_is_found(shards):
    reader, held = shards
    assert set(reader.index.index) == set(held)
    for track, mel in held.items():
        assert np.array_equal(reader.track(track), mel)


def test_track_is_a_view_of_the_file(shards):
    track = shards[0].track("a/2")
    assert isinstance(track, np.memmap)
    assert isinstance(track.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        track[0, 0] = 1


def test_unknown_track_is_an_error(shards):
    with pytest.raises(KeyError, match="nobody"):
        shards[0].track("nobody")


@given(data=st.data())
def test_gather_copies_windows(shards, data):
    reader, held = shards
    names = data.draw(st.lists(st.sampled_from(sorted(LENGTHS)), min_size=1, max_size=6))
    starts = [data.draw(st.integers(0, LENGTHS[name] - 20)) for name in names]
    windows = reader.gather(names, starts, frames=20)
    assert windows.shape == (len(names), 20, 8) and windows.dtype == np.float32
    for window, name, start in zip(windows, names, starts, strict=True):
        assert np.array_equal(window, held[name][start : start + 20])


def test_window_beyond_a_track_does_not_run_into_the_next(shards):
    reader, _ = shards
    assert len(reader.gather(["a/1"], [30], frames=20)[0]) == 10
    with pytest.raises(ValueError, match="same shape"):
        reader.gather(["a/1", "a/1"], [0, 30], frames=20)
