"""Controls, networks that saw no true label, and null kernels, with which trained networks are compared."""

from collections.abc import Mapping
from typing import Any

# Surrogate filters, made from the filters of a trained network; names in paths and in the column `model`.
NULL_KERNELS = ("same_sparsity", "same_spectrum")


def is_control(model: Mapping[str, Any]) -> bool:
    """Return whether an entry of `models` is a control: untrained, or trained on shuffled labels."""
    return "shuffled_like" in model or model.get("train", {}).get("max_epochs") == 0
