"""Music genre classification with honest error bars, and the receptive fields that the classifier learned."""
