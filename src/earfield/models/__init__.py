"""Models beside the network: each a module with one function, `predict`; see `earfield.models.estimator`."""
