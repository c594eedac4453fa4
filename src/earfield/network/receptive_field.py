"""Receptive fields of a network's units, derived from its layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ReceptiveField:
    """The patch of input that reaches one unit of a layer's map."""

    frames: int  # size of the patch along time
    bands: int  # size along the mel axis
    frame_step: int  # how far the patch moves when the unit moves by one along its map
    band_step: int
    map_frames: int  # size of the layer's map; 1 x 1 behind a dense layer, whose units share one receptive field
    map_bands: int

    def patch(self, frame: int, band: int) -> tuple[slice, slice]:
        """Return the input frames and input bands that reach a position; an IndexError if the map has no such one."""
        if not (0 <= frame < self.map_frames and 0 <= band < self.map_bands):
            raise IndexError(f"position ({frame}, {band}) is not on a map of {self.map_frames} x {self.map_bands}")
        first_frame, first_band = frame * self.frame_step, band * self.band_step
        return slice(first_frame, first_frame + self.frames), slice(first_band, first_band + self.bands)


def receptive_field(model: "keras.Model", layer: str) -> ReceptiveField:
    """Derive the receptive field of a layer's units.

    Parameters
    ----------
    model : keras.Model
        A chain of layers on (frames, bands): convolutions and poolings without padding, then layers that keep
        positions (dropout, activation), then dense ones.
    layer : str
        The layer's name.

    Returns
    -------
    ReceptiveField
        10 bands x 34 frames for `pool2` of the paper's network.

    Raises
    ------
    ValueError
        If the model has no such layer, or a layer on the way pads, dilates or is of an unknown kind.

    Source: Araujo, Norris & Sim (2019), "Computing receptive fields of convolutional neural networks", Distill.
    """
    names = [each.name for each in model.layers]
    if layer not in names:
        raise ValueError(f"the network has no layer '{layer}'; it has {', '.join(names)}")
    map_size = list(model.input_shape[1:3])
    size, step = [1, 1], [1, 1]
    for each in model.layers[: names.index(layer) + 1]:
        kind = type(each).__name__
        if kind in ("Conv2D", "MaxPooling2D"):
            window, stride = _window(each)
            for axis in (0, 1):
                size[axis] += (window[axis] - 1) * step[axis]
                step[axis] *= stride[axis]
                map_size[axis] = (map_size[axis] - window[axis]) // stride[axis] + 1
        elif kind == "Flatten":
            size = [size[axis] + (map_size[axis] - 1) * step[axis] for axis in (0, 1)]
            step, map_size = [0, 0], [1, 1]
        elif kind not in ("InputLayer", "Reshape", "Dropout", "Activation", "ReLU", "Dense"):
            raise ValueError(f"layer '{each.name}' is a {kind}, whose receptive field is not known")
    return ReceptiveField(size[0], size[1], step[0], step[1], map_size[0], map_size[1])


def _window(layer: "keras.Layer") -> tuple[Sequence[int], Sequence[int]]:
    """Return the window and the stride of a convolution or pooling layer, both as (frames, bands)."""
    if layer.padding != "valid" or tuple(getattr(layer, "dilation_rate", (1, 1))) != (1, 1):
        raise ValueError(f"layer '{layer.name}' pads or dilates its input; the receptive field is not uniform then")
    window = layer.kernel_size if hasattr(layer, "kernel_size") else layer.pool_size
    return window, layer.strides
