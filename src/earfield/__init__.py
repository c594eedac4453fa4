"""Music genre classification with 95% confidence intervals, and the receptive fields that the network learned."""
