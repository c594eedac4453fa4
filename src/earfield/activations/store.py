"""Files of a dumped layer, read without a network."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from earfield.errors import DatasetError
from earfield.files.tables import read_text_csv


@dataclass(frozen=True)
class DumpFacts:
    """Layer, positions and shape of a dump."""

    layer: str
    units: int  # channels of the layer
    positions: list[list[int]]  # [frame, band] on the layer's map
    patch_frames: int  # size of the patch of input that reaches one position
    patch_bands: int
    frame_step: int  # how far the patch moves with the position
    band_step: int
    frames: int  # length of a segment
    rows: int  # segments
    rows_per_chunk: int  # segments in each chunk but the last
    front_end: dict[str, Any]  # parameters that turned audio into the input
    broken: list[int]  # units that depend on a weight that is not finite

    def to_json(self) -> str:
        """Return the facts as a JSON text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    def patch(self, position: list[int]) -> tuple[slice, slice]:
        """Return the input frames and the input bands that reach a position."""
        frame, band = position[0] * self.frame_step, position[1] * self.band_step
        return slice(frame, frame + self.patch_frames), slice(band, band + self.patch_bands)

    def middle_bands(self) -> slice:
        """Return the input bands of the position in the middle of the positions along the band axis."""
        bands = sorted({band for _, band in self.positions})
        return self.patch([0, bands[len(bands) // 2]])[1]

    @property
    def chunks(self) -> int:
        """Return the number of chunks."""
        return -(-self.rows // self.rows_per_chunk)

    def chunk_shape(self, chunk: int) -> tuple[int, int, int]:
        """Return (segments, positions, units) of a chunk."""
        first = chunk * self.rows_per_chunk
        return min(self.rows_per_chunk, self.rows - first), len(self.positions), self.units


def chunk_name(chunk: int) -> str:
    """Return the file name of a chunk."""
    return f"chunk-{chunk:05d}.npy"


class ActivationDump:
    """Reader of a dump of `earfield.activations.dump`.

    Parameters
    ----------
    folder : path-like
        Holds `facts.json`, `index.csv` and the chunks.

    Attributes
    ----------
    facts : DumpFacts
    index : pd.DataFrame
        `track, label, subset, start`, one row per segment.

    Raises
    ------
    DatasetError
        If a part is missing or shorter than the facts say.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder)
        try:
            self.facts = DumpFacts(**json.loads((self._folder / "facts.json").read_text(encoding="utf-8")))
            self.index: pd.DataFrame = read_text_csv(self._folder / "index.csv").astype({"start": int})
        except (OSError, ValueError, TypeError) as error:
            raise DatasetError(f"{folder} is no whole dump ({error}); delete it and run again.") from None
        if len(self.index) != self.facts.rows:
            raise DatasetError(
                f"{folder}/index.csv has {len(self.index)} rows instead of {self.facts.rows}; "
                f"delete {folder} and run again."
            )
        for chunk in range(self.facts.chunks):
            self.chunk(chunk)

    def chunk(self, number: int) -> np.ndarray:
        """Return one chunk, memory-mapped.

        Returns
        -------
        np.ndarray [shape=(n_segments, n_positions, n_units), dtype=float32]
            Its first row is row `number * facts.rows_per_chunk` of the index.
        """
        path, shape = self._folder / chunk_name(number), self.facts.chunk_shape(number)
        try:
            values = np.load(path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise DatasetError(
                f"{path} is missing or cut short ({error}); delete {self._folder} and run again."
            ) from None
        if values.shape != shape:
            raise DatasetError(
                f"{path} holds {values.shape} values instead of {shape}; delete {self._folder} and run again."
            )
        return values
