"""Training curves while they grow, for TensorBoard and DVCLive."""

import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import tensorflow as tf

log = logging.getLogger(__name__)

_COUNTS = ("epoch", "segments")


class Curves:
    """Writer of the losses and accuracies of each epoch.

    Parameters
    ----------
    tensorboard : path-like
        Folder for TensorBoard; a resumed run adds to it.
    dvclive : path-like
        Folder for DVCLive.
    history : sequence of mapping
        Epochs of an earlier run that this one resumes.
    """

    def __init__(
        self, tensorboard: str | os.PathLike[str], dvclive: str | os.PathLike[str], history: Sequence[Mapping[str, Any]]
    ) -> None:
        # The import takes half a second.
        from dvclive.live import Live
        from scmrepo.exceptions import SCMError

        logging.getLogger("dvclive").setLevel(logging.WARNING)
        if not history:
            shutil.rmtree(tensorboard, ignore_errors=True)
        self._board = tf.summary.create_file_writer(str(tensorboard))
        # The workflow versions its own files: no experiment is saved and no dvc.yaml written from here.
        self._live = None
        try:
            self._live = Live(str(dvclive), report=None, save_dvc_exp=False, dvcyaml=None)
        except SCMError as error:  # it asks git for the last commit, and there may be none
            log.warning("No curves for DVCLive (%s); commit to git before the training to have them.", error)
        for row in history:
            self._to_dvclive(row)

    def add(self, row: Mapping[str, Any]) -> None:
        """Add an epoch, a row of the history: `epoch`, `segments` (trained on so far) and the scores."""
        with self._board.as_default(step=row["segments"]):
            for name in row.keys() - _COUNTS:
                tf.summary.scalar(name, row[name])
        self._board.flush()
        self._to_dvclive(row)

    def _to_dvclive(self, row: Mapping[str, Any]) -> None:
        if self._live is None:
            return
        self._live.step = row["epoch"]
        for name in sorted(row.keys() - _COUNTS):
            self._live.log_metric(name, row[name])
        self._live.make_summary()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._board.close()
        if self._live is not None:
            self._live.end()
