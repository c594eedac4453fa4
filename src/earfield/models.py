"""Names beside those of the networks in the configuration, in paths and in the column `model` of tables."""

# Kernels that no network learned, made of the filters of one that did.
KERNEL_NULLS = ("same_sparsity", "same_spectrum")
