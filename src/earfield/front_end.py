"""What the front end is beside its parameters."""

# What the parameters leave open, in the terms of librosa's `melspectrogram`; it travels with each network.
CONVENTIONS = {
    "window": "hann",
    "center": True,
    "pad_mode": "constant",
    "power": 2.0,
    "htk": False,
    "norm": "slaney",
    "compression": "ln(1 + x)",
    "full_scale": 1.0,
}
