"""Checkpoint of an unfinished training, from which a killed run resumes to the same result."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from earfield.files.atomic import write_aside

_ARRAYS = ("weights", "best_weights", "optimizer")


@dataclass
class TrainingState:
    """State that the next epoch depends on."""

    weights: list[np.ndarray]
    best_weights: list[np.ndarray]  # after the best epoch
    optimizer: list[np.ndarray]  # its variables
    history: list[dict[str, Any]] = field(default_factory=list)  # one row per epoch
    best_epoch: int = -1  # row of `history` with the best validation; -1 before the first epoch


def run_fingerprint(files: Sequence[str | os.PathLike[str]], settings: dict[str, Any]) -> str:
    """SHA-256 of everything that decides a run's result: input files, code and settings."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def save_checkpoint(path: str | os.PathLike[str], state: TrainingState, *, fingerprint: str) -> None:
    """Replace the checkpoint by a new one; the file appears only when whole."""
    arrays = {f"{name}.{number}": value for name in _ARRAYS for number, value in enumerate(getattr(state, name))}
    facts = {"fingerprint": fingerprint, "history": state.history, "best_epoch": state.best_epoch}
    with write_aside(path) as aside:
        np.savez(aside, facts=np.array(json.dumps(facts)), **arrays)


def load_checkpoint(path: str | os.PathLike[str], *, fingerprint: str) -> TrainingState | None:
    """Read the state of a run with this fingerprint; None if there is none or its fingerprint differs."""
    if not Path(path).exists():
        return None
    with np.load(path) as archive:
        facts = json.loads(str(archive["facts"]))
        if facts.pop("fingerprint") != fingerprint:
            return None
        arrays = {
            name: [archive[f"{name}.{number}"] for number in range(sum(key.startswith(f"{name}.") for key in archive))]
            for name in _ARRAYS
        }
    return TrainingState(**arrays, history=facts["history"], best_epoch=facts["best_epoch"])
