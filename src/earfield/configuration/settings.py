"""Settings of the stages as frozen dataclasses, parsed once from the checked configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any, Self


class _Settings:
    """Base class of settings: conversion from and to a mapping."""

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> Self:
        """Make settings from a mapping with a key for each field without default; other keys are ignored."""
        own: Sequence[Field[Any]] = fields(cls)  # type: ignore[arg-type]
        return cls(**{each.name: mapping[each.name] for each in own if each.name in mapping or each.default is MISSING})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as a mapping, in the order of the fields."""
        return asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class GtzanSettings(_Settings):
    """The archive of GTZAN."""

    archive: str | None  # the user's own `.tar.gz`, or the folder that it was unpacked into; None or "" downloads it
    mirrors: tuple[str, ...]  # addresses of the archive, tried in turn
    sha256: str  # of the known archive [hexadecimal]
    size: int  # of the known archive [bytes]; a mirror that sends more than twice as much is refused
    known_broken: tuple[str, ...]  # tracks that a downloaded archive of unknown hash may lack or hold broken
    max_bytes: int  # bound on what an archive unpacks to [bytes]
    max_entries: int


@dataclass(frozen=True)
class MelSettings(_Settings):
    """The front end."""

    sample_rate: int  # that songs are resampled to [Hz]
    n_fft: int  # length of the analysis window [samples]
    hop_length: int  # [samples]
    n_mels: int
    fmin: float  # lower and upper edge of the bands [Hz]
    fmax: float


@dataclass(frozen=True)
class SegmentSettings(_Settings):
    """Segments, the input of a network."""

    frames: int
    overlap: float  # of the segments that validation and test tracks are cut into, as a fraction of a segment


@dataclass(frozen=True)
class NetworkSettings(_Settings):
    """The network; kernels and pools are [mel bands, frames], the paper's order."""

    conv: Sequence[Mapping[str, Any]]  # `filters`, `kernel`, `pool` of each layer; `l2` weighs the squared kernel
    dense: Mapping[str, Any]  # `units` and `l2` of the hidden layer
    dropout: float  # dropout rate before and after the hidden layer
    scale: str = "log_power"  # or "decibels", standardised in each mel band
    context: Mapping[str, Any] | None = None  # `frames` of a second input, a summary of the track, and its own `conv`


@dataclass(frozen=True)
class TrainSettings(_Settings):
    """Training of a network."""

    recipe: str  # key of `earfield.train.recipes.RECIPES`
    optimizer: Mapping[str, Any]  # `name` of a Keras optimiser and its arguments
    batch_size: int  # segments per step of the optimiser
    micro_batch: int  # segments that a processor works on at a time
    segments_per_track: int  # segments drawn from each training track in an epoch
    max_epochs: int
    patience: int  # epochs without improvement after which training ends
    precision: str  # "float32" or "bfloat16"
    xla: bool  # whether XLA compiles the step


@dataclass(frozen=True)
class ModelSettings:
    """All settings of a network and its training."""

    front_end: MelSettings
    segment: SegmentSettings
    network: NetworkSettings
    train: TrainSettings
    tags: bool = False  # whether a label is several tags as one text, each with its own probability

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> Self:
        """Make the settings from a mapping with `front_end`, `segment`, `network`, `train` and `tags`."""
        return cls(
            front_end=MelSettings.parse(mapping["front_end"]),
            segment=SegmentSettings.parse(mapping["segment"]),
            network=NetworkSettings.parse(mapping["network"]),
            train=TrainSettings.parse(mapping["train"]),
            tags=mapping["tags"],
        )


@dataclass(frozen=True)
class ActivationSettings(_Settings):
    """Layer and positions whose activations are recorded."""

    layer: str  # conv1, pool1, conv2, pool2, dense or output
    positions: Any  # "centre", "all", or a sequence of positions [frame, mel band] on the layer's map
    overlap: float  # of the segments that tracks are cut into, as a fraction of a segment


@dataclass(frozen=True)
class FilterSettings(_Settings):
    """Estimation of receptive fields."""

    folds: int  # folds of tracks that choose the penalty by cross-validation
    alphas: int  # number of penalties tried
    min_active: int  # rows that a unit has to be active on to be fitted


@dataclass(frozen=True)
class DiscriminantSettings(_Settings):
    """Discriminant axes of figure 5."""

    overlap: float  # of the segments that tracks are cut into, as a fraction of a segment; a track's tail is left out
    components: tuple[int, ...]  # principal components of the raw input; the best on validation tracks is taken
