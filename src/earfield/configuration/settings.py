"""Settings of the stages as frozen dataclasses, parsed once from the checked configuration."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any, Self


class _Settings:
    """What all settings have in common: made from a mapping, and back."""

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> Self:
        """Make settings from a part of the configuration; keys that belong to others are passed over.

        Parameters
        ----------
        mapping : mapping
            With a key for each field that has no default.

        Returns
        -------
        Settings
        """
        own: Sequence[Field[Any]] = fields(cls)  # type: ignore[arg-type]
        return cls(**{each.name: mapping[each.name] for each in own if each.name in mapping or each.default is MISSING})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as a mapping, in the order of the fields."""
        return asdict(self)  # type: ignore[call-overload]


@dataclass(frozen=True)
class GtzanSettings(_Settings):
    """The archive of GTZAN.

    Attributes
    ----------
    archive : str or None
        The user's own `.tar.gz`, or the folder that it was unpacked into; None or "" downloads it.
    mirrors : sequence of str
        Addresses of the archive, tried in turn.
    sha256 : str
        Hash of the known archive [hexadecimal].
    size : int
        Size of the known archive [bytes]. A mirror that sends more than twice as much is refused.
    known_broken : sequence of str
        Tracks that a downloaded archive of unknown hash may lack or hold broken.
    max_bytes, max_entries : int
        Bounds on what an archive unpacks to [bytes] and on its number of entries.
    """

    archive: str | None
    mirrors: tuple[str, ...]
    sha256: str
    size: int
    known_broken: tuple[str, ...]
    max_bytes: int
    max_entries: int


@dataclass(frozen=True)
class MelSettings(_Settings):
    """The front end.

    Attributes
    ----------
    sample_rate : int
        Rate that songs are resampled to [Hz].
    n_fft, hop_length : int
        Length and step of the analysis window [samples].
    n_mels : int
        Number of mel bands.
    fmin, fmax : float
        Lower and upper edge of the bands [Hz].
    """

    sample_rate: int
    n_fft: int
    hop_length: int
    n_mels: int
    fmin: float
    fmax: float


@dataclass(frozen=True)
class SegmentSettings(_Settings):
    """What a network sees at a time.

    Attributes
    ----------
    frames : int
        Length of a segment [frames].
    overlap : float
        Overlap of the segments that validation and test tracks are cut into, as a fraction of a segment.
    """

    frames: int
    overlap: float


@dataclass(frozen=True)
class NetworkSettings(_Settings):
    """The network.

    Attributes
    ----------
    conv : sequence of mapping
        `filters`, `kernel` and `pool` (both as [mel bands, frames], the paper's order) of each convolutional layer, and
        `l2`, the weight of the squared kernel in the loss.
    dense : mapping
        `units` and `l2` of the hidden layer.
    dropout : float
        Fraction of units dropped before and behind the hidden layer.
    scale : str
        "log_power", or "decibels" standardised in each mel band.
    context : mapping or None
        `frames` of a second input, a summary of the whole track, and `conv` of its own.
    """

    conv: Sequence[Mapping[str, Any]]
    dense: Mapping[str, Any]
    dropout: float
    scale: str = "log_power"
    context: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class TrainSettings(_Settings):
    """How a network is trained.

    Attributes
    ----------
    recipe : str
        Key of `earfield.train.recipes.RECIPES`.
    optimizer : mapping
        `name` of a Keras optimiser and its arguments.
    batch_size, micro_batch : int
        Segments per step of the optimiser; segments that a processor works on at a time.
    segments_per_track : int
        Segments drawn from each training track in an epoch.
    max_epochs, patience : int
        Training ends after so many epochs, or after so many without improvement.
    precision : str
        "float32" or "bfloat16".
    xla : bool
        Whether XLA compiles the step.
    """

    recipe: str
    optimizer: Mapping[str, Any]
    batch_size: int
    micro_batch: int
    segments_per_track: int
    max_epochs: int
    patience: int
    precision: str
    xla: bool


@dataclass(frozen=True)
class ModelSettings:
    """All settings that decide a network and its training.

    Attributes
    ----------
    front_end : MelSettings
        Of the spectrograms.
    segment : SegmentSettings
    network : NetworkSettings
    train : TrainSettings
    tags : bool
        Whether a label is the text of several tags, each with a probability of its own.
    """

    front_end: MelSettings
    segment: SegmentSettings
    network: NetworkSettings
    train: TrainSettings
    tags: bool = False

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
    """What is recorded of a network.

    Attributes
    ----------
    layer : str
        conv1, pool1, conv2, pool2, dense or output.
    positions : str or sequence of [int, int]
        "centre", "all", or positions [frame, mel band] on the layer's map.
    overlap : float
        Overlap of the segments that tracks are cut into, as a fraction of a segment.
    """

    layer: str
    positions: Any
    overlap: float


@dataclass(frozen=True)
class FilterSettings(_Settings):
    """How receptive fields are estimated.

    Attributes
    ----------
    folds : int
        Folds of tracks that choose the penalty by cross-validation.
    alphas : int
        Number of penalties tried.
    min_active : int
        Rows that a unit has to be active on to be fitted.
    """

    folds: int
    alphas: int
    min_active: int


@dataclass(frozen=True)
class DiscriminantSettings(_Settings):
    """How the discriminant axes of figure 5 are fitted.

    Attributes
    ----------
    overlap : float
        Overlap of the segments that tracks are cut into, as a fraction of a segment; a track's tail is left out.
    components : sequence of int
        Numbers of principal components of the raw input, of which the best on validation tracks is taken.
    """

    overlap: float
    components: tuple[int, ...]
