"""Processor time of our features of Tzanetakis & Cook, from files to numbers.

    python -m benchmarks.our_tzanetakis FOLDER

Prints milliseconds a track, of the files of FOLDER as <label>/<file>, after a first one that is not counted.
"""

import sys
import time
from pathlib import Path

import numpy as np

from earfield.audio.song import Song
from earfield.features.tzanetakis_cook import describe


def main() -> None:
    """Describe one song after the other."""
    songs = [Song(path.name, str(path), np.empty((1, 0)), {}) for path in sorted(Path(sys.argv[1]).glob("*/*"))]
    describe(songs[0])
    started = time.process_time()
    for song in songs:
        describe(song)
    print(1000 * (time.process_time() - started) / len(songs))


if __name__ == "__main__":
    main()
