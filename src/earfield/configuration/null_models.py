"""Which models are nulls: what the others are held against."""

from collections.abc import Mapping
from typing import Any

# Kernels that no network learned, made of the filters of one that did; names in paths and in the column `model`.
KERNEL_NULLS = ("same_sparsity", "same_spectrum")


def is_null(model: Mapping[str, Any]) -> bool:
    """Tell whether an entry of `models` is a network that no true label has shaped: untrained, or on shuffled ones."""
    return "shuffled_like" in model or model.get("train", {}).get("max_epochs") == 0
